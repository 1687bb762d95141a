"""make bench-outbox: what the triggers of "capture": "notify" cost the application's statements.

Five tables alike: plain; decoded, a member of the publication, with a slot that nobody reads; captured by triggers; silent, captured
without NOTIFY; and notified, by a row trigger that sends each change as a payload, which is what many do. pgbench changes them with one
client and with eight; CPU is that of all server processes, per statement. Rounds are interleaved. A session LISTENs and takes the
bell in as the daemon does. Without Solr and daemon: the outbox is emptied in between."""
import os
import re
import subprocess
import sys
import threading
from pathlib import Path

from stand import arguments, cpu_seconds, judge, median, say, stand

GOAL = 0.8
ROWS, SECONDS = 100_000, 4
PGBENCH = Path("/usr/lib/postgresql/15/bin/pgbench")
TABLES = ("plain", "decoded", "captured", "silent", "notified")
STATEMENTS = {
    "insert of 1": "INSERT INTO {} (v, n) VALUES ('hello', 1);",
    "update of 1": "\\set id random(1, 100000)\nUPDATE {} SET n = n + 1 WHERE id = :id;",
    "update of 100": "\\set id random(1, 99900)\nUPDATE {} SET n = n + 1 WHERE id BETWEEN :id AND :id + 99;",
}
PAYLOAD = """
CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('changes', json_build_object('table', tg_table_name, 'op', tg_op, 'id', new.id)::text);
  RETURN NULL;
END $$;
CREATE TRIGGER tell AFTER INSERT OR UPDATE ON notified FOR EACH ROW EXECUTE FUNCTION tell();
"""
NOTIFY = "PERFORM pg_notify('daas_outbox', '')"


def prepare(connection):
    connection.execute("SET client_min_messages = error; SET statement_timeout = 0")
    connection.execute("CREATE EXTENSION daas")
    for table in TABLES:
        connection.execute(f"CREATE TABLE {table} (id bigserial PRIMARY KEY, v text, n int)")
    for table, capture in {"decoded": "logical", "captured": "notify", "silent": "notify"}.items():
        connection.execute("SELECT daas.create_model(%s, %s, options => jsonb_build_object('capture', %s::text))",
                           (table, f"SELECT id, v, n FROM {table}", capture))
    connection.execute(PAYLOAD)
    # The same function but for the NOTIFY: what it is today, with its settings.
    definition = connection.execute("SELECT pg_get_functiondef(tgfoid) FROM pg_trigger WHERE tgrelid = 'silent'::regclass"
                                    " AND tgname = 'daas_outbox_insert'").fetchone()[0]
    assert NOTIFY in definition, definition
    connection.execute(definition.replace(NOTIFY, "NULL"))
    for table in TABLES:
        connection.execute(f"INSERT INTO {table} (v, n) SELECT 'hello', i FROM generate_series(1, {ROWS}) i")
    connection.execute("SELECT pg_create_logical_replication_slot('unread', 'test_decoding')")


def server_cpu(postgres):
    """Of all processes, those of sessions that ended included."""
    pid = int((postgres.directory / "data/postmaster.pid").read_text().split()[0])
    while True:
        try:
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
            running = sum(cpu_seconds(child) for child in children)
            with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
                fields = file.read().rsplit(")", 1)[1].split()
            return (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK") + cpu_seconds(pid) + running
        except FileNotFoundError:
            pass  # one ended just now


def run(postgres, script, clients):
    """CPU microseconds a statement, and statements a second."""
    before = server_cpu(postgres)
    done = subprocess.run(
        [PGBENCH, "-n", "-h", "127.0.0.1", "-p", str(postgres.port), "-U", "postgres", "-M", "prepared", "-c", str(clients), "-j", "2",
         "-T", str(SECONDS), "-f", script, "outbox"], capture_output=True, text=True, check=True,
        env={"PGPASSFILE": str(postgres.directory / "postgres.pgpass")}).stdout
    count = int(re.search(r"actually processed: (\d+)", done)[1])
    return (server_cpu(postgres) - before) / count * 1e6, count / SECONDS


def listen(postgres, ends):
    with postgres.connect("outbox") as connection:
        connection.execute("LISTEN daas_outbox; LISTEN changes")
        while not ends.is_set():
            for notice in connection.notifies(timeout=0.5):
                if ends.is_set():
                    return
                if notice.channel == "daas_outbox":  # who is awake takes the bell in
                    break
            connection.execute("DELETE FROM daas.outbox_bell")


def measure(postgres, connection, rounds):
    """Lists by (statement, table, clients): CPU microseconds, statements a second."""
    cpu, rate = {}, {}
    script = postgres.directory / "script.sql"
    for number in range(rounds):
        for what, statement in STATEMENTS.items():
            for table in TABLES:
                script.write_text(statement.format(table), encoding="utf-8")
                for clients in (1, 8):
                    connection.execute("INSERT INTO daas.outbox_bell DEFAULT VALUES")
                    used, per_second = run(postgres, script, clients)
                    cpu.setdefault((what, table, clients), []).append(used)
                    rate.setdefault((what, table, clients), []).append(per_second)
                connection.execute("TRUNCATE daas.outbox")
            say(f"round {number + 1}, {what}: " + ", ".join(
                f"{table} {cpu[what, table, 1][-1]:.0f} us {rate[what, table, 8][-1]:.0f}/s" for table in TABLES))
    return cpu, rate


def main():
    rounds = arguments(__doc__).pairs
    with stand(solr=False, settings={"max_prepared_transactions": 0}) as postgres:
        with postgres.connect("postgres") as connection:
            connection.execute("CREATE DATABASE outbox")
        ends = threading.Event()
        listener = threading.Thread(target=listen, args=(postgres, ends))
        with postgres.connect("outbox") as connection:
            prepare(connection)
            listener.start()
            try:
                cpu, rate = measure(postgres, connection, rounds)
            finally:
                ends.set()
                listener.join()

    def ratio(what, table, to):
        return median([one / other for one, other in zip(rate[what, table, 8], rate[what, to, 8])])
    extra = {what: median([ours - plain for ours, plain in zip(cpu[what, "captured", 1], cpu[what, "plain", 1])]) for what in STATEMENTS}
    for what in STATEMENTS:
        say(f"{what}: {median(cpu[what, 'plain', 1]):.0f} us of CPU, captured {extra[what]:.0f} us more; statements a second of 8 clients,"
            " of those on a plain table: " + ", ".join(f"{table} {ratio(what, table, 'plain'):.2f}" for table in TABLES[1:]))
    worst = min(ratio(what, "captured", "silent") for what in STATEMENTS)
    return judge(f"outbox statement {extra['update of 1']:.0f} us notify {worst:.2f}",
                 (f"with NOTIFY at least {GOAL} of the statements a second without", worst >= GOAL))


if __name__ == "__main__":
    sys.exit(main())
