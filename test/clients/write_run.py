"""Writes by the real clients, each held against its SQL on a twin of the table; the tables must be equal at the end."""
import json
from pathlib import Path

from harness.waiting import wait_for

import writes
from write_cases import COUNTED, DEFINITION, ERRORS, FILL, SINGLE, WRITES

HERE = Path(__file__).resolve().parent


def open_tables(site):
    for table in ("w_js", "w_py"):
        for name in (table, table + "_twin"):
            site.sql(f"CREATE TABLE {name} {DEFINITION}")
            site.sql(FILL.format(t=name))
        site.create_model(table, f"SELECT * FROM {table}")
        site.sql("SELECT daas.create_api(%s, scope => %s, writes => %s)", (table, '{"tenant": "tenants"}', "{insert,update,delete}"))
    site.sql("SELECT daas.create_account('clients', 'secret', claims => %s)", ('{"tenants": ["a"]}',))
    token = site.token("clients", "secret")
    for table in ("w_js", "w_py"):
        wait_for(lambda table=table: site.api(table, token).status_code == 200, 60, f"GET /{table} answers 200")
    return token


def compare_writes(site, run_javascript, difference):
    """Pairs of a case's name and what is wrong with it, if anything is."""
    token = open_tables(site)
    clients = {"w_js": ("postgrest-js", lambda: run_javascript(HERE / "writes.mjs", token)),
               "w_py": ("postgrest-py", lambda: writes.results(site.indexer.url, token))}
    for table, (client, run) in clients.items():
        found = run()
        expected = {name: expect(site, name, table + "_twin") for name in WRITES if name in found}
        for name in sorted(expected.keys() | found.keys()):
            yield f"{client}, {name}", difference(expected.get(name), found.get(name))
        rest = site.sql(f"SELECT (SELECT array_agg(x::text ORDER BY id) FROM {table} x) = (SELECT array_agg(x::text ORDER BY id) FROM {table}_twin x)")
        yield f"{client}, the table at the end", "" if rest == [(True,)] else "the tables differ"


def expect(site, name, twin):
    if name in ERRORS:
        return {"data": None, "count": None, "error": ERRORS[name]}
    statement = WRITES[name].format(t=twin)
    rows = []
    if "RETURNING" in statement:
        rows = [json.loads(text) for text, in site.sql(f"WITH q AS ({statement}) SELECT row_to_json(q)::text FROM q")]
    elif statement:
        site.sql(statement)
    return {"data": rows[0] if name in SINGLE else rows, "count": COUNTED.get(name), "error": None}
