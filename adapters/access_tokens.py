"""The secrets of tokens: made here, shown once, and known to the log by their SHA-256 only."""

import re
from hashlib import sha256
from hmac import compare_digest
from secrets import token_hex, token_urlsafe
from typing import NamedTuple

MARK = "orch_"
FORM = re.compile(r"orch_([0-9a-f]{12})_[A-Za-z0-9_-]{43}", re.ASCII)
"""What scanners for leaked secrets look for; the first group is the id, by which the token is revoked."""


class NewToken(NamedTuple):
    """A token that was just made; nobody can show its secret again."""

    id: str
    secret: str
    sha256: str


def new_token() -> NewToken:
    """Make a token with 256 bits of chance in it."""
    token = token_hex(6)
    secret = f"{MARK}{token}_{token_urlsafe(32)}"
    return NewToken(token, secret, digest_of(secret))


def id_in(secret: str) -> str | None:
    """Return the id in a token's text, or None for what is no token."""
    found = FORM.fullmatch(secret)
    return found[1] if found else None


def digest_of(secret: str) -> str:
    """Return the hex SHA-256 that the log keeps of a token. A slow hash would protect no better: nobody chose it."""
    return sha256(secret.encode()).hexdigest()


def is_that(secret: str, digest: str) -> bool:
    """Tell whether a secret has a digest, in a time that does not depend on where they differ."""
    return compare_digest(digest_of(secret), digest)
