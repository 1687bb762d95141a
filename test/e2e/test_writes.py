"""Writes through APIs: what is written, what is answered, what is refused."""
import json
from decimal import Decimal

import pytest

from harness.waiting import wait_for
from harness.written_items import MERGE, RETURNED, done, fill_items, ids, open_items, read_after, refused, state, write


@pytest.fixture(scope="module")
def site(open_site):
    with open_site() as one:
        open_items(one)
        yield one


@pytest.fixture(autouse=True)
def rows(site):
    fill_items(site)


# One's own writes

def test_an_insert_is_made_and_read_by_its_position(site):
    answer = write(site, "POST", body={"id": 9, "tenant": "a", "name": "nine"})
    assert answer.status_code == 201 and answer.content == b"" and answer.headers["Content-Range"] == "*/*"
    assert site.sql("SELECT tenant, title, needed FROM item WHERE id = 9") == [("a", "nine", "x")]
    assert read_after(site, answer, id="eq.9", select="id,name").json() == [{"id": 9, "name": "nine"}]


def test_every_write_is_seen_by_the_next_read(site):
    for turn in range(12):
        answer = write(site, "PATCH", body={"amount": turn}, id="eq.1")
        assert read_after(site, answer, id="eq.1", select="amount").json() == [{"amount": turn}]
    answer = write(site, "DELETE", id="eq.1")
    assert answer.status_code == 204 and read_after(site, answer, id="eq.1").json() == []


def test_a_representation_is_what_a_read_answers_byte_for_byte(site):
    body = {"id": 9, "tenant": "a", "name": 'Ü"\\ \u2028😀\n', "amount": 1, "big": 2**53 + 1, "ratio": 1e300, "ok": True, "at": "2024-02-29T12:00:00.123456+05:30",
            "day": "0044-03-15 BC", "uid": "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", "tags": ["a", None, 'b"c', ""], "nums": "{1,2}",
            "doc": {"b": [1, {"c": None}], "a": 1e2}, "raw": {"z": 1.0, "y": 2}, "feeling": "sad", "little": 99, "short": "12345", "code": "ab",
            "span": "1 day 02:00", "bytes": "\\xdeadbeef", "net": "10.0.0.1", "owner": 1}
    answer = write(site, "POST", body=body, headers=RETURNED)
    assert answer.headers["Preference-Applied"] == "return=representation"
    assert done(answer, 201)[0]["doubled"] == 2
    assert answer.content == read_after(site, answer, id="eq.9").content
    csv = write(site, "PATCH", body={"amount": 5}, headers=RETURNED | {"Accept": "text/csv"}, id="eq.9", select="id,name,tags,doubled,ok")
    assert csv.status_code == 200 and csv.headers["Content-Type"].startswith("text/csv")
    read = site.api("item", site.tokens["a"], {"Accept": "text/csv", "Daas-Min-Position": csv.headers["Daas-Position"]}, id="eq.9",
                    select="id,name,tags,doubled,ok")
    assert csv.content == read.content


def test_numbers_keep_every_digit(site):
    digits = "123456789012345678901234567890.123456789012345678901234567890"
    for text in ["9007199254740993", digits, "1e400", "-0.10", "1E-30", "0.1000", "-9223372036854775808"]:
        body = f'[{{"id": 10, "tenant": "a", "amount": {text}}}]'.encode()
        answer = write(site, "POST", body=body, headers=MERGE)
        assert answer.status_code == 201, answer.text
        assert site.value("SELECT amount FROM item WHERE id = 10") == Decimal(text)
    answer = write(site, "PATCH", body=b'{"big": 9007199254740993, "ratio": 0.1, "doc": {"n": 9007199254740993.10}}', headers=RETURNED, id="eq.1",
                   select="big,ratio,doc")
    assert answer.content == b'[{"big":9007199254740993,"ratio":0.1,"doc":{"n": 9007199254740993.10}}]', answer.text
    for text, code in {"9223372036854775808": "22003", "1.5": "22P02", '"x"': "22P02"}.items():
        refused(write(site, "PATCH", body=f'{{"big": {text}}}'.encode(), id="eq.1"), 400, code)


# Shape of the answer

def test_statuses_counts_and_selections(site):
    many = [{"id": number, "tenant": "a"} for number in (11, 12)]
    answer = write(site, "POST", body=many, headers={"Prefer": "return=minimal, count=exact"})
    assert (answer.status_code, answer.headers["Content-Range"], answer.content) == (201, "*/2", b"")
    assert answer.headers["Preference-Applied"] == "return=minimal, count=exact"
    answer = write(site, "PATCH", body={"name": "new"}, headers={"Prefer": "return=representation,count=exact"}, id="gte.11", select="key:id::text,name")
    assert answer.headers["Content-Range"] == "0-1/2" and "ETag" not in answer.headers
    assert sorted(row["key"] for row in done(answer)) == ["11", "12"]
    answer = write(site, "PATCH", body={"name": "new"}, id="eq.99")
    assert (answer.status_code, answer.headers["Content-Range"], answer.content) == (204, "*/*", b"")
    assert done(write(site, "PATCH", body={"name": "new"}, headers=RETURNED, id="eq.99")) == []
    answer = write(site, "DELETE", headers={"Prefer": "return=representation,count=exact"}, id="in.(11,12,3)", select="id")
    assert answer.headers["Content-Range"] == "*/2"
    assert sorted(row["id"] for row in done(answer)) == [11, 12] and ids(site) == [1, 2, 3, 4]
    assert write(site, "POST", body={"id": 13, "tenant": "a"}, headers={"Prefer": "return=headers-only"}).content == b""


def test_one_object_or_nothing_is_done(site):
    single = RETURNED | {"Accept": "application/vnd.pgrst.object+json"}
    assert done(write(site, "PATCH", body={"name": "1"}, headers=single, id="eq.1", select="id,name")) == {"id": 1, "name": "1"}
    before = state(site)
    refused(write(site, "PATCH", body={"name": "x"}, headers=single, id="lte.2"), 406, "PGRST116", "2 rows")
    refused(write(site, "PATCH", body={"name": "x"}, headers=single, id="eq.3"), 406, "PGRST116", "0 rows")
    refused(write(site, "DELETE", headers=single, id="lte.2"), 406, "PGRST116", "2 rows")
    refused(write(site, "DELETE", headers={"Prefer": "handling=strict,max-affected=1"}, id="lte.2"), 400, "PGRST124", "2 rows")
    refused(write(site, "POST", body=[{"id": 5, "tenant": "a"}, {"id": 6, "tenant": "a"}], headers=single), 406, "PGRST116")
    assert state(site) == before


def test_a_write_can_be_tried_and_undone(site):
    before = state(site)
    answer = write(site, "PATCH", body={"name": "x"}, headers={"Prefer": "tx=rollback,return=representation"}, id="lte.2", select="id,name")
    assert sorted(row["name"] for row in done(answer)) == ["x", "x"] and state(site) == before
    assert "tx=rollback" in answer.headers["Preference-Applied"] and "Daas-Position" not in answer.headers


# Bodies

def test_several_rows_are_all_written_or_none(site):
    before = state(site)
    rows = [{"id": number, "tenant": "a"} for number in range(10, 200)]
    refused(write(site, "POST", body=[*rows, {"id": 1, "tenant": "a"}]), 409, "23505")
    refused(write(site, "POST", body=[*rows, {"id": 500, "tenant": "b"}]), 403, "42501")
    refused(write(site, "POST", body=[*rows, {"id": "x", "tenant": "a"}]), 400, "22P02")
    assert state(site) == before
    assert write(site, "POST", body=rows).status_code == 201
    assert len(ids(site)) == 194


def test_members_of_rows(site):
    refused(write(site, "POST", body=[{"id": 5, "tenant": "a"}, {"id": 6}]), 400, "PGRST102", "All object keys must match")
    answer = write(site, "POST", body=[{"id": 5, "tenant": "a", "ignored": 1}, {"tenant": "a", "id": 6, "name": "n"}], headers=RETURNED,
                   columns='"id",tenant,name', select="id,name")
    assert done(answer, 201) == [{"id": 5, "name": None}, {"id": 6, "name": "n"}]
    answer = write(site, "POST", body=[{"id": 7, "tenant": "a"}, {"id": 8, "tenant": "a", "name": None}, {"id": 9, "tenant": "a", "name": "n"}],
                   headers={"Prefer": "missing=default,return=representation"}, columns="id,tenant,name", select="id,name")
    assert sorted((row["id"], row["name"]) for row in done(answer, 201)) == [(7, "untitled"), (8, None), (9, "n")]
    assert "missing=default" in answer.headers["Preference-Applied"]
    refused(write(site, "POST", body={"id": 5, "nope": 1}), 400, "PGRST204", "nope")
    refused(write(site, "POST", body={"id": 5, "secret": "s"}), 400, "PGRST204", "secret")
    refused(write(site, "POST", body={"id": 5, "needed": "s"}), 400, "PGRST204", "needed")
    refused(write(site, "POST", body={"id": 5, "title": "s"}), 400, "PGRST204", "title")
    refused(write(site, "POST", body=[], columns="id,secret"), 400, "PGRST204", "secret")
    refused(write(site, "PATCH", body={"doubled": 5}, id="eq.1"), 400, "428C9", "doubled")
    refused(write(site, "PATCH", body={"secret": "x"}, id="eq.1"), 400, "PGRST204")


def test_bodies_without_rows_and_columns(site):
    before = state(site)
    assert done(write(site, "POST", body=[], headers=RETURNED), 201) == []
    assert done(write(site, "PATCH", body={}, headers=RETURNED, id="eq.1")) == []
    assert write(site, "PATCH", body={}, id="eq.1").status_code == 204
    assert state(site) == before
    assert [row["seen"] for row in done(write(site, "POST", path="note", body=[{}, {}], headers=RETURNED), 201)] == [7, 7]


@pytest.mark.parametrize("body", [
    b"", b"null", b"5", b'"x"', b"[1]", b"[[{}]]", b"{", b'{"id":5,}', b'{"id":05}', b'{"id":1.}', b'{"id":NaN}', b'{"id":Infinity}', b"{'id':5}",
    b'{"id":5} {"id":6}', b'{"id":5}]', b'{"id":5,"id":6}', b'{"id":5,"doc":{"a":1,"a":2}}', b'{"id":5,"\\u0069d":6}', b'{"name":"\xff"}',
    b'{"name":"\\ud800"}', b'{"name":"\t"}', b'{"id":5/**/}', b'{"doc":' + b"[" * 40 + b"]" * 40 + b"}", b"\xef\xbb\xbf{}", b'{"id":+5}', b'{"id":5}\0'])
def test_a_body_that_is_no_json_is_refused(site, body):
    before = state(site)
    refused(write(site, "POST", body=body), 400, "PGRST102")
    refused(write(site, "PATCH", body=body, id="eq.1"), 400, "PGRST102")
    assert state(site) == before


def test_other_bodies_that_are_refused(site):
    refused(write(site, "POST", body=b'{"name":"a\\u0000b"}'), 400, "22P05")
    refused(write(site, "POST", body=b"id,tenant\n5,a\n", headers={"Content-Type": "text/csv"}), 415, "PGRST102", "application/json")
    refused(write(site, "POST", body=b"id=5", headers={"Content-Type": "application/x-www-form-urlencoded"}), 415, "PGRST102")
    refused(write(site, "PATCH", body=[{"name": "x"}, {"name": "y"}], id="eq.1"), 400, "PGRST102")
    refused(write(site, "POST", body={"id": 5}, headers={"Content-Profile": "other"}), 406, "PGRST106")
    assert write(site, "POST", body={"id": 50, "tenant": "a", "name": "x" * 900_000}).status_code == 201
    refused(write(site, "POST", body={"id": 51, "tenant": "a", "name": "x" * 1_100_000}), 413, "PGRST100", "1024 KB")


# Filters

def test_a_change_without_a_filter_is_refused(site):
    before = state(site)
    refused(write(site, "PATCH", body={"name": "x"}), 400, "21000", "UPDATE requires a WHERE clause")
    refused(write(site, "DELETE"), 400, "21000", "DELETE requires a WHERE clause")
    refused(write(site, "DELETE", body={}, select="id"), 400, "21000")
    for parameter in ({"limit": "1"}, {"order": "id"}, {"offset": "1"}, {"_cursor": ""}):
        refused(write(site, "DELETE", id="eq.1", **parameter), 400, "PGRST127", next(iter(parameter)))
    refused(write(site, "POST", body={"id": 5, "tenant": "a"}, id="eq.1"), 400, "PGRST100", "filter")
    refused(write(site, "DELETE", id="eq.1", on_conflict="id"), 400, "PGRST100")
    refused(write(site, "DELETE", secret="eq.s1"), 400, "42703")
    refused(write(site, "DELETE", doc="eq.{}"), 400, "0A000")
    refused(write(site, "DELETE", id="eq.x"), 400, "22P02")
    refused(write(site, "DELETE", feeling="gt.sad"), 400, "0A000")
    refused(write(site, "DELETE", day="eq.today"), 400, "22007")
    refused(write(site, "DELETE", nums="eq.{1}"), 400, "PGRST127")
    assert state(site) == before


FILTERS = [
    {"name": "eq.one"}, {"name": "neq.one"}, {"name": "not.eq.one"}, {"amount": "gt.1"}, {"amount": "not.gt.1"}, {"amount": "lte.1.0"}, {"name": "in.(one,\"t,o\")"},
    {"name": "not.in.()"}, {"name": "in.()"}, {"name": "like.*o*"}, {"name": "ilike.O%"}, {"name": "ilike.ÄÖ*"}, {"name": "match.^t"}, {"name": "imatch.^T"},
    {"name": "like(any).{o%,t%}"}, {"name": "like(all).{%o,t%}"}, {"amount": "eq(any).{1,2,NULL}"}, {"amount": "gt(all).{}"}, {"amount": "not.eq(any).{1,NULL}"},
    {"ok": "is.true"}, {"ok": "not.is.true"}, {"ok": "is.unknown"}, {"ok": "gt.false"}, {"name": "is.null"}, {"name": "isdistinct.one"}, {"name": "not.isdistinct.one"},
    {"tags": "cs.{a}"}, {"tags": "cd.{a,b}"}, {"tags": "ov.{b,c}"}, {"tags": "not.cs.{a}"}, {"nums": "cs.{1,NULL}"}, {"nums": "cs.{}"}, {"tags": "is.null"},
    {"feeling": "eq.glad"}, {"feeling": "eq.unheard"}, {"feeling": "in.(sad,glad)"}, {"feeling": "neq.sad"}, {"at": "gte.2024-01-01T00:00:00Z"}, {"day": "lt.2024-01-02"},
    {"uid": "eq.a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"}, {"ratio": "gt.0.5"}, {"ratio": "eq.NaN"}, {"big": "eq.9007199254740993"}, {"code": "eq.ab"}, {"span": "eq.1 mon"},
    {"net": "eq.10.0.0.1/32"}, {"bytes": "gt.\\x01"}, {"little": "eq.500"}, {"little": "lt.10"}, {"short": "gt.a"}, {"name": "gt.Z"}, {"name": "lt.ä"},
    {"or": "(name.eq.one,and(amount.gt.1,ok.is.true))"}, {"not.or": "(name.eq.one,amount.is.null)"}, {"not.and": "(name.neq.one,amount.gt.1)"},
    {"name": ["like.*o*", "neq.one"]}, {'"name"': "eq.one"},
]


def test_filters_of_writes_and_reads_choose_the_same_rows(site):
    site.sql("""INSERT INTO item (id, tenant, title, amount, big, ratio, ok, at, day, uid, tags, nums, feeling, little, short, code, span, bytes, net) VALUES
        (20, 'a', 'one', 1.00, 9007199254740993, 'NaN', true, '2024-01-01Z', '2024-01-01', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '{a,b}', '{1,2}', 'glad', 5, 'ab', 'ab', '30 days', '\\x00', '10.0.0.1'),
        (21, 'a', 't,o', NULL, 9007199254740992, 0.5, false, '2023-12-31Z', '2024-01-02', NULL, '{}', '{1,NULL}', 'sad', 50, 'B', 'ab c', '1 mon', '\\x0101', '10.0.0.1/8'),
        (22, 'a', 'äöü', 3, NULL, -1, NULL, NULL, 'infinity', NULL, '{a,NULL}', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
        (23, 'a', NULL, 'NaN', 0, 'Infinity', NULL, 'infinity', NULL, NULL, '{c}', '{}', 'sad', 0, '', '', '0', '', '::1'),
        (24, 'a', 'Ton%_\\*', -5, -1, 0, true, '-infinity', '0044-03-15 BC', NULL, NULL, NULL, 'glad', NULL, 'ä', NULL, NULL, NULL, NULL)""")
    with site.connect() as connection:
        position = connection.execute("SELECT pg_current_wal_insert_lsn()::text").fetchone()[0]
    for filters in FILTERS:
        read = site.api("item", site.tokens["a"], {"Daas-Min-Position": position}, select="id", **filters)
        tried = write(site, "DELETE", headers={"Prefer": "tx=rollback,return=representation"}, select="id", **filters)
        assert (read.status_code, tried.status_code) == (200, 200), (filters, read.text, tried.text)
        assert sorted(row["id"] for row in read.json()) == sorted(row["id"] for row in tried.json()), filters


@pytest.mark.parametrize("value", ["'", "''; DROP TABLE item; --", '"', "\\", "$1", "%", "a'||'b", "{", "}", "\x1f", "ü'\"", "NULL", ") OR true --", "$$", "E'\\x'"])
def test_a_value_is_a_value(site, value):
    answer = write(site, "POST", body={"id": 9, "tenant": "a", "name": value, "tags": [value], "doc": {value: value}}, headers=RETURNED)
    assert done(answer, 201)[0]["tags"] == [value]
    assert [row["id"] for row in done(write(site, "PATCH", body={"name": value + value}, headers=RETURNED, name=f"eq.{value}"))] == [9]
    assert site.value("SELECT title FROM item WHERE id = 9") == value + value
    assert site.value("SELECT count(*) FROM item") == 5
    refused(write(site, "POST", body={"id": 10, value: 1}), 400, "PGRST204")
    assert write(site, "PATCH", body={"name": "x"}, **{value: "eq.1"}).status_code == 400


def test_names_that_must_be_quoted_are(site):
    """Of tables and columns, and those that the statements use themselves."""
    site.sql('''CREATE SCHEMA "O'dd ""S$"; CREATE TABLE "O'dd ""S$"."select ""*"" -- Ü" ("Key; $1" int PRIMARY KEY, "O'k" text, "a""b" text, m int, r int, t int,
                within int, document int, changed int, "back\\slash" text, "{}" int[], excluded int, "count" int, "columns" int)''')
    site.create_model("odd", '''SELECT * FROM "O'dd ""S$"."select ""*"" -- Ü"''')
    site.sql("SELECT daas.create_api('odd', scope => %s, writes => '{insert,update,delete}')", (json.dumps({"O'k": "tenants"}),))
    wait_for(lambda: site.api("odd", site.tokens["a"]).status_code == 200, 20, "the API is known")
    row = {"Key; $1": 1, "O'k": "a", 'a"b': "x", "m": 1, "r": 2, "t": 3, "within": 4, "document": 5, "changed": 6, "back\\slash": "\\", "{}": [1],
           "excluded": 7, "count": 8, "columns": 9}
    assert done(write(site, "POST", path="odd", body=row, headers=RETURNED), 201) == [row]
    assert done(write(site, "POST", path="odd", body=row | {"m": 2}, headers=MERGE, on_conflict='"Key; $1"'), 201) == [row | {"m": 2}]
    refused(write(site, "PATCH", path="odd", body={"O'k": "b"}, m="eq.2"), 403, "42501")
    answer = write(site, "PATCH", path="odd", body=row | {"t": 4}, headers=RETURNED,
                   **{'"a""b"'.replace('""', '\\"'): "eq.x", "back\\slash": "eq.\\", "{}": "cs.{1}", '"columns"': "eq.9", "excluded": "eq.7"})
    assert done(answer) == [row | {"t": 4}]
    assert read_after(site, answer, path="odd").content == answer.content
    assert write(site, "DELETE", path="odd", count="eq.8").status_code == 204
