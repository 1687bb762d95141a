"""What DDL does to a model, statement by statement, while somebody writes: it follows, or loads anew, or stops and names the statement
and what to run. Readers keep the old generation until then. (Types, partitions and keys: test_stopped_models, test_partitions.)"""
import threading

import pytest

from harness.waiting import NotYet, wait_for


@pytest.fixture(scope="module")
def site(open_site):
    with open_site() as one:
        one.sql("CREATE SCHEMA shelf AUTHORIZATION e2e_owner; CREATE SCHEMA other AUTHORIZATION e2e_owner")
        one.sql("CREATE FUNCTION shown(v text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT '<' || v || '>' $$")
        one.sql("CREATE TABLE shelf.bystander (id int PRIMARY KEY)")
        one.indexer.start()
        yield one


class Writer:
    """Writes one row after the other into whatever the table is called now."""

    def __init__(self, site):
        self.errors, self.written, self._stop = [], 0, threading.Event()
        self.table = "shelf.t"
        self._thread = threading.Thread(target=self._run, args=(site,))

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()
        assert not self.errors, self.errors

    def _run(self, site):
        try:
            with site.connect() as connection:
                while not self._stop.wait(0.01):
                    # By its oid, since its name and its columns change meanwhile.
                    connection.execute("DO $$ BEGIN EXECUTE (SELECT format('UPDATE %s SET busy = busy + 1 WHERE id %% 7 = 1', oid::regclass)"
                                       " FROM pg_class WHERE relname IN ('t', 'renamed') AND relkind IN ('r', 'p'));"
                                       " EXCEPTION WHEN lock_not_available OR null_value_not_allowed OR undefined_table OR undefined_column THEN NULL; END $$")
                    self.written += 1
        except Exception as error:  # pylint: disable=broad-except
            self.errors.append(error)


@pytest.fixture
def model(site):
    """Table shelf.t, a projection and a query over it, running, and a writer."""
    site.sql("CREATE TABLE shelf.t (id int PRIMARY KEY, v text, n int, busy int NOT NULL DEFAULT 0);"
             "INSERT INTO shelf.t SELECT i, 'v' || i, i FROM generate_series(1, 40) i")
    site.create_model("t", "SELECT id, v, n, busy FROM shelf.t")
    site.create_model("q", "SELECT id, shown(v) AS v, n + 1 AS m, v AS \"select\" FROM shelf.t WHERE n > 5")
    for name in ("t", "q"):
        site.wait_for_state(name, "running")
    with Writer(site) as writer:
        wait_for(lambda: writer.written > 3, 10, "rows are written")
        yield writer
    for name in ("t", "q"):
        site.sql("SELECT daas.drop_model(%s, if_exists => true)", (name,))
    site.sql("DROP TABLE IF EXISTS shelf.t, other.t, shelf.renamed")
    wait_for(lambda: not site.solr.collections(site.name), 10, "nothing is left in Solr")


def define(site, table, v="v"):
    """How the models' queries read now."""
    site.queries["t"] = f"SELECT id, {v} AS v, n, busy FROM {table}"
    site.queries["q"] = f"SELECT id, shown({v}) AS v, n + 1 AS m, {v} AS \"select\" FROM {table} WHERE n > 5"


def ends_equal(site, model):
    """Both models run on, and equal their queries once nobody writes."""
    written = model.written
    wait_for(lambda: model.written > written + 3, 10, "rows are written after it")
    model._stop.set()  # pylint: disable=protected-access
    for name in ("t", "q"):
        site.wait_for_state(name, "running")
        site.assert_equal(name)


def stopped(site, name, *words):
    status = site.wait_for_state(name, "stopped")
    text = f"{status['reason']} {status['hint']}"
    assert all(word in text for word in words), status
    assert len(site.documents(name)) > 0, "readers keep what there was"
    return status


def generations(site):
    return {name: site.status(name)["generation"] for name in ("t", "q")}


def test_a_column_that_is_added_changes_nothing(site, model):
    before = generations(site)
    site.sql("ALTER TABLE shelf.t ADD more text DEFAULT 'x'; UPDATE shelf.t SET n = n + 1, more = 'y' WHERE id < 9")
    ends_equal(site, model)
    assert generations(site) == before


def test_a_column_that_is_dropped_stops_the_models_that_read_it(site, model):
    site.sql("ALTER TABLE shelf.t DROP COLUMN v")
    for name in ("t", "q"):
        stopped(site, name, "after ALTER TABLE in transaction", "daas.alter_model" if name == "t" else "v")


@pytest.mark.parametrize("statement, table, v", [
    ("ALTER TABLE shelf.t RENAME v TO \"the Value\"", "shelf.t", '"the Value"'),
    ("ALTER TABLE shelf.t RENAME TO renamed", "shelf.renamed", "v"),
    ("ALTER TABLE shelf.t SET SCHEMA other", "other.t", "v"),
    ("ALTER SCHEMA shelf RENAME TO \"the shelf\"", '"the shelf".t', "v"),
], ids=["column", "table", "moved", "schema"])
def test_the_models_follow_a_rename(site, model, statement, table, v):
    site.sql(statement)
    try:
        define(site, table, v)
        site.sql(f"UPDATE {table} SET n = n + 1, {v} = {v} || '!' WHERE id > 30; DELETE FROM {table} WHERE id = 40")
        ends_equal(site, model)
    finally:
        if "SCHEMA shelf" in statement:
            site.sql('ALTER SCHEMA "the shelf" RENAME TO shelf')


def test_a_column_that_is_retyped_without_a_rewrite_stops_and_reload_takes_it_up(site, model):
    site.sql("ALTER TABLE shelf.t ALTER v TYPE varchar")
    for name in ("t", "q"):
        stopped(site, name, "after ALTER TABLE in transaction", f"daas.reload_model('{name}')")
        site.sql("SELECT daas.reload_model(%s)", (name,))
    ends_equal(site, model)


def test_a_column_that_is_rewritten_is_loaded_anew(site, model):
    site.sql("ALTER TABLE shelf.t ALTER v TYPE text USING upper(v)")
    ends_equal(site, model)


@pytest.mark.parametrize("statement", [
    "ALTER TABLE shelf.t DROP v, ADD v text NOT NULL DEFAULT 'another'",
    "BEGIN; ALTER TABLE shelf.t DROP v; ALTER TABLE shelf.t ADD v text DEFAULT 'another'; COMMIT",
    "BEGIN; ALTER TABLE shelf.t RENAME v TO w; ALTER TABLE shelf.t ADD v text DEFAULT 'another'; ALTER TABLE shelf.t DROP v;"
    "ALTER TABLE shelf.t RENAME w TO v; COMMIT"], ids=["statement", "transaction", "back"])
def test_a_column_that_takes_the_name_of_one_that_is_dropped_is_loaded_without_a_rewrite(site, model, statement):
    site.sql(statement)
    ends_equal(site, model)


def test_a_table_that_is_dropped_stops_its_models(site, model):
    model._stop.set()  # pylint: disable=protected-access
    site.sql("DROP TABLE shelf.t")
    for name in ("t", "q"):
        stopped(site, name, "after DROP TABLE in transaction", f"daas.drop_model('{name}'")


def test_a_function_of_the_query_that_is_replaced_loads_the_models_that_call_it(site, model):
    before = generations(site)
    replace = "CREATE OR REPLACE FUNCTION shown(v text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT '{}' || v || '{}' $$"
    site.sql(replace.format("[", "]"))
    try:
        ends_equal(site, model)
        # The alias is switched a moment before the books say so.
        wait_for(lambda: generations(site)["q"] > before["q"], 10, "model q has another generation")
        assert generations(site)["t"] == before["t"]
        site.sql("ALTER FUNCTION shown(text) VOLATILE")
        status = stopped(site, "q", "after ALTER FUNCTION in transaction", "became VOLATILE")
        site.sql(status["hint"])
        site.wait_for_state("q", "running")
        site.sql("ALTER FUNCTION shown(text) RENAME TO displayed")
        stopped(site, "q", "after ALTER FUNCTION in transaction", "shown")
        assert site.status("t")["state"] == "running"
        site.sql("ALTER FUNCTION displayed(text) RENAME TO shown; SELECT daas.reload_model('q')")
        site.wait_for_state("q", "running")
        site.sql("DROP FUNCTION shown")
        stopped(site, "q", "after DROP FUNCTION in transaction", "shown")
    finally:
        site.sql(replace.format("<", ">"))


def test_a_view_that_is_replaced_is_followed_and_one_that_cannot_be_stops_the_model(site, model):
    view = "CREATE OR REPLACE VIEW shelf.seen AS SELECT t.id, t.v, {} AS x FROM shelf.t LEFT JOIN shelf.bystander b ON b.id = t.n"
    site.sql(view.format("b.id"))
    site.create_model("seen", "SELECT id, v, x FROM shelf.seen")
    try:
        site.wait_for_state("seen", "running")
        site.sql("INSERT INTO shelf.bystander VALUES (3), (40); ALTER TABLE shelf.bystander RENAME id TO number")
        site.assert_equal("seen")
        site.sql(view.format("b.number * 2").replace("b.id", "b.number"))
        site.wait_for_state("seen", "running")
        site.assert_equal("seen")
        site.sql(view.format("now()::text::int").replace("b.id", "b.number"))
        status = stopped(site, "seen", "after CREATE VIEW in transaction", "shelf.seen", "can't follow")
        assert "daas.reload_model('seen')" in status["hint"]
        site.sql(view.format("b.number").replace("b.id", "b.number") + "; SELECT daas.reload_model('seen')")
        wait_for(lambda: site.status("seen")["generation"] > status["generation"], 30, "the load is done")
        site.sql("DROP VIEW shelf.seen")
        stopped(site, "seen", "after DROP VIEW in transaction", "was dropped")
        # Also when the snapshot that a load is born at sees it already.
        with site.connect() as holder, holder.transaction():
            holder.execute("SELECT pg_current_xact_id()")
            site.sql(view.format("b.number").replace("b.id", "b.number") + "; SELECT daas.reload_model('seen')")

            def waits():
                if "waits for transactions" not in (site.status("seen")["reason"] or ""):
                    raise NotYet(site.status("seen"))
                return True
            wait_for(waits, 20, "the load waits for its birth")
            site.sql("DROP VIEW shelf.seen")
        stopped(site, "seen", "after DROP VIEW in transaction", "was dropped")
        assert site.status("t")["state"] == "running"
    finally:
        site.sql("SELECT daas.drop_model('seen', if_exists => true); DROP VIEW IF EXISTS shelf.seen; DELETE FROM shelf.bystander")
        site.sql("DO $$ BEGIN ALTER TABLE shelf.bystander RENAME number TO id; EXCEPTION WHEN undefined_column THEN NULL; END $$")


def test_row_security_that_is_switched_on_stops_both(site, model):
    site.sql("ALTER TABLE shelf.t ENABLE ROW LEVEL SECURITY")
    # Both, before the first one's hint switches it off again.
    for status in [stopped(site, name, "after ALTER TABLE in transaction", "row security") for name in ("t", "q")]:
        site.sql(status["hint"])
    ends_equal(site, model)


@pytest.mark.own_plugin("of a TRUNCATE of one partition pgoutput says nothing, so its root is refused")
def test_a_partition_that_becomes_unlogged_stops_its_model_until_it_is_logged_again(site):
    # A table itself PostgreSQL refuses to make unlogged, since it is in a publication.
    site.sql("CREATE TABLE shelf.p (id int PRIMARY KEY, v text) PARTITION BY RANGE (id);"
             "CREATE TABLE shelf.p1 PARTITION OF shelf.p FOR VALUES FROM (0) TO (100); INSERT INTO shelf.p VALUES (1, 'a')")
    site.create_model("p", "SELECT id, v FROM shelf.p")
    site.assert_equal("p")
    site.sql("ALTER TABLE shelf.p1 SET UNLOGGED")
    status = stopped(site, "p", "after ALTER TABLE in transaction", "table shelf.p1 is UNLOGGED")
    site.sql("UPDATE shelf.p SET v = 'not in the WAL'")
    site.sql(status["hint"])
    site.wait_for_state("p", "running")
    site.sql("INSERT INTO shelf.p VALUES (2, 'b')")
    site.assert_equal("p")
    site.sql("SELECT daas.drop_model('p'); DROP TABLE shelf.p")


@pytest.mark.own_plugin("pgoutput can't read on without its publication: test_decoder.py")
@pytest.mark.decoded("without decoding there is no publication")
def test_a_publication_that_is_dropped_or_loses_a_table(site, model):
    def superuser(statement):
        with site.connect("postgres") as connection:
            connection.execute(statement)
    superuser("ALTER PUBLICATION daas DROP TABLE shelf.t")
    site.sql("UPDATE shelf.t SET v = 'not captured' WHERE id = 1")
    for name in ("t", "q"):
        stopped(site, name, "after ALTER PUBLICATION in transaction", "publication", f"daas.reload_model('{name}')")
        site.sql("SELECT daas.reload_model(%s)", (name,))
        site.wait_for_state(name, "running")
    before = generations(site)
    # And back before anybody looks.
    superuser("BEGIN; ALTER PUBLICATION daas DROP TABLE shelf.t; COMMIT; UPDATE shelf.t SET v = 'not captured either' WHERE id = 2;"
              "ALTER PUBLICATION daas ADD TABLE shelf.t")
    wait_for(lambda: all(generations(site)[name] not in (None, before[name]) for name in before), 20, "both are loaded anew")
    superuser("DROP PUBLICATION daas")
    for name in ("t", "q"):
        stopped(site, name, "after DROP PUBLICATION in transaction", "publication daas was dropped", f"daas.reload_model('{name}')")
    for name in ("t", "q"):
        site.sql("SELECT daas.reload_model(%s)", (name,))
    ends_equal(site, model)


@pytest.mark.decoded("without decoding it needs no right of replication")
def test_a_role_that_loses_its_rights(site, model):
    site.sql("REVOKE SELECT ON shelf.t FROM e2e_reader")
    site.sql("UPDATE shelf.t SET n = n + 1")
    status = stopped(site, "q", "permission denied", "daas.reload_model('q')")
    site.sql("SELECT daas.reload_model('q')")  # grants again
    site.wait_for_state("q", "running")
    with site.connect("postgres") as connection:
        connection.execute("ALTER ROLE e2e_replication NOREPLICATION")
        try:
            connection.execute("SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE database = current_database()")

            def said():
                status = site.status("t")
                if "ALTER ROLE" not in (status["hint"] or ""):
                    raise NotYet(status)
                return status
            connection.execute(wait_for(said, 20, "daas.status() says what to run")["hint"])
        finally:
            connection.execute("ALTER ROLE e2e_replication REPLICATION")
    site.indexer.wait_ready()
    ends_equal(site, model)
