"""One fault after the other: the operation beside it, the breakage, the restart, and what must be right again."""
import os
import signal
import threading
import time

import psycopg
import requests

from breakage import OPERATIONS, POINTS
from harness.site import BESIDE_PGOUTPUT, difference
from harness.solr import SolrError
from harness.waiting import NotYet, wait_for
from models import passing_model, standing_models
from watcher import Watcher
from workload import SCHEMA, Workload

DEADLINE = 180       # seconds until everything must be equal again
POINT_PATIENCE = 15  # seconds until a point must be reached; then the kill comes all the same


class Failure(Exception):
    """Not equal again."""

    def __init__(self, message, lost=0, stale=0, extra=0):
        super().__init__(message)
        self.lost, self.stale, self.extra = lost, stale, extra


class Drill:
    def __init__(self, site, proxy, seed):
        self.site, self.proxy = site, proxy
        self.workload = Workload(site, seed)
        self.watcher = Watcher(site, self.workload)
        self.models = standing_models()
        self.passing = passing_model()
        self.passing_lives = False
        self._waiting = threading.Event()  # never set: for pauses that end early when it is

    def start(self):
        self.site.sql(SCHEMA)
        for model in self.models:
            self.site.create_model(model.name, model.query, model.key, BESIDE_PGOUTPUT if model.table == "part" else None)
        self.site.indexer.start()
        self.workload.start()
        self.watcher.follow(self.models)
        self.watcher.start()
        self.converge()
        self.workload.resume()

    def stop(self):
        self.watcher.stop()
        self.workload.stop()

    def endure(self, fault):
        """Returns a remark about it."""
        torn = len(self.watcher.torn)
        note = self._kill(fault) if fault.kills else self._break(fault)
        self.converge()
        if len(self.watcher.torn) > torn:
            raise Failure(f"a state was visible that the query never had: {self.watcher.torn[torn]}")
        if self.watcher.error:
            raise self.watcher.error
        self.workload.resume()
        return note

    # Breakages

    def _kill(self, fault):
        struck = threading.Event()
        lock = threading.Lock()

        def strike():
            with lock:
                if not struck.is_set():
                    for victim in fault.kills:
                        getattr(self, f"_kill_{victim}")(fault)
                    struck.set()

        note, operated = "", True
        if fault.point:
            hook = {"on_answer" if fault.after else "on_hit": strike}
            rule = self.proxy.rule("pass", POINTS[fault.point], times=1, **hook)
            # Writers may reach the point before the operation is done: then it is done after the start.
            operated = self._operate(fault.operation, given_up=struck)
            if not struck.wait(POINT_PATIENCE):
                note = " (the point was not reached)"
            self.proxy.clear(rule)
            strike()
        else:
            self._operate(fault.operation)
            self._waiting.wait(fault.delay)
            strike()
        victims = [victim for victim in fault.kills if victim != "backend"]
        fault.rng.shuffle(victims)
        for victim in victims:
            self._waiting.wait(fault.rng.random() * 0.5)
            self._start(victim)
        if not operated:
            self._operate(fault.operation)
        return note

    def _kill_daemon(self, _fault):
        self.site.indexer.kill()

    def _kill_postgres(self, fault):
        self._disconnect()
        if fault.rng.random() < 0.5:
            self.site.postgres.kill()
        else:
            self.site.postgres.stop_immediately()

    def _kill_backend(self, fault):
        """kill -9 of one session, after which PostgreSQL ends all others and recovers by itself."""
        def sessions():
            with self.site.postgres.connect("postgres") as connection:
                return connection.execute("SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'daas-indexer%'"
                                          " ORDER BY pid").fetchall()
        rows = self._surely(sessions)
        if rows:
            self._disconnect()
            os.kill(fault.rng.choice(rows)[0], signal.SIGKILL)

    def _kill_solr(self, _fault):
        self.watcher.restarted = True
        self.site.solr.kill()

    def _start(self, victim):
        if victim == "daemon":
            self.site.indexer.start(ready=False)
        elif victim == "postgres":
            self.site.postgres.start()
        elif victim == "solr":
            self.site.solr.start()

    def _break(self, fault):
        if fault.kind == "refuse":
            self._operate(fault.operation)
            self._waiting.wait(fault.delay)
            self.proxy.refuse()
            self._waiting.wait(fault.seconds)
            self.proxy.accept()
            return ""
        match = POINTS[fault.point] if fault.point else ""
        rule = self.proxy.rule(fault.kind, match, times=fault.times, seconds=fault.seconds, status=fault.status,
                               chance=fault.chance, rng=fault.rng)
        self._operate(fault.operation)
        self._waiting.wait(1 + fault.rng.random() * 2)
        self.proxy.clear(rule)
        return f" ({rule.hits} hit)"

    def _disconnect(self):
        if self.site._connection is not None:  # pylint: disable=protected-access
            self.site.disconnect()

    # Operations

    def _operate(self, operation, given_up=None):
        """Whether it is done."""
        assert operation in OPERATIONS
        done = [True] if operation == "streaming" else []
        if not done:
            self._surely(lambda: done.append(getattr(self, f"_{operation}")()), given_up)
        return bool(done)

    def _surely(self, operation, given_up=None):
        """Again when PostgreSQL was killed meanwhile; each of them can be repeated. None when it was given up."""
        results = []

        def done():
            try:
                results.append(operation())
                return True
            except psycopg.OperationalError as error:
                self._disconnect()
                if given_up is not None and given_up.is_set():
                    return True
                raise NotYet(error) from None
        wait_for(done, 60, "PostgreSQL answers", pause=0.1)
        return results[0] if results else None

    def _any(self):
        alive = self.models + ([self.passing] if self.passing_lives else [])
        return alive[self.workload.transactions % len(alive)]

    def _reload(self):
        self.site.sql("SELECT daas.reload_model(%s)", (self._any().name,))

    def _redefinition(self):
        model = self._any()
        if len(model.definitions) == 1:
            model = self.models[0]
        model.redefine()
        try:
            self.site.alter_model(model.name, model.query)
        except psycopg.OperationalError:
            model.redefine()
            raise

    def _creation(self):
        if not self.site.value("SELECT count(*) FROM daas.model WHERE name = %s", (self.passing.name,)):
            self.site.create_model(self.passing.name, self.passing.query, self.passing.key)
        self.site.queries[self.passing.name] = self.passing.query
        self.passing_lives = True
        self.watcher.follow(self.models + [self.passing])

    def _drop(self):
        self.site.sql("SELECT daas.drop_model(%s, if_exists => true)", (self.passing.name,))
        self.passing_lives = False
        self.watcher.follow(self.models)
        self.watcher.forget(self.passing)

    # What must be right again

    def converge(self):
        self.workload.pause()
        end = time.monotonic() + DEADLINE
        alive = self.models + ([self.passing] if self.passing_lives else [])
        for model in alive:
            self._converge(model, end)
        self._nothing_else(alive, end)
        self.watcher.restarted = False

    def _converge(self, model, end):
        expected = self._surely(lambda: self.site.expected(model.name))
        seen = {"documents": {}, "words": "no answer from Solr"}

        def equal():
            self.site.indexer.check()
            try:
                seen["documents"] = self.site.documents(model.name)
            except (SolrError, requests.RequestException) as error:
                seen["words"] = str(error)
                raise NotYet(error) from None
            status = self._surely(lambda: self.site.status(model.name))
            seen["words"] = f"{difference(seen['documents'], expected)}\n  status: {status}"
            if seen["documents"] != expected or status["state"] != "running":
                raise NotYet()
            return True

        try:
            wait_for(equal, end - time.monotonic(), "", pause=0.05)
        except AssertionError:
            documents = seen["documents"]
            raise Failure(f"model {model.name}: {seen['words']}",
                          lost=sum(key not in documents for key in expected),
                          extra=sum(key not in expected for key in documents),
                          stale=sum(documents.get(key, text) != text for key, text in expected.items())) from None

    def _nothing_else(self, alive, end):
        """Of each model one collection and the alias; of what was dropped nothing."""
        def clean():
            try:
                collections = self.site.solr.collections(self.site.name)
                aliases = self.site.solr.aliases()
            except (SolrError, requests.RequestException) as error:
                raise NotYet(error) from None
            wanted = sorted(f"{self.site.name}.{model.name}" for model in alive)
            if sorted(aliases) != wanted or collections != sorted(aliases.values()):
                raise NotYet(f"aliases {aliases}, collections {collections}")
            return True

        try:
            wait_for(clean, max(10, end - time.monotonic()), "only live collections are left", pause=0.05)
        except AssertionError as error:
            raise Failure(str(error)) from None
