"""The APIs behind a certificate from files, which a renewal replaces."""
import socket
import ssl
import subprocess

import pytest
import requests

from harness.indexer import BINARY
from harness.waiting import NotYet, wait_for


def make_certificate(directory, name):
    """A certificate that signs itself, for 127.0.0.1: its file and its key's."""
    cert, key = directory / f"{name}.pem", directory / f"{name}.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                    "-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", cert],
                   check=True, capture_output=True)
    key.chmod(0o600)
    return cert, key


@pytest.fixture(scope="module")
def site(open_site, tmp_path_factory):
    directory = tmp_path_factory.mktemp("tls")
    cert, key = make_certificate(directory, "first")
    with open_site(tls_cert=cert, tls_key=key) as one:
        one.tls, one.cert, one.key = directory, cert, key
        one.sql("CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t SELECT i, repeat('x', 500) FROM generate_series(1, 5000) i")
        one.create_model("t", "SELECT * FROM t")
        one.sql("SELECT daas.create_api('t', public => true)")
        one.indexer.start()
        one.wait_for_state("t", "running")
        one.indexer.url = one.indexer.url.replace("http:", "https:")
        yield one


def served(site):
    host, port = site.indexer.url.removeprefix("https://").split(":")
    return ssl.get_server_certificate((host, int(port)))


def test_reads_and_streams_come_over_tls(site):
    session = requests.Session()

    def get(path, **headers):
        # With each request: a variable of the surroundings wins over the session's.
        return session.get(site.indexer.url + path, headers=headers, verify=site.cert, timeout=20)
    wait_for(lambda: get("/t?limit=1").status_code == 200, 20, "the API answers")
    assert len(get("/t?order=id").json()) == 1000
    lines = get("/t", Accept="application/x-ndjson")
    assert len(lines.text.splitlines()) == 5000
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(site.indexer.url + "/t", timeout=10)


def test_who_speaks_plain_http_or_nonsense_harms_nobody(site):
    host, port = site.indexer.url.removeprefix("https://").split(":")
    for words in (b"GET /t HTTP/1.1\r\n\r\n", b"\x16\x03\x01\xff\xff" + b"\0" * 100, b""):
        with socket.create_connection((host, int(port)), timeout=10) as stranger:
            stranger.sendall(words)
            stranger.shutdown(socket.SHUT_WR)
            assert b"HTTP/1.1 200" not in stranger.recv(1000)
    assert requests.get(site.indexer.url + "/t?limit=1", verify=site.cert, timeout=10).status_code == 200


def test_a_renewed_certificate_serves_new_connections_and_a_bad_one_changes_nothing(site):
    old = served(site)
    site.cert.write_text("no certificate", encoding="ascii")

    def complained():
        if "the last TLS certificate stays in use" not in site.indexer.log.read_text(encoding="utf-8"):
            assert served(site) == old
            raise NotYet("nothing in the log")
        return True
    wait_for(complained, 10, "the bad certificate is told of", pause=0.1)
    assert served(site) == old
    cert, key = make_certificate(site.tls, "second")
    site.key.write_bytes(key.read_bytes())
    site.cert.write_bytes(cert.read_bytes())
    wait_for(lambda: served(site) == cert.read_text(encoding="ascii"), 10, "the new certificate is served", pause=0.1)
    assert requests.get(site.indexer.url + "/t?limit=1", verify=cert, timeout=10).status_code == 200


def test_options_that_cant_work_are_refused_with_what_is_wrong(site):
    site.indexer.stop()
    for options, words in (({"tls-key": ""}, "belong together"), ({"tls-cert": "/nowhere.pem"}, "/nowhere.pem"),
                           ({"tls-cert": make_certificate(site.tls, "other")[0]}, "key values mismatch")):
        before, site.indexer.options = site.indexer.options, site.indexer.options | options
        site.indexer.config.write_text("".join(f"{name} = {value}\n" for name, value in site.indexer.options.items()), encoding="ascii")
        done = subprocess.run([BINARY, "--config", site.indexer.config], capture_output=True, text=True, timeout=20, check=False)
        assert done.returncode != 0 and words in done.stderr, done.stderr
        site.indexer.options = before
