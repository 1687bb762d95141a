"""The table that random reads ask of: nulls, quotes, unicode, wildcards, numbers at their ends, arrays."""
import random

COLUMNS = {
    "id": "int", "name": "text", "note": "varchar(200)", "age": "int", "big": "bigint", "price": "numeric", "ratio": "float8",
    "flag": "boolean", "at": "timestamptz", "day": "date", "uid": "uuid", "tags": "text[]", "nums": "bigint[]",
    "halves": "float8[]", "flags": "boolean[]", "prices": "numeric[]",
}

TEXTS = ["", "a", "A", "ab", "AB", "aB", "abc", "b", " ", "a b", "a,b", "(a)", "a.b", "a*b", "a%b", "a_b", "a\\b", 'a"b', "a'b", "{a}",
         "{!term f=id v=1}", "*", "*:*", "%", "_", "\\", '"', "null", "NULL", "true", "ä", "Ä", "ß", "straße", "STRASSE", "日本", "é", "e\u0301",
         "\ufeffx", "x\u3000y", "a\nb", "tab\tx", "NOT a", "AND", "a OR b", "a-b", "-a", "+a", "a:b", "/a/", "[a TO b]", "a~", "a^2", "#", "&x=1",
         "😀", "😀a", "zzz", "${scope}", "1", "01", "1.0", "a" * 60, "\x01", "\x1f", "a\x1fb"]
INTS = [None, 0, 1, -1, 2, 5, 7, 42, -42, 2147483647, -2147483648]
BIGS = [None, 0, 1, -1, 9007199254740992, 9007199254740993, -9007199254740993, 9223372036854775807, -9223372036854775808]
PRICES = [None, "0", "0.0", "1", "1.0", "1.50", "-2.5", "100", "99999999999999999999.001", "1e-20", "NaN", "-1e30"]
RATIOS = [None, "0", "-0", "1", "-1", "0.1", "1e300", "-1e300", "5e-324", "NaN", "Infinity", "-Infinity", "1.5"]
TIMES = [None, "2024-01-01T00:00:00Z", "2024-01-01T00:00:00.000001Z", "1999-12-31T23:59:59.999999Z", "infinity", "-infinity",
         "2024-06-01T12:00:00+02:00", "0044-03-15T00:00:00Z"]
DAYS = [None, "2024-01-01", "2024-02-29", "1900-01-01", "infinity", "0001-01-01"]
UIDS = [None] + [f"00000000-0000-4000-8000-{number:012x}" for number in (0, 1, 255, 4096)]
POOLS = {"int": INTS, "bigint": BIGS, "numeric": PRICES, "float8": RATIOS, "timestamptz": TIMES, "date": DAYS, "uuid": UIDS,
         "boolean": [None, "true", "false"], "text": [None, *TEXTS], "varchar(200)": [None, *TEXTS]}


def value(rng, kind):
    if kind.endswith("[]"):
        if rng.random() < 0.1:
            return None
        return [value(rng, kind[:-2]) for _ in range(rng.choice([0, 1, 1, 2, 3, 4]))]
    return rng.choice(POOLS[kind])


def fill(connection, seed, rows=400):
    rng = random.Random(seed)
    columns = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
    connection.execute(f"CREATE TABLE t ({columns}, PRIMARY KEY (id))")
    places = ", ".join(f"%s::text::{kind}" if not kind.endswith("[]") else f"%s::text[]::{kind}" for kind in COLUMNS.values())
    with connection.cursor() as cursor:
        cursor.executemany(f"INSERT INTO t VALUES ({places})", [
            [number, *(_text(value(rng, kind)) for name, kind in COLUMNS.items() if name != "id")] for number in range(rows)])


def _text(drawn):
    if isinstance(drawn, list):
        return [None if one is None else str(one) for one in drawn]
    return None if drawn is None else str(drawn)
