"""Daemons beside each other: one indexes, others stand by and serve."""
import time
from contextlib import closing

import pytest

from harness.fault_proxy import FaultProxy
from harness.waiting import wait_for

UPDATE = r"POST \S+\.t\.g\d+/update\?wt=json&json\.nl=flat&versions=true$"


@pytest.mark.parametrize("capture", ["logical", "notify"])
def test_one_that_hangs_is_replaced_and_what_it_sent_changes_nothing_when_it_lands(open_site, solr, capture):
    with closing(FaultProxy(solr.port)) as proxy, open_site(solr=proxy.url) as site:
        site.sql("CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t SELECT i, 'a' FROM generate_series(1, 500) i")
        site.create_model("t", "SELECT id, v FROM t", options={"capture": capture})
        site.sql("SELECT daas.create_api('t', public => true)")
        # A name of one's own does not hide the sessions of the one that hangs.
        site.indexer.options["pg-replication"] += " application_name=mine"
        site.indexer.start()
        site.assert_equal("t")
        first, second = site.indexer, site.indexer.beside("second", solr=solr.url)
        second.start(ready=False)
        try:
            wait_for(lambda: "stands by" in second.readiness()[1], 20, "the second stands by")
            with proxy.fault("late", UPDATE, times=2) as late:
                site.sql("UPDATE t SET v = 'old'; DELETE FROM t WHERE id <= 10")
                wait_for(lambda: late.hits == 2, 10, "updates of the first are under way")
                with first.frozen():
                    began = time.monotonic()
                    site.indexer = second
                    site.wait_for_api("t", status=200)
                    second.wait_ready()
                    print(f"took over after {time.monotonic() - began:.1f} s")
                    site.sql("UPDATE t SET v = 'new'; INSERT INTO t VALUES (5, 'again')")
                    site.assert_equal("t")
            late.release()
            wait_for(lambda: late.delivered == [200, 200], 10, "Solr took the late updates")
            # The first one is awake again. It stands by, and writes nothing.
            wait_for(lambda: "stands by" in first.readiness()[1], 20, "the first stands by")
            site.sql("UPDATE t SET v = 'after all' WHERE id = 100")
            site.assert_equal("t")
            second.check()
        finally:
            first.end()


def test_two_that_serve_beside_one_that_indexes_read_each_others_writes(open_site):
    with open_site(role="index") as site:
        site.sql("CREATE TABLE t (id int PRIMARY KEY, v text)")
        site.create_model("t", "SELECT id, v FROM t")
        site.sql("SELECT daas.create_account('anna', 'secret');"
                 "SELECT daas.create_api('t', scope => '{}', writes => '{insert,update}')")
        site.indexer.start()
        indexer, servers = site.indexer, [site.indexer.beside(f"serve_{number}", role="serve") for number in range(2)]
        try:
            for server in servers:
                server.start()
                site.indexer = server
                site.wait_for_api("t", status=401)
            token = site.token("anna", "secret")
            for site.indexer in servers:
                site.wait_for_api("t", token=token)
            for number in range(10):
                site.indexer = servers[number % 2]
                written = site.write("POST", "t", token, {"id": number, "v": f"of {number}"})
                assert written.status_code == 201, written.text
                site.indexer = servers[1 - number % 2]
                seen = site.api("t", token, {"Daas-Min-Position": written.headers["Daas-Position"]}, id=f"eq.{number}")
                assert seen.json() == [{"id": number, "v": f"of {number}"}], (number, seen.text)
                # Nor does the next read, of whichever, show an earlier state.
                site.indexer = servers[number % 2]
                again = site.api("t", token, {"Daas-Min-Position": seen.headers["Daas-Position"]}, id=f"eq.{number}")
                assert again.json() == seen.json(), (number, again.status_code, again.text)
            # A session of PostgreSQL's own.
            site.sql("UPDATE t SET v = 'by SQL'")
            position = site.value("SELECT pg_current_wal_insert_lsn()")
            for site.indexer in servers:
                rows = site.api("t", token, {"Daas-Min-Position": position}).json()
                assert [row["v"] for row in rows] == ["by SQL"] * 10
        finally:
            site.indexer = indexer
            for server in servers:
                server.end()
