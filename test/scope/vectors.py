"""What is asked in each phase: (name, list of requests), the same bytes each time."""
import json
import random
from urllib.parse import quote

from attacks import HEADERS, METHODS, VALUES, targets, token, tokens
from random_read import random_read
from reads_table import COLUMNS
from wire import request

WORDS = ["alpha", "beta", "gamma", "delta", "running", "runs", "the"]
ANSWERED = [name for name in COLUMNS if name != "note"]


class Vector:
    def __init__(self, name, sent, walks=False, claims=False):
        self.name, self.sent = name, sent
        self.walks = walks    # follows Daas-Cursor to the end
        self.claims = claims  # of a token of its own


def make_vectors(key, seed, count, tenants=("a",)):
    """count: of random requests, which come first; the attack corpus comes whole."""
    rng = random.Random(seed)
    own = token(key, {"sub": "a", "iss": "daas", "aud": "daas", "exp": 4_000_000_000, "tenants": list(tenants), "regions": [1, 2]})
    bearer = ("Authorization", f"Bearer {own}")
    vectors = []
    for _ in range(count):
        vectors.append(_random(rng, bearer))
    for target in targets():
        vectors.append(Vector(f"target {target!r:.200}", request(target, [bearer])))
    for headers in HEADERS:
        for target in ("/scoped", "/paired?order=id.desc&limit=3", "/scoped?_facet=name&limit=0", "/scoped?name=eq.nobody"):
            vectors.append(Vector(f"headers {headers} of {target}", request(target, [bearer, *headers])))
    for method in METHODS:
        vectors.append(Vector(f"method {method}", request("/scoped", [bearer], method)))
    for name, one in tokens(key):
        for path in ("/scoped?select=id,name", "/scoped?tenant=eq.b", "/paired", "/nosuch"):
            vectors.append(Vector(f"token {name} of {path}", request(path, [("Authorization", f"Bearer {one}")]), claims=True))
    for scheme in ("", "Bearer", "Bearer ", "bearer " + own, "BEARER  " + own, "Basic YTpi", "Token " + own, own, f"Bearer {own}, Bearer {own}"):
        vectors.append(Vector(f"authorization {scheme[:20]}", request("/scoped", [("Authorization", scheme)]), claims=True))
    vectors.append(Vector("two authorizations", request("/scoped", [bearer, bearer]), claims=True))
    vectors.append(Vector("no authorization", request("/scoped"), claims=True))
    for value in VALUES:
        # Where a line would end the header, it is the request that ends.
        vectors.append(Vector(f"header {value!r:.60}", request("/scoped?limit=2", [bearer, ("Prefer", value), ("Range", value), ("If-None-Match", value)])))
    for body in (b'{"grant_type":"refresh","grant_type":"x"}', b"{", b"[]", b"\xff", b'{"refresh_token":"x","refresh_token":"y"}', b'{"name":"a","name":"SECRET"}', b"null", b"x" * 100_000):
        for target in ("/scoped", "/auth/login", "/auth/refresh", "/auth/logout"):
            vectors.append(Vector(f"body {body[:40]} to {target}", request(target, [bearer, ("Content-Type", "application/json")], "POST", body)))
    return vectors + _writes(rng, bearer)


def _writes(rng, bearer):
    """Writes that would reach rows of others, by every third id that scope a has not, or by everything; those that reach
    rows of scope a are undone, so that each phase begins as the first one did."""
    json_body, undone = ("Content-Type", "application/json"), ("Prefer", "tx=rollback, return=representation, count=exact")
    vectors = []

    def add(method, target, body, *headers):
        text = body if isinstance(body, bytes) else json.dumps(body).encode()
        vectors.append(Vector(f"{method} {target:.200} {text[:200]}", request(target, [bearer, json_body, *headers], method, text)))
    for number in rng.sample([number for number in range(900) if number % 3], 40):
        for path in ("written", "moved"):
            add("PATCH", f"/{path}?id=eq.{number}", {"name": "mine"})
            add("PATCH", f"/{path}?id=in.({number},{number - number % 3})&select=id,name&order=id", {"name": "mine"}, undone)
            add("DELETE", f"/{path}?id=eq.{number}", b"", ("Prefer", "return=representation"))
        add("PATCH", f"/moved?id=eq.{number}", {"tenant": "a"}, ("Prefer", "return=representation"))
        # Of keys that nobody has: that a key exists, a unique index tells everybody who may insert (docs/security.md).
        add("POST", "/moved", {"id": 2_000_000 + number, "tenant": "b", "name": "x"})
        add("POST", "/moved", {"id": 2_000_000 + number, "tenant": "b", "name": "x"}, ("Prefer", "resolution=merge-duplicates, return=representation"))
    for target, body in (("/moved?id=gte.0", {"tenant": "b"}), ("/moved?id=gte.0", {"tenant": None}), ("/moved?name=like.*SECRET*", {"name": "x"}), ("/moved?tenant=eq.b", {"name": "x"}), ("/moved?tenant=neq.a", {"tenant": "a"}),
                         ("/moved?or=(tenant.eq.b,id.gte.0)&select=id,tenant", {"name": "x"}), ("/written?id=gte.0&select=id,name", {"name": "x"}), ("/written?words=like.*SECRET*", {"name": "x"}), ("/written?id=gte.0", {"hidden": "x"}),
                         ("/written?hidden=like.*SECRET*", {"name": "x"}), ("/written?id=gte.0&select=hidden", {"name": "x"}), ("/written", {"name": "x"}), ("/scoped?id=gte.0", {"name": "x"})):
        add("PATCH", target, body, undone)
        add("DELETE", target, b"", undone)
        add("POST", target, body, undone)
    for value in VALUES:
        encoded = quote(value, safe="")
        for target in (f"/moved?name=eq.{encoded}", f"/moved?id=gte.0&name=in.({encoded})", f"/moved?or=(name.eq.{encoded},tenant.eq.b)", f"/moved?{encoded}=eq.b", f"/moved?name=match.{encoded}"):
            add("PATCH", target, {"name": "x"}, undone)
            add("DELETE", target, b"", undone)
        add("PATCH", "/moved?id=eq.3&select=id,name", {"name": value}, undone)
        add("PATCH", "/moved?id=eq.3", {"tenant": value}, undone)
        add("PATCH", "/moved?id=eq.3", {value: "b"}, undone)
        add("POST", f"/moved?columns={encoded}", [{"id": 1_000_000, "tenant": "a"}], undone)
        add("POST", f"/moved?on_conflict={encoded}", [{"id": 1_000_000, "tenant": "a"}], undone, ("Prefer", "resolution=merge-duplicates"))
        add("POST", f"/moved?select={encoded}", [{"id": 1_000_000, "tenant": value}], undone)
    for body in (b'{"id":1000000,"tenant":"a","tenant":"b"}', b'{"tenant":"b","tenant":"a","id":1000000}', b'[{"id":1000000,"tenant":"a"},{"id":1000001,"tenant":"b"}]', b'{"id":1e400,"tenant":"a"}', b"[]", b"[[]]", b"[null]", b"{}",
                 b'{"id":1000000,"\u0074enant":"b","tenant":"a"}', b'{"id":1000000,"tenant":["a"]}', b'{"id":1000000,"tenant":{"a":1}}', b"[" * 5000, b'{"id":1000000,"tenant":"a\u0000"}', b'\xff', b'{"id":1000000,"tenant":"\xff"}'):
        add("POST", "/moved", body, undone)
        add("PATCH", "/moved?id=eq.3", body, undone)
    return vectors


def _random(rng, bearer):
    read = random_read(rng)
    parameters = [(name, text) for name, text in read.parameters if name != "select"]
    parameters.insert(0, ("select", ",".join(rng.sample(ANSWERED, rng.randint(1, 5)))))
    headers, walks = [bearer], False
    if rng.random() < 0.25:
        parameters.append(("_q", " ".join(rng.choices(WORDS, k=rng.randint(1, 2)))))
        if rng.random() < 0.5:
            parameters.append(("_highlight", "words"))
    draw = rng.random()
    if draw < 0.2:
        facets = [rng.choice(["name", "flag", "uid", "tags", "day(30)", "age(-50..50,10)", "big(9007199254740990..9007199254740995,1)", "at(1999-01-01..2025-01-01,1 year)", "ratio(-2..2,0.5)"]) for _ in range(2)]
        parameters.append(("_facet", ",".join(f"f{number}:{facet}" for number, facet in enumerate(facets))))
    elif draw < 0.35:
        parameters = [(name, text) for name, text in parameters if name not in ("offset", "limit")] + [("limit", str(rng.choice([1, 7, 50]))), ("_cursor", "")]
        walks = True
    elif draw < 0.6:
        headers.append(("Accept", rng.choice(["text/csv", "application/x-ndjson", "application/vnd.pgrst.object+json", "application/vnd.pgrst.array+json;nulls=stripped"])))
    if rng.random() < 0.6:
        headers.append(("Prefer", "count=exact"))
    path = rng.choice(["scoped", "scoped", "paired"])
    target = f"/{path}?" + "&".join(f"{quote(name, safe='')}={quote(text, safe='')}" for name, text in parameters)
    return Vector(f"random {target:.300}", request(target, headers, rng.choice(["GET", "GET", "GET", "HEAD"])), walks)
