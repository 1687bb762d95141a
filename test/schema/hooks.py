"""What schemathesis can't read out of the document: requests that make sense, so that most of them reach Solr; and checks
of what only this service promises."""
import schemathesis
from hypothesis import strategies as st
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance


def resolved(schema, value):
    while "$ref" in value:
        target = schema
        for step in value["$ref"].removeprefix("#/").split("/"):
            target = target[step.replace("~1", "/").replace("~0", "~")]
        value = target
    return value


def filters_of(operation):
    """Name, operators and a value of each column that may be filtered by."""
    schema = operation.schema.raw_schema
    item = schema["paths"][operation.path][operation.method.lower()]
    for parameter in (resolved(schema, one) for one in item.get("parameters", [])):
        if "x-operators" in parameter:
            yield parameter["name"], parameter["x-operators"], parameter["example"].split(".", 1)[1]


def condition(operators, value):
    def text(parts):
        negated, operator = parts
        values = {"in": f"({value},{value})", "is": "null"}
        return ("not." if negated else "") + operator + "." + values.get(operator, value)
    return st.tuples(st.booleans(), st.sampled_from(operators)).map(text)


def meaningful(operation):
    filters = list(filters_of(operation))
    if not filters:
        return st.just({})
    ordered = [name for name, operators, _ in filters if "gt" in operators]
    one = st.sampled_from(filters).flatmap(lambda each: st.tuples(st.just(each[0]), condition(each[1], each[2])))

    def quoted(pair):
        # In a tree a value ends at a comma.
        name, text = pair
        head, _, value = text.rpartition(".") if text.endswith(".null") else text.partition(".")
        if head == "not":
            operator, _, value = value.partition(".")
            head = f"not.{operator}"
        plain = value.startswith(("(", "{")) or value == "null"
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f"{name}.{head}." + (value if plain else f'"{escaped}"')
    tree = st.lists(one.map(quoted), min_size=1, max_size=4).map(lambda parts: f"({','.join(parts)})")
    order = st.lists(st.tuples(st.sampled_from(ordered), st.sampled_from(["", ".asc", ".desc.nullslast", ".nullsfirst"])).map("".join),
                     min_size=1, max_size=3).map(",".join)
    names = st.lists(st.sampled_from([name for name, _, _ in filters]), min_size=1, max_size=4, unique=True).map(",".join)
    rest = st.fixed_dictionaries({}, optional={"select": names, "order": order, "limit": st.integers(0, 30).map(str),
                                               "offset": st.integers(0, 40).map(str), "or": tree, "not.and": tree})
    if operation.method.upper() in WRITES:
        return written(operation, one, tree, names)
    walk = st.fixed_dictionaries({"_cursor": st.just("")},
                                 optional={"select": names, "order": order, "limit": st.integers(1, 30).map(str), "and": tree})
    return st.tuples(one, st.one_of(rest, rest, walk)).map(lambda both: {both[0][0]: both[0][1], **both[1]})


WRITES = ("POST", "PATCH", "DELETE")
PREFERENCES = ("return=representation", "return=minimal", "count=exact", "resolution=merge-duplicates", "resolution=ignore-duplicates",
               "missing=default", "tx=rollback", "handling=strict", "max-affected=3")


def written(operation, one, tree, names):
    """The query of a write: few rows, or those of a sensible condition."""
    rest = st.fixed_dictionaries({}, optional={"select": names, "or": tree})
    if operation.method.upper() == "POST":
        return st.fixed_dictionaries({}, optional={"select": names, "columns": names, "on_conflict": st.just("id")})
    few = st.integers(0, 40).map(lambda number: {"id": f"eq.{number}"})
    return st.tuples(st.one_of(few, few, one.map(lambda pair: dict([pair]))), rest).map(lambda both: both[0] | both[1])


VALUES = {"bigint": st.integers(0, 500), "integer": st.integers(0, 500), "smallint": st.integers(0, 500), "boolean": st.booleans(),
          "text": st.text("ab'\"\\é,{} \u2028😀", max_size=8), "numeric": st.floats(allow_nan=False, allow_infinity=False), "date": st.dates().map(str),
          "double precision": st.floats(allow_nan=False, allow_infinity=False), "uuid": st.uuids().map(str), "jsonb": st.just({"a": [1, None]})}


def likely(operation):
    """Bodies that PostgreSQL takes: columns of common types, of the token's scope, with keys that meet others sometimes."""
    schema = operation.schema.raw_schema
    body = resolved(schema, schema["paths"][operation.path][operation.method.lower()]["requestBody"]["content"]["application/json"]["schema"])
    several = "oneOf" in body
    types = {name: column["x-pg-type"] for name, column in resolved(schema, body["oneOf"][0] if several else body)["properties"].items()}
    plain = [name for name, of in types.items() if of in VALUES and name not in ("id", "airport", "desk")]

    def rows(names):
        row = st.fixed_dictionaries({name: st.one_of(st.none(), VALUES[types[name]]) for name in names} | ({"id": st.integers(0, 5000)} if several else {}))
        return st.one_of(row, st.lists(row, min_size=1, max_size=3)) if several else row
    return st.lists(st.sampled_from(plain), max_size=3, unique=True).flatmap(rows)


@schemathesis.hook
def before_generate_body(context, strategy):
    if "service" in context.operation.tags:
        return strategy
    return st.one_of(strategy, likely(context.operation), likely(context.operation))


@schemathesis.hook
def before_generate_headers(context, strategy):
    if "service" in context.operation.tags or context.operation.method.upper() not in WRITES:
        return strategy
    preferred = st.lists(st.sampled_from(PREFERENCES), max_size=4, unique=True).map(lambda words: {"Prefer": ", ".join(words)})
    return st.one_of(strategy, preferred, preferred)


@schemathesis.hook
def before_generate_query(context, strategy):
    if "service" in context.operation.tags:
        return strategy
    return st.one_of(strategy, meaningful(context.operation), meaningful(context.operation))


@schemathesis.check
def code_is_documented(_context, response, case):
    """The code of every error stands in the description of its status."""
    if response.status_code < 400 or not response.content:
        return
    schema = case.operation.schema.raw_schema
    responses = schema["paths"][case.operation.path][case.operation.method.lower()]["responses"]
    if str(response.status_code) not in responses:
        return  # status_code_conformance says so
    described = resolved(schema, responses[str(response.status_code)])["description"]
    code = response.json()["code"]
    # 23xxx stands for a class of SQLSTATEs.
    assert {code, code[:2] + "xxx"} & set(described.replace(".", " ").split()), f"{code} is not documented for {response.status_code}"


@schemathesis.check
def inserted_rows_are_documented(context, response, case):
    """The document has one 201, which has no body without Prefer: return=representation: OpenAPI can't say so."""
    if case.operation.method.upper() == "POST" and "service" not in case.operation.tags and response.content:
        content_type_conformance(context, response, case)
        response_schema_conformance(context, response, case)
    elif not response.content and response.status_code == 201:
        assert "content-type" not in response.headers


@schemathesis.check
class RequestsAreAnswered:
    """Every operation was answered, and not only refused: else the run shows little."""

    def __init__(self):
        self.answered, self.asked = {}, set()

    def after_response(self, _context, response, case):
        self.asked.add(case.operation.label)
        if response.status_code < 300:
            self.answered.setdefault(case.operation.label, set()).add((response.request.url, response.request.body))

    def after_run(self, _context):
        # Nobody guesses a refresh token.
        wanted = {"/healthz": 1, "/openapi.json": 1, "/auth/login": 1, "/auth/refresh": 0, "/auth/logout": 0}
        few = {label: len(self.answered.get(label, ())) for label in self.asked
               if len(self.answered.get(label, ())) < wanted.get(label.split()[1], 10)}
        assert not few, f"too few different requests were answered: {few}"
