"""TLS that the service ends itself."""

import ssl
from http.client import HTTPSConnection
from pathlib import Path

from api.server import Where
from tests.api.served import PATIENCE, opened, served
from tests.certificates import signed_by_itself


def test_a_client_that_knows_the_certificate_is_answered_over_tls(folder: Path) -> None:
    cert = signed_by_itself(folder, "server")
    where = Where("127.0.0.1", 0, certificate=cert, key=cert.with_suffix(".key"))
    with opened(folder) as project, served(project, where) as client:
        knows = ssl.create_default_context(cafile=str(cert))
        connection = HTTPSConnection("127.0.0.1", client.port, timeout=PATIENCE, context=knows)
        connection.request("GET", "/health/live")
        answer = connection.getresponse()
        assert answer.status == 200 and "max-age" in str(answer.headers["strict-transport-security"])
        answer.read()
        connection.close()
