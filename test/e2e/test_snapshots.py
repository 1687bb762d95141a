"""What a model sees of transactions, shapes and messages that cross its definition, and of a full queue."""
import os
import subprocess
from pathlib import Path

from harness.waiting import wait_for

ROOT = Path(__file__).resolve().parents[2]
SOLR_TESTS = Path(os.environ.get("DAAS_SOLR_LIVE_TEST") or ROOT / "build/cmake/test/unit/solr_live_test")


def test_a_row_written_before_its_table_was_captured_is_in_the_load(site):
    site.sql("CREATE TABLE t (id int PRIMARY KEY, v text)")
    with site.connect() as definer, site.connect() as writer:
        definer.autocommit = writer.autocommit = False
        definer.execute("SELECT daas.create_model('t', 'SELECT id, v FROM t')")
        # Its transaction id is above the definition's, its row is in the WAL before the publication has the table.
        writer.execute("INSERT INTO t VALUES (1, 'not captured')")
        definer.commit()
        wait_for(lambda: "pid" in (site.status("t")["reason"] or ""), 30, "the load names whom it waits for")
        writer.commit()
    site.queries["t"] = "SELECT id, v FROM t"
    site.wait_for_state("t", "running")
    site.assert_equal("t")


def test_messages_that_anybody_may_emit_stop_nothing(site):
    site.sql("CREATE TABLE t (id int PRIMARY KEY, v text)")
    site.create_model("t", "SELECT id, v FROM t")
    site.wait_for_state("t", "running")
    oid = site.value("SELECT 't'::regclass::oid::int")
    for content in ("", "null", "[]", '{"objects": [], "command": 1}', '{"objects": [1, null, {"oid": "x"}]}',
                    f'{{"event": 7, "command": [], "objects": [{{"oid": {oid}, "type": {{}}}}]}}',
                    f'{{"event": "sql_drop", "command": "DROP", "objects": [{{"oid": {oid}, "type": "table"}}]}}'):
        site.sql("SELECT pg_logical_emit_message(true, 'daas.ddl', %s)", (content,))
    site.sql("INSERT INTO t VALUES (1, 'after them')")
    site.assert_equal("t")
    assert site.status("t")["state"] == "running"
    assert site.value("SELECT epoch FROM daas.daemon") == 1


def test_a_table_that_is_dropped_while_the_daemon_is_away_stops_its_model(site):
    site.sql("CREATE TABLE t (id int PRIMARY KEY)")
    site.create_model("t", "SELECT id FROM t")
    site.wait_for_state("t", "running")
    site.indexer.stop()
    site.sql("DROP TABLE t")
    site.indexer.start()
    assert "was dropped" in site.wait_for_state("t", "stopped")["reason"]


def test_changes_of_an_older_shape_do_not_stop_a_model_that_was_redefined_since(site):
    site.sql("CREATE TABLE t (id int PRIMARY KEY, v text)")
    site.create_model("t", "SELECT id, v FROM t")
    site.wait_for_state("t", "running")
    site.indexer.stop()
    site.sql("INSERT INTO t VALUES (1, 'older')")
    site.sql("ALTER TABLE t ADD COLUMN since int DEFAULT 7")
    site.alter_model("t", "SELECT id, v, since FROM t")
    site.indexer.start()
    site.assert_equal("t")
    assert site.status("t")["state"] == "running"


def test_a_backlog_larger_than_the_queue_reaches_more_models_than_there_are_connections(open_site):
    with open_site(queue_bytes="1MB", reader_connections="1") as site:
        site.sql("CREATE TABLE busy (id int PRIMARY KEY, v text)")
        site.sql("CREATE TABLE idle (id int PRIMARY KEY, v text)")
        site.sql("INSERT INTO busy SELECT i, i FROM generate_series(1, 500) i")
        for number in range(3):
            site.create_model(f"busy_{number}", "SELECT id, v FROM busy")
            site.create_model(f"idle_{number}", "SELECT id, v FROM idle")
        site.indexer.start()
        for model in site.queries:
            site.wait_for_state(model, "running")
        site.indexer.stop()
        for number in range(60):
            site.sql("UPDATE busy SET v = repeat(%s, 100)", (f"{number} ",))
        site.sql("INSERT INTO idle VALUES (1, 'last')")
        site.indexer.start()
        for model in site.queries:
            site.assert_equal(model)


def test_the_solr_room_keeps_its_word_on_a_real_solr(solr):
    done = subprocess.run([SOLR_TESTS], env={**os.environ, "DAAS_TEST_SOLR": solr.url}, capture_output=True, text=True,
                          timeout=120)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-1000:]
