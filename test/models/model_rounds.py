"""Rounds: a random schema, some models over it, writers beside a reader, and at the end all must be equal."""
import json
import random
import re
from collections import Counter

import psycopg

import history
from harness.site import MODEL_OPTIONS, difference
from harness.solr import SolrError
from harness.waiting import NotYet, wait_for
from random_query import one_table_query, random_query, random_views
from random_schema import TYPES, insert, random_schema, row_literals
from random_writers import Work, Writer
from visible_states import Checker, Model, OpenedLog, Reader

WRITERS = 4
DEADLINE = 60  # seconds until a round must be equal at its end
IDENTITY = re.compile(r"ALTER TABLE .* REPLICA IDENTITY [^;.]*(?=[.;]|$)", re.M)


class Totals:
    """Of all rounds."""

    def __init__(self):
        self.models = self.transactions = self.rolled_back = 0
        self.states = self.loads = self.unknown = self.halves = self.truncated = 0
        self.planted = self.found = 0
        self.kinds, self.refusals = Counter(), Counter()
        self.different = []  # reports

    @property
    def refused(self):
        return sum(self.refusals.values())

    def words(self):
        kinds = ", ".join(f"{kind} {count}" for kind, count in sorted(self.kinds.items()))
        return (f"models by kind: {kinds}; queries refused {self.refused}, reloads {self.loads}\n"
                f"visible states checked {self.states}, without a record {self.unknown}, unfinished {self.halves}, "
                f"beside a TRUNCATE {self.truncated}; transactions refused {self.rolled_back}")


class Round:
    def __init__(self, site, seed, number, plant=False, joins=True, prefix="r"):
        self.site, self.seed, self.plant, self.joins = site, f"{seed} round {number}", plant, joins
        self.name = f"{prefix}{number}"
        self.rng = random.Random(self.seed)
        self.tables = random_schema(self.rng)
        self.views = random_views(self.rng, self.tables)
        self.models = []
        self.statements = []  # of the schema, for a report

    def run(self, models, transactions, totals):
        past = None
        try:
            self._create_tables()
            while len(self.models) < models:
                self._create_model(totals)
            for model in self.models:
                self.site.wait_for_state(model.name, "running")
            with self.site.connect() as connection:
                past = history.Past(connection, self.tables, [(view.name, view.text) for view in self.views])
                self._write(transactions, past, totals)
        finally:
            self._count(totals)
            self._drop()

    # What there is

    def _create_tables(self):
        self._do('CREATE SCHEMA IF NOT EXISTS "Other Side"')
        for table in self.tables:
            for statement in table.ddl():
                self._do(statement)
        for view in self.views:
            self._do(f"CREATE VIEW {view.name} AS {self._live(view.text)}")
        with self.site.connect() as connection:
            history.start(connection, self.tables)
        for table in self.tables:
            rows = [row_literals(self.rng, self.tables, table) for _ in range(self.rng.randint(20, 40))]
            self.site.sql(insert(table, rows))

    def _do(self, statement):
        self.statements.append(statement)
        self.site.sql(statement)

    def _live(self, template):
        for table in self.tables:
            template = template.replace(table.token, table.path if table.schema != "public" else table.name)
        return template

    def _create_model(self, totals):
        query = random_query(self.rng, self.tables, self.views) if self.joins else one_table_query(self.rng, self.tables)
        name = f"{self.name}_m{len(self.models)}"
        try:
            planted = self._define(name, query)
        except psycopg.Error as error:
            totals.refusals[str(error).split("\n", maxsplit=1)[0]] += 1
            if totals.refused > 20 + 3 * (totals.models + len(self.models)):
                raise AssertionError(f"most queries are refused: {totals.refusals.most_common(5)}") from error
            if not isinstance(error, (psycopg.errors.FeatureNotSupported, psycopg.errors.InvalidObjectDefinition)):
                print(f"refused: {error}\n{self._live(query.text)}", flush=True)
            return
        rows = self.site.sql("SELECT number, relation::text, reference, mode, columns::text, query FROM daas.delta"
                             " WHERE model = %s ORDER BY number", (name,))
        if all(row[3] == "refresh" for row in rows):  # nothing that could be wrong
            self.site.sql("SELECT daas.drop_model(%s)", (name,))
            totals.kinds["refresh only, not counted"] += 1
            return
        self.site.queries[name] = self._live(query.text)
        types = {column["name"]: column["type"] for column in
                 self.site.value("SELECT columns FROM daas.model WHERE name = %s", (name,))}
        self.models.append(Model(name, query, [(column, types[column]) for column in query.key], rows, planted))
        totals.kinds[query.kind] += 1

    def _define(self, name, query):
        """Gives the tables the replica identities that the model asks for. Returns what was damaged."""
        for _ in range(20):
            try:
                return self._define_once(name, query)
            except psycopg.Error as error:
                mend = IDENTITY.search(error.diag.message_hint or "")
                if not mend:
                    raise
                self._do(mend[0])
        raise AssertionError(f"model {name} asks for ever more replica identities")

    def _define_once(self, name, query):
        with self.site.postgres.connect(self.site.database) as connection, connection.transaction():
            connection.execute("SET LOCAL ROLE e2e_owner")
            connection.execute("SELECT daas.create_model(%s, %s, %s, %s)",
                               (name, self._live(query.text), query.key, json.dumps(MODEL_OPTIONS)))
            connection.execute("RESET ROLE")
            return self._damage(connection, name) if self.plant else ""

    def _damage(self, connection, name):
        """Drops one path of the model, so that changes over it find nothing."""
        paths = connection.execute("SELECT number, reference FROM daas.delta WHERE model = %s AND mode = 'query'"
                                   " ORDER BY number", (name,)).fetchall()
        if not paths:
            return ""
        number, reference = self.rng.choice(paths)
        connection.execute("UPDATE daas.delta SET query = 'SELECT * FROM (' || query || ') planted WHERE false'"
                           " WHERE model = %s AND number = %s", (name, number))
        return f"path {number}, {reference}"

    # What happens

    def _write(self, transactions, past, totals):
        reader = Reader(self.site, self.models)
        work = Work(transactions, lambda: reader.found / len(self.models))
        checker = Checker(reader, past, OpenedLog(self.site.indexer.log))
        writers = [Writer(number, self.seed, self.tables, self.site.connect, work) for number in range(WRITERS)]
        for thread in (reader, checker, *writers):
            thread.start()
        try:
            for writer in writers:
                writer.join(60 + transactions)
                if writer.error:
                    raise writer.error
            self._converge()
        finally:
            work.ended.set()
            reader.stop()
            checker.finish()
        totals.transactions += work.committed
        totals.rolled_back += work.rolled_back
        totals.states += checker.checked
        totals.unknown += checker.unknown
        totals.truncated += checker.truncated
        totals.halves += reader.halves
        for model, what in reader.torn:
            model.differences.append(what)

    def _converge(self):
        """Nobody writes any more: every model must become its query."""
        for model in self.models:
            expected = self.site.expected(model.name)
            seen = {}

            def equal(model=model, expected=expected, seen=seen):
                self.site.indexer.check()
                status = self.site.status(model.name)
                if status["state"] == "stopped":
                    seen["last"] = f"stopped: {status['reason']}"
                    return True
                try:
                    documents = self.site.documents(model.name)
                except SolrError as error:
                    raise NotYet(error) from None
                seen["last"] = "" if documents == expected else f"{status['state']}: {difference(documents, expected)}"
                return not seen["last"]
            try:
                # A damaged one never becomes equal.
                wait_for(equal, 3 if model.planted else DEADLINE, f"model {model.name} is equal", pause=0.05)
            except AssertionError:
                pass
            if seen.get("last"):
                model.differences.append(f"at the end: {seen['last']}")

    # What came of it

    def _count(self, totals):
        for model in self.models:
            totals.models += 1
            totals.loads += max(0, len(model.generations) - 1)
            totals.planted += bool(model.planted)
            totals.found += bool(model.planted and model.differences)
            if model.differences:
                totals.different.append(self._report(model))

    def _report(self, model):
        lines = [f"DIFFERENT: model {model.name}, seed {self.seed}" + (f", planted: {model.planted}" if model.planted else "")]
        lines += [f"{statement};" for statement in self.statements]
        lines += [f"-- key {', '.join(model.query.key)}", self._live(model.query.text) + ";"]
        lines += [f"-- delta {number}: {reference} of {relation}, {mode}, columns {columns}\n--   {query}"
                  for number, relation, reference, mode, columns, query in model.deltas]
        lines += [f"-- {len(model.differences)} differences in {model.states} states, the first:", model.differences[0]]
        return "\n".join(lines)

    def _drop(self):
        for model in self.models:
            self.site.sql("SELECT daas.drop_model(%s)", (model.name,))
        for view in reversed(self.views):
            self.site.sql(f"DROP VIEW IF EXISTS {view.name}")
        for table in self.tables:
            self.site.sql(f"DROP TABLE IF EXISTS {table.path} CASCADE")
        with self.site.connect() as connection:
            connection.execute(f"DROP SCHEMA IF EXISTS {history.SCHEMA} CASCADE")


def prepare(site):
    """Before the first round, the daemon not started."""
    assert site.indexer.options["log-format"] == "json" and site.indexer.options["log-level"] == "debug"
    with site.postgres.connect("postgres") as connection:
        # Writers meet often.
        connection.execute(f'ALTER DATABASE "{site.database}" SET deadlock_timeout = \'50ms\'')
    for statement in TYPES:
        site.sql(statement)


def run_rounds(site, seed, models, transactions, totals, say=lambda words: None, size=10, **options):
    """So many models and transactions in rounds of `size` models."""
    rounds = (models + size - 1) // size
    for number in range(rounds):
        share = models // rounds + (number < models % rounds)
        commits = transactions // rounds + (number < transactions % rounds)
        Round(site, seed, number, **options).run(share, commits, totals)
        say(f"round {number + 1} of {rounds}: models {totals.models}, transactions {totals.transactions}, "
            f"states {totals.states}, different {len(totals.different)}")
