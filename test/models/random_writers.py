"""Writers with concurrent random transactions, which meet at the same keys.

What transaction number n of writer w does follows from the seed, w and n alone; how they interleave does not. Whatever
PostgreSQL refuses (a key that is there, a deadlock) is rolled back, to a savepoint or as a whole.
"""
import random
import threading

import psycopg

from random_schema import insert, key_literals, link_literals, row_literals, value_literal

ASIDE = {"text": "'aside'", "code": "'aside'", '"Mood"': "'aside'", "shelf": "9999", "varchar(12)": "'aside'", "uuid": "'ffffffff-0000-4000-8000-000000000000'",
         "date": "'infinity'"}  # keys that no row has for long
HOT = 4  # transactions for which the writers prefer the same keys


class Writer(threading.Thread):
    """One connection and its transactions, until all writers together have made so many commits."""

    def __init__(self, number, seed, tables, connect, work):
        super().__init__(daemon=True)
        self.number, self.seed, self.tables, self.connect, self.work = number, seed, tables, connect, work
        self.error = None
        self.planned = 0

    def run(self):
        try:
            with self.connect() as connection:
                connection.execute("SET lock_timeout = '2s'")
                while not self.work.ended.is_set():
                    self.work.pace(random.random() * 0.03)
                    if self.work.take():
                        self.planned += 1
                        self.work.give(self._transact(connection, random.Random(f"{self.seed} {self.number} {self.planned}")))
        except Exception as error:  # pylint: disable=broad-except
            self.error = error
            self.work.ended.set()

    def _transact(self, connection, rng):
        """Whether it was committed."""
        hot = random.Random(f"{self.seed} hot {self.planned // HOT}")
        try:
            connection.execute("BEGIN" + (" ISOLATION LEVEL REPEATABLE READ" if rng.random() < 0.1 else ""))
            for statement in transaction(rng, self.tables, hot):
                connection.execute(statement)
                if rng.random() < 0.08:
                    self.work.ended.wait(rng.random() * 0.06)
            commits = rng.random() < 0.93
            connection.execute("COMMIT" if commits else "ROLLBACK")
            return commits
        except (psycopg.IntegrityError, psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure,
                psycopg.errors.LockNotAvailable):
            connection.execute("ROLLBACK")
            return False


class Work:
    """How many commits the writers of a round have to make together."""

    PER_STATE = 12  # commits for each state of a model that was seen

    def __init__(self, commits, states):
        """states(): how many states of a model were seen on the average."""
        self.commits, self.states = commits, states
        self.committed = self.rolled_back = 0
        self.ended = threading.Event()
        self._under_way = 0
        self._lock = threading.Lock()

    def take(self):
        """Whether one more transaction is wanted."""
        with self._lock:
            wanted = not self.ended.is_set() and self.committed + self._under_way < self.commits
            self._under_way += wanted
            return wanted

    def give(self, committed):
        with self._lock:
            self._under_way -= 1
            self.committed += committed
            self.rolled_back += not committed
            if self.committed == self.commits:
                self.ended.set()

    def pace(self, pause):
        """The states in between are what is checked: writers don't run away from the reader, up to a point."""
        self.ended.wait(pause)
        if self.committed > self.PER_STATE * (2 + self.states()):
            self.ended.wait(10 * pause)


def transaction(rng, tables, hot):
    """Its statements."""
    statements = []
    for number in range(rng.choice([1, 1, 1, 2, 2, 3, 4, 6, 8])):
        some = _step(rng, tables, hot)
        if rng.random() < 0.1:
            some = [f"SAVEPOINT s{number}", *some, f"ROLLBACK TO s{number}"]
        statements += some
    return statements


def _step(rng, tables, hot):
    table = rng.choice(tables)
    # A copy: the same keys for each step of this transaction and of the others' of these moments.
    near = _copy(hot) if rng.random() < 0.45 else None
    steps = {_insert: 22, _upsert: 14, _update: 20, _move: 18, _delete: 9, _set_update: 7, _set_delete: 2, _change_key: 5,
             _swap: 3, _refill: 4, _toast: 3}
    if rng.random() < 0.0002:
        return [f"TRUNCATE {table.path}", insert(table, [row_literals(rng, tables, table) for _ in range(10)])]
    return rng.choices(list(steps), list(steps.values()))[0](rng, tables, table, near)


def _copy(generator):
    copy = random.Random()
    copy.setstate(generator.getstate())
    return copy


def _insert(rng, tables, table, near):
    return [insert(table, [row_literals(rng, tables, table, near) for _ in range(rng.choice([1, 1, 1, 3]))])]


def _upsert(rng, tables, table, near):
    sets = ", ".join(f"{column.name} = excluded.{column.name}" for column in table.stored[len(table.key):])
    keys = ", ".join(column.name for column in table.key)
    return [insert(table, [row_literals(rng, tables, table, near)], f"({keys}) DO UPDATE SET {sets}")]


def _update(rng, _tables, table, near):
    columns = rng.sample(table.changing, rng.randint(1, 2))
    sets = ", ".join(f"{column.name} = {value_literal(rng, column)}" for column in columns)
    return [f"UPDATE {_path(rng, table)} SET {sets} WHERE {_at(table, key_literals(rng, table, near))}"]


def _move(rng, tables, table, near):
    """To another partner, and perhaps that partner, or the one before, goes or comes in the same transaction."""
    link = rng.choice(table.links)
    target = tables[link.target]
    there = link_literals(rng, target, near)
    if rng.random() < 0.25 and "NULL" not in there:  # all that point there
        where = " AND ".join(f"{column.name} = {value}" for column, value in zip(link.columns, there))
        there = link_literals(rng, target)
    else:
        where = _at(table, key_literals(rng, table, near))
    sets = ", ".join(f"{column.name} = {value}" for column, value in zip(link.columns, there))
    statements = [f"UPDATE {table.path} SET {sets} WHERE {where}"]
    if rng.random() < 0.15:
        statements.append(f"DELETE FROM {target.path} WHERE {_at(target, key_literals(rng, target, near))}")
        rng.shuffle(statements)
    return statements


def _delete(rng, _tables, table, near):
    return [f"DELETE FROM {_path(rng, table)} WHERE {_at(table, key_literals(rng, table, near))}"]


def _set_update(rng, _tables, table, _near):
    column, other = rng.choice(table.changing), rng.choice(table.changing)
    return [f"UPDATE {table.path} SET {column.name} = {value_literal(rng, column)}"
            f" WHERE {other.name} = {value_literal(rng, other)}"]


def _set_delete(rng, tables, table, _near):
    column = rng.choice(table.changing)
    return [f"DELETE FROM {table.path} WHERE {column.name} = {value_literal(rng, column)}",
            insert(table, [row_literals(rng, tables, table) for _ in range(5)])]


def _change_key(rng, _tables, table, near):
    sets = ", ".join(f"{column.name} = {value}" for column, value in zip(table.key, key_literals(rng, table)))
    return [f"UPDATE {table.path} SET {sets} WHERE {_at(table, key_literals(rng, table, near))}"]


def _swap(rng, _tables, table, near):
    """The keys of two rows."""
    first, second = key_literals(rng, table, near), key_literals(rng, table)
    aside = [ASIDE.get(column.type, "-1") for column in table.key]
    statements = []
    for old, new in ((first, aside), (second, first), (aside, second)):
        sets = ", ".join(f"{column.name} = {value}" for column, value in zip(table.key, new))
        statements.append(f"UPDATE {table.path} SET {sets} WHERE {_at(table, old)}")
    return statements


def _refill(rng, tables, table, _near):
    return [insert(table, [row_literals(rng, tables, table) for _ in range(8)])]


def _toast(rng, _tables, table, near):
    """A long value, and then a change beside it that leaves it as it is."""
    long = [column for column in table.values if column.name == "long"]
    if not long:
        return _update(rng, _tables, table, near)
    where = _at(table, key_literals(rng, table, near))
    return [f"UPDATE {table.path} SET long = repeat(md5('{rng.randrange(1000)}'), 80) WHERE {where}",
            *_update(rng, _tables, table, near)]


def _path(rng, table):
    """The table, or one of its partitions."""
    return rng.choice([table.path, table.path, *table.leaves])


def _at(table, literals):
    return " AND ".join(f"{column.name} = {value}" for column, value in zip(table.key, literals))
