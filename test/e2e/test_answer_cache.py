"""Answers that are given again: without Solr, never past a commit, never to another scope."""
import time

import pytest

from harness.waiting import NotYet, wait_for


@pytest.fixture(scope="module")
def site(open_site):
    # A term that no test outlives: what ends an answer here is a commit, nothing else.
    with open_site(cache_term="10min") as one:
        _define(one)
        yield one


def _define(site):
    site.sql("CREATE TABLE t (id int PRIMARY KEY, v int, grp int); INSERT INTO t SELECT i, 0, i % 2 FROM generate_series(1, 20) i")
    site.create_model("t", "SELECT * FROM t")
    site.sql("SELECT daas.create_api('t', public => true)")
    site.sql("SELECT daas.create_api('scoped', 't', scope => '{\"grp\": \"groups\"}')")
    for group in (0, 1):
        site.sql("SELECT daas.create_account(%s, 'secret', claims => jsonb_build_object('groups', ARRAY[%s]))", (f"g{group}", group))
    site.indexer.start()
    site.assert_equal("t")
    site.wait_for_api("t")


def searches(site):
    """That the readers' handler has answered since the collection was made."""
    metrics = site.solr.get("/admin/metrics", group="core", prefix="QUERY./daas.requests")["metrics"]
    return sum(core["QUERY./daas.requests"] for name, core in metrics.items() if name.startswith(f"solr.core.{site.name}."))


def settled(site):
    """Returns when nothing but the tests' requests searches any more."""
    last = [searches(site)]

    def same():
        now, last[0] = last[0], searches(site)
        if now != last[0]:
            raise NotYet(f"{last[0]} searches")
        return now
    return wait_for(same, 10, "no search is under way", pause=0.05)


def test_what_was_asked_before_costs_solr_nothing(site):
    first = site.api("t", order="id")
    before = settled(site)
    again = [site.api("t", order="id") for _ in range(20)]
    assert searches(site) == before
    assert all(one.content == first.content and one.headers["Daas-Position"] == first.headers["Daas-Position"] for one in again)
    assert site.api("t", order="id.desc").json() == first.json()[::-1]
    assert searches(site) == before + 1


def test_formats_counts_and_columns_are_answers_of_their_own(site):
    assert site.api("t", order="id", limit=1).json() == [{"id": 1, "v": 0, "grp": 1}]
    assert site.api("t", order="id", limit=1, select="n:id").json() == [{"n": 1}]
    assert site.api("t", order="id", limit=1, select="id").json() == [{"id": 1}]
    assert site.api("t", order="id", limit=1, select="id::text").json() == [{"id": "1"}]
    assert site.api("t", order="id", limit=1, select="id", headers={"Accept": "text/csv"}).text == "id\n1"
    assert site.api("t", order="id", limit=1, select="id", headers={"Prefer": "count=exact"}).headers["Content-Range"] == "0-0/20"
    assert site.api("t", order="id", limit=1, select="id").headers["Content-Range"] == "0-0/*"


def test_each_scope_has_its_own(site):
    for _ in range(2):
        for group in (0, 1):
            answer = site.api("scoped", site.token(f"g{group}", "secret"), select="grp")
            assert answer.json() == [{"grp": group}] * 10
        assert site.api("scoped").status_code == 401


def test_whoever_asks_for_a_later_position_is_searched_for_and_all_others_see_what_was_found(site):
    assert site.api("t", id="eq.1").json()[0]["v"] == 0
    site.sql("UPDATE t SET v = 1 WHERE id = 1")
    after = site.value("SELECT pg_current_wal_insert_lsn()::text")
    fresh = site.api("t", id="eq.1", headers={"Daas-Min-Position": after})
    assert fresh.json()[0]["v"] == 1
    assert site.api("t", id="eq.1").json()[0]["v"] == 1
    before = settled(site)
    assert site.api("t", id="eq.1", headers={"Daas-Min-Position": after}).json()[0]["v"] == 1
    assert searches(site) == before, "the answer that is kept is late enough"


def test_an_etag_is_checked_without_solr(site):
    tag = site.api("t", order="id", limit=7).headers["ETag"]
    before = settled(site)
    assert site.api("t", order="id", limit=7, headers={"If-None-Match": tag}).status_code == 304
    assert searches(site) == before


def test_a_new_definition_is_not_answered_with_the_old_ones_rows(site):
    assert site.api("t", limit=1, order="id").json() == [{"id": 1, "v": 1, "grp": 1}]
    site.sql("SELECT daas.create_api('t', fields => '{id}', public => true, or_replace => true)")

    def narrowed():
        answer = site.api("t", limit=1, order="id").json()
        if answer != [{"id": 1}]:
            raise NotYet(answer)
        return True
    wait_for(narrowed, 10, "the API has one column")
    site.sql("SELECT daas.create_api('t', public => true, or_replace => true)")
    wait_for(lambda: len(site.api("t", limit=1).json()[0]) == 3, 10, "the API has its columns again")


def test_with_the_default_term_a_hot_answer_follows_each_commit(open_site):
    with open_site() as site:
        _define(site)
        for turn in range(1, 31):
            site.sql("UPDATE t SET v = %s WHERE id = 1", (turn,))
            began = time.monotonic()

            def seen(turn=turn):
                value = site.api("t", id="eq.1").json()[0]["v"]
                assert value in (turn - 1, turn), f"{value} after {turn}"
                if value != turn:
                    raise NotYet(value)
                return True
            wait_for(seen, 10, f"commit {turn} is seen", pause=0)
            assert time.monotonic() - began < 5
