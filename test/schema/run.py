#!/usr/bin/env python3
"""make test-schema: schemathesis asks a real stack for what its own OpenAPI document describes, and for what it excludes:
over a table with a column of every type, and over scoped tables, with a token; it reads, and writes two tables of its own. No 5xx, every status, header, media type, body and
error code as documented.

    SEED=…      of the requests (random, and printed)
    EXAMPLES=…  requests per operation and kind (60)

Ends with `schema: N requests, no failure` and 0, or with 1.
"""
import json
import os
import random
import re
import signal
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))

# pylint: disable=wrong-import-position
from harness.stack import passing_stack
from test_types import make_every_source

SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")


def main():
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with passing_stack("schema") as stack:
        # Positions of the future are asked for often.
        site = stack.open("schema", {"position-wait": "50ms"})
        define(site)
        return judge(site, ask(site, stack.directory))


def define(site):
    make_every_source(site)
    site.sql("CREATE TABLE desk (id int PRIMARY KEY, airport text, delay int, notes text[], extra jsonb)")
    site.sql("INSERT INTO desk SELECT i, CASE WHEN i % 3 = 0 THEN 'JFK' ELSE 'EWR' END, i % 50, ARRAY['a', 'n' || i], '{}'"
             " FROM generate_series(1, 500) i")
    site.sql("CREATE TABLE draft (LIKE every_source INCLUDING ALL)")
    site.sql("INSERT INTO draft SELECT * FROM every_source")
    site.sql("""CREATE TABLE memo (id bigint PRIMARY KEY, airport text DEFAULT 'EWR', title varchar(20) UNIQUE, body text, delay int CHECK (delay < 1000),
                                  desk int REFERENCES desk, tags text[], needed text NOT NULL DEFAULT 'x', doubled bigint GENERATED ALWAYS AS (delay * 2) STORED)""")
    site.sql("INSERT INTO memo SELECT i, CASE WHEN i % 3 = 0 THEN 'JFK' ELSE 'EWR' END, 't' || i, 'some words', i FROM generate_series(1, 60) i")
    site.create_model("draft", "SELECT * FROM draft")
    site.create_model("memo", "SELECT * FROM memo", options={"text": {"body": "english"}})
    site.create_model("every", "SELECT * FROM every_source")
    site.create_model("desk", "SELECT * FROM desk")
    site.sql("SELECT daas.create_api('every', public => true)")
    site.sql("SELECT daas.create_api('desk', scope => '{\"airport\": \"airports\"}', max_rows => 50)")
    site.sql("SELECT daas.create_api('draft', scope => '{}', writes => '{insert,update,delete}')")
    site.sql("SELECT daas.create_api('memo', scope => '{\"airport\": \"airports\"}', writes => '{insert,update,delete}')")
    site.sql("SELECT daas.create_account('tester', 'secret', claims => '{\"airports\": [\"EWR\"]}')")
    site.indexer.start()
    site.wait_for_api("every")
    for path in ("desk", "draft", "memo"):
        site.wait_for_api(path, 401)
    for model in site.queries:
        site.assert_equal(model)


def ask(site, directory):
    token = site.token("tester", "secret")
    document = directory / "openapi.json"
    document.write_text(site.api("openapi.json", token).text)
    paths = json.loads(document.read_text())["paths"]
    assert {"/desk", "/every", "/draft", "/memo"} <= paths.keys(), "all APIs are described"
    assert {"post", "patch", "delete"} <= paths["/draft"].keys() & paths["/memo"].keys(), "and their writes"
    seed = os.environ.get("SEED") or str(random.randrange(10**9))
    command = [SCHEMATHESIS, "--config-file", HERE / "schemathesis.toml", "run", document, "--url", site.indexer.url,
               "--phases", "examples,coverage,fuzzing", "--continue-on-failure", "--max-examples",
               os.environ.get("EXAMPLES") or "60", "--seed", seed, "--workers", "1"]
    # One worker: CPython's parser, which Hypothesis calls, fails now and then when two threads are in it (3.11).
    settings = {"SCHEMATHESIS_HOOKS": "hooks", "PYTHONPATH": str(HERE), "DAAS_SCHEMA_ACCOUNT": "tester",
                "DAAS_SCHEMA_PASSWORD": "secret", "DAAS_SCHEMA_TOKEN": token}
    return subprocess.run(command, cwd=directory, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
                          timeout=1800, env=os.environ | settings)


def judge(site, done):
    print(done.stdout)
    made = re.search(r"(\d+) generated", done.stdout)
    faults = [line for line in site.indexer.log.read_text().splitlines() if " error " in line or "[error]" in line]
    for line in faults[:20]:
        print("log of daas-indexer:", line)
    site.indexer.check()
    for model in ("draft", "memo"):
        site.assert_equal(model)
    assert site.value("SELECT count(*) FROM memo WHERE airport = 'JFK'") == 20, "rows of another scope stay"
    failed = done.returncode != 0 or not made or bool(faults)
    print(f"schema: {made[1] if made else 0} requests, {'FAILURES, see above' if failed else 'no failure'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
