"""Random tables, their rows and their statements; drawn by a random.Random that the caller gives.

Small domains of values, so that joins hit often and writers meet. No foreign keys: links may dangle.
"""
from dataclasses import dataclass, field

IDS = 30  # integer keys: 1 … IDS

TABLE_NAMES = ['"Order Line"', "plane", "carrier", '"Ünit"', "airport", '"select"', "weather", 'visit_log', '"A""b"']
COLUMN_NAMES = ["name", '"Mixed Case"', "delay", '"order"', "note", '"x""y"', "flag", "amount", "tags", "label"]
TEXTS = ["a", "b", "B", 'say "q"', "o'hara \\ |", "ü\n", ""]
# Made once, before the first round.
TYPES = ["""CREATE TYPE "Mood" AS ENUM (""" + ", ".join(f"'k|{number}'" for number in range(1, IDS + 1)) + ", 'aside')",
         "CREATE DOMAIN code AS text CHECK (length(VALUE) < 20)", "CREATE DOMAIN shelf AS int CHECK (VALUE > 0)"]
NUMBERS = ["0", "1", "1.0", "1.50", "-2.5", "100", "1e3"]


@dataclass
class Column:
    name: str  # quoted where needed
    type: str
    null: bool = True
    made: str = ""  # of which expression, when it is generated


@dataclass
class Link:
    """Columns that hold the key of a row of another table, or of none."""
    columns: list
    target: int


@dataclass
class Table:
    number: int
    name: str
    schema: str
    key: list
    values: list
    links: list = field(default_factory=list)
    partitions: str = ""  # "", "hash" or "list"
    dropped: bool = False

    @property
    def token(self):
        """Stands for the table in the text of a query."""
        return f"$T{self.number}$"

    @property
    def path(self):
        return f"{self.schema}.{self.name}"

    @property
    def columns(self):
        linking = [column for link in self.links for column in link.columns]
        return [*self.key, *linking, *self.values]

    def ddl(self):
        lines = []
        dropped = ["gone_1 text DEFAULT 'gone'"] if self.dropped else []
        for number, column in enumerate(self.columns):
            lines.append(f"{column.name} {column.type}" + ("" if column.null else " NOT NULL") + _made(column))
            if number == 1 and dropped:
                lines += dropped
        key = ", ".join(column.name for column in self.key)
        lines.append(f"PRIMARY KEY ({key})")
        statements = []
        by = {"": "", "hash": f" PARTITION BY HASH ({self.key[0].name})",
              "list": f" PARTITION BY LIST ({self.key[-1].name})"}[self.partitions]
        statements.append(f"CREATE TABLE {self.path} (\n  " + ",\n  ".join(lines) + f"\n){by}")
        if self.dropped:
            statements.append(f"ALTER TABLE {self.path} DROP COLUMN gone_1")
        statements += self._partitions()
        statements += [f"ALTER TABLE {self.path} ALTER COLUMN {column.name} SET STORAGE EXTERNAL"
                       for column in self.values if column.name == "long"]
        # What a delta query and a fetch ask for, as a user is advised to have them.
        statements += [f"CREATE INDEX ON {self.path} ({', '.join(column.name for column in link.columns)})"
                       for link in self.links]
        return statements

    def _partitions(self):
        # A leaf with another order of columns than the root.
        odd = (f"CREATE TABLE {self.leaf(1)} ("
               + ", ".join(f"{column.name} {column.type}" + ("" if column.null else " NOT NULL") + _made(column)
                           for column in reversed(self.columns)) + ")")
        if self.partitions == "hash":
            return [f"CREATE TABLE {self.leaf(0)} PARTITION OF {self.path} FOR VALUES WITH (MODULUS 2, REMAINDER 0)", odd,
                    f"ALTER TABLE {self.path} ATTACH PARTITION {self.leaf(1)} FOR VALUES WITH (MODULUS 2, REMAINDER 1)"]
        if self.partitions == "list":
            return [f"CREATE TABLE {self.leaf(0)} PARTITION OF {self.path} FOR VALUES IN (0)", odd,
                    f"ALTER TABLE {self.path} ATTACH PARTITION {self.leaf(1)} FOR VALUES IN (1)",
                    f"CREATE TABLE {self.leaf(2)} PARTITION OF {self.path} DEFAULT"]
        return []

    def leaf(self, number):
        return f"{self.schema}.leaf_{self.number}_{number}"

    @property
    def stored(self):
        """Columns that a statement gives values to."""
        return [column for column in self.columns if not column.made]

    @property
    def changing(self):
        """Values of them."""
        return [column for column in self.values if not column.made]

    @property
    def leaves(self):
        return [self.leaf(number) for number in range({"": 0, "hash": 2, "list": 3}[self.partitions])]


def _made(column):
    return f" GENERATED ALWAYS AS ({column.made}) STORED" if column.made else ""


def random_schema(rng):
    """Three to five tables that link to each other."""
    names = rng.sample(TABLE_NAMES, rng.randint(3, 5))
    partitioned = rng.randrange(len(names)) if rng.random() < 0.6 else None
    tables = []
    for number, name in enumerate(names):
        schema = '"Other Side"' if number and rng.random() < 0.25 else "public"
        key = rng.choice([["int"], ["int"], ["bigint"], ["text"], ["int", "text"], ["int", "int"], ["numeric"], ["uuid"],
                          ["date"], ["varchar(12)"], ['"Mood"'], ["code"], ["shelf"]])
        partitions = ""
        if number == partitioned:
            partitions = "list" if key == ["int", "int"] or rng.random() < 0.5 else "hash"
            key = ["int", "int"] if partitions == "list" else key
        columns = [Column(f"id_{part}" if number % 2 else ('"Id"' if part == 0 else '"Sub Id"'), kind, null=False)
                   for part, kind in enumerate(key)]
        tables.append(Table(number, name, schema, columns, _values(rng), partitions=partitions,
                            dropped=rng.random() < 0.4))
    for table in tables:
        for _ in range(rng.choice([1, 1, 2, 2, 3])):
            # A key of a partitioned table of which half is its zone is a link, too.
            target = rng.choice(tables)
            number = len(table.links)
            table.links.append(Link([Column(f"link_{number}" + (f"_{part}" if part else ""), column.type)
                                     for part, column in enumerate(target.key)], target.number))
    return tables


def _values(rng):
    names = rng.sample(COLUMN_NAMES, 5)
    types = ["int", "text", rng.choice(["numeric", "numeric(8,2)"]), "boolean", "int[]"]
    values = [Column(name, kind, null=rng.random() < 0.8) for name, kind in zip(names, types)]
    if rng.random() < 0.5:
        values.append(Column("long", "text"))
    if rng.random() < 0.4:
        number = next(column for column in values if column.type == "int")
        values.append(Column("derived", "int", made=f"{number.name} % 3"))
    rng.shuffle(values)
    return values


# Literals

def key_literals(rng, table, hot=None):
    """A key of the table, which need not be there. hot: a random.Random that several writers have the same of."""
    source = hot or rng
    literals = []
    for part, column in enumerate(table.key):
        if part:
            literals.append(text_literal(source.choice("abcd")) if column.type == "text" else str(source.randrange(4)))
        else:
            number = source.randint(1, IDS // 3 if len(table.key) > 1 else IDS)
            literals.append(_key_literal(rng, column.type, number))
    return literals


def _key_literal(rng, kind, number):
    """The number's value of a type; equal ones may look different."""
    match kind:
        case "text" | "varchar(12)" | "code" | '"Mood"':
            return text_literal(f"k|{number}")
        case "numeric":
            return rng.choice([f"{number}", f"{number}.0", f"{number}.00"])
        case "uuid":
            return f"'00000000-0000-4000-8000-{number:012}'"
        case "date":
            return f"'2024-01-{number:02}'"
        case _:
            return str(number)


def link_literals(rng, target, hot=None):
    if rng.random() < 0.15:
        literals = ["NULL"] * len(target.key)
        if len(literals) > 1 and rng.random() < 0.5:
            literals[0] = key_literals(rng, target)[0]
        return literals
    return key_literals(rng, target, hot)


def value_literal(rng, column):
    if column.null and rng.random() < 0.2:
        return "NULL"
    match column.type:
        case "int":
            return str(rng.randrange(8))
        case "boolean":
            return rng.choice(["true", "false"])
        case "int[]":
            members = ", ".join(str(rng.randint(1, IDS)) for _ in range(rng.randrange(4)))
            return f"'{{{members}}}'"
        case "text":
            # Longer than what stays in the row: an UPDATE of other columns does not send it again.
            if column.name == "long" and rng.random() < 0.4:
                return f"repeat(md5('{rng.randrange(1000)}'), 80)"
            return text_literal(rng.choice(TEXTS))
        case _:
            return rng.choice(NUMBERS)


def text_literal(text):
    return "'" + text.replace("'", "''") + "'"


def row_literals(rng, tables, table, hot=None):
    """Literals of a new row, in the order of the columns."""
    literals = key_literals(rng, table, hot)
    for link in table.links:
        literals += link_literals(rng, tables[link.target])
    return literals + [value_literal(rng, column) for column in table.changing]


def insert(table, rows, conflict="DO NOTHING"):
    names = ", ".join(column.name for column in table.stored)
    values = ", ".join("(" + ", ".join(row) + ")" for row in rows)
    return f"INSERT INTO {table.path} ({names}) VALUES {values} ON CONFLICT {conflict}"
