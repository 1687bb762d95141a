"""Random requests of the read dialect, each with the SQL that it means."""
from dataclasses import dataclass, field
from urllib.parse import quote

from reads_table import COLUMNS, TEXTS, value

COMPARISONS = {"eq": "=", "neq": "<>", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
PATTERNS = {"like": "LIKE", "ilike": "ILIKE", "match": "~", "imatch": "~*"}
ELEMENTS = {"cs": "@>", "cd": "<@", "ov": "&&"}
TEXTUAL = ("text", "varchar(200)")
REGEXES = ["a", "^a", "b$", "^a.b$", "a|b", "^a|b$", "^$", "[ab]", "[^ab]", "^[a-c]+$", "a{1,2}", "(ab)+", "a.*b", "^(a|ä).?b?", "ß", "日",
           "a\\.b", "\\*", "\\$", "a?b", "(?:a|b)c", "[]a]", "[A-C]", "", "x{", "-", "/", "\"", "a b", "[\\\\a]", "&", "#", "@", "~", "<a>"]


@dataclass
class Read:
    parameters: list = field(default_factory=list)  # pairs of name and value, not encoded
    where: list = field(default_factory=list)
    values: list = field(default_factory=list)
    order: str = ""
    limit: int = None
    offset: int = 0

    @property
    def target(self):
        return "t?" + "&".join(f"{quote(name, safe='')}={quote(text, safe='')}" for name, text in self.parameters)

    @property
    def condition(self):
        return " AND ".join(self.where) or "true"


def random_read(rng):
    read = Read([("select", "id")])
    for _ in range(rng.choice([0, 1, 1, 2, 3])):
        if rng.random() < 0.45:
            name = rng.choice(["and", "or", "not.and", "not.or"])
            text, sql = _tree(rng, read.values, name.split(".")[-1], rng.choice([1, 1, 2, 3]))
            read.parameters.append((name, text))
            read.where.append(f"NOT {sql}" if name.startswith("not.") else sql)
        else:
            column, text, sql = _leaf(rng, read.values, False)
            read.parameters.append((column, text))
            read.where.append(sql)
    _order(rng, read)
    if rng.random() < 0.5:
        read.limit = rng.choice([0, 1, 3, 10, 100, 1000])
        read.parameters.append(("limit", str(read.limit)))
    if rng.random() < 0.3:
        read.offset = rng.choice([0, 1, 5, 50, 390])
        read.parameters.append(("offset", str(read.offset)))
    return read


def _order(rng, read):
    terms, sql = [], []
    for column in rng.sample([name for name, kind in COLUMNS.items() if not kind.endswith("[]")], rng.choice([0, 0, 1, 1, 2])):
        direction = rng.choice(["", ".asc", ".desc"])
        nulls = rng.choice(["", "", ".nullsfirst", ".nullslast"])
        terms.append(column + direction + nulls)
        collate = ' COLLATE "C"' if COLUMNS[column] in TEXTUAL else ""
        sql.append(f"{column}{collate} {direction[1:]} {nulls[1:].replace('nulls', 'NULLS ')}")
    if terms:
        read.parameters.append(("order", ",".join(terms)))
    # The tie is decided by the id's text.
    read.order = ", ".join([*sql, 'id::text COLLATE "C"'])


def _tree(rng, values, logic, depth):
    texts, sqls = [], []
    for _ in range(rng.choice([1, 2, 2, 3])):
        if depth > 1 and rng.random() < 0.4:
            negated, inner = rng.random() < 0.3, rng.choice(["and", "or"])
            text, sql = _tree(rng, values, inner, depth - 1)
            texts.append(("not." if negated else "") + inner + text)
            sqls.append(f"NOT {sql}" if negated else sql)
        else:
            column, text, sql = _leaf(rng, values, True)
            texts.append(f"{column}.{text}")
            sqls.append(sql)
    return "(" + ",".join(texts) + ")", "(" + f" {logic} ".join(sqls) + ")"


def _leaf(rng, values, in_tree):
    """(column, what stands behind it, SQL); the SQL's values are appended."""
    column = rng.choice(list(COLUMNS))
    kind = COLUMNS[column]
    negated = rng.random() < 0.3
    text, sql = _elements(rng, values, column, kind, in_tree) if kind.endswith("[]") else _scalar(rng, values, column, kind, in_tree)
    return column, ("not." if negated else "") + text, f"(NOT {sql})" if negated else f"({sql})"


def _scalar(rng, values, column, kind, in_tree):
    draw = rng.random()
    if draw < 0.12:
        words = ["null", "not_null"] + (["true", "false", "unknown"] if kind == "boolean" else [])
        word = rng.choice(words)
        return f"is.{word}", f"{column} IS {word.replace('_', ' ')}"
    if draw < 0.2:
        return f"isdistinct.{_single(rng, values, kind, in_tree)}", f"{column} IS DISTINCT FROM %s::text::{kind}"
    if draw < 0.32:
        listed = [_some(rng, kind) for _ in range(rng.choice([0, 1, 2, 3, 12]))]
        if listed == [""]:
            listed = []  # as in PostgREST
        values.append(listed)
        return f"in.({','.join(_quoted(one) for one in listed)})", f"{column} = ANY (%s::text[]::{kind}[])"
    collate = ' COLLATE "C"' if kind in TEXTUAL else ""
    if kind in TEXTUAL and draw < 0.65:
        name = rng.choice(list(PATTERNS))
        locale = ' COLLATE "C.utf8"' if name in ("ilike", "imatch") else collate
        if rng.random() < 0.2:
            quantifier = rng.choice(["any", "all"])
            patterns = [_pattern(rng, name) for _ in range(rng.choice([0, 1, 2, 3]))]
            values.append([one.replace("*", "%") if name.endswith("like") else one for one in patterns])
            return (f"{name}({quantifier}).{_shield(_array(patterns), in_tree)}",
                    f"{column}{locale} {PATTERNS[name]} {quantifier} (%s::text[])")
        pattern = _pattern(rng, name)
        values.append(pattern.replace("*", "%") if name.endswith("like") else pattern)
        return f"{name}.{_shield(pattern, in_tree)}", f"{column}{locale} {PATTERNS[name]} %s::text"
    name = rng.choice(list(COMPARISONS))
    if name != "neq" and rng.random() < 0.15:
        quantifier = rng.choice(["any", "all"])
        listed = [_some(rng, kind) if rng.random() < 0.9 else None for _ in range(rng.choice([0, 1, 2, 3]))]
        values.append(listed)
        return (f"{name}({quantifier}).{_shield(_array(listed), in_tree)}",
                f"{column}{collate} {COMPARISONS[name]} {quantifier} (%s::text[]::{kind}[])")
    return f"{name}.{_single(rng, values, kind, in_tree)}", f"{column}{collate} {COMPARISONS[name]} %s::text::{kind}"


def _elements(rng, values, column, kind, in_tree):
    if rng.random() < 0.15:
        word = rng.choice(["null", "not_null"])
        return f"is.{word}", f"{column} IS {word.replace('_', ' ')}"
    name = rng.choice(list(ELEMENTS))
    listed = [one if one is None else str(one) for one in
              (value(rng, kind[:-2]) for _ in range(rng.choice([0, 1, 1, 2, 3, 8])))]
    values.append(listed)
    return f"{name}.{_shield(_array(listed), in_tree)}", f"{column} {ELEMENTS[name]} %s::text[]::{kind}"


def _some(rng, kind):
    """A value that is not NULL, as text."""
    while (drawn := value(rng, kind)) is None:
        pass
    return str(drawn)


def _single(rng, values, kind, in_tree):
    drawn = _some(rng, kind)
    values.append(drawn)
    return _shield(drawn, in_tree)


def _pattern(rng, name):
    if name in ("match", "imatch"):
        return rng.choice(REGEXES)
    pieces = [rng.choice(["%", "%", "_", "*", "a", "b", "A", "B", "ä", "é", "\\%", "\\\\", "\\_", ",", '"', " ", rng.choice(TEXTS).replace("\\", "\\\\")])
              for _ in range(rng.randint(0, 4))]
    return "".join(pieces)


# Texts in the dialect

def _quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _shield(text, in_tree):
    """In a tree, what the grammar would take for its own is quoted."""
    return _quoted(text) if in_tree else text


def _array(listed):
    return "{" + ",".join("NULL" if one is None else _quoted(one) for one in listed) + "}"
