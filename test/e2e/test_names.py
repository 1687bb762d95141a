"""Every name that PostgreSQL takes: of databases, schemas, tables and columns, in SQL and over REST."""
import json

import pytest

from harness.site import quoted
from harness.waiting import wait_for

DATABASE = "Odd \"db\" 'x' \\ ü%s"
SCHEMA = "Odd, \"schema\".'%s\\"
TABLE = "Tab le.\"(x)\"\\%1$s ü"
# No two of them may meet in Solr, in a list, in a query's text or in a message's format.
NAMES = [
    # of Solr, of daas, of the dialect, of SQL
    "id", "score", "_version_", "_doc_", "_root_", "_ver_", "_deleted_", "select", "order", "limit", "offset", "and", "or", "not", "not.and",
    "not.or", "columns", "on_conflict", "from", "where", "user", "null", "true", "eq", "eq.1", "in.(1)", "asc", "desc", "count", "q", "fq", "fl", "f0",
    "v0", "all", "dead", "ssep", "ctid ", "e2e_row", "unnest", "$1",
    "CamelCase", "camelcase", "CAMELCASE", "A", "a", "_", "__", "_x", "__x", "x", "_x41_", "_x5F_x", "x5F", "a_", "a_s", "a_u", "a_us", "a_x20_b", "a b",
    " ", "  ", " lead", "trail ", "\t", "\n", "a\nb", "\x01", "\x7f", "'", "it's", "\"", "\"\"", "\"quoted\"", "a\"b", "\\", "\\\\", "a\\b", "\\\"", "\\n",
    ".", "..", "a.b", ",", "a,b", "(", ")", "(a)", "a()", ":", "a:b", "::", "a::text", "*", "a*", "->", "a->b", "->>", "=", "a=b", "&", "a&b", "?", "#", "/",
    "+", "a+b", ";", "@", "!", "a!b", "|", "a|b", "~", "`", "^", "-", "--", "/*", "[", "]", "{", "}", "{}", "%", "%s", "%1$s", "100%", "%41", "$1x", "${a}",
    "{!term f=id}", "<b>", "\\u0041",
    "ü", "u\u0308", "Ünïcödé", "日本語", "😀", "\u00a0", "\u2028", "\ufeff", "\u200d", "\uffff", "ß", "ẞ", "İ", "ı",
    "n" * 63, "n" * 62 + "m", "ü" * 31 + "x", "日" * 21, "😀" * 15 + "abc", "\"" * 63, "\\" * 63,
]
RESERVED = ["select", "order", "limit", "offset", "and", "or", "not", "not.and", "not.or", "columns", "on_conflict"]
TYPES = ["int", "text", "boolean", "numeric", "timestamptz", "float8", "date", "bigint"]
VALUES = {
    "int": "g % 5 - 2", "text": "(ARRAY['', 'a,b', '\"', '\\', 'ü', '*', 'null', '(x)'])[1 + g % 8]", "boolean": "g % 2 = 0",
    "numeric": "(g % 4) / 4.0", "timestamptz": "timestamptz '2024-01-01 00:00Z' + g % 3 * interval '1.5 h'", "float8": "(g % 3 - 1) / 3.0::float8",
    "date": "date '2024-02-28' + g % 3", "bigint": "9007199254740990 + g % 5",
}
KEY = ["\"", "a|b", "😀"]


def literal(text):
    return "E'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'" if "\\" in text else "'" + text.replace("'", "''") + "'"


def rest(name):
    """A column's name as PostgREST's clients quote it."""
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


@pytest.fixture(scope="module")
def site(open_site):
    assert all(len(name.encode()) <= 63 for name in NAMES) and len(set(NAMES)) == len(NAMES)
    with open_site(database=DATABASE) as one:
        # The default: the database's name, as far as Solr takes it.
        one.indexer.options.pop("solr-namespace")
        one.name = "odd__db___x_______s"
        one.types = {name: TYPES[i % len(TYPES)] for i, name in enumerate(NAMES)} | dict.fromkeys(KEY, "text")
        one.table = f"{quoted(SCHEMA)}.{quoted(TABLE)}"
        columns = ", ".join(f"{quoted(name)} {one.types[name]}" for name in NAMES)
        one.sql(f"CREATE SCHEMA {quoted(SCHEMA)}; CREATE TABLE {one.table} ({columns}, PRIMARY KEY ({', '.join(map(quoted, KEY))}))")
        insert(one, 1, 40)
        one.indexer.start()
        yield one


def insert(site, first, last):
    values = ", ".join(f"'k' || g || {literal(name)}" if name in KEY else f"CASE WHEN g % 7 > 0 THEN {VALUES[site.types[name]]} END" for name in NAMES)
    site.sql(f"INSERT INTO {site.table} ({', '.join(map(quoted, NAMES))}) SELECT {values} FROM generate_series({first}, {last}) g")


def model(site, name, query):
    if not site.value("SELECT EXISTS (SELECT FROM daas.model WHERE name = %s)", (name,)):
        site.create_model(name, query)


def test_documents_follow_columns_of_any_name(site):
    model(site, "plain", f"SELECT * FROM {site.table}")
    assert site.value("SELECT kind FROM daas.model WHERE name = 'plain'") == "projection"
    # Each output column has the name of the next one's.
    shifted = ", ".join(f"t.{quoted(name)} AS {quoted(alias)}" for name, alias in zip(NAMES, NAMES[1:] + NAMES[:1]))
    key = [NAMES[(NAMES.index(name) + 1) % len(NAMES)] for name in KEY]
    query = f"SELECT {shifted}, t.id AS ctid, t.id AS tableoid FROM {site.table} t WHERE t.{quoted('score')} IS DISTINCT FROM '*'"
    site.create_model("shifted", query, key)
    for name in ("plain", "shifted"):
        site.assert_equal(name)
    insert(site, 41, 60)
    site.sql(f"UPDATE {site.table} SET {quoted(NAMES[0])} = 99, {quoted('score')} = '*' WHERE {quoted('a|b')} LIKE 'k1%'")
    site.sql(f"UPDATE {site.table} SET {quoted('a|b')} = {quoted('a|b')} || '|\\!' WHERE {quoted('a|b')} LIKE 'k2%'")
    site.sql(f"DELETE FROM {site.table} WHERE {quoted('a|b')} LIKE 'k3%'")
    for name in ("plain", "shifted"):
        site.assert_equal(name)
        assert site.status(name)["state"] == "running"


def test_every_column_can_be_selected_renamed_filtered_and_ordered_by(site):
    model(site, "plain", f"SELECT * FROM {site.table}")
    with site.connect() as connection:
        warnings = []
        connection.add_notice_handler(lambda notice: warnings.append(notice.message_primary))
        connection.execute("SELECT daas.create_api('plain', public => true)")
    for name in RESERVED:
        assert any(f'column "{name}"' in warning for warning in warnings), (name, warnings)
    assert len([warning for warning in warnings if warning.startswith("column")]) == len(RESERVED), warnings
    site.wait_for_api("plain")
    assert list(site.api("plain").json()[0]) == NAMES
    order = "a|b"
    for name in NAMES:
        kind = site.types[name]
        value, = next(iter(site.sql(f"SELECT {quoted(name)}::text FROM {site.table} WHERE {quoted(name)}::text > '' ORDER BY 1 LIMIT 1")))
        alias = ("x" + name)[:15]
        answer = site.api("plain", **{
            "select": f"{rest(name)},{rest(alias)}:{rest(name)}", rest(name): f"gte.{value}",
            "order": f"{rest(name)}.desc.nullslast,{rest(order)}.asc"})
        assert answer.status_code == 200, (name, answer.text)
        collate = ' COLLATE "C"' if kind == "text" else ""
        expected = site.sql(
            f"SELECT row_to_json(r)::text FROM (SELECT {quoted(name)}, {quoted(name)} AS {quoted(alias)} FROM {site.table}"
            f" WHERE {quoted(name)} >= {literal(value)}{collate} ORDER BY {quoted(name)}{collate} DESC, {quoted(order)} COLLATE \"C\") r")
        assert answer.text == "[" + ",".join(text for text, in expected) + "]", name
        among = site.api("plain", **{"select": rest(order), rest(name): f"in.({rest(value)})"})
        count = site.value(f"SELECT count(*) FROM {site.table} WHERE {quoted(name)} = {literal(value)}")
        assert among.status_code == 200 and len(among.json()) == count > 0, (name, among.text)


def test_plain_names_need_no_quotes_and_reserved_ones_keep_their_meaning(site):
    model(site, "plain", f"SELECT * FROM {site.table}")
    site.sql("SELECT daas.create_api('plain', public => true, or_replace => true)")
    site.wait_for_api("plain")
    for name in ("id", "score", "_version_", "CamelCase", "日本語", "eq", "a_us", " lead", "a+b"):
        assert list(site.api("plain", **{"select": name.strip(), "limit": "1"}).json()[0]) == [name.strip()] if name.strip() in NAMES else True
        assert site.api("plain", **{name: "not.is.null", "limit": "1"}).status_code == 200, name
    assert len(site.api("plain", limit="3").json()) == 3
    assert list(site.api("plain", select="limit,order", limit="1").json()[0]) == ["limit", "order"]
    for name in ("camelCase", "ID", "n" * 64, "a_xC3_", "u\u0308 "):
        answer = site.api("plain", **{rest(name): "eq.1"})
        assert answer.status_code == 400 and answer.json()["code"] == "42703" and name in answer.json()["message"], answer.text
    for parameters in ({"select": "a b\""}, {"select": "\"id"}, {"order": "\"id\"x"}, {"select": "id:"}, {"order": ""}):
        assert site.api("plain", **parameters).status_code == 400, parameters
    assert list(site.api("plain", select="", limit="1").json()[0]) == NAMES, "as PostgREST: nothing selected is everything"


def test_a_scope_may_be_any_column(site):
    scope = {name: f"claim {name}" for name in NAMES if site.types[name] in ("text", "int", "boolean") and name not in KEY}
    site.create_model("scoped", f"SELECT * FROM {site.table}")
    row = site.value(f"SELECT row_to_json(t) FROM {site.table} t WHERE {quoted('id')} IS NOT NULL LIMIT 1")
    site.sql("SELECT daas.create_api('scoped', scope => %s, fields => %s)", (json.dumps(scope), ["a|b"]))
    site.sql("SELECT daas.create_account('odd', 'x', %s)", (json.dumps({claim: [row[name]] for name, claim in scope.items()}),))
    site.assert_equal("scoped")
    expected = site.sql(f"SELECT {quoted('a|b')} FROM {site.table} t WHERE "
                        + " AND ".join(f"{quoted(name)} = {literal(str(row[name]))}" for name in scope) + " ORDER BY 1")
    token = site.token("odd", "x")
    wait_for(lambda: site.api("scoped", token).status_code == 200, 20, "the API is loaded")
    seen = site.api("scoped", token, order=rest("a|b"))
    assert [one["a|b"] for one in seen.json()] == sorted(key for key, in expected) and expected


@pytest.mark.own_plugin("PostgreSQL refuses the UPDATE of a table without identity that pgoutput publishes")
@pytest.mark.decoded("without decoding no replica identity is needed")
def test_a_stopped_model_of_an_odd_table_says_what_can_be_run(site):
    table = quoted(SCHEMA) + "." + quoted("Lost \"x\"")
    site.sql(f"CREATE TABLE {table} (id int PRIMARY KEY, v int)")
    site.create_model("lost", f"SELECT * FROM {table}")
    site.assert_equal("lost")
    site.sql(f"ALTER TABLE {table} REPLICA IDENTITY NOTHING; INSERT INTO {table} VALUES (1, 1); UPDATE {table} SET v = 2")
    status = site.wait_for_state("lost", "stopped")
    assert table in status["reason"] and "reload_model" in status["hint"], status
    with pytest.raises(Exception, match="does not cover the key") as refused:
        site.sql("SELECT daas.reload_model('lost')")
    site.sql(refused.value.diag.message_hint.removeprefix("Run ").removesuffix("."))
    site.sql("SELECT daas.reload_model('lost')")
    site.assert_equal("lost")
