"""What a model may read: projections and queries over one table, composite keys, partitions, TOAST."""
import pytest


@pytest.fixture(scope="module")
def site(open_site):
    with open_site() as one:
        one.indexer.start()
        yield one


def test_a_composite_key_with_separators_names_one_document_each(site):
    site.sql(r"""CREATE TABLE part (a text, b text, n int, PRIMARY KEY (b, a));
                 INSERT INTO part VALUES ('x|y', 'z', 1), ('x', 'y|z', 2), ('x\', 'y', 3), ('x\|y', '', 4), ('', 'x\|y', 5),
                                         ('', '', 6), ('\', '\', 7), ('|', '|', 8), ('x', 'y', 9), ('ü', E'\n', 10)""")
    site.create_model("part", "SELECT n, a, b FROM part")
    site.create_model("part_query", "SELECT n + 1 AS m, a, b, a || b AS ab FROM part WHERE n <> 3", ["a", "b"])
    site.assert_equal("part")
    site.assert_equal("part_query")
    site.sql(r"""UPDATE part SET n = n + 10; UPDATE part SET a = a || '|', b = '\' || b WHERE n > 14;
                 DELETE FROM part WHERE n = 11; UPDATE part SET n = 3 WHERE n = 12""")
    site.assert_equal("part")
    site.assert_equal("part_query")
    site.sql("BEGIN; UPDATE part SET a = a || '1'; UPDATE part SET a = left(a, -1); COMMIT")
    site.assert_equal("part")
    site.assert_equal("part_query")


def test_models_over_one_table_each_follow_their_own_query(site):
    site.sql("""CREATE TYPE colour AS ENUM ('red', 'so "green"');
                CREATE DOMAIN percent AS int CHECK (VALUE BETWEEN 0 AND 100);
                CREATE TABLE "Thing" (id int PRIMARY KEY, "Näme" text, colour colour, share percent, codes int[], raw bytea,
                                      age interval, ip inet, "select" text, day date);
                INSERT INTO "Thing" SELECT i, 'n' || i, CASE WHEN i % 2 = 0 THEN 'red' ELSE 'so "green"' END::colour, i % 100,
                       ARRAY[i, NULL, -i], int4send(i), i * interval '1 hour', '10.0.0.0'::inet + i, '*', date '2024-01-01' + i
                  FROM generate_series(1, 300) i""")
    site.create_model("thing", 'SELECT id, "Näme", "select", day FROM "Thing"')
    site.create_model("thing_part", "SELECT id, colour, codes FROM \"Thing\" WHERE colour = 'red' AND share < 50")
    site.create_model("thing_wrapped", """SELECT t.id AS number, upper(t."Näme") AS "Näme", t.colour, t.share, t.codes, t.raw, t.age, t.ip,
              CASE WHEN t.share > 50 THEN 'much' WHEN t.share IS NULL THEN NULL ELSE 'little' END AS size,
              t.day + t.age AS then, to_char(t.day, 'YYYY') AS year, t.day::text AS day_text,
              jsonb_build_object('id', t.id, 'raw', encode(t.raw, 'base64')) AS object
         FROM "Thing" t""")
    models = ["thing", "thing_part", "thing_wrapped"]
    for model in models:
        site.assert_equal(model)
    site.sql("""UPDATE "Thing" SET colour = 'red' WHERE id % 3 = 0; UPDATE "Thing" SET share = NULL, codes = codes || 1 WHERE id % 5 = 0;
                DELETE FROM "Thing" WHERE id % 7 = 0; UPDATE "Thing" SET id = id + 1000 WHERE id % 11 = 0;
                INSERT INTO "Thing" (id) VALUES (0), (-1)""")
    for model in models:
        site.assert_equal(model)
    site.sql("ALTER TYPE colour ADD VALUE 'blue'")
    site.sql("UPDATE \"Thing\" SET colour = 'blue', \"Näme\" = 'renamed' WHERE id < 50")
    for model in models:
        site.assert_equal(model)
        assert site.status(model)["state"] == "running"


@pytest.mark.own_plugin("of a TRUNCATE of one partition pgoutput says nothing, so its root is refused")
def test_rows_of_a_partitioned_table_keep_their_documents_when_they_move(site):
    site.sql("""CREATE TABLE event (id int, day int, v text, gone int, n numeric, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
                CREATE TABLE event_1 PARTITION OF event FOR VALUES FROM (0) TO (10);
                CREATE TABLE event_2 (n numeric, junk int, v text, gone int, day int NOT NULL, id int NOT NULL);
                ALTER TABLE event_2 DROP COLUMN junk;
                ALTER TABLE event ATTACH PARTITION event_2 FOR VALUES FROM (10) TO (20);
                ALTER TABLE event DROP COLUMN gone;
                CREATE TABLE event_3 PARTITION OF event FOR VALUES FROM (20) TO (40) PARTITION BY LIST (day);
                CREATE TABLE event_3_rest PARTITION OF event_3 DEFAULT;
                INSERT INTO event SELECT i, i % 30, 'v' || i, i / 7.0 FROM generate_series(1, 600) i""")
    site.create_model("event", "SELECT * FROM event")
    site.create_model("event_query", "SELECT id, day, upper(v) AS v, n FROM event WHERE day <> 13")
    for model in ("event", "event_query"):
        site.assert_equal(model)
    site.sql("""UPDATE event SET day = (day + 10) % 30; UPDATE event SET v = v || '!' WHERE id % 3 = 0;
                DELETE FROM event WHERE id % 5 = 0; INSERT INTO event VALUES (1000, 3, 'a', 1.50), (1001, 15, 'b', NULL), (1002, 25, NULL, 'NaN')""")
    for model in ("event", "event_query"):
        site.assert_equal(model)
    site.sql("CREATE TABLE event_4 (v text, n numeric, id int NOT NULL, day int NOT NULL); INSERT INTO event_4 VALUES ('before', 1, 2000, 45);"
             "ALTER TABLE event ATTACH PARTITION event_4 FOR VALUES FROM (40) TO (50); UPDATE event SET day = 41 WHERE id < 50")
    for model in ("event", "event_query"):
        site.assert_equal(model)
    site.sql("UPDATE event SET v = 'in the new partition' WHERE day > 40; ALTER TABLE event DETACH PARTITION event_1")
    for model in ("event", "event_query"):
        site.assert_equal(model)
    site.sql("TRUNCATE event_2; INSERT INTO event_2 (id, day, v) VALUES (3000, 12, 'after')")
    for model in ("event", "event_query"):
        site.assert_equal(model)


def test_unchanged_toast_stays_exact(site):
    site.sql("""CREATE TABLE doc (id int PRIMARY KEY, body text, n int, j jsonb);
                ALTER TABLE doc ALTER body SET STORAGE EXTERNAL, ALTER j SET STORAGE EXTERNAL;
                INSERT INTO doc SELECT i, repeat('ü"\\ ' || i, 1000000 / 6), i, jsonb_build_object('k', repeat(i::text, 300000))
                  FROM generate_series(1, 3) i""")
    site.create_model("doc", "SELECT * FROM doc")
    site.assert_equal("doc")
    site.sql("UPDATE doc SET n = n + 1")
    site.assert_equal("doc")
    site.sql("BEGIN; UPDATE doc SET body = 'x' || body WHERE id = 1; UPDATE doc SET n = 0; DELETE FROM doc WHERE id = 2; COMMIT")
    site.sql("UPDATE doc SET id = 30 WHERE id = 3")
    site.assert_equal("doc")


def test_one_transaction_of_many_rows_arrives_whole(site):
    site.sql("CREATE TABLE many (id int PRIMARY KEY, v text)")
    site.create_model("many", "SELECT * FROM many")
    site.assert_equal("many")
    site.sql("INSERT INTO many SELECT i, repeat(i::text, 20) FROM generate_series(1, 15000) i")
    site.assert_equal("many")
    site.sql("UPDATE many SET id = id + 15000 WHERE id % 2 = 0; DELETE FROM many WHERE id % 3 = 0")
    site.assert_equal("many")


def test_subtransactions_count_as_they_end(site):
    site.sql("CREATE TABLE step (id int PRIMARY KEY, v text)")
    site.create_model("step", "SELECT * FROM step")
    site.assert_equal("step")
    site.sql("""BEGIN; INSERT INTO step VALUES (1, 'a'); SAVEPOINT s; INSERT INTO step VALUES (2, 'b'); UPDATE step SET v = 'c';
                ROLLBACK TO s; SAVEPOINT t; INSERT INTO step VALUES (3, 'd'); RELEASE t; COMMIT;
                BEGIN; INSERT INTO step VALUES (4, 'e'); ROLLBACK;
                DO $$ BEGIN INSERT INTO step VALUES (5, 'f'); BEGIN INSERT INTO step VALUES (5, 'g'); EXCEPTION WHEN unique_violation THEN
                  UPDATE step SET v = 'h' WHERE id = 5; END; END $$""")
    site.assert_equal("step")
