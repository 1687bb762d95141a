"""Random queries of the classes that a model may be. Tables stand in the text as tokens (Table.token)."""
from dataclasses import dataclass

from query_parts import aggregate, condition, expression
from query_source import Draft, Source, kept


OUTPUTS = ["c0", '"C 1"', "c2", "c3", "c4", "c5"]


@dataclass
class Query:
    text: str
    key: list   # output columns
    kind: str   # for the counts


@dataclass
class View:
    name: str
    table: object
    names: set
    text: str


def random_views(rng, tables):
    """Each keeps the key of one table; some look at another one, too."""
    views = []
    for number in range(2):
        table = rng.choice(tables)
        draft = Draft(rng, tables, [])
        inner = Source("v", table)
        columns = kept(rng, table)
        text = f"SELECT {', '.join(inner.ref(column) for column in columns)} FROM {table.token} AS v"
        way = draft.single_partner(inner)
        if way and rng.random() < 0.5:
            partner, condition = way
            text += f" LEFT JOIN {partner.token} AS w ON {condition(Source('w', partner))}"
            text += f" WHERE {draft.between(inner, Source('w', partner))}"
        elif rng.random() < 0.7:
            text += f" WHERE {draft.simple(inner)}"
        views.append(View(f'"View {number}"', table, {column.name for column in columns}, text))
    if rng.random() < 0.5:  # one over a view
        base = rng.choice(views)
        draft, inner = Draft(rng, tables, []), Source("v", base.table, base.names)
        columns = [column for column in kept(rng, base.table) if inner.has(column)]
        text = f"SELECT {', '.join(inner.ref(column) for column in columns)} FROM {base.name} AS v WHERE {draft.simple(inner)}"
        views.append(View('"View of view"', base.table, {column.name for column in columns}, text))
    return views


def random_query(rng, tables, views):
    draft = Draft(rng, tables, views)
    kind = rng.choices(["plain", "join", "group", "group by value", "distinct", "first", "set"],
                       [8, 55, 14, 9, 6, 6, 5])[0]
    writer = {"plain": _plain, "join": _join, "group": _group, "group by value": _group_by_value, "distinct": _distinct,
              "first": _first, "set": _set_operation}[kind]
    text, key = writer(draft)
    if draft.ctes:
        text = f"WITH {', '.join(draft.ctes)}\n{text}"
    return Query(text, key, kind)


def one_table_query(rng, tables):
    """What needs no delta query."""
    draft = Draft(rng, tables, [])
    text, key = _plain(draft)
    return Query(text, key, "plain")


# Kinds

def _plain(draft):
    table = draft.rng.choice(draft.tables)
    source = Source(draft.alias(), table)
    outputs = [expression(draft, [source], 0) for _ in range(draft.rng.randint(1, 4))]
    where = f"\nWHERE {draft.simple(source)}" if draft.rng.random() < 0.7 else ""
    return _select(source, outputs) + f"\nFROM {table.token} AS {source.alias}{where}", _key_names(source)


def _join(draft):
    rng = draft.rng
    anchor_text, anchor = draft.source(rng.choice(draft.tables))
    sources, text = [anchor], anchor_text
    wheres = []
    for _ in range(rng.choice([0, 1, 1, 1, 2, 2, 3])):
        text = _add_join(draft, sources, text, wheres)
    for _ in range(rng.choice([0, 0, 1, 1, 2])):
        wheres.append(condition(draft, sources))
    outputs = [expression(draft, sources, 2) for _ in range(rng.randint(1, 3))] + draft.extras[:2]
    where = "\nWHERE " + " AND ".join(f"({one})" for one in wheres) if wheres else ""
    return f"{_select(anchor, outputs)}\nFROM {text}{where}", _key_names(anchor)


def _add_join(draft, sources, text, wheres):
    """Another source, of which at most one row meets a row of those that are there."""
    rng = draft.rng
    source = rng.choice(sources[-2:])
    way = draft.single_partner(source)
    if rng.random() < 0.25:
        return rng.choice([_add_lateral, _add_grouped, _add_first])(draft, sources, text)
    if way is None:
        return text
    table, meets = way
    other_text, other = draft.source(table)
    on = meets(other)
    names = [column.name for column in table.key]
    by_key = on == draft.meets_by_key(source)(other)
    if len(sources) == 1 and by_key and names == [column.name for column in source.table.key] and rng.random() < 0.7:
        sources.append(other)
        return f"{text}\n  {rng.choice(['LEFT ', '', 'RIGHT '])}JOIN {other_text} USING ({', '.join(names)})"
    if rng.random() < 0.3:
        on += f" AND ({rng.choice([draft.simple(other), draft.simple(source), draft.between(source, other)])})"
    sources.append(other)
    draw = rng.random()
    if len(sources) == 2 and rng.random() < 0.08:
        wheres.append(f"{source.key_refs()[0]} IS NOT NULL")
        return f"{text}\n  FULL JOIN {other_text} ON {on}"
    if draw < 0.4:
        return f"{text}\n  LEFT JOIN {other_text} ON {on}"
    if draw < 0.7:
        return f"{text}\n  JOIN {other_text} ON {on}"
    if draw < 0.8 and len(sources) == 2:
        return f"{other_text}\n  RIGHT JOIN {text} ON {on}"
    if draw < 0.9:
        wheres.append(on)
        return f"{text}\n  CROSS JOIN {other_text}"
    return f"{other_text}\n  JOIN ({text}) ON {on}" if len(sources) > 2 else f"{other_text}\n  JOIN {text} ON {on}"


def _add_lateral(draft, sources, text):
    """A count or the first of what points here."""
    rng = draft.rng
    way = draft.child(sources[0])
    if way is None:
        return text
    table, meets = way
    inner_text, inner = draft.source(table)
    alias = draft.alias()
    if rng.random() < 0.5:
        body = f"SELECT count(*) AS n FROM {inner_text} WHERE {meets(inner)}"
        draft.extras.append(f"{alias}.n")
        return f"{text}\n  JOIN LATERAL ({body}) AS {alias} ON {alias}.n {rng.choice(['> 0', '< 3', '<> 1'])}"
    order = ", ".join(inner.key_refs())
    body = f"SELECT {inner.key_refs()[0]} AS n FROM {inner_text} WHERE {meets(inner)} ORDER BY {order} LIMIT 1"
    draft.extras.append(f"{alias}.n IS NULL")
    return f"{text}\n  {rng.choice(['LEFT ', ''])}JOIN LATERAL ({body}) AS {alias} ON true"


def _children(draft, source):
    """(FROM item of a child table, its source, its link columns, the same as l0, …, an alias for what has those, the
    condition on the alias), or None."""
    ways = [(table, link) for table in draft.tables for link in table.links if link.target == source.table.number]
    if not ways:
        return None
    table, link = draft.rng.choice(ways)
    text, inner = draft.source(table)
    links = [inner.ref(column) for column in link.columns]
    columns = ", ".join(f"{name} AS l{part}" for part, name in enumerate(links))
    alias = draft.alias()
    meets = " AND ".join(f"{alias}.l{part} = {key}" for part, key in enumerate(source.key_refs()))
    return text, inner, ", ".join(links), columns, alias, meets


def _add_grouped(draft, sources, text):
    """What points here, counted for all rows at once."""
    rng = draft.rng
    found = _children(draft, sources[0])
    if found is None:
        return text
    inner_text, inner, by, columns, alias, meets = found
    having = rng.choice(["", "", " HAVING count(*) > 1"])
    body = (f"SELECT {columns}, {aggregate(draft, inner)} AS n, count(*) AS m FROM {inner_text}"
            f" GROUP BY {by}{having}")
    draft.extras += [f"{alias}.n::text", f"coalesce({alias}.m, 0)"]
    return f"{text}\n  {rng.choice(['LEFT ', 'LEFT ', ''])}JOIN ({body}) AS {alias} ON {meets}"


def _add_first(draft, sources, text):
    """The first of what points here, by DISTINCT ON or a window: a condition outside must not look inside."""
    rng = draft.rng
    found = _children(draft, sources[0])
    if found is None:
        return text
    inner_text, inner, by, columns, alias, meets = found
    key, order = inner.key_refs()[0], ", ".join(inner.key_refs())
    value = f"{inner.ref(inner.values()[0])}::text" if inner.values() else key
    if rng.random() < 0.5:
        body = f"SELECT DISTINCT ON ({by}) {columns}, {key} AS n, {value} AS m FROM {inner_text} ORDER BY {by}, {order}"
        on = meets
    else:
        body = (f"SELECT {columns}, {key} AS n, {value} AS m, row_number() OVER (PARTITION BY {by} ORDER BY {order}) AS r"
                f" FROM {inner_text}")
        on = f"{meets} AND {alias}.r = 1"
    if rng.random() < 0.4:
        on += f" AND {alias}.m IS NOT NULL"
    draft.extras += [f"{alias}.n", f"{alias}.m"]
    return f"{text}\n  {rng.choice(['LEFT ', 'LEFT ', ''])}JOIN ({body}) AS {alias} ON {on}"


def _group(draft):
    """By the key of a table, over the rows that point at it."""
    rng = draft.rng
    anchor_text, anchor = draft.source(rng.choice(draft.tables), plain=rng.random() < 0.6)
    way = draft.child(anchor)
    if way is None:
        return _join(draft)
    table, meets = way
    child_text, child = draft.source(table)
    outputs = [aggregate(draft, child) for _ in range(rng.randint(1, 3))]
    text = f"{_select(anchor, outputs)}\nFROM {anchor_text}\n  {rng.choice(['LEFT ', ''])}JOIN {child_text} ON {meets(child)}"
    if rng.random() < 0.4:
        text += f"\nWHERE {rng.choice([draft.simple(anchor), draft.between(anchor, child)])}"
    text += f"\nGROUP BY {', '.join(anchor.key_refs())}"
    if rng.random() < 0.4:
        text += f"\nHAVING count({child.key_refs()[0]}) {rng.choice(['> 0', '< 3', '<> 1'])}"
    return text, _key_names(anchor)


def _group_by_value(draft):
    rng = draft.rng
    text, source = draft.source(rng.choice(draft.tables))
    columns = source.values("int") + source.values("text") + source.values("boolean")
    if not columns:
        return _join(draft)
    column = rng.choice(columns)
    by, wheres = source.ref(column), []
    if column.null:
        wheres.append(f"{by} IS NOT NULL")
    sources = [source]
    if rng.random() < 0.4:
        text = _add_join(draft, sources, text, wheres)
    if rng.random() < 0.3:
        wheres.append(condition(draft, sources))
    outputs = [aggregate(draft, rng.choice(sources)) for _ in range(rng.randint(1, 3))]
    where = "\nWHERE " + " AND ".join(f"({one})" for one in wheres) if wheres else ""
    columns = ", ".join([f"{by} AS k0"] + [f"{one} AS c{number}" for number, one in enumerate(outputs)])
    return f"SELECT {columns}\nFROM {text}{where}\nGROUP BY {by}", ["k0"]


def _distinct(draft):
    rng = draft.rng
    text, source = draft.source(rng.choice(draft.tables))
    columns = [column for kind in ("int", "text", "boolean") for column in source.values(kind)]
    if not columns:
        return _join(draft)
    columns = rng.sample(columns, min(len(columns), 2))
    wheres = [f"{source.ref(column)} IS NOT NULL" for column in columns]
    sources = [source]
    if rng.random() < 0.5:
        text = _add_join(draft, sources, text, wheres)
    outputs = ", ".join(f"{source.ref(column)} AS k{number}" for number, column in enumerate(columns))
    where = "\nWHERE " + " AND ".join(f"({one})" for one in wheres) if wheres else ""
    return f"SELECT DISTINCT {outputs}\nFROM {text}{where}", [f"k{number}" for number in range(len(columns))]


def _first(draft):
    """Of each row's children the first."""
    rng = draft.rng
    text, anchor = draft.source(rng.choice(draft.tables))
    way = draft.child(anchor)
    if way is None:
        return _join(draft)
    table, meets = way
    child_text, child = draft.source(table)
    outputs = [expression(draft, [anchor, child], 1) for _ in range(rng.randint(1, 3))]
    wheres = [condition(draft, [anchor, child])] if rng.random() < 0.5 else []
    text = f"{text}\n  {rng.choice(['LEFT ', ''])}JOIN {child_text} ON {meets(child)}"
    where = "\nWHERE " + " AND ".join(f"({one})" for one in wheres) if wheres else ""
    by, order = ", ".join(anchor.key_refs()), ", ".join(child.key_refs())
    select, key = _select(anchor, outputs), _key_names(anchor)
    if rng.random() < 0.5:
        return f"{select.replace('SELECT', f'SELECT DISTINCT ON ({by})', 1)}\nFROM {text}{where}\nORDER BY {by}, {order}", key
    names = ", ".join(["q." + name for name in key] + [f"q.{name}" for name in OUTPUTS[:len(outputs)]])
    body = f"{select},\n       row_number() OVER (PARTITION BY {by} ORDER BY {order}) AS r\nFROM {text}{where}"
    return f"SELECT {names} FROM (\n{body}\n) q WHERE q.r = 1", key


def _set_operation(draft):
    rng = draft.rng
    tables = [table for table in draft.tables if len(table.key) == 1]
    if not tables:
        return _join(draft)
    first = rng.choice(tables)
    same = [table for table in tables if table.key[0].type == first.key[0].type]
    operation = rng.choice(["UNION ALL", "UNION", "EXCEPT", "INTERSECT"])
    if first.key[0].type == "numeric":  # of 1 and 1.0 either may be the one
        operation = "UNION ALL"
    arms = []
    for number, table in enumerate([first, rng.choice(same)]):
        text, source = draft.source(table)
        where = " AND ".join(f"({one})" for one in (draft.simple(source), condition(draft, [source])))
        if operation == "UNION ALL":
            arms.append(f"SELECT {number} AS k0, {source.key_refs()[0]} AS k1,"
                        f" ({expression(draft, [source], 1)})::text AS c0 FROM {text} WHERE {where}")
        else:
            arms.append(f"SELECT 0 AS k0, {source.key_refs()[0]} AS k1 FROM {text} WHERE {where}")
    return f"\n{operation}\n".join(arms), ["k0", "k1"]


# Outputs

def _select(anchor, outputs):
    columns = [f"{ref} AS k{number}" for number, ref in enumerate(anchor.key_refs())]
    columns += [f'{one} AS {name}' for one, name in zip(outputs, OUTPUTS)]
    return "SELECT " + ",\n       ".join(columns)


def _key_names(anchor):
    return [f"k{number}" for number in range(len(anchor.key_refs()))]
