"""The proof: a change in SQL is seen to arrive over REST, and a token sees its own scope only."""
import base64
import http.client
import json
import pathlib
import sys
import time
import urllib.parse

import psycopg

ROOT = pathlib.Path(__file__).resolve().parent.parent
SECRETS = ROOT / "build/demo/secrets"
PORTS = dict(line.split("=") for line in (ROOT / "build/demo/ports").read_text().split())
API = http.client.HTTPConnection("127.0.0.1", int(PORTS["api_port"]), timeout=20)


def ask(method, target, **headers):
    API.request(method, target, headers=headers)
    response = API.getresponse()
    body = response.read()
    if response.status not in (200, 206):
        sys.exit(f"demo: {method} {target} answered {response.status}: {body.decode()}")
    return json.loads(body), response.headers


def token(account):
    credentials = f"{account}:{(SECRETS / account).read_text().strip()}"
    basic = "Basic " + base64.b64encode(credentials.encode()).decode()
    answer, _ = ask("POST", "/auth/login", Authorization=basic, **{"Content-Length": "0"})
    return "Bearer " + answer["access_token"]


def connect():
    password = (SECRETS / "demo").read_text().strip()
    return psycopg.connect(host="127.0.0.1", port=PORTS["pg_port"], dbname="nyc", user="demo", password=password,
                           autocommit=True)


def show_change(everything):
    with connect() as database:
        # The first read of all opens what later ones find open.
        ask("GET", "/flights?id=eq.1&select=dep_delay", Authorization=everything)
        began = time.monotonic()
        (delay,) = database.execute(
            "UPDATE flights SET dep_delay = coalesce(dep_delay, 0) + 1 WHERE id = 1 RETURNING dep_delay"
        ).fetchone()
        committed = time.monotonic()
        while True:
            rows, _ = ask("GET", "/flights?id=eq.1&select=dep_delay", Authorization=everything)
            seen = time.monotonic()
            if rows and rows[0]["dep_delay"] == delay:
                break
            if seen - committed > 30:
                sys.exit(f"demo: the change did not arrive within 30 s; the API answers {rows}")
            time.sleep(0.001)
    print(
        f"\n  UPDATE flights SET dep_delay = {delay} WHERE id = 1   took {(committed - began) * 1000:.1f} ms;\n"
        f"  GET /flights?id=eq.1 showed it {(seen - committed) * 1000:.0f} ms after the commit."
    )


def show_rename(everything):
    """Of the airline with the most flights, there and back: its name is in each of their documents."""
    with connect() as database:
        (name,) = database.execute("SELECT name FROM airlines WHERE carrier = 'UA'").fetchone()
        (flights,) = database.execute("SELECT count(*) FROM flights WHERE carrier = 'UA'").fetchone()
        for shown in (name + " (renamed)", name):
            database.execute("UPDATE airlines SET name = %s WHERE carrier = 'UA'", (shown,))
            committed = time.monotonic()
            target = f"/trips?select=id&limit=1&airline=eq.{urllib.parse.quote(shown)}"
            while True:
                _, headers = ask("GET", target, Authorization=everything, Prefer="count=exact")
                seen = time.monotonic()
                if int(headers["Content-Range"].split("/")[1]) == flights:
                    break
                if seen - committed > 120:
                    sys.exit(f"demo: the new name did not arrive within 120 s: {headers['Content-Range']}")
                time.sleep(0.02)
            if shown != name:
                print(f"\n  UPDATE airlines SET name = '{shown}' WHERE carrier = 'UA';\n"
                      f"  GET /trips showed it in all of its {flights:,} flights {seen - committed:.1f} s after the commit.\n")


def show_scope(account):
    authorization = token(account)
    rows, headers = ask(
        "GET", "/flights?select=origin&limit=1000&order=dep_delay.desc.nullslast",
        Authorization=authorization, Prefer="count=exact",
    )
    total = headers["Content-Range"].split("/")[1]
    print(f"  {account:12} sees {int(total):>7,} flights, from {', '.join(sorted({row['origin'] for row in rows}))}")


show_change(token("all_airports"))
show_rename(token("all_airports"))
show_scope("all_airports")
show_scope("ewr_desk")
print()
