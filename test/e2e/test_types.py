"""Every value arrives as row_to_json prints it: by the load, by the row images, and by a fetch."""
import pytest

NASTY_TEXT = ["", " ", "a\nb\r\t\b\f", '"', "\\", "\\u0041", "\x01\x1f\x7f", "ü", "\u2028\u2029", "😀", "e\u0301", "\ufeffx", "</script>",
              "NULL", "\\N", "\\.", "{}", "{\"set\":1}", "NOW", "x" * 32766, "x" * 32767, "ü" * 20000, "|", "\ufffd", "\uffff"]
VALUES = {
    "smallint": ["0", "-32768", "32767"],
    "integer": ["0", "-2147483648", "2147483647"],
    "bigint": ["0", "-9223372036854775808", "9223372036854775807", "9007199254740993"],
    "numeric": ["0", "-0.00", "1.10", "1e300", "-1e-300", "NaN", "Infinity", "-Infinity", "123456789012345678901234567890.123456789",
                "9" * 200, "0." + "0" * 100 + "1", "1e-16383", "-9.99", "1e1000"],
    "numeric(9,3)": ["0", "1.5", "-999999.999"],
    "numeric(40,20)": ["0", "-12345678901234567890.12345678901234567891", "99999999999999999999.99999999999999999999", "NaN", "1e-20"],
    "numeric(2,-3)": ["12345", "-99000"],
    "real": ["0", "-0", "1.1", "3.4028235e38", "1e-45", "NaN", "Infinity", "-Infinity", "16777217", "1e10", "0.00001", "123456.78"],
    "double precision": ["0", "-0", "0.1", "1.7976931348623157e308", "5e-324", "NaN", "Infinity", "-Infinity", "1e15", "1e16", "123456789012345680",
                         "0.0001", "0.00001", "0.30000000000000004", "1e300"],
    "boolean": ["t", "f"],
    "text": NASTY_TEXT,
    "varchar(40)": ["", "x", "  ", "ä\"\\"],
    "uuid": ["00000000-0000-0000-0000-000000000000", "FFFFFFFF-ffff-ffff-ffff-ffffffffffff", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"],
    "date": ["1970-01-01", "2000-02-29", "0001-01-01", "4713-01-01 BC", "0044-03-15 BC", "5874897-12-31", "infinity", "-infinity", "9999-12-31", "12345-06-07"],
    "timestamp": ["1970-01-01 00:00:00", "2000-01-01 00:00:00", "1999-12-31 23:59:59.999999", "0044-03-15 01:02:03.000004 BC", "294276-12-31 23:59:59.999999",
                  "4713-01-01 00:00:00 BC", "infinity", "-infinity", "2024-02-29 12:34:56.7"],
    "timestamptz": ["1970-01-01 00:00:00+00", "2024-07-01 12:00:00+05:30", "1883-11-18 12:00:00-05", "0044-03-15 01:02:03.1 BC", "294276-12-31 23:59:59.999999+00",
                    "infinity", "-infinity", "2024-02-29 12:34:56.000010Z"],
    "jsonb": ['null', '{}', '[]', '"x"', '1e5', '-0', '1.0', '0.1e-7', '{"b": 1, "a": [1, {"set": 5}], "a": 2}', '"\\u00e9\\n\\u2028 \\\\ \\""', 'true', '[1e400]', '{"": ""}'],
    "json": ['{ "a" : 1, "a":2 }', ' null ', '"x"', '[1,\n2]', '{"n": 1.10, "e": 1E5, "u": "\\u00e9 \\u0001 \\/"}'],
    "bytea": ["", "\\x00ff", "\\x5c22"],
    "interval": ["0", "1 year 2 mons -3 days 04:05:06.000007", "-1 day", "P1Y2M", "178000000 years", "-2147483648 days 00:00:00.1"],
    "interval(0)": ["1.6 s"],
    "time": ["00:00:00", "24:00:00", "12:34:56.789012", "23:59:59.999999", "00:00:00.1"],
    "time(2)": ["12:34:56.789"],
    "timetz": ["12:00:00+05:30", "23:59:59.999999-12", "24:00:00+15:59:59"],
    "timestamp(0)": ["2024-02-29 12:34:56.7"],
    "char(5)": ["", "ab", "abcde", "ü", " a"],
    "name": ["", "x\"y", "n" * 63],
    "inet": ["10.0.0.1", "10.0.0.0/8", "::1", "10.0.0.1/0", "::ffff:1.2.3.4", "fe80::/10"],
    "cidr": ["10.0.0.0/8", "0.0.0.0/0", "::/0", "2001:db8::/32"],
    "macaddr": ["08:00:2b:01:02:03", "FF-FF-FF-00-00-00"],
    "macaddr8": ["08:00:2b:01:02:03:04:05", "08:00:2b:01:02:03"],
    "bit(3)": ["101"],
    "varbit": ["", "10101"],
    "point": ["(1,2)", "(1e300,NaN)", "(-0,Infinity)"],
    "line": ["{1,2,3}"],
    "lseg": ["((1,2),(3,4))"],
    "box": ["((1,2),(3,4))"],
    "path": ["[(1,2),(3,4)]", "((0.1,1e-300),(3,4))"],
    "polygon": ["((0,0),(1,1),(2,0))"],
    "circle": ["<(1,2),3.5>"],
    "tsvector": ["", "a:1 'b c':2", "'\"':1A,2B"],
    "tsquery": ["", "a & !'b \"c':*A"],
    "xml": ["<a>\"&amp;</a>", '<?xml version="1.0" encoding="UTF-8"?><a>ü</a>'],
    "oid": ["0", "4294967295"],
    "pg_lsn": ["16/B374D848", "0/0"],
    "xid8": ["18446744073709551615", "0"],
    "mood": ["happy", "so \"so\"", ""],
    "positive": ["1", "2147483647"],
    "tiny": ["-1"],
    "small": ["32767"],
    "price": ["1.50", "NaN"],
    "moment": ["2024-01-01 00:00:00.5+00", "infinity"],
    "document": ['{"b":1,"a": 2}'],
    "short_text": ["", "ü\""],
    "good_mood": ["happy"],
    # Not built from row images: to_json(column) in the query, fetched by key.
    "\"char\"": ["a", "\\377", "", '"'],
    "money": ["1.50", "-12345.67", "92233720368547758.07"],
    "int4range": ["[1,5)", "empty", "(,)"],
    "int8range": ["[1,)"],
    "numrange": ["[1.10,2)", "(,NaN]"],
    "daterange": ["[2024-01-01,infinity)", "(,0044-03-15 BC)"],
    "tsrange": ['["2024-01-01 10:00","2024-01-02 00:00:00.5"]'],
    "tstzrange": ['["2024-01-01 10:00+02",)'],
    "int4multirange": ["{}", "{[1,3),[5,)}"],
    "tstzmultirange": ["{}", "{[2024-01-01 00:00+00,2024-01-02 00:00+00)}"],
    "regclass": ["pg_class"],
    "regtype": ["integer"],
    "jsonpath": ["$.a[*] ? (@ > 1)"],
    "integer[]": ["{}", "{1,NULL,3}", "{{1,2},{3,4}}", "[0:1]={1,2}", "[-1:0][2:3]={{1,2},{3,4}}"],
    "text[]": ["{}", '{"",NULL,"NULL","a\\"b","\\\\"}', '{ü}', '{{"😀","\u2028"},{"{}",","}}'],
    "boolean[]": ["{t,f,NULL}"],
    "double precision[]": ["{NaN,-0,1e300,-Infinity,0.1}"],
    "timestamptz[]": ["{infinity,\"2024-01-01 00:00:00+00\"}"],
    "date[]": ["{-infinity,0044-03-15 BC}"],
    "numeric[]": ["{1.10,NaN}"],
    "json[]": ['{"{ \\"a\\" : 1}",null}'],
    "jsonb[]": ['{"{\\"a\\": 1}"}'],
    "bytea[]": ['{"\\\\x00"}'],
    "char(3)[]": ["{a,NULL}"],
    "int4range[]": ['{"[1,2)",empty}'],
    "mood[]": ['{happy,"so \\"so\\"",""}'],
    "numbers": ["{1,2}", "{}"],
    "couple": ["(1,x)"],
    "pair": ["(1,)", "(,\"a\"\"b\")", "(2,x)"],
    "pair[]": ['{"(1,x)",NULL}'],
    "hull": ["(1,\"(2,y)\",\"{\"\"(3,z)\"\"}\",\"2024-01-01 00:00:00+00\",\"{ \"\"k\"\":1}\",happy)", "(,,,,,)"],
    "span": ["[a,c)"],
    "hstore": ["", '"a"=>"1", "b\\"c"=>NULL, "ü"=>""'],
    "citext": ["", "MiXed ü\"", "\u2028"],
    "citext[]": ["{A,NULL}"],
}


def column_of(type_name):
    return "c " + type_name


def make_every_source(site):
    """Tables every and every_source: a column of each type; row i of every_source has the i-th value of each, all cycling,
    and one has NULLs."""
    site.sql("""CREATE TYPE mood AS ENUM ('so "so"', 'happy', '');
                CREATE DOMAIN positive AS int CHECK (VALUE > 0);
                CREATE DOMAIN short_text AS text NOT NULL DEFAULT '' CHECK (length(VALUE) < 10);
                CREATE TYPE pair AS (n int, t text);
                CREATE TYPE hull AS (n numeric, p pair, ps pair[], t timestamptz, j json, m mood);
                CREATE TYPE span AS RANGE (subtype = text);
                CREATE DOMAIN tiny AS int2; CREATE DOMAIN small AS tiny NOT NULL DEFAULT 0;
                CREATE DOMAIN price AS numeric(9,2); CREATE DOMAIN moment AS timestamptz; CREATE DOMAIN document AS json;
                CREATE DOMAIN numbers AS int[]; CREATE DOMAIN couple AS pair; CREATE DOMAIN good_mood AS mood CHECK (VALUE <> '');
                CREATE EXTENSION hstore; CREATE EXTENSION citext""")
    columns = ", ".join(f"\"{column_of(name).replace(chr(34), chr(34) * 2)}\" {name}" for name in VALUES)
    site.sql(f"CREATE TABLE every (id int PRIMARY KEY, {columns})")
    site.sql("CREATE TABLE every_source (LIKE every INCLUDING ALL)")
    rows = max(map(len, VALUES.values()))
    with site.connect() as connection:
        for i in range(rows):
            values = [values[i % len(values)] for values in VALUES.values()]
            casts = ", ".join(f"%s::{name}" for name in VALUES)
            connection.execute(f"INSERT INTO every_source VALUES (%s, {casts})", [i, *values])
    site.sql("INSERT INTO every_source (id) VALUES (1000)")


@pytest.fixture(scope="module")
def site(open_site):
    with open_site() as one:
        make_every_source(one)
        one.indexer.start()
        yield one


PLAIN = list(VALUES)[:list(VALUES).index("\"char\"")]


def test_a_projection_has_every_value_of_the_load_and_of_the_stream(site):
    names = ", ".join(['id', *(f'"{column_of(name)}"' for name in PLAIN)])
    site.sql("INSERT INTO every SELECT * FROM every_source")
    site.create_model("narrow", f"SELECT {names} FROM every")
    assert site.value("SELECT kind FROM daas.model WHERE name = 'narrow'") == "projection"
    site.assert_equal("narrow")
    loaded = site.wait_for_state("narrow", "running")["generation"]
    site.sql("CREATE TEMP TABLE copy AS SELECT * FROM every_source; UPDATE copy SET id = id + 2000; INSERT INTO every SELECT * FROM copy")
    site.sql("UPDATE every SET \"c bigint\" = NULL WHERE id < 2000 AND id % 2 = 0; DELETE FROM every WHERE id % 7 = 3")
    site.assert_equal("narrow")
    assert site.status("narrow")["generation"] == loaded, "streamed, not loaded anew"
    site.sql("SELECT daas.drop_model('narrow')")
    site.sql("TRUNCATE every; DROP TABLE copy")


def test_a_query_has_every_value_of_every_type_of_the_load_and_of_the_stream(site):
    site.sql("INSERT INTO every SELECT * FROM every_source")
    site.create_model("wide", "SELECT * FROM every")
    site.assert_equal("wide")
    loaded = site.wait_for_state("wide", "running")["generation"]
    site.sql("CREATE TEMP TABLE copy AS SELECT * FROM every_source; UPDATE copy SET id = id + 2000; INSERT INTO every SELECT * FROM copy")
    site.sql("UPDATE every SET \"c bigint\" = NULL WHERE id < 2000 AND id % 2 = 0; DELETE FROM every WHERE id % 7 = 3")
    site.assert_equal("wide")
    assert site.status("wide")["generation"] == loaded, "streamed, not loaded anew"
    site.sql("SELECT daas.drop_model('wide')")
    site.sql("TRUNCATE every; DROP TABLE copy")


def test_large_values_arrive_whole_touched_or_not(site):
    site.sql("CREATE DOMAIN article AS text; CREATE TABLE large (id int PRIMARY KEY, n int, t text, b bytea, j json, x jsonb, d article, a text[])")
    for column in "tbjxda":
        site.sql(f"ALTER TABLE large ALTER {column} SET STORAGE EXTERNAL")
    text = "SELECT string_agg(md5((%s * 100000 + i)::text) || chr(8232 + i %% 3) || '😀\"', '') FROM generate_series(1, 26000) i"

    def insert(key):
        site.sql(f"""WITH long (t) AS ({text}) INSERT INTO large SELECT %s, 0, t, convert_to(left(t, 100000), 'UTF8'), to_json(left(t, 200000)),
                     jsonb_build_object('t', left(t, 100000)), left(t, 40000), ARRAY[left(t, 70000), NULL] FROM long""", (key, key))
    insert(1)
    site.create_model("large", "SELECT id, n, t, b, j, x, d FROM large")
    site.create_model("large_query", "SELECT * FROM large")
    assert [site.value("SELECT kind FROM daas.model WHERE name = %s", (name,)) for name in ("large", "large_query")] == ["projection", "query"]
    models = ["large", "large_query"]

    def assert_equal():
        for model in models:
            site.assert_equal(model)
    assert_equal()
    insert(2)
    insert(3)
    assert_equal()
    site.sql("UPDATE large SET n = 1")  # leaves TOAST unchanged
    assert_equal()
    site.sql("UPDATE large SET t = t || 'x' WHERE id = 1; UPDATE large SET j = to_json(t) WHERE id = 2; UPDATE large SET b = NULL, d = '', a = '{}' WHERE id = 3")
    site.sql("UPDATE large SET n = 2, id = 4 WHERE id = 1; DELETE FROM large WHERE id = 2")
    assert_equal()
    site.sql("SELECT daas.drop_model('large'), daas.drop_model('large_query'); DROP TABLE large")


@pytest.mark.own_plugin("pgoutput sends no generated columns")
def test_generated_identity_and_dropped_columns(site):
    site.sql("""CREATE TABLE shaped (gone_1 int, id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, gone_2 text, v text DEFAULT 'd',
                                     n bigint GENERATED BY DEFAULT AS IDENTITY, gone_3 json, twice numeric GENERATED ALWAYS AS (n * 2.50) STORED,
                                     label text GENERATED ALWAYS AS (v || '!') STORED, m mood);
                INSERT INTO shaped (gone_1, gone_2, gone_3, v) SELECT i, 'x', '{}', 'v' || i FROM generate_series(1, 3) i;
                ALTER TABLE shaped DROP gone_2; INSERT INTO shaped DEFAULT VALUES; ALTER TABLE shaped DROP gone_1, DROP gone_3;
                ALTER TABLE shaped ADD late int DEFAULT 7""")
    site.create_model("shaped", "SELECT * FROM shaped")
    assert site.value("SELECT kind FROM daas.model WHERE name = 'shaped'") == "projection"
    site.assert_equal("shaped")
    site.sql("INSERT INTO shaped (v, m) VALUES ('new', 'happy'); UPDATE shaped SET v = NULL WHERE id = 1; UPDATE shaped SET n = -5 WHERE id = 2; DELETE FROM shaped WHERE id = 3")
    site.assert_equal("shaped")
    site.sql("SELECT daas.drop_model('shaped'); DROP TABLE shaped")


def test_a_renamed_label_or_attribute_reaches_every_document(site):
    site.sql("""CREATE TYPE shade AS ENUM ('light', 'dark'); CREATE TYPE paint AS (s shade, n int); CREATE TABLE wall (id int PRIMARY KEY, s shade, p paint[]);
                INSERT INTO wall VALUES (1, 'dark', '{"(light,1)"}')""")
    site.create_model("wall", "SELECT id, s FROM wall")
    site.create_model("wall_query", "SELECT * FROM wall")
    site.assert_equal("wall")
    site.assert_equal("wall_query")
    site.sql("ALTER TYPE shade RENAME VALUE 'dark' TO 'dim'; INSERT INTO wall VALUES (2, 'dim', NULL)")
    site.assert_equal("wall")
    site.sql("ALTER TYPE paint ADD ATTRIBUTE gloss boolean; ALTER TYPE paint RENAME ATTRIBUTE n TO number")
    site.assert_equal("wall_query")
    site.assert_equal("wall")
    site.sql("SELECT daas.drop_model('wall'), daas.drop_model('wall_query'); DROP TABLE wall")


KEYS = ["smallint", "bigint", "numeric", "text", "varchar(40)", "uuid", "date", "timestamp", "timestamptz", "boolean", "char(5)", "time", "bytea",
        "inet", "mood", "positive"]


def test_a_key_of_any_type_names_its_document(site):
    # Half of the types by the row images and half by a fetch.
    models = [f"keyed_{number}" for number in range(len(KEYS))]
    for number, (model, type_name) in enumerate(zip(models, KEYS)):
        site.sql(f"CREATE TABLE {model} (k {type_name} PRIMARY KEY, n int)")
        with site.connect() as connection:
            for n, value in enumerate(value for value in VALUES[type_name] if len(value) < 1000):
                connection.execute(f"INSERT INTO {model} VALUES (%s::{type_name}, %s) ON CONFLICT DO NOTHING", (value, n))
        site.create_model(model, f"SELECT k, n{' + 1 AS n' if number % 2 else ''} FROM {model}")
    for model in models:
        site.assert_equal(model)
    for model in models:
        site.sql(f"UPDATE {model} SET n = n + 100; DELETE FROM {model} WHERE n = 101")
    for model in models:
        site.assert_equal(model)
    for model in models:
        site.sql(f"SELECT daas.drop_model('{model}'); DROP TABLE {model}")
