"""A private PostgreSQL cluster with the extension."""
import os
import secrets
import shutil
import signal
import subprocess
from contextlib import contextmanager
from pathlib import Path

import psycopg

from .waiting import free_port, wait_for

ROOT = Path(__file__).resolve().parents[3]
POSTGRES_BIN = "/usr/lib/postgresql/15/bin"

# Every text that PostgreSQL prints depends on these. The cluster has them all otherwise, so that a
# session of the daemon that forgets to pin one shows.
ODD_SETTINGS = {
    "timezone": "Asia/Kolkata",
    "datestyle": "SQL, DMY",
    "intervalstyle": "iso_8601",
    "bytea_output": "escape",
    "extra_float_digits": "0",
}
PINNED_SETTINGS = {
    "timezone": "UTC",
    "datestyle": "ISO",
    "intervalstyle": "postgres",
    "bytea_output": "hex",
    "extra_float_digits": "1",
}
ROLES = {
    "e2e_owner": "LOGIN",
    "e2e_replication": "LOGIN REPLICATION",
    "e2e_reader": "LOGIN",
    "e2e_server": "LOGIN",
    "e2e_writer": "LOGIN",
}


class Postgres:
    def __init__(self, directory, **settings):
        self.directory = directory
        self.settings = settings
        self.port = free_port()
        self.passwords = {role: secrets.token_urlsafe(18) for role in ["postgres", *ROLES]}
        self.log = directory / "postgres.log"

    def create(self):
        stage = ROOT / "build/stage"
        if not list(stage.glob("usr/share/postgresql/15/extension/daas.control")):
            self._run("make", "-C", ROOT, "extension")
        # The server's user need not be allowed into the source tree.
        shutil.copytree(stage, self.directory / "stage")
        password = self._secret("superuser", self.passwords["postgres"] + "\n")
        self._run(ROOT / "embedded/cluster", "init", self.directory, password)
        self.start()
        with self.connect("postgres") as connection:
            for role, attributes in ROLES.items():
                connection.execute(f"CREATE ROLE {role} {attributes} PASSWORD '{self.passwords[role]}'")
        for role in self.passwords:
            self._pass_file(role)

    def create_role(self, role, attributes="LOGIN"):
        self.passwords[role] = secrets.token_urlsafe(18)
        with self.connect("postgres") as connection:
            connection.execute(f"CREATE ROLE {role} {attributes} PASSWORD '{self.passwords[role]}'")
        self._pass_file(role)

    def _pass_file(self, role):
        self._secret(f"{role}.pgpass", f"127.0.0.1:{self.port}:*:{role}:{self.passwords[role]}\n")

    def start(self):
        settings = ODD_SETTINGS | {
            "port": self.port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "max_replication_slots": 20,
            "max_connections": 100,
            "max_prepared_transactions": 5,
            # Processes are killed here, not machines.
            "fsync": "off",
        } | self.settings
        self._run(ROOT / "embedded/cluster", "start", self.directory, self.directory / "stage",
                  *(f"{name}={value}" for name, value in settings.items()))

    def stop(self):
        if (self.directory / "data").exists():
            self._run(ROOT / "embedded/cluster", "stop", self.directory)

    def kill(self):
        """kill -9 of the postmaster; its children follow by themselves."""
        pid = int((self.directory / "data/postmaster.pid").read_text().split()[0])
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda: not [child for child in [pid, *children] if runs(child)], 10,
                 "the processes of the killed PostgreSQL end")
        # A zombie that nobody has reaped yet looks alive to the next postmaster.
        (self.directory / "data/postmaster.pid").unlink()

    def stop_immediately(self):
        """As kill(), by the server's own means: recovery at the next start."""
        self._run(ROOT / "embedded/cluster", "stop", self.directory, "immediate")

    def conninfo(self, database, role):
        database = database.replace("\\", "\\\\").replace("'", "\\'")
        return (f"host=127.0.0.1 port={self.port} dbname='{database}' user={role}"
                f" passfile={self.directory / role}.pgpass")

    def connect(self, database, role="postgres"):
        """Autocommit, with the pinned settings; no statement takes longer than a minute."""
        settings = PINNED_SETTINGS | {"statement_timeout": "60s"}
        return psycopg.connect(
            host="127.0.0.1", port=self.port, dbname=database, user=role, password=self.passwords[role],
            autocommit=True, connect_timeout=10,
            options=" ".join(f"-c {name}={value}" for name, value in settings.items()))

    def _secret(self, name, text):
        path = self.directory / name
        path.touch(0o600)
        path.write_text(text)
        return path

    @staticmethod
    def _run(*command):
        done = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=600, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(map(str, command))} failed:\n{done.stdout}")


@contextmanager
def running(directory, **settings):
    """A new cluster in a directory that is made for it."""
    directory.mkdir()
    directory.chmod(0o755)  # the server's user passes through
    cluster = Postgres(directory, **settings)
    try:
        cluster.create()
        yield cluster
    finally:
        cluster.stop()


def runs(pid):
    """Whether the process exists and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
