"""make bench-capture: CPU of the walsender that decodes 500,000 inserts and 200,000 updates of a table with
20 columns, through the output plugin daas against pgoutput, test_decoding and wal2json.

Each plugin reads the same WAL, from a copy of the same slot; the reader, pg_recvlogical, writes what it
gets to a file. CPU is utime + stime of the walsender, from /proc, when it has sent all of it. Rounds are interleaved."""
import os
import subprocess
import sys
from pathlib import Path

from stand import NotYet, arguments, cpu_seconds, judge, median, say, stand, wait_for

GOAL = 2.0
INSERTS, UPDATES, ROWS = 500_000, 200_000, 1_000
BIN = Path("/usr/lib/postgresql/15/bin")
PLUGINS = {
    "daas": ["proto_version=1", "publication=daas"],
    "pgoutput": ["proto_version=1", "publication_names=bench"],
    "test_decoding": [],
    "wal2json": ["format-version=2"],
}
# A mix of what tables have: integers, floats, numeric, text, times, uuid, json.
TABLE = """
CREATE TABLE wide (
  id bigint PRIMARY KEY, a_small smallint, a_int integer, a_big bigint, another_int integer, a_real real,
  a_double double precision, a_numeric numeric(12,2), a_bool boolean, another_bool boolean, a_text text,
  a_varchar varchar(40), another_text text, a_date date, a_timestamp timestamp, a_timestamptz timestamptz,
  another_timestamptz timestamptz, a_uuid uuid, a_jsonb jsonb, a_null text)
"""
INSERT = """
INSERT INTO wide SELECT i, i %% 30000, i * 7, i::bigint * 1000003, -i, i / 3.0, i / 7.0, i / 100.0, i %% 2 = 0,
  i %% 3 = 0, 'customer ' || i, 'code-' || i %% 1000, repeat('x', i %% 60), date '2013-01-01' + i %% 365,
  timestamp '2013-01-01' + i * interval '1 second', timestamptz '2013-01-01' + i * interval '1 minute',
  timestamptz '2020-01-01' + i * interval '1.5 second', ('00000000-0000-4000-8000-' || lpad(i::text, 12, '0'))::uuid,
  jsonb_build_object('n', i, 'tags', ARRAY['a', 'b']), NULL
  FROM generate_series(%s::int, %s::int) i
"""
UPDATE = "UPDATE wide SET a_int = a_int + 1, a_text = a_text || '.' WHERE id BETWEEN %s AND %s"


def write(connection, name, statement, rows):
    """Makes the slot `name`, then the rows' WAL, in transactions of 1,000 rows; where that ends."""
    connection.execute("SELECT pg_create_logical_replication_slot(%s, 'test_decoding')", (name,))
    for first in range(1, rows + 1, ROWS):
        connection.execute(statement, (first, first + ROWS - 1), prepare=True)
    return connection.execute("SELECT pg_current_wal_insert_lsn()").fetchone()[0]


def decode(postgres, connection, source, plugin, end):
    """CPU seconds of a walsender that sends everything from the slot `source` up to `end`, and the MB sent."""
    connection.execute("SELECT pg_copy_logical_replication_slot(%s, 'turn', false, %s)", (source, plugin))
    output = postgres.directory / "received"
    environment = os.environ | {"PGPASSFILE": str(postgres.directory / "postgres.pgpass")}
    options = [word for option in PLUGINS[plugin] for word in ("-o", option)]
    reader = subprocess.Popen(
        [BIN / "pg_recvlogical", "-h", "127.0.0.1", "-p", str(postgres.port), "-U", "postgres", "-d", "capture",
         "--slot", "turn", "--start", "-n", "-f", output, "-F", "0", *options],
        stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment)
    try:
        def sent():
            if reader.poll() is not None:
                raise AssertionError(f"pg_recvlogical ended: {reader.stderr.read().decode()}")
            row = connection.execute("SELECT pid, sent_lsn >= %s::pg_lsn, sent_lsn FROM pg_stat_replication"
                                     " WHERE state = 'streaming' OR state = 'catchup'", (end,)).fetchone()
            if not row or not row[1]:
                raise NotYet(row)
            return row[0]
        seconds = cpu_seconds(wait_for(sent, 600, f"{plugin} has sent everything", pause=0.02))
    finally:
        reader.terminate()
        reader.wait()
        wait_for(lambda: not connection.execute("SELECT FROM pg_stat_replication").fetchall(), 30, "the walsender ends")
        connection.execute("SELECT pg_drop_replication_slot('turn')")
    megabytes = output.stat().st_size / 1e6
    output.unlink()
    assert megabytes > 10, f"{plugin} sent only {megabytes:.1f} MB"
    return seconds, megabytes


def main():
    rounds = arguments(__doc__).pairs
    with stand(solr=False) as postgres:
        with postgres.connect("postgres") as connection:
            connection.execute("CREATE DATABASE capture")
            # Releases that have the setting refuse a plugin that is not listed.
            if connection.execute("SELECT FROM pg_settings WHERE name = 'output_plugin_libraries'").fetchall():
                connection.execute(f"ALTER ROLE postgres SET output_plugin_libraries = {', '.join(PLUGINS)}")
        with postgres.connect("capture") as connection:
            connection.execute("SET statement_timeout = 0")
            connection.execute("CREATE EXTENSION daas")
            connection.execute(TABLE)
            connection.execute("CREATE PUBLICATION daas FOR TABLE wide WITH (publish = 'insert')")
            connection.execute("CREATE PUBLICATION bench FOR TABLE wide")
            say(f"writing {INSERTS} inserts and {UPDATES} updates")
            phases = {"inserts": write(connection, "inserts", INSERT, INSERTS)}
            phases["updates"] = write(connection, "updates", UPDATE, UPDATES)
            seconds = {(phase, plugin): [] for phase in phases for plugin in PLUGINS}
            megabytes = {}
            for number in range(rounds):
                for phase, end in phases.items():
                    for plugin in PLUGINS:
                        used, megabytes[plugin] = decode(postgres, connection, phase, plugin, end)
                        seconds[phase, plugin].append(used)
                    say(f"round {number + 1}, {phase}, CPU s: " + ", ".join(
                        f"{plugin} {seconds[phase, plugin][-1]:.2f} ({megabytes[plugin]:.0f} MB)" for plugin in PLUGINS))
    worst = []
    for phase in phases:
        # Ratios within a round: what disturbs a round disturbs all of it.
        ratios = {plugin: median([other / ours for other, ours in
                                  zip(seconds[phase, plugin], seconds[phase, "daas"])]) for plugin in PLUGINS}
        say(f"{phase}: daas {median(seconds[phase, 'daas']):.2f} CPU s; "
            + ", ".join(f"{plugin} {ratio:.2f} ×" for plugin, ratio in ratios.items() if plugin != "daas"))
        worst.append(ratios["pgoutput"])
    return judge(f"capture ratio {min(worst):.2f}", (f"capture ratio at least {GOAL}", min(worst) >= GOAL))


if __name__ == "__main__":
    sys.exit(main())
