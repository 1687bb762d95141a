"""Conditions, expressions and aggregates of random queries, with subqueries in them."""


def condition(draft, sources):
    """Of a WHERE, above all joins."""
    rng = draft.rng
    source = rng.choice(sources)
    draw = rng.random()
    if draw < 0.3:
        return draft.simple(source)
    if draw < 0.55 and len(sources) > 1:
        return draft.between(*rng.sample(sources, 2))
    if draw < 0.85:
        return sublink_condition(draft, source, 1)
    return f"{draft.simple(source)} OR {sublink_condition(draft, rng.choice(sources), 1)}"


def sublink_condition(draft, source, depth=0):
    rng = draft.rng
    draw = rng.random()
    if draw < 0.45:
        way = draft.partner(source)
        if way is None:
            return draft.simple(source)
        table, meets, _ = way
        text, inner = draft.source(table)
        where = meets(inner)
        if rng.random() < 0.4:
            where += f" AND ({rng.choice([draft.simple(inner), draft.between(source, inner)])})"
        if depth and rng.random() < 0.3:
            where += f" AND ({sublink_condition(draft, inner, depth - 1)})"
        if rng.random() < 0.25 and source.values("int") and inner.values("int"):
            form = rng.choice(["> ALL", "<> ALL", "= ANY", "= "])
            value = inner.ref(inner.values("int")[0])
            value = f"max({value})" if form == "= " else value
            return f"{source.ref(source.values('int')[0])} {form} (SELECT {value} FROM {text} WHERE {where})"
        return f"{rng.choice(['', 'NOT '])}EXISTS (SELECT FROM {text} WHERE {where})"
    singles = [link for link in source.table.links if len(link.columns) == 1]
    if not singles:
        return draft.simple(source)
    link = rng.choice(singles)
    text, inner = draft.source(draft.tables[link.target])
    ref, key = source.ref(link.columns[0]), inner.key_refs()[0]
    form = rng.choice(["IN", "IN", "NOT IN", "= ANY", "<> ALL"])
    body = f"SELECT {key} FROM {text} WHERE {draft.simple(inner)}"
    inner_singles = [one for one in inner.table.links if len(one.columns) == 1 and one.columns[0].type == link.columns[0].type]
    if inner_singles and rng.random() < 0.3:  # a column that may be NULL: NOT IN turns on it
        body = f"SELECT {inner.ref(rng.choice(inner_singles).columns[0])} FROM {text} WHERE {draft.simple(inner)}"
    return f"{ref} {form} ({body})"


def expression(draft, sources, depth):
    rng = draft.rng
    source = rng.choice(sources)
    if depth and rng.random() < 0.45:
        return sublink_value(draft, source, depth)
    columns = source.values()
    if not columns:
        return source.key_refs()[0]
    column = rng.choice(columns)
    ref = source.ref(column)
    draw = rng.random()
    if draw < 0.35:
        return ref
    if draw < 0.5 and len(sources) > 1:
        first, second = rng.sample(sources, 2)
        kind = rng.choice(["int", "text"])
        if first.values(kind) and second.values(kind):
            return f"coalesce({first.ref(first.values(kind)[0])}, {second.ref(second.values(kind)[0])})"
    if draw < 0.65:
        return f"CASE WHEN {draft.simple(source)} THEN {ref}::text ELSE {text_of(rng, ref)} END"
    match column.type:
        case "int":
            return rng.choice([f"{ref} * 2", f"{ref}::text", f"{ref} = 3", f"{ref}::numeric / 4"])
        case "text":
            return rng.choice([f"upper({ref})", f"coalesce({ref}, 'none')", f"{ref} || '!'"])
        case "int[]":
            return rng.choice([f"cardinality({ref})", f"to_json({ref})"])
        case _:
            return f"{ref}::text"


def text_of(rng, ref):
    return rng.choice(["'else'", f"coalesce({ref}::text, '')", "NULL"])


def sublink_value(draft, source, depth):
    """A correlated subquery in the output: one row, or what points here, gathered."""
    rng = draft.rng
    way = draft.partner(source)
    if way is None:
        return source.key_refs()[0]
    table, meets, single = way
    text, inner = draft.source(table)
    where = meets(inner)
    if rng.random() < 0.3:
        where += f" AND ({draft.simple(inner)})"
    if rng.random() < 0.15:
        return f"EXISTS (SELECT FROM {text} WHERE {where})"
    if rng.random() < 0.12:
        return sublink_condition(draft, source, 1)
    if single and rng.random() < 0.6:
        return f"(SELECT {expression(draft, [inner], depth - 1)} FROM {text} WHERE {where})"
    if rng.random() < 0.25:
        order = ", ".join(inner.key_refs())
        return f"(SELECT {expression(draft, [inner], 0)} FROM {text} WHERE {where} ORDER BY {order} DESC LIMIT 1)"
    return f"(SELECT {aggregate(draft, inner, depth - 1)} FROM {text} WHERE {where})"


def aggregate(draft, source, depth=0):
    rng = draft.rng
    order = ", ".join(source.key_refs())
    draw = rng.random()
    if draw < 0.2:
        return rng.choice(["count(*)", f"count({source.key_refs()[0]})"])
    if draw < 0.4:
        return f"array_agg({source.key_refs()[-1]} ORDER BY {order})"
    if draw < 0.65:
        inner = expression(draft, [source], depth)
        whole = f"json_agg(json_build_object('id', {source.key_refs()[0]}, 'v', {inner}) ORDER BY {order})"
        return rng.choice([whole, f"coalesce({whole}, '[]'::json)"])
    numbers = source.values("int") + source.values("numeric(8,2)")
    if source.values("numeric") and rng.random() < 0.3:  # of 1 and 1.0 either may be the least
        return f"sum({source.ref(source.values('numeric')[0])})"
    if numbers:
        ref = source.ref(rng.choice(numbers))
        return rng.choice([f"sum({ref})", f"min({ref})", f"max({ref})", f"count(DISTINCT {ref})",
                           f"sum({ref}) FILTER (WHERE {draft.simple(source)})", f"avg({ref})"])
    texts = source.values("text")
    if texts:
        return f"string_agg({source.ref(texts[0])}, ',' ORDER BY {order})"
    return "count(*)"
