"""Another issuer of tokens: keys of its own, and a web server that publishes them as a JSON Web Key set."""
import json
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

KINDS = {
    "RS256": (lambda: rsa.generate_private_key(65537, 2048), jwt.algorithms.RSAAlgorithm),
    "ES256": (lambda: ec.generate_private_key(ec.SECP256R1()), jwt.algorithms.ECAlgorithm),
    "EdDSA": (ed25519.Ed25519PrivateKey.generate, jwt.algorithms.OKPAlgorithm),
}


class SigningKey:
    def __init__(self, algorithm, kid):
        make, self.form = KINDS[algorithm]
        self.algorithm, self.kid, self.private = algorithm, kid, make()

    def jwk(self):
        return json.loads(self.form.to_jwk(self.private.public_key())) | {"kid": self.kid, "use": "sig", "alg": self.algorithm}

    def pem(self):
        return self.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def token(self, claims=None, headers=None, **more):
        claims = {"iss": "https://idp.example", "aud": "shop", "sub": "anna", "exp": int(time.time()) + 600} | (claims or {}) | more
        named = {"kid": self.kid} if self.kid else {}
        return jwt.encode(claims, self.private, self.algorithm, named | (headers or {}))


class Issuer:
    """Publishes `keys` at `url`; `answer`, when it is set, takes their place: a function of the request handler."""

    def __init__(self, certificate=None):
        self.keys = []
        self.answer = None
        self.asked = 0
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):  # pylint: disable=invalid-name
                issuer.asked += 1
                if issuer.answer:
                    return issuer.answer(self)
                return self.send(200, json.dumps({"keys": [key.jwk() for key in issuer.keys]}))

            def send(self, status, body="", **headers):
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *_):  # pylint: disable=arguments-differ
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*map(str, certificate))
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"{'https' if certificate else 'http'}://127.0.0.1:{self.server.server_port}/keys"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
