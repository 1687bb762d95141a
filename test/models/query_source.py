"""What stands in the FROM of a random query: a table, or a subquery, view or CTE that keeps the columns of one."""
from dataclasses import dataclass, field

from random_schema import TEXTS, IDS, text_literal


@dataclass
class Source:
    """A range of rows that are rows of one table. Columns by the table's own names; some values may be missing."""
    alias: str
    table: object
    names: set = None  # of the columns that it has; None: all

    def has(self, column):
        return self.names is None or column.name in self.names

    def ref(self, column):
        return f"{self.alias}.{column.name}"

    def key_refs(self):
        return [self.ref(column) for column in self.table.key]

    def values(self, kind=None):
        return [column for column in self.table.values
                if self.has(column) and column.name != "long" and kind in (None, column.type)]


DEFAULTS = {"text": "'k|3'", "code": "'k|3'", '"Mood"': "'k|3'", "varchar(12)": "'k|3'", "boolean": "true", "int[]": "'{1}'::int[]",
            "uuid": "'00000000-0000-4000-8000-000000000003'", "date": "date '2024-01-03'"}  # of types that have no 3


def kept(rng, table):
    """Columns of a derived source: keys and links, and some values."""
    return [column for column in table.columns if column not in table.values or rng.random() < 0.8]


@dataclass
class Draft:
    """A query that is being written: the aliases given away, and the CTEs so far."""
    rng: object
    tables: list
    views: list
    counter: int = 0
    ctes: list = field(default_factory=list)
    extras: list = field(default_factory=list)  # expressions over what is no row of a table: counts, firsts

    def alias(self):
        self.counter += 1
        return f"a{self.counter}" if self.rng.random() < 0.8 else f'"A {self.counter}"'

    # Sources

    def source(self, table, plain=False):
        """(text for the FROM, Source) of a table's rows, or of some of them."""
        alias = self.alias()
        draw = 1.0 if plain else self.rng.random()
        if draw < 0.12:
            return self._subquery(table, alias)
        if draw < 0.2:
            text, source = self._inner(table)
            name = f"c{len(self.ctes)}"
            hint = self.rng.choice(["", "", " MATERIALIZED", " NOT MATERIALIZED"])
            self.ctes.append(f"{name} AS{hint} ({text})")
            return f"{name} AS {alias}", Source(alias, table, source.names)
        views = [view for view in self.views if view.table is table]
        if views and draw < 0.45:
            view = self.rng.choice(views)
            return f"{view.name} AS {alias}", Source(alias, table, view.names)
        return f"{table.token} AS {alias}", Source(alias, table)

    def _subquery(self, table, alias):
        text, source = self._inner(table)
        return f"({text}) AS {alias}", Source(alias, table, source.names)

    def _inner(self, table):
        inner = Source(self.alias(), table)
        columns = kept(self.rng, table)
        where = f" WHERE {self.simple(inner)}" if self.rng.random() < 0.6 else ""
        outputs = ", ".join(self._output(inner, column) for column in columns)
        text = f"SELECT {outputs} FROM {table.token} AS {inner.alias}{where}"
        return text, Source(alias="", table=table, names={column.name for column in columns})

    def _output(self, inner, column):
        """Some are made of a column: what is not strict is not NULL because a row is missing."""
        if column in inner.table.key or column.name == "long" or self.rng.random() < 0.75:
            return inner.ref(column)
        literal = DEFAULTS.get(column.type, "3")
        return f"coalesce({inner.ref(column)}, {literal}) AS {column.name}"

    # Conditions

    def simple(self, source):
        """A condition on the columns of one source."""
        rng = self.rng
        columns = source.values()
        if not columns:
            return f"{source.key_refs()[0]} IS NOT NULL"
        column = rng.choice(columns)
        ref = source.ref(column)
        match column.type:
            case "int":
                return rng.choice([f"{ref} > {rng.randrange(5)}", f"{ref} <> {rng.randrange(8)}",
                                   f"coalesce({ref}, 0) < {rng.randint(2, 7)}", f"{ref} IS DISTINCT FROM {rng.randrange(8)}",
                                   f"{ref} IN (1, 2, 3, 5)", f"{ref} NOT IN (1, 4)", f"{ref} IS NULL OR {ref} < 5"])
            case "boolean":
                return rng.choice([ref, f"{ref} IS NOT TRUE", f"NOT {ref}", f"coalesce({ref}, true)"])
            case "int[]":
                return rng.choice([f"cardinality({ref}) > 0", f"{rng.randint(1, IDS)} <> ALL ({ref})", f"{ref} IS NOT NULL"])
            case "text":
                return rng.choice([f"{ref} <> {text_literal(rng.choice(TEXTS))}", f"{ref} IS NOT NULL",
                                   f"coalesce(length({ref}), 1) < 4"])
            case _:
                return rng.choice([f"{ref} >= 1", f"{ref} IS DISTINCT FROM 1.0", f"coalesce({ref}, 0) < 50"])

    def between(self, one, other):
        """A condition on two sources, also one that is true of a row that an outer join made up."""
        rng = self.rng
        kind = rng.choice(["int", "text", "boolean"])
        if not one.values(kind) or not other.values(kind):
            return f"{other.key_refs()[0]} IS NULL OR {self.simple(one)}"
        a, b = one.ref(rng.choice(one.values(kind))), other.ref(rng.choice(other.values(kind)))
        return rng.choice([f"{a} IS DISTINCT FROM {b}", f"{a} = {b}", f"{a} <> {b} OR {b} IS NULL",
                           f"coalesce({b}, {a}) IS NOT NULL", f"coalesce({a} = {b}, true)",
                           f"{other.key_refs()[0]} IS NULL OR {a} = {b}"])

    # How rows find each other

    def partner(self, source):
        """(table, condition(other), whether at most one row meets it): a way from a source to another table, or None."""
        rng = self.rng
        ways = [(self.tables[link.target], self._by_link(source, link), True) for link in source.table.links]
        for table in self.tables:
            for link in table.links:
                if link.target == source.table.number:
                    ways.append((table, self._by_their_link(source, link), False))
            if source.values("int[]") and len(table.key) == 1 and table.key[0].type == "int" and rng.random() < 0.3:
                array = source.ref(source.values("int[]")[0])
                ways.append((table, lambda other, array=array: f"{other.key_refs()[0]} = ANY ({array})", False))
        return rng.choice(ways) if ways else None

    def single_partner(self, source):
        ways = [(self.tables[link.target], self._by_link(source, link)) for link in source.table.links]
        types = [column.type for column in source.table.key]
        for table in self.tables:
            if [column.type for column in table.key] == types and self.rng.random() < 0.3:
                ways.append((table, self.meets_by_key(source)))
        return self.rng.choice(ways) if ways else None

    def child(self, source):
        """(table, condition(other)): rows of a table that point at the source, or None."""
        ways = [(table, self._by_their_link(source, link)) for table in self.tables for link in table.links
                if link.target == source.table.number]
        return self.rng.choice(ways) if ways else None

    def _by_link(self, source, link):
        loose = self.rng.random() < 0.12 and [column.type for column in link.columns] in (["int"], ["bigint"], ["numeric"])

        def condition(other):
            refs = [source.ref(column) for column in link.columns]
            if loose:  # not strict: a row that an outer join made up has a partner, too
                return f"{other.key_refs()[0]} = coalesce({refs[0]}, 1)"
            return " AND ".join(f"{key} = {ref}" for key, ref in zip(other.key_refs(), refs))
        return condition

    @staticmethod
    def meets_by_key(source):
        return lambda other: " AND ".join(f"{theirs} = {ours}" for theirs, ours in zip(other.key_refs(), source.key_refs()))

    @staticmethod
    def _by_their_link(source, link):
        def condition(other):
            return " AND ".join(f"{other.ref(column)} = {key}" for column, key in zip(link.columns, source.key_refs()))
        return condition
