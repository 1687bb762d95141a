"""How answers are written, and walked through: formats, ranges, cursors, ETags, compression, pages of other origins."""
import csv
import io
import json
import threading

import pytest
import requests

ORIGIN = "https://app.example"


@pytest.fixture(scope="module")
def site(open_site):
    with open_site(cors_origin=ORIGIN) as one:
        one.sql("""CREATE TABLE t (id int PRIMARY KEY, name text, n numeric, at timestamptz, tags text[], extra jsonb, flag boolean, grp int);
                   INSERT INTO t SELECT i, CASE WHEN i % 7 = 0 THEN NULL WHEN i % 5 = 0 THEN 'a "q", ' || i ELSE 'n' || i END, i / 3.0,
                     '2024-01-01'::timestamptz + i * interval '1 minute', ARRAY['x', NULL, 'y z'], jsonb_build_object('i', i), i % 2 = 0, i % 10
                   FROM generate_series(1, 500) i""")
        one.create_model("t", "SELECT * FROM t")
        one.sql("SELECT daas.create_api('t', public => true)")
        one.sql("SELECT daas.create_api('scoped', 't', scope => '{\"grp\": \"groups\"}', fields => '{name,grp}', filters => '{name,grp}')")
        one.sql("SELECT daas.create_account('three', 'secret', claims => '{\"groups\": [3]}')")
        one.sql("SELECT daas.create_account('four', 'secret', claims => '{\"groups\": [4]}')")
        one.indexer.start()
        one.assert_equal("t")
        for api in ("t", "scoped"):
            one.wait_for_api(api, 200 if api == "t" else 401)
        yield one


def get(site, path="t", headers=None, method="GET", **parameters):
    return site.api(path, headers=headers, method=method, **parameters)


def test_csv_is_what_copy_prints(site):
    answer = get(site, headers={"Accept": "text/csv"}, order="id", limit=50)
    assert answer.status_code == 200 and answer.headers["Content-Type"].startswith("text/csv")
    rows = list(csv.reader(io.StringIO(answer.text)))
    site.sql("SET timezone = 'UTC'")
    expected = site.sql("SELECT id::text, coalesce(name, ''), n::text, at::text, tags::text, extra::text, CASE WHEN flag THEN 't' ELSE 'f' END, grp::text"
                        " FROM t ORDER BY t.id LIMIT 50")
    assert rows == [["id", "name", "n", "at", "tags", "extra", "flag", "grp"], *[list(row) for row in expected]]
    assert not answer.text.endswith("\n")


def test_lines_are_json_objects(site):
    answer = get(site, headers={"Accept": "application/x-ndjson"}, order="id", limit=5, select="id,name")
    assert [json.loads(line) for line in answer.text.splitlines()] == get(site, order="id", limit=5, select="id,name").json()


def test_nulls_are_stripped(site):
    answer = get(site, headers={"Accept": "application/vnd.pgrst.array+json;nulls=stripped"}, id="eq.7", select="id,name")
    assert answer.json() == [{"id": 7}] and "nulls=stripped" in answer.headers["Content-Type"]
    answer = get(site, headers={"Accept": "application/vnd.pgrst.object+json;nulls=stripped"}, id="eq.7", select="id,name")
    assert answer.json() == {"id": 7}


def test_casts_are_postgresqls_texts(site):
    site.sql("SET timezone = 'UTC'")
    expected = site.sql("SELECT id::text, n::text, at::text, tags::text, extra::text, flag::text FROM t WHERE id = 8")
    row = get(site, id="eq.8", select="id::text,n::text,at::text,tags::text,extra::text,flag::text").json()[0]
    assert tuple(row.values()) == expected[0]
    assert get(site, id="eq.8", select="grp::bigint,x:id::int8").json() == [{"grp": 8, "x": 8}]
    for cast in ("n::int", "name::int", "at::date", "id::smallint", "id::nonsense", "extra::jsonpath"):
        answer = get(site, select=cast)
        assert (answer.status_code, answer.json()["code"]) == (400, "42846"), (cast, answer.text)


@pytest.mark.parametrize("header, status, ids, content_range", [
    ("0-4", 206, range(1, 6), "0-4/500"), ("10-", 206, range(11, 501), "10-499/500"), ("495-600", 206, range(496, 501), "495-499/500"),
    ("500-", 206, [], "*/500"), ("nonsense", 200, range(1, 501), "0-499/500"), ("501-", 416, None, "*/500"), ("5-2", 416, None, None)])
def test_ranges_are_postgrests(site, header, status, ids, content_range):
    answer = get(site, headers={"Range": header, "Prefer": "count=exact"}, order="id", select="id")
    assert answer.status_code == status, answer.text
    assert answer.headers.get("Content-Range") == content_range
    if ids is not None:
        assert [row["id"] for row in answer.json()] == list(ids)


def test_preferences_that_are_none_are_refused_when_strict(site):
    assert get(site, headers={"Prefer": "nonsense=1"}).status_code == 200
    answer = get(site, headers={"Prefer": "handling=strict, nonsense=1"})
    assert (answer.status_code, answer.json()["code"]) == (400, "PGRST122")


# Cursors

def walk(site, path="t", token=None, change=None, **parameters):
    rows, cursor, pages = [], "", 0
    while cursor is not None:
        answer = site.api(path, token, _cursor=cursor, **parameters)
        assert answer.status_code == 200, answer.text
        rows += answer.json()
        cursor = answer.headers.get("Daas-Cursor")
        pages += 1
        if change:
            change(rows)
        assert pages < 1000
    return rows


@pytest.mark.parametrize("order", ["id", "name.desc,flag", "n.asc", "flag.nullsfirst,at.desc"])
def test_a_walk_shows_every_row_once_in_order(site, order):
    assert walk(site, order=order, limit=37, select="id") == get(site, order=order, select="id").json()
    assert walk(site, order=order, limit=1000, select="id", id="lt.10") == get(site, order=order, select="id", id="lt.10").json()


def test_a_walk_neither_skips_nor_repeats_beside_writes_at_its_borders(site):
    """Rows that nobody touches are all there, once, though others come and go before and behind the reader."""
    stop, errors = threading.Event(), []

    def write():
        try:
            with site.connect() as connection:
                turn = 0
                while not stop.wait(0.005):
                    turn += 1
                    key = 1000 + turn % 400
                    connection.execute("INSERT INTO t (id, name, n) VALUES (%s, 'coming', %s) ON CONFLICT (id) DO UPDATE SET n = excluded.n", (key, turn % 170))
                    if turn % 3 == 0:
                        connection.execute("DELETE FROM t WHERE id = %s", (1000 + (turn * 7) % 400,))
        except Exception as error:  # pylint: disable=broad-except
            errors.append(error)
    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(5):
            ids = [row["id"] for row in walk(site, order="n", limit=23, select="id")]
            assert sorted(key for key in ids if key <= 500) == list(range(1, 501))
    finally:
        stop.set()
        writer.join()
        site.sql("DELETE FROM t WHERE id >= 1000")
        site.assert_equal("t")
    assert not errors


def test_a_cursor_is_of_its_request_and_shows_nothing(site):
    three, four = site.token("three", "secret"), site.token("four", "secret")
    cursor = site.api("scoped", three, _cursor="", limit=5, order="name").headers["Daas-Cursor"]
    assert len(walk(site, "scoped", three, limit=7, order="name")) == 50
    good = {"_cursor": cursor, "limit": 9, "order": "name"}
    assert len(site.api("scoped", three, **good).json()) == 9
    for token, changed in ((four, {}), (three, {"order": "name.desc"}), (three, {"name": "like.n*"}), (three, {"_cursor": cursor[:-2] + "AA"}),
                           (three, {"_cursor": "AoE"}), (three, {"_cursor": "*"})):
        answer = site.api("scoped", token, **(good | changed))
        assert (answer.status_code, answer.json()["code"]) == (400, "22023"), answer.text
    answer = get(site, _cursor=cursor, order="name")
    assert answer.status_code == 400
    assert get(site, _cursor="", offset=5).status_code == 400


def test_the_end_of_a_walk_has_no_cursor(site):
    answer = get(site, _cursor="", id="eq.1")
    while "Daas-Cursor" in answer.headers:
        assert len(answer.json()) > 0
        answer = get(site, _cursor=answer.headers["Daas-Cursor"], id="eq.1")
    assert "Daas-Cursor" not in get(site, id="eq.1").headers


# HTTP

def test_what_is_known_is_not_sent_again(site):
    first = get(site, order="id", limit=20)
    again = get(site, headers={"If-None-Match": first.headers["ETag"]}, order="id", limit=20)
    assert (again.status_code, again.content) == (304, b"") and again.headers["ETag"] == first.headers["ETag"]
    site.sql("UPDATE t SET grp = grp + 0, name = 'changed' WHERE id = 1")
    site.assert_equal("t")
    assert get(site, headers={"If-None-Match": first.headers["ETag"]}, order="id", limit=20).status_code == 200


def test_large_answers_are_compressed(site):
    plain = get(site, headers={"Accept-Encoding": "identity"}, order="id")
    packed = requests.get(site.indexer.url + "/t?order=id", headers={"Accept-Encoding": "gzip"}, stream=True, timeout=20)
    assert packed.headers["Content-Encoding"] == "gzip"
    assert int(packed.headers["Content-Length"]) < len(plain.content) / 3
    assert packed.content == plain.content
    head = requests.head(site.indexer.url + "/t?order=id", headers={"Accept-Encoding": "gzip"}, timeout=20)
    assert head.headers["Content-Length"] == packed.headers["Content-Length"] and not head.content


def test_pages_of_allowed_origins_may_read(site):
    flight = requests.options(site.indexer.url + "/t", headers={"Origin": ORIGIN, "Access-Control-Request-Method": "GET",
                                                                 "Access-Control-Request-Headers": "authorization"}, timeout=20)
    assert flight.status_code == 204 and flight.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "GET" in flight.headers["Access-Control-Allow-Methods"]
    assert "Access-Control-Allow-Credentials" not in flight.headers
    for answer in (get(site, headers={"Origin": ORIGIN}, limit=1), get(site, headers={"Origin": ORIGIN}, nope="eq.1"), get(site, "none", headers={"Origin": ORIGIN}),
                   get(site, "scoped", headers={"Origin": ORIGIN})):
        assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN, answer.text
    for origin in ("https://evil.example", "null", ORIGIN + ".evil"):
        assert "Access-Control-Allow-Origin" not in get(site, headers={"Origin": origin}, limit=1).headers
        other = requests.options(site.indexer.url + "/t", headers={"Origin": origin}, timeout=20)
        assert "Access-Control-Allow-Origin" not in other.headers
