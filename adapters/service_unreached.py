"""What kept us from an answer of a service, in one sentence, and whether it may pass."""

import ssl
from socket import gaierror
from typing import NamedTuple

from adapters.service_at import ServiceAt
from domain.errors import Unavailable

CA = "export ORCHESTRATOR_CA_FILE=ca.pem"
OTHER_NAME = (62, 64)
"""OpenSSL's X509_V_ERR_HOSTNAME_MISMATCH and X509_V_ERR_IP_ADDRESS_MISMATCH."""
NOT_YET, EXPIRED = 9, 10
"""X509_V_ERR_CERT_NOT_YET_VALID, X509_V_ERR_CERT_HAS_EXPIRED."""


class Unreached(NamedTuple):
    """Why there is no answer. What may pass is worth a second try."""

    why: Unavailable
    may_pass: bool = True


def unreached(at: ServiceAt, cause: Exception) -> Unreached:
    """Return what an error of the line means."""
    match cause:
        case ssl.SSLCertVerificationError():
            return Unreached(_mistrusted(at, cause), may_pass=False)
        case ssl.SSLError():
            other = f"http://{at.where.partition('://')[2]}"
            instead = at.named(other) if at.is_near else at.named()
            why = Unavailable(f"{at.where} does not speak TLS as it should.", fix=(instead,))
            return Unreached(why, may_pass=False)
        case gaierror():
            return Unreached(
                Unavailable(f"There is no host {at.host}, as far as can be told from here.", fix=(at.named(),))
            )
        case ConnectionRefusedError():
            fix = (at.begun, at.named()) if at.is_near else (at.named(),)
            return Unreached(Unavailable(f"Nothing listens at {at.where}.", fix=fix))
        case TimeoutError():
            return Unreached(Unavailable(f"{at.where} did not answer within {at.timeout_s:g} s.", fix=(_health(at),)))
    return Unreached(Unavailable(f"The connection to {at.where} was lost before it had answered.", fix=(_health(at),)))


def _health(at: ServiceAt) -> str:
    return f"orch health --url {at.where}"


def _mistrusted(at: ServiceAt, error: ssl.SSLCertVerificationError) -> Unavailable:
    why = error.verify_message.rstrip(".")
    if error.verify_code in OTHER_NAME:
        return Unavailable(
            f"Who answers at {at.where} shows the certificate of somebody else: {why}.", fix=(at.named(),)
        )
    if error.verify_code in (NOT_YET, EXPIRED):
        return Unavailable(
            f"The certificate of {at.where} does not hold now: {why}; a new one is needed, or the right time here.",
            fix=("date -u",),
        )
    return Unavailable(f"The certificate of {at.where} is not trusted here: {why}.", fix=(CA,))
