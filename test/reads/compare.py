"""Asks the serving role and PostgreSQL the same."""
import random

import psycopg
import requests

from random_read import random_read
from reads_table import fill


def open_table(site, seed):
    """Fills table t, serves it, and waits until it can be read."""
    with site.connect() as connection:
        fill(connection, seed)
    site.create_model("t", "SELECT * FROM t")
    site.sql("SELECT daas.create_api('t', public => true)")
    site.indexer.start()
    site.assert_equal("t")
    site.wait_for_api("t")


def compare_reads(site, seed, count):
    """Reports of the differences."""
    rng, different = random.Random(seed), []
    session = requests.Session()
    with site.connect() as connection:
        for number in range(count):
            read = random_read(rng)
            seen, expected = _ask(session, site, read), _means(connection, read)
            if seen != expected:
                different.append(f"DIFFERENT, request {number}: {read.parameters}\n  GET /{read.target}\n  {read.condition}"
                                 f" ORDER BY {read.order} with {read.values}\n  answered {_cut(seen)}\n  expected {_cut(expected)}")
    return different


def _ask(session, site, read):
    answer = session.get(f"{site.indexer.url}/{read.target}", headers={"Prefer": "count=exact"}, timeout=20)
    if answer.status_code == 416:
        return answer.status_code, answer.headers["Content-Range"]
    if answer.status_code not in (200, 206):
        return answer.status_code, answer.text
    return (answer.status_code, [row["id"] for row in answer.json()], answer.headers["Content-Range"])


def _means(connection, read):
    """Status, ids in their order, Content-Range."""
    try:
        with connection.transaction():
            total = connection.execute(f"SELECT count(*) FROM t WHERE {read.condition}", read.values).fetchone()[0]
            rows = [row[0] for row in connection.execute(
                f"SELECT id FROM t WHERE {read.condition} ORDER BY {read.order} LIMIT %s OFFSET %s",
                [*read.values, min(1000, 1000 if read.limit is None else read.limit), read.offset])]
    except psycopg.Error as error:
        return error.sqlstate, str(error)
    if read.limit == 0:
        return 200, [], "*/*"
    if read.offset > total:
        return 416, f"*/{total}"
    first, last = read.offset, read.offset + len(rows) - 1
    return (206 if len(rows) < total else 200), rows, (f"{first}-{last}/{total}" if rows else f"*/{total}")


def _cut(seen):
    text = str(seen)
    return text if len(text) < 400 else text[:400] + "…"
