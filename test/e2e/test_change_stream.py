"""Change events for others: the plugin's JSON, read by pg_recvlogical while others write."""
import json
import os
import signal
import subprocess
import threading
from contextlib import closing, contextmanager

import psycopg
import pytest

from harness.waiting import NotYet, tail, wait_for

TABLE = """
    CREATE TABLE item (id int, shelf text, n numeric, at timestamptz, doc jsonb, body text, PRIMARY KEY (id, shelf));
    ALTER TABLE item ALTER body SET STORAGE EXTERNAL;
    CREATE PUBLICATION changes FOR TABLE item WITH (publish = 'insert');
"""


def exactly(text):
    """JSON with numbers as their digits: a float would hide what was lost."""
    return json.loads(text, parse_float=str, parse_int=str)


class Replay:
    """Applies lines to a table of its own."""

    def __init__(self):
        self.rows = {}
        self.last = (0, 0)

    def apply(self, line):
        event = exactly(line)
        kind = event["event"]
        if kind in ("begin", "commit"):
            return event
        position = (lsn(event["commit_lsn"]), int(event["seq"]))
        assert position > self.last, f"sent again or out of order: {line[:300]}"
        self.last = position
        if kind == "truncate":
            self.rows.clear()
            return event
        before, after = event["before"], event["after"]
        old = self.rows.pop(key_of(event, before), {}) if before else {}
        assert bool(old) == (kind != "insert"), f"of a row that is not there: {line[:300]}"
        if after:
            after |= {name: old[name] for name in event.get("unchanged", [])}
            assert key_of(event, after) not in self.rows
            self.rows[key_of(event, after)] = after
        return event


def key_of(event, image):
    return tuple(image[name] for name in event["key"])


def changes_key(event):
    return event["event"] == "update" and key_of(event, event["before"]) != key_of(event, event["after"])


def lsn(text):
    high, low = text.split("/")
    return int(high, 16) << 32 | int(low, 16)


@contextmanager
def received(postgres, directory, database, *options):
    """The file of lines that pg_recvlogical writes, until it is interrupted at the end."""
    path, log = directory / f"{database}.jsonl", directory / f"{database}.log"
    with open(path, "wb") as lines, open(log, "wb") as errors:
        child = subprocess.Popen(
            ["pg_recvlogical", "-d", postgres.conninfo(database, "e2e_replication"), "-S", database, "--start",
             "--no-loop", "-f", "-", "-F", "1", "-s", "1", "-o", "format=json", "-o", "publication=changes",
             *(word for option in options for word in ("-o", option))],
            stdout=lines, stderr=errors)
    try:
        yield path
        assert child.poll() is None, tail(log)
        child.send_signal(signal.SIGINT)
        assert child.wait(10) == 0, tail(log)
    finally:
        child.kill()
        child.wait()


@pytest.fixture
def database(postgres):
    name = f"e2e_stream_{os.getpid()}"
    with closing(postgres.connect("postgres")) as connection:
        connection.execute(f"CREATE DATABASE {name} OWNER e2e_owner")
        try:
            yield name
        finally:
            connection.execute("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots"
                               " WHERE slot_name = %s AND NOT active", (name,))
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def write(postgres, database, rng, transactions, worker):
    """Random changes of rows whose ids are this worker's, some of them rolled back."""
    with postgres.connect(database) as connection:
        for _ in range(transactions):
            with connection.transaction() as transaction:
                for _ in range(rng.randrange(1, 6)):
                    with connection.transaction() as savepoint:
                        connection.execute(*change(rng, worker))
                        if rng.random() < 0.1:
                            raise psycopg.Rollback(savepoint)
                if rng.random() < 0.1:
                    raise psycopg.Rollback(transaction)


def change(rng, worker):
    row = {
        "id": rng.randrange(20) * 2 + worker, "shelf": rng.choice(["a|b", 'x"y\\', "é\n"]),
        "n": rng.choice(["NaN", "1.10", "-0.00000000000000000001", "12345678901234567890.5", None]),
        "at": rng.choice(["infinity", "0044-03-15 BC", "2013-01-01 10:00:00.000001+05:30", None]),
        "doc": rng.choice(['{"b": 1, "a": [1.50, "\\u0007"]}', "null", '"x"', None]),
        "body": rng.choice([None, "", "short", rng.choice("xyz") * 6000]),
    }
    return rng.choice([
        ("INSERT INTO item VALUES (%(id)s, %(shelf)s, %(n)s, %(at)s, %(doc)s, %(body)s) ON CONFLICT (id, shelf)"
         " DO UPDATE SET n = excluded.n, body = excluded.body", row),
        ("UPDATE item SET n = %(n)s, doc = %(doc)s WHERE id = %(id)s", row),
        ("UPDATE item SET id = id + 100, body = %(body)s WHERE id = %(id)s AND shelf = %(shelf)s"
         " AND NOT EXISTS (SELECT FROM item o WHERE o.id = item.id + 100 AND o.shelf = item.shelf)", row),
        ("DELETE FROM item WHERE id = %(id)s AND shelf = %(shelf)s", row),
    ])


def wait_for_lines(path, wanted, last):
    """All lines, when one contains `wanted` and the last one is of an event `last`."""
    def lines():
        text = path.read_text()
        if wanted not in text or not text.endswith("\n") or json.loads(text.splitlines()[-1])["event"] != last:
            raise NotYet(f"{text.count(chr(10))} lines, the end: {text[-500:]}")
        return text.split("\n")[:-1]
    return wait_for(lines, 30, f"a line with {wanted}", pause=0.1)


def wait_until_confirmed(postgres, database):
    with postgres.connect(database) as connection:
        end = connection.execute("SELECT pg_current_wal_insert_lsn()").fetchone()[0]
        wait_for(lambda: connection.execute("SELECT confirmed_flush_lsn >= %s::pg_lsn FROM pg_replication_slots"
                                            " WHERE slot_name = %s", (end, database)).fetchone()[0],
                 30, f"pg_recvlogical confirms {end}", pause=0.1)


def stored(postgres, database):
    with postgres.connect(database) as connection:
        rows = [exactly(text) for text, in connection.execute("SELECT row_to_json(item)::text FROM item")]
    return {(row["id"], row["shelf"]): row for row in rows}


def test_lines_that_are_streamed_while_others_write_replay_to_the_table(postgres, database, tmp_path, rng):
    with postgres.connect(database) as connection:
        connection.execute(TABLE)
    subprocess.run(["pg_recvlogical", "-d", postgres.conninfo(database, "e2e_replication"), "-S", database,
                    "--create-slot", "-P", "daas"], check=True, timeout=60)
    replay = Replay()
    with received(postgres, tmp_path, database, "include_transactions=on") as path:
        seeds = [rng.random() for _ in range(2)]
        writers = [threading.Thread(target=write, args=(postgres, database, type(rng)(seed), 150, worker))
                   for worker, seed in enumerate(seeds)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        with postgres.connect(database) as connection:
            connection.execute("INSERT INTO item VALUES (-1, 'end of the first run')")
        lines = wait_for_lines(path, "end of the first run", "commit")
        wait_until_confirmed(postgres, database)
    inside = 0
    seen = set()
    for line in lines:
        event = replay.apply(line)
        seen |= {event["event"], *(["key changed"] if changes_key(event) else []), *event.keys()}
        inside = {"begin": 0, "commit": inside}.get(event["event"], inside + 1)
        assert event["event"] != "commit" or int(event["changes"]) == inside
    assert seen >= {"begin", "insert", "update", "delete", "commit", "key changed", "unchanged"}
    assert len(replay.rows) > 20 and replay.rows == stored(postgres, database)

    # The next run goes on behind the last line, and so does one after it; TRUNCATE empties.
    for run in range(2):
        with received(postgres, tmp_path, database) as path:
            with postgres.connect(database) as connection:
                connection.execute("BEGIN; TRUNCATE item; INSERT INTO item VALUES (1, 'a'), (2, 'b');"
                                   f"INSERT INTO item VALUES (3, 'run {run}'); COMMIT")
            lines = wait_for_lines(path, f"run {run}", "insert")
            wait_until_confirmed(postgres, database)
        assert [exactly(line)["event"] for line in lines] == ["truncate", "insert", "insert", "insert"]
        for line in lines:
            replay.apply(line)
        assert replay.rows == stored(postgres, database)
