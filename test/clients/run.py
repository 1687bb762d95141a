#!/usr/bin/env python3
"""make test-clients: the clients @supabase/postgrest-js and postgrest for Python, unmodified, against the real stack;
each read is held against the same query in PostgreSQL, each write against the same statement.

Ends with `clients: N passed, M failed` and 0, or with 1 when there are failures or nothing ran.
"""
import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "e2e"), str(HERE.parent / "reads")]

# pylint: disable=wrong-import-position
from harness.stack import passing_stack

import reads
from cases import COUNTED, CSV, ERRORS, SQL
from compare import open_table
from write_run import compare_writes

MODULES = Path(sys.argv[1]).resolve()  # where npm installed


def main():
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    failures, passed = [], 0
    with passing_stack("clients") as stack:
        site = stack.open("clients")
        open_table(site, 11)
        expected = expectations(site)
        for client, found in (("postgrest-js", javascript(site)), ("postgrest-py", reads.results(site.indexer.url))):
            for name in sorted(expected.keys() | found.keys()):
                wrong = difference(expected.get(name), found.get(name))
                passed += not wrong
                if wrong:
                    failures.append(f"FAILED {client}, {name}: {wrong}")
        for name, wrong in compare_writes(site, lambda script, *arguments: javascript(site, script, *arguments), difference):
            passed += not wrong
            if wrong:
                failures.append(f"FAILED {name}: {wrong}")
    print("\n".join(failures))
    print(f"clients: {passed} passed, {len(failures)} failed")
    return 1 if failures or not passed else 0


def javascript(site, script=HERE / "reads.mjs", *arguments):
    shutil.copy(script, MODULES)
    done = subprocess.run(["node", MODULES / script.name, site.indexer.url, *arguments], stdout=subprocess.PIPE, text=True, timeout=120, check=True)
    return json.loads(done.stdout)


def expectations(site):
    site.sql("SET timezone = 'UTC'")
    expected = {}
    for name, statement in SQL.items():
        rows = [json.loads(text) for text, in site.sql(f"SELECT row_to_json(q)::text FROM ({statement}) q")]
        expected[name] = {"data": rows[0] if name == "single" else rows, "count": None, "error": None}
    for name, statement in COUNTED.items():
        expected.setdefault(name, {"data": None, "error": None})["count"] = site.value(statement)
    for name, code in ERRORS.items():
        expected[name] = {"data": None, "count": None, "error": code}
    expected["csv"] = {"data": "id,age,flag\n" + site.value(CSV), "count": None, "error": None}
    expected["maybe_single_none"] = {"data": None, "count": None, "error": None}
    return expected


def as_doubles(data):
    """JavaScript reads whole numbers as doubles."""
    if isinstance(data, dict):
        return {name: as_doubles(value) for name, value in data.items()}
    if isinstance(data, list):
        return [as_doubles(value) for value in data]
    return float(data) if isinstance(data, int) and abs(data) > 2**53 else data


def difference(expected, found):
    """In words; empty when there is none. A client may say nothing of a count that was not asked for."""
    if expected is None or found is None:
        return f"{'not expected' if expected is None else 'not read'}"
    if (expected["error"] or None) != (found["error"] or None):
        return f"error {found['error']}, expected {expected['error']}"
    if expected["count"] is not None and expected["count"] != found["count"]:
        return f"count {found['count']}, expected {expected['count']}"
    if expected["error"] is None and as_doubles(expected["data"] or None) != as_doubles(found["data"] or None):
        return f"{str(found['data'])[:300]}, expected {str(expected['data'])[:300]}"
    return ""


if __name__ == "__main__":
    sys.exit(main())
