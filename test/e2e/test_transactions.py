"""Transactions of every size and kind: larger than memory, tiny, prepared, asynchronous, and committed long before
anybody sees them."""
import threading
from pathlib import Path

import pytest

from harness.site import CAPTURE
from harness.waiting import NotYet, wait_for


@pytest.fixture(scope="module")
def site(open_site):
    # So that a transaction of some thousand rows is a large one.
    with open_site(spill_bytes="64kB", queue_bytes="1MB") as one:
        one.indexer.start()
        yield one


def open_files(site):
    """What the daemon has open, without names of their own."""
    links = [entry.readlink() for entry in Path(f"/proc/{site.indexer.process.pid}/fd").iterdir()]
    return [str(link) for link in links if str(link).startswith("/var/tmp/")]


def test_a_transaction_that_goes_through_a_file_arrives_whole_and_exact(site, solr):
    site.sql("CREATE TABLE large (id int PRIMARY KEY, v text, big text);"
             "INSERT INTO large SELECT i, 'old', 'old' FROM generate_series(1, 5000) i")
    site.create_model("large", "SELECT id, v, big FROM large")
    site.create_model("large_odd", "SELECT id, v || '!' AS v FROM large WHERE id % 2 = 1")
    for name in ("large", "large_odd"):
        site.assert_equal(name)
    states = set()
    done = threading.Event()

    def watch():
        collection = f"{site.name}.large"
        while not done.is_set():
            facets = solr.get(f"/{collection}/select", q="*:* -_deleted_:true", rows=0,
                              **{"json.facet": '{v: {type: terms, field: c_v_s}}'})["facets"]
            states.add(tuple(sorted((bucket["val"], bucket["count"]) for bucket in facets["v"]["buckets"])))
    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        with site.connect() as connection, connection.transaction():
            with connection.cursor().copy("COPY large FROM STDIN") as copy:
                for number in range(5001, 8001):
                    copy.write_row((number, "copied", "x" * 50))
            connection.execute("SAVEPOINT s; UPDATE large SET v = 'rolled back'; ROLLBACK TO s")
            connection.execute("UPDATE large SET v = 'new', big = repeat('y', 100)")
            # Another shape from here on, which the models do not read; keys that move to other rows.
            connection.execute("ALTER TABLE large ADD COLUMN since int")
            connection.execute("UPDATE large SET id = id + 100000, since = 7 WHERE id % 3 = 0")
            connection.execute("DELETE FROM large WHERE id < 2000 AND id % 5 = 0")
            connection.execute("INSERT INTO large (id, v) SELECT i, 'new' FROM generate_series(3, 300, 3) i")
        for name in ("large", "large_odd"):
            site.assert_equal(name)
    finally:
        done.set()
        watcher.join()
    rows = site.value("SELECT count(*) FROM large")
    assert states <= {(("old", 5000),), (("new", rows),)}, "half a transaction was visible"
    assert "goes through a file" in site.indexer.tail()
    wait_for(lambda: not open_files(site), 20, "no file of a transaction is left")


def test_a_table_that_a_large_transaction_truncates_is_loaded_anew(site):
    site.sql("CREATE TABLE emptied (id int PRIMARY KEY, v text);"
             "CREATE TABLE child (id int PRIMARY KEY, of int REFERENCES emptied);"
             "INSERT INTO emptied SELECT i, 'old' FROM generate_series(1, 100) i; INSERT INTO child SELECT i, i FROM generate_series(1, 50) i")
    site.create_model("emptied", "SELECT id, v FROM emptied")
    site.create_model("child", "SELECT id, of FROM child")
    for name in ("emptied", "child"):
        site.assert_equal(name)
    site.sql("BEGIN; INSERT INTO emptied SELECT i, 'gone' FROM generate_series(1001, 6000) i; TRUNCATE emptied CASCADE;"
             "INSERT INTO emptied SELECT i, 'new' FROM generate_series(1, 6000) i; COMMIT")
    for name in ("emptied", "child"):
        site.assert_equal(name)


def test_an_indexer_that_is_killed_within_a_large_transaction_brings_it_again(site):
    site.sql("CREATE TABLE again (id int PRIMARY KEY, v text)")
    site.create_model("again", "SELECT id, v FROM again")
    site.assert_equal("again")
    site.sql("INSERT INTO again SELECT i, repeat('v', 80) FROM generate_series(1, 40000) i")
    wait_for(lambda: open_files(site), 20, "the transaction is in a file")
    site.indexer.kill()
    site.indexer.start()
    site.assert_equal("again")


def test_ten_thousand_tiny_transactions(site):
    site.sql("CREATE TABLE tiny (id int PRIMARY KEY, v int)")
    site.create_model("tiny", "SELECT id, v FROM tiny")
    site.assert_equal("tiny")
    with site.connect() as connection:
        connection.execute("SET synchronous_commit = off")
        connection.execute("CREATE PROCEDURE tiny_ones() LANGUAGE plpgsql AS $$ BEGIN FOR i IN 1 .. 10000 LOOP"
                           " INSERT INTO tiny VALUES (i % 700, i) ON CONFLICT (id) DO UPDATE SET v = excluded.v; COMMIT;"
                           " END LOOP; END $$")
        connection.execute("CALL tiny_ones()")
    site.assert_equal("tiny")


def test_a_prepared_transaction_arrives_when_it_is_committed(site):
    site.sql("CREATE TABLE two_phase (id int PRIMARY KEY, v text)")
    site.create_model("two_phase", "SELECT id, v FROM two_phase")
    site.assert_equal("two_phase")
    for number, end in ((1, "COMMIT"), (2, "ROLLBACK")):
        site.sql(f"BEGIN; INSERT INTO two_phase VALUES ({number}, 'prepared'); PREPARE TRANSACTION 'e2e_{number}'")
        site.sql(f"INSERT INTO two_phase VALUES ({number} + 10, 'beside it')")
        site.assert_equal("two_phase")
        site.sql(f"{end} PREPARED 'e2e_{number}'")
        site.assert_equal("two_phase")
    assert set(site.documents("two_phase")) == {"1", "11", "12"}


def test_keys_that_are_exchanged_between_rows(site):
    site.sql("CREATE TABLE swapped (id int PRIMARY KEY, v text); INSERT INTO swapped VALUES (1, 'one'), (2, 'two'), (3, 'three')")
    site.create_model("swapped", "SELECT id, v FROM swapped")
    site.create_model("swapped_query", "SELECT id, upper(v) AS v FROM swapped")
    # In one statement only a deferrable key allows that, and such a key is no identity: refused.
    site.sql("CREATE TABLE deferred (id int PRIMARY KEY DEFERRABLE, v text)")
    with pytest.raises(Exception, match="deferrable|unique") as refused:
        site.sql("SELECT daas.create_model('deferred', 'SELECT id, v FROM deferred')")
    assert refused.value.sqlstate != "XX000"
    for name in ("swapped", "swapped_query"):
        site.assert_equal(name)
    for _ in range(20):
        site.sql("BEGIN; UPDATE swapped SET id = 0 WHERE id = 1; UPDATE swapped SET id = 1 WHERE id = 2;"
                 "UPDATE swapped SET id = 2 WHERE id = 0; COMMIT")
    site.sql("UPDATE swapped SET id = id + 3")
    site.sql("DELETE FROM swapped WHERE id = 5; UPDATE swapped SET id = 5 WHERE id = 6")
    for name in ("swapped", "swapped_query"):
        site.assert_equal(name)


def until_it_waits(admin, session):
    """Until the commit of the session waits for a synchronous standby."""
    def waits():
        row = admin.execute("SELECT wait_event FROM pg_stat_activity WHERE pid = %s",
                            (session.info.backend_pid,)).fetchone()
        if row[0] != "SyncRep":
            raise NotYet(row)
        return True
    wait_for(waits, 20, "the commit waits for the standby")


def commits_wait_for_the_standby(site, admin):
    """A session that shows the new setting proves nothing: the checkpointer tells the others that commits wait."""
    with site.connect() as probe:
        met = threading.Event()

        def commit_until_one_waits():
            while not met.is_set():
                probe.execute("SELECT pg_logical_emit_message(true, 'probe', '')")
        prober = threading.Thread(target=commit_until_one_waits)
        prober.start()
        try:
            until_it_waits(admin, probe)
        finally:
            met.set()
            admin.execute("SELECT pg_cancel_backend(%s)", (probe.info.backend_pid,))
            prober.join(30)


def test_what_is_committed_but_not_yet_visible_waits_alone(site, postgres):
    """A synchronous standby that is away: the slot decodes what no snapshot sees."""
    site.sql("CREATE TABLE awaited (id int PRIMARY KEY, v text); INSERT INTO awaited VALUES (1, 'old'), (2, 'old')")
    site.create_model("awaited", "SELECT id, v FROM awaited")
    site.create_model("awaited_query", "SELECT id, v || '' AS v FROM awaited WHERE id < 100")
    site.assert_equal("awaited_query")
    site.assert_equal("awaited")
    with site.connect("postgres") as admin, site.connect() as waiting:
        try:
            admin.execute("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
            admin.execute("SELECT pg_reload_conf()")
            commits_wait_for_the_standby(site, admin)
            writer = threading.Thread(target=lambda: waiting.execute(
                "UPDATE awaited SET v = 'awaited' WHERE id = 1; INSERT INTO awaited VALUES (5, 'awaited')"))
            writer.start()
            until_it_waits(admin, waiting)
            after_it = admin.execute("SELECT pg_current_wal_insert_lsn()").fetchone()[0]
            site.sql("SET synchronous_commit = local")
            for number in range(3):
                site.sql(f"UPDATE awaited SET v = 'seen {number}' WHERE id = 2; INSERT INTO awaited VALUES (10 + {number}, 'seen')")
                for name in ("awaited", "awaited_query"):
                    site.assert_equal(name)
                if number == 1:
                    site.indexer.kill()
                    site.indexer.start()
            assert "5" not in site.documents("awaited")
            wait_for(lambda: admin.execute("SELECT visible_lsn > %s::pg_lsn FROM daas.status('awaited')", (after_it,)).fetchone()[0],
                     20, "what came after it is visible")
            # Nothing is confirmed from its commit record on.
            assert CAPTURE == "notify" or not site.is_confirmed(after_it)
        finally:
            admin.execute("ALTER SYSTEM RESET synchronous_standby_names")
            admin.execute("SELECT pg_reload_conf()")
        writer.join(30)
        assert not writer.is_alive()
        site.sql("RESET synchronous_commit")
        for name in ("awaited", "awaited_query"):
            site.assert_equal(name)
        assert "5" in site.documents("awaited")
        wait_for(lambda: site.is_confirmed(after_it), 20, "the slot goes past what waited")
