"""What went wrong between us and a bucket, in one sentence: to repeat (8), to set right (2), or not there (4)."""

import re
from shlex import quote
from typing import Any
from urllib.parse import urlsplit

from domain.errors import InvalidInput, NotFound, Refusal, Unavailable

EXTRA = ("pip install 'nss-orchestrator[s3]'",)
KEYS = ("export AWS_ACCESS_KEY_ID=… AWS_SECRET_ACCESS_KEY=…", "export AWS_PROFILE=NAME")
CREDENTIALS = frozenset(
    ("InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken", "TokenRefreshRequired")
)
LATER = frozenset(("SlowDown", "RequestTimeout", "Throttling", "OperationAborted", "TooManyRequests"))
SECRET = re.compile(r"//[^/\s]*@")
CONFLICT, FAILED, UNKNOWN, MISSING, TOO_MANY, SERVER = 409, 412, 501, 404, 429, 500


class Changed(Exception):
    """The condition of a write does not hold: something is there, or something else."""


class NoConditions(Exception):
    """The server knows no conditional writes, and says so."""


class Nothing(Exception):
    """There is no object of that name."""


def require_extra() -> None:
    """Refuse where the library is not installed."""
    try:
        import botocore  # noqa: F401  # only whether it is there
    except ImportError:
        raise InvalidInput("Backups to s3:// need the extra `s3`, which is not installed.", fix=EXTRA) from None


def met() -> tuple[type[Exception], ...]:
    """Return what botocore raises, and what passes through it."""
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError

    return (BotoCoreError, ClientError, ResponseParserError, OSError, ValueError, LookupError)


def ended_early(error: Exception) -> bool:
    """Tell whether an answer broke off in its middle: botocore repeats requests, not that."""
    from botocore.exceptions import IncompleteReadError, ResponseStreamingError

    return isinstance(error, (IncompleteReadError, ResponseStreamingError, ConnectionError))


def translated(error: Exception, bucket: str, endpoint: str) -> Exception:
    """Return what a failure means. The words of a server are not repeated, only the name of what it says."""
    from botocore import exceptions as known
    from botocore.parsers import ResponseParserError

    where = _plain(endpoint)
    ask = (f"curl -sSI {quote(where)}",)
    match error:
        case known.ClientError():
            return _answered(error.response, error.operation_name, bucket, where)
        case known.SSLError() if "CERTIFICATE" in str(error).upper():
            return InvalidInput(
                f"The certificate of {where} is not one that this machine trusts.",
                fix=("export AWS_CA_BUNDLE=/path/to/ca.pem",),
            )
        case known.ConnectTimeoutError() | known.ReadTimeoutError():
            return Unavailable(f"{where} did not answer in time; nothing is half done. Try again.", fix=ask)
        case known.ConnectionError() | known.HTTPClientError() | OSError() | known.IncompleteReadError():
            return Unavailable(f"{where} cannot be reached, or broke off; nothing is half done. Try again.", fix=ask)
        case known.ProfileNotFound() | known.ConfigParseError() | known.ConfigNotFound():
            return InvalidInput(f"The configuration of AWS cannot be used: {str(error).rstrip('.')}.", fix=KEYS)
        case _ if _is_about_credentials(error):
            return InvalidInput(
                "No credentials for S3: none in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, in a profile or from this"
                f" machine ({type(error).__name__}).",
                fix=KEYS,
            )
        case ResponseParserError() | LookupError():  # it cannot be read, or lacks what every answer of S3 has
            return _no_s3(where)
        case _:  # what botocore refuses before it asks: endpoints, regions, names of buckets
            what = str(error) if isinstance(error, known.BotoCoreError) else "AWS_ENDPOINT_URL is no address"
            return InvalidInput(
                f"S3 cannot be asked for bucket {bucket}: {SECRET.sub('//…@', ' '.join(what.split())).rstrip('.')}.",
                fix=("export AWS_ENDPOINT_URL=https://HOST:PORT AWS_REGION=REGION",),
            )


def unexpected(signal: Exception, bucket: str) -> Refusal:
    """Return the refusal for an answer that nobody asked for: an object that went meanwhile, a request not known."""
    if isinstance(signal, NoConditions):
        return InvalidInput(f"The storage of bucket {bucket} does not know a request that backups need.", fix=KEYS[1:])
    return Unavailable(
        f"An object in bucket {bucket} was changed or removed meanwhile. Run it again.", fix=("orch backup list",)
    )


def _answered(answer: Any, operation: str, bucket: str, where: str) -> Exception:
    """Return what a server's refusal means."""
    code = str(answer.get("Error", {}).get("Code", ""))
    status = int(answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    said = code if code.isalnum() else str(status)
    if code == "NoSuchBucket":
        return NotFound(f"There is no bucket {bucket} at {where}.", fix=(f"aws s3 mb s3://{bucket}",))
    if code == "NoSuchKey":
        return Nothing()
    if status == FAILED or code == "ConditionalRequestConflict":
        return Changed()
    if status == UNKNOWN:
        return NoConditions()
    if code in LATER or status >= SERVER or status in (TOO_MANY, CONFLICT):
        return Unavailable(f"{where} says {said}: not now. Try again.", fix=(f"curl -sSI {quote(where)}",))
    if code in CREDENTIALS or status == 401:
        return InvalidInput(f"{where} did not accept the credentials ({said}).", fix=KEYS)
    if code == "RequestTimeTooSkewed":
        return InvalidInput(
            f"The clock of this machine is too far from that of {where}.", fix=("timedatectl set-ntp true",)
        )
    if status == 403:
        return InvalidInput(f"The credentials may not do {operation} in bucket {bucket} at {where} ({said}).", fix=KEYS)
    if status == MISSING or not code or code == str(status):
        return _no_s3(where)
    return InvalidInput(f"{where} refused {operation} in bucket {bucket}: {said}.", fix=KEYS)


def _no_s3(where: str) -> Refusal:
    return InvalidInput(
        f"{where} answers, but not as S3 does: AWS_ENDPOINT_URL has to name the API of the storage.",
        fix=("export AWS_ENDPOINT_URL=https://HOST:PORT",),
    )


def _is_about_credentials(error: Exception) -> bool:
    from botocore import exceptions as known

    return isinstance(
        error,
        (
            known.NoCredentialsError,
            known.PartialCredentialsError,
            known.CredentialRetrievalError,
            known.NoAuthTokenError,
            known.TokenRetrievalError,
            known.UnknownCredentialError,
            known.MetadataRetrievalError,
            known.SSOError,
        ),
    )


def _plain(endpoint: str) -> str:
    """Return the address of a server without what may be secret in it."""
    parts = urlsplit(endpoint)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}" if host else "the server"
