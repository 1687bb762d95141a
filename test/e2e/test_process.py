"""The daemon as a program: signals, options, secrets."""
import os
import subprocess
import time

import pytest

from harness.indexer import BINARY
from harness.waiting import wait_for


def run(*arguments, **environment):
    return subprocess.run([BINARY, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20,
                          env={"PATH": os.environ["PATH"]} | environment, check=False)


def test_sigterm_ends_it_within_five_seconds_with_0(site):
    site.sql("CREATE TABLE t AS SELECT i AS id, repeat('x', 500) AS v FROM generate_series(1, 50000) i;"
             "ALTER TABLE t ADD PRIMARY KEY (id)")
    site.indexer.stop(within=5)  # idle
    site.create_model("t", "SELECT * FROM t")
    site.indexer.start()
    wait_for(lambda: site.value("SELECT count(*) FROM daas.progress WHERE loaded > 0"), 20, "the load sends", pause=0.005)
    site.indexer.stop(within=5)  # in a load
    site.indexer.start(ready=False)
    site.indexer.stop(within=5)  # in its start


def test_sigterm_ends_it_while_it_waits_for_its_slot(open_site, postgres):
    with open_site() as site, postgres.connect("postgres") as other:
        other.execute("BEGIN")
        other.execute("CREATE TABLE e2e_other (id int)")  # an xid, in another database
        site.indexer.start(ready=False)
        seen = wait_for(lambda: (lambda status, text: text if status == 503 and str(other.info.backend_pid) in text else None)
                        (*site.indexer.readiness()), 10, "/readyz names the transaction that it waits for")
        assert "postgres" in seen
        site.indexer.stop(within=5)
        other.execute("ROLLBACK")


def test_it_waits_for_postgresql_and_solr_that_are_not_there(open_site):
    with open_site(solr="http://127.0.0.1:9/solr") as site:
        site.indexer.start(ready=False)
        wait_for(lambda: site.indexer.readiness()[0] == 503, 10, "/readyz answers 503")
        assert site.api("healthz").status_code == 200
        site.indexer.stop(within=5)
        site.indexer.options["solr"] = site.solr.url
        site.indexer.start()


@pytest.mark.parametrize("option", ["--pg", "--pg-replication", "--pg-reader", "--pg-server"])
@pytest.mark.parametrize("form", ["host=h password=geheim", "postgresql://user:geheim@h/d"])
def test_a_password_on_the_command_line_is_refused_and_not_repeated(option, form):
    done = run(option, form, "--solr", "http://127.0.0.1:9/solr")
    assert done.returncode == 1 and option in done.stderr and "passfile" in done.stderr
    assert "geheim" not in done.stdout + done.stderr


def test_credentials_in_the_url_of_solr_are_refused_and_not_repeated():
    done = run("--solr", "http://solr:geheim@127.0.0.1:9/solr")
    assert done.returncode == 1 and "--solr-auth-file" in done.stderr and "geheim" not in done.stdout + done.stderr


def test_a_key_that_others_can_read_or_that_is_short_is_refused(tmp_path):
    key = tmp_path / "key"
    key.write_text("x" * 40)
    key.chmod(0o644)
    done = run("--solr", "http://127.0.0.1:9/solr", "--jwt-key-file", str(key))
    assert done.returncode == 1 and "chmod 600" in done.stderr, done.stderr
    key.write_text("x" * 31)
    key.chmod(0o600)
    done = run("--solr", "http://127.0.0.1:9/solr", "--jwt-key-file", str(key))
    assert done.returncode == 1 and "32 bytes" in done.stderr, done.stderr


@pytest.mark.parametrize("arguments, word", [
    (["--nope"], "nope"), (["--batch-age", "10", "--solr", "http://h/solr"], "batch-age"), (["--role", "x"], "role"), (["--lanes", "0"], "lanes"),
    (["-%original_token%"], "argument 1 holds %original_token%"),
    (["stray"], "positional"), (["--config", "/nonexistent"], "/nonexistent"), ([], "--solr"), (["--log-level", "x"], ""),
    (["--listen", "nowhere"], ""),
])
def test_a_bad_option_is_named_and_ends_it_with_1(arguments, word):
    done = run(*arguments)
    assert done.returncode == 1 and done.stderr.startswith("daas-indexer: ") and word in done.stderr, done.stderr
    assert run("--help").returncode == 0 and run("--version").stdout.startswith("daas-indexer ")


def test_no_secret_stands_in_the_log_or_in_the_process_list(site):
    site.sql("SELECT daas.create_account('a', 'geheimes Wort')")
    token = site.token("a", "geheimes Wort")
    site.login("a", "geheimes Wort!")
    site.api("nope", token)
    pid = site.indexer.process.pid
    seen = site.indexer.log.read_text() + open(f"/proc/{pid}/cmdline", encoding="utf-8").read()
    assert "geheimes" not in seen and token not in seen and site.indexer.key not in seen
    for password in site.postgres.passwords.values():
        assert password not in seen


def test_an_alias_without_owner_is_taken_back_and_one_of_another_database_is_not(site):
    site.sql("CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)")
    site.create_model("t", "SELECT * FROM t")
    site.wait_for_state("t", "running")
    site.indexer.kill()
    alias = {"action": "ALIASPROP", "name": f"{site.name}.t"}
    # As after a kill -9 between the two requests that make an alias and its owner.
    site.solr.get("/admin/collections", **alias, **{"property.daas.owner": ""})
    site.sql("INSERT INTO t VALUES (2)")
    site.indexer.start()
    site.assert_equal("t")
    assert site.status("t")["generation"] == 1
    site.indexer.stop()
    site.solr.get("/admin/collections", **alias, **{"property.daas.owner": "1/2"})
    site.indexer.start()
    status = site.wait_for_state("t", "stopped")
    assert "1/2" in status["reason"] and "--adopt" in status["hint"]
    site.indexer.options["adopt"] = "true"
    site.indexer.stop()
    site.sql("SELECT daas.reload_model('t')")
    site.indexer.start()
    site.assert_equal("t")


def test_a_second_daemon_stands_by_and_takes_over(site):
    site.sql("CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)")
    site.create_model("t", "SELECT * FROM t")
    site.sql("SELECT daas.create_api('t', public => true)")
    site.assert_equal("t")
    second = site.indexer.beside("second")
    second.start(ready=False)
    try:
        first, site.indexer = site.indexer, second
        site.wait_for_api("t")
        assert second.readiness()[0] == 503
        first.kill()
        began = time.monotonic()
        second.wait_ready()
        print(f"took over after {time.monotonic() - began:.1f} s")
        site.sql("INSERT INTO t VALUES (2)")
        site.assert_equal("t")
    finally:
        first.end()
