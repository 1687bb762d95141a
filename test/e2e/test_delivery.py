"""The promise: whatever is written and whatever is killed, every document equals its row."""
import threading

import psycopg
import pytest

from harness.solr import SolrError
from harness.waiting import NotYet, wait_for

TABLE = """
CREATE TABLE item (
  id bigint PRIMARY KEY, shop int NOT NULL, name text, price numeric(12,3), weight double precision, sold boolean,
  changed timestamptz, extra jsonb, tags text[])
"""
ROW = """
SELECT i, i %% 7, 'name "' || i || E'"\\n\\\\ ü', i * 1.005, i / 3.0::float8, i %% 2 = 0,
       timestamptz '2024-02-29 12:00:00.000001+00' + i * interval '1 second', jsonb_build_object('i', i, 'n', null),
       ARRAY['a', i::text, NULL]
"""
PROJECTION = "SELECT id, shop, name, price, weight, sold, changed, extra FROM item"
QUERY = """SELECT id, upper(name) AS name, price * 2 AS double_price, tags, shop
             FROM item WHERE sold OR shop < 3"""


def fill(site, rows):
    site.sql(TABLE)
    site.sql(f"INSERT INTO item {ROW} FROM generate_series(1, %s) i", (rows,))


def change(connection, rng, ids):
    """One random transaction over ids, which no other writer uses."""
    i = rng.choice(ids)
    with connection.transaction():
        for _ in range(rng.choice([1, 1, 1, 2, 5])):
            match rng.randrange(8):
                case 0 | 1:
                    connection.execute(f"INSERT INTO item {ROW} FROM generate_series(%s::int, %s) i"
                                       " ON CONFLICT (id) DO UPDATE SET name = 'again'", (i, i))
                case 2 | 3 | 4:
                    connection.execute("UPDATE item SET name = %s, price = price + 0.001, sold = NOT sold,"
                                       " weight = weight / 3 WHERE id = %s", (f"n{rng.random()}", i))
                case 5:
                    connection.execute("DELETE FROM item WHERE id = %s", (i,))
                case 6:  # the key itself; a key that is taken is left alone
                    connection.execute("UPDATE item SET id = %s WHERE id = %s"
                                       " AND NOT EXISTS (SELECT FROM item WHERE id = %s)",
                                       (i := rng.choice(ids), rng.choice(ids), i))
                case 7:
                    connection.execute("UPDATE item SET shop = %s, tags = array_append(tags, 'x') WHERE id = %s",
                                       (rng.randrange(9), i))
            i = rng.choice(ids)
        if rng.random() < 0.1:
            raise psycopg.Rollback()


class Writers:
    """Random transactions on several connections, from start to stop."""

    def __init__(self, site, rng, count=4):
        self.errors, self.transactions = [], 0
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(site, type(rng)(rng.random()), number, count))
                         for number in range(count)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        for thread in self._threads:
            thread.join()
        assert not self.errors, self.errors

    def _run(self, site, rng, number, count):
        ids = list(range(number + 1, 4000, count))
        try:
            with site.connect() as connection:
                # With a pause: writers that take both cores would test the scheduler.
                while not self._stop.wait(0.01):
                    change(connection, rng, ids)
                    self.transactions += 1
        except Exception as error:  # pylint: disable=broad-except
            self.errors.append(error)

    def wait_for(self, more):
        goal = self.transactions + more
        wait_for(lambda: self.errors or self.transactions >= goal, 30, f"{more} more transactions")


def test_documents_equal_their_rows_after_a_load_beside_four_writers_and_random_changes(site, rng):
    fill(site, 8000)
    with Writers(site, rng) as writers:
        writers.wait_for(100)
        site.create_model("item", PROJECTION)
        site.create_model("item_query", QUERY)
        loaded = site.wait_for_state("item", "running")["generation"]
        site.wait_for_state("item_query", "running")
        writers.wait_for(500)
    site.assert_equal("item")
    site.assert_equal("item_query")
    assert site.status("item")["generation"] == loaded, "streamed, not loaded anew"

    with Writers(site, rng) as writers:
        writers.wait_for(200)
        site.sql("TRUNCATE item")
        writers.wait_for(500)
        site.sql("BEGIN; TRUNCATE item; INSERT INTO item (id, shop) VALUES (5000, 1), (5001, 2); COMMIT")
        writers.wait_for(300)
    site.assert_equal("item")
    site.assert_equal("item_query")


@pytest.mark.parametrize("how", ["kill", "stop"])
def test_an_indexer_that_ends_in_a_load_and_in_streaming_goes_on_by_itself(site, rng, how):
    fill(site, 30000)
    end = getattr(site.indexer, how)
    with Writers(site, rng, 2) as writers:
        site.create_model("item", PROJECTION)
        site.create_model("item_query", QUERY)
        wait_for(lambda: site.value("SELECT loaded > 0 FROM daas.progress WHERE model = 'item'")
                 if site.value("SELECT count(*) FROM daas.progress WHERE model = 'item'") else None,
                 20, "the load of item has sent documents", pause=0.005)
        end()
        writers.wait_for(50)
        site.indexer.start()
        site.wait_for_state("item", "running")
        site.wait_for_state("item_query", "running")
        generation = site.status("item")["generation"]
        for _ in range(3):
            writers.wait_for(100)
            end()
            writers.wait_for(50)
            site.indexer.start(ready=False)
    site.assert_equal("item")
    site.assert_equal("item_query")
    assert site.status("item")["generation"] == generation, "a restart in streaming needs no new load"


def test_postgresql_that_is_killed_costs_nothing_but_time(site, rng, postgres):
    fill(site, 5000)
    site.create_model("item", PROJECTION)
    site.create_model("item_query", QUERY)
    site.assert_equal("item")
    with Writers(site, rng, 2) as writers:
        writers.wait_for(200)
    site.disconnect()
    postgres.kill()
    try:
        wait_for(lambda: site.indexer.readiness()[0] == 503, 10, "/readyz says that PostgreSQL is gone")
    finally:
        postgres.start()
    with Writers(site, rng, 2) as writers:
        writers.wait_for(200)
    site.assert_equal("item")
    site.assert_equal("item_query")


def test_a_reader_never_sees_half_a_transaction(site, solr):
    site.sql("CREATE TABLE purse (id int PRIMARY KEY, coins int NOT NULL)")
    site.sql("INSERT INTO purse SELECT i, 100 FROM generate_series(1, 40) i")
    site.create_model("purse", "SELECT id, coins FROM purse")
    site.assert_equal("purse")
    sums, stop = [], threading.Event()

    def read():
        while not stop.is_set():
            answer = solr.get(f"/{site.name}.purse/select", q="*:* -_deleted_:true", rows=0,
                              **{"json.facet": '{"coins":"sum(c_coins_l)"}'})
            sums.append((answer["response"]["numFound"], int(answer["facets"]["coins"])))

    def pay(number):
        with site.connect() as connection:
            turn = 0
            while turn < 100 or len(sums) < 40:
                turn += 1
                payer, payee = (turn * 7 + number) % 40 + 1, (turn * 11 + 3 * number + 1) % 40 + 1
                first, second = sorted([(payer, -1), (payee, 1)])
                with connection.transaction():
                    for purse, coins in (first, second):
                        connection.execute("UPDATE purse SET coins = coins + %s WHERE id = %s", (coins, purse))

    reader = threading.Thread(target=read)
    payers = [threading.Thread(target=pay, args=(number,)) for number in range(4)]
    for thread in [reader, *payers]:
        thread.start()
    for thread in payers:
        thread.join()
    stop.set()
    reader.join()
    site.assert_equal("purse")
    assert set(sums) == {(40, 4000)}


def test_a_solr_that_restarts_within_a_batch_is_not_read_before_it_is_whole(site, solr):
    """A killed Solr opens its searchers by itself, on whatever had come."""
    site.sql("CREATE TABLE coin (id int PRIMARY KEY, side text); INSERT INTO coin SELECT i, 'heads' FROM generate_series(1, 10000) i")
    site.create_model("coin", "SELECT id, side FROM coin")
    site.sql("SELECT daas.create_api('coin', public => true)")
    site.assert_equal("coin")
    site.wait_for_api("coin", limit=1)
    collection = solr.aliases()[f"{site.name}.coin"]
    site.sql("UPDATE coin SET side = 'tails'")
    # Real-time get: before any searcher shows it.
    wait_for(lambda: any('"tails"' in document["_doc_"] for document in
                         solr.get(f"/{collection}/get", ids="1,2,3,4,5,6,7,8", fl="_doc_")["response"]["docs"]),
             30, "some of the batch is in Solr")
    site.indexer.kill()
    solr.kill()
    solr.start()

    def sides():
        # Of one searcher: one request.
        try:
            facets = solr.get(f"/{collection}/select", q="*:* -_deleted_:true", rows=0,
                              **{"json.facet": "{side: {type: terms, field: c_side_s}}"})["facets"]
        except SolrError as error:
            raise NotYet(error) from None
        return {bucket["val"]: bucket["count"] for bucket in facets.get("side", {}).get("buckets", [])}
    # The daemon may have come through before it was killed; then there is nothing to hide.
    torn = len(wait_for(lambda: sum(sides().values()) == 10000 and sides(), 60, "Solr has replayed its log")) > 1
    site.indexer.options["role"] = "serve"
    site.indexer.start(ready=False)
    try:
        answer = wait_for(lambda: (got := site.api("coin", limit=1)).status_code != 404 and got, 20, "the API is known")
        assert answer.status_code == (503 if torn else 200), answer.text
        assert not torn or "in the middle of a batch" in answer.json()["message"]
    finally:
        site.indexer.stop()
        del site.indexer.options["role"]
    site.indexer.start()
    site.wait_for_api("coin", limit=1)
    assert site.api("coin", side="eq.heads", limit=1).json() == []
    site.assert_equal("coin")
