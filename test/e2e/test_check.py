"""daas-indexer check: one line for each prerequisite, and what it says to run mends what it found."""
import base64
import hashlib
import http.server
import json
import os
import socket
import subprocess
import threading
from contextlib import contextmanager

import pytest

from harness.indexer import BINARY
from harness.postgres import Postgres
from harness.site import DECODER
from harness.tls import Authority, Forwarder
from harness.waiting import wait_for


NO_PLUGIN = pytest.mark.decoded("without decoding no plugin is needed, and no right of replication is looked at")


class Report:
    def __init__(self, done):
        self.status = done.returncode
        self.text = done.stdout + done.stderr
        self.lines = done.stdout.splitlines()

    def line(self, verdict, *words):
        """The only line with that verdict that holds all of these words, and what to run."""
        found = [number for number, line in enumerate(self.lines)
                 if line.startswith(verdict) and all(word in line for word in words)]
        assert len(found) == 1, f"{len(found)} lines {verdict} {words}:\n{self.text}"
        after = self.lines[found[0] + 1] if found[0] + 1 < len(self.lines) else ""
        return after.removeprefix("      run: ") if after.startswith("      run: ") else ""

    def failures(self):
        return [line for line in self.lines if line.startswith("FAIL")]

    def statements(self):
        """What the failures say to run, as far as it is SQL."""
        return [run.removeprefix("      run: ") for line, run in zip(self.lines, self.lines[1:])
                if line.startswith("FAIL") and run.startswith("      run: ") and run.endswith(";")]


def check(options, **environment):
    arguments = []
    for name, value in options.items():
        for one in value if isinstance(value, list) else [value]:
            arguments += [f"--{name}", str(one)]
    environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent"} | environment
    return Report(subprocess.run([BINARY, "check", *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                 timeout=60, check=False, env=environment))


@pytest.fixture(scope="module")
def model(open_site):
    """A site with a model, for the tests that change rights of its own only."""
    with open_site() as site:
        site.sql("CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t VALUES (1, 'a')")
        site.indexer.start()
        site.create_model("t", "SELECT * FROM t")
        site.sql("SELECT daas.create_api('t', scope => '{}', writes => '{insert,update,delete}')")
        site.wait_for_state("t", "running")
        site.indexer.stop()
        yield site


def test_a_good_site_has_no_failure_with_and_without_its_daemon(site):
    site.sql("CREATE TABLE t (id int PRIMARY KEY); SELECT daas.create_model('t', 'SELECT * FROM t')")
    site.wait_for_state("t", "running")
    for runs in (True, False):
        report = check(site.indexer.options)
        assert report.status == 0 and not report.failures() and report.lines[-1].startswith("ready: 0 failed"), report.text
        for words in ["--pg-reader", "database " + site.name], ["wal_level", "logical"], ["daas in the database", "extension 0"], \
                ["tables of models", "1 can be read"], ["publication daas"], ["Solr's live nodes — 1"], ["sees none"], \
                ["Solr's namespace " + site.name], ["replication slot daas_", "reads it" if runs else "nobody"], \
                ["--listen", "listens there already" if runs else "is free"]:
            report.line("ok ", *words)
        assert site.indexer.key not in report.text
        for password in site.postgres.passwords.values():
            assert password not in report.text
        if runs:
            site.indexer.stop()
        else:
            report.line("ok ", "output plugin " + {"plugin": "daas"}.get(DECODER, DECODER), "temporary slot")
    assert "check" in subprocess.run([BINARY, "check", "--help"], capture_output=True, text=True, check=True).stdout


def test_what_it_says_to_run_equips_bare_roles(model):
    for role in ("chk_replication", "chk_reader", "chk_server"):
        model.postgres.create_role(role)
    options = model.indexer.options | {f"pg-{role}": model.postgres.conninfo(model.name, f"chk_{role}")
                                       for role in ("replication", "reader", "server")}
    report = check(options)
    assert report.status == 1
    assert report.line("FAIL", "chk_replication, REPLICATION") == 'ALTER ROLE "chk_replication" REPLICATION;'
    report.line("FAIL", "rights of daas.replication", "USAGE on schema daas", "INSERT on daas.progress", "generation_seq",
                "daas.status")
    report.line("FAIL", "rights of daas.server", "SELECT on daas.served_api", "daas.login")
    with model.connect("postgres") as connection:
        for statement in report.statements():
            connection.execute(statement)
    report = check(options)
    assert report.status == 0, report.text


@pytest.mark.parametrize("harm, words", [
    ("REVOKE SELECT ON t FROM e2e_reader", ["table public.t", "no SELECT"]),
    ("REVOKE INSERT ON daas.refused_document FROM e2e_replication",
     ["rights of daas.replication", "INSERT on daas.refused_document"]),
    ("REVOKE DELETE ON daas.collection FROM e2e_replication",
     ["rights of daas.replication", "DELETE on daas.collection"]),
    ("GRANT SELECT ON t TO PUBLIC", ["role e2e_server, table public.t", "faces the internet"]),
    ("GRANT SELECT (v) ON t TO e2e_server", ["role e2e_server, table public.t", "faces the internet"]),
    ("GRANT e2e_owner TO e2e_server", ["role e2e_server, table public.t", "faces the internet"]),
    ("ALTER ROLE e2e_server REPLICATION", ["role e2e_server", "REPLICATION"]),
    ("REVOKE UPDATE (v), INSERT (v) ON t FROM e2e_writer", ["role e2e_writer", "INSERT on public.t (v), UPDATE on public.t (v)"]),
    ("REVOKE ALL ON t FROM e2e_writer", ["role e2e_writer", "DELETE on public.t", "SELECT on public.t (id, v)"]),
    ("ALTER ROLE e2e_writer REPLICATION", ["role e2e_writer", "REPLICATION"]),
    ("UPDATE pg_extension SET extversion = '0.0.9' WHERE extname = 'daas'", ["daas in the database", "0.0.9"]),
    ("ALTER ROLE e2e_reader NOLOGIN", ["--pg-reader", "not permitted to log in"]),
    pytest.param("ALTER ROLE e2e_replication SET output_plugin_libraries = " + {"plugin": "pgoutput, test_decoding"}.get(DECODER, "test_decoding, daas"),
                 ["output_plugin_libraries", "e2e_replication"], marks=NO_PLUGIN),
    pytest.param("ALTER ROLE e2e_replication SET output_plugin_libraries = 'pgoutput, daas'",
                 ["output_plugin_libraries", "e2e_replication"], marks=NO_PLUGIN),
])
def test_a_lost_right_is_named_and_the_statement_beside_it_brings_it_back(model, harm, words):
    heal = {"UPDATE pg_extension": "UPDATE pg_extension SET extversion = '0.1.0' WHERE extname = 'daas'"}
    with model.connect("postgres") as connection:
        connection.execute(harm)
        try:
            report = check(model.indexer.options)
            assert report.status == 1
            run = report.line("FAIL", *words)
            assert run.endswith(";"), report.text
            connection.execute(heal.get(" ".join(harm.split()[:2]), run))
        finally:  # or every test after it would fail, too
            connection.execute("ALTER ROLE e2e_replication RESET output_plugin_libraries")
    report = check(model.indexer.options)
    assert report.status == 0, report.text


@pytest.mark.decoded("without decoding there is no publication")
def test_row_security_and_a_table_that_left_the_publication_are_named(model):
    with model.connect("postgres") as connection:
        connection.execute("ALTER TABLE t ENABLE ROW LEVEL SECURITY; ALTER PUBLICATION daas DROP TABLE t")
        report = check(model.indexer.options)
        assert "DISABLE ROW LEVEL SECURITY" in report.line("FAIL", "public.t", "row level security")
        assert "ALTER PUBLICATION daas ADD TABLE public.t" in report.line("FAIL", "publication daas", "public.t")
        connection.execute("ALTER TABLE t DISABLE ROW LEVEL SECURITY; ALTER PUBLICATION daas ADD TABLE t")


@contextmanager
def hba(postgres, *lines):
    """These lines come first while it lasts."""
    path = postgres.directory / "data/pg_hba.conf"
    before = path.read_text()
    with postgres.connect("postgres") as connection:
        path.write_text("".join(line + "\n" for line in lines) + before)
        connection.execute("SELECT pg_reload_conf()")
        try:
            yield
        finally:
            path.write_text(before)
            connection.execute("SELECT pg_reload_conf()")


@NO_PLUGIN
def test_pg_hba_decides_who_connects_and_whether_the_cluster_can_be_copied(model):
    report = check(model.indexer.options)
    assert "host replication e2e_replication 0.0.0.0/0 reject" in report.line("warn", "physical replication")
    with hba(model.postgres, "host all e2e_server all reject", "host replication e2e_replication all reject"):
        def refused():
            report = check(model.indexer.options)
            return report if report.failures() else None
        report = wait_for(refused, 10, "pg_hba.conf is in force")
        assert f"host {model.name} e2e_server" in report.line("FAIL", "--pg-server", "pg_hba.conf")
        report.line("ok ", "physical replication", "refused")


def test_bad_settings_of_a_server_are_all_told_at_once(directory, solr, model):
    home = directory / "bad"
    home.mkdir()
    home.chmod(0o755)
    postgres = Postgres(home, wal_level="replica", max_wal_senders=0, max_replication_slots=0, max_slot_wal_keep_size=-1,
                        output_plugin_libraries="pgoutput, test_decoding", max_connections=12)
    try:
        postgres.create()
        with postgres.connect("postgres") as connection:
            connection.execute("CREATE DATABASE bad ENCODING 'SQL_ASCII' TEMPLATE template0")
        options = model.indexer.options | {f"pg-{role}": postgres.conninfo("bad", f"e2e_{role}")
                                           for role in ("replication", "reader", "server")}
        report = check(options)
        assert report.status == 1
        for setting, run in {
            "wal_level": "ALTER SYSTEM SET wal_level = logical;", "max_wal_senders": "ALTER SYSTEM SET max_wal_senders = 4;",
            "max_replication_slots": "ALTER SYSTEM SET max_replication_slots = 4;",
            "encoding of the database": "ENCODING 'UTF8'", "daas in the database": "CREATE EXTENSION daas;",
        }.items():
            assert run in report.line("FAIL", setting), report.text
        assert "'20GB'" in report.line("warn", "max_slot_wal_keep_size")
        report.line("warn", "connections", "at most")
        if DECODER == "plugin":
            assert report.line("warn", "output_plugin_libraries") == \
                'ALTER ROLE "e2e_replication" SET output_plugin_libraries = pgoutput, test_decoding, daas;'
        gone = check(options | {"pg-reader": postgres.conninfo("nowhere", "e2e_reader")})
        assert 'CREATE DATABASE "nowhere"' in gone.line("FAIL", "--pg-reader", "does not exist")
    finally:
        postgres.stop()


def test_files_that_are_missing_bad_or_readable_by_others_are_told(model, tmp_path):
    def file(name, text, mode):
        path = tmp_path / name
        path.write_text(text)
        path.chmod(mode)
        return path
    reader = model.postgres.conninfo(model.name, "e2e_reader").split(" passfile=")[0]
    shown = file("pgpass", "x", 0o640)
    report = check(model.indexer.options | {
        "jwt-key-file": file("short", "x" * 31, 0o600), "solr-auth-file": file("auth", "u:p", 0o644),
        "solr-ca-file": tmp_path / "nothing", "pg-reader": f"{reader} passfile={shown}",
        "pg-server": f"{reader} passfile={tmp_path / 'none'}"})
    assert report.status == 1
    report.line("FAIL", "--jwt-key-file", "32 bytes")
    assert report.line("FAIL", "--solr-auth-file", "others can read") == f"chmod 600 {tmp_path / 'auth'}"
    report.line("FAIL", "--solr-ca-file", "nothing")
    assert report.line("FAIL", "--pg-reader, pass file", "others can read") == f"chmod 600 {shown}"
    assert "install -m 600" in report.line("FAIL", "--pg-server, pass file", "is not there")
    report = check(model.indexer.options | {"solr-auth-file": file("auth2", "no colon\n", 0o600)})
    report.line("FAIL", "--solr-auth-file", "user:password")
    report = check(model.indexer.options | {"spill-dir": tmp_path / "nowhere"})
    assert "--spill-dir" in report.line("FAIL", "--spill-dir", "nowhere")
    report = check(model.indexer.options | {"config": file("conf", "pg = host=h dbname=d password=x\n", 0o644)})
    assert report.line("FAIL", "--config", "password").startswith("chmod 600")


def test_a_port_of_another_program_is_told(model):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        where = f"127.0.0.1:{taken.getsockname()[1]}"
        taken.settimeout(0)
        report = check(model.indexer.options | {"admin-listen": where})
        report.line("FAIL", "--admin-listen", where)


@contextmanager
def answering(body):
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/solr"
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("body, words, run", [
    ({"lucene": {"solr-spec-version": "8.11.4"}, "mode": "solrcloud"}, "8.11.4", "Solr 9"),
    ({"lucene": {"solr-spec-version": "9.10.1"}, "mode": "std"}, "not a SolrCloud", "start -c"),
    ({"lucene": {"solr-spec-version": "9.10.1"}, "mode": "solrcloud", "zkHost": "elsewhere:2181"}, "of the cluster elsewhere", "one cluster"),
    (["no", "Solr"], "does not answer as Solr does", "/solr"),
])
def test_a_solr_that_cant_be_used_is_told(model, body, words, run):
    with answering(json.dumps(body).encode()) as url:
        report = check(model.indexer.options | {"solr": [model.solr.url, url]})
        assert report.status == 1 and run in report.line("FAIL", url, words), report.text
    assert "curl" in check(model.indexer.options | {"solr": "http://127.0.0.1:9/solr"}).line("FAIL", "127.0.0.1:9")


def test_an_alias_of_another_database_is_told(model):
    alias = {"action": "ALIASPROP", "name": f"{model.name}.t"}
    own = model.solr.get("/admin/collections", action="LISTALIASES")["properties"][f"{model.name}.t"]["daas.owner"]
    model.solr.get("/admin/collections", **alias, **{"property.daas.owner": "1/2"})
    assert "--adopt" in check(model.indexer.options).line("FAIL", f"alias {model.name}.t", "1/2", own)
    model.solr.get("/admin/collections", **alias, **{"property.daas.owner": own})
    assert check(model.indexer.options).status == 0


def test_an_open_solr_is_warned_of_by_check_and_at_the_start(model):
    with Forwarder(model.solr.port) as door:
        # Every address of the machine, so not the loopback to whoever reads the URL.
        open_url = f"http://0.0.0.0:{door.port}/solr"
        options = model.indexer.options
        report = check(options | {"solr": open_url})
        assert report.status == 0 and "--solr-auth-file" in report.line("warn", "Solr's door", open_url), report.text
        model.indexer.options = options | {"solr": open_url}
        try:
            model.indexer.start()
            wait_for(lambda: "answers without credentials" in model.indexer.log.read_text(), 10, "the warning")
            model.indexer.stop()
        finally:
            model.indexer.end()
            model.indexer.options = options


def credentials(password):
    salt = os.urandom(16)
    once = hashlib.sha256(salt + password.encode()).digest()
    return f"{base64.b64encode(hashlib.sha256(once).digest()).decode()} {base64.b64encode(salt).decode()}"


def test_a_solr_with_passwords_and_tls_is_served_through_files(model, tmp_path):
    """The whole way: BasicAuth of the real Solr, TLS in front of it, wrong credentials, missing rights, wrong CA."""
    users = {"daas": "geheim:mit Doppelpunkt", "guest": "gast", "root": "rot"}
    edit = ["collection-admin-edit", "config-edit"]
    security = {
        "authentication": {"class": "solr.BasicAuthPlugin", "blockUnknown": True,
                           "credentials": {name: credentials(word) for name, word in users.items()}},
        "authorization": {"class": "solr.RuleBasedAuthorizationPlugin",
                          "permissions": [{"name": name, "role": "editor"} for name in edit] + [{"name": "all", "role": ["editor", "all"]}],
                          "user-role": {"daas": "editor", "root": "editor", "guest": "all"}}}

    def auth(name, word):
        path = tmp_path / f"{name}.auth"
        path.touch(0o600)
        path.write_text(f"{name}:{word}\n")
        return path
    authority, other = Authority(tmp_path / "ca"), Authority(tmp_path / "other", "another CA")
    options = model.indexer.options
    model.solr.secure(security, ("root", users["root"]))
    try:
        with Forwarder(model.solr.port, authority.certificate("solr")) as tls:
            good = options | {"solr": f"https://127.0.0.1:{tls.port}/solr", "solr-ca-file": authority.file,
                              "solr-auth-file": auth("daas", users["daas"])}
            report = check(good)
            assert report.status == 0 and users["daas"] not in report.text, report.text
            report.line("ok ", f"https://127.0.0.1:{tls.port}", "as user daas")
            report.line("ok ", "Solr's permissions", "collection-admin-edit")
            assert "--solr-auth-file" in check(options).line("FAIL", "401")
            assert check(good | {"solr-auth-file": auth("x", "wrong")}).line("FAIL", "401")
            assert "collection-admin-edit" in check(good | {"solr-auth-file": auth("guest", "gast")}).line("FAIL", "403")
            assert "--solr-ca-file" in check(good | {"solr-ca-file": other.file}).line("FAIL", "https://")
            model.indexer.options = good
            model.indexer.start()
            model.sql("INSERT INTO t VALUES (2, 'by TLS')")
            model.assert_equal("t")
            model.indexer.stop()
            log = model.indexer.log.read_text()
            assert "geheim" not in log and users["root"] not in log.split()
    finally:
        model.indexer.end()
        model.indexer.options = options
        model.solr.secure({})


def test_postgresql_by_verified_tls_only(model, directory, tmp_path):
    authority, other = Authority(directory / "pg-ca"), Authority(tmp_path / "other", "another CA")
    certificate, key = authority.certificate("postgres")
    data = model.postgres.directory / "data"
    for source, name in (certificate, "e2e.crt"), (key, "e2e.key"):
        target = data / name
        target.touch(0o600)
        target.write_text(source.read_text())
        owner = data.stat()
        os.chown(target, owner.st_uid, owner.st_gid)
    roles = ["replication", "reader", "server"]
    options = model.indexer.options

    def with_tls(ca):
        return options | {f"pg-{role}": f"{options[f'pg-{role}']} sslmode=verify-full sslrootcert={ca}" for role in roles}
    assert check(with_tls(authority.file)).line("FAIL", "--pg-reader", "SSL")
    with model.connect("postgres") as connection, hba(model.postgres, "hostnossl all e2e_reader,e2e_server,e2e_replication all reject"):
        for setting, value in ("ssl_cert_file", "e2e.crt"), ("ssl_key_file", "e2e.key"), ("ssl", "on"):
            connection.execute(f"ALTER SYSTEM SET {setting} = '{value}'")
        connection.execute("SELECT pg_reload_conf()")
        try:
            report = wait_for(lambda: (lambda one: one if one.status == 0 else None)(check(with_tls(authority.file))), 10,
                              "PostgreSQL takes TLS")
            report.line("ok ", "--pg-replication, encryption", "TLSv1.3", "verify-full")
            assert "sslrootcert" in check(with_tls(other.file)).line("FAIL", "--pg-server", "certificate")
            wrong_name = with_tls(authority.file)["pg-server"].replace("host=127.0.0.1", "host=otherhost hostaddr=127.0.0.1")
            check(with_tls(authority.file) | {"pg-server": wrong_name}).line("FAIL", "--pg-server", "otherhost")
            model.indexer.options = with_tls(authority.file)
            model.indexer.start()
            model.sql("INSERT INTO t VALUES (3, 'by TLS')")
            model.assert_equal("t")
            sessions = connection.execute(
                "SELECT count(*), count(*) FILTER (WHERE s.ssl) FROM pg_stat_activity a JOIN pg_stat_ssl s USING (pid)"
                " WHERE a.application_name LIKE 'daas%'").fetchone()
            assert sessions[0] >= 5 and sessions[0] == sessions[1], sessions
            model.indexer.stop()
        finally:
            model.indexer.end()
            model.indexer.options = options
            for setting in ("ssl", "ssl_cert_file", "ssl_key_file"):
                connection.execute(f"ALTER SYSTEM RESET {setting}")
            connection.execute("SELECT pg_reload_conf()")
