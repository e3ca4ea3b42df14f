"""Tokens of an issuer (JWT, RFC 7519): verified as RFC 8725 and RFC 9068 ask, and what they say about who shows one."""

from typing import Any, NamedTuple
from urllib.parse import quote

from adapters.oidc_keys import ALGORITHMS, IssuerKeys
from adapters.oidc_rules import IssuerRules
from domain.access_token import Scope
from domain.actors import Actor
from domain.errors import InvalidInput

LONGEST = 16 * 1024
"""Characters of a token; real ones have some hundred to some thousand."""
LEEWAY_S = 30
LIFE_S = 24 * 3600
"""How long a token may live: nobody can revoke one."""
NAME_MOST = 255
"""Characters of a subject (OpenID Connect Core 2), of a key's name and of a token's."""
KINDS = ("jwt", "at+jwt", "application/at+jwt", "application/jwt")
"""What `typ` may be. Logout tokens, proofs and security events are signed with the same keys, and open nothing."""
ALWAYS = ("iss", "aud", "sub", "exp", "iat")
OF_ACCESS_TOKENS = (*ALWAYS, "client_id", "jti")


class NoSuchToken(Exception):
    """A token that opens nothing; its words say why, for whoever shows it."""


class Verified(NamedTuple):
    """Who shows a token that its issuer signed, and how that is known."""

    actor: Actor
    scopes: tuple[Scope, ...]
    authentication: str
    """`oidc:ISSUER#SUBJECT`, and `;jti=ID` where the token has one: what the issuer's own log can be asked for."""


class Issuer:
    """Whoever an issuer names, by the rules of the settings."""

    def __init__(self, rules: IssuerRules, keys: IssuerKeys | None = None) -> None:
        self.rules = rules
        self.keys = keys or IssuerKeys(rules.issuer)

    def verified(self, token: str) -> Verified:
        """Return who shows a token. Raises `NoSuchToken`, `IssuerUnavailable`."""
        claims = self._claims(token)
        try:
            actor = self.rules.actor_of(claims)
        except InvalidInput as error:
            raise NoSuchToken(error.message.rstrip(".")) from None
        return Verified(actor, self.rules.scopes_of(claims), _how(claims))

    def _claims(self, token: str) -> dict[str, Any]:
        from jwt import decode
        from jwt.exceptions import InvalidTokenError

        header = _header_of(token)
        algorithm = header["alg"]
        key = self.keys.key_for(header.get("kid"), algorithm)
        if key is None:
            raise NoSuchToken("its issuer has no such key")
        needed = OF_ACCESS_TOKENS if "at+jwt" in str(header.get("typ", "")).lower() else ALWAYS
        try:
            claims: dict[str, Any] = decode(
                token,
                key.public,
                algorithms=[algorithm],
                issuer=self.rules.issuer,
                audience=self.rules.audiences,
                leeway=LEEWAY_S,
                options={"require": list(needed)},
            )
            long = claims["exp"] - claims["iat"] > LIFE_S + LEEWAY_S
        except InvalidTokenError as error:
            raise NoSuchToken(_why(error)) from None
        except (ValueError, TypeError, OverflowError, RecursionError):
            raise NoSuchToken("its claims are not what they should be") from None
        if long:
            raise NoSuchToken(f"it lives for more than {LIFE_S // 3600} hours, and nobody could revoke it")
        return claims


def looks_like_one(secret: str) -> bool:
    """Tell whether that could be a token of an issuer: three parts between dots, and not one of ours."""
    return secret.count(".") == 2 and not secret.startswith("orch_")


def _header_of(token: str) -> dict[str, Any]:
    """Return the header of a token, of which nothing is believed; it only says which key to look for."""
    from jwt import get_unverified_header
    from jwt.exceptions import InvalidTokenError

    if len(token) > LONGEST or not token.isascii():
        raise NoSuchToken(f"it is no token, or has more than {LONGEST} characters")
    try:
        header: dict[str, Any] = get_unverified_header(token)
    except (InvalidTokenError, ValueError, TypeError, RecursionError):
        raise NoSuchToken("it is not whole") from None
    if str(header.get("alg")) not in ALGORITHMS:
        raise NoSuchToken("it is not signed in a way that only its issuer can")
    if "crit" in header or "b64" in header:
        raise NoSuchToken("its header asks for what is not understood here")
    if str(header.get("typ", "jwt")).lower() not in KINDS:
        raise NoSuchToken("it is a token for something else")
    named = header.get("kid")
    if named is not None and (not isinstance(named, str) or len(named) > NAME_MOST):
        raise NoSuchToken("its key has no name that a key could have")
    return header


def _how(claims: dict[str, Any]) -> str:
    """Return how it is known who shows a token. Issuer and subject alone never name somebody else (Core 5.7)."""
    names = [claims["sub"], claims["jti"]] if claims.get("jti") is not None else [claims["sub"]]
    if not all(isinstance(name, str) and 1 <= len(name) <= NAME_MOST for name in names):
        raise NoSuchToken(f"its subject or its id has no 1 to {NAME_MOST} characters")
    subject, *ids = (quote(name, safe="") for name in names)
    return f"oidc:{claims['iss']}#{subject}" + "".join(f";jti={each}" for each in ids)


def _why(error: Exception) -> str:
    """Return what is wrong with a token whose signature may hold, without repeating any of it."""
    from jwt import exceptions as e

    for kind, words in (
        (e.ExpiredSignatureError, "it has expired"),
        (e.ImmatureSignatureError, "it is not valid yet"),
        (e.InvalidAudienceError, "it is for another service"),
        (e.InvalidIssuerError, "another issuer made it"),
        (e.InvalidSignatureError, "its signature does not hold"),
    ):
        if isinstance(error, kind):
            return words
    if isinstance(error, e.MissingRequiredClaimError):
        return f"it lacks the claim {error.claim}"
    return "its claims are not what they should be"
