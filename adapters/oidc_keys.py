"""The public keys of an issuer: what each may verify, and how long they are believed."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from threading import BoundedSemaphore, Lock
from time import monotonic
from typing import Any, NamedTuple

from adapters.oidc_fetch import IssuerUnavailable, key_set_of
from domain.errors import Unavailable

FRESH_S = 600.0
"""How long keys are used without asking whether they are still the issuer's."""
AGAIN_S = 10.0
"""How long after one question the next is asked, whoever comes with a key that is not known."""
STALE_S = 24 * 3600.0
"""How long keys are believed while their issuer does not answer; no token lives longer."""
WAITING = 8
"""Requests that wait for an answer of the issuer; the others are told to come again."""
MOST_KEYS = 100
LEAST_BITS = 2048
RSA = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
CURVES = {"P-256": "ES256", "P-384": "ES384", "P-521": "ES512"}
ALGORITHMS = frozenset((*RSA, *CURVES.values(), "EdDSA"))
"""Signatures that only the issuer can make. `none` is nobody's, and HS* would be verified with what everybody knows."""
PARTS = {"RSA": ("n", "e"), "EC": ("crv", "x", "y"), "OKP": ("crv", "x")}
"""What is public of a key; nothing else of it is looked at."""


class Key(NamedTuple):
    """A key, and the signatures that it verifies."""

    id: str | None
    algorithms: frozenset[str]
    public: Any


class _Kept(NamedTuple):
    keys: tuple[Key, ...]
    at: float


class IssuerKeys:
    """The keys of an issuer, asked for when they are needed. Many threads may ask."""

    def __init__(
        self,
        issuer: str,
        *,
        ask: Callable[[str], Mapping[str, Any]] = key_set_of,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._issuer, self._ask, self._clock = issuer, ask, clock
        self._kept: _Kept | None = None
        self._failure: Unavailable | None = None
        self._not_before = float("-inf")
        self._asking, self._waiting = Lock(), BoundedSemaphore(WAITING)

    def key_for(self, key_id: str | None, algorithm: str) -> Key | None:
        """Return the key that verifies, or None where the issuer has none such. Raises `IssuerUnavailable`."""
        kept = self._kept
        found = _matching(kept, key_id, algorithm)
        if kept and found and self._clock() - kept.at < FRESH_S:
            return found
        self._refresh(needed=found is None)
        kept = self._kept
        if kept is None or self._clock() - kept.at > STALE_S:
            raise self._failure or IssuerUnavailable(f"{self._issuer} is being asked for its keys.")
        found = _matching(kept, key_id, algorithm)
        if found is None and self._failure:
            raise self._failure
        return found

    def refreshed(self) -> int:
        """Ask the issuer now, and return how many of its keys can be used. Raises `IssuerUnavailable`."""
        self._kept = _Kept(keys_in(self._ask(self._issuer), self._issuer), self._clock())
        return len(self._kept.keys)

    def _refresh(self, *, needed: bool) -> None:
        """Ask the issuer, unless that was done a moment ago. Only who needs the answer waits while another asks."""
        if self._clock() < self._not_before and not self._asking.locked():
            return
        if not self._waiting.acquire(blocking=False):
            if needed:
                raise IssuerUnavailable(f"{self._issuer} is being asked for its keys.")
            return
        try:
            if not self._asking.acquire(blocking=needed):
                return
            try:
                if self._clock() < self._not_before:
                    return
                self._failure = None
                try:
                    self.refreshed()
                except Unavailable as failure:
                    self._failure = failure
                finally:
                    self._not_before = self._clock() + AGAIN_S
            finally:
                self._asking.release()
        finally:
            self._waiting.release()


def keys_in(document: Mapping[str, Any], issuer: str) -> tuple[Key, ...]:
    """Return the keys of a set that can be used; others are left out. Raises `IssuerUnavailable` where none is left."""
    said = document.get("keys")
    if not isinstance(said, list):
        raise IssuerUnavailable(f"{issuer} publishes something that is no set of keys.")
    keys = tuple(key for each in said[:MOST_KEYS] if isinstance(each, dict) and (key := _usable(each)))
    if not keys:
        raise IssuerUnavailable(f"{issuer} publishes no key that can be used.")
    return keys


def _usable(said: Mapping[str, Any]) -> Key | None:
    """Return a key, or None for one that is secret, weak, for something else, or no key at all."""
    from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm
    from jwt.exceptions import InvalidKeyError

    kind, operations = said.get("kty"), said.get("key_ops")
    named = said.get("kid")
    if kind not in PARTS or said.get("use", "sig") != "sig" or not isinstance(named, str | None):
        return None
    if operations is not None and not (isinstance(operations, list) and "verify" in operations):
        return None
    public = {"kty": kind, **{part: said.get(part) for part in PARTS[kind]}}
    with suppress(InvalidKeyError, ValueError, TypeError, KeyError, OverflowError):
        if kind == "RSA":
            key: Any = RSAAlgorithm.from_jwk(public)
            able = frozenset(RSA if key.key_size >= LEAST_BITS else ())
        elif kind == "EC":
            key = ECAlgorithm.from_jwk(public)
            able = frozenset([CURVES[public["crv"]]])
        else:
            key = OKPAlgorithm.from_jwk(public)
            able = frozenset(["EdDSA"] if public["crv"] == "Ed25519" else [])
        if said.get("alg") is not None:
            able &= {said["alg"]}
        return Key(named, able, key) if able else None
    return None


def _matching(kept: _Kept | None, key_id: str | None, algorithm: str) -> Key | None:
    """Return the key of that name; where a token names none, the only one there is for such a signature."""
    able = [key for key in (kept.keys if kept else ()) if algorithm in key.algorithms]
    if key_id is None:
        return able[0] if len(able) == 1 else None
    return next((key for key in able if key.id == key_id), None)
