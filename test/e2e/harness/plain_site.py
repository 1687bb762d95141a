"""A site without the extension's library: daas is installed as plain SQL, and what models mean is derived in a workshop, a
database beside it with the same tables that has the extension."""
import json
import re
import subprocess
from contextlib import contextmanager

from .postgres import POSTGRES_BIN, ROOT
from .site import Site

SCRIPT = ROOT / "build/extension/daas--sql-only.sql"


class PlainSite(Site):
    def __init__(self, name, directory, postgres, solr, options=None, installer="e2e_owner"):
        """installer: without superuser rights it can't make event triggers."""
        self.installer = installer
        super().__init__(name, directory, postgres, solr, {"decoder": "pgoutput"} | (options or {}))

    def install(self):
        with self.connect(self.installer) as connection:
            connection.execute(SCRIPT.read_text())
            for role in ("replication", "reader", "server", "writer"):
                connection.execute("SELECT daas.grant_role(%s, %s)", (role, f"e2e_{role}"))
            if self.installer != "e2e_owner":  # for what the harness asks
                connection.execute("GRANT USAGE ON SCHEMA daas TO e2e_owner; GRANT EXECUTE ON FUNCTION daas.status TO e2e_owner;"
                                   "GRANT SELECT ON daas.model, daas.generation, daas.dead_letter TO e2e_owner")

    def program(self, name, *arguments, database=None, given=None, role="postgres"):
        """Output of psql or pg_dump."""
        done = subprocess.run([f"{POSTGRES_BIN}/{name}", *arguments, "--dbname", self.postgres.conninfo(database or self.database, role)],
                              input=given, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    @contextmanager
    def workshop(self):
        """A connection to a new one, as the tables' owner."""
        database = f"{self.database}_workshop"
        dump = self.program("pg_dump", "--schema-only", "--schema=public")
        # As docs/operations.md says it with grep.
        schema = "".join(line + "\n" for line in dump.split("\n") if not re.match("(CREATE|ALTER|COMMENT) .*TRIGGER daas_outbox_", line))
        with self.postgres.connect("postgres") as connection:
            connection.execute(f"CREATE DATABASE {database} OWNER e2e_owner")
        try:
            self.program("psql", "--quiet", "--set=ON_ERROR_STOP=1", database=database, given="DROP SCHEMA public;" + schema)
            with self.postgres.connect(database) as connection:
                connection.execute("CREATE EXTENSION daas; SELECT daas.grant_role('admin', 'e2e_owner')")
            with self.postgres.connect(database, "e2e_owner") as connection:
                yield connection
        finally:
            with self.postgres.connect("postgres") as connection:
                connection.execute(f"DROP DATABASE {database} WITH (FORCE)")

    def exported(self, name, query, key=None, options=None):
        """The statement that defines the model here."""
        with self.workshop() as connection:
            connection.execute("SELECT daas.create_model(%s, %s, %s, %s)", (name, query, key, json.dumps(options or {})))
            return connection.execute("SELECT daas.export_model(%s)", (name,)).fetchone()[0]

    def create_model(self, name, query, key=None, options=None):
        with self.connect(self.installer) as connection:
            connection.execute(self.exported(name, query, key, options))
        self.queries[name] = query
