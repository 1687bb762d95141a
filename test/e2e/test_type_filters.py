"""Filters and order mean what they mean to PostgreSQL, for every type that can be filtered by; the others say so."""
import itertools

import pytest

# A twin has the type's equality and, unless the type is an enum, its order. The values are distinct.
ORDERED = {
    "smallint": ["-32768", "-1", "0", "32767"],
    "integer": ["-2147483648", "0", "10", "9", "2147483647"],
    "bigint": ["-9223372036854775808", "9007199254740992", "9007199254740993", "9223372036854775807"],
    "numeric": ["0", "-1.10", "1.1", "1.09999999999999999999", "1e300", "-1e-300", "NaN", "Infinity", "-Infinity", "99", "100"],
    "real": ["0", "-1.5", "1e-45", "16777216", "16777218", "NaN", "Infinity", "-Infinity"],
    "double precision": ["0", "-0.1", "5e-324", "1e300", "9007199254740993", "NaN", "Infinity", "-Infinity"],
    "boolean": ["t", "f"],
    "text": ["", " ", "a", "A", "b", "ä", "a b", "*", "😀", "\uffff", "x" * 32001, "ü" * 20000],
    "varchar(40)": ["", "10", "9", "Z", "z"],
    "char(5)": ["", "a", "ab", "a b", "é"],
    "name": ["a", "B", "_", "n" * 63],
    "uuid": ["00000000-0000-0000-0000-000000000000", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "ffffffff-ffff-ffff-ffff-ffffffffffff"],
    "date": ["0044-03-15 BC", "1970-01-01", "2000-02-29", "5874897-12-31", "infinity", "-infinity"],
    "time": ["00:00", "12:34:56.789012", "12:34:56.789013", "24:00"],
    "timestamp": ["0044-03-15 01:02:03.000004 BC", "1999-12-31 23:59:59.999999", "294276-12-31 23:59:59.999999", "infinity", "-infinity"],
    "timestamptz": ["2024-07-01 12:00:00+05:30", "2024-07-01 06:30:00.000001Z", "0044-03-15 01:02:03.1 BC", "infinity", "-infinity"],
    "interval": ["0", "-1 day", "1 mon", "30 days 00:00:00.000001", "1 year", "359 days 23:59:59", "178000000 years"],
    "bytea": ["", "\\x00", "\\x0000", "\\x7f", "\\xff", "\\x" + "ab" * 20000],
    "inet": ["10.0.0.0/8", "10.0.0.0/9", "10.0.0.1/8", "10.0.0.1", "9.255.0.1", "::1", "fe80::/10", "0.0.0.0/0"],
    "cidr": ["10.0.0.0/8", "10.0.0.0/16", "10.1.0.0/16", "::/0"],
    "macaddr": ["08:00:2b:01:02:03", "80:00:00:00:00:00", "00:00:00:00:00:01"],
    "macaddr8": ["08:00:2b:01:02:03:04:05", "80:00:00:00:00:00:00:00"],
    "bit(3)": ["000", "011", "101"],
    "varbit": ["", "0", "00", "1", "0111", "01110"],
    "oid": ["0", "10", "9", "4294967295"],
    "whole": ["-5", "5", "40"],
    "short": ["a", "B", "ä"],
    "price": ["1.50", "-3", "20"],
    "moment": ["2024-01-01 00:00:00.5+00", "infinity"],
}
EQUAL_ONLY = {"mood": ["sad", "happy", "so \"so\"", "Über"], "good_mood": ["happy", "sad"]}
SERVED_ONLY = {"json": "1", "jsonb": "1", "mood[]": "{sad}", "point": "(1,2)", "int4range": "[1,2)", "money": "1",
               "timetz": "10:00+00", "xml": "<a/>", "tsvector": "a", "pair": "(1)", "pg_lsn": "0/0", "citext": "A", "hstore": "", "regclass": "pg_class"}
LISTED = [name for name in ORDERED if name not in ("whole", "short", "price", "moment")]
COLLATED = {"text", "varchar(40)", "char(5)", "short"}
# Other spellings of values, and values that no row has.
LITERALS = {
    "integer": [" +10 "], "numeric": ["1.10", "-0", "1e2"], "double precision": ["-0", "1E+300", "-inf"], "real": ["16777217", "-0"],
    "boolean": ["TRUE", "0"], "char(5)": ["a    ", "a      "], "name": ["n" * 70], "uuid": ["{A0EEBC999C0B4EF8BB6D6BB9BD380A11}"],
    "date": ["2000-02-29 10:00"], "time": ["24:00:00", "12:34:56.7890124"], "timestamptz": ["2024-07-01T06:30:00.000001"],
    "interval": ["30 days", "P1M", "12 mons", "1 month 1 us", "-24:00", "86400 s ago"], "bytea": ["\\x7F", "\\377", "abc"],
    "inet": ["10/8", "10.0.0.1/32", "0:0::1"], "cidr": ["10.1.0.0/8"], "macaddr": ["08002B-010203"], "macaddr8": ["08:00:2b:01:02:03"],
    "bit(3)": ["b101", "1010"], "varbit": ["x7"], "oid": ["5"], "whole": ["7"], "moment": ["2024-01-01 01:00:00.5+01"],
}
SIGNS = {"eq": "=", "neq": "<>", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


def column(type_name):
    return "c_" + "".join(c if c.isalnum() else "_" for c in type_name)


@pytest.fixture(scope="module")
def site(open_site):
    """Row i has the i-th value of every column, which cycle; every fifth row has NULLs."""
    with open_site() as one:
        one.sql("""CREATE TYPE mood AS ENUM ('sad', 'happy', 'so "so"', 'Über'); CREATE DOMAIN good_mood AS mood;
                   CREATE DOMAIN whole AS int; CREATE DOMAIN short AS varchar(5); CREATE DOMAIN price AS numeric(9,2);
                   CREATE DOMAIN moment AS timestamptz; CREATE TYPE pair AS (n int); CREATE EXTENSION citext; CREATE EXTENSION hstore""")
        columns = ORDERED | EQUAL_ONLY | {name: [value] for name, value in SERVED_ONLY.items()}
        one.sql("CREATE TABLE typed (id int PRIMARY KEY, " + ", ".join(f"{column(name)} {name}" for name in columns) + ")")
        one.create_model("typed", "SELECT * FROM typed")
        one.sql("SELECT daas.create_api('typed', public => true)")
        insert = "INSERT INTO typed VALUES (%s, " + ", ".join(f"%s::{name}" for name in columns) + ")"
        with one.connect() as connection:
            def add(numbers):
                for i in numbers:
                    connection.execute(insert, [i, *(None if i % 5 == 4 else values[(i - i // 5) % len(values)] for values in columns.values())])
            add(range(12))
            one.indexer.start()
            one.assert_equal("typed")
            add(range(12, 30))  # streamed
        one.sql("UPDATE typed SET c_integer = c_integer WHERE id % 3 = 0")
        one.assert_equal("typed")
        one.wait_for_api("typed")
        one.create_model("listed", "SELECT id, " + ", ".join(f"ARRAY[{column(name)}] AS {column(name)}" for name in LISTED) + " FROM typed")
        one.sql("SELECT daas.create_api('listed', public => true)")
        one.wait_for_state("listed", "running")
        one.wait_for_api("listed", limit=1)
        yield one


def ids(site, **parameters):
    answer = site.api("typed", select="id", **parameters)
    assert answer.status_code == 200, (parameters, answer.text)
    return [row["id"] for row in answer.json()]


@pytest.mark.parametrize("type_name", [*ORDERED, *EQUAL_ONLY])
def test_filters_of_the_type_agree_with_sql(site, type_name):
    name = column(type_name)
    # PostgreSQL finds no operator for a domain over an enum and a literal.
    collated = name + (' COLLATE "C"' if type_name in COLLATED else "::mood" if type_name == "good_mood" else "")
    literals = [value for value in [*(ORDERED | EQUAL_ONLY)[type_name], *LITERALS.get(type_name, [])] if len(value) < 2000]
    turns = itertools.cycle([("eq", "gt", "lte"), ("eq", "gte", "lt"), ("neq", "gt", "lt"), ("eq", "gte", "lte")])
    for literal, operators in zip(literals, turns):
        for operator in operators if type_name in ORDERED else ("eq", "neq"):
            expected = [key for key, in site.sql(f"SELECT id FROM typed WHERE {collated} {SIGNS[operator]} %s ORDER BY id", (literal,))]
            assert ids(site, order="id", **{name: f"{operator}.{literal}"}) == expected, (type_name, operator, literal)
    quoted = ",".join('"' + literal.replace("\\", "\\\\").replace('"', '\\"') + '"' for literal in literals[:3])
    expected = site.sql(f"SELECT id FROM typed WHERE {collated} IN (%s, %s, %s) ORDER BY id", (literals * 3)[:3] if len(literals) < 3 else literals[:3])
    assert ids(site, order="id", **{name: f"in.({quoted})"}) == [key for key, in expected]


@pytest.mark.parametrize("type_name", LISTED)
def test_elements_of_arrays_of_the_type_agree_with_sql(site, type_name):
    name = column(type_name)
    # A cast, which an array needs, cuts bits and refuses cidr with bits to the right of the mask.
    others = [] if type_name in ("cidr", "bit(3)") else LITERALS.get(type_name, [])
    for literal in [value for value in [*ORDERED[type_name], *others] if len(value) < 2000]:
        array = '{"' + literal.replace("\\", "\\\\").replace('"', '\\"') + '"}'
        for operator, sign in {"cs": "@>", "cd": "<@", "ov": "&&"}.items():
            expected = [key for key, in site.sql(f"SELECT id FROM typed WHERE ARRAY[{name}] {sign} ARRAY[%s::text::{type_name}] ORDER BY id", (literal,))]
            answer = site.api("listed", select="id", order="id", **{name: f"{operator}.{array}"})
            assert answer.status_code == 200 and [row["id"] for row in answer.json()] == expected, (operator, array, answer.text)
    for refused in ({name: f"eq.{array}"}, {"order": name}):
        assert site.api("listed", **refused).status_code == 400, refused


@pytest.mark.parametrize("direction", ["asc", "desc", "asc.nullsfirst"])
def test_order_of_every_type_is_that_of_sql(site, direction):
    for type_name in ORDERED:
        name = column(type_name)
        collated = name + ' COLLATE "C"' if type_name in COLLATED else name
        by = direction.replace(".", " ").replace("nullsfirst", "NULLS FIRST")
        expected = site.sql(f"SELECT id FROM typed ORDER BY {collated} {by}, id")
        assert ids(site, order=f"{name}.{direction},id") == [key for key, in expected], type_name


def test_long_values_are_found_by_equality(site):
    for number, value in site.sql("SELECT id, c_text FROM typed WHERE length(c_text) > 30000 AND id < 20"):
        # An address has at most 8 KB, so the claim of a long value comes from elsewhere: nothing shorter matches it.
        assert number not in ids(site, c_text=f"eq.{value[:1000]}")
        assert number in ids(site, c_text=f"gt.{value[:1000]}")


def test_an_enum_is_compared_for_equality_only(site):
    for parameters in ({"c_mood": "gt.sad"}, {"c_mood": "not.lte.sad"}, {"order": "c_mood"}, {"c_good_mood": "lt.sad"}):
        answer = site.api("typed", **parameters)
        assert answer.status_code == 400 and answer.json()["code"] == "0A000", answer.text
        assert "mood" in answer.json()["message"] and "equality" in answer.json()["message"]


@pytest.mark.parametrize("type_name", SERVED_ONLY)
def test_a_type_that_cannot_be_filtered_by_says_so(site, type_name):
    name = column(type_name)
    for parameters in ({name: "eq.1"}, {name: "is.null"}, {"order": name}):
        answer = site.api("typed", **parameters)
        assert answer.status_code == 400 and answer.json()["code"] == "0A000", answer.text
        shown = site.value("SELECT format_type(atttypid, NULL) FROM pg_attribute WHERE attrelid = 'typed'::regclass AND attname = %s", (name,))
        assert f"typed.{name} of type " in answer.json()["message"] and shown in answer.json()["message"], answer.text


@pytest.mark.parametrize("type_name, value, code", [
    ("integer", "late", "22P02"), ("whole", "1.5", "22P02"), ("numeric", "1,5", "22P02"), ("uuid", "x", "22P02"), ("date", "2023-02-29", "22008"),
    ("time", "25:00", "22008"), ("time", "noon", "22007"), ("interval", "1 foo", "22007"), ("bytea", "\\x0g", "22023"), ("inet", "10.0.0.256", "22P02"),
    ("macaddr", "x", "22P02"), ("bit(3)", "12", "22P02"), ("oid", "x", "22P02"), ("moment", "yesterday", "22007"), ("smallint", "40000", "22003")])
def test_a_value_of_the_wrong_type_names_its_column(site, type_name, value, code):
    answer = site.api("typed", **{column(type_name): "eq." + value})
    assert answer.status_code == 400 and answer.json()["code"] == code, answer.text
    assert f"column typed.{column(type_name)} is of type " in answer.json()["details"], answer.text


def test_the_rows_of_a_read_are_what_row_to_json_prints(site):
    expected = site.sql("SELECT row_to_json(t)::text FROM typed t ORDER BY id LIMIT 20")
    assert site.api("typed", order="id", limit=20).content.decode() == "[" + ",".join(row for row, in expected) + "]"
