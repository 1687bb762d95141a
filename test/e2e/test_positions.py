"""Reads that say how fresh they are, and reads that wait for a position: one's own writes, and never back in time."""
import threading
import time

import pytest

from harness.waiting import NotYet, wait_for

BEYOND = "FFFFFFF/0"


@pytest.fixture(scope="module")
def site(open_site):
    with open_site(position_wait="3s") as one:
        one.sql("CREATE TABLE t (id int PRIMARY KEY, v int); INSERT INTO t SELECT i, 0 FROM generate_series(1, 20) i")
        one.create_model("t", "SELECT id, v FROM t")
        one.sql("SELECT daas.create_api('t', public => true)")
        one.indexer.start()
        one.assert_equal("t")
        one.wait_for_api("t")
        yield one


def number(position):
    high, low = position.split("/")
    return int(high, 16) << 32 | int(low, 16)


def position(answer):
    return number(answer.headers["Daas-Position"])


def read(site, after=None, url=None, **headers):
    if url:
        site.indexer.url, url = url, site.indexer.url
    try:
        return site.api("t", headers={"Daas-Min-Position": after, **headers} if after else headers, order="id")
    finally:
        if url:
            site.indexer.url = url


def insert_lsn(connection):
    return connection.execute("SELECT pg_current_wal_insert_lsn()::text").fetchone()[0]


def test_a_read_that_follows_a_write_shows_it(site):
    took = []
    with site.connect() as connection:
        for turn in range(1, 41):
            connection.execute("UPDATE t SET v = %s WHERE id = %s", (turn, turn % 20 + 1))
            after, began = insert_lsn(connection), time.monotonic()
            answer = read(site, after)
            took.append(time.monotonic() - began)
            assert answer.status_code == 200, answer.text
            assert {"id": turn % 20 + 1, "v": turn} in answer.json(), "the write is seen"
            assert position(answer) >= number(after)
    assert sorted(took)[len(took) // 2] < 0.5, took


def test_a_position_of_now_is_reached_though_nothing_is_written(site):
    for _ in range(3):
        with site.connect() as connection:
            after = insert_lsn(connection)
        answer = read(site, after)
        assert answer.status_code == 200 and position(answer) >= number(after), answer.text


def test_many_readers_wait_at_once_beside_a_writer(site):
    ended, errors = threading.Event(), []

    def follow():
        try:
            with site.connect() as connection:
                for _ in range(10):
                    value = connection.execute("UPDATE t SET v = v + 1 WHERE id = 7 RETURNING v").fetchone()[0]
                    answer = read(site, insert_lsn(connection))
                    seen = next(row["v"] for row in answer.json() if row["id"] == 7)
                    if seen < value:
                        errors.append((seen, value))
        except Exception as error:  # pylint: disable=broad-except
            errors.append(error)
    threads = [threading.Thread(target=follow) for _ in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ended.set()
    assert not errors, errors[:3]


def test_positions_of_answers_never_lie_and_chain(site):
    """Who passes on the position of its last answer never sees an older state, nor one that its position does not hold."""
    last, waited = "0/0", []
    with site.connect() as connection:
        for turn in range(30):
            if turn % 3:
                connection.execute("UPDATE t SET v = v + 1")
            began = time.monotonic()
            answer = read(site, last)
            waited.append(time.monotonic() - began)
            assert answer.status_code == 200, answer.text
            assert position(answer) >= number(last), turn
            last = answer.headers["Daas-Position"]
    assert sorted(waited)[15] < 0.05, "what was seen is not waited for"


def test_a_position_that_never_comes_is_504_at_its_deadline(site):
    began = time.monotonic()
    answer = read(site, BEYOND, Prefer="wait=1")
    assert (answer.status_code, answer.json()["code"]) == (504, "PGRST003"), answer.text
    assert 0.9 < time.monotonic() - began < 2.5
    assert read(site, BEYOND).status_code == 504
    assert read(site).status_code == 200


def test_a_wish_for_the_impossible_keeps_nobody_busy(site):
    def openings():
        return site.indexer.log.read_text().count("opens a searcher")
    before = openings()
    read(site, BEYOND, Prefer="wait=2")
    assert openings() - before < 12
    with site.connect() as connection:
        after = insert_lsn(connection)
    assert read(site, after).status_code == 200


@pytest.mark.parametrize("text", ["x", "1", "1/", "/1", "1/2/3", "-1/0", "100000000/0", "1/100000000"])
def test_what_is_no_position_is_400(site, text):
    answer = read(site, text)
    assert (answer.status_code, answer.json()["code"]) == (400, "22P02"), answer.text


def test_a_reload_and_a_restart_lose_no_position(site):
    site.sql("UPDATE t SET v = 1000 WHERE id = 1")
    with site.connect() as connection:
        after = insert_lsn(connection)
    generation = site.status("t")["generation"]
    site.sql("SELECT daas.reload_model('t')")
    wait_for(lambda: site.status("t")["generation"] not in (None, generation), 30, "the reload is done")
    answer = read(site, after)
    assert answer.status_code == 200 and answer.json()[0]["v"] == 1000 and position(answer) >= number(after)
    site.indexer.kill()
    site.sql("UPDATE t SET v = 1001 WHERE id = 1")
    with site.connect() as connection:
        after = insert_lsn(connection)
    site.indexer.start()
    site.wait_for_api("t")

    def caught_up():
        answer = read(site, after)
        if answer.status_code != 200:
            raise NotYet(answer.text)
        return answer
    assert wait_for(caught_up, 30, "the write is visible").json()[0]["v"] == 1001


def test_a_second_process_that_only_serves_waits_as_well(site):
    """It shares no memory with the indexer."""
    serving = site.indexer.beside("serve", role="serve")
    serving.start()
    try:
        with site.connect() as connection:
            for turn in range(2000, 2010):
                connection.execute("UPDATE t SET v = %s WHERE id = 3", (turn,))
                answer = read(site, insert_lsn(connection), url=serving.url)
                assert answer.status_code == 200 and {"id": 3, "v": turn} in answer.json(), answer.text
    finally:
        serving.end()
