"""Facets: the counts that GROUP BY gives, of the rows that filters and scope leave, and of no others."""
import json

import pytest

COLUMNS = ["name", "small", "big", "flag", "kind", "uid", "day", "grp"]


@pytest.fixture(scope="module")
def site(open_site):
    with open_site() as one:
        one.sql("""CREATE TYPE kind AS ENUM ('low', 'high');
                   CREATE TABLE t (id int PRIMARY KEY, name text, small smallint, big bigint, flag boolean, kind kind, uid uuid, day date,
                                   at timestamptz, local timestamp, ratio float8, price numeric, tags text[], nums int[], grp int);
                   INSERT INTO t SELECT i, CASE i % 7 WHEN 0 THEN NULL WHEN 1 THEN 'a "q" \\ ' || chr(228) WHEN 2 THEN '' ELSE 'n' || i % 5 END,
                     CASE WHEN i % 11 > 0 THEN i % 4 - 2 END, 9007199254740993 + i % 3, CASE i % 3 WHEN 0 THEN true WHEN 1 THEN false END,
                     (ARRAY['low', 'high', NULL])[i % 3 + 1]::kind, CASE WHEN i % 2 = 0 THEN format('00000000-0000-4000-8000-%s', lpad((i % 5)::text, 12, '0'))::uuid END,
                     '2024-01-31'::date + i % 9 * 20, '2024-01-31 10:00Z'::timestamptz + i * interval '7 hours 13 minutes',
                     '1999-12-31 23:59:59.5'::timestamp + i * interval '1 second', i / 40.0 - 3, i / 3.0,
                     CASE i % 4 WHEN 0 THEN '{}' WHEN 1 THEN '{x,y,x}' WHEN 2 THEN ARRAY[NULL, 'z'] END, ARRAY[i % 2, i % 3], i % 3
                   FROM generate_series(1, 500) i""")
        one.create_model("t", "SELECT * FROM t")
        one.sql("SELECT daas.create_api('t', public => true)")
        one.sql("SELECT daas.create_api('scoped', 't', scope => '{\"grp\": \"groups\"}', fields => '{name,small,at}')")
        one.sql("SELECT daas.create_account('one', 'secret', claims => '{\"groups\": [1]}')")
        one.sql("SET timezone = 'UTC'")
        one.indexer.start()
        one.assert_equal("t")
        one.wait_for_api("t")
        one.wait_for_api("scoped", 401)
        yield one


def facets(site, facet, path="t", token=None, **parameters):
    answer = site.api(path, token, _facet=facet, limit=0, **parameters)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["rows"] == [] and list(body) == ["rows", "facets"]
    return body["facets"]


def grouped(site, column, where="true"):
    return site.value(f"""SELECT coalesce(json_agg(json_build_object('value', v, 'count', n) ORDER BY v IS NULL, n DESC, v::text COLLATE "C"), '[]')
                          FROM (SELECT {column} v, count(*) n FROM t WHERE {where} GROUP BY 1) g""")


@pytest.mark.parametrize("column", COLUMNS)
def test_values_are_counted_as_group_by_does(site, column):
    seen, expected = facets(site, column)[column], grouped(site, column)
    assert [one["count"] for one in seen if one["value"] is not None] == [one["count"] for one in expected if one["value"] is not None], "by falling count"

    def key(one):
        return json.dumps(one)
    assert sorted(seen, key=key) == sorted(expected, key=key)
    assert [one["value"] for one in seen].index(None) == len(seen) - 1 if any(one["value"] is None for one in seen) else True, "NULL is last"


def test_elements_of_arrays_are_counted_by_rows_that_have_them(site):
    for column in ("tags", "nums"):
        expected = dict(site.sql(f"SELECT e, count(DISTINCT id) FROM t, unnest({column}) e WHERE e IS NOT NULL GROUP BY e"))
        assert {one["value"]: one["count"] for one in facets(site, column)[column]} == expected


def test_filters_narrow_what_is_counted_and_rows_come_beside(site):
    answer = site.api("t", _facet="name,n:small(2)", small="gt.0", order="id", limit=2, select="id", headers={"Prefer": "count=exact"})
    body = answer.json()
    assert [list(row) for row in body["rows"]] == [["id"], ["id"]]
    assert answer.headers["Content-Range"] == f"0-1/{site.value('SELECT count(*) FROM t WHERE small > 0')}"
    assert sum(one["count"] for one in body["facets"]["name"]) == site.value("SELECT count(*) FROM t WHERE small > 0")
    assert [one["value"] for one in body["facets"]["n"]] == [1]
    assert facets(site, "name,small", id="eq.-1") == {"name": [], "small": []}


def test_a_limit_keeps_the_greatest_counts(site):
    assert facets(site, "name(2)")["name"][:2] == [one for one in facets(site, "name")["name"] if one["value"] is not None][:2]


@pytest.mark.parametrize("facet, sql", [
    ("small(-2..2,1)", "generate_series(-2, 1, 1)"),
    ("small(-2..2,3)", "generate_series(-2, 1, 3)"),
    ("big(9007199254740993..9007199254740996,1)", "generate_series(9007199254740993, 9007199254740995)"),
    ("day(2024-01-31..2024-07-01,1 month)", "generate_series(0, 5)"),
    ("day(2024-01-01..2024-02-01,1 week)", "generate_series(0, 4)"),
    ("at(2024-02-01..2024-05-01,1 mon)", "generate_series(0, 2)"),
    ("at(2024-02-01T00:00:00Z..2024-02-02T00:00:00Z,6 hours)", "generate_series(0, 3)"),
    ("local(1999-12-31T23:59:59.5..2000-01-01T00:02:00,30 s)", "generate_series(0, 4)"),
    ("ratio(-3..3,0.5)", "generate_series(0, 11)"),
])
def test_ranges_are_counted_from_their_first_and_below_their_second_bound(site, facet, sql):
    column, text = facet[:-1].split("(")
    bounds, step = text.split(",")
    first, last = bounds.split("..")
    kind = {"small": "bigint", "big": "bigint", "ratio": "float8"}.get(column, {"day": "date", "at": "timestamptz", "local": "timestamp"}.get(column))
    moment = column in ("day", "at", "local")
    expected, number = [], 0
    while True:
        low = f"('{first}'::{kind} + {number} * {'interval' if moment else ''} '{step}'{'' if moment else f'::{kind}'})::{kind}"
        if not site.value(f"SELECT {low} < '{last}'::{kind}"):
            break
        high = low.replace(f"+ {number} *", f"+ {number + 1} *")
        expected.append(site.value(f"""SELECT json_build_object('from', {low}, 'to', least({high}, '{last}'::{kind}), 'count',
                                       (SELECT count(*) FROM t WHERE {column} >= {low} AND {column} < least({high}, '{last}'::{kind})))"""))
        number += 1
    assert len(expected) == site.value(f"SELECT count(*) FROM {sql}")
    assert facets(site, facet)[column] == expected


def test_a_scope_confines_counts_and_values(site):
    token = site.token("one", "secret")
    seen = facets(site, "name(1000),small,at(2024-01-01..2024-12-01,1 month)", "scoped", token)
    assert sorted(map(json.dumps, seen["name"])) == sorted(map(json.dumps, grouped(site, "name", "grp = 1")))
    assert sum(one["count"] for one in seen["small"]) == site.value("SELECT count(*) FROM t WHERE grp = 1")
    assert sum(one["count"] for one in seen["at"]) == site.value("SELECT count(*) FROM t WHERE grp = 1")


@pytest.mark.parametrize("facet, status, words", [
    ("nope", 400, "does not exist"), ("grp", 400, "does not exist"), ("price", 400, "has no facets of values"), ("price(0..1,1)", 400, "has no facets of ranges"),
    ("name(0..1,1)", 400, "has no facets of ranges"), ("at", 400, "has no facets of values"), ("name(0)", 400, "from 1 to 1,000"),
    ("name(1001)", 400, "from 1 to 1,000"), ("name(99999999999999999999)", 400, "from 1 to 1,000"), ("name,name", 400, "asked for twice"),
    ("name(", 400, "failed to parse"), ("name()", 400, "failed to parse"), ("name(5", 400, "failed to parse"), ("name(5))", 400, "failed to parse"),
    ("", 400, "failed to parse"), ("name,", 400, "failed to parse"), ("small(1..2)", 400, "failed to parse"),
    ("small(a..2,1)", 400, "invalid input syntax"), ("small(2..1,1)", 400, "ends where it begins"), ("small(0..9,0)", 400, "no step"),
    ("small(0..9,-1)", 400, "no step"), ("small(0..9,1 day)", 400, "no step"), ("big(0..9000000000000000000,1)", 400, "too far away"),
    ("big(0..1000000000000000000,1)", 400, "over 1,000 ranges"), ("ratio(0..1,1e-300)", 400, "over 1,000 ranges"), ("ratio(0..NaN,1)", 400, "no step"),
    ("day(2024-01-01..2024-02-01,1 hour)", 400, "no step"), ("day(2024-01-01..infinity,1 day)", 400, "too far away"), ("day(-infinity..2024-01-01,1 month)", 400, "too far away"),
    ("day(2024-01-01..9999-01-01,1 day)", 400, "over 1,000 ranges"), ("at(2024-01-01..2024-02-01,-1 day)", 400, "no step"),
    ("day(2024-01-01..2025-01-01,2000000000 months)", 200, ""),
    ('"{!term f=id v=1}"', 400, "does not exist"), ("name:name:name", 400, "failed to parse"), (",".join(f"a{i}:name" for i in range(17)), 400, "more than 16"),
])
def test_what_cant_be_counted_is_refused_with_the_reason(site, facet, status, words):
    path = "scoped" if facet == "grp" else "t"
    answer = site.api(path, site.token("one", "secret") if path == "scoped" else None, _facet=facet)
    assert answer.status_code == status and words in answer.text, answer.text
    site.indexer.check()


def test_facets_are_json_only(site):
    assert site.api("t", _facet="name", headers={"Accept": "text/csv"}).status_code == 406
