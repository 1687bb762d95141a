"""One database in which rows of other scopes come, change and go; what a token of scope a sees must not tell."""
import re

from recorder import breaches
from reads_table import COLUMNS, value
from vectors import make_vectors
from wire import Wire

SCOPES = [["c_tenant_s"], ["c_region_l", "c_tenant_s"]]  # of "scoped" and "paired", in the order of jsonb's keys
OWN_ROWS, OTHER_ROWS = 120, 300
MARK = b"SECRET"
MOST_PAGES = 200


def open_tables(site, rng):
    """The model, its APIs, and the rows of scope a."""
    columns = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
    site.sql(f"CREATE TABLE t ({columns}, tenant text, region int, words text, hidden text, PRIMARY KEY (id))")
    # Every third id, so that the rows of others lie between them.
    insert_rows(site, rng, [3 * number for number in range(OWN_ROWS)], lambda: ("a", rng.choice([1, 2])), "")
    site.create_model("t", "SELECT * FROM t", options={"text": {"words": "english"}})
    fields = "ARRAY[" + ", ".join(f"'{name}'" for name in [*COLUMNS, "words"]) + "]"
    for path, scope in (("scoped", '{"tenant": "tenants"}'), ("paired", '{"tenant": "tenants", "region": "regions"}'), ("other", '{"tenant": "others"}')):
        site.sql(f"SELECT daas.create_api('{path}', 't', fields => {fields}, scope => '{scope}', max_rows => 50)")
    for path, more in (("written", []), ("moved", ["tenant"])):
        listed = "ARRAY[" + ", ".join(f"'{name}'" for name in ["id", "name", "words", *more]) + "]"
        site.sql(f"SELECT daas.create_api('{path}', 't', fields => {listed}, scope => '{{\"tenant\": \"tenants\"}}', writes => '{{insert,update,delete}}')")
    site.sql(f"SELECT daas.create_api('unpublished', 't', fields => {fields}, scope => '{{}}'); SELECT daas.unpublish_api('unpublished')")
    site.indexer.start()
    site.assert_equal("t")
    for path in ("scoped", "paired", "other"):
        site.wait_for_api(path, 401)


def insert_rows(site, rng, ids, scope, mark):
    kinds = list(COLUMNS.values())
    places = ", ".join(f"%s::text::{kind}" if not kind.endswith("[]") else f"%s::text[]::{kind}" for kind in kinds)
    rows = []
    for number in ids:
        drawn = [number, *(value(rng, kind) for name, kind in COLUMNS.items() if name != "id")]
        texts = [None if one is None else [None if part is None else str(part) for part in one] if isinstance(one, list) else str(one) for one in drawn]
        if mark and rng.random() < 0.5:
            texts[1] = f"{mark} {number}"
        words = " ".join(rng.choices(["alpha", "beta", "gamma", "delta", "running"], k=rng.randint(0, 6))) + (f" {mark}" if mark else "")
        rows.append([*texts, *scope(), words, f"{MARK.decode()} {number}"])
    with site.connect() as connection, connection.cursor() as cursor:
        cursor.executemany(f"INSERT INTO t VALUES ({places}, %s, %s, %s, %s)", rows)


def phases(site, rng):
    """Changes the rows of other scopes; yields what they are now."""
    yield "no rows of others"
    ids = [number for number in range(3 * OTHER_ROWS) if number % 3]
    tenants = ["b", "c", None, "tenant", "a\x1eb", "c_tenant_s", "nobody else"]
    insert_rows(site, rng, rng.sample(ids, OTHER_ROWS), lambda: (rng.choice(tenants), rng.choice([1, 2, 3, None])), MARK.decode())
    yield f"{OTHER_ROWS} rows of others"
    site.sql("DELETE FROM t WHERE tenant IS DISTINCT FROM 'a' AND id % 2 = 0")
    site.sql("UPDATE t SET name = 'SECRET', age = 99999, tags = '{SECRET}', words = 'SECRET alpha', tenant = 'b' WHERE tenant IS DISTINCT FROM 'a'")
    yield "half of them deleted, the others changed"


def find_leaks(site, recorder, rng, seed, count, share=1.0, tenants=("a",)):
    """(number of vectors, reports): each phase's answers held against the first one's.

    share: of the attack corpus; tenants: others than scope a's are a leak that must be found."""
    open_tables(site, rng)
    vectors = make_vectors(site.indexer.key, seed, count, tenants)
    if share < 1:
        vectors = vectors[:count] + rng.sample(vectors[count:], int(len(vectors[count:]) * share))
    wire, first, leaks = Wire(site.indexer.url), None, []
    for phase in phases(site, rng):
        site.assert_equal("t")
        # A read that is past the change, so that no answer of before is given again.
        after = site.value("SELECT pg_current_wal_insert_lsn()::text")
        site.wait_for_api("scoped", token=_own_token(site), headers={"Daas-Min-Position": after}, limit=1)
        seen, rows = [], _rows(site)
        for vector in vectors:
            recorder.searches.clear()
            seen.append(_ask(wire, vector))
            values = None if vector.claims else {"c_tenant_s": "\x1f".join(tenants), "c_region_l": "1\x1f2"}
            leaks += [f"{vector.name}: {breach}" for breach in breaches(list(recorder.searches), SCOPES, values)]
        site.indexer.check()
        if _rows(site) != rows:
            leaks.append(f"{phase}: the table was changed")
        for vector, now in zip(vectors, seen):
            if MARK in repr(now).encode() and MARK.lower() not in vector.sent.lower():
                leaks.append(f"{vector.name}: {phase}: holds {MARK.decode()}: {_cut(now)}")
        if first is None:
            first = seen
            good = sum(1 for pages in first if pages[0][0] in (200, 206))
            print(f"{len(vectors)} vectors, {good} answered 200 or 206, {sum(1 for pages in first if pages[0][0] in (500, 502))} answered 500", flush=True)
            leaks += [f"{vector.name}: {_cut(pages)}" for vector, pages in zip(vectors, first) if pages[0][0] in (500, 502)]
            assert good > count // 2, "most of the vectors see rows"
        leaks += [f"{vector.name}: {phase}:\n  without {_cut(before)}\n  with    {_cut(now)}"
                  for vector, before, now in zip(vectors, first, seen) if before != now]
    return len(vectors), leaks


def _rows(site):
    """Of all scopes: no vector may leave anything behind."""
    return site.value("SELECT md5(string_agg(t::text, E'\\n' ORDER BY id)) FROM t")


def _own_token(site):
    from attacks import token  # pylint: disable=import-outside-toplevel
    return token(site.indexer.key, {"sub": "a", "iss": "daas", "aud": "daas", "exp": 4_000_000_000, "tenants": "a"})


def _ask(wire, vector):
    """The pages of the answer, without what may differ: the clock, the WAL's position, a cursor's nonce."""
    pages, sent = [], vector.sent
    while len(pages) < MOST_PAGES:
        status, headers, body = wire.ask(sent)
        cursor = next((text for name, text in headers if name == "daas-cursor"), "")
        kept = [(name, len(text) if name == "daas-cursor" else "" if name == "daas-position" else text) for name, text in headers if name != "date"]
        pages.append((status, kept, body))
        if not (vector.walks and cursor):
            break
        sent = re.sub(rb"_cursor=[^& ]*", b"_cursor=" + cursor.encode(), vector.sent)
    return pages


def _cut(pages):
    text = repr(pages)
    return text if len(text) < 600 else text[:600] + "…"
