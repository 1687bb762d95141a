"""daas--sql-only.sql: where the extension's library can't be loaded. What models mean is derived elsewhere and imported."""
import json
import re
from contextlib import contextmanager

import psycopg
import pytest

from harness.plain_site import PlainSite
from harness.waiting import NotYet, wait_for
from test_check import check

NOTIFY = {"capture": "notify"}
ORDERS = """
    CREATE TABLE customer (id int PRIMARY KEY, name text NOT NULL);
    CREATE TABLE "Order" (id int PRIMARY KEY, customer int NOT NULL, "the sum" numeric, note text);
    CREATE INDEX ON "Order" (customer);
    INSERT INTO customer SELECT i, 'customer ' || i FROM generate_series(1, 20) i;
    INSERT INTO "Order" SELECT i, i % 20 + 1, i / 7.0, 'note ' || i FROM generate_series(1, 300) i"""
JOINED = 'SELECT o.id, o."the sum" AS total, c.name FROM "Order" o JOIN customer c ON c.id = o.customer'
GROUPED = 'SELECT c.id, c.name, count(o.id) AS n, sum(o."the sum") AS total FROM customer c LEFT JOIN "Order" o ON o.customer = c.id GROUP BY c.id'


@pytest.fixture(scope="module")
def open_plain(tmp_path_factory, postgres, solr):
    names = iter(range(100))

    @contextmanager
    def new_site(**options):
        name = f"plain_{next(names)}"
        site = PlainSite(name, tmp_path_factory.mktemp("plain") / name, postgres, solr, **options)
        try:
            yield site
        finally:
            site.close()
    return new_site


@pytest.fixture(scope="module")
def untold(open_plain):
    """Installed by the database's owner, who is no superuser: no event triggers. Two models hear by pgoutput, two by the outbox."""
    with open_plain() as site:
        site.sql(ORDERS)
        site.sql('ALTER TABLE "Order" REPLICA IDENTITY FULL; CREATE TABLE simple (id int PRIMARY KEY, v text, n int)')
        site.create_model("orders", JOINED)
        site.create_model("customers", GROUPED, options=NOTIFY)
        site.create_model("simple", "SELECT id, v FROM simple")
        site.create_model("simple_too", "SELECT id, upper(v) AS v FROM simple WHERE n IS NULL", options=NOTIFY)
        site.indexer.start()
        yield site


@pytest.fixture
def told(open_plain):
    """Installed by a superuser, with event triggers."""
    with open_plain(installer="postgres") as site:
        site.sql(ORDERS)
        site.indexer.start()
        yield site


def stopped(site, model, *words):
    status = site.wait_for_state(model, "stopped")
    assert all(word in status["reason"] for word in words), status
    return status


def served(site, model):
    """Number of the generation."""
    return site.wait_for_state(model, "running")["generation"]


def later(site, model, generation):
    """Waits for a generation after this one that is served."""
    def is_live():
        status = site.status(model)
        if (status["generation"] or 0) <= generation or status["state"] != "running":
            raise NotYet(status)
        return True
    wait_for(is_live, 30, f"a generation of {model} after {generation} is live")


def refused(site, statement, sqlstate, *words, role=None):
    with site.connect(role or "e2e_owner") as connection, pytest.raises(psycopg.Error) as raised:
        connection.execute(statement)
    assert raised.value.sqlstate.startswith(sqlstate), raised.value
    text = f"{raised.value.diag.message_primary} {raised.value.diag.message_hint}"
    assert all(word in text for word in words), text


def with_member(statement, member, value):
    """An import of the definition, but for one member of it."""
    name, definition = re.match(r"SELECT daas.import_model\('(\w+)', E?'(.*)', '[^']*'\);$", statement).groups()
    definition = json.loads(definition.replace("''", "'").replace("\\\\", "\\")) | {member: value}
    return f"SELECT daas.import_model('{name}', $json${json.dumps(definition)}$json$)"


def test_models_of_joins_and_aggregates_follow_without_the_library(untold):
    site = untold
    for model in site.queries:
        site.assert_equal(model)
    site.sql("UPDATE customer SET name = name || '!' WHERE id % 3 = 0; INSERT INTO simple SELECT i, 'v', nullif(i % 2, 0) FROM generate_series(1, 50) i")
    site.sql("""UPDATE "Order" SET customer = customer % 20 + 1 WHERE id % 5 = 0; DELETE FROM "Order" WHERE id % 11 = 0; DELETE FROM simple WHERE id < 9""")
    for model in site.queries:
        site.assert_equal(model)
    site.sql("TRUNCATE simple; INSERT INTO simple VALUES (1, 'after', NULL)")
    site.assert_equal("simple")
    site.assert_equal("simple_too")
    assert site.value("SELECT count(*) FROM pg_event_trigger WHERE evtname LIKE 'daas%'") == 0
    with site.connect("postgres") as connection:
        assert connection.execute("SELECT count(*) FROM pg_proc WHERE pronamespace = 'daas'::regnamespace AND prolang ="
                                  " (SELECT oid FROM pg_language WHERE lanname = 'c')").fetchone()[0] == 0


def test_apis_read_and_write(untold):
    site = untold
    site.sql("SELECT daas.create_api('simple', public => true)")
    site.wait_for_api("simple")
    site.sql("UPDATE simple SET v = 'seen'")
    answer = site.api("simple", headers={"Daas-Min-Position": site.value("SELECT pg_current_wal_insert_lsn()")}, id="eq.1")
    assert answer.json() == [{"id": 1, "v": "seen"}]
    site.sql("SELECT daas.create_api('simple', scope => '{}', writes => '{insert}', or_replace => true)")
    assert site.value("SELECT target ->> 'relation' FROM daas.served_api") == "public.simple"


def test_check_finds_nothing_amiss(untold):
    report = check(untold.indexer.options)
    assert report.failures() == [], report.text
    report.line("ok", "daas in the database", "as plain SQL")


def test_check_tells_what_a_bare_role_needs(untold):
    untold.postgres.create_role("e2e_bare", "LOGIN REPLICATION")
    report = check(untold.indexer.options | {"pg-replication": untold.postgres.conninfo(untold.database, "e2e_bare")})
    assert "grant_role('replication', 'e2e_bare')" in report.line("FAIL", "rights of daas.replication"), report.text


def test_only_the_installer_and_its_members_define(untold):
    site = untold
    site.postgres.create_role("e2e_stranger")
    site.postgres.create_role("e2e_member")
    with site.connect("postgres") as superuser:
        superuser.execute("GRANT e2e_owner TO e2e_member; GRANT USAGE ON SCHEMA daas TO e2e_stranger; GRANT CREATE ON SCHEMA public TO e2e_stranger")
        for statement in ("SELECT daas.pause_model('orders')", "SELECT daas.import_model('x', '{}')", "SELECT daas.create_api('orders', public => true)",
                          "SELECT daas._drop_model('e2e_owner', '', 'orders', false, true)"):
            refused(site, statement, "42501", "permission denied for function", role="e2e_stranger")
        refused(site, "SELECT daas.grant_role('admin', 'e2e_stranger')", "0A000", 'GRANT e2e_owner TO e2e_stranger')
        # Nor by having a superuser run it, as autovacuum does.
        with site.connect("e2e_stranger") as stranger:
            stranger.execute("CREATE TABLE bait (id int); INSERT INTO bait VALUES (1);"
                             "CREATE FUNCTION f(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN 1; END';"
                             "CREATE INDEX ON bait (f(id)); CREATE OR REPLACE FUNCTION f(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS"
                             " 'BEGIN PERFORM daas.create_api(''orders'', public => true); RETURN 1; END'")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            superuser.execute("ANALYZE bait")
        superuser.execute("DROP TABLE bait")
    assert site.value("SELECT count(*) FROM daas.api WHERE path = 'orders'") == 0
    site.sql("CREATE TABLE hers (id int PRIMARY KEY)")
    with site.connect("e2e_member") as member:
        member.execute("SELECT daas.pause_model('orders')")
        site.wait_for_state("orders", "paused")
        member.execute("UPDATE customer SET name = 'meanwhile' WHERE id = 1; SELECT daas.resume_model('orders')")
        member.execute(site.exported("hers", "SELECT id FROM hers", options=NOTIFY))
    site.assert_equal("orders")
    # What a member makes is the owner's, also when she is none any more.
    with site.connect("postgres") as superuser:
        superuser.execute("REVOKE e2e_owner FROM e2e_member")
    site.sql("INSERT INTO hers VALUES (1); ALTER TABLE hers ADD v text; INSERT INTO hers VALUES (2); SELECT daas.drop_model('hers'); DROP TABLE hers")


def test_default_privileges_give_nobody_anything(open_plain):
    with open_plain() as site:
        with site.connect("postgres") as superuser:
            superuser.execute("ALTER DEFAULT PRIVILEGES FOR ROLE e2e_owner GRANT ALL ON TABLES TO e2e_writer;"
                              "ALTER DEFAULT PRIVILEGES FOR ROLE e2e_owner GRANT ALL ON FUNCTIONS TO e2e_writer;"
                              "ALTER DEFAULT PRIVILEGES FOR ROLE e2e_owner GRANT ALL ON SEQUENCES TO e2e_writer;"
                              "ALTER DEFAULT PRIVILEGES FOR ROLE e2e_owner GRANT ALL ON SCHEMAS TO e2e_writer, PUBLIC;"
                              "ALTER DEFAULT PRIVILEGES FOR ROLE e2e_owner GRANT ALL ON SEQUENCES TO PUBLIC;"
                              "DROP SCHEMA daas CASCADE")
        site.install()
        with site.connect("postgres") as superuser:
            assert superuser.execute("SELECT has_schema_privilege('e2e_writer', 'daas', 'CREATE') OR bool_or(has_table_privilege('e2e_writer', c.oid, 'SELECT'))"
                                     " FROM pg_class c WHERE relnamespace = 'daas'::regnamespace AND relkind IN ('r', 'v')").fetchone()[0] is False
            assert superuser.execute("SELECT count(*) FROM pg_proc WHERE pronamespace = 'daas'::regnamespace"
                                     " AND has_function_privilege('e2e_writer', oid, 'EXECUTE')").fetchone()[0] == 0
            assert superuser.execute("WITH s AS MATERIALIZED (SELECT oid FROM pg_class WHERE relnamespace = 'daas'::regnamespace AND relkind = 'S')"
                                     " SELECT count(*) FROM s WHERE has_sequence_privilege('e2e_writer', oid, 'USAGE')").fetchone()[0] == 0


def test_what_needs_the_library_says_so(untold):
    refused(untold, "SELECT daas.create_model('x', 'SELECT id FROM simple')", "0A000", "can't be derived here", "daas.export_model")
    refused(untold, "SELECT daas.alter_model('simple', 'SELECT id FROM simple')", "0A000", "can't be derived here")
    refused(untold, "SELECT daas.create_account('x', 'secret')", "0A000", "passwords need the extension's library")
    refused(untold, "SELECT daas.create_account('x', password_hash => '$y$x')", "0A000", "passwords need")
    assert untold.login("x", "secret").status_code == 401


def test_a_definition_is_refused_where_the_tables_are_others(untold):
    site = untold
    site.sql("CREATE TABLE a (id int PRIMARY KEY, v text NOT NULL, w int); CREATE TABLE b (id int PRIMARY KEY, a int)")
    statement = site.exported("ab", "SELECT b.id, a.v FROM b JOIN a ON a.id = b.a")
    for change, undo, words in [
            ("ALTER TABLE a ALTER v DROP NOT NULL", "ALTER TABLE a ALTER v SET NOT NULL", 'column "v" of table public.a'),
            ("ALTER TABLE a ALTER v TYPE varchar", "ALTER TABLE a ALTER v TYPE text", 'column "v" of table public.a'),
            ("ALTER TABLE a RENAME v TO x", "ALTER TABLE a RENAME x TO v", 'column "v" of table public.a'),
            ("ALTER TABLE a DROP CONSTRAINT a_pkey", "ALTER TABLE a ADD PRIMARY KEY (id)", "no unique index of"),
            ("ALTER TABLE b RENAME TO c", "ALTER TABLE c RENAME TO b", "there is no table public.b"),
            ("ALTER TABLE b SET UNLOGGED", "ALTER TABLE b SET LOGGED", "unlogged"),
            ("ALTER TABLE b ENABLE ROW LEVEL SECURITY", "ALTER TABLE b DISABLE ROW LEVEL SECURITY", "row level security")]:
        site.sql(change)
        refused(site, statement, "55000", words, "import it again")
        site.sql(undo)
    # Columns of delta queries must be in old images, unless triggers write them.
    refused(site, site.exported("ab", "SELECT b.id, a.w FROM b JOIN a ON a.id = b.a AND a.w = b.id", options=NOTIFY).replace('"notify"', '"logical"'),
            "55000", "the replica identity of public.a does not cover the columns (w)")
    for words in ("{}", '{"query": "SELECT 1"}', "[]", "null"):
        refused(site, f"SELECT daas.import_model('x', '{words}')", "22023", "not the definition of a model")
    for member, bad in {"columns": (5, None, {}, [None], [{"name": "id"}]), "key": ([None], ["nope"], [], "id"), "tables": ([], [{}], {}), "kind": (None, "x"),
                        "deltas": ([], [{}], [{"relation": "x"}]), "functions": (None, [1]), "views": ([1],), "load_query": (None, 1)}.items():
        for value in bad:
            refused(site, with_member(statement, member, value), "22023", "not the definition of a model")
    for value in ("DROP TABLE a", "SELECT 1; SELECT 2", "SELECT nope FROM a"):
        refused(site, with_member(statement, "load_query", value + " /* id v a */"), "42")
    assert site.value("SELECT count(*) FROM daas.model WHERE name = 'ab'") == 0
    site.sql("ALTER TABLE a ADD more int")
    site.sql(statement)
    site.sql("INSERT INTO a VALUES (1, 'x', 2); INSERT INTO b VALUES (1, 1)")
    site.queries["ab"] = "SELECT b.id, a.v FROM b JOIN a ON a.id = b.a"
    site.assert_equal("ab")
    before = served(site, "ab")
    site.sql(statement)
    assert served(site, "ab") == before
    site.sql(statement.replace("'{}'", """'{"shards": 1}'"""))
    later(site, "ab", before)
    site.sql("SELECT daas.drop_model('ab'); DROP TABLE a, b")
    del site.queries["ab"]


def test_partitioned_tables_need_someone_who_tells_of_partitions(untold):
    site = untold
    site.sql("CREATE TABLE p (id int PRIMARY KEY) PARTITION BY RANGE (id)")
    refused(site, site.exported("p", "SELECT id FROM p"), "0A000", "partitioned", "pgoutput")
    refused(site, site.exported("p", "SELECT id FROM p", options=NOTIFY), "0A000", "partitioned", "event triggers")
    site.sql("DROP TABLE p")


@pytest.mark.parametrize("model, options", [("logical", {}), ("notify", NOTIFY)])
def test_ddl_that_nobody_tells_of_is_found(untold, model, options):
    site = untold
    site.sql("CREATE TABLE t (id int PRIMARY KEY, n int, v text, w int); INSERT INTO t SELECT i, i, 'v', 1 FROM generate_series(1, 10) i")
    site.create_model(model, "SELECT id, n, v FROM t", options=options)
    site.assert_equal(model)
    generation = served(site, model)
    site.sql("ALTER TABLE t ALTER n TYPE int USING n + 100")
    if model == "notify":  # the other one waits for a look without a batch
        site.sql("UPDATE t SET w = 2")
    site.assert_equal(model)
    later(site, model, generation)
    site.sql("ALTER TABLE t DROP w; UPDATE t SET v = 'after another column was dropped'")
    site.assert_equal(model)
    site.sql("ALTER TABLE t ALTER v TYPE varchar; UPDATE t SET n = n + 1")
    stopped(site, model, 'column "v" of table public.t', "changed its type")
    # No statement fails for it.
    site.sql("ALTER TABLE t RENAME id TO number; UPDATE t SET v = 'anything'; DELETE FROM t WHERE number = 3; INSERT INTO t VALUES (30, 1, 'new')")
    refused(site, f"SELECT daas.reload_model('{model}')", "55000", 'column "id" of table public.t')
    site.sql("ALTER TABLE t RENAME number TO id")
    site.create_model(model, "SELECT id, n, v FROM t", options=options)
    site.assert_equal(model)
    if model == "notify":
        site.sql("CREATE TABLE parent (LIKE t); ALTER TABLE t INHERIT parent; UPDATE t SET n = 1")
        stopped(site, model, "table public.t inherits from public.parent")
        site.sql("DROP TABLE parent CASCADE")
    else:
        site.sql("DROP TABLE t")
        stopped(site, model, "was dropped")
    site.sql(f"SELECT daas.drop_model('{model}'); DROP TABLE IF EXISTS t")
    del site.queries[model]


@pytest.mark.parametrize("fixture, options", [("untold", {}), ("told", NOTIFY)])
def test_columns_and_tables_that_change_places_are_noticed(request, fixture, options):
    site = request.getfixturevalue(fixture)
    site.sql("CREATE TABLE s (id int PRIMARY KEY, a text, b text); INSERT INTO s SELECT i, 'a' || i, 'b' || i FROM generate_series(1, 9) i")
    site.create_model("s", "SELECT id, a, b FROM s", options=options)
    site.assert_equal("s")
    first = served(site, "s")
    site.sql("ALTER TABLE s ADD ab text; ALTER TABLE s DROP ab; UPDATE s SET b = b")
    site.assert_equal("s")
    assert served(site, "s") == first, "a column that no query names is nobody's business"
    for change in ("ALTER TABLE s ALTER a TYPE text COLLATE \"C\"",
                   "BEGIN; ALTER TABLE s RENAME a TO c; ALTER TABLE s RENAME b TO a; ALTER TABLE s RENAME c TO b; COMMIT",
                   "BEGIN; ALTER TABLE s DROP a; ALTER TABLE s ADD a text NOT NULL DEFAULT 'new'; COMMIT"):
        site.sql(change)
        site.sql("UPDATE s SET id = id WHERE id = 1")
        site.assert_equal("s")
    # While a load runs, too.
    with site.connect(site.installer) as installer:
        installer.execute("SELECT daas.reload_model('s')")
    site.sql("BEGIN; ALTER TABLE s RENAME a TO c; ALTER TABLE s RENAME b TO a; ALTER TABLE s RENAME c TO b; COMMIT")
    site.assert_equal("s")
    wait_for(lambda: served(site, "s") > first, 20, "a later generation is live")
    site.assert_equal("s")
    site.sql("BEGIN; ALTER TABLE s RENAME TO s_before; CREATE TABLE s (LIKE s_before INCLUDING ALL); GRANT SELECT ON s TO e2e_reader;"
             "INSERT INTO s VALUES (1, 'b', 'a'); COMMIT; UPDATE s_before SET b = 'x' WHERE id = 2")
    stopped(site, "s", "table public.s of model s is called public.s_before now")
    with site.connect(site.installer) as installer:
        installer.execute("SELECT daas.reload_model('s')")
    site.assert_equal("s")
    site.sql("INSERT INTO s VALUES (2, 'c', 'd')")
    site.assert_equal("s")
    with site.connect(site.installer) as installer:
        installer.execute("SELECT daas.drop_model('s')")
    site.sql("DROP TABLE s, s_before")
    del site.queries["s"]


def test_a_rewrite_while_the_daemon_is_away_is_found(untold):
    site = untold
    generation = served(site, "simple_too")
    site.indexer.stop()
    site.sql("ALTER TABLE simple ALTER v TYPE text USING v || ' rewritten'")
    site.indexer.start()
    later(site, "simple_too", generation)
    site.assert_equal("simple")
    site.assert_equal("simple_too")


def test_event_triggers_tell_of_partitions_and_of_types(told):
    site = told
    site.sql("CREATE TYPE mood AS ENUM ('sad', 'ok');"
             "CREATE TABLE p (id int, part int, m mood, PRIMARY KEY (id, part)) PARTITION BY LIST (part);"
             "CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1); CREATE TABLE p2 PARTITION OF p FOR VALUES IN (2);"
             "INSERT INTO p SELECT i, i % 2 + 1, 'ok' FROM generate_series(1, 40) i")
    site.create_model("p", "SELECT id, part, m FROM p", options=NOTIFY)
    site.create_model("moods", "SELECT p.id, p.part, c.name, p.m FROM p JOIN customer c ON c.id = p.id", options=NOTIFY)
    for statement in [
            "CREATE TABLE p3 PARTITION OF p FOR VALUES IN (3); INSERT INTO p3 VALUES (1000, 3, 'sad')",
            "DROP TABLE p1",
            "ALTER TABLE p DETACH PARTITION p3; UPDATE p3 SET m = 'sad'",
            "CREATE TABLE p4 (id int NOT NULL, part int NOT NULL, m mood); INSERT INTO p4 VALUES (7, 4, 'ok'); ALTER TABLE p ATTACH PARTITION p4 FOR VALUES IN (4)",
            "UPDATE p4 SET m = 'sad'; TRUNCATE p2",
            "ALTER TYPE mood RENAME VALUE 'sad' TO 'glum'",
            "INSERT INTO p SELECT i, 2, 'glum' FROM generate_series(1, 15) i"]:
        site.sql(statement)
        site.assert_equal("p")
        site.assert_equal("moods")
    assert site.value("SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'daas%' AND tgenabled = 'A'") == 4 * 4  # p, p2, p4, customer


def test_event_triggers_tell_of_views_and_functions(told):
    site = told
    site.sql("CREATE FUNCTION short(t text) RETURNS text IMMUTABLE LANGUAGE sql RETURN left(t, 3);"
             "CREATE VIEW named AS SELECT id, name AS called FROM customer")
    site.create_model("named", "SELECT id, short(called) AS s FROM named")
    site.assert_equal("named")
    site.sql("CREATE OR REPLACE FUNCTION short(t text) RETURNS text IMMUTABLE LANGUAGE sql RETURN left(t, 5)")
    site.assert_equal("named")
    site.sql("CREATE OR REPLACE VIEW named AS SELECT id, upper(name) AS called FROM customer")
    stopped(site, "named", "view public.named")
    site.create_model("named", "SELECT id, short(called) AS s FROM named")
    site.assert_equal("named")
    site.sql("ALTER TABLE customer RENAME name TO label")
    stopped(site, "named")


def test_a_daemon_that_asks_for_the_plugin_is_told_what_to_do(open_plain):
    with open_plain(options={"decoder": "plugin"}) as site:
        site.indexer.start(ready=False)
        wait_for(lambda: "--decoder pgoutput" in site.indexer.readiness()[1], 20, "/readyz says what to run")


def test_a_schema_that_somebody_else_made_is_not_trusted(open_plain):
    with open_plain() as site:
        with site.connect("postgres") as connection:
            connection.execute("ALTER SCHEMA daas OWNER TO e2e_writer")
        site.indexer.start(ready=False)
        wait_for(lambda: "e2e_writer" in site.indexer.readiness()[1], 20, "/readyz names the owner")
        check(site.indexer.options).line("FAIL", "daas in the database", "e2e_writer", "doesn't own the database")


def test_a_dump_carries_it_and_nothing_is_left_behind(told):
    site = told
    site.create_model("orders", JOINED, options=NOTIFY)
    site.assert_equal("orders")
    site.indexer.stop()
    copy = site.database + "_copy"
    with site.connect("postgres") as connection:
        connection.execute(f"CREATE DATABASE {copy}")
    try:
        site.program("psql", "--quiet", "--set=ON_ERROR_STOP=1", database=copy, given=site.program("pg_dump"))
        with site.postgres.connect(copy) as connection:
            connection.execute("UPDATE customer SET name = 'copied'")
            assert connection.execute("SELECT count(*) FROM daas.outbox").fetchone()[0] == 1
            connection.execute("SELECT daas.uninstall(); DROP SCHEMA daas CASCADE")
            assert connection.execute("SELECT (SELECT count(*) FROM pg_event_trigger) + (SELECT count(*) FROM pg_publication)"
                                      " + (SELECT count(*) FROM pg_trigger)").fetchone()[0] == 0
            connection.execute("UPDATE customer SET name = 'without'")
    finally:
        with site.connect("postgres") as connection:
            connection.execute(f"DROP DATABASE {copy} WITH (FORCE)")
