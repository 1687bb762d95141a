"""What others do to Solr behind the daemon's back: it sees it, also when nothing changes, and puts it right, or says what to run."""
import threading

import pytest
import requests

from harness.postgres import ROOT
from harness.waiting import NotYet, wait_for


@pytest.fixture(scope="module")
def site(open_site):
    with open_site() as one:
        one.sql("CREATE TABLE t (id int PRIMARY KEY, v int); INSERT INTO t SELECT i, i FROM generate_series(1, 50) i")
        # Declared IMMUTABLE, as a user may: it makes a load last.
        one.sql("CREATE FUNCTION slow(v int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS"
                " $$ BEGIN IF v < 0 THEN PERFORM FROM pg_sleep(-v / 1000.0); END IF; RETURN v; END $$")
        one.create_model("t", "SELECT id, slow(v) AS v FROM t")
        one.sql("SELECT daas.create_api('t', public => true)")
        one.indexer.start()
        one.assert_equal("t")
        one.wait_for_api("t")
        yield one


@pytest.fixture(autouse=True)
def healed(site):
    """Whatever was done: afterwards the model follows its table, in a namespace that holds nothing else."""
    yield
    if not site.indexer.runs():
        site.indexer.start()
    site.sql("UPDATE t SET v = abs(v) + 1 WHERE id < 9")
    site.assert_equal("t")

    def whole():
        live, status = collection(site), site.status("t")
        seen = site.solr.aliases().get(f"{site.name}.t"), site.solr.collections(site.name), status["state"], status["reason"]
        if seen != (live, [live], "running", None):
            raise NotYet(seen)
        return True
    wait_for(whole, 20, "alias and one collection, and nothing is wrong")


def collection(site):
    rows = site.sql("SELECT collection FROM daas.generation WHERE live")
    return rows[0][0] if rows else None


def replaced(site, before, deadline=30):
    wait_for(lambda: collection(site) not in (None, before), deadline, f"a generation after {before} is live")


def alter(site, action, name, **parameters):
    site.solr.get("/admin/collections", action=action, name=name, **parameters)


def delete_live(site):
    alter(site, "DELETEALIAS", f"{site.name}.t")
    alter(site, "DELETE", collection(site))


class Reader:
    """Reads the API over and over: what it is told."""

    def __init__(self, site):
        self.answers, self._stop = set(), threading.Event()
        self._thread = threading.Thread(target=self._run, args=(site,))

    def __enter__(self):
        self._thread.start()
        wait_for(lambda: self.answers, 10, "the first answer")
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()

    def _run(self, site):
        while not self._stop.wait(0.02):
            try:
                answer = site.api("t")
            except requests.ConnectionError:  # the daemon is away
                continue
            self.answers.add((200, len(answer.json())) if answer.status_code == 200 else
                             (answer.status_code, bool(answer.json().get("message"))))


@pytest.fixture(params=["running", "away"])
def while_it(request, site):
    """Calls what tampers, while the daemon runs or is away."""
    def call(tamper):
        if request.param == "away":
            site.indexer.stop()
        tamper()
        if request.param == "away":
            site.indexer.start()
    return call


def other_collection(site):
    live = collection(site)
    configset = site.solr.get("/admin/collections", action="CLUSTERSTATUS", collection=live)["cluster"]["collections"][live]["configName"]
    name = f"other_{site.name}"
    alter(site, "CREATE", name, numShards=1, **{"collection.configName": configset, "waitForFinalState": "true"})
    return name


def test_an_alias_that_is_deleted_or_redirected_comes_back_and_nothing_is_loaded(site, while_it):
    live, alias = collection(site), f"{site.name}.t"

    def points_back():
        wait_for(lambda: site.solr.aliases().get(alias) == live, 15, f"{alias} points at {live} again")
        assert collection(site) == live
    while_it(lambda: alter(site, "DELETEALIAS", alias))
    points_back()
    other = other_collection(site)
    try:
        while_it(lambda: alter(site, "CREATEALIAS", alias, collections=other))
        points_back()

        def by_hand():
            alter(site, "DELETEALIAS", alias)
            alter(site, "CREATEALIAS", alias, collections=other)
        while_it(by_hand)
        points_back()
    finally:
        alter(site, "DELETE", other)


def test_a_live_collection_that_is_deleted_is_loaded_anew_and_readers_are_refused_meanwhile(site, while_it):
    before = collection(site)
    site.sql("UPDATE t SET v = -20 WHERE id <= 50")  # the load takes a second
    site.assert_equal("t")
    with Reader(site) as reader:
        while_it(lambda: delete_live(site))
        replaced(site, before)
        site.wait_for_api("t")
    assert reader.answers == {(200, 50), (503, True)}, "never 200 with nothing"


def test_a_collection_whose_disk_was_lost_is_loaded_anew_and_readers_are_refused_meanwhile(site, while_it):
    before = collection(site)
    site.sql("UPDATE t SET v = -20 WHERE id <= 50")
    site.assert_equal("t")
    wait_for(lambda: site.value("SELECT durable_version FROM daas.collection WHERE name = %s", (before,)), 10, "a hard commit")

    def lose_disk():
        state = site.solr.get("/admin/collections", action="CLUSTERSTATUS", collection=before)["cluster"]["collections"][before]
        replica, = state["shards"]["shard1"]["replicas"]
        alter(site, "DELETEREPLICA", None, collection=before, shard="shard1", replica=replica)
        alter(site, "ADDREPLICA", None, collection=before, shard="shard1", waitForFinalState="true")
    with Reader(site) as reader:
        while_it(lose_disk)
        replaced(site, before)
        site.wait_for_api("t")
    # A core that is empty shows that for as long as it takes to see it, if the daemon runs at all.
    assert {(200, 50), (503, True)} <= reader.answers <= {(200, 50), (200, 0), (503, True), (504, True)}, reader.answers


def test_a_collection_that_is_deleted_under_writes_costs_nothing_but_time(site):
    stop, errors = threading.Event(), []

    def write():
        try:
            with site.connect() as connection:
                turn = 0
                while not stop.wait(0.01):
                    turn += 1
                    connection.execute("UPDATE t SET v = v + 1 WHERE id = %s", (turn % 50 + 1,))
        except Exception as error:  # pylint: disable=broad-except
            errors.append(error)
    before = collection(site)
    writer = threading.Thread(target=write)
    writer.start()
    try:
        delete_live(site)
        replaced(site, before)
    finally:
        stop.set()
        writer.join()
    assert not errors
    site.assert_equal("t")


def test_a_collection_that_is_deleted_while_it_is_loaded_is_loaded_again(site):
    site.sql("UPDATE t SET v = -40 WHERE id <= 50")
    site.assert_equal("t")
    before = collection(site)
    site.sql("SELECT daas.reload_model('t')")

    def loading():
        there = [name for name in site.solr.collections(site.name) if name != before]
        if not there or "is being loaded" not in (site.status("t")["reason"] or ""):
            raise NotYet(site.status("t"))
        return there[0]
    alter(site, "DELETE", wait_for(loading, 20, "a load runs"))
    replaced(site, before, 40)


def test_a_generation_of_a_model_that_is_not_is_removed_and_nothing_else(site):
    """As of a creation that lands after its model was dropped."""
    live = collection(site)
    configset = site.solr.get("/admin/collections", action="CLUSTERSTATUS", collection=live)["cluster"]["collections"][live]["configName"]
    names = [f"{site.name}.ghost.g7", f"{site.name}.ghost.x7", f"{site.name}_2.ghost.g7"]
    for name in names:
        alter(site, "CREATE", name, numShards=1, **{"collection.configName": configset})
    try:
        wait_for(lambda: names[0] not in site.solr.collections(site.name), 20, f"{names[0]} is removed")
        there = site.solr.get("/admin/collections", action="LIST")["collections"]
        assert {live, *names[1:]} <= set(there)
    finally:
        for name in names[1:]:
            alter(site, "DELETE", name)


def test_everything_that_is_deleted_with_its_configset_is_made_again(site):
    live = collection(site)
    state = site.solr.get("/admin/collections", action="CLUSTERSTATUS", collection=live)
    delete_live(site)
    # As long as a collection uses it, Solr refuses.
    site.solr.get("/admin/configs", action="DELETE", name=state["cluster"]["collections"][live]["configName"])
    replaced(site, live)


def test_the_mark_of_the_namespace_that_is_deleted_or_spoilt_comes_back(site):
    mark = f"ext.daas.{site.name}"

    def there():
        return site.solr.get("/admin/collections", action="CLUSTERSTATUS")["cluster"]["properties"].get(mark, "")
    for value in ({}, {"val": "nonsense"}):
        alter(site, "CLUSTERPROP", mark, **value)
        wait_for(lambda: '"owner"' in there(), 15, "the mark is there again")
    assert site.indexer.readiness()[0] == 200


def test_a_configset_that_is_changed_is_said_and_undone_when_an_operator_adopts(site):
    live = collection(site)
    configset = site.solr.get("/admin/collections", action="CLUSTERSTATUS", collection=live)["cluster"]["collections"][live]["configName"]
    schema = (ROOT / "solr/configset/managed-schema.xml").read_text()
    site.solr.upload(configset, "managed-schema.xml", schema.replace("</schema>", '<field name="c_other_s" type="plong"/></schema>'))

    def said():
        status = site.status("t")
        if "managed-schema.xml" not in (status["reason"] or ""):
            raise NotYet(status)
        return status
    status = wait_for(said, 20, "daas.status() says so")
    assert status["state"] == "running" and "--adopt" in status["reason"], status
    site.indexer.stop()
    site.indexer.options["adopt"] = "true"
    site.indexer.start()
    site.indexer.options.pop("adopt")
    replaced(site, live)


def test_a_second_database_with_the_same_namespace_is_refused_until_it_adopts(site, open_site):
    live = collection(site)
    with open_site() as other:
        other.sql("CREATE TABLE u (id int PRIMARY KEY)")
        other.create_model("u", "SELECT * FROM u")
        other.indexer.options["solr-namespace"] = site.name
        other.indexer.start(ready=False)

        def refused(one):
            one.indexer.check()
            status = one.status("u" if one is other else "t")
            if "belongs to the database" not in (status["reason"] or ""):
                raise NotYet(status)
            assert "--solr-namespace" in status["hint"] and "--adopt" in status["hint"], status
            return one.indexer.readiness()[0] == 503
        wait_for(lambda: refused(other), 40, "the second is refused")
        assert collection(site) == live and site.indexer.readiness()[0] == 200
        site.sql("UPDATE t SET v = 7 WHERE id = 7")
        site.assert_equal("t")
        assert other.value("SELECT count(*) FROM pg_replication_slots WHERE database = current_database()") == 0
        other.indexer.stop()
        other.indexer.options["adopt"] = "true"
        other.indexer.start()
        wait_for(lambda: refused(site), 40, "the first is refused, once the second has taken over")
        other.sql("SELECT daas.drop_model('u')")
        wait_for(lambda: not site.solr.collections(f"{site.name}.u"), 10, "the second leaves nothing")
        other.indexer.stop()
        other.indexer.options["solr-namespace"] = other.name
        other.indexer.options.pop("adopt")
    site.indexer.stop()
    site.indexer.options["adopt"] = "true"
    site.indexer.start()
    site.indexer.stop()
    site.indexer.options.pop("adopt")
    site.indexer.start()
    site.wait_for_state("t", "running")
