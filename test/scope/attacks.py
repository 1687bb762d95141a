"""The attack corpus: hostile values in every place of a request, and hostile tokens."""
import base64
import hashlib
import hmac
import itertools
import json
import time
from urllib.parse import quote

# Of each, the characters and words that mean something to Solr, to Lucene, to SQL, to HTTP, to JSON, to URLs.
VALUES = [
    "*", "*:*", "?", "[* TO *]", "{* TO *}", "{!term f=c_tenant_s v=b}", "{!terms f=c_tenant_s}b", "{!lucene}c_tenant_s:b", "{!join from=id to=id}*:*",
    "{!bool must_not=$scope0}", "{!v=$scope0}", "{!func}ord(c_tenant_s)", "{!graph from=id to=id}*:*", "{!collapse field=c_tenant_s}", "{!edismax uf=*}*:*",
    "{!switch case=*:* v=$scope0}", "{!parent which=*:*}", "_query_:\"*:*\"", "_query_:\"{!term f=c_tenant_s v=b}\"", "_val_:\"ord(id)\"", "${scope0}", "${scope0:*}",
    "${rows:1000}", "#{scope}", "%{scope}", "$scope0", "$$scope0", "$v0", "$f0", "\\", "\\\\", "\"", "\" OR \"1\"=\"1", "' OR '1'='1", "'; DROP TABLE t; --", "--", "/*", ")",
    "(", "))", ") OR (c_tenant_s:b", "c_tenant_s:b", "tenant.eq.b", "a OR b", "a AND NOT a", "NOT a", "+a -b", "-a", "!a", "a~", "a~2", "a^9", "/.*/", "/a|b/", "^", "&&", "||", ":", "::text",
    "NOW", "NOW-1DAY", "NOW/DAY", "null", "NULL", "nan", "Infinity", "true", "\x1f", "a\x1fb", "tenant\x1fb", "b", "B", "b,a", "a,b", "(a,b)", "{a,b}", "{}", "[]", "\x00", "\x01", "\x7f",
    "\u2028", "\ufeff", "\uffff", "\U0001F600", "e\u0301", "<script>alert(1)</script>", "&fq=*:*", "&fq=c_tenant_s:b", "?fq=*:*", "#", "%", "%00", "%25", "%2526", "%c0%af", "..", "../..",
    "..%2f..", "//", "a" * 300, "{" * 50, "(" * 50, "\"" * 51, "a\r\nX-Injected: 1", "a\nb", "a\tb", " a ", "+", "*:* AND c_tenant_s:b", "id:*", "_doc_:*", "_deleted_:true", "_half_:true", "_state_:*", "_version_",
    "1e400", "-1", "0x10", "1;2", "\u0661", "9999999999999999999999", "1 OR 1=1", "SECRET", "secret", "SECRETB", "%SECRET%", "^SECRET", "SE*", "SECRET:*",
]
FIELDS = ["id", "tenant", "region", "name", "words", "age", "at", "tags", "hidden", "_doc_", "_version_", "_ver_", "_deleted_", "_half_", "_state_", "c_tenant_s", "c_hidden_s", "c_name_s", "score", "*", "[shard]", "[explain]",
          "docfreq(c_name_s,a)", "idf(c_name_s,a)", "numdocs()", "maxdoc()", "exists(c_tenant_s)", "query($q)", "sum(age,1)", "field(age)", "id asc,tenant", "name)", "\"name", "name\"", "\"\"", "a.b", "name->x", "name->>x", "t.name", "NAME", "name ", "ｎame"]
OPERATORS = ["eq", "neq", "in", "like", "ilike", "match", "imatch", "cs", "cd", "ov", "is", "isdistinct", "gt", "lte", "fts", "plfts", "phfts", "wfts", "fts(english)", "fts({!x})", "eq(any)", "like(all)", "not.eq", "not.in", "not.fts",
             "sl", "nope", "", "not", "not.not.eq", "in(any)"]
# Parameters of Solr, of its handlers and of daas' own frame.
PARAMETERS = ["q", "fq", "fl", "rows", "start", "sort", "wt", "json", "json.facet", "json.filter", "facet", "facet.field", "stats", "stats.field", "terms", "terms.fl", "shards", "shards.qt", "qt", "collection", "defType", "uf", "bq", "bf",
              "rq", "rqq", "mm", "must", "must_not", "should", "filter", "df", "debug", "debugQuery", "echoParams", "expandMacros", "useParams", "cursorMark", "timeAllowed", "hl", "hl.q", "hl.fl", "hl.tag.pre", "group", "group.field",
              "expand", "mlt", "spellcheck", "suggest", "stream.url", "stream.body", "stream.file", "tr", "v", "v0", "v1", "f0", "f1", "scope", "scope0", "scope1", "ssep", "all", "dead", "_route_", "distrib", "preferLocalShards", "omitHeader",
              "indent", "NOW", "TZ", "columns", "on_conflict", "role", "rpc", "schema", "_scope", "_tenant", "__proto__", "constructor"]


def _encoded(name, value):
    return f"{quote(name, safe='')}={quote(value, safe='')}"


def targets():
    """Targets of GET, as bytes or text: every value in every place."""
    for value in VALUES:
        places = [("name", f"eq.{value}"), ("name", value), ("name", f"like.{value}"), ("name", f"match.{value}"), ("name", f"in.({value})"), ("tags", f"cs.{{{value}}}"), ("tags", f"ov.{value}"), ("age", f"eq.{value}"), ("at", f"gt.{value}"),
                  ("name", f"eq(any).{{{value}}}"), ("or", f"(name.eq.{value},age.eq.1)"), ("and", value), ("not.or", f"({value})"), ("select", value), ("select", f"x:{value}"), ("select", f"id,{value}::text"), ("select", f"name::{value}"),
                  ("order", value), ("order", f"name.{value}"), ("limit", value), ("offset", value), ("_cursor", value), ("_facet", value), ("_facet", f"{value}:name"), ("_facet", f"age({value}..9,1)"), ("_facet", f"age(0..9,{value})"),
                  ("_facet", f"name({value})"), ("_q", value), ("words", f"fts.{value}"), ("words", f"wfts.{value}"), ("words", f"fts({value}).a"), ("_highlight", value), (value, "eq.1"), (value, value)]
        for name, text in places:
            yield "/scoped?" + _encoded(name, text)
        yield "/scoped?_q=alpha&_highlight=words&" + _encoded("select", value)
        yield f"/{quote(value, safe='')}"
        yield f"/scoped/{quote(value, safe='')}"
        yield f"/scoped{quote(value, safe='')}"
    for field, operator in itertools.product(FIELDS, OPERATORS):
        yield f"/scoped?{_encoded(field, operator + '.b')}"
    for field in FIELDS:
        for name, text in (("select", field), ("order", field), ("order", field + ".desc"), ("_facet", field), ("_facet", f"{field}(0..9,1)"), ("_highlight", field), ("or", f"({field}.eq.b,{field}.is.null)")):
            yield "/scoped?_q=alpha&" + _encoded(name, text)
            yield "/scoped?" + _encoded(name, text)
    for name in PARAMETERS:
        for value in ("*:*", "c_tenant_s:b", "b", "1000", "{!terms f=c_tenant_s v=b}", "http://127.0.0.1:1/", "true"):
            yield "/scoped?" + _encoded(name, value)
            yield "/scoped?" + _encoded("name", "eq.a") + "&" + _encoded(name, value)
    # Doubled parameters, separators that are encoded or doubled, broken encodings.
    for raw in (b"select=id&select=hidden", b"select=id&SELECT=hidden", b"limit=1&limit=1000", b"order=id&order=tenant", b"name=eq.a&name=eq.b", b"or=(age.eq.1)&or=(tenant.eq.b)", b"_q=a&_q=b", b"_cursor=&_cursor=", b"_facet=name&_facet=tenant",
                b"&&&", b"=", b"==", b"name", b"name=", b"=eq.1", b"name=eq.a;fq=*:*", b"name=eq.a%26fq=*:*", b"name%3Deq.a", b"select=id%2Ctenant", b"select=id%2Chidden", b"name=eq.%ff", b"name=eq.%c0%af", b"name=eq.%ed%a0%80", b"name=eq.%f4%90%80%80",
                b"name=eq.%", b"name=eq.%z", b"name=eq.%1", b"name=eq.\xff", b"name=eq.%00", b"%00=eq.1", b"na%00me=eq.1", b"\xffname=eq.1", b"name=eq.a+b", b"name=eq.a%2Bb", b"name=eq.a%20b", b"select=%2a", b"select=*,hidden", b"select=hidden:id",
                b"select=id:hidden", b"select=" + b"id," * 2000 + b"id", b"or=" + b"(or" * 40 + b"(age.eq.1)" + b")" * 40, b"name=eq." + b"a" * 9000, b"limit=-1", b"offset=-1", b"limit=1e9", b"offset=99999", b"limit=0&offset=1", b"?select=id", b"#select=id",
                b"tenant=eq.b", b"tenant=neq.a", b"tenant=is.not_null", b"hidden=eq.x", b"hidden=like.*", b"order=hidden", b"order=tenant", b"_facet=tenant", b"_facet=hidden", b"_highlight=hidden&_q=a"):
        yield b"/scoped?" + raw
    for path in (b"/", b"//scoped", b"/scoped/", b"/scoped//", b"/./scoped", b"/x/../scoped", b"/scoped;x", b"/scoped%2f", b"/scoped%00", b"/Scoped", b"/SCOPED", b"/%73coped", b"/scoped%20", b"/scoped?", b"/scoped#x", b"*", b"http://x/scoped", b"/solr/admin",
                 b"/admin", b"/metrics", b"/readyz", b"/status", b"/healthz", b"/openapi.json", b"/docs", b"/rpc/x", b"/auth/login", b"/auth/refresh", b"/auth/logout", b"/paired", b"/paired?tenant=eq.b", b"/other", b"/unpublished"):
        yield path


HEADERS = [
    [("Prefer", "count=exact")], [("Prefer", "count=planned, handling=strict")], [("Prefer", "count=exact,count=none")], [("Prefer", "tx=rollback")], [("Prefer", "handling=strict,x=y")], [("Prefer", "wait=0")], [("Prefer", "\xff")],
    [("Accept", "text/csv")], [("Accept", "application/x-ndjson")], [("Accept", "application/vnd.pgrst.object+json")], [("Accept", "application/vnd.pgrst.plan+json")], [("Accept", "application/geo+json")], [("Accept", "*/*;q=0")], [("Accept", "x")],
    [("Range", "0-1")], [("Range", "5-2")], [("Range", "100000-")], [("Range", "0-99999999999999999999")], [("Range", "x")], [("Range-Unit", "items"), ("Range", "1-3"), ("Prefer", "count=exact")],
    [("If-None-Match", "*")], [("If-None-Match", 'W/"00000000000000000000000000000000"')], [("Accept-Encoding", "gzip")], [("Accept-Encoding", "gzip;q=0, identity")], [("Accept-Profile", "public")], [("Accept-Profile", "secret")], [("Accept-Profile", "daas")],
    [("Daas-Min-Position", "0/0")], [("Daas-Min-Position", "x")], [("Daas-Min-Position", "0/1; DROP")], [("Origin", "https://evil.example")], [("X-HTTP-Method-Override", "DELETE")], [("Content-Type", "application/json")],
    [("X-Forwarded-For", "127.0.0.1"), ("Forwarded", "for=127.0.0.1")], [("Cookie", "token=x")], [("Expect", "100-continue")], [("Transfer-Encoding", "identity")],
]
METHODS = ["HEAD", "OPTIONS", "TRACE", "PUT", "CONNECT", "PROPFIND", "get", "GETX"]


def _part(value):
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def token(key, claims, header=None, algorithm=hashlib.sha256):
    """claims: a dictionary, or the payload's bytes."""
    signed = f"{_part(header or {'alg': 'HS256', 'typ': 'JWT'})}.{_part(claims)}"
    return f"{signed}.{_part(hmac.new(key.encode(), signed.encode(), algorithm).digest())}"


def tokens(key):
    """(name, token, whether it may read the rows of scope a): never those of another."""
    expires = int(time.time()) + 36000
    good = {"sub": "a", "iss": "daas", "aud": "daas", "exp": expires}
    values = ["a", ["a"], ["a", "a"], ["a", "nobody"], "A", "", " a", "a ", [], [""], None, [None], ["a", None], {"a": "b"}, [["a"]], [{"a": 1}], 1, True, 1.5, "a,b", ["a,b"], "a\x1fb", ["a\x1fb"], "a b", "*", ["*"], "*:*", "{!term f=c_tenant_s v=b}",
              "${scope0}", "$scope0", "a OR b", "a\" OR \"b", "a\\", "a\x00b", "a\u0000", "\u0061", "x" * 70_000, ["x" * 70_000], ["a"] * 20_000, "a\nb", "ａ", "a\u0301"]
    for number, value in enumerate(values):
        yield f"tenants {number}", token(key, good | {"tenants": value})
    payload = json.dumps(good | {"tenants": "a"})[:-1]
    for number, more in enumerate((', "tenants": "b"}', ', "tenants": ["a", "b"]}', ', "ten\\u0061nts": "b"}', ', "TENANTS": "b"}', ', "Tenants": ["b"]}', ', "tenants ": "b"}', ', "x": {"tenants": "b"}}', ', "scope": "b", "role": "postgres"}', '}}', '} x', ', "exp": 1}', '')):
        yield f"payload {number}", token(key, (payload + more).encode())
    for number, header in enumerate(({"alg": "none"}, {"alg": "HS512"}, {"alg": "RS256"}, {"alg": "hs256"}, {"alg": ["HS256"]}, {}, {"alg": "HS256", "crit": ["x"], "x": 1}, {"alg": "HS256", "kid": "../../etc/passwd"}, {"alg": "HS256", "jku": "http://127.0.0.1:1/"},
                                    {"alg": "HS256", "jwk": {"kty": "oct", "k": "AA"}}, {"alg": "HS256", "b64": False}, {"alg": "HS256", "zip": "DEF"}, {"alg": "HS256", "typ": "JWE"})):
        yield f"header {number}", token(key, good | {"tenants": "a"}, header)
    whole = token(key, good | {"tenants": "a"})
    for number, bent in enumerate((whole[:-1], whole + "A", whole + "=", whole.replace(".", "..", 1), whole.rsplit(".", 1)[0], whole.rsplit(".", 1)[0] + ".", "." + whole, whole + "." + whole, "a.b.c", "", ".", "..", "x" * 9000, whole.swapcase(), whole + "\x00", whole + " x")):
        yield f"bent {number}", bent
    for number, claims in enumerate(({"exp": 1}, {"exp": -1}, {"exp": "9999999999"}, {"exp": 1e300}, {"exp": None}, {"exp": [expires]}, {"exp": True}, {"nbf": expires}, {"nbf": "x"}, {"iss": "evil"}, {"iss": None}, {"aud": "other"}, {"aud": []}, {"aud": ["other", "daas"]}, {"aud": {"daas": 1}}, {"iat": expires})):
        yield f"claims {number}", token(key, good | {"tenants": "a"} | claims)
