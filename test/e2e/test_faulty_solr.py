"""A Solr that refuses, resets, stalls, lies and comes back: the daemon repeats what it must, calmly, and nothing that
lands late does harm. The faults are those of harness/fault_proxy.py, in front of the real Solr."""
import re
import threading
from pathlib import Path

import pytest

from harness.fault_proxy import FaultProxy
from harness.site import until
from harness.waiting import wait_for

ROWS = 400
UPDATE = r"POST \S+/update\?wt=json&json\.nl=flat&versions=true$"
SEARCHER = r"softCommit=true"


@pytest.fixture(scope="module")
def proxy(solr):
    one = FaultProxy(solr.port)
    yield one
    one.close()


@pytest.fixture(scope="module")
def site(open_site, proxy):
    with open_site(solr=proxy.url, durable_interval="200ms", queue_bytes="1MB", log_level="info") as one:
        one.sql("CREATE TABLE t (id int PRIMARY KEY, v text, n int)")
        one.sql("CREATE TABLE other (id int PRIMARY KEY, v text)")
        one.sql("INSERT INTO t SELECT i, 'first', 0 FROM generate_series(1, %s) i", (ROWS,))
        one.create_model("t", "SELECT id, v, n FROM t")
        one.create_model("q", "SELECT id, upper(v) AS v FROM t WHERE n % 5 < 4")
        one.indexer.start()
        yield one


@pytest.fixture(autouse=True)
def healthy(site, proxy):
    """Each test begins with a Solr that is well and documents that are right, and must end so by itself."""
    for model in ("t", "q"):
        site.assert_equal(model)
        site.wait_for_state(model, "running")
    yield
    proxy.accept()
    proxy.clear()
    for model in ("t", "q"):
        site.assert_equal(model)


class Writer(threading.Thread):
    """Changes a few rows, again and again."""

    def __init__(self, site):
        super().__init__()
        self.site, self.ended, self.commits = site, threading.Event(), 0

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.join()

    def run(self):
        with self.site.connect() as connection:
            while not self.ended.wait(0.005):
                self.commits += 1
                connection.execute("UPDATE t SET n = n + 1, v = %s WHERE id %% 40 = %s",
                                   (f"c{self.commits}", self.commits % 40))
                connection.execute("DELETE FROM t WHERE id = %s", (self.commits % ROWS + 1,))
                connection.execute("INSERT INTO t VALUES (%s, 'again', 1)", (self.commits % ROWS + 1,))


FAULTS = [("reset_before", {}), ("reset_after", {}), ("status", {"status": 429}), ("status", {"status": 500}),
          ("status", {"status": 503}), ("truncated", {}), ("garbage", {}), ("garbled", {}), ("drip", {"seconds": 0.3}),
          ("stall", {"seconds": 0.3})]


@pytest.mark.parametrize("fault, options", FAULTS, ids=["-".join(map(str, [name, *options.values()]))
                                                        for name, options in FAULTS])
def test_streaming_and_a_load_survive(site, proxy, rng, fault, options):
    with Writer(site) as writer:
        with proxy.fault(fault, chance=0.6, rng=rng, **options) as rule:
            site.sql("SELECT daas.reload_model('t')")
            wait_for(lambda: rule.hits >= 12, 15, f"12 requests were hit by {fault}")
        before = writer.commits
        wait_for(lambda: writer.commits > before + 20, 15, "20 more commits")


def test_a_reset_of_every_connection_and_refused_ones_are_survived(site, proxy):
    with Writer(site) as writer:
        site.sql("SELECT daas.reload_model('q')")
        for _ in range(3):
            before = writer.commits
            proxy.refuse()
            wait_for(lambda: writer.commits > before + 20, 15, "20 commits while Solr refuses")
            proxy.accept()
            wait_for(lambda: writer.commits > before + 40, 15, "20 more commits")


@pytest.mark.parametrize("action", ["CREATEALIAS", "ALIASPROP", "DELETE&", "DELETEALIAS", "commit=true"])
def test_a_200_that_is_not_of_solr_is_not_believed(site, proxy, solr, action):
    site.create_model("passing", "SELECT id, v FROM t")
    site.wait_for_state("passing", "running")
    generation = site.status("passing")["generation"]
    with proxy.fault("garbage", rf"{action}.*passing|passing.*{action}", times=1) as rule:
        site.sql("SELECT daas.reload_model('passing')")
        wait_for(lambda: site.status("passing")["generation"] != generation, 15, "another generation is live")
        site.sql("SELECT daas.drop_model('passing')")
        wait_for(lambda: rule.hits == 1, 15, f"{action} was answered by something else")
    del site.queries["passing"]
    wait_for(lambda: not solr.collections(site.name + ".passing") and f"{site.name}.passing" not in solr.aliases(), 15,
             "nothing of the dropped model is left")


@pytest.mark.parametrize("killed", [False, True], ids=["of a live daemon", "of a killed daemon"])
def test_a_request_that_lands_after_newer_writes_changes_nothing(site, proxy, killed):
    with proxy.fault("late", UPDATE, times=2) as rule:
        site.sql("UPDATE t SET v = 'old', n = 4")
        site.sql("DELETE FROM t WHERE id <= 10")
        wait_for(lambda: rule.hits == 2, 10, "two updates are under way")
        if killed:
            site.indexer.kill()
    site.sql("UPDATE t SET v = 'new', n = 1 WHERE id > 5")
    site.sql("DELETE FROM t WHERE id BETWEEN 20 AND 30")
    site.sql("INSERT INTO t VALUES (3, 'born again', 1)")
    if killed:
        site.indexer.start(ready=False)
    site.assert_equal("t")
    site.assert_equal("q")
    rule.release()
    wait_for(lambda: rule.delivered == [200, 200] or None, 10, "Solr took the late updates")
    # Opens a searcher on whatever they did.
    site.sql("UPDATE t SET v = 'after all' WHERE id = 100")
    site.assert_equal("t")
    site.assert_equal("q")


@pytest.mark.parametrize("killed", [False, True], ids=["of a live daemon", "of a killed daemon"])
def test_a_commit_that_lands_in_the_middle_of_a_later_batch_shows_nothing_of_it(site, proxy, killed):
    with proxy.fault("late", rf"\.t\.g\d+/update\S+{SEARCHER}", times=1) as late:
        site.sql("UPDATE t SET v = 'before'")
        wait_for(lambda: late.hits == 1, 10, "a commit is under way")
        if killed:
            site.indexer.kill()
            site.indexer.start(ready=False)
        site.assert_equal("t")
    passed = threading.Event()
    proxy.rule("pass", rf"\.t\.g\d+/update\?wt=json&json\.nl=flat&versions=true$", times=1, on_answer=passed.set)
    held = proxy.rule("stall", rf"\.t\.g\d+/update\?wt=json&json\.nl=flat&versions=true$")
    site.sql("UPDATE t SET v = 'later'")
    wait_for(lambda: passed.is_set() and held.hits, 10, "half of a batch is in Solr")
    late.release()
    wait_for(lambda: late.delivered, 10, "Solr got the late commit")
    seen = {re.search(r'"v":"(\w+)"', document)[1] for document in site.documents("t").values()}
    proxy.clear()
    held.release()
    assert len(seen) == 1, f"{late.delivered}: {seen}"


def memory(site, name="VmHWM"):
    """kB of the daemon's process."""
    text = Path(f"/proc/{site.indexer.process.pid}/status").read_text()
    return int(re.search(rf"{name}:\s+(\d+)", text)[1])


def test_while_solr_is_away_the_daemon_is_calm_and_small_and_the_slot_holds_what_waits(site, proxy):
    before, lines = memory(site, "VmRSS"), site.indexer.log.read_text().count("\n")
    with proxy.fault("status", status=503) as rule:
        site.sql("UPDATE t SET v = 'waits'")
        first = site.value("SELECT pg_current_wal_insert_lsn()")
        for turn in range(4):  # far more than the queue of 1 MB
            site.sql("UPDATE t SET n = n + 1, v = repeat(%s, 4000)", (str(turn),))
        hits, going_on = rule.hits, until(2)
        wait_for(lambda: not going_on(), 10, "two seconds")
        assert rule.hits - hits < 30, "2 models, 2 lanes each, tried again with backoff: no busy loop"
        assert not site.is_confirmed(first), "nothing is confirmed that Solr has not got"
        assert memory(site) - before < 40_000, "kB more, whatever waits"
        said = site.indexer.log.read_text().count("\n") - lines
        assert said < 60, f"{said} lines of log"
    site.assert_equal("t")
    wait_for(lambda: site.is_confirmed(first), 15, "the slot moves on")
    site.sql("UPDATE t SET v = 'short'")


def test_a_generation_whose_making_a_crash_of_solr_cut_short_is_thrown_away(site, solr):
    site.indexer.kill()
    name = f"{site.name}.q.g4711"
    configset = solr.get("/admin/collections", action="CLUSTERSTATUS")["cluster"]["collections"]
    solr.get("/admin/collections", action="CREATE", name=name, numShards=1, createNodeSet="EMPTY",
             **{"collection.configName": configset[solr.aliases()[site.name + ".q"]]["configName"]})
    site.indexer.start()
    wait_for(lambda: name not in solr.collections(site.name), 10, "the collection without a core is gone")


@pytest.mark.parametrize("point, fault", [("action=CREATE&", "pass"), ("action=DELETE&", "reset_before")],
                         ids=["first load", "drop"])
def test_a_model_dropped_beside_a_killed_daemon_leaves_nothing(site, proxy, solr, point, fault):
    struck = threading.Event()

    def kill():
        site.indexer.kill()
        struck.set()
    with proxy.fault(fault, point, times=1, on_hit=kill):
        site.create_model("passing", "SELECT id, v FROM t")
        if "DELETE" in point:
            site.wait_for_state("passing", "running")
            site.sql("SELECT daas.drop_model('passing')")
        wait_for(struck.is_set, 15, f"the daemon is killed at {point}")
    # The collection was made for a daemon that was gone, or has lost its alias and not been deleted.
    site.sql("SELECT daas.drop_model('passing', if_exists => true)")
    site.indexer.start()
    site.assert_equal("t")
    wait_for(lambda: not solr.collections(site.name + ".passing"), 15, "nothing of the dropped model is left")
    wait_for(lambda: not site.value("SELECT count(*) FROM daas.collection WHERE model = 'passing'"), 5, "nor a note of it")


def test_a_solr_that_is_killed_between_accept_and_commit_gets_it_again(site, proxy, solr):
    """Commits during the replay of its log are answered 200 and ignored."""
    struck = threading.Event()

    def kill():
        solr.kill()
        struck.set()
    with Writer(site) as writer:
        with proxy.fault("pass", UPDATE, times=1, on_answer=kill):
            wait_for(struck.is_set, 10, "Solr is killed when it has accepted an update")
        before = writer.commits
        solr.start()
        wait_for(lambda: writer.commits > before + 50, 20, "50 more commits")
