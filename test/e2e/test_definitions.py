"""Definitions: they take effect within a second of their commit, without a restart."""
import threading
import time

import pytest

from harness.waiting import NotYet, wait_for

# Of a commit, to its effect; with room for a busy machine.
SOON = 2


@pytest.fixture(scope="module")
def site(open_site):
    with open_site() as one:
        one.sql("CREATE TABLE person (id int PRIMARY KEY, name text, town text, age int)")
        one.sql("INSERT INTO person SELECT i, 'n' || i, CASE WHEN i % 2 = 0 THEN 'Ulm' ELSE 'Bad \"X\"' END, i % 90"
                " FROM generate_series(1, 1000) i")
        one.indexer.start()
        yield one


def test_an_api_appears_and_goes_with_its_definition(site):
    assert site.api("people").status_code == 404
    site.create_model("people", "SELECT * FROM person")
    site.sql("SELECT daas.create_api('people', public => true, max_rows => 5)")
    wait_for(lambda: site.api("people").status_code in (200, 503), SOON, "the API is known, loaded or not yet")
    site.wait_for_api("people")
    assert len(site.api("people").json()) == 5
    site.sql("SELECT daas.unpublish_api('people')")
    site.wait_for_api("people", 404, SOON)
    site.sql("SELECT daas.publish_api('people')")
    site.wait_for_api("people", 200, SOON)
    site.sql("SELECT daas.create_api('people', public => true, max_rows => 3, or_replace => true)")
    wait_for(lambda: len(site.api("people").json()) == 3, SOON, "max_rows is 3")
    site.sql("SELECT daas.drop_model('people', cascade => true)")
    site.wait_for_api("people", 404, SOON)
    wait_for(lambda: not site.solr.collections(site.name + ".people"), 10, "the collections are gone")
    assert site.name + ".people" not in site.solr.aliases()


def test_a_model_that_is_dropped_and_defined_again_does_not_wait(site):
    for turn in range(4):
        site.create_model("again", "SELECT id, name FROM person")
        wait_for(lambda: "not taken it up" not in (site.status("again")["reason"] or ""), SOON,
                 f"definition {turn} is taken up")
        site.wait_for_state("again", "running")
        site.sql("SELECT daas.drop_model('again')")
        # Not before: what is left of the old one must not be in the way of the new one.
        wait_for(lambda: not site.solr.collections(site.name + ".again"), 10, "the collections are gone", pause=0.001)


def test_an_account_can_log_in_when_it_is_committed(site):
    assert site.login("late", "x").status_code == 401
    site.sql("SELECT daas.create_account('late', 'x')")
    assert site.login("late", "x").status_code == 200
    site.sql("SELECT daas.set_password('late', 'y')")
    assert site.login("late", "x").status_code == 401
    site.sql("SELECT daas.drop_account('late')")
    assert site.login("late", "y").status_code == 401


def test_a_definition_that_is_rolled_back_leaves_nothing(site):
    with site.connect() as connection:
        connection.execute("BEGIN")
        connection.execute("SELECT daas.create_model('ghost', 'SELECT * FROM person')")
        connection.execute("SELECT daas.create_api('ghost', public => true)")
        connection.execute("ROLLBACK")
    # Whatever it had started would have come before this one.
    site.create_model("after", "SELECT id FROM person")
    site.assert_equal("after")
    assert site.api("ghost").status_code == 404
    assert not site.solr.collections(site.name + ".ghost")
    assert site.value("SELECT count(*) FROM daas.status()") == site.value("SELECT count(*) FROM daas.model")
    site.sql("SELECT daas.drop_model('after')")


def test_a_model_is_redefined_without_a_failed_read(site):
    site.create_model("town", "SELECT id, name FROM person")
    site.sql("SELECT daas.create_api('town', public => true)")
    site.wait_for_api("town")
    answers, failures, stop = [], [], threading.Event()

    def read():
        while not stop.is_set():
            answer = site.api("town", id="eq.7")
            (answers if answer.status_code == 200 and len(answer.json()) == 1 else failures).append(answer.text)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    try:
        for turn in range(2):
            before = site.status("town")["generation"]
            site.alter_model("town", f"SELECT id, name || '{turn}' AS name, town, age FROM person WHERE id < {900 - turn}")
            wait_for(lambda: site.status("town")["generation"] not in (None, before), 20, "another generation is live")
            site.assert_equal("town")
            reload = site.status("town")["generation"]
            site.sql("SELECT daas.reload_model('town')")
            wait_for(lambda: site.status("town")["generation"] not in (None, reload), 20, "the reload is live")
    finally:
        stop.set()
        for reader in readers:
            reader.join()
    assert not failures, failures[:3]
    assert answers[0] == '[{"id":7,"name":"n7"}]' and answers[-1] == '[{"id":7,"name":"n71"}]'
    wait_for(lambda: len(site.solr.collections(site.name + ".town")) == 1, 10, "only the live generation is left")
    site.sql("SELECT daas.drop_model('town', cascade => true)")


def test_a_change_is_readable_soon(site):
    site.create_model("quick", "SELECT id, age FROM person")
    site.sql("SELECT daas.create_api('quick', public => true)")
    site.wait_for_api("quick")
    took = []
    for turn in range(10):
        site.sql("UPDATE person SET age = %s WHERE id = 3", (1000 + turn,))
        began = time.monotonic()
        wait_for(lambda: site.api("quick", id="eq.3").json()[0]["age"] == 1000 + turn, 5, "the change is readable",
                 pause=0.002)
        took.append(time.monotonic() - began)
    print("ms from commit to read:", *(round(1000 * one) for one in took))
    assert sorted(took)[5] < 1
    status = site.status("quick")
    assert status["state"] == "running" and status["reason"] is None, status
    site.sql("SELECT daas.drop_model('quick', cascade => true)")


@pytest.mark.decoded("triggers can't be made beside writers: create_model itself waits")
def test_a_model_waits_for_transactions_that_began_before_it(site):
    site.sql("CREATE TABLE fence (id int PRIMARY KEY)")
    with site.connect() as early:
        early.execute("BEGIN")
        early.execute("INSERT INTO fence VALUES (1)")
        site.create_model("fence", "SELECT * FROM fence")

        def waits():
            status = site.status("fence")
            if not status["reason"] or "transaction" not in status["reason"]:
                raise NotYet(status)
            return status
        status = wait_for(waits, 10, "the status names the transaction")
        assert str(early.info.backend_pid) in status["reason"], status
        early.execute("INSERT INTO fence VALUES (2)")
        early.execute("COMMIT")
    site.assert_equal("fence")
    site.sql("SELECT daas.drop_model('fence')")
