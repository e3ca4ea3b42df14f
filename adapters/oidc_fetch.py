"""What an issuer says about itself and its keys (OpenID Connect Discovery 1.0), within limits of time and size."""

from http.client import HTTPException
from json import loads
from time import monotonic
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

from adapters.loopback import is_loopback
from domain.errors import Unavailable

SECONDS = 5.0
"""How long one answer may take."""
LARGEST = 256 * 1024
"""Bytes of an answer; real ones have some thousand."""
PART = 16 * 1024
WELL_KNOWN = "/.well-known/openid-configuration"


class IssuerUnavailable(Unavailable):
    """The issuer of identities says nothing that can be used, or not now."""

    code = "ISSUER_UNAVAILABLE"


class _NoRedirects(HTTPRedirectHandler):
    """A key that came from elsewhere would be somebody else's."""

    def redirect_request(self, *_: Any) -> None:
        """Follow none; the answer is an error then."""


def key_set_of(issuer: str) -> dict[str, Any]:
    """Return the set of keys that an issuer publishes (RFC 7517). Raises `IssuerUnavailable`."""
    about = _asked(issuer.rstrip("/") + WELL_KNOWN)
    if about.get("issuer") != issuer:
        raise IssuerUnavailable(f"{issuer} calls itself otherwise, so its keys are not believed.")
    place = about.get("jwks_uri")
    if not isinstance(place, str) or not is_safe(place, local=is_local(issuer)):
        raise IssuerUnavailable(f"{issuer} names no place with https:// for its keys.")
    return _asked(place)


def is_safe(url: str, *, local: bool = True) -> bool:
    """Tell whether an address can be believed: https, or, where allowed, http that does not leave this machine."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    plain = url.isascii() and url.isprintable() and " " not in url and not parts.username
    return plain and bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and local and is_local(url)))


def is_local(url: str) -> bool:
    """Tell whether an address is one of this machine alone."""
    return is_loopback(urlsplit(url).hostname or "")


def _asked(url: str) -> dict[str, Any]:
    """Return the JSON object at an address."""
    handlers = [_NoRedirects(), *([ProxyHandler({})] if is_local(url) else [])]
    request = Request(url, headers={"Accept": "application/json"})  # noqa: S310  # see is_safe
    until = monotonic() + SECONDS
    data = b""
    try:
        with build_opener(*handlers).open(request, timeout=SECONDS) as answer:
            while part := answer.read1(PART):
                data += part
                if len(data) > LARGEST:
                    raise IssuerUnavailable(f"{url} answers with more than {LARGEST // 1024} KiB.")
                if monotonic() > until:
                    raise IssuerUnavailable(f"{url} has not answered within {SECONDS:.0f} seconds.")
        found = loads(data)
    except HTTPError as error:
        with error:
            raise IssuerUnavailable(f"{url} answers with {error.code}.") from None
    except (OSError, HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        words = str(getattr(reason, "strerror", None) or reason).rstrip(".")[:200]
        raise IssuerUnavailable(f"{url} cannot be reached: {words or type(reason).__name__}.") from None
    except (ValueError, RecursionError):
        raise IssuerUnavailable(f"{url} answers with something that is no JSON.") from None
    if not isinstance(found, dict):
        raise IssuerUnavailable(f"{url} answers with something else than a JSON object.")
    return found
