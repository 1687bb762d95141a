"""What a measurement stands on: a private PostgreSQL and Solr, the flights, the daemon; and the facts
and figures that every one of them prints. All of it ends with the process, also after a failure."""
import argparse
import contextlib
import os
import platform
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "test/e2e"))
from harness.postgres import PINNED_SETTINGS, running  # noqa: E402
from harness.site import Site  # noqa: E402
from harness.solr import Solr  # noqa: E402
from harness.waiting import NotYet, wait_for  # noqa: E402,F401

FLIGHTS = 336_776
# A cluster as it comes, apart from room for WAL. Not the settings of the tests, which are odd on purpose.
SETTINGS = PINNED_SETTINGS | {"fsync": "on", "max_wal_size": "4GB"}
HWM_LIMIT_MB = 150


@contextlib.contextmanager
def stand(database="bench", solr=True, options=None, settings=None):
    """A Site whose daemon is not started yet (without Solr: only its Postgres); settings of PostgreSQL."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    print_machine()
    directory = Path(tempfile.mkdtemp(prefix="daas-bench-"))
    directory.chmod(0o755)  # the server's user passes through
    with contextlib.ExitStack() as ends:
        ends.callback(shutil.rmtree, directory, ignore_errors=True)
        postgres = ends.enter_context(running(directory / "pg", **SETTINGS | (settings or {})))
        if not solr:
            yield postgres
            return
        node = Solr(directory / "solr")
        ends.callback(node.stop)
        node.start()
        site = Site(database, directory / "site", postgres, node, {"log-level": "info"} | (options or {}))
        ends.callback(site.indexer.end)
        try:
            yield site
        except BaseException:
            print(f"\nlog of daas-indexer:\n{site.indexer.tail(30)}", file=sys.stderr)
            raise


def arguments(description, rows=FLIGHTS):
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=5, help="interleaved measurements (5)")
    parser.add_argument("--rows", type=int, default=rows, help=f"flights ({rows}); more are copies")
    parser.add_argument("--connections", type=int, help="of the plain loader (default: tried out)")
    return parser.parse_args()


def make_flights(site, rows=FLIGHTS):
    """The data set's flights as in the demo, with what they refer to: so many of them."""
    subprocess.run([ROOT / "demo/fetch"], check=True, stdout=subprocess.DEVNULL)
    with site.connect() as connection:
        connection.execute((ROOT / "migrations/sample.sql").read_text())
        for table in ("airlines", "flights"):
            copy_csv(connection, table)
        connection.execute("DELETE FROM flights WHERE id > %s", (rows,))
    add_flights(site, rows)


def add_flights(site, rows):
    """Copies the flights until there are so many rows."""
    with site.connect() as connection:
        connection.execute("SET statement_timeout = 0")
        site.rows = connection.execute("SELECT count(*) FROM flights").fetchone()[0]
        columns = ", ".join(columns_of(connection, "flights")[1:])
        while site.rows < rows:
            site.rows += connection.execute(f"INSERT INTO flights ({columns}) SELECT {columns} FROM flights"
                                            f" ORDER BY id LIMIT {min(rows - site.rows, FLIGHTS)}").rowcount
        connection.execute("VACUUM ANALYZE")


def copy_csv(connection, table):
    with open(ROOT / f"build/data/{table}.csv", encoding="utf-8") as file:
        columns = file.readline().strip().replace('"', "")
        command = f"COPY {table} ({columns}) FROM STDIN WITH (FORMAT csv, NULL 'NA')"
        with connection.cursor().copy(command) as copy:
            while text := file.read(1 << 20):
                copy.write(text)


def columns_of(connection, table):
    rows = connection.execute("SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0"
                              " AND NOT attisdropped ORDER BY attnum", (table,)).fetchall()
    return [row[0] for row in rows]


# Figures

def print_machine():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        model = next((line.split(":")[1].strip() for line in file if line.startswith("model name")), platform.machine())
    with open("/proc/meminfo", encoding="utf-8") as file:
        memory = int(file.readline().split()[1]) // 1024 // 1024
    java = subprocess.run(["java", "-version"], capture_output=True, text=True, check=False).stderr.split("\n")[0]
    postgres = subprocess.run(["/usr/lib/postgresql/15/bin/postgres", "--version"], capture_output=True, text=True,
                              check=True).stdout.strip()
    commit = subprocess.run(["git", "-C", ROOT, "describe", "--always", "--dirty"], capture_output=True, text=True,
                            check=False).stdout.strip()
    say(f"machine: {model}, {os.cpu_count()} cores, {memory} GB, Linux {platform.release()}")
    say(f"versions: daas {commit}, {postgres}, Solr 9.10.1 (heap 1 GB), {java}")
    say("load average before: {:.2f} {:.2f} {:.2f}".format(*os.getloadavg()))


def say(text):
    print(text, flush=True)


def median(values):
    return statistics.median(values)


def peak_memory_mb(indexer):
    """VmHWM of the running daemon."""
    with open(f"/proc/{indexer.process.pid}/status", encoding="utf-8") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM")) / 1024


def cpu_seconds(pid):
    """User and system time that the process has used."""
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def cpu_of(site, since=None):
    """CPU seconds of the daemon and of Solr so far; with `since`, as text, what came after it."""
    pids = {"Solr": int((site.solr.home / "solr.pid").read_text())}
    if site.indexer.process is not None:
        pids["daemon"] = site.indexer.process.pid
    seconds = {name: cpu_seconds(pid) for name, pid in pids.items()}
    if since is None:
        return seconds
    return "CPU s: " + ", ".join(f"{name} {used - since.get(name, 0):.1f}" for name, used in seconds.items())


def clock():
    return time.monotonic()


def judge(last_line, *goals):
    """Prints each goal (text, reached) that is missed, then the last line; the exit status."""
    missed = [text for text, reached in goals if not reached]
    for text in missed:
        say(f"goal missed: {text}")
    say(last_line)
    return 1 if missed else 0


def memory_goal(megabytes):
    return f"VmHWM of daas-indexer {megabytes:.0f} MB, at most {HWM_LIMIT_MB}", megabytes <= HWM_LIMIT_MB
