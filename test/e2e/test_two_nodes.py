"""A SolrCloud of two nodes, every shard on both: one of them is killed."""
import threading

import pytest

from harness.solr import Solr
from harness.waiting import NotYet, wait_for


@pytest.fixture(scope="module")
def second(directory, solr):
    node = Solr(directory / "solr2", joins=solr)
    try:
        node.start()
        yield node
    finally:
        node.stop()


@pytest.fixture(scope="module")
def site(open_site, solr, second):
    # The node that is killed comes first.
    with open_site(solr=[second.url, solr.url], replicas=2, log_level="info") as one:
        one.sql("CREATE TABLE t (id int PRIMARY KEY, v text)")
        one.sql("INSERT INTO t SELECT i, 'first' FROM generate_series(1, 3000) i")
        one.create_model("t", "SELECT id, v FROM t")
        one.indexer.start()
        one.assert_equal("t")
        yield one


def let_lead(site, solr, node):
    """The other replica is removed and made again."""
    collection = solr.aliases()[site.name + ".t"]

    def leads():
        leading = [replica["base_url"] for replica in replicas(solr, collection) if replica.get("leader") == "true"]
        return leading == [node.url]
    if leads():
        return
    state = solr.get("/admin/collections", action="CLUSTERSTATUS", collection=collection)["cluster"]["collections"]
    shard, found = next(iter(state[collection]["shards"].items()))
    name, other = next(one for one in found["replicas"].items() if one[1]["base_url"] != node.url)
    solr.get("/admin/collections", action="DELETEREPLICA", collection=collection, shard=shard, replica=name)
    wait_for(leads, 20, f"{node.url} leads {collection}")
    solr.get("/admin/collections", action="ADDREPLICA", collection=collection, shard=shard, node=other["node_name"],
             waitForFinalState="true")
    site.assert_equal("t")


class Writer(threading.Thread):
    def __init__(self, site):
        super().__init__()
        self.site, self.ended, self.commits = site, threading.Event(), 0

    def run(self):
        with self.site.connect() as connection:
            while not self.ended.wait(0.01):
                self.commits += 1
                connection.execute("UPDATE t SET v = %s WHERE id %% 100 = %s", (f"c{self.commits}", self.commits % 100))

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.join()


def replicas(solr, collection):
    state = solr.get("/admin/collections", action="CLUSTERSTATUS", collection=collection)["cluster"]["collections"]
    return [replica for shard in state[collection]["shards"].values() for replica in shard["replicas"].values()]


def holds(solr, site):
    """Number of documents of each replica, asked one by one."""
    collection = solr.aliases()[site.name + ".t"]
    counts = []
    for replica in replicas(solr, collection):
        if replica["state"] != "active":
            raise NotYet(f"{replica['core']} is {replica['state']}")
        answer = solr.session.get(f"{replica['base_url']}/{replica['core']}/select", timeout=10,
                                  params={"q": "*:* -_deleted_:true", "rows": 0, "distrib": "false"})
        counts.append(answer.json()["response"]["numFound"])
    return counts


def test_a_node_that_is_killed_beside_writes_is_done_without_and_comes_back(site, solr, second):
    let_lead(site, solr, second)
    with Writer(site) as writer:
        wait_for(lambda: writer.commits > 20, 20, "20 commits")
        second.kill()
        before = writer.commits
        wait_for(lambda: writer.commits > before + 50, 20, "50 more commits")
    site.assert_equal("t")  # by the node that is left
    with Writer(site) as writer:
        second.start()
        wait_for(lambda: writer.commits > 50, 20, "50 more commits")
    site.assert_equal("t")
    wait_for(lambda: holds(solr, site) == [3000, 3000], 30, "both replicas hold every document")


def test_what_is_sent_to_a_leader_that_solr_believes_alive_is_not_lost(site, solr, second):
    """The other node forwards to it for as long as its session lasts, answers 200 when it leads itself, and has
    dropped all but the first document of the body on the way."""
    let_lead(site, solr, second)
    site.indexer.kill()
    second.kill()
    site.sql("UPDATE t SET v = 'while the leader is dead'")
    site.indexer.start()
    site.assert_equal("t")
    second.start()
    wait_for(lambda: holds(solr, site) == [3000, 3000], 30, "both replicas hold every document")


def test_a_load_whose_node_is_killed_is_made_again(site, solr, second):
    generation = site.status("t")["generation"]
    with Writer(site) as writer:
        site.sql("SELECT daas.reload_model('t')")
        wait_for(lambda: len(solr.collections(site.name + ".t")) == 2, 20, "the next generation is made", pause=0.005)
        second.kill()
        before = writer.commits
        wait_for(lambda: writer.commits > before + 50, 20, "50 more commits")
    # Solr itself may take a minute and more to give up a creation.
    wait_for(lambda: site.status("t")["generation"] not in (None, generation), 200, "the load is made again")
    site.assert_equal("t")
