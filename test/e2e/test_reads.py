"""Reads: a token sees its scope and nothing else; the dialect's filters mean what SQL means."""
import base64
import hashlib
import hmac
import http.client
import json
import time

import pytest

# airport, carrier, delay: no value of one airport occurs at another.
AIRPORTS = {"EWR": ["UA", "B6"], "JFK": ["DL", "AA"], "L,GA": ["WN, x", 'M"Q'], "O'R)D": ["*", "a|b"]}


@pytest.fixture(scope="module")
def site(open_site):
    with open_site() as one:
        one.sql("""CREATE TABLE flight (id bigint PRIMARY KEY, origin text, carrier text NOT NULL, delay int,
                                        price numeric, ratio float8, at timestamptz, ok boolean, secret text)""")
        number = 0
        for origin, carriers in [*AIRPORTS.items(), (None, ["nobody"])]:
            for carrier in carriers:
                for _ in range(5):
                    number += 1
                    one.sql("INSERT INTO flight VALUES (%s, %s, %s, %s, %s, %s, timestamptz '2024-01-01 00:00Z' + %s * interval '1 h', %s, 'hidden')",
                            (number, origin, carrier, None if number % 5 == 0 else number % 7 - 3, f"{number}.{number:02}0",
                             -number / 3, number, number % 2 == 0))
        one.create_model("flight", "SELECT * FROM flight")
        fields = "{id,origin,carrier,delay,price,ratio,at,ok}"
        one.sql("SELECT daas.create_api('flight', fields => %s, filters => %s, scope => %s)",
                (fields, fields, '{"origin": "airports"}'))
        one.sql("SELECT daas.create_api('two', 'flight', fields => '{id}', scope => %s)",
                ('{"origin": "airports", "carrier": "carriers"}',))
        one.sql("SELECT daas.create_api('any_token', 'flight', fields => '{id}', scope => '{}')")
        one.sql("SELECT daas.create_api('open', 'flight', fields => %s, public => true, max_rows => 7)", (fields,))
        for name, claims in {
            "ewr": {"airports": ["EWR"]}, "both": {"airports": ["EWR", "JFK"], "carriers": ["UA", "DL"]},
            "one": {"airports": "JFK"}, "odd": {"airports": ["L,GA", "O'R)D"]}, "empty": {"airports": []},
            "blank": {"airports": ""}, "null": {"airports": None}, "none": {}, "object": {"airports": {"a": 1}},
            "half": {"airports": ["EWR"], "carriers": []}, "number": {"airports": [1]},
        }.items():
            one.sql("SELECT daas.create_account(%s, %s, claims => %s)", (name, f"pass:{name} ü", json.dumps(claims)))
        one.indexer.start()
        one.wait_for_api("open")
        one.assert_equal("flight")
        one.tokens = {}
        yield one


def token(site, account):
    if account not in site.tokens:
        site.tokens[account] = site.token(account, f"pass:{account} ü")
    return site.tokens[account]


def rows(site, account, path="flight", **parameters):
    answer = site.api(path, token(site, account), **parameters)
    assert answer.status_code == 200, answer.text
    return answer.json()


def refused(answer, status, code=None, naming=""):
    assert answer.status_code == status, answer.text
    error = answer.json()
    assert set(error) == {"code", "message", "details", "hint"}
    assert naming in answer.text and (code is None or error["code"] == code), answer.text


def test_a_token_sees_its_scope_and_nothing_else(site):
    for account, origins in {"ewr": {"EWR"}, "one": {"JFK"}, "both": {"EWR", "JFK"}, "odd": {"L,GA", "O'R)D"}}.items():
        seen = rows(site, account)
        assert {row["origin"] for row in seen} == origins
        assert len(seen) == 10 * len(origins)


def test_a_scope_of_two_pairs_needs_both(site):
    expected = site.sql("SELECT id FROM flight WHERE origin IN ('EWR', 'JFK') AND carrier IN ('UA', 'DL') ORDER BY id")
    assert [row["id"] for row in rows(site, "both", "two", order="id")] == [key for key, in expected]
    refused(site.api("two", token(site, "half")), 403, "42501")
    refused(site.api("two", token(site, "ewr")), 403, "42501")


@pytest.mark.parametrize("account", ["empty", "blank", "null", "none", "object"])
def test_a_missing_or_empty_scope_claim_is_403(site, account):
    refused(site.api("flight", token(site, account)), 403, "42501", "airports")
    refused(site.api("flight", token(site, account), origin="eq.EWR", nope="eq.1"), 403, "42501")
    assert len(rows(site, account, "any_token")) == 45


def test_a_claim_that_is_no_value_of_the_column_opens_nothing(site):
    answer = site.api("flight", token(site, "number"))
    assert answer.status_code == 403 or answer.json() == []


def test_without_a_valid_token_it_is_401(site):
    good = token(site, "ewr")
    header, payload, signature = good.split(".")

    def signed(claims, key=site.indexer.key, head='{"alg":"HS256","typ":"JWT"}'):
        encoded = [base64.urlsafe_b64encode(part.encode()).rstrip(b"=") for part in (head, json.dumps(claims))]
        mac = hmac.new(key.encode(), b".".join(encoded), hashlib.sha256).digest()
        return b".".join([*encoded, base64.urlsafe_b64encode(mac).rstrip(b"=")]).decode()

    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    assert site.api("flight", signed(claims)).status_code == 200, "the forger of this test works"
    assert claims["airports"] == ["EWR"] and claims["exp"] > time.time()
    other = base64.urlsafe_b64encode(json.dumps(claims | {"airports": ["JFK"]}).encode()).decode().rstrip("=")
    for bad in [None, "x", "a.b.c", good[:-4], f"{header}.{other}.{signature}", good + "x",
                signed(claims, key="another key of a length that is long enough"),
                signed(claims | {"exp": time.time() - 3600}), signed(claims | {"iss": "else"}),
                signed(claims | {"aud": "else"}), signed({k: v for k, v in claims.items() if k != "exp"}),
                signed(claims, head='{"alg":"none"}'), signed(claims, head='{"alg":"none"}').rsplit(".", 1)[0] + ".",
                signed(claims, head='{"alg":"HS512","typ":"JWT"}')]:
        refused(site.api("flight", bad), 401)
        refused(site.api("any_token", bad), 401)
    assert "WWW-Authenticate" in site.api("flight").headers


def test_a_login_needs_the_right_password(site):
    for account, password in [("ewr", "wrong"), ("ewr", ""), ("nobody", "pass:ewr ü"), ("", ""), ("ewr' OR '1'='1", "x"),
                              ("ewr", "pass:ewr u"), ("EWR", "pass:ewr ü")]:
        refused(site.login(account, password), 401)
    for header in [None, "Basic", "Basic !!!", "Basic " + base64.b64encode(b"nocolon").decode(), "Bearer x"]:
        refused(site.api("auth/login", method="POST", headers={"Authorization": header} if header else {}), 401)
    assert site.login("ewr", "pass:ewr ü").headers["Cache-Control"] == "no-store"
    refused(site.api("auth/login"), 405)


@pytest.mark.parametrize("parameters, condition", [
    ({"carrier": "eq.UA"}, "carrier = 'UA'"),
    ({"carrier": "eq.WN, x"}, "carrier = 'WN, x'"),
    ({"delay": "eq.-2"}, "delay = -2"),
    ({"delay": "neq.-2"}, "delay <> -2"),
    ({"delay": "gt.-1"}, "delay > -1"),
    ({"delay": "gte.-1", "id": "lt.30"}, "delay >= -1 AND id < 30"),
    ({"delay": "lte.0"}, "delay <= 0"),
    ({"price": "gt.9.09"}, "price > 9.09"),
    ({"price": "eq.10.1"}, "price = 10.1"),
    ({"price": "lt.10.100"}, "price < 10.1"),
    ({"ratio": "lt.-3.3333333333333335"}, "ratio < -3.3333333333333335"),
    ({"ratio": "in.(-1,-2,5)"}, "ratio IN (-1, -2, 5)"),
    ({"at": "gte.2024-01-01T10:00:00+00:00"}, "at >= '2024-01-01T10:00:00+00:00'"),
    ({"at": "lt.2024-01-01T10:00:00+05:30"}, "at < '2024-01-01T10:00:00+05:30'"),
    ({"ok": "eq.true"}, "ok"),
    ({"carrier": 'in.(UA,"WN, x","M\\"Q",*)'}, """carrier IN ('UA', 'WN, x', 'M"Q', '*')"""),
    ({"carrier": "in.()"}, "false"),
    ({"carrier": "gt.DL"}, "carrier COLLATE \"C\" > 'DL'"),
    ({"delay": "is.null"}, "delay IS NULL"),
    ({"delay": "not.is.null"}, "delay IS NOT NULL"),
    ({"delay": "not.gt.0"}, "NOT delay > 0"),
    ({"carrier": "eq.*"}, "carrier = '*'"),
])
def test_filters_find_the_rows_that_sql_finds(site, parameters, condition):
    for scope, account in {"origin IN ('EWR', 'JFK')": "both", "origin IN ('L,GA', 'O''R)D')": "odd"}.items():
        expected = site.sql(f"SELECT id FROM flight WHERE {scope} AND ({condition}) ORDER BY id")
        assert [row["id"] for row in rows(site, account, order="id", **parameters)] == [key for key, in expected]


@pytest.mark.parametrize("order", ["delay", "delay.desc", "delay.desc.nullslast,id.desc", "delay.asc.nullsfirst",
                                   "price.desc", "ratio", "carrier.desc,id", "at.desc", "ok,id.desc"])
def test_order_is_that_of_sql(site, order):
    by = ", ".join(term.replace(".", " ").replace("nullsfirst", "NULLS FIRST").replace("nullslast", "NULLS LAST")
                   .replace("carrier", 'carrier COLLATE "C"') for term in order.split(","))
    expected = site.sql(f"SELECT id FROM flight WHERE origin IN ('EWR', 'JFK') ORDER BY {by}, id::text COLLATE \"C\"")
    assert [row["id"] for row in rows(site, "both", order=order)] == [key for key, in expected]


def test_select_limit_offset_and_count_are_those_of_postgrest(site):
    answer = site.api("flight", token(site, "both"), select="id,name:carrier", order="id", limit=3, offset=4)
    assert answer.json() == [{"id": 5, "name": "UA"}, {"id": 6, "name": "B6"}, {"id": 7, "name": "B6"}]
    assert answer.status_code == 200 and answer.headers["Content-Range"] == "4-6/*"
    counted = site.api("flight", token(site, "both"), {"Prefer": "count=exact"}, order="id", limit=3, offset=4)
    assert counted.status_code == 206 and counted.headers["Content-Range"] == "4-6/20"
    whole = site.api("flight", token(site, "both"), {"Prefer": "count=exact"})
    assert whole.status_code == 200 and whole.headers["Content-Range"] == "0-19/20"
    assert len(rows(site, "ewr", "open", limit=100)) == 7, "max_rows holds"


def test_rows_are_the_bytes_that_row_to_json_prints(site):
    answer = site.api("flight", token(site, "ewr"), order="id", limit=1, offset=4)
    text = site.value("""SELECT row_to_json(f)::text FROM (SELECT id, origin, carrier, delay, price, ratio, at, ok
                                                            FROM flight WHERE id = 5) f""")
    assert answer.text == f"[{text}]"


@pytest.mark.parametrize("parameters, code, naming", [
    ({"nope": "eq.1"}, "42703", "carrier"),
    ({"secret": "eq.hidden"}, "42703", "carrier"),
    ({"select": "secret"}, "42703", "carrier"),
    ({"select": "id,nope"}, "42703", "carrier"),
    ({"order": "secret"}, "42703", "carrier"),
    ({"_version_": "eq.1"}, "42703", ""),
    ({"q": "*:*"}, "42703", ""),
    ({"fq": "id:1"}, "42703", ""),
    ({"id": "eq.x"}, "22P02", "x"),
    ({"id": "eq.99999999999999999999"}, "22003", ""),
    ({"delay": "eq.3000000000"}, "22003", ""),
    ({"delay": "eq.1.0"}, "22P02", ""),
    ({"ok": "eq.banana"}, "22P02", "banana"),
    ({"at": "gt.NOW-1DAY"}, "22007", "NOW-1DAY"),
    ({"id": "like.1"}, "42883", "operator does not exist"),
    ({"id": "noop.1"}, "PGRST100", "noop"),
    ({"id": "1"}, "PGRST100", ""),
    ({"limit": "x"}, None, ""),
    ({"offset": "2000000000"}, None, ""),
    ({"carrier": "eq.\0"}, None, ""),
])
def test_a_bad_request_is_400_and_says_what_is_allowed(site, parameters, code, naming):
    refused(site.api("flight", token(site, "ewr"), **parameters), 400, code, naming)


def test_bytes_that_are_no_utf_8_are_400(site):
    # Not by requests, which mends them.
    for query in ["carrier=eq.%ff", "carrier=eq.%c0%af", "carrier=eq.%ed%a0%80", "carrier=eq.%zz", "carrier=eq.%"]:
        connection = http.client.HTTPConnection(site.indexer.options["listen"], timeout=20)
        connection.request("GET", "/flight?" + query, headers={"Authorization": "Bearer " + token(site, "ewr")})
        answer = connection.getresponse()
        text = answer.read().decode()
        assert answer.status == 400 and set(json.loads(text)) == {"code", "message", "details", "hint"}, (query, text)


HOSTILE = ["*", "*:*", "EWR) OR (*:*", "{!lucene}*:*", "${scope0}", "$scope0", "{!term f=c_origin_s v=JFK}", "UA\x1fDL",
           "UA OR DL", '" OR "', "\\", "_query_:\"*:*\"", "[* TO *]", "UA&fq=*:*", "UA'", "%", "{!join from=id to=id}*:*",
           "ü", "\n", "a" * 5000]


def test_no_value_of_a_request_reaches_beyond_the_scope(site):
    for value in HOSTILE:
        for parameters in ({"carrier": "eq." + value}, {"carrier": "neq." + value}, {"carrier": f"in.({value},x)"},
                           {"carrier": "gt." + value}, {"origin": "eq." + value},
                           {"select": value}, {"order": value}):
            answer = site.api("flight", token(site, "ewr"), **parameters)
            assert answer.status_code in (200, 400), answer.text
            if answer.status_code == 200:
                assert {row["origin"] for row in answer.json()} <= {"EWR"}, parameters
            assert "hidden" not in answer.text
    for value in HOSTILE:
        expected = site.sql("SELECT id FROM flight WHERE origin = 'EWR' AND carrier <> %s ORDER BY id", (value,))
        got = rows(site, "ewr", order="id", carrier="neq." + value)
        assert [row["id"] for row in got] == [key for key, in expected], value


def test_what_is_not_an_api_is_404_and_what_is_no_read_405(site):
    for path in ["nope", "flight/1", "docsx", "openapi", "admin", "flight%2f..", "metrics"]:
        refused(site.api(path, token(site, "ewr")), 404)
    for method in ["POST", "PATCH", "DELETE", "PUT"]:
        refused(site.api("flight", token(site, "ewr"), method=method), 405)


def test_healthz_is_open_and_readyz_is_on_the_admin_listener(site):
    assert site.api("healthz").status_code == 200
    assert site.indexer.readiness()[0] == 200
    assert site.api("readyz").status_code == 404
