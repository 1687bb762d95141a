"""What the service says of itself: an OpenAPI document per caller that is valid and true, and the page that shows it."""
import json
import re

import pytest
import requests
from openapi_schema_validator import OAS31Validator, oas31_format_checker
from openapi_spec_validator import OpenAPIV31SpecValidator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from harness.waiting import NotYet, wait_for
from test_types import make_every_source

# Of a commit, to its effect; with room for a busy machine.
SOON = 2
ORIGIN = "https://app.example"


@pytest.fixture(scope="module")
def site(open_site):
    with open_site(cors_origin=ORIGIN, requests_per_account="1000") as one:
        make_every_source(one)
        one.sql("CREATE TABLE desk (id int PRIMARY KEY, airport text, team int, hidden text, note text)")
        one.sql("INSERT INTO desk SELECT i, 'EWR', i, 'hidden', 'n' || i FROM generate_series(1, 20) i")
        one.create_model("every", "SELECT * FROM every_source")
        one.create_model("desk", "SELECT * FROM desk")
        one.sql("SELECT daas.create_api('every', public => true, max_rows => 100)")
        one.sql("SELECT daas.create_api('any_token', 'desk', fields => '{id,team}', scope => '{}')")
        one.sql("SELECT daas.create_api('scoped', 'desk', fields => '{id,note}', scope => '{\"airport\": \"airports\"}')")
        one.sql("SELECT daas.create_api('both', 'desk', fields => '{id,airport}', scope => '{\"airport\": \"airports\", \"team\": \"teams\"}')")
        one.sql("""CREATE TABLE memo (id bigint PRIMARY KEY, club text DEFAULT 'a', source_title varchar(9), words text, unseen int,
                                      doubled bigint GENERATED ALWAYS AS (id * 2) STORED)""")
        one.create_model("memo", "SELECT id, club, source_title AS heading, words, unseen, doubled FROM memo", options={"text": {"words": "english"}})
        one.sql("SELECT daas.create_api('memo', fields => '{id,club,heading,words,doubled}', scope => '{\"club\": \"clubs\"}', writes => '{insert,update}')")
        for name, claims in {"nothing": {}, "member": {"clubs": ["a"]}, "ewr": {"airports": ["EWR"]}, "teams": {"teams": [1]}, "ewr_teams": {"airports": "EWR", "teams": [1, 2]},
                             "empty": {"airports": []}}.items():
            one.sql("SELECT daas.create_account(%s, 'secret', claims => %s)", (name, json.dumps(claims)))
        one.indexer.start()
        one.wait_for_api("every")
        one.wait_for_api("scoped", 401)
        one.assert_equal("every")
        one.assert_equal("desk")
        wait_for(lambda: apis(document(one, one.token("ewr_teams", "secret"))) == {"every", "any_token", "scoped", "both"}, 20,
                 "all APIs are described")
        wait_for(lambda: apis(document(one, one.token("member", "secret"))) == {"every", "any_token", "memo"}, 20, "the written one, too")
        yield one


def document(site, token=None, path="openapi.json"):
    answer = site.api(path, token)
    assert answer.status_code == 200, answer.text
    return answer.json()


def apis(described):
    return {path[1:] for path, item in described["paths"].items() if "service" not in next(iter(item.values()))["tags"]}


def resolved(described, value):
    while "$ref" in value:
        target = described
        for step in value["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        value = target
    return value


@pytest.mark.parametrize("account", [None, "nothing", "ewr_teams", "member"])
def test_the_document_is_valid(site, account):
    described = document(site, account and site.token(account, "secret"))
    OpenAPIV31SpecValidator(described).validate()
    assert described["openapi"] == "3.1.0"
    assert described == document(site, account and site.token(account, "secret"), path="")


@pytest.mark.parametrize("account, seen, traces", [
    (None, {"every"}, []), ("nothing", {"every", "any_token"}, ["team"]), ("empty", {"every", "any_token"}, ["team"]),
    ("member", {"every", "any_token", "memo"}, ["team", "club", "clubs", "heading"]),
    ("ewr", {"every", "any_token", "scoped"}, ["team", "note", "airports"]), ("teams", {"every", "any_token"}, ["team"]),
    ("ewr_teams", {"every", "any_token", "scoped", "both"}, ["team", "note", "airports", "teams", "airport"])])
def test_a_caller_sees_what_a_read_would_answer_and_no_trace_of_the_rest(site, account, seen, traces):
    token = account and site.token(account, "secret")
    described = document(site, token)
    assert apis(described) == seen
    for api in ("every", "any_token", "scoped", "both", "memo"):
        assert (site.api(api, token, limit=1).status_code == 200) == (api in seen), api
    words = set(re.findall(r"\w+", json.dumps(described)))
    for name in ("team", "note", "airports", "teams", "airport", "hidden", "any_token", "scoped", "both", "desk", "EWR",
                 "memo", "club", "clubs", "heading", "source_title", "unseen"):
        assert (name in words) == (name in traces or name in seen), name


def test_a_bad_token_is_refused(site):
    for path in ("", "openapi.json"):
        for bad in ("x", "a.b.c", site.token("ewr", "secret") + "x"):
            answer = site.api(path, bad)
            assert answer.status_code == 401 and answer.json()["code"] == "PGRST301", answer.text
            assert "WWW-Authenticate" in answer.headers
        assert site.api(path, headers={"Authorization": "Basic eDp5"}).status_code == 401


@pytest.mark.parametrize("path", ["", "openapi.json", "docs", "docs/docs.js"])
def test_it_is_served_as_reads_are(site, path):
    plain = site.api(path, headers={"Accept-Encoding": "identity"})
    assert plain.status_code == 200 and plain.headers["X-Content-Type-Options"] == "nosniff"
    packed = site.api(path, headers={"Accept-Encoding": "gzip"})
    assert packed.headers.get("Content-Encoding") == "gzip" and packed.content == plain.content
    head = site.api(path, method="HEAD", headers={"Accept-Encoding": "identity"})
    assert (head.status_code, head.content, head.headers["Content-Length"]) == (200, b"", str(len(plain.content)))
    again = site.api(path, headers={"If-None-Match": plain.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        answer = site.api(path, method=method)
        assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD"), answer.text
    assert site.api(path, headers={"Origin": ORIGIN}).headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "Access-Control-Allow-Origin" not in site.api(path, headers={"Origin": "https://other.example"}).headers
    flight = site.api(path, method="OPTIONS", headers={"Origin": ORIGIN, "Access-Control-Request-Method": "GET"})
    assert flight.status_code == 204 and flight.headers["Access-Control-Allow-Origin"] == ORIGIN


def test_postgrests_media_type_is_answered_to_who_names_it(site):
    assert site.api("").headers["Content-Type"] == "application/json; charset=utf-8"
    assert site.api("", headers={"Accept": "application/openapi+json"}).headers["Content-Type"] == "application/openapi+json; charset=utf-8"


def test_every_value_of_every_type_fits_its_schema(site):
    described = document(site)
    registry = Registry().with_resource("urn:doc", Resource(contents=described, specification=DRAFT202012))
    row = described["components"]["schemas"]["every"]
    columns = site.sql("SELECT c ->> 'name', c ->> 'type' FROM daas.model, jsonb_array_elements(columns) c WHERE name = 'every'")
    assert {name: schema["x-pg-type"] for name, schema in row["properties"].items()} == dict(columns)
    rows = site.api("every", limit=100).json()
    assert len(rows) == site.value("SELECT count(*) FROM every_source")
    for name in row["properties"]:
        schema = {"$ref": "urn:doc#/components/schemas/every/properties/" + name.replace("~", "~0").replace("/", "~1")}
        validator = OAS31Validator(schema, registry=registry, format_checker=oas31_format_checker)
        for one in rows:
            errors = [error.message for error in validator.iter_errors(one[name])]
            assert not errors, (name, errors)


def test_a_column_of_a_common_type_has_a_narrow_schema(site):
    """What fits everything would pass the test above."""
    row = document(site)["components"]["schemas"]["every"]["properties"]
    assert row["c bigint"] == {"type": ["integer", "null"], "format": "int64", "x-pg-type": "bigint"}
    assert row["c boolean"]["type"] == ["boolean", "null"] and row["c uuid"]["format"] == "uuid"
    assert row["c numeric"]["$ref"].endswith("/Numeric") and row["c timestamptz"]["$ref"].endswith("/TimestampTz")
    assert row["c text[]"]["type"] == ["array", "null"] and row["c text[]"]["items"]["anyOf"][0]["type"] == ["string", "null"]
    assert row["c jsonb"] == {"x-pg-type": "jsonb"} and row["c int4range"]["type"] == ["string", "null"]


def test_every_example_is_answered(site):
    token = site.token("ewr_teams", "secret")
    described = document(site, token)
    tried = 0
    for path in sorted(apis(described)):
        for parameter in (resolved(described, one) for one in described["paths"]["/" + path]["get"]["parameters"]):
            if "example" not in parameter:
                continue
            where = {parameter["name"]: parameter["example"]}
            tried += 1
            answer = site.api(path, token, headers=where) if parameter["in"] == "header" else site.api(path, token, **where)
            assert answer.status_code in (200, 206), (path, where, answer.text)
    assert tried > 60


# Writes

def fits(described, schema, value):
    registry = Registry().with_resource("urn:doc", Resource(contents=described, specification=DRAFT202012))
    return OAS31Validator({"$ref": "urn:doc#" + schema}, registry=registry, format_checker=oas31_format_checker).is_valid(value)


def check_answer(described, path, method, answer):
    """Its status, its headers and, of an error, its code are those that the document has for the operation."""
    operation = described["paths"][path][method]
    said = resolved(described, operation["responses"][str(answer.status_code)])
    for name, header in said.get("headers", {}).items():
        assert name in answer.headers or not resolved(described, header).get("required"), name
    if answer.status_code >= 400:
        code = answer.json()["code"]
        assert {code, code[:2] + "xxx"} & set(re.findall(r"\w+", said["description"])), (code, said["description"])
        assert fits(described, "/components/schemas/Error", answer.json())
    elif not answer.content:
        assert "Content-Type" not in answer.headers
    else:
        assert answer.headers["Content-Type"].split(";")[0] in said["content"]


def test_writes_are_described_to_who_may_make_them(site):
    described = document(site, site.token("member", "secret"))
    assert set(described["paths"]["/memo"]) == {"get", "head", "post", "patch"}
    assert site.write("DELETE", "memo", site.token("member", "secret"), id="eq.1").status_code == 405
    for path in apis(described) - {"memo"}:
        assert set(described["paths"]["/" + path]) == {"get", "head"}, path
    assert list(described["components"]["schemas"]["body.memo"]["properties"]) == ["id", "club", "heading", "words"]


def test_a_write_is_answered_as_the_document_says(site):
    token = site.token("member", "secret")
    described = document(site, token)
    body, returned = "/components/schemas/body.memo", {"Prefer": "return=representation"}

    def made(method, status, said_to_fit, sent=None, headers=None, **parameters):
        answer = site.write(method, "memo", token, sent, headers, **parameters)
        assert answer.status_code == status, answer.text
        rows = sent if isinstance(sent, list) else [sent]
        assert all(fits(described, body, row) for row in rows) == said_to_fit, sent
        check_answer(described, "/memo", method.lower(), answer)
        return answer
    made("POST", 201, True, {"id": 2**53 + 1, "heading": "one"})
    rows = made("POST", 201, True, [{"id": 2, "heading": None}, {"id": 3, "heading": "three"}], returned).json()
    assert [row["doubled"] for row in rows] == [4, 6] and all(fits(described, "/components/schemas/memo", row) for row in rows)
    assert made("PATCH", 200, True, {"heading": "new"}, returned, id="eq.2").json()[0]["heading"] == "new"
    made("PATCH", 204, True, {"heading": "new"}, id="eq.3")
    made("POST", 400, False, {"id": "x"})
    made("POST", 400, False, {"id": 4, "doubled": 8})
    made("POST", 400, False, {"id": 4, "unseen": 8})
    made("PATCH", 400, True, {"heading": "longer than it may be"}, id="eq.2")
    made("PATCH", 400, True, {"heading": "x"})
    made("PATCH", 400, True, {"heading": "x"}, words="wfts.fox")
    made("POST", 409, True, {"id": 2})
    made("POST", 403, True, {"id": 4, "club": "b"})
    made("POST", 415, True, {"id": 4}, {"Content-Type": "text/plain"})
    made("POST", 406, True, [{"id": 4}, {"id": 5}], {"Accept": "application/vnd.pgrst.object+json"})


def test_logging_in_and_out_is_answered_as_the_document_says(site):
    described = document(site)

    def post(path, said, **sent):
        answer = requests.post(site.indexer.url + path, timeout=20, **sent)
        assert answer.status_code == said, answer.text
        check_answer(described, path, "post", answer)
        if said == 200:
            assert fits(described, "/components/schemas/Token", answer.json()), answer.text
            assert set(answer.json()) == set(described["components"]["schemas"]["Token"]["properties"])
        return answer
    first = post("/auth/login", 200, auth=("nothing", "secret")).json()
    post("/auth/login", 401, auth=("nobody", "secret"))
    second = post("/auth/refresh", 200, json={"refresh_token": first["refresh_token"]}).json()
    post("/auth/refresh", 400, json={})
    post("/auth/logout", 204, json={"refresh_token": second["refresh_token"]})
    post("/auth/refresh", 401, json={"refresh_token": second["refresh_token"]})
    for _ in range(30):
        answer = requests.post(site.indexer.url + "/auth/login", timeout=20, auth=("nobody", "wrong"))
        if answer.status_code == 429:
            break
    assert answer.status_code == 429 and int(answer.headers["Retry-After"]) > 0
    check_answer(described, "/auth/login", "post", answer)
    assert all("429" in operation["responses"] for path in apis(described) for operation in described["paths"]["/" + path].values())


def test_a_definition_shows_within_a_second(site):
    before = site.api("openapi.json").headers["ETag"]
    site.sql("SELECT daas.create_api('soon', 'desk', fields => '{id}', public => true)")

    def described():
        found = document(site)
        if "soon" not in apis(found):
            raise NotYet(apis(found))
        return found
    found = wait_for(described, SOON, "the new API is described")
    assert set(found["components"]["schemas"]["soon"]["properties"]) == {"id"}
    assert site.api("openapi.json", headers={"If-None-Match": before}).status_code == 200
    site.sql("SELECT daas.create_api('soon', 'desk', fields => '{id,note}', filters => '{id}', public => true, or_replace => true)")
    wait_for(lambda: set(document(site)["components"]["schemas"]["soon"]["properties"]) == {"id", "note"}, SOON, "its new field is described")
    site.sql("SELECT daas.unpublish_api('soon')")
    wait_for(lambda: "soon" not in json.dumps(document(site)), SOON, "no trace is left of it")
    assert site.api("openapi.json").headers["ETag"] == before
    site.sql("SELECT daas.drop_api('soon')")


# The page

def test_the_page_is_confined_to_this_server(site):
    answer = site.api("docs")
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'" and policy["frame-ancestors"] == "'none'" and policy["base-uri"] == "'none'"
    assert {policy[name] for name in ("script-src", "style-src", "img-src", "connect-src")} == {"'self'"}
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    for missing in ("docs/none.js", "docs/..", "docs/%2e%2e/openapi.json", "docs/docs.js/"):
        # Not normalised on the way, as requests would.
        prepared = requests.Request("GET", site.indexer.url).prepare()
        prepared.url = f"{site.indexer.url}/{missing}"
        found = requests.Session().send(prepared, timeout=20)
        assert (found.status_code, found.json()["code"]) == (404, "PGRST125"), missing
    slash = requests.get(site.indexer.url + "/docs/", timeout=20)
    assert slash.url == site.indexer.url + "/docs" and slash.status_code == 200


def test_the_page_needs_nothing_that_is_not_served(site):
    types = {"js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8", "svg": "image/svg+xml"}
    seen, wanted = set(), {"docs"}
    while wanted:
        path = wanted.pop()
        seen.add(path)
        answer = site.api(path)
        assert answer.status_code == 200, path
        assert answer.headers["X-Content-Type-Options"] == "nosniff" and "Content-Security-Policy" in answer.headers
        assert answer.headers["Content-Type"] == types.get(path.rsplit(".", 1)[-1], "text/html; charset=utf-8")
        text = answer.text
        assert not re.findall(r"(?:src|href|url|from|import)\W{1,3}(?:https?:)?//", text), "nothing of another server"
        assert not re.search(r"\son[a-z]+=|javascript:|<style|\sstyle=|innerHTML|eval\(", text), path
        wanted |= {name for name in re.findall(r'(?:src|href)="(docs/[^"]+)"', text)} - seen
        wanted |= {"docs/" + name for name in re.findall(r'from "\./([^"]+)"', text)} - seen
    assert {"docs/docs.js", "docs/docs.css", "docs/try_it.js", "docs/icon.svg"} <= seen
