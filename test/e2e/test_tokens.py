"""Tokens: of other issuers whose keys rotate, sessions that end when they must, and limits."""
import concurrent.futures
import http.client
import json
import subprocess
import time

import jwt
import pytest
import requests

from harness.indexer import BINARY
from harness.issuer import Issuer, SigningKey
from harness.tls import Authority
from harness.waiting import wait_for


@pytest.fixture(scope="module")
def issuer(tmp_path_factory):
    authority = Authority(tmp_path_factory.mktemp("idp"))
    with Issuer(authority.certificate("idp")) as one:
        one.authority = authority
        one.keys = [SigningKey("RS256", "r1"), SigningKey("ES256", "e1"), SigningKey("EdDSA", "d1")]
        yield one


@pytest.fixture(scope="module")
def pem_key(tmp_path_factory):
    key = SigningKey("ES256", None)
    key.file = tmp_path_factory.mktemp("pem") / "key.pem"
    key.file.write_bytes(key.pem())
    return key


@pytest.fixture(scope="module")
def site(open_site, issuer, pem_key):
    with open_site(jwks=[issuer.url], jwks_issuer="https://idp.example", jwks_audience="shop", jwks_refresh="1s",
                   jwks_ca_file=issuer.authority.file, jwt_public_key=[pem_key.file]) as one:
        one.sql("CREATE TABLE note (id int PRIMARY KEY, owner text)")
        one.sql("INSERT INTO note VALUES (1, 'anna'), (2, 'bert'), (3, 'anna')")
        one.create_model("note", "SELECT * FROM note")
        one.sql("SELECT daas.create_api('note', scope => '{\"owner\": \"owner\"}')")
        one.sql("SELECT daas.create_api('open', 'note', public => true)")
        one.sql("SELECT daas.create_account('anna', 'secret', '{\"owner\": \"anna\"}')")
        one.indexer.start()
        one.wait_for_api("open")
        yield one


def ids(site, token):
    answer = site.api("note", token, order="id")
    assert answer.status_code == 200, answer.text
    return [row["id"] for row in answer.json()]


def post(site, path, body=None, url=None, **options):
    return requests.post(f"{url or site.indexer.url}/auth/{path}", json=body, timeout=20, **options)


def log_in(site, account="anna", password="secret", **options):
    answer = post(site, "login", auth=(account, password), **options)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    return answer.json()


def refresh(site, token, url=None):
    return post(site, "refresh", {"refresh_token": token}, url)


# Other issuers

def test_tokens_of_each_kind_of_key_read_their_scope(site, issuer, pem_key):
    for key in [*issuer.keys, pem_key]:
        assert ids(site, key.token(owner="anna")) == [1, 3], key.algorithm
        assert ids(site, key.token(owner=["bert"])) == [2]
        assert site.api("note", key.token()).status_code == 403, "no claim"


def test_a_token_says_nothing_about_how_it_is_checked(site, issuer):
    key = issuer.keys[0]
    claims = jwt.decode(key.token(owner="anna"), options={"verify_signature": False})
    public = key.pem()
    bad = [
        jwt.encode(claims, None, "none"),
        jwt.encode(claims, None, "none", {"kid": "r1"}),
        # A public key as the secret: PyJWT refuses to make such a token, so by its own primitive.
        *[forged(claims, public, kid) for kid in ("r1", None)],
        key.token(owner="anna", headers={"jku": f"{issuer.url}"}),
        key.token(owner="anna", headers={"x5u": "https://evil.example/c"}),
        key.token(owner="anna", headers={"jwk": key.jwk()}),
        key.token(owner="anna", headers={"crit": ["x"], "x": 1}),
        key.token(owner="anna", headers={"kid": "d1"}),
        key.token(owner="anna", headers={"typ": "logout+jwt"}),
        key.token(owner="anna", iss="daas"),
        key.token(owner="anna", aud="else"),
        key.token(owner="anna", aud=["else"]),
        key.token(owner="anna", exp=int(time.time()) - 60),
        key.token(owner="anna", exp="tomorrow"),
        key.token(owner="anna", nbf=int(time.time()) + 60),
    ]
    for token in bad:
        answer = site.api("note", token)
        assert answer.status_code == 401 and "WWW-Authenticate" in answer.headers, (answer.text, token)
    assert ids(site, key.token(owner="anna", aud=["else", "shop"])) == [1, 3]


def forged(claims, secret, kid):
    header = {"alg": "HS256", "typ": "JWT"} | ({"kid": kid} if kid else {})
    part = b".".join(jwt.utils.base64url_encode(json.dumps(one).encode()) for one in (header, claims))
    mac = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256).sign(part, secret)
    return (part + b"." + jwt.utils.base64url_encode(mac)).decode()


def test_a_key_that_appears_is_good_at_once_and_one_that_goes_is_not_for_long(site, issuer):
    old, new = issuer.keys[1], SigningKey("ES256", "e2")
    token = old.token(owner="anna")
    assert ids(site, token) == [1, 3]
    issuer.keys[1] = new
    # At the first request, which waits for the keys to be read again, and at those that come meanwhile.
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda _: ids(site, new.token(owner="anna")), range(8))) == [[1, 3]] * 8
    wait_for(lambda: site.api("note", token).status_code == 401, 10, "a token that was verified is refused when its key is gone")
    assert ids(site, issuer.keys[0].token(owner="bert")) == [2]


@pytest.mark.parametrize("answer", [
    lambda request: request.send(500),
    lambda request: request.send(200, "{"),
    lambda request: request.send(200, '{"keys": []}'),
    lambda request: request.send(200, json.dumps({"keys": [], "x": " " * 300_000})),
    lambda request: request.send(302, Location="file:///etc/passwd"),
    lambda request: request.send(200, json.dumps({"keys": [{"kty": "oct", "alg": "HS256", "kid": "r1", "k": "A" * 43}]})),
], ids=["fails", "nonsense", "empty", "huge", "redirect", "secret"])
def test_the_last_good_keys_stay_when_reading_them_fails(site, issuer, answer):
    issuer.answer = answer
    try:
        before = issuer.asked
        wait_for(lambda: issuer.asked >= before + 1, 10, "the keys are asked for again")
        assert ids(site, issuer.keys[0].token(owner="anna")) == [1, 3]
        assert site.api("note", forged({"exp": time.time() + 60, "iss": "https://idp.example", "aud": "shop"}, b"\0" * 32, "r1")).status_code == 401
    finally:
        issuer.answer = None


def test_keys_that_nobody_has_do_not_make_it_hammer_the_issuer(site, issuer):
    stranger = SigningKey("ES256", "x")
    began, before = time.monotonic(), issuer.asked
    for number in range(60):
        stranger.kid = f"made-up-{number}"
        assert site.api("note", stranger.token(owner="anna")).status_code == 401
    # Once a second by itself, and once for all of these.
    assert issuer.asked - before <= time.monotonic() - began + 3


def test_while_the_keys_were_never_read_it_is_503_and_own_tokens_work(open_site):
    with Issuer() as away:
        away.answer = lambda request: request.send(503)
        key = SigningKey("ES256", "late")
        with open_site(jwks=[away.url], jwks_issuer="https://idp.example", jwks_audience="shop", role="serve") as one:
            one.sql("SELECT daas.create_account('anna', 'secret')")
            one.indexer.start(ready=False)
            wait_for(lambda: "keys for tokens" in one.indexer.readiness()[1], 10, "it is not ready for want of keys")
            wait_for(lambda: one.api("nothing").status_code == 404, 10, "the APIs are known")
            assert one.login("anna", "secret").status_code == 200
            one.sql("CREATE TABLE t (id int PRIMARY KEY)")
            one.sql("SELECT daas.create_model('t', 'SELECT id FROM t')")
            one.sql("SELECT daas.create_api('t', scope => '{}')")
            wait_for(lambda: one.api("t").status_code == 401, 10, "the API is known")
            answer = one.api("t", key.token())
            assert answer.status_code == 503 and "Retry-After" in answer.headers, answer.text
            away.keys, away.answer = [key], None
            wait_for(lambda: "is not loaded" in one.api("t", key.token()).text, 15, "the token is good: what lacks is the load")


@pytest.mark.parametrize("options, said", [
    (["--jwks", "http://idp.example/keys"], "neither https nor on the loopback"),
    (["--jwks", "file:///etc/passwd"], "neither https nor on the loopback"),
    (["--jwks", "https://me:pass@idp.example/keys"], "holds credentials"),
    (["--jwks", "/dev/null"], "can't be used"),
    (["--jwt-public-key", "/nowhere.pem"], "can't be read"),
    (["--jwt-leeway", "6min"], "at most 5min"),
    (["--trusted-proxy", "proxy.example"], "no address"),
    (["--requests-per-account", "-1"], "at least 0"),
])
def test_what_can_not_be_trusted_stops_the_start(site, options, said):
    done = subprocess.run([BINARY, "--solr", "http://127.0.0.1:1/solr", "--role", "serve", "--jwt-key-file",
                           site.indexer.directory / "jwt.key", *options], capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 1 and said in done.stderr, done.stderr


def test_check_reads_the_keys(site, issuer):
    def check(location):
        done = subprocess.run([BINARY, "check", "--config", site.indexer.config, "--jwks", location], capture_output=True, text=True,
                              timeout=60, check=False)
        return next(line for line in done.stdout.splitlines() if location in line)
    assert check(issuer.url).startswith("ok ") and "3 keys" in check(issuer.url)
    assert check("https://127.0.0.1:1/keys").startswith("FAIL")
    issuer.answer = lambda request: request.send(302, Location="https://127.0.0.1:1/keys")
    try:
        assert "status 302" in check(issuer.url)
    finally:
        issuer.answer = None


# Headers

def test_two_authorization_headers_and_strange_ones_are_refused(site, issuer):
    good = issuer.keys[0].token(owner="anna")

    def status(*headers):
        connection = http.client.HTTPConnection(site.indexer.url.removeprefix("http://"), timeout=20)
        connection.putrequest("GET", "/note")
        for value in headers:
            connection.putheader("Authorization", value)
        connection.endheaders()
        answer = connection.getresponse()
        answer.read()
        return answer.status
    assert status(f"Bearer {good}") == 200
    assert status(f"Bearer {good}", f"Bearer {good}") == 400
    assert status(f"Bearer {good}", "Basic YTpi") == 400
    assert status(f"Bearer {good}, Bearer {good}") == 401
    assert status(b"Bearer " + good.encode() + b"\xff") == 401
    assert status(b"Bearer \xc3\x28\xff") == 401
    assert status("Bearer " + "a" * 12_000) == 401
    assert status("Bearer " + good + "a" * 20_000) == 431
    assert status("Bearer " + ("." * 100)) == 401
    assert status(f"Token {good}") == 401


# Sessions

def test_a_refresh_brings_the_claims_as_they_are_now(site):
    site.sql("SELECT daas.create_account('zoe', 'secret', '{\"owner\": \"anna\"}')")
    first = log_in(site, "zoe")
    assert ids(site, first["access_token"]) == [1, 3]
    assert first["token_type"] == "bearer" and first["expires_in"] == 3600 and first["refresh_expires_in"] == 30 * 86400
    site.sql("SELECT daas.set_claims('zoe', '{\"owner\": \"bert\"}')")
    answer = refresh(site, first["refresh_token"])
    assert answer.status_code == 200 and answer.headers["Cache-Control"] == "no-store"
    second = answer.json()
    assert ids(site, second["access_token"]) == [2]
    assert second["refresh_token"] != first["refresh_token"] and second["refresh_expires_in"] <= first["refresh_expires_in"]
    assert refresh(site, second["refresh_token"]).status_code == 200


def test_a_token_that_was_used_ends_its_session_and_no_other(site):
    stolen, other = log_in(site)["refresh_token"], log_in(site)["refresh_token"]
    latest = refresh(site, stolen).json()["refresh_token"]
    latest = refresh(site, latest).json()["refresh_token"]
    again = refresh(site, stolen)
    assert again.status_code == 401 and again.json()["code"] == "28000"
    assert refresh(site, latest).status_code == 401, "the thief's or the holder's: nobody can tell"
    assert refresh(site, other).status_code == 200
    assert "was used twice" in site.indexer.log.read_text()


def test_logout_ends_the_session_also_by_a_token_of_before(site):
    for use in (0, 1):
        tokens = [log_in(site)["refresh_token"]]
        tokens.append(refresh(site, tokens[0]).json()["refresh_token"])
        answer = post(site, "logout", {"refresh_token": tokens[use]})
        assert answer.status_code == 204 and answer.content == b""
        assert refresh(site, tokens[1]).status_code == 401
        assert post(site, "logout", {"refresh_token": tokens[1]}).status_code == 204, "what is ended may be ended again"


def test_a_changed_password_and_a_dropped_account_end_sessions(site):
    site.sql("SELECT daas.create_account('carl', 'secret')")
    before = log_in(site, "carl")["refresh_token"]
    site.sql("SELECT daas.set_password('carl', 'secret')")
    assert refresh(site, before).status_code == 401
    after = log_in(site, "carl")["refresh_token"]
    site.sql("SELECT daas.set_password('carl')")
    assert refresh(site, after).status_code == 401, "a locked account"
    site.sql("SELECT daas.set_password('carl', 'secret')")
    last = log_in(site, "carl")["refresh_token"]
    site.sql("SELECT daas.drop_account('carl')")
    site.sql("SELECT daas.create_account('carl', 'secret')")
    assert refresh(site, last).status_code == 401


def test_only_hashes_are_stored_and_nobody_reads_them(site):
    token = log_in(site)["refresh_token"]
    with site.postgres.connect(site.database) as superuser:
        stored = superuser.execute("SELECT s::text FROM daas.session s").fetchall()
    assert stored and all(part not in row for row, in stored for part in token.split("."))
    for role in ("e2e_owner", "e2e_server", "e2e_reader", "e2e_replication"):
        with site.connect(role) as connection:
            with pytest.raises(Exception, match="permission denied"):
                connection.execute("SELECT * FROM daas.session")


def test_expired_sessions_are_over_and_swept_up(site):
    token = log_in(site)["refresh_token"]
    with site.postgres.connect(site.database) as superuser:
        superuser.execute("UPDATE daas.session SET expires_at = now()")
        assert refresh(site, token).status_code == 401
        for _ in range(3):  # 20 at a time
            log_in(site)
        assert superuser.execute("SELECT count(*) FROM daas.session WHERE expires_at <= now()").fetchone() == (0,)


def test_bodies_that_hold_no_refresh_token(site):
    for path in ("refresh", "logout"):
        for body in (b"", b"{}", b"[]", b"{", b'{"refresh_token": 1}', b'{"refresh_token": "a", "refresh_token": "b"}', b"\xff"):
            answer = requests.post(f"{site.indexer.url}/auth/{path}", data=body, timeout=20)
            assert answer.status_code == 400 and answer.json()["code"] == "PGRST102", body
        assert post(site, path, {"refresh_token": "x.y"}).status_code == 401
        answer = requests.get(f"{site.indexer.url}/auth/{path}", timeout=20)
        assert answer.status_code == 405 and answer.headers["Allow"] == "POST"


def test_of_many_refreshes_with_one_token_over_two_processes_one_wins(site):
    """And the others end the session: whoever came second has a token that was used."""
    second = another(site, "second")
    try:
        second.start()
        token = log_in(site)["refresh_token"]
        assert refresh(site, log_in(site)["refresh_token"], second.url).status_code == 200
        urls = [site.indexer.url, second.url] * 8
        with concurrent.futures.ThreadPoolExecutor(len(urls)) as pool:
            answers = list(pool.map(lambda url: refresh(site, token, url), urls))
        good = [answer.json()["refresh_token"] for answer in answers if answer.status_code == 200]
        assert len(good) == 1 and all(answer.status_code == 401 for answer in answers if answer.status_code != 200)
        assert refresh(site, good[0]).status_code == 401
    finally:
        second.end()


# Limits

def failures(site, account, address, times):
    """Statuses of so many wrong logins from an address, as a proxy on the loopback tells it."""
    return [post(site, "login", auth=(account, "wrong"), headers={"X-Forwarded-For": address}).status_code for _ in range(times)]


def test_guessing_is_limited_and_locks_nobody_else_out(site):
    assert failures(site, "anna", "198.51.100.1", 7) == [401] * 5 + [429] * 2
    answer = post(site, "login", auth=("anna", "secret"), headers={"X-Forwarded-For": "198.51.100.1"})
    assert answer.status_code == 429 and 1 <= int(answer.headers["Retry-After"]) <= 30, "not even with the right one"
    assert set(answer.json()) == {"code", "message", "details", "hint"}
    log_in(site, headers={"X-Forwarded-For": "198.51.100.2"})
    assert failures(site, "nobody", "198.51.100.3", 7) == [401] * 5 + [429] * 2, "accounts that are not there are no different"


def test_a_success_clears_failures(site):
    assert failures(site, "anna", "198.51.100.4", 4) == [401] * 4
    log_in(site, headers={"X-Forwarded-For": "198.51.100.4"})
    assert failures(site, "anna", "198.51.100.4", 5) == [401] * 5


def another(site, name, **options):
    """A serving process beside the site's, with other options."""
    return site.indexer.beside(name, **{"role": "serve"} | options)


def test_without_a_life_there_are_no_refresh_tokens(site):
    plain = another(site, "plain", refresh_token_ttl="0s")
    try:
        plain.start()
        answer = post(site, "login", url=plain.url, auth=("anna", "secret"))
        assert set(answer.json()) == {"access_token", "token_type", "expires_in"}
        assert ids(site, answer.json()["access_token"]) == [1, 3], "a token of one is good for all with its key"
        answer = refresh(site, log_in(site)["refresh_token"], plain.url)
        assert answer.status_code == 404 and answer.json()["code"] == "PGRST125"
    finally:
        plain.end()


def test_requests_of_an_account_are_limited_by_its_subject(site):
    limited = another(site, "limited", requests_per_account=5)
    try:
        limited.start()
        token, same, other = (log_in(site, name)["access_token"] for name in ("anna", "anna", "zoe"))

        def read(token, path="note"):
            return requests.get(f"{limited.url}/{path}", headers={"Authorization": "Bearer " + token} if token else {}, timeout=20)
        # So many within a second or two are more than five a second.
        with concurrent.futures.ThreadPoolExecutor(40) as pool:
            answers = list(pool.map(read, [token, same] * 20))
        refused = [answer for answer in answers if answer.status_code == 429]
        assert refused and sum(answer.status_code == 200 for answer in answers) >= 5
        assert {answer.status_code for answer in answers} == {200, 429}
        assert refused[0].headers["Retry-After"] == "1" and refused[0].json()["code"] == "53400"
        assert read(other).status_code == 200
        assert read(None, "open").status_code == 200, "who has no account is not counted"
        wait_for(lambda: read(token).status_code == 200, 5, "it may go on")
    finally:
        limited.end()
