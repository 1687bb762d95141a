"""Documents that Solr refuses: they are set aside, nothing stale stays in their place, everything else goes
on, and whatever mends them clears them. A real Solr refuses them (see Site.solr_that_refuses_poison)."""
import threading

import pytest

from harness.waiting import NotYet, wait_for


@pytest.fixture(scope="module")
def site(open_site):
    """Texts of columns named poison must be numbers."""
    with open_site() as one:
        one.indexer.start()
        one.sql("CREATE TABLE plain (id int PRIMARY KEY)")
        one.create_model("plain", "SELECT id FROM plain")
        one.assert_equal("plain")
        with one.solr_that_refuses_poison():
            yield one


@pytest.fixture
def table(site):
    """An empty table t and its model."""
    site.sql("CREATE TABLE t (id text PRIMARY KEY, poison text)")
    site.create_model("t", "SELECT id, poison FROM t")
    try:
        site.assert_equal("t")
        yield "t"
    finally:
        site.sql("SELECT daas.drop_model('t'); DROP TABLE t")
        site.queries.pop("t")


def bad(site, model="t"):
    """Ids of the rows that Solr refuses."""
    return [row[0] for row in site.sql(f"SELECT id::text FROM {model} WHERE poison !~ '^[0-9]+$'")]


def test_a_refused_document_is_set_aside_and_the_rest_of_its_batch_lands(site, table):
    site.sql("INSERT INTO t VALUES ('good', '1'), ('was good', '1')")
    site.assert_equal("t")
    before = site.value("SELECT pg_current_wal_insert_lsn()")
    site.sql("UPDATE t SET poison = 'no' || 'number' WHERE id = 'was good'; UPDATE t SET poison = '2' WHERE id = 'good';"
             "INSERT INTO t SELECT 'new ' || i, CASE i % 100 WHEN 7 THEN 'bad' ELSE i::text END FROM generate_series(1, 2500) i")
    site.assert_equal("t", dead=bad(site))
    letter = site.letters("t")["was good"]
    assert letter["document"] == '{"id":"was good","poison":"nonumber"}' and "nonumber" in letter["error"]
    assert letter["attempts"] == 1 and letter["first_at"] == letter["last_at"] and not letter["retry"]
    assert site.value("SELECT %s::pg_lsn <= %s::pg_lsn", (before, letter["position"]))
    status = site.status("t")
    assert (status["state"], status["dead_letters"]) == ("running", 26) and "26 documents" in status["reason"]
    assert "WHERE model = 't'" in status["hint"] and "daas.retry_dead_letters('t')" in status["hint"]
    assert "nonumber" not in site.indexer.log.read_text(), "the log quotes a value"


def test_a_later_good_version_a_delete_and_another_key_clear_a_letter(site, table):
    site.sql("INSERT INTO t VALUES ('a', 'x'), ('b', 'x'), ('c', 'x'), ('d', 'x'), ('e', 'x')")
    site.assert_equal("t", dead="abcde")
    site.sql("UPDATE t SET poison = '1' WHERE id = 'a'; DELETE FROM t WHERE id = 'b'; UPDATE t SET id = 'cc' WHERE id = 'c';"
             "UPDATE t SET poison = 'y' WHERE id = 'd'")
    site.assert_equal("t", dead=["cc", "d", "e"])
    letters = site.letters("t")
    assert (letters["d"]["attempts"], letters["e"]["attempts"]) == (2, 1)
    assert letters["d"]["first_at"] < letters["d"]["last_at"]
    site.sql("UPDATE t SET poison = NULL WHERE id <> 'e'; DELETE FROM t WHERE id = 'e'; INSERT INTO t VALUES ('e', '3')")
    site.assert_equal("t")
    assert site.status("t")["dead_letters"] == 0 and site.status("t")["hint"] is None


def test_a_load_sets_documents_aside_and_its_switch_clears_the_old_ones(site, table):
    site.sql("INSERT INTO t SELECT i, CASE i % 50 WHEN 3 THEN 'bad' ELSE i::text END FROM generate_series(1, 3000) i")
    site.assert_equal("t", dead=bad(site))
    first = site.status("t")["generation"]
    # With expressions and a filter: a query model, whose documents are fetched.
    site.alter_model("t", "SELECT id, poison, id || '!' AS more FROM t WHERE id <> '53'")
    site.assert_equal("t", dead=[key for key in bad(site) if key != "53"])
    assert site.status("t")["generation"] > first
    assert {letter["generation"] for letter in site.letters("t").values()} == {site.status("t")["generation"]}
    assert site.value("SELECT count(*) FROM daas.dead_letter WHERE model = 't'") == 59
    site.sql("UPDATE t SET poison = 1 WHERE id IN ('3', '103'); UPDATE t SET poison = 'x' WHERE id = '4'")
    site.assert_equal("t", dead=[key for key in bad(site) if key != "53"])
    site.sql("UPDATE t SET poison = 1")
    site.assert_equal("t")


def test_letters_are_right_when_rows_change_during_a_load(site, table, rng):
    site.sql("INSERT INTO t SELECT i, CASE i % 40 WHEN 3 THEN 'bad' ELSE i::text END FROM generate_series(1, 2000) i")
    site.assert_equal("t", dead=bad(site))
    ending = threading.Event()

    def change():
        with site.connect() as connection:
            while not ending.is_set():
                keys = [str(rng.randrange(1, 2001)) for _ in range(rng.choice([1, 5, 100]))]
                connection.execute("UPDATE t SET poison = CASE WHEN random() < 0.05 THEN 'worse' ELSE '5' END"
                                   " WHERE id = ANY (%s)", (keys,))
                connection.execute("DELETE FROM t WHERE id = %s", (keys[0],))
                connection.execute("INSERT INTO t VALUES (%s, 'back')", (keys[0],))
    writer = threading.Thread(target=change)
    writer.start()
    try:
        generation = site.status("t")["generation"]
        site.sql("SELECT daas.reload_model('t')")

        def switched():
            site.indexer.check()
            status = site.status("t")
            if status["generation"] == generation or status["state"] != "running":
                raise NotYet(status)
            return True
        wait_for(switched, 60, "the model is loaded again")
    finally:
        ending.set()
        writer.join()
    site.assert_equal("t", dead=bad(site))


def test_letters_are_tried_again_once_the_schema_is_mended(site, table):
    """The schema of a collection can be changed as long as no document contradicts it."""
    key = "k" * 40000  # longer than an id may be
    site.sql("INSERT INTO t VALUES ('a', 'x'), ('b', 'x'), ('c', NULL), (%s, 'x'), ('|\\', 'x')", (key,))
    wait_for(lambda: len(site.letters("t")) == 4, 30, "four letters")
    assert site.value("SELECT daas.retry_dead_letters('t')") == 4
    wait_for(lambda: [l["attempts"] for l in site.letters("t").values()] == [2] * 4, 30, "each was tried twice")
    assert not any(letter["retry"] for letter in site.letters("t").values())
    site.indexer.kill()
    assert site.value("SELECT daas.retry_dead_letters('t')") == 4
    site.sql("DELETE FROM t WHERE id = 'b'")
    site.mend_schema("t")
    site.indexer.start()
    site.assert_equal("t")
    assert site.value("SELECT daas.retry_dead_letters('t')") == 0
    site.spoil_schema()


def test_too_many_letters_stop_the_model_and_stay(site):
    site.sql("CREATE TABLE few (id int PRIMARY KEY, poison text)")
    site.create_model("few", "SELECT id, poison FROM few", options={"max_dead_letters": 2})
    site.sql("INSERT INTO few VALUES (1, 'x'), (2, 'x'), (3, '3')")
    site.assert_equal("few", dead=["1", "2"])
    site.sql("UPDATE few SET poison = 'y' WHERE id = 3; UPDATE few SET poison = '1' WHERE id = 1")
    site.assert_equal("few", dead=["2", "3"])
    site.sql("INSERT INTO few VALUES (4, 'x')")
    status = site.wait_for_state("few", "stopped")
    assert "max_dead_letters" in status["reason"] and '"4"' in status["reason"] and status["dead_letters"] == 3
    assert "daas.reload_model('few')" in status["hint"]
    assert set(site.letters("few")) == {"2", "3", "4"}
    # A load is under the same rule.
    site.sql("SELECT daas.alter_model('few', options => '{\"max_dead_letters\": 0}')")
    status = site.wait_for_state("few", "stopped")
    assert "allows (0)" in status["reason"]
    site.sql("UPDATE few SET poison = id; SELECT daas.reload_model('few')")
    site.assert_equal("few")
    site.sql("SELECT daas.drop_model('few')")


def test_letters_survive_a_killed_daemon_and_are_cleared_by_the_next(site, table, rng):
    site.sql("INSERT INTO t SELECT i, '1' FROM generate_series(1, 500) i")
    site.assert_equal("t")
    for number in range(3):
        for _ in range(rng.randrange(5, 30)):
            keys = [str(rng.randrange(1, 501)) for _ in range(rng.choice([1, 3, 40]))]
            site.sql("UPDATE t SET poison = CASE WHEN random() < 0.3 THEN 'x' ELSE '2' END WHERE id = ANY (%s)", (keys,))
        if number == 1:
            wait_for(lambda: site.letters("t"), 30, "some letters")
        site.indexer.kill()
        site.sql("UPDATE t SET poison = CASE poison WHEN 'x' THEN '3' ELSE 'x' END WHERE id::int %% 50 = %s", (rng.randrange(50),))
        site.indexer.start()
    site.assert_equal("t", dead=bad(site))
    site.sql("UPDATE t SET poison = '4'")
    site.assert_equal("t")


def test_a_big_document_is_set_aside_without_its_text(site, table):
    site.sql("INSERT INTO t VALUES ('big', repeat('x', 3 << 20)), ('fits', repeat('y', 900000)), ('good', '1')")
    site.assert_equal("t", dead=["big", "fits"])
    letters = site.letters("t")
    assert letters["big"]["document"] is None and len(letters["fits"]["document"]) > 900000
    assert all(len(letter["error"]) <= 1000 for letter in letters.values())


def test_documents_of_two_shards_are_set_aside(site):
    site.sql("CREATE TABLE wide (id bigint, at timestamptz, poison text, PRIMARY KEY (id, at))")
    site.create_model("wide", "SELECT poison, at, id FROM wide", key=["at", "id"], options={"shards": 2})
    site.sql("INSERT INTO wide SELECT i, '2020-01-01'::timestamptz + i * interval '1 s', CASE i % 40 WHEN 0 THEN 'x' ELSE '1' END"
             " FROM generate_series(1, 400) i")
    wait_for(lambda: len(site.letters("wide")) == 10, 60, "ten letters")
    site.sql("UPDATE wide SET poison = 7 WHERE id = 40; DELETE FROM wide WHERE id = 80")
    wait_for(lambda: len(site.letters("wide")) == 8, 60, "eight letters")
    assert site.value("SELECT daas.retry_dead_letters('wide')") == 8
    wait_for(lambda: {l["attempts"] for l in site.letters("wide").values()} == {2}, 30, "each was tried twice")
    wait_for(lambda: len(site.documents("wide")) == 391, 30, "the others are there")
    # They go with the model.
    site.sql("SELECT daas.drop_model('wide')")
    assert site.value("SELECT count(*) FROM daas.dead_letter WHERE model = 'wide'") == 0
