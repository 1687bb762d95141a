"""A model that can't go on stops, says why and what to run, holds up nobody, and comes back."""
import pytest

from harness.waiting import wait_for


@pytest.fixture(scope="module")
def site(open_site):
    with open_site() as one:
        one.sql("CREATE TABLE healthy (id int PRIMARY KEY, v text)")
        one.create_model("healthy", "SELECT * FROM healthy")
        one.indexer.start()
        one.assert_equal("healthy")
        yield one


@pytest.fixture(autouse=True)
def no_table(site):
    """After a test there is no table t and no model of that name."""
    yield
    site.sql("SELECT daas.drop_model('t', if_exists => true, cascade => true)")
    site.sql("DROP TABLE IF EXISTS t, other")
    wait_for(lambda: not site.solr.collections(site.name + ".t"), 10, "the collections of t are gone")


@pytest.fixture
def model(site):
    """A table t with a model of some columns, running."""
    site.sql("CREATE TABLE t (id int PRIMARY KEY, v text, n int, unread int)")
    site.sql("INSERT INTO t SELECT i, 'v' || i, i, i FROM generate_series(1, 50) i")
    site.create_model("t", "SELECT id, v, n FROM t")
    site.wait_for_state("t", "running")
    site.assert_equal("t")


def stopped(site, *words):
    """The status, once stopped; its reason and hint hold the words; meanwhile the others go on, and
    the slot is not held."""
    status = site.wait_for_state("t", "stopped")
    for word in words:
        assert word in f"{status['reason']} {status['hint']}", status
    assert status["hint"], status
    site.sql("INSERT INTO healthy SELECT coalesce(max(id), 0) + 1, 'goes on' FROM healthy")
    site.assert_equal("healthy", deadline=10)
    position = site.value("SELECT pg_current_wal_insert_lsn()")
    wait_for(lambda: site.is_confirmed(position), 15, "the slot is confirmed past the stop", pause=0.1)
    assert site.indexer.readiness()[0] == 200
    return status


def reload(site):
    site.sql("SELECT daas.reload_model('t')")
    site.wait_for_state("t", "running")
    site.assert_equal("t")


def test_a_column_that_is_retyped(site, model):
    site.sql("ALTER TABLE t ALTER n TYPE text USING 'n' || n")
    stopped(site, '"n"', "type", "daas.reload_model('t')")
    site.sql("INSERT INTO t VALUES (1000, 'x', 'text now', 1)")
    reload(site)
    site.sql("UPDATE t SET n = 'ü' WHERE id < 9")
    site.assert_equal("t")


def test_a_column_that_nobody_reads_may_be_retyped_and_dropped(site, model):
    site.sql("ALTER TABLE t ALTER unread TYPE text USING 'x'; UPDATE t SET n = n + 1; ALTER TABLE t DROP unread;"
             "ALTER TABLE t ADD fresh text DEFAULT 'y'; INSERT INTO t VALUES (77, 'a', 1)")
    site.assert_equal("t")
    assert site.status("t")["state"] == "running"


def test_a_column_that_is_dropped(site, model):
    site.sql("ALTER TABLE t DROP COLUMN n")
    stopped(site, '"n"', "daas.alter_model('t'")
    site.alter_model("t", "SELECT id, v, unread FROM t")
    site.wait_for_state("t", "running")
    site.assert_equal("t")


@pytest.mark.own_plugin("PostgreSQL refuses the DELETE from a table without identity that pgoutput publishes")
def test_a_primary_key_that_is_dropped(site, model):
    """Two rows with one key would share a document."""
    site.sql("ALTER TABLE t DROP CONSTRAINT t_pkey")
    site.sql("INSERT INTO t (id) VALUES (5)")
    status = stopped(site, "no unique index of table public.t covers the key", "ADD PRIMARY KEY (id)")
    site.sql("DELETE FROM t WHERE id = 5 AND v IS NULL; UPDATE t SET v = 'without identity'")
    site.sql(status["hint"])
    site.wait_for_state("t", "running")
    site.sql("DELETE FROM t WHERE id = 5")
    site.assert_equal("t")


def test_a_unique_index_that_is_dropped(site):
    site.sql("CREATE TABLE t (id int NOT NULL, v int); CREATE UNIQUE INDEX t_id ON t (id); ALTER TABLE t REPLICA IDENTITY FULL;"
             "INSERT INTO t VALUES (1, 1)")
    site.create_model("t", "SELECT id, v FROM t", ["id"])
    site.assert_equal("t")
    site.sql("CREATE UNIQUE INDEX t_again ON t (id); DROP INDEX t_id; INSERT INTO t VALUES (2, 2); UPDATE t SET v = 3")
    site.assert_equal("t")
    site.sql("DROP INDEX t_again")
    stopped(site, "no unique index")
    site.sql("CREATE UNIQUE INDEX t_id ON t (id)")
    reload(site)


def test_a_type_whose_values_print_otherwise_loads_its_models_anew(site):
    site.sql("CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE DOMAIN feeling AS mood; CREATE TYPE pair AS (a int, m feeling);"
             "CREATE TABLE t (m mood PRIMARY KEY, list feeling[], p pair); INSERT INTO t VALUES ('sad', '{sad,ok}', '(1,ok)'), ('ok', '{}', '(2,sad)')")
    try:
        site.create_model("t", "SELECT * FROM t")
        site.assert_equal("t")
        first = site.wait_for_state("t", "running")["generation"]
        site.sql("ALTER TYPE mood ADD VALUE 'new'")
        site.sql("INSERT INTO t VALUES ('new')")
        site.assert_equal("t")
        assert site.status("t")["generation"] == first, "a new value changes no row"
        for statement in ("ALTER TYPE mood RENAME VALUE 'ok' TO 'fine | |'", "ALTER TYPE pair RENAME ATTRIBUTE a TO \"A\"",
                          "ALTER TYPE pair ADD ATTRIBUTE z int"):
            site.sql(statement)
            site.assert_equal("t")
        site.sql("UPDATE t SET list = list || 'new'::feeling; DELETE FROM t WHERE m = 'fine | |'")
        site.assert_equal("t")
    finally:
        site.sql("DROP TABLE t CASCADE; DROP TYPE pair; DROP DOMAIN feeling; DROP TYPE mood")


@pytest.mark.own_plugin("PostgreSQL refuses the DELETE from a table without identity that pgoutput publishes")
@pytest.mark.decoded("without decoding no replica identity is needed")
def test_replica_identity_nothing_stops_and_full_goes_on(site, model):
    site.sql("ALTER TABLE t REPLICA IDENTITY FULL; UPDATE t SET v = 'full' WHERE id = 3; UPDATE t SET id = 300 WHERE id = 4;"
             "DELETE FROM t WHERE id = 5")
    site.assert_equal("t")
    site.sql("ALTER TABLE t REPLICA IDENTITY NOTHING")
    site.sql("DELETE FROM t WHERE id = 6")
    stopped(site, "identity")
    site.sql("ALTER TABLE t REPLICA IDENTITY DEFAULT")
    reload(site)


def test_a_table_that_is_dropped(site, model):
    site.sql("DROP TABLE t")
    stopped(site, "dropped", "daas.drop_model('t'")


def test_a_table_that_is_rewritten_without_row_changes_is_loaded_anew_by_itself(site, model):
    before = site.status("t")["generation"]
    site.sql("ALTER TABLE t ALTER v TYPE text USING v || '!'")
    site.assert_equal("t")
    wait_for(lambda: site.status("t")["generation"] not in (None, before), 10, "the status names a new generation")


def test_a_stopped_model_stays_stopped_over_a_restart(site, model):
    site.sql("ALTER TABLE t DROP COLUMN n")
    before = stopped(site)
    site.indexer.stop()
    site.indexer.start()
    status = site.wait_for_state("t", "stopped")
    assert (status["reason"], status["hint"]) == (before["reason"], before["hint"])
    assert len(site.documents("t")) == 50, "readers keep what there was"
