"""What goes wrong with one model's statements is that model's: it tries again or stops, and the others
go on in the same run."""
import pytest

from harness.site import CAPTURE
from harness.waiting import NotYet, wait_for

# Declared IMMUTABLE, as a user may: its trouble is what PostgreSQL reports of a full disk, of a
# statement that an administrator cancels, and of one that does not end.
FUNCTION = """
CREATE FUNCTION troubled(v int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  IF v = -1 THEN RAISE EXCEPTION 'could not write to temporary file' USING ERRCODE = 'disk_full'; END IF;
  IF v < -1 THEN PERFORM FROM pg_sleep(-v / 1000.0); END IF;
  RETURN v;
END $$"""
FOREVER = -600_000


@pytest.fixture(scope="module")
def site(open_site):
    with open_site(patience="2s", queue_bytes="1MB") as one:
        one.sql("CREATE TABLE healthy (id int PRIMARY KEY, v text)")
        one.sql("CREATE TABLE t (id int PRIMARY KEY, v int, filler text)")
        one.sql(FUNCTION)
        one.create_model("healthy", "SELECT * FROM healthy")
        one.indexer.start()
        one.assert_equal("healthy")
        yield one


@pytest.fixture(autouse=True)
def same_run(site, request):
    """Each test begins with an empty table t and its model, and ends in the run in which it began,
    unless it kills the daemon."""
    site.sql("TRUNCATE t")
    site.sql("SELECT daas.drop_model('t', if_exists => true)")
    wait_for(lambda: not site.solr.collections(site.name + ".t"), 10, "the collections of t are gone")
    site.create_model("t", "SELECT id, troubled(v) AS v FROM t")
    site.wait_for_state("t", "running")
    epoch = site.value("SELECT epoch FROM daas.daemon")
    yield
    killed = "killed" in request.node.name
    assert site.value("SELECT epoch FROM daas.daemon") == epoch + killed


def cancel(site, name):
    """Cancels what the daemon's session of that name is running, once it does."""
    def canceled():
        with site.postgres.connect(site.name) as superuser:
            rows = superuser.execute("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE datname = %s"
                                     " AND application_name = %s AND state = 'active' AND wait_event = 'PgSleep'",
                                     (site.name, name)).fetchall()
        if not rows:
            raise NotYet("no such session")
        return True
    wait_for(canceled, 10, f"a statement of {name} runs")


def reason(site, word):
    def said():
        status = site.status("t")
        if word not in (status["reason"] or ""):
            raise NotYet(status)
        return status
    return wait_for(said, 10, f"status says {word}")


def others_go_on(site):
    site.sql("INSERT INTO healthy SELECT coalesce(max(id), 0) + 1, 'goes on' FROM healthy")
    site.assert_equal("healthy", deadline=10)


def test_a_load_that_is_canceled_is_made_again(site):
    site.sql("INSERT INTO t SELECT i, -100 FROM generate_series(1, 20) i")
    site.assert_equal("t")
    before = site.status("t")["generation"]
    site.sql("SELECT daas.reload_model('t')")
    cancel(site, "daas-indexer load t")
    reason(site, "the last load failed")
    others_go_on(site)
    wait_for(lambda: site.status("t")["generation"] != before, 20, "another generation is live")
    site.assert_equal("t")


def test_a_batch_that_is_canceled_is_made_again(site):
    site.sql("INSERT INTO t SELECT i, i FROM generate_series(1, 20) i")
    site.assert_equal("t")
    before = site.status("t")["generation"]
    site.sql("UPDATE t SET v = -1000 WHERE id < 3")
    cancel(site, "daas-indexer reader")
    reason(site, "trying again")
    site.assert_equal("t")
    assert site.status("t")["generation"] == before
    assert wait_for(lambda: site.status("t")["reason"] is None, 10, "nothing is wrong any more")


def test_a_statement_that_keeps_failing_stops_its_model(site):
    site.sql("INSERT INTO t VALUES (1, 1), (2, 2)")
    site.assert_equal("t")
    site.sql("UPDATE t SET v = -1 WHERE id = 2")
    reason(site, "trying again")
    others_go_on(site)
    status = site.wait_for_state("t", "stopped")
    assert "temporary file" in status["reason"] and "daas.reload_model('t')" in status["hint"], status
    others_go_on(site)
    site.sql("UPDATE t SET v = 2 WHERE id = 2")
    site.sql("SELECT daas.reload_model('t')")
    site.assert_equal("t")


def test_a_load_that_keeps_failing_is_tried_until_it_works(site):
    site.sql("INSERT INTO t VALUES (1, 1)")
    site.assert_equal("t")
    before = site.status("t")["generation"]
    # Not by a change that the running generation would have to take.
    site.sql("SELECT daas.drop_model('t')")
    wait_for(lambda: not site.solr.collections(site.name + ".t"), 10, "the collections of t are gone")
    site.sql("INSERT INTO t VALUES (2, -1)")
    site.create_model("t", "SELECT id, troubled(v) AS v FROM t")
    reason(site, "the last load failed")
    others_go_on(site)
    site.sql("UPDATE t SET v = 2 WHERE id = 2")
    site.assert_equal("t")
    assert site.wait_for_state("t", "running")["generation"] > before + 1


def test_a_model_that_holds_up_the_others_on_the_full_queue_is_stopped(site):
    # 3 MB, three times what the queue takes; the outbox has the keys only.
    rows, length = (4000, 1) if CAPTURE == "notify" else (20, 160)
    site.sql("INSERT INTO t SELECT i, i FROM generate_series(1, %s) i", (rows,))
    site.assert_equal("t")
    site.sql("UPDATE t SET v = %s WHERE id = 1", (FOREVER,))
    for turn in range(30):
        site.sql("UPDATE t SET filler = repeat(md5(%s), %s) WHERE id > 1", (str(turn), length))
    site.sql("INSERT INTO healthy SELECT coalesce(max(id), 0) + 1, 'behind them' FROM healthy")
    site.assert_equal("healthy", deadline=30)
    status = site.wait_for_state("t", "stopped")
    assert "other models waited" in status["reason"], status
    site.sql("UPDATE t SET v = 1 WHERE id = 1")
    site.sql("SELECT daas.reload_model('t')")
    site.assert_equal("t")


@pytest.mark.parametrize("killed", [False, True], ids=["running", "killed"])
def test_what_is_served_follows_the_changes_during_a_reload(site, killed):
    site.sql("INSERT INTO t SELECT i, -100 FROM generate_series(1, 40) i")
    site.assert_equal("t")
    before = site.status("t")["generation"]
    site.sql("SELECT daas.reload_model('t')")
    reason(site, "is being loaded (reload)")
    if killed:
        site.indexer.kill()
        site.indexer.start()
        reason(site, "is being loaded (reload)")
    site.sql("UPDATE t SET v = 7 WHERE id = 3; DELETE FROM t WHERE id = 4; INSERT INTO t VALUES (500, 5)")
    site.assert_equal("t")
    assert site.status("t")["generation"] == before, "the load was faster than the test"
    wait_for(lambda: site.status("t")["generation"] != before, 30, "the new generation is live")
    site.assert_equal("t")
