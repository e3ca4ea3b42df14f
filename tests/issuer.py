"""An issuer of identities (OpenID Connect) over real sockets, with real keys, that can be made to misbehave."""

import base64
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from time import sleep, time
from typing import Any

import jwt
import orjson
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from adapters.oidc_rules import IssuerRules
from domain.access_token import Scope

AUDIENCE = "orch"
WEB = "orch-web"
BUILDER = "builder-bot"
RSA_KEY = rsa.generate_private_key(65537, 2048)
CURVES: dict[str, Any] = {"ES256": ec.SECP256R1(), "ES384": ec.SECP384R1(), "ES512": ec.SECP521R1()}
FAMILIES = {"R": RSAAlgorithm, "P": RSAAlgorithm, "E": ECAlgorithm}


def private_key(algorithm: str) -> Any:
    """Return a private key for an algorithm; one RSA key is enough for all, and takes the longest to make."""
    if algorithm == "EdDSA":
        return ed25519.Ed25519PrivateKey.generate()
    return ec.generate_private_key(CURVES[algorithm]) if algorithm in CURVES else RSA_KEY


class LocalIssuer:
    """The server; whoever tests it changes what it publishes and how it answers."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.keys: dict[str, tuple[str, Any]] = {}
        self.calls_itself = self.url
        self.jwks_uri = f"{self.url}/keys"
        self.asked: list[str] = []
        self.answer: Callable[[str], tuple[int, bytes, float] | None] = lambda _: None
        """Status, body and how long it takes; None for the right answer."""
        self.rotate("first")

    def rotate(self, key_id: str, algorithm: str = "RS256", *, keep: bool = False) -> None:
        """Publish another key, and the older ones only if told so."""
        self.keys = {**(self.keys if keep else {}), key_id: (algorithm, private_key(algorithm))}

    def public(self) -> dict[str, Any]:
        """Return the set of keys."""
        return {"keys": [public_jwk(key, key_id, algorithm) for key_id, (algorithm, key) in self.keys.items()]}

    def claims(self, **others: Any) -> dict[str, Any]:
        """Return the claims of a person with a group, and what is said otherwise; None leaves one out."""
        now = int(time())
        usual = {
            "iss": self.calls_itself,
            "aud": AUDIENCE,
            "sub": "00u1",
            "azp": WEB,
            "iat": now,
            "exp": now + 300,
            "jti": "f3/1",
            "groups": ["staff", "leads"],
        }
        return {name: value for name, value in {**usual, **others}.items() if value is not None}

    def token(self, *, headers: dict[str, Any] | None = None, key_id: str | None = None, **claims: Any) -> str:
        """Return a signed token, by the newest key unless told otherwise."""
        name = key_id or next(reversed(self.keys))
        algorithm, key = self.keys[name]
        return jwt.encode(self.claims(**claims), key, algorithm, headers={"kid": name, **(headers or {})})


def public_jwk(key: Any, key_id: str, algorithm: str) -> dict[str, Any]:
    """Return the public half of a key as issuers publish it."""
    family: Any = FAMILIES.get(algorithm[0], RSAAlgorithm) if algorithm != "EdDSA" else OKPAlgorithm
    return {**family.to_jwk(key.public_key(), as_dict=True), "kid": key_id, "use": "sig", "alg": algorithm}


def unsigned(header: dict[str, Any], claims: dict[str, Any], signature: bytes = b"") -> str:
    """Return a token of a header and claims that no library would write."""
    parts = (orjson.dumps(header), orjson.dumps(claims), signature)
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


def rules(issuer: LocalIssuer, **others: Any) -> IssuerRules:
    """Return rules that know the people and the agent of the tests."""
    usual = IssuerRules(
        issuer=issuer.url,
        audiences=(AUDIENCE,),
        name_claim="sub",
        names={},
        scopes_claim="groups",
        scopes={"leads": (Scope.READ, Scope.APPROVE), "developers": (Scope.READ, Scope.WRITE)},
        client_claims=("azp", "client_id"),
        people=frozenset([WEB]),
        agents=frozenset([BUILDER]),
    )
    return usual._replace(**others)


@contextmanager
def local_issuer() -> Iterator[LocalIssuer]:
    """Run an issuer on this machine."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # how the standard library calls it
            issuer.asked.append(self.path)
            about = {"issuer": issuer.calls_itself, "jwks_uri": issuer.jwks_uri}
            right = issuer.public() if self.path == "/keys" else about
            status, body, seconds = issuer.answer(self.path) or (200, orjson.dumps(right), 0.0)
            sleep(seconds)
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", body.decode())
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: Any) -> None:
            """Say nothing of clients that went away."""

    server = Server(("127.0.0.1", 0), Handler)
    issuer = LocalIssuer(server.server_address[1])
    thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield issuer
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
