"""Answers of any size as a stream of lines: whole, in order, in flat memory, and cut when they can't be whole."""
import json
import re
import threading
from pathlib import Path

import pytest
import requests

ROWS = 12_000
LINES = {"Accept": "application/x-ndjson"}


@pytest.fixture(scope="module")
def site(open_site):
    with open_site(search_connections=2) as one:
        one.sql(f"""CREATE TABLE t (id int PRIMARY KEY, v int NOT NULL, grp int, filler text);
                    INSERT INTO t SELECT i, 0, i % 3, repeat(md5(i::text), 80) FROM generate_series(1, {ROWS}) i""")
        one.create_model("t", "SELECT * FROM t")
        for path in ("t", "going"):
            one.sql("SELECT daas.create_api(%s, 't', public => true)", (path,))
        one.sql("SELECT daas.create_api('scoped', 't', scope => '{\"grp\": \"groups\"}')")
        one.sql("SELECT daas.create_account('one', 'secret', claims => '{\"groups\": [1]}')")
        one.indexer.start()
        one.wait_for_state("t", "running")
        for path in ("t", "going"):
            one.wait_for_api(path, limit=1)
        yield one


def stream(site, path="t", headers=None, **parameters):
    return requests.get(f"{site.indexer.url}/{path}", params=parameters, headers=LINES | (headers or {}), stream=True, timeout=30)


def rows(answer):
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.iter_lines(chunk_size=1 << 16)]


def peak(site):
    status = Path(f"/proc/{site.indexer.process.pid}/status").read_text(encoding="ascii")
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) // 1024


def test_every_row_comes_once_in_order_and_memory_stays_flat(site):
    for _ in range(6):
        rows(stream(site, limit=3000, order="grp.desc,id"))  # what a few pages take, on each of the threads
    before = peak(site)
    answer = stream(site, order="grp.desc,id")
    assert answer.headers["Transfer-Encoding"] == "chunked" and "Content-Range" not in answer.headers and "ETag" not in answer.headers
    seen = [row["id"] for row in rows(answer)]
    assert seen == [row[0] for row in site.sql("SELECT id FROM t ORDER BY grp DESC, id")]
    assert peak(site) - before < 10, "30 MB of rows, one page in memory at a time"


def test_a_limit_beyond_a_page_is_kept(site):
    answer = stream(site, order="id", limit=2500, select="id")
    assert [row["id"] for row in rows(answer)] == list(range(1, 2501))


def test_a_compressed_stream_is_the_same(site):
    plain = stream(site, headers={"Accept-Encoding": "identity"}, order="id", limit=5000)
    packed = stream(site, headers={"Accept-Encoding": "gzip"}, order="id", limit=5000)
    assert packed.headers["Content-Encoding"] == "gzip" and "Content-Encoding" not in plain.headers
    assert rows(packed) == rows(plain)


def test_a_stream_stays_in_its_scope(site):
    seen = rows(stream(site, "scoped", headers={"Authorization": "Bearer " + site.token("one", "secret")}, select="id,grp"))
    assert len(seen) == ROWS // 3 and {row["grp"] for row in seen} == {1}


def test_the_count_comes_with_the_stream(site):
    answer = stream(site, headers={"Prefer": "count=exact"}, select="id")
    assert answer.headers["Content-Range"] == f"*/{ROWS}" and len(rows(answer)) == ROWS


def test_a_head_has_no_stream(site):
    answer = site.api("t", headers=LINES, method="HEAD")
    assert answer.status_code == 200 and answer.content == b""


def test_an_offset_is_refused_with_what_to_do(site):
    answer = site.api("t", headers=LINES, offset=5)
    assert answer.status_code == 400 and "limit=" in answer.json()["hint"]
    assert [row["id"] for row in rows(stream(site, order="id", offset=5, limit=3))] == [6, 7, 8]


def test_rows_are_neither_skipped_nor_repeated_beside_writes(site):
    stop = threading.Event()

    def write():
        with site.connect() as connection:
            turn = 0
            while not stop.is_set():
                turn += 1
                # Rows around the borders of pages come, change and go.
                connection.execute("UPDATE t SET v = v + 1 WHERE id %% 1000 BETWEEN 0 AND 3 AND id <= %s", (ROWS,))
                connection.execute("INSERT INTO t SELECT %s + i, 0, 0, '' FROM generate_series(1, 20) i", (ROWS + 100 * turn,))
                connection.execute("DELETE FROM t WHERE id BETWEEN %s AND %s", (ROWS + 100 * turn + 5, ROWS + 100 * turn + 9))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(2):
            seen = [row["id"] for row in rows(stream(site, order="id", select="id,v"))]
            assert len(seen) == len(set(seen)), "no row twice"
            assert seen == sorted(seen)
            assert [number for number in seen if number <= ROWS] == list(range(1, ROWS + 1)), "no row skipped"
    finally:
        stop.set()
        writer.join()
        site.sql("DELETE FROM t WHERE id > %s", (ROWS,))
        site.assert_equal("t")


def test_a_stream_that_cant_go_on_is_cut_and_never_looks_whole(site):
    answer = stream(site, "going", order="id")
    lines = answer.iter_lines(chunk_size=1024)
    next(lines)
    site.sql("SELECT daas.drop_api('going')")
    site.wait_for_api("going", 404)
    with pytest.raises((requests.exceptions.ChunkedEncodingError, requests.exceptions.ConnectionError)):
        count = sum(1 for _ in lines)
        print(f"{count} of {ROWS - 1} lines came")
    site.indexer.check()
