"""The keys of a real local issuer: rotated, gone, garbage, slow; and how often it is asked."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from itertools import islice
from threading import Event
from time import monotonic

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from adapters import oidc_fetch, oidc_keys
from adapters.oidc_fetch import IssuerUnavailable, is_safe
from adapters.oidc_keys import AGAIN_S, FRESH_S, STALE_S, WAITING, IssuerKeys, keys_in
from domain.errors import Unavailable
from tests.issuer import LocalIssuer, local_issuer, public_jwk

PATIENCE_S = 20.0


class Clock:
    """A clock that is put forward by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def server() -> Iterator[LocalIssuer]:
    with local_issuer() as found:
        yield found


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keys(server: LocalIssuer, clock: Clock) -> IssuerKeys:
    return IssuerKeys(server.url, clock=clock)


def questions(server: LocalIssuer) -> int:
    return server.asked.count("/keys")


def test_an_issuer_is_asked_once_for_as_long_as_its_keys_are_fresh(
    server: LocalIssuer, keys: IssuerKeys, clock: Clock
) -> None:
    assert questions(server) == 0, "not before somebody comes"
    for _ in range(50):
        assert keys.key_for("first", "RS256")
    clock.now += FRESH_S - 1
    assert keys.key_for("first", "RS256") and questions(server) == 1
    clock.now += 2
    assert keys.key_for("first", "RS256") and questions(server) == 2


def test_a_key_that_is_new_is_found_at_once_and_one_that_is_gone_not_for_long(
    server: LocalIssuer, keys: IssuerKeys, clock: Clock
) -> None:
    assert keys.key_for("first", "RS256")
    server.rotate("second", "ES256")
    clock.now += AGAIN_S
    assert keys.key_for("second", "ES256")
    assert keys.key_for("first", "RS256") is None


def test_whoever_makes_names_of_keys_up_does_not_make_us_ask(
    server: LocalIssuer, keys: IssuerKeys, clock: Clock
) -> None:
    for number in range(100):
        assert keys.key_for(f"made up {number}", "RS256") is None
    assert questions(server) == 1
    clock.now += AGAIN_S
    assert keys.key_for("made up", "RS256") is None and questions(server) == 2
    assert keys.key_for("first", "RS256")


def test_keys_are_believed_for_a_day_while_their_issuer_does_not_answer(
    server: LocalIssuer, keys: IssuerKeys, clock: Clock
) -> None:
    assert keys.key_for("first", "RS256")
    server.answer = lambda _: (500, b"", 0.0)
    clock.now += FRESH_S + 1
    assert keys.key_for("first", "RS256") and keys.key_for("first", "RS256")
    assert len(server.asked) == 3, "the discovery failed once and was not asked again at once"
    with pytest.raises(IssuerUnavailable, match="500"):
        keys.key_for("second", "RS256")  # it may be a new one
    clock.now = STALE_S + 1
    with pytest.raises(IssuerUnavailable):
        keys.key_for("first", "RS256")
    server.answer = lambda _: None
    clock.now += AGAIN_S
    assert keys.key_for("first", "RS256")


def test_an_issuer_that_is_not_there_is_said_to_be_unavailable(clock: Clock) -> None:
    with local_issuer() as gone:
        pass
    with pytest.raises(IssuerUnavailable, match="cannot be reached"):
        IssuerKeys(gone.url, clock=clock).key_for("first", "RS256")


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (200, b"", "no JSON"),
        (200, b"<html>", "no JSON"),
        (200, b"[" * 200_000, "no JSON"),
        (200, b"[]", "JSON object"),
        (200, b"x" * (oidc_fetch.LARGEST + 1), "more than 256 KiB"),
        (200, b"{}", "no set of keys"),
        (200, b'{"keys": {}}', "no set of keys"),
        (200, b'{"keys": []}', "no key"),
        (200, b'{"keys": [1, null, {}, {"kty": "RSA"}, {"kty": "RSA", "n": 5, "e": []}]}', "no key"),
        (200, b'{"keys": [{"kty": "EC", "crv": ["P-256"], "x": "A", "y": "A"}]}', "no key"),
        (200, b'{"keys": [{"kty": "oct", "k": "AAAA", "alg": "HS256"}]}', "no key"),
        (204, b"", "no JSON"),
        (302, b"/elsewhere", "302"),
        (404, b"", "404"),
    ],
)
def test_garbage_instead_of_keys_is_named(
    status: int, body: bytes, words: str, server: LocalIssuer, keys: IssuerKeys
) -> None:
    server.answer = lambda path: (status, body, 0.0) if path == "/keys" else None
    with pytest.raises(IssuerUnavailable, match=words):
        keys.key_for("first", "RS256")
    assert "/elsewhere" not in server.asked


def test_an_issuer_has_to_call_itself_by_its_name(server: LocalIssuer, keys: IssuerKeys) -> None:
    server.calls_itself = "https://elsewhere.example"
    with pytest.raises(IssuerUnavailable, match="otherwise"):
        keys.key_for("first", "RS256")


@pytest.mark.parametrize("place", ["http://192.0.2.1/keys", "file:///etc/passwd", "https://u:p@example.org/", ""])
def test_keys_come_from_nowhere_that_others_can_answer_for(place: str, server: LocalIssuer, keys: IssuerKeys) -> None:
    server.jwks_uri = place
    with pytest.raises(IssuerUnavailable, match="https"):
        keys.key_for("first", "RS256")


def test_an_issuer_on_this_machine_may_be_asked_without_tls_and_no_other() -> None:
    assert is_safe("https://id.example.org/realms/a") and is_safe("http://[::1]:5/") and is_safe("http://localhost/")
    for url in ("http://id.example.org", "http://127.0.0.1.example.org", "https://", "ftp://x", "https://a b", "x"):
        assert not is_safe(url), url
    assert not is_safe("http://localhost/", local=False)


def test_keys_that_are_weak_or_for_something_else_are_left_out() -> None:
    weak = public_jwk(rsa.generate_private_key(65537, 1024), "weak", "RS256")  # noqa: S505  # that is the point
    other = public_jwk(ec.generate_private_key(ec.SECP256K1()), "coin", "ES256")
    good = public_jwk(ec.generate_private_key(ec.SECP256R1()), "good", "ES256")
    said = [weak, other, {**good, "use": "enc"}, {**good, "key_ops": ["sign"]}, {**good, "alg": "HS256"}, good]
    (key,) = keys_in({"keys": said}, "x")
    assert key.id == "good" and key.algorithms == {"ES256"}


def test_a_private_key_that_was_published_is_not_held(server: LocalIssuer) -> None:
    from jwt.algorithms import RSAAlgorithm

    _, secret = server.keys["first"]
    whole = {**RSAAlgorithm.to_jwk(secret, as_dict=True), "key_ops": ["sign", "verify"]}
    (key,) = keys_in({"keys": [whole]}, "x")
    assert not hasattr(key.public, "sign")


def test_a_slow_issuer_holds_up_only_a_few(
    server: LocalIssuer, keys: IssuerKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oidc_fetch, "SECONDS", PATIENCE_S)
    answers = Event()

    def slowly(path: str) -> tuple[int, bytes, float] | None:
        assert path != "/keys" or answers.wait(PATIENCE_S)
        return None

    def asked(_: int) -> bool:
        try:
            return keys.key_for("first", "RS256") is not None
        except Unavailable:
            return False

    server.answer = slowly
    with ThreadPoolExecutor(WAITING * 3) as pool:
        all_asked = [pool.submit(asked, number) for number in range(WAITING * 3)]
        refused = [each.result() for each in islice(as_completed(all_asked, PATIENCE_S), WAITING * 2)]
        assert not any(refused), "while the issuer says nothing"
        answers.set()
        assert sum(each.result() for each in all_asked) == WAITING and questions(server) == 1


def test_an_issuer_that_answers_drop_by_drop_is_not_waited_for(
    server: LocalIssuer, keys: IssuerKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oidc_fetch, "SECONDS", 0.2)
    server.answer = lambda _: (200, b"{}", 10.0)
    begun = monotonic()
    with pytest.raises(IssuerUnavailable):
        keys.key_for("first", "RS256")
    assert monotonic() - begun < 9
    assert oidc_keys.AGAIN_S < oidc_keys.FRESH_S < oidc_keys.STALE_S
