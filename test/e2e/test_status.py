"""GET /status: what it says is what happened, for people and for scripts."""
from datetime import datetime, timezone

import pytest
import requests

from harness.site import CAPTURE
from harness.waiting import NotYet, wait_for


@pytest.fixture(scope="module")
def site(open_site):
    with open_site() as one:
        one.sql("CREATE TABLE ware (id int PRIMARY KEY, poison text);"
                "INSERT INTO ware SELECT i, i FROM generate_series(1, 300) i")
        one.create_model("ware", "SELECT * FROM ware")
        one.indexer.start()
        one.assert_equal("ware")
        yield one


def page(site, **parameters):
    answer = requests.get(site.indexer.admin_url + "/status", params=parameters, timeout=20)
    assert answer.status_code == 200 and answer.headers["Content-Type"].startswith("application/json"), answer.text
    return answer.json()


def model(site, name="ware", **parameters):
    return next(one for one in page(site, **parameters)["models"] if one["model"] == name)


def becomes(site, wanted, name="ware", exact=None):
    def reached():
        seen = model(site, name, exact=exact or name)
        if any(seen[name] != value for name, value in wanted.items()):
            raise NotYet(seen)
        return seen
    return wait_for(reached, 30, f"/status says {wanted}")


def bytes_of(lsn):
    high, low = lsn.split("/")
    return int(high, 16) << 32 | int(low, 16)


@pytest.mark.decoded("the outbox retains no WAL")
def test_the_daemon_the_wal_and_who_holds_it_up(site):
    with site.connect() as waiting:
        waiting.autocommit = False
        waiting.execute("SELECT pg_current_xact_id()")
        seen = page(site)
        assert seen["ready"] is True and seen["reason"] is None
        epoch, slot = site.sql("SELECT epoch, slot FROM daas.daemon")[0]
        assert (seen["daemon"]["epoch"], seen["daemon"]["slot"], seen["daemon"]["namespace"]) == (epoch, slot, site.name)
        wal = seen["wal"]
        assert wal["active"] and bytes_of(wal["confirmed_lsn"]) <= bytes_of(wal["insert_lsn"])
        assert wal["retained_bytes"] >= 0 and wal["safe_bytes"] > 0 and wal["status"] == "reserved"
        assert any(one["pid"] == waiting.info.backend_pid and one["database"] == site.database
                   for one in seen["oldest_transactions"]), seen
        waiting.rollback()


def test_rows_documents_and_their_difference(site):
    becomes(site, {"rows": 300, "documents": 300, "difference": 0, "rows_exact": True})
    # Only the planner's guess, once it has one.
    site.sql("CREATE TABLE fresh (id int PRIMARY KEY)")
    site.create_model("fresh", "SELECT id FROM fresh")
    site.assert_equal("fresh")
    assert model(site, "fresh")["rows"] is None and model(site, "fresh")["difference"] is None
    site.sql("INSERT INTO ware SELECT i, i FROM generate_series(301, 1000) i; ANALYZE ware")
    site.assert_equal("ware")
    becomes(site, {"rows": 1000, "documents": 1000, "difference": 0, "rows_exact": False}, exact="fresh")
    site.sql("SELECT daas.drop_model('fresh')")


def test_positions_times_and_totals_of_the_last_change(site):
    before = model(site)
    began = datetime.now(timezone.utc)
    site.sql("UPDATE ware SET poison = 'x' WHERE id <= 7")
    position = bytes_of(site.value("SELECT pg_current_wal_insert_lsn()"))
    site.assert_equal("ware")

    def seen():
        now = model(site)
        if now["lag_ms"] or bytes_of(now["visible_lsn"]) < position or bytes_of(now["durable_lsn"]) < position:
            raise NotYet(now)
        return now
    after = wait_for(seen, 30, "the change is visible and durable")
    assert after["state"] == "running" and after["reason"] is None and after["hint"] is None
    assert after["totals"]["changes"] == before["totals"]["changes"] + 7
    assert after["totals"]["documents"] == before["totals"]["documents"] + 7
    assert after["totals"]["rows_loaded"] == 300 and after["totals"]["refused"] == 0
    assert after["last_captured"] == after["last_visible"]
    # A commit that comes by the outbox has the position of whoever found it.
    assert CAPTURE == "notify" or bytes_of(after["last_visible"]["lsn"]) <= position
    at = datetime.fromisoformat(after["last_visible"]["at"].replace("Z", "+00:00"))
    assert abs((at - began).total_seconds()) < 30
    # An idle model's position moves on by heartbeats.
    assert 0 <= after["heartbeat_age_ms"] < 20000 and after["lag_bytes"] >= 0
    assert set(after["per_second"]) == {"rows_loaded", "changes", "documents"}


def test_dead_letters_are_not_a_difference(site):
    site.sql("CREATE TABLE bad (id int PRIMARY KEY, poison text); INSERT INTO bad SELECT i, i FROM generate_series(1, 50) i;"
             "UPDATE bad SET poison = 'x' WHERE id IN (5, 6)")
    with site.solr_that_refuses_poison():
        site.create_model("bad", "SELECT id, poison FROM bad")
        site.assert_equal("bad", dead=["5", "6"])
        seen = becomes(site, {"rows": 50, "documents": 48, "difference": 0, "dead_letters": 2}, name="bad")
        assert seen["totals"]["refused"] == 2 and "daas.retry_dead_letters('bad')" in seen["hint"]
        site.sql("SELECT daas.drop_model('bad')")


def test_what_is_not_there_is_said(site):
    for parameters, status in [({"exact": "nope"}, 404), ({"exact": ""}, 400), ({"other": "ware"}, 400)]:
        answer = requests.get(site.indexer.admin_url + "/status", params=parameters, timeout=20)
        assert answer.status_code == status and answer.json()["message"], answer.text
