"""Tokens of a real local issuer: which open something, and everything that does not."""

import json
from collections.abc import Iterator
from time import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from adapters.oidc_keys import ALGORITHMS
from adapters.oidc_tokens import LEEWAY_S, LIFE_S, LONGEST, Issuer, NoSuchToken, looks_like_one
from domain.access_token import Scope
from domain.actors import Actor, ActorKind
from tests.issuer import AUDIENCE, BUILDER, WEB, LocalIssuer, local_issuer, public_jwk, rules, unsigned


class Later(int):
    """Seconds from when a token is made: the tests may begin long after they were collected."""


@pytest.fixture(scope="module")
def server() -> Iterator[LocalIssuer]:
    with local_issuer() as found:
        yield found


@pytest.fixture
def issuer(server: LocalIssuer) -> Issuer:
    server.rotate("first")
    return Issuer(rules(server))


def place(server: LocalIssuer) -> str:
    return server.url.removeprefix("http://")


def test_a_person_is_known_by_name_groups_and_where_it_can_be_asked(server: LocalIssuer, issuer: Issuer) -> None:
    found = issuer.verified(server.token())
    assert found.actor == Actor(f"00u1@{place(server)}", ActorKind.HUMAN)
    assert found.scopes == (Scope.READ, Scope.APPROVE)
    assert found.authentication == f"oidc:{server.url}#00u1;jti=f3%2F1"


@pytest.mark.parametrize("algorithm", sorted(ALGORITHMS))
def test_every_signature_that_only_the_issuer_can_make_is_believed(algorithm: str, server: LocalIssuer) -> None:
    server.rotate(algorithm, algorithm)
    assert Issuer(rules(server)).verified(server.token()).actor.kind is ActorKind.HUMAN


def test_a_token_without_the_name_of_its_key_is_verified_by_the_only_one(server: LocalIssuer, issuer: Issuer) -> None:
    _, key = server.keys["first"]
    token = jwt.encode(server.claims(), key, "RS256")
    assert issuer.verified(token).scopes
    server.rotate("second", keep=True)
    with pytest.raises(NoSuchToken, match="no such key"):
        Issuer(rules(server)).verified(token)


@pytest.mark.parametrize(
    ("claims", "kind"),
    [
        ({}, ActorKind.HUMAN),
        ({"azp": None, "client_id": WEB}, ActorKind.HUMAN),
        ({"azp": BUILDER}, ActorKind.AGENT),
        ({"azp": "nightly"}, ActorKind.SERVICE),
        ({"azp": None}, ActorKind.SERVICE),
        ({"sub": WEB}, ActorKind.SERVICE),
    ],
)
def test_only_a_program_in_which_people_sign_in_makes_a_person(
    claims: dict[str, Any], kind: ActorKind, server: LocalIssuer, issuer: Issuer
) -> None:
    assert issuer.verified(server.token(**claims)).actor.kind is kind


def test_nobody_has_a_name_from_here_unless_the_settings_say_so(server: LocalIssuer) -> None:
    names = Issuer(rules(server, names={"00u1": "grace"}))
    assert names.verified(server.token()).actor.name == "grace"
    assert names.verified(server.token(sub="grace")).actor.name == f"grace@{place(server)}"


def test_an_email_is_a_name_once_the_issuer_has_verified_it(server: LocalIssuer) -> None:
    by_mail = Issuer(rules(server, name_claim="email"))
    assert by_mail.verified(server.token(email="g@x.org", email_verified=True)).actor.name.startswith("g@x.org@")
    for verified in (False, None, "true", 1):
        with pytest.raises(NoSuchToken, match="not verified"):
            by_mail.verified(server.token(email="g@x.org", email_verified=verified))


def test_groups_may_be_words_of_a_text_or_lie_in_other_claims(server: LocalIssuer) -> None:
    words = Issuer(rules(server, scopes_claim="scope", scopes={"orch:audit": (Scope.AUDIT,)}))
    assert words.verified(server.token(scope="openid orch:audit")).scopes == (Scope.AUDIT,)
    inner = Issuer(rules(server, scopes_claim="realm_access.roles"))
    assert inner.verified(server.token(realm_access={"roles": ["developers"]})).scopes == (Scope.READ, Scope.WRITE)
    dotted = Issuer(rules(server, scopes_claim="https://x.org/roles"))
    roles: dict[str, Any] = {"https://x.org/roles": ["leads"]}
    assert dotted.verified(server.token(**roles)).scopes
    for nonsense in (None, 1, {"leads": 1}, [1, None, ["leads"]], "Leads"):
        assert Issuer(rules(server)).verified(server.token(groups=nonsense)).scopes == ()


@pytest.mark.parametrize(
    ("claims", "words"),
    [
        ({"aud": "other"}, "another service"),
        ({"aud": ["other", AUDIENCE + "2"]}, "another service"),
        ({"aud": None}, "lacks the claim aud"),
        ({"aud": {"orch": 1}}, "not what they should be|another service"),
        ({"iss": "https://elsewhere.example"}, "another issuer"),
        ({"iss": None}, "lacks the claim iss"),
        ({"exp": Later(-LEEWAY_S - 5), "iat": Later(-600)}, "expired"),
        ({"exp": None}, "lacks the claim exp"),
        ({"exp": "soon"}, "not what they should be"),
        ({"exp": 1e400}, "not what they should be"),
        ({"nbf": Later(600)}, "not valid yet"),
        ({"iat": Later(600)}, "not valid yet"),
        ({"iat": None}, "lacks the claim iat"),
        ({"exp": Later(LIFE_S + 600), "iat": Later(0)}, "24 hours"),
        ({"sub": None}, "lacks the claim sub"),
        ({"sub": ""}, "claim sub|characters"),
        ({"sub": 7}, "not what they should be"),
        ({"sub": "x" * 256}, "characters"),
        ({"sub": "a\nb"}, "printable"),
        ({"jti": "x" * 256}, "characters"),
        ({"jti": ["x"]}, "not what they should be|characters"),
        ({"azp": WEB, "client_id": BUILDER}, "two clients"),
    ],
)
def test_what_a_token_says_has_to_be_true_of_us_and_now(
    claims: dict[str, Any], words: str, server: LocalIssuer, issuer: Issuer
) -> None:
    now = int(time())
    said = {name: now + value if isinstance(value, Later) else value for name, value in claims.items()}
    with pytest.raises(NoSuchToken, match=words):
        issuer.verified(signed(server, said))


def signed(server: LocalIssuer, claims: dict[str, Any], headers: dict[str, Any] | None = None) -> str:
    """Sign claims that `jwt.encode` would refuse, too."""
    _, key = server.keys["first"]
    payload = json.dumps(server.claims(**claims)).encode()
    return jwt.api_jws.encode(payload, key, "RS256", headers={"kid": "first", **(headers or {})})


@pytest.mark.parametrize("offset", [-LEEWAY_S + 5, 300])
def test_clocks_may_differ_a_little(offset: int, server: LocalIssuer, issuer: Issuer) -> None:
    now = int(time())
    assert issuer.verified(server.token(exp=now + offset, iat=now + min(0, offset), nbf=now + LEEWAY_S - 5)).scopes


@pytest.mark.parametrize("kind", ["JWT", "at+jwt", "application/at+jwt", None])
def test_tokens_of_these_kinds_open_something(kind: str | None, server: LocalIssuer, issuer: Issuer) -> None:
    assert issuer.verified(server.token(headers={"typ": kind}, azp=None, client_id=WEB)).scopes


@pytest.mark.parametrize("kind", ["logout+jwt", "dpop+jwt", "secevent+jwt", "kb+jwt", 7, ["JWT"]])
def test_tokens_for_something_else_open_nothing(kind: Any, server: LocalIssuer, issuer: Issuer) -> None:
    with pytest.raises(NoSuchToken, match=r"something else|not whole"):
        issuer.verified(signed(server, {}, {"typ": kind}))


@pytest.mark.parametrize("lacking", ["client_id", "jti"])
def test_an_access_token_has_everything_that_rfc_9068_asks_for(
    lacking: str, server: LocalIssuer, issuer: Issuer
) -> None:
    claims = {"azp": None, "client_id": WEB, lacking: None}
    with pytest.raises(NoSuchToken, match=f"lacks the claim {lacking}"):
        issuer.verified(server.token(headers={"typ": "at+jwt"}, **claims))


def test_a_token_that_nobody_signed_opens_nothing(server: LocalIssuer, issuer: Issuer) -> None:
    for algorithm in ("none", "None", "NONE", "nOnE", "", None, 0, ["RS256"]):
        with pytest.raises(NoSuchToken, match=r"not signed in a way|not whole"):
            issuer.verified(unsigned({"alg": algorithm, "kid": "first"}, server.claims()))


def test_the_public_key_is_no_secret_to_sign_with(server: LocalIssuer, issuer: Issuer) -> None:
    import hmac
    from hashlib import sha256

    _, key = server.keys["first"]
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    begun = unsigned({"alg": "HS256", "kid": "first", "typ": "JWT"}, server.claims()).rpartition(".")[0]
    for algorithm in ("HS256", "RS256", "ES256"):
        begun = unsigned({"alg": algorithm, "kid": "first"}, server.claims()).rpartition(".")[0]
        forged = jwt.utils.base64url_encode(hmac.new(public, begun.encode(), sha256).digest()).decode()
        with pytest.raises(NoSuchToken, match=r"not signed in a way|does not hold|no such key"):
            issuer.verified(f"{begun}.{forged}")


def test_a_key_verifies_only_what_it_is_published_for(server: LocalIssuer, issuer: Issuer) -> None:
    _, key = server.keys["first"]
    for algorithm in ("RS384", "PS256"):
        token = jwt.encode(server.claims(), key, algorithm, headers={"kid": "first"})
        with pytest.raises(NoSuchToken, match="no such key"):
            issuer.verified(token)


@pytest.mark.parametrize(
    "key_id", ["../../etc/passwd", "' OR 1=1 --", "http://127.0.0.1:1/", "", "first\x00", "x" * 300]
)
def test_the_name_of_a_key_leads_nowhere_but_into_the_set(key_id: str, server: LocalIssuer, issuer: Issuer) -> None:
    with pytest.raises(NoSuchToken, match=r"no such key|no name"):
        issuer.verified(server.token(headers={"kid": key_id}))
    assert set(server.asked) <= {"/keys", "/.well-known/openid-configuration"}


def test_a_token_cannot_bring_its_own_key(server: LocalIssuer, issuer: Issuer) -> None:
    mine = rsa.generate_private_key(65537, 2048)
    own = public_jwk(mine, "first", "RS256")
    with local_issuer() as other:
        for header in ({"jwk": own}, {"jku": f"{other.url}/keys"}, {"x5u": f"{other.url}/keys"}, {"x5c": ["MII="]}):
            token = jwt.encode(server.claims(), mine, "RS256", headers={"kid": "first", **header})
            with pytest.raises(NoSuchToken, match="does not hold"):
                issuer.verified(token)
        assert other.asked == []


@pytest.mark.parametrize("header", [{"crit": ["exp"]}, {"crit": []}, {"crit": ["b64"], "b64": False}, {"b64": True}])
def test_what_is_asked_for_and_not_understood_is_refused(
    header: dict[str, Any], server: LocalIssuer, issuer: Issuer
) -> None:
    token = unsigned({"alg": "RS256", "kid": "first", **header}, server.claims(), b"x" * 256)
    with pytest.raises(NoSuchToken, match=r"not understood|not whole"):
        issuer.verified(token)


@pytest.mark.parametrize(
    "shown",
    [
        "..",
        "a.b.c",
        "e30.e30.",
        "x" * LONGEST + ".e30.x",
        "ö.e30.e30",
        unsigned([{"alg": "RS256"}], {}),  # type: ignore[arg-type]  # that is the point
        jwt.utils.base64url_encode(b'{"alg":' + b"[" * 9000).decode() + ".e30.x",
        jwt.utils.base64url_encode(b'{"alg": 1' + b"0" * 5000 + b"}").decode() + ".e30.x",
    ],
    ids=range(8),
)
def test_garbage_is_no_token(shown: str, issuer: Issuer) -> None:
    with pytest.raises(NoSuchToken) as refused:
        issuer.verified(shown)
    assert len(str(refused.value)) < 200


def test_one_turned_bit_and_the_signature_does_not_hold(server: LocalIssuer, issuer: Issuer) -> None:
    head, body, signature = server.token().split(".")
    turned = jwt.utils.base64url_decode(signature)
    for place_of_it in (0, 100, 255):
        wrong = turned[:place_of_it] + bytes([turned[place_of_it] ^ 1]) + turned[place_of_it + 1 :]
        with pytest.raises(NoSuchToken, match="does not hold"):
            issuer.verified(f"{head}.{body}.{jwt.utils.base64url_encode(wrong).decode()}")


def test_our_own_tokens_look_otherwise() -> None:
    assert looks_like_one("a.b.c") and not looks_like_one("orch_0b8f3a52c1d2_" + "a.b." * 9)
