"""capture: notify. Triggers write to an outbox, which the daemon takes by snapshot; everything else is as with decoding, and with
CAPTURE=notify the other tests run over it, too."""
import threading
import time

import pytest

from harness.postgres import running
from harness.site import Site
from harness.waiting import NotYet, wait_for
from test_decoder import Reader, next_generation

NOTIFY = {"capture": "notify"}


def outbox(site):
    """Its rows, without messages of DDL."""
    with site.connect("postgres") as connection:
        return connection.execute("SELECT count(*) FROM daas.outbox WHERE kind <> 'D'").fetchone()[0]


@pytest.fixture(scope="module")
def bare(tmp_path_factory, solr):
    """A database where nothing can be decoded, whose daemon may not replicate, and where transactions can't be prepared, so that
    the triggers notify."""
    directory = tmp_path_factory.mktemp("bare")
    directory.chmod(0o755)
    for parent in directory.parents:
        if parent.name.startswith("pytest"):
            parent.chmod(0o755)
    with running(directory / "pg", wal_level="replica", max_wal_senders=0, max_replication_slots=0, max_prepared_transactions=0) as postgres:
        with postgres.connect("postgres") as connection:
            connection.execute("ALTER ROLE e2e_replication NOREPLICATION")
        site = Site("bare", directory / "site", postgres, solr, {"batch-age": "50ms"})
        try:
            yield site
        finally:
            site.close()


def test_where_nothing_can_be_decoded_models_follow_and_the_outbox_is_emptied(bare):
    site = bare
    site.sql("CREATE TABLE plane (id int PRIMARY KEY, name text);"
             "CREATE TABLE flight (id int PRIMARY KEY, plane int, note text); INSERT INTO flight SELECT i, i % 7, 'a' FROM generate_series(1, 500) i")
    site.create_model("flights", "SELECT id, note FROM flight", options=NOTIFY)
    site.create_model("planes", "SELECT p.id, p.name, count(f.id) AS n FROM plane p LEFT JOIN flight f ON f.plane = p.id GROUP BY p.id", options=NOTIFY)
    site.indexer.start()
    site.assert_equal("flights")
    site.sql("INSERT INTO plane SELECT i, 'plane ' || i FROM generate_series(0, 9) i")
    site.sql("UPDATE flight SET plane = plane + 1 WHERE id % 3 = 0; UPDATE flight SET id = -id WHERE id < 10; DELETE FROM flight WHERE plane = 3")
    site.assert_equal("flights")
    site.assert_equal("planes")
    with site.connect() as connection:
        connection.execute("BEGIN; TRUNCATE flight; INSERT INTO flight VALUES (1, 1, 'after'); COMMIT; UPDATE flight SET note = 'later'")
    site.assert_equal("flights")
    site.assert_equal("planes")
    wait_for(lambda: outbox(site) == 0, 20, "what is on disk leaves the outbox")
    status = site.status("planes")
    assert status["state"] == "running" and status["reason"] is None, status


def test_a_change_is_seen_soon_since_the_daemon_is_notified(bare):
    site = bare
    site.sql("SELECT daas.create_api('flights', public => true)")
    site.wait_for_api("flights", status=200)
    quickest = 10.0
    for number in range(5):  # the poll alone takes up to a second each time
        site.sql("UPDATE flight SET note = %s", (f"notified {number}",))
        began = time.monotonic()
        wait_for(lambda text=f"notified {number}": text in site.api("flights").text, 10, "the change is read", pause=0.005)
        quickest = min(quickest, time.monotonic() - began)
    assert quickest < 0.4, quickest


def test_reads_wait_for_positions(bare):
    site = bare
    for number in range(5):
        site.sql("UPDATE flight SET note = %s", (f"position {number}",))
        position = site.value("SELECT pg_current_wal_insert_lsn()")
        answer = site.api("flights", headers={"Daas-Min-Position": position})
        assert answer.status_code == 200 and f"position {number}" in answer.text, answer.text


def test_a_model_without_the_option_says_what_to_run(bare):
    site = bare
    site.create_model("decoded", "SELECT id, note FROM flight", options={"capture": "logical"})

    def said():
        status = site.status("decoded")
        if "wal_level is replica" not in (status["reason"] or "") or '"capture": "notify"' not in status["hint"]:
            raise NotYet(status)
        return True
    wait_for(said, 20, "daas.status() says that nothing can be decoded")
    # It holds up nobody.
    site.sql("UPDATE flight SET note = 'meanwhile'")
    site.assert_equal("flights")
    assert site.indexer.readiness()[0] == 200
    site.sql("SELECT daas.alter_model('decoded', options => '{\"capture\": \"notify\"}')")
    site.indexer.wait_ready()
    site.assert_equal("decoded")
    site.assert_equal("flights")


def test_a_switch_there_and_back_loads_anew_behind_what_is_served_without_a_failed_read(site):
    site.sql("CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t SELECT i, 'a' FROM generate_series(1, 2000) i")
    site.create_model("t", "SELECT id, v FROM t", options={"capture": "logical"})
    site.sql("SELECT daas.create_api('t', public => true)")
    site.assert_equal("t")
    site.wait_for_api("t", status=200)
    served = next_generation(site, 0)
    stop, reader = threading.Event(), Reader(site.indexer.url + "/t?limit=1")

    def write():
        with site.connect() as connection:
            number = 0
            while not stop.is_set():
                number += 1
                connection.execute("UPDATE t SET v = %s WHERE id %% 50 = %s", (f"w{number}", number % 50))
    writer = threading.Thread(target=write)
    reader.start()
    writer.start()
    try:
        for options in ('{"capture": "notify"}', '{"capture": "logical"}', '{"capture": "notify"}'):
            site.sql("SELECT daas.alter_model('t', options => %s)", (options,))
            served = next_generation(site, served)
    finally:
        stop.set()
        writer.join()
        reader.stop()
    site.assert_equal("t")
    assert not reader.failures and reader.answers > 10, reader.failures[:3]
    # A slot that nobody needs would keep WAL for ever.
    site.indexer.stop()
    site.indexer.start()
    with site.connect("postgres") as connection:
        assert connection.execute("SELECT count(*) FROM pg_replication_slots WHERE database = current_database()").fetchone()[0] == 0
    site.sql("SELECT daas.drop_model('t', cascade => true)")
    del site.queries["t"]
    assert site.value("SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'daas%'") == 0
    assert outbox(site) == 0


def test_what_was_not_on_disk_comes_again_after_a_kill(site, rng):
    site.sql("CREATE TABLE t (id int PRIMARY KEY, v int); INSERT INTO t SELECT i, 0 FROM generate_series(1, 200) i")
    site.create_model("t", "SELECT id, v FROM t", options=NOTIFY)
    site.create_model("decoded", "SELECT id, v + 1 AS v FROM t", options={"capture": "logical"})
    site.assert_equal("t")
    for _ in range(3):
        site.sql("UPDATE t SET v = v + 1 WHERE id % 3 = 0")
        site.sql("DELETE FROM t WHERE id = %s", (rng.randrange(200),))
        site.indexer.kill()
        site.sql("UPDATE t SET v = v + 1 WHERE id % 2 = 0")
        site.indexer.start()
        site.assert_equal("t")
        site.assert_equal("decoded")


def test_a_transaction_that_commits_late_is_not_passed_over(site):
    site.sql("CREATE TABLE t (id int PRIMARY KEY, v int)")
    site.create_model("t", "SELECT id, v FROM t", options=NOTIFY)
    site.assert_equal("t")
    with site.connect() as early, site.connect() as prepared:
        early.autocommit = prepared.autocommit = False
        early.execute("INSERT INTO t VALUES (1, 1)")
        prepared.execute("INSERT INTO t VALUES (2, 2)")
        prepared.execute("PREPARE TRANSACTION 'late'")
        for number in range(3, 6):
            site.sql("INSERT INTO t VALUES (%s, 0)", (number,))
            site.assert_equal("t")
        early.commit()
        site.assert_equal("t")
        site.indexer.kill()
        site.indexer.start()
        with site.connect() as other:
            other.execute("COMMIT PREPARED 'late'")
        site.assert_equal("t")


def test_large_transactions_go_through_a_file_and_long_values_load_anew(open_site):
    with open_site(spill_bytes="1MB", queue_bytes="4MB") as site:
        site.sql("CREATE TABLE t (id int PRIMARY KEY, v text); CREATE TABLE link (label text, of int)")
        site.create_model("t", "SELECT id, v FROM t", options=NOTIFY)
        site.create_model("linked", "SELECT t.id, (SELECT max(l.of) FROM link l WHERE l.label = t.v) AS n FROM t", options=NOTIFY)
        site.indexer.start()
        site.sql("INSERT INTO t SELECT i, md5(i::text) FROM generate_series(1, 60000) i")
        site.assert_equal("t")
        assert "goes through a file" in site.indexer.log.read_text()
        site.sql("DELETE FROM t WHERE id > 100")
        site.sql("INSERT INTO link SELECT md5(i::text), i FROM generate_series(1, 50) i")
        site.assert_equal("t")
        site.assert_equal("linked")
        served = site.status("linked")["generation"]
        site.sql("INSERT INTO link VALUES (repeat('long', 100000), 1)")
        wait_for(lambda: site.status("linked")["generation"] not in (None, served), 30, "another generation is live")
        site.assert_equal("linked")


def test_a_batch_is_of_a_hundred_changes_or_of_some_seconds_whichever_comes_first(open_site):
    with open_site(batch_count=100, batch_age="4s") as site:
        site.sql("CREATE TABLE t (id int PRIMARY KEY)")
        site.create_model("t", "SELECT id FROM t", options=NOTIFY)
        site.indexer.start()
        site.assert_equal("t")

        def seconds(first, last):
            began = time.monotonic()
            site.sql("INSERT INTO t SELECT generate_series(%s::int, %s::int)", (first, last))
            site.assert_equal("t")
            return time.monotonic() - began
        assert seconds(1, 100) < 3
        assert 3 < seconds(101, 101) < 8
        assert seconds(102, 301) < 3


def test_a_second_daemon_stands_by_at_the_outbox(bare):
    site = bare
    for model in ("planes", "decoded"):
        site.sql("SELECT daas.drop_model(%s)", (model,))
        del site.queries[model]
    second = site.indexer.beside("second")
    second.start(ready=False)
    first, site.indexer = site.indexer, second
    try:
        wait_for(lambda: "another daemon reads the outbox" in second.readiness()[1], 20, "the second stands by")
        assert first.readiness()[0] == 200
        first.kill()
        second.wait_ready()
        site.sql("UPDATE flight SET note = 'taken over'")
        site.assert_equal("flights")
    finally:
        first.end()


def test_the_order_of_transactions_is_that_of_numbers(open_site):
    with open_site() as site:
        site.sql("CREATE TABLE t (id int PRIMARY KEY, v int)")
        site.create_model("t", "SELECT id, v FROM t", options=NOTIFY)
        site.indexer.start()
        site.assert_equal("t")
        site.indexer.stop()
        # More rows than are read at a time, around ids that a text would sort otherwise.
        with site.connect("postgres") as connection:
            connection.execute("INSERT INTO daas.outbox (xid, relation, kind, columns, images)"
                               " SELECT x::text::xid8, 't'::regclass, 'C', '{id}', ARRAY[ARRAY[x::text]] FROM generate_series(90, 400) x")
        site.indexer.start()
        wait_for(lambda: outbox(site) == 0, 20, "everything is read and done")
        site.assert_equal("t")
