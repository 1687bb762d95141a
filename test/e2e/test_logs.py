"""Logs: records of one line, as text or JSON, with neither row values nor secrets."""
import json
import re

import pytest

from harness.site import CAPTURE
from harness.waiting import NotYet, wait_for

# Every place that a value can be quoted from: a column, a key, a filter, a password, a claim.
SECRETS = ["geheimer Wert", "geheimer Schlüssel", "geheimer Filter", "geheimes Wort", "geheimer Anspruch"]
RECORD = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (debug|info|warning|error) \S")


def busy(site):
    """A run with a load, changes, reads, logins, refusals, and a model that stops on a bad value. Returns its tokens."""
    site.sql("CREATE TABLE t (k text PRIMARY KEY, v text);"
             "CREATE TABLE n (id int PRIMARY KEY, v text); INSERT INTO n VALUES (1, '5')")
    site.sql("INSERT INTO t VALUES (%s, %s)", (SECRETS[1], SECRETS[0]))
    site.create_model("t", "SELECT * FROM t")
    site.create_model("n", "SELECT id, v FROM n WHERE v::int > 0")
    site.sql("SELECT daas.create_api('t', scope => '{\"v\": \"desk\"}')")
    site.sql("SELECT daas.create_account('a', %s, claims => %s)", (SECRETS[3], json.dumps({"desk": SECRETS[4]})))
    site.wait_for_state("n", "running")
    token = site.token("a", SECRETS[3])
    site.wait_for_api("t", status=401)
    wait_for(lambda: site.api("t", token).status_code == 200, 30, "the API answers")
    for request in ({"v": "eq." + SECRETS[2]}, {"v": "in.(" + SECRETS[2]}, {"nope": "eq." + SECRETS[2]}):
        site.api("t", token, **request)
    site.api("t", token + "x")
    site.login("a", SECRETS[3] + "!")
    site.sql("UPDATE t SET v = v || '!'")
    site.sql("INSERT INTO n VALUES (2, %s)", (SECRETS[0],))
    stopped = site.wait_for_state("n", "stopped")
    assert SECRETS[0] in stopped["reason"], "the database may know the value"
    return [token]


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_log_is_of_one_line_records_and_holds_neither_values_nor_secrets(open_site, form):
    with open_site(log_format=form, log_level="debug") as site:
        site.indexer.start()
        tokens = busy(site)
        site.indexer.stop()
        text = site.indexer.log.read_text()
        for secret in [*SECRETS, "geheim", *tokens, site.indexer.key, *site.postgres.passwords.values()]:
            # JSON escapes no letter, so the words would stand there as they are.
            assert secret not in text, f"{secret}:\n{text}"
        lines = text.splitlines()
        assert len(lines) > 5
        if form == "text":
            assert all(RECORD.match(line) for line in lines), text
            assert any("error model n stopped: " in line and "22P02" in line for line in lines), text
            return
        records = [json.loads(line) for line in lines]
        for record in records:
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", record["time"]) and record["message"]
            assert record["level"] in ("debug", "info", "warning", "error")
        live = [record for record in records if "is live" in record["message"]]
        assert {record["model"] for record in live} == {"t", "n"}
        assert all(record["epoch"] == 1 and record["documents"] == 1 and record["generation"] > 0 for record in live)
        assert [record["model"] for record in records if record["level"] == "error"] == ["n"]


def test_the_level_bounds_what_is_logged_and_an_end_by_error_is_a_record(open_site):
    with open_site(log_format="json", log_level="error") as site:
        site.indexer.start()
        site.indexer.stop()
        assert site.indexer.log.read_text() == ""
        site.indexer.options["listen"] = site.indexer.options["admin-listen"]
        with pytest.raises(AssertionError, match="ended with 1"):
            site.indexer.start(ready=False)
            wait_for(site.indexer.check, 20, "it ends")  # its other door opened first, and may have answered
        site.indexer.process = None
        record = json.loads(site.indexer.log.read_text())
        assert record["level"] == "error" and "listen" in record["message"], record


def test_connections_stay_within_their_bound_while_many_models_are_busy(open_site):
    models, rows = 5, 4000
    with open_site(reader_connections=2, loads=2, role=["index", "serve"]) as site:
        for number in range(models):
            site.sql(f"CREATE TABLE t{number} AS SELECT i AS id, repeat('x', 200) AS v FROM generate_series(1, {rows}) i;"
                     f"ALTER TABLE t{number} ADD PRIMARY KEY (id)")
            site.create_model(f"t{number}", f"SELECT * FROM t{number}")
        site.sql("SELECT daas.create_account('a', 'word')")
        site.indexer.start()
        most, loads = {}, 0
        with site.postgres.connect("postgres") as connection:
            def settled():
                nonlocal loads
                site.login("a", "word")
                seen = dict(connection.execute(
                    "SELECT usename, count(*) FROM pg_stat_activity WHERE datname = %s AND application_name LIKE 'daas%%'"
                    " GROUP BY 1", (site.name,)).fetchall())
                for role, count in seen.items():
                    most[role] = max(count, most.get(role, 0))
                loads = max(loads, connection.execute(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND application_name LIKE 'daas-indexer load%%'",
                    (site.name,)).fetchone()[0])
                running = site.sql("SELECT count(*) FROM daas.status() WHERE state = 'running'")[0][0]
                if running < models:
                    site.sql("".join(f"UPDATE t{number} SET v = v || 'y' WHERE id <= 20;" for number in range(models)))
                    raise NotYet(f"{running} of {models} models run")
                return True
            wait_for(settled, 90, "all models run", pause=0.01)
        # docs/operations.md: connections.
        assert loads >= 1 and loads <= 2
        assert most["e2e_replication"] <= 4 + (3 if CAPTURE == "notify" else 0) and most["e2e_reader"] <= 2 + 2 and most["e2e_server"] <= 1 + 2, most
        for number in range(models):
            site.assert_equal(f"t{number}")
