"""Time stamps of an authority over a text (RFC 3161); needs the extra `timestamp`."""

from collections.abc import Sequence
from hashlib import sha256, sha384, sha512
from http.client import HTTPException
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from adapters.der_sets import with_sorted_certificates
from adapters.settings import is_url
from domain.errors import InvalidInput, SignatureRefused, Unavailable
from domain.times import microseconds

if TYPE_CHECKING:
    from rfc3161_client import TimeStampRequest, TimeStampResponse

PATIENCE_S = 15
LARGEST = 1 << 20
"""Bytes of an answer; real ones have some thousand."""
DIGESTS = {
    "2.16.840.1.101.3.4.2.1": sha256,
    "2.16.840.1.101.3.4.2.2": sha384,
    "2.16.840.1.101.3.4.2.3": sha512,
}
EXTRA = ("pip install 'nss-orchestrator[timestamp]'",)


class Stamp(NamedTuple):
    """What an authority says: this text existed at that time."""

    time: int
    """µs since the epoch."""
    authority: str | None
    serial: str
    policy: str


class Refused(Unavailable):
    """No time stamp to be had from there, or not now."""

    code = "TIMESTAMP_REFUSED"


def require_extra() -> None:
    """Refuse where the library is not installed."""
    try:
        import rfc3161_client  # noqa: F401  # only whether it is there
    except ImportError:
        raise InvalidInput("Time stamps need the extra `timestamp`, which is not installed.", fix=EXTRA) from None


def stamped(url: str, message: bytes) -> tuple[bytes, Stamp]:
    """Ask an authority for a time stamp over a text; return its whole answer, and what it says.

    The answer has to bear our nonce and the text's digest. Whose signature it is, is for whoever has the roots.
    """
    from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

    if not is_url(url):
        raise InvalidInput(f"A time-stamping authority has an address with http:// or https://; got {url[:80]!r}.")
    request = TimestampRequestBuilder().data(message).hash_algorithm(HashAlgorithm.SHA256).build()
    data = _posted(url, request.as_bytes())
    try:
        answer = _decoded(data)
        _refuse_other(answer, request, message)
        return data, _stamp(answer)
    except ValueError as error:
        raise Refused(f"{url} answered with something that is no time stamp: {_shown(error)}.") from None


def verified(data: bytes, messages: Sequence[bytes], roots: bytes) -> tuple[bytes, Stamp]:
    """Return which of some texts a time stamp is of, and what it says, once it leads to one of the roots (PEM).

    The certificates have to have been valid at the time of the stamp, as RFC 3161 has it, not now.
    """
    from cryptography import x509
    from rfc3161_client import VerificationError, VerifierBuilder

    try:
        certificates = x509.load_pem_x509_certificates(roots)
    except ValueError:
        raise InvalidInput("The file of roots holds no certificate in PEM.") from None
    try:
        answer = _decoded(data)
        stamp = _stamp(answer)
        message = next((each for each in messages if _imprint(answer) == _digest(answer, each)), None)
    except ValueError as error:
        raise InvalidInput(f"This is no time stamp of RFC 3161: {_shown(error)}.") from None
    if message is None:
        raise SignatureRefused("The time stamp is of another text.")
    builder = VerifierBuilder()
    for certificate in dict.fromkeys(certificates):
        builder = builder.add_root_certificate(certificate)
    try:
        builder.build().verify_message(answer, message)
    except (VerificationError, ValueError) as error:
        raise SignatureRefused(f"The time stamp does not lead to one of the roots: {_shown(error)}.") from None
    return message, stamp


def _posted(url: str, query: bytes) -> bytes:
    request = Request(url, data=query, headers={"Content-Type": "application/timestamp-query"})  # noqa: S310  # see is_url
    try:
        with urlopen(request, timeout=PATIENCE_S) as answer:  # noqa: S310  # as above
            data: bytes = answer.read(LARGEST + 1)
    except HTTPError as error:
        raise Refused(f"{url} answered with {error.code} {error.reason}.") from None
    except (OSError, HTTPException, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise Refused(f"{url} cannot be reached: {_shown(reason)}.") from None
    if len(data) > LARGEST:
        raise Refused(f"{url} answered with more than {LARGEST // 1024} KiB.")
    return data


def _decoded(data: bytes) -> "TimeStampResponse":
    from rfc3161_client import PKIStatus, decode_timestamp_response

    answer = decode_timestamp_response(with_sorted_certificates(data))
    status = PKIStatus(answer.status)
    if status is not PKIStatus.GRANTED:
        words = "; ".join(answer.status_string)
        raise ValueError(f"{status.name.lower().replace('_', ' ')}{': ' if words else ''}{words}")
    return answer


def _refuse_other(answer: "TimeStampResponse", request: "TimeStampRequest", message: bytes) -> None:
    if answer.tst_info.nonce != request.nonce:
        raise ValueError("it bears another nonce than was asked for")
    if _imprint(answer) != _digest(answer, message):
        raise ValueError("it is of another text")


def _imprint(answer: "TimeStampResponse") -> bytes:
    return answer.tst_info.message_imprint.message


def _digest(answer: "TimeStampResponse", message: bytes) -> bytes:
    algorithm = answer.tst_info.message_imprint.hash_algorithm.dotted_string
    if algorithm not in DIGESTS:
        raise ValueError(f"its digest is none of SHA-256, SHA-384 and SHA-512, but {algorithm}")
    return DIGESTS[algorithm](message).digest()


def _stamp(answer: "TimeStampResponse") -> Stamp:
    told = answer.tst_info
    name: Any = told.name
    authority = name.value.rfc4514_string() if hasattr(getattr(name, "value", None), "rfc4514_string") else None
    return Stamp(microseconds(told.gen_time), authority, str(told.serial_number), told.policy.dotted_string)


def _shown(error: object) -> str:
    return str(error).rstrip(".")[:200] or type(error).__name__
