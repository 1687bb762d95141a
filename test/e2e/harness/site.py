"""One database with the extension, its daemon and its namespace in Solr: what a user has."""
import hashlib
import json
import os
import time
from contextlib import contextmanager

import psycopg
import requests
from psycopg.rows import dict_row

from .indexer import Indexer
from .postgres import ROOT
from .solr import SolrError
from .waiting import NotYet, wait_for

# How the daemon hears of changes in all tests that don't say it themselves: CAPTURE=plugin, pgoutput or notify.
CAPTURE = os.environ.get("CAPTURE") or "plugin"
DECODER = "pgoutput" if CAPTURE == "pgoutput" else "plugin"
MODEL_OPTIONS = {"capture": "notify"} if CAPTURE == "notify" else {}
# Of a model whose table pgoutput can't serve: its daemon takes that one's changes from the outbox.
BESIDE_PGOUTPUT = {"capture": "notify"} if CAPTURE == "pgoutput" else {}


class Site:
    def __init__(self, name, directory, postgres, solr, options=None, database=None):
        """name: namespace in Solr, and of the database unless that has another."""
        self.name = name
        self.database = database or name
        self.postgres = postgres
        self.solr = solr
        self.queries = {}
        self._connection = None
        with postgres.connect("postgres") as connection:
            connection.execute(f"CREATE DATABASE {quoted(self.database)} OWNER e2e_owner")
        self.install()
        directory.mkdir()
        self.indexer = Indexer(directory, {
            "pg-replication": postgres.conninfo(self.database, "e2e_replication"),
            "pg-reader": postgres.conninfo(self.database, "e2e_reader"),
            "pg-server": postgres.conninfo(self.database, "e2e_server"),
            "pg-writer": postgres.conninfo(self.database, "e2e_writer"),
            "solr": solr.url,
            "solr-namespace": name,
            "decoder": DECODER,
        } | (options or {}))

    def install(self):
        with self.connect("postgres") as connection:
            connection.execute("CREATE EXTENSION daas")
            if DECODER != "plugin":
                connection.execute("SELECT daas.use_decoder(%s)", (DECODER,))
            for role, member in {"admin": "e2e_owner", "replication": "e2e_replication", "reader": "e2e_reader",
                                 "server": "e2e_server", "writer": "e2e_writer"}.items():
                connection.execute("SELECT daas.grant_role(%s, %s)", (role, member))

    # SQL

    def connect(self, role="e2e_owner"):
        return self.postgres.connect(self.database, role)

    def sql(self, statement, parameters=None):
        """Runs it as the tables' owner on a connection that is kept, and made anew when it was lost."""
        if self._connection is None or self._connection.closed:
            self._connection = self.connect()
        cursor = self._connection.execute(statement, parameters)
        return cursor.fetchall() if cursor.description else None

    def disconnect(self):
        """Before a kill of PostgreSQL: a broken connection shows only when it is used."""
        self._connection.close()

    def value(self, statement, parameters=None):
        return self.sql(statement, parameters)[0][0]

    def create_model(self, name, query, key=None, options=None):
        self.sql("SELECT daas.create_model(%s, %s, %s, %s)", (name, query, key, json.dumps(MODEL_OPTIONS | (options or {}))))
        self.queries[name] = query

    def alter_model(self, name, query):
        self.sql("SELECT daas.alter_model(%s, %s)", (name, query))
        self.queries[name] = query

    def status(self, model):
        with self.connect() as connection, connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute("SELECT * FROM daas.status(%s)", (model,)).fetchone()

    def is_confirmed(self, position):
        """Whether nothing before the position is kept for the daemon any more: neither WAL by its slot nor rows of the outbox."""
        with self.connect("postgres") as connection:
            if CAPTURE == "notify":
                return not connection.execute("SELECT EXISTS (SELECT FROM daas.outbox)").fetchone()[0]
            return connection.execute("SELECT confirmed_flush_lsn >= %s::pg_lsn FROM pg_replication_slots"
                                      " WHERE database = current_database()", (position,)).fetchone()[0]

    def wait_for_state(self, model, state, deadline=60):
        def reached():
            self.indexer.check()
            status = self.status(model)
            if status["state"] != state:
                raise NotYet(_short(status))
            return status
        return wait_for(reached, deadline, f"model {model} is {state}", pause=0.05)

    # Documents

    def documents(self, model):
        return self.solr.documents(f"{self.name}.{model}")

    def expected(self, model):
        """Document texts by id, as the query says now."""
        key, columns = self.sql("SELECT key, columns FROM daas.model WHERE name = %s", (model,))[0]
        types = {column["name"]: column["type"] for column in columns}
        # format(), since boolean::text is "true" and not the text that PostgreSQL prints.
        parts = ", ".join(f"format('%s', e2e_row.{quoted(column)})" for column in key)
        rows = self.sql(f"SELECT ARRAY[{parts}], row_to_json(e2e_row.*)::text FROM ({self.queries[model]}) e2e_row")
        found = {document_id([key_text(types[name], text) for name, text in zip(key, texts)]): document
                 for texts, document in rows}
        assert len(found) == len(rows), "two rows have one key"
        return found

    def letters(self, model):
        """Rows of daas.dead_letter of the generation that is served, by key."""
        with self.connect() as connection, connection.cursor(row_factory=dict_row) as cursor:
            rows = cursor.execute("SELECT l.* FROM daas.dead_letter l JOIN daas.generation g ON g.model = l.model"
                                  " AND g.number = l.generation AND g.live WHERE l.model = %s", (model,)).fetchall()
        letters = {row["key"]: row for row in rows}
        assert len(letters) == len(rows), "two letters have one key"
        return letters

    def assert_equal(self, model, deadline=60, dead=()):
        """Every document equals its row, byte for byte, no more and no less, soon; those whose ids are in `dead`
        are set aside, and no others. Nobody writes meanwhile."""
        expected = self.expected(model)
        lost = {key: expected.pop(key) for key in dead}

        def equal():
            self.indexer.check()
            try:
                documents = self.documents(model)
            except (SolrError, requests.ConnectionError) as error:
                raise NotYet(error) from None
            if documents != expected:
                raise NotYet(difference(documents, expected) + f"\nstatus: {_short(self.status(model))}")
            letters = {key: letter["document"] for key, letter in self.letters(model).items()}
            if letters.keys() != lost.keys() or any(letters[key] not in (lost[key], None) for key in lost):
                raise NotYet(f"dead letters: {str(letters)[:1000]}, expected {str(lost)[:1000]}")
            return True
        wait_for(equal, deadline, f"the documents of model {model} equal its query", pause=0.05)

    @contextmanager
    def solr_that_refuses_poison(self):
        """The daemon writes nothing that Solr would refuse. So its schema is spoilt: texts of columns named
        poison must be numbers. Collections see the change when they are made, or reloaded."""
        self.spoil_schema()
        try:
            yield
        finally:
            self.spoil_schema(False)

    def spoil_schema(self, spoilt=True):
        """Of collections to come."""
        schema = (ROOT / "solr/configset/managed-schema.xml").read_text()
        live = next(target for alias, target in self.solr.aliases().items() if alias.startswith(self.name + "."))
        configset = self.solr.get("/admin/collections", action="CLUSTERSTATUS",
                                  collection=live)["cluster"]["collections"][live]["configName"]
        if spoilt:
            schema = schema.replace("</schema>", '<field name="c_poison_s" type="plong"/></schema>')
        self.solr.upload(configset, "managed-schema.xml", schema)

    def mend_schema(self, model):
        """Also of the collection that is served, which holds no poison, or Solr would not have it."""
        self.spoil_schema(False)
        self.solr.get("/admin/collections", action="RELOAD", name=self.solr.aliases()[f"{self.name}.{model}"])

    # Reads

    def api(self, path, token=None, headers=None, method="GET", **parameters):
        headers = dict(headers or {})
        if token:
            headers["Authorization"] = "Bearer " + token
        return requests.request(method, f"{self.indexer.url}/{path}", params=parameters, headers=headers, timeout=20)

    def write(self, method, path, token=None, body=None, headers=None, **parameters):
        """body: what json.dumps takes, or the bytes."""
        headers = {"Content-Type": "application/json"} | (headers or {})
        if token:
            headers["Authorization"] = "Bearer " + token
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        return requests.request(method, f"{self.indexer.url}/{path}", params=parameters, headers=headers, data=data, timeout=20)

    def login(self, account, password):
        return requests.post(self.indexer.url + "/auth/login", timeout=20,
                             auth=(account.encode(), password.encode()))

    def token(self, account, password):
        answer = self.login(account, password)
        assert answer.status_code == 200, answer.text
        return answer.json()["access_token"]

    def wait_for_api(self, path, status=200, deadline=60, **parameters):
        def answers():
            answer = self.api(path, **parameters)
            if answer.status_code != status:
                raise NotYet(f"{answer.status_code} {answer.text[:300]}")
            return True
        wait_for(answers, deadline, f"GET /{path} answers {status}")

    # The end

    def close(self):
        self.indexer.end()
        if self._connection is not None:
            self._connection.close()
        self.drop_slots(10)
        with self.postgres.connect("postgres") as connection:
            connection.execute(f"DROP DATABASE {quoted(self.database)} WITH (FORCE)")
        self.solr.delete(self.name)

    def drop_slots(self, deadline):
        """When nobody reads them; how many there were."""
        def dropped():
            try:
                return [connection.execute("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots"
                                           " WHERE database = %s", (self.database,)).rowcount]
            except psycopg.errors.ObjectInUse as error:
                raise NotYet(error) from None
        with self.postgres.connect("postgres") as connection:
            return wait_for(dropped, deadline, "the daemon's slot is free")[0]


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


def key_text(type_name, text):
    """Equal numbers have one text."""
    if type_name == "numeric" and "." in text:
        return text.rstrip("0").rstrip(".")
    return "0" if type_name in ("real", "double precision") and text == "-0" else text


def document_id(key):
    if len(key) > 1:
        key = ["|".join(part.replace("\\", "\\\\").replace("|", "\\|") for part in key)]
    text = key[0].encode()
    if not text.strip(b"\\"):
        text += b"\\"
    if len(text) <= 32000:
        return text.decode()
    return text[:32000].decode(errors="ignore") + hashlib.sha256(text).hexdigest()


def difference(documents, expected):
    missing = [key for key in expected if key not in documents]
    surplus = [key for key in documents if key not in expected]
    other = [key for key in expected if key in documents and documents[key] != expected[key]]
    text = f"{len(documents)} documents, {len(expected)} rows"
    text += f"\n  {len(missing)} missing: {[_cut(key) for key in missing[:5]]}" if missing else ""
    text += f"\n  {len(surplus)} too many: {[_cut(key) for key in surplus[:5]]}" if surplus else ""
    if other:
        text += f"\n  {len(other)} different:"
        for key in other[:3]:
            at = next((i for i, (a, b) in enumerate(zip(documents[key], expected[key])) if a != b),
                      min(len(documents[key]), len(expected[key])))
            start = max(0, at - 60)
            text += (f"\n    id {_cut(key)}, from character {at}:"
                     f"\n      document …{documents[key][start:at + 60]!r}"
                     f"\n      row      …{expected[key][start:at + 60]!r}")
    return text


def until(seconds):
    """True for so many seconds, for loops that go on beside something."""
    end = time.monotonic() + seconds
    return lambda: time.monotonic() < end


def _cut(text, length=60):
    return text if len(text) <= length else text[:length] + f"… ({len(text)} characters)"


def _short(status):
    return {name: (_cut(value, 400) if isinstance(value, str) else str(value))
            for name, value in status.items() if value is not None} if status else None
