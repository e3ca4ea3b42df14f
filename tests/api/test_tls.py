"""TLS that the service ends itself."""

import ssl
from datetime import UTC, datetime, timedelta
from http.client import HTTPSConnection
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from api.server import Where
from tests.api.served import PATIENCE, opened, served


def certificate(folder: Path) -> tuple[Path, Path]:
    """Make a certificate for this machine, and its key."""
    private = Ed25519PrivateKey.generate()
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "orch")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(private, None)
    )
    cert, key = folder / "cert.pem", folder / "key.pem"
    cert.write_bytes(made.public_bytes(Encoding.PEM))
    key.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return cert, key


def test_a_client_that_knows_the_certificate_is_answered_over_tls(folder: Path) -> None:
    cert, key = certificate(folder)
    with opened(folder) as project, served(project, Where("127.0.0.1", 0, certificate=cert, key=key)) as client:
        knows = ssl.create_default_context(cafile=str(cert))
        connection = HTTPSConnection("127.0.0.1", client.port, timeout=PATIENCE, context=knows)
        connection.request("GET", "/health/live")
        answer = connection.getresponse()
        assert answer.status == 200 and "max-age" in str(answer.headers["strict-transport-security"])
        answer.read()
        connection.close()
