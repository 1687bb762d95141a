"""GET /metrics and daas.status(): what they say is what happened. Read as Prometheus does, by its own
parser."""
import psycopg
import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from harness.waiting import NotYet, wait_for


@pytest.fixture(scope="module")
def site(open_site):
    with open_site() as one:
        one.sql("CREATE TABLE ware (id int PRIMARY KEY, name text)")
        one.sql("INSERT INTO ware SELECT i, 'w' || i FROM generate_series(1, 300) i")
        one.create_model("ware", "SELECT * FROM ware")
        one.sql("SELECT daas.create_api('ware', public => true)")
        one.indexer.start()
        one.wait_for_api("ware")
        yield one


def figures(site):
    """Every sample: (name, labels as a sorted tuple) -> value."""
    answer = requests.get(site.indexer.admin_url + "/metrics", timeout=10)
    assert answer.status_code == 200 and answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    return {(sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in text_string_to_metric_families(answer.text) for sample in family.samples}


def figure(site, name, **labels):
    return figures(site).get((name, tuple(sorted(labels.items()))))


def reaches(site, name, value, **labels):
    def reached():
        seen = figure(site, name, **labels)
        if seen != value:
            raise NotYet(seen)
        return True
    wait_for(reached, 10, f"{name}{labels} is {value}")


def test_loads_changes_and_documents_are_counted(site):
    assert figure(site, "daas_model_rows_loaded_total", model="ware") == 300
    before = figure(site, "daas_model_documents_total", model="ware"), figure(site, "daas_model_changes_total", model="ware")
    site.sql("UPDATE ware SET name = 'x' WHERE id <= 40; DELETE FROM ware WHERE id > 290")
    site.assert_equal("ware")
    reaches(site, "daas_model_documents_total", before[0] + 50, model="ware")
    reaches(site, "daas_model_changes_total", before[1] + 50, model="ware")
    batches = sum(value for (name, labels), value in figures(site).items()
                  if name == "daas_model_batches_total" and ("model", "ware") in labels)
    assert 1 <= batches <= 50
    reaches(site, "daas_model_commits_queued", 0, model="ware")
    reaches(site, "daas_model_lag_seconds", 0, model="ware")


def test_requests_are_counted_by_route_and_status(site):
    def requested(**labels):
        return figure(site, "daas_http_request_duration_seconds_count", **labels) or 0
    ok, bad, other = (requested(route="/ware", status="200"), requested(route="/ware", status="400"),
                      requested(route="other", status="404"))
    assert site.api("ware", limit=1).status_code == 200
    assert site.api("ware", nonsense="eq.1").status_code == 400
    for path in ["made_up_1", "made_up_2", "x" * 300]:
        assert site.api(path).status_code == 404
    assert site.api("%00").status_code == 400
    assert requested(route="/ware", status="200") == ok + 1
    assert requested(route="/ware", status="400") == bad + 1
    assert requested(route="other", status="404") == other + 3
    assert not [key for key in figures(site) if "made_up" in str(key)]


def test_lag_is_the_age_of_what_readers_do_not_see(site):
    site.sql("CREATE TABLE slow (id int PRIMARY KEY, v int)")
    site.sql("""CREATE FUNCTION held(v int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$
                BEGIN IF v = 1 THEN PERFORM FROM pg_sleep(600); END IF; RETURN v; END $$""")
    site.create_model("slow", "SELECT id, held(v) AS v FROM slow")
    site.wait_for_state("slow", "running")
    site.sql("INSERT INTO slow VALUES (1, 1)")
    wait_for(lambda: (figure(site, "daas_model_lag_seconds", model="slow") or 0) > 1, 10, "slow is behind")
    wait_for(lambda: (figure(site, "daas_model_lag_bytes", model="slow") or 0) > 0, 10, "slow is behind in bytes")
    assert figure(site, "daas_model_commits_queued", model="slow") >= 1
    assert figure(site, "daas_model_lag_seconds", model="ware") == 0
    with site.postgres.connect(site.name) as superuser:
        superuser.execute("UPDATE slow SET v = 2")
        superuser.execute("SELECT pg_cancel_backend(pid) FROM pg_stat_activity"
                          " WHERE application_name = 'daas-indexer reader' AND wait_event = 'PgSleep'")
    site.assert_equal("slow")
    reaches(site, "daas_model_lag_seconds", 0, model="slow")
    assert figure(site, "daas_model_retries_total", model="slow", of="postgresql") >= 1
    site.sql("SELECT daas.drop_model('slow')")
    wait_for(lambda: not [key for key in figures(site) if "slow" in str(key)], 10, "a dropped model has no figures")


def test_a_refused_document_is_counted_and_a_gauge_says_how_many_are_set_aside(site):
    site.sql("CREATE TABLE refused (id int PRIMARY KEY, poison text)")
    with site.solr_that_refuses_poison():
        site.create_model("refused", "SELECT id, poison FROM refused")
        site.assert_equal("refused")
        site.sql("INSERT INTO refused VALUES (1, '1'), (2, 'no number')")
        reaches(site, "daas_model_dead_letters", 1, model="refused")
        assert figure(site, "daas_model_documents_refused_total", model="refused") == 1
        site.sql("UPDATE refused SET poison = 'none either' WHERE id = 2")
        reaches(site, "daas_model_documents_refused_total", 2, model="refused")
        site.sql("UPDATE refused SET poison = '2' WHERE id = 2")
        reaches(site, "daas_model_dead_letters", 0, model="refused")
        site.assert_equal("refused")
    site.sql("SELECT daas.drop_model('refused')")


@pytest.mark.decoded("the outbox retains no WAL")
def test_the_daemon_itself(site):
    assert figure(site, "daas_index_epoch") == site.value("SELECT epoch FROM daas.daemon")
    assert [labels for name, labels in figures(site) if name == "daas_build_info"]
    with site.connect() as connection:
        retained = connection.execute("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), restart_lsn) FROM"
                                      " pg_replication_slots WHERE database = current_database()").fetchone()[0]
    assert retained is not None and figure(site, "daas_wal_retained_bytes") > 0
    assert figure(site, "daas_queue_bytes") is not None


def test_status_fills_every_column(site):
    site.sql("INSERT INTO ware VALUES (1000, 'new')")
    site.assert_equal("ware")

    def filled():
        status = site.status("ware")
        empty = {name for name, value in status.items() if value is None} - {"reason", "hint"}
        # A test before may have spoilt the schema, which is noticed, and its end too, some seconds later.
        spoilt = "configset" in (status["reason"] or "")
        if empty or spoilt or status["documents"] != site.value("SELECT count(*) FROM ware"):
            raise NotYet((empty, status))
        return status
    status = wait_for(filled, 40, "every column of status() is filled")
    assert status["state"] == "running" and status["reason"] is None and status["hint"] is None
    assert status["dead_letters"] == 0


def test_a_paused_model_does_not_hold_the_slot_and_resumes_to_equality(site):
    site.sql("SELECT daas.pause_model('ware')")
    site.wait_for_state("ware", "paused")
    site.sql("UPDATE ware SET name = 'while paused' WHERE id < 50; DELETE FROM ware WHERE id = 60")
    position = site.value("SELECT pg_current_wal_insert_lsn()")
    wait_for(lambda: site.is_confirmed(position), 20, "the slot goes on")
    assert site.api("ware", id="eq.60").json(), "readers keep what was there"
    site.sql("SELECT daas.resume_model('ware')")
    site.assert_equal("ware")
    assert site.status("ware")["state"] == "running"
    with pytest.raises(psycopg.errors.UndefinedObject):
        site.sql("SELECT daas.pause_model('nobody')")
