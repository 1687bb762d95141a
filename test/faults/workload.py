"""Random transactions whose every visible state can be checked.

Each writer owns a range of ids in every table. All of its transactions move its counter, a row in each table, and
change some rows of its range, stamped with the counter. What transaction number t of writer w does follows from the
seed, w, t and the writer's rows alone, so that a state that shows counter t must show exactly the rows that t
transactions left: recorded here before each commit is sent. A transaction whose end is in doubt is asked for by the
counter, and done again, the same, when it did not happen.
"""
import random
import threading
import time
from bisect import bisect_right

import psycopg

RANGE = 100_000  # of ids that belong to one writer; the first is its counter
SPAN = 250       # ids that it uses
TABLES = ("item", "part", "scratch")
TRUNCATES = 0    # the writer that alone uses the table scratch, and truncates it
NOBODY = 99      # owner of rows that never change, so that loads take time
STILL = 3000

SCHEMA = f"""
CREATE TABLE item (id bigint PRIMARY KEY, writer int NOT NULL, stamp int NOT NULL, n int NOT NULL, label text,
                   price numeric(12,2), note text);
ALTER TABLE item ALTER note SET STORAGE EXTERNAL;
CREATE TABLE part (id bigint, writer int NOT NULL, stamp int NOT NULL, n int NOT NULL, zone int NOT NULL, label text,
                   PRIMARY KEY (id, zone)) PARTITION BY LIST (zone);
CREATE TABLE part_0 PARTITION OF part FOR VALUES IN (0);
CREATE TABLE part_1 PARTITION OF part FOR VALUES IN (1);
CREATE TABLE part_rest PARTITION OF part DEFAULT;
CREATE TABLE scratch (id bigint PRIMARY KEY, writer int NOT NULL, stamp int NOT NULL, n int NOT NULL, label text);
INSERT INTO item SELECT {NOBODY * RANGE} + i, {NOBODY}, 0, i, 'still ' || i, i / 100.0, NULL
  FROM generate_series(1, {STILL}) i;
"""


class Change:
    """What a transaction does, and what it leaves of the rows that it touches: {(table, id): row or None}."""

    def __init__(self):
        self.statements = []
        self.rows = {}


class Writer(threading.Thread):
    """One connection and its transactions, from start to stop; stands still while the gate is shut."""

    def __init__(self, number, seed, connect, gate):
        super().__init__(daemon=True)
        self.number, self.seed, self.connect, self.gate = number, seed, connect, gate
        self.base = number * RANGE
        self.tables = [table for table in TABLES if table != "scratch" or number == TRUNCATES]
        self.rows = {}  # (table, id) -> row, after the last commit
        self.done = 0   # commits that are known to have happened
        self._pending = {}
        self.past = {}  # (table, id) -> ([counters], [rows]): what it was from that counter on
        self.begun, self.finished = [0.0], [0.0]  # by counter; finished: infinite while in doubt
        self.resting = threading.Event()
        self.stopping = threading.Event()
        self.error = None

    # What it does

    def plan(self, counter):
        rng = random.Random(f"{self.seed} {self.number} {counter}")
        change, rows = Change(), dict(self.rows)

        def put(table, row):
            rows[table, row["id"]] = change.rows[table, row["id"]] = row

        def remove(table, row_id):
            change.rows[table, row_id] = None
            rows.pop((table, row_id), None)

        for table in self.tables:
            if table == "scratch" and rng.random() < 0.004:
                change.statements.append(("TRUNCATE scratch", ()))
                for key in [key for key in rows if key[0] == table]:
                    remove(*key)
            self._upsert(change, table, self._row(rng, table, self.base, counter), put)
        for _ in range(rng.choice([1, 2, 2, 3, 5, 8, 40])):
            table = rng.choice(self.tables)
            self._step(rng, change, table, rows, counter, put, remove)
        return change

    def _step(self, rng, change, table, rows, counter, put, remove):
        row_id = self.base + rng.randint(1, SPAN)
        old = rows.get((table, row_id))
        row = self._row(rng, table, row_id, counter)
        if rng.random() < 0.1:  # rolled back, so it leaves nothing
            change.statements.append(("SAVEPOINT s", ()))
            self._upsert(change, table, row, None)
            change.statements.append((f"DELETE FROM {table} WHERE id = %s", (self.base + rng.randint(1, SPAN),)))
            change.statements.append(("ROLLBACK TO s", ()))
            return
        match rng.randrange(6):
            case 0 if old:
                change.statements.append((f"DELETE FROM {table} WHERE id = %s", (row_id,)))
                remove(table, row_id)
            case 1 if old:
                moved = self.base + rng.randint(1, SPAN)
                if (table, moved) in rows:
                    return
                row = row | {"id": moved}
                self._update(change, table, row_id, row)
                remove(table, row_id)
                put(table, row)
            case 2 | 3 if old:
                # The long text stays as it is, and is not in the change event.
                if "note" in row:
                    row["note"] = old["note"]
                self._update(change, table, row_id, {name: row[name] for name in row if name != "note"})
                put(table, row)
            case _:
                self._upsert(change, table, row, put)

    def _row(self, rng, table, row_id, counter):
        row = {"id": row_id, "writer": self.number, "stamp": counter, "n": rng.randrange(1000),
               "label": f'"{rng.random()}" \\ ü\n' if rng.random() < 0.9 else None}
        if table == "part":
            row["zone"] = 0 if row_id == self.base else row["n"] % 4
        if table == "item":
            row["price"] = f"{rng.randrange(100000) / 100:.2f}"
            row["note"] = rng.randbytes(2500).hex() if rng.random() < 0.05 else None
        return row

    @staticmethod
    def _upsert(change, table, row, put):
        names = list(row)
        if table == "part":  # of which the key has two columns, of which one is the id: it may be elsewhere
            change.statements.append(("DELETE FROM part WHERE id = %s", (row["id"],)))
        sets = ", ".join(f"{name} = excluded.{name}" for name in names)
        target = "id, zone" if table == "part" else "id"
        change.statements.append((f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join(['%s'] * len(names))})"
                                  f" ON CONFLICT ({target}) DO UPDATE SET {sets}", tuple(row.values())))
        if put:
            put(table, row)

    @staticmethod
    def _update(change, table, row_id, row):
        sets = ", ".join(f"{name} = %s" for name in row)
        change.statements.append((f"UPDATE {table} SET {sets} WHERE id = %s", (*row.values(), row_id)))

    # Doing it

    def run(self):
        try:
            connection = None
            while not self.stopping.is_set():
                try:
                    # Also before it rests: then nothing is in doubt.
                    connection = connection or self._connect()
                    if not self.gate.is_set():
                        self.resting.set()
                        self.gate.wait(0.1)
                        continue
                    self._transact(connection)
                except psycopg.OperationalError:
                    # PostgreSQL was killed. What it did last is asked for when it is back.
                    connection = None
                    self.stopping.wait(0.1)
                # With a pause: writers that take every core would test the scheduler.
                self.stopping.wait(0.01)
        except Exception as error:  # pylint: disable=broad-except
            self.error = error
        finally:
            self.resting.set()

    def _connect(self):
        connection = self.connect()
        row = connection.execute("SELECT max(stamp) FROM item WHERE id = %s", (self.base,)).fetchone()
        counter = row[0] or 0
        if counter == self.done + 1:
            self._finish(counter)
        if counter != self.done:
            raise AssertionError(f"writer {self.number} committed {self.done} times, its counter is {counter}")
        return connection

    def _transact(self, connection):
        counter = self.done + 1
        change = self.plan(counter)
        if len(self.finished) == counter:
            self._record(counter, change.rows)
        self.begun[counter] = time.monotonic()
        with connection.transaction():
            for statement, values in change.statements:
                connection.execute(statement, values)
        self._finish(counter)

    def _record(self, counter, rows):
        """Before the commit is sent: it may be visible before its answer is here."""
        self.begun.append(0.0)
        self.finished.append(float("inf"))
        self._pending = rows
        for key, row in rows.items():
            counters, states = self.past.setdefault(key, ([], []))
            states.append(row)
            counters.append(counter)

    def _finish(self, counter):
        self.finished[counter] = time.monotonic()
        for key, row in self._pending.items():
            if row is None:
                self.rows.pop(key, None)
            else:
                self.rows[key] = row
        self.done = counter

    def state(self, table, counter):
        """Its rows of a table after so many commits, by id."""
        rows = {}
        for (of, row_id), (counters, states) in list(self.past.items()):
            if of == table:
                at = bisect_right(counters, counter)
                if at and states[at - 1] is not None:
                    rows[row_id] = states[at - 1]
        return rows


class Workload:
    """The writers together."""

    def __init__(self, site, seed, count=4):
        self.gate = threading.Event()
        self.writers = [Writer(number, seed, site.connect, self.gate) for number in range(count)]

    def start(self):
        self.gate.set()
        for writer in self.writers:
            writer.start()

    def resume(self):
        self.gate.set()

    def pause(self, deadline=60):
        """Returns when nobody writes and nothing is in doubt."""
        self.gate.clear()
        for writer in self.writers:
            writer.resting.clear()
        for writer in self.writers:
            if not writer.resting.wait(deadline):
                raise AssertionError(f"writer {writer.number} did not come to rest within {deadline} s")
        self.check()

    def stop(self):
        for writer in self.writers:
            writer.stopping.set()
        for writer in self.writers:
            if writer.ident:
                writer.join(60)
        self.check()

    def check(self):
        for writer in self.writers:
            if writer.error:
                raise writer.error

    @property
    def transactions(self):
        return sum(writer.done for writer in self.writers)
