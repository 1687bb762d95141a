"""The change stream of PostgreSQL's own output plugin, and the switch between the two."""
import threading

import pytest
import requests

from harness.waiting import NotYet, wait_for

pytestmark = pytest.mark.decoded("is about decoding")


def use(site, decoder):
    with site.postgres.connect(site.database) as connection:
        connection.execute("SELECT daas.use_decoder(%s)", (decoder,))
    site.indexer.options["decoder"] = decoder


def wait_unready(site, *words):
    def says():
        site.indexer.check()
        status, text = site.indexer.readiness()
        if status == 200 or not all(word in text for word in words):
            raise NotYet(f"{status} {text}")
        return True
    wait_for(says, 30, f"/readyz says {words}")


def next_generation(site, last):
    """The one that is served after the last one, once the daemon has told: readers see it a moment earlier."""
    def told():
        number = site.status("t")["generation"] or 0
        if number <= last:
            raise NotYet(number)
        return number
    return wait_for(told, 20, f"a generation after {last} is told")


class Reader(threading.Thread):
    """Reads an API on and on; keeps every answer that was none."""

    def __init__(self, url):
        super().__init__(daemon=True)
        self.url, self.failures, self.answers, self.ends = url, [], 0, threading.Event()

    def run(self):
        while not self.ends.is_set():
            answer = requests.get(self.url, timeout=20)
            self.answers += 1
            if answer.status_code != 200 or not answer.json():
                self.failures.append(f"{answer.status_code} {answer.text[:200]}")

    def stop(self):
        self.ends.set()
        self.join()


def test_a_switch_of_the_decoder_loads_anew_behind_what_is_served_without_a_failed_read(open_site):
    with open_site(decoder="plugin") as site:
        use(site, "plugin")
        site.sql("CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t SELECT i, 'a' FROM generate_series(1, 2000) i")
        site.create_model("t", "SELECT id, v FROM t")
        site.sql("SELECT daas.create_api('t', public => true)")
        site.indexer.start()
        site.assert_equal("t")
        served = next_generation(site, 0)
        beside = site.indexer.beside("serve", role="serve")
        reader = Reader(beside.url + "/t?limit=1")
        beside.start()
        try:
            wait_for(lambda: requests.get(reader.url, timeout=20).status_code == 200, 30, "the second daemon serves")
            reader.start()
            for decoder in ("pgoutput", "plugin"):
                site.indexer.stop()
                use(site, decoder)
                site.sql("UPDATE t SET v = %s WHERE id < 1000", (decoder,))
                site.indexer.start(ready=False)
                wait_unready(site, "uses the plugin", "pg_drop_replication_slot")
                assert site.drop_slots(20) == 1
                site.indexer.wait_ready()
                site.sql("UPDATE t SET v = 'after ' || v WHERE id % 3 = 0")
                site.sql("DELETE FROM t WHERE id = %s", (7 if decoder == "plugin" else 8,))
                site.assert_equal("t")
                served = next_generation(site, served)
        finally:
            reader.stop()
            beside.end()
        assert not reader.failures and reader.answers > 10, reader.failures[:3]


def test_pgoutput_waits_for_a_publication_of_every_change(open_site):
    with open_site(decoder="pgoutput") as site:
        use(site, "plugin")
        site.indexer.options["decoder"] = "pgoutput"
        site.sql("CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)")
        site.create_model("t", "SELECT id FROM t")
        site.indexer.start(ready=False)
        wait_unready(site, "publication daas publishes no UPDATE and DELETE", "daas.use_decoder('pgoutput')")
        use(site, "pgoutput")
        site.indexer.wait_ready()
        site.sql("UPDATE t SET id = 2")
        site.assert_equal("t")


def test_every_type_and_identity_comes_through_pgoutput(open_site):
    with open_site(decoder="pgoutput") as site:
        use(site, "pgoutput")
        site.sql("CREATE TYPE mood AS ENUM ('sad', 'ok')")
        site.sql("CREATE TABLE t (id bigint, part int, b boolean, n numeric, f float8, r real, d date, ts timestamptz, u uuid, j jsonb, by bytea,"
                 " a int[], m mood, i interval, note text, PRIMARY KEY (id, part))")
        site.sql("CREATE TABLE names (id int, name text); ALTER TABLE names REPLICA IDENTITY FULL; INSERT INTO names VALUES (1, 'one'), (2, 'two')")
        site.create_model("t", "SELECT * FROM t")
        site.create_model("named", "SELECT t.id, t.part, n.name FROM t LEFT JOIN names n ON n.id = t.part", key=["id", "part"])
        site.indexer.start()
        site.sql("INSERT INTO t SELECT i, 1 + i % 2, i % 2 = 0, i / 7.0, 'NaN', 0.1, '2013-01-01', '2013-01-01 10:00+02', gen_random_uuid(),"
                 " '{\"a\": [1, null]}', '\\x00ff', ARRAY[1, NULL], 'ok', '1 day 2 hours', repeat('long ', 1000) FROM generate_series(1, 50) i")
        site.assert_equal("t")
        site.sql("UPDATE t SET n = NULL, f = '-Infinity', j = NULL, m = 'sad' WHERE id < 10")
        site.sql("UPDATE t SET id = id + 1000 WHERE id BETWEEN 20 AND 25; UPDATE t SET part = 3 - part WHERE id = 30; DELETE FROM t WHERE id = 31")
        site.sql("UPDATE names SET name = 'eins' WHERE id = 1; DELETE FROM names WHERE id = 2")
        for model in ("t", "named"):
            site.assert_equal(model)
        site.sql("TRUNCATE t")
        site.assert_equal("t")
        site.sql("INSERT INTO t (id, part, note) SELECT i, 1, 'long' FROM generate_series(1, 9) i")
        # DDL is told by the event triggers' messages here, too.
        site.sql("ALTER TABLE t RENAME COLUMN note TO remark; UPDATE t SET remark = 'short'")
        site.queries["t"] = site.value("SELECT query FROM daas.model WHERE name = 't'")
        site.assert_equal("t")
        site.assert_equal("named")


def test_a_large_transaction_of_pgoutput_goes_through_a_file_and_one_that_is_rolled_back_is_nothing(open_site):
    with open_site(decoder="pgoutput", spill_bytes="1MB", queue_bytes="4MB") as site:
        use(site, "pgoutput")
        site.sql("CREATE TABLE t (id int PRIMARY KEY, v text)")
        site.create_model("t", "SELECT id, v FROM t")
        site.indexer.start()
        with site.connect() as connection:
            connection.execute("BEGIN; INSERT INTO t SELECT i, 'never' FROM generate_series(1, 100) i; ROLLBACK")
        site.sql("INSERT INTO t SELECT i, repeat(md5(i::text), 4) FROM generate_series(1, 30000) i")
        site.assert_equal("t")
        assert "goes through a file" in site.indexer.log.read_text()
        # A daemon that is killed has it sent again.
        site.sql("UPDATE t SET v = 'b' || v")
        site.indexer.kill()
        site.indexer.start()
        site.assert_equal("t")


def test_a_generated_column_stops_a_model_over_its_table_and_is_fetched_by_one_with_an_expression(open_site):
    with open_site(decoder="pgoutput") as site:
        use(site, "pgoutput")
        site.sql("CREATE TABLE t (id int PRIMARY KEY, v int, twice int GENERATED ALWAYS AS (2 * v) STORED)")
        site.create_model("plain", "SELECT id, twice FROM t")
        site.create_model("fetched", "SELECT id, twice + 0 AS twice FROM t")
        site.indexer.start()
        site.assert_equal("fetched")
        site.sql("INSERT INTO t VALUES (1, 1), (2, 2)")
        site.assert_equal("fetched")
        stopped = site.wait_for_state("plain", "stopped")
        assert "twice" in stopped["reason"]


def test_a_publication_that_was_gone_takes_a_new_slot_of_pgoutput_and_says_so(open_site):
    with open_site(decoder="pgoutput") as site:
        use(site, "pgoutput")
        site.sql("CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)")
        site.create_model("t", "SELECT id FROM t")
        site.indexer.start()
        site.assert_equal("t")
        with site.postgres.connect(site.database) as connection:
            connection.execute("DROP PUBLICATION daas")
        site.sql("INSERT INTO t VALUES (2)")
        wait_unready(site, "the publication daas is not there yet", "daas.use_decoder('pgoutput')")
        use(site, "pgoutput")
        wait_unready(site, "while the publication was gone", "pg_drop_replication_slot")
        assert site.drop_slots(20) == 1
        site.indexer.wait_ready()
        site.sql("UPDATE t SET id = 3 WHERE id = 1")
        site.assert_equal("t")


def test_what_changed_while_the_publication_was_narrow_is_loaded_anew(open_site):
    with open_site(decoder="pgoutput") as site:
        use(site, "pgoutput")
        site.sql("CREATE TABLE t (id int PRIMARY KEY, v int); INSERT INTO t SELECT i, 0 FROM generate_series(1, 20) i")
        site.create_model("t", "SELECT id, v FROM t")
        site.indexer.start()
        site.assert_equal("t")
        site.indexer.stop()
        use(site, "plugin")
        site.sql("UPDATE t SET v = 1; DELETE FROM t WHERE id = 7")
        use(site, "pgoutput")
        site.indexer.start()
        site.assert_equal("t")
        use(site, "plugin")
        stopped = site.wait_for_state("t", "stopped")
        assert "no longer publishes UPDATE and DELETE" in stopped["reason"]
        site.sql("UPDATE t SET v = 2; DELETE FROM t WHERE id = 8")
        use(site, "pgoutput")
        site.sql("SELECT daas.reload_model('t')")
        site.assert_equal("t")
