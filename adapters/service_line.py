"""A conversation with a service: few connections that stay open, and what is lost on the way is asked again."""

import ssl
import zlib
from collections.abc import Mapping, Sequence
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from socket import gaierror
from threading import Lock
from time import monotonic, sleep
from typing import Any, NamedTuple
from urllib.parse import urlencode

import orjson

from adapters.service_at import NAME_IT, ServiceAt
from adapters.service_problems import document_in, refusal_of
from domain.errors import Damaged, Refusal, Unavailable

ROOT = "/api/v1"
PAUSES = (0.1, 0.3, 1.0, 2.0)
"""Seconds before asking again; then it is up to who asked."""
LARGEST = 1 << 30
"""Bytes of an answer."""
BUSY = (429, 503)
QUOTA, QUOTA_S = "RATE_LIMITED", 60.0
"""Who asks much, as a verification does, waits for the next minute, however long a command may take otherwise."""
LASTING = ("UPGRADE_NEEDED", "UPGRADE_UNDONE", "FILESYSTEM_ERROR")
"""Codes of what is not available and will not be in a moment."""
LOG = "orch-log"
"""The header that says which log an answer is about."""
CA = "export ORCHESTRATOR_CA_FILE=ca.pem"


class Reply(NamedTuple):
    """What was answered, and well."""

    data: dict[str, Any]
    headers: Mapping[str, str]


class _Said(NamedTuple):
    status: int
    headers: Mapping[str, str]
    body: bytes


class ServiceLine:
    """Asks one service. May be shared by threads: each question has a connection for itself."""

    def __init__(self, at: ServiceAt) -> None:
        self.at = at
        self.where = at.where
        self._idle: list[HTTPConnection] = []
        self._guard = Lock()
        self._tls: ssl.SSLContext | None = None

    def get(self, path: str, query: Sequence[tuple[str, object]] = ()) -> Reply:
        """Read."""
        asked = urlencode([(name, str(value)) for name, value in query])
        return self.ask("GET", f"{path}?{asked}" if asked else path)

    def ask(self, method: str, path: str, body: Any = None, *, key: str | None = None) -> Reply:
        """Ask, and ask again where the way there or back is broken or the service is busy; a write needs its key.

        Raises the refusal that was answered, and `Unavailable` where nothing was.
        """
        sent = {"Authorization": f"Bearer {self.at.token}", "Accept": "application/json"}
        if not self.at.is_near:
            sent["Accept-Encoding"] = "gzip"
        if key is not None:
            sent["Idempotency-Key"] = key
        data = None
        if body is not None:
            sent["Content-Type"] = "application/json"
            data = orjson.dumps(body)
        until = monotonic() + self.at.timeout_s
        for pause in (*PAUSES, None):
            try:
                said = self._said(method, f"{self.at.prefix}{ROOT}{path}", data, sent)
                if said.status not in BUSY:
                    return self._told(said)
                trouble = self._refusal(said)
                if trouble.code in LASTING:
                    raise trouble  # waiting would not help
                wait = _seconds(said.headers.get("retry-after"), pause)
            except _Broken as error:
                trouble, wait = self._unreachable(error), pause
            patience = QUOTA_S if trouble.code == QUOTA else 0.0
            if pause is None or wait is None or monotonic() + wait > until + patience:
                raise trouble
            sleep(wait)
        raise AssertionError("the last pause ends it")

    def close(self) -> None:
        """Let go of all connections."""
        with self._guard:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _said(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> _Said:
        """Ask once; a connection that was let go of while it was idle is no trouble."""
        while True:
            with self._guard:
                known = self._idle.pop() if self._idle else None
            connection = known or self._connection()
            try:
                connection.request(method, path, body, dict(headers))
                response = connection.getresponse()
                said = _Said(response.status, _lower(response), _body_of(response))
            except (OSError, HTTPException, zlib.error) as error:
                connection.close()
                if known is not None and not isinstance(error, TimeoutError):
                    continue
                raise _Broken(error) from error
            except BaseException:
                connection.close()
                raise
            if response.will_close:
                connection.close()
            else:
                with self._guard:
                    self._idle.append(connection)
            return said

    def _connection(self) -> HTTPConnection:
        if self.at.scheme == "http":
            return HTTPConnection(self.at.host, self.at.port, timeout=self.at.timeout_s)
        if self._tls is None:
            try:
                self._tls = ssl.create_default_context(cafile=self.at.ca_file)
            except (OSError, ValueError) as error:
                raise Unavailable(
                    f"{self.at.ca_file} holds no certificates that can be read.", fix=("orch config show ca_file",)
                ) from error
        return HTTPSConnection(self.at.host, self.at.port, timeout=self.at.timeout_s, context=self._tls)

    def _told(self, said: _Said) -> Reply:
        document = document_in(said.body) if said.status == 200 else None
        if document is None:
            raise self._refusal(said)
        if document.get("ok") is not True or not isinstance(document.get("data"), dict):
            raise Unavailable(f"{self.where} is no service of orch: it answers something else.", fix=(NAME_IT,))
        return Reply(document["data"], said.headers)

    def _refusal(self, said: _Said) -> Refusal:
        media_type = said.headers.get("content-type", "").partition(";")[0].strip().lower()
        return refusal_of(said.status, media_type, said.body, where=self.where)

    def _unreachable(self, error: "_Broken") -> Refusal:
        """Return what kept us from an answer, in one sentence; what no second try can mend is raised."""
        cause = error.cause
        match cause:
            case ssl.SSLCertVerificationError():
                raise Unavailable(
                    f"The certificate of {self.where} is not trusted here: {cause.verify_message.rstrip('.')}.",
                    fix=(CA,),
                ) from cause
            case ssl.SSLError():
                raise Unavailable(f"{self.where} does not speak TLS as it should.", fix=(NAME_IT,)) from cause
            case gaierror():
                return Unavailable(f"There is no host {self.at.host}, as far as can be told from here.", fix=(NAME_IT,))
            case ConnectionRefusedError():
                return Unavailable(f"Nothing listens at {self.where}.", fix=("orch serve", NAME_IT))
            case TimeoutError():
                return Unavailable(f"{self.where} did not answer within {self.at.timeout_s:g} s.")
        return Unavailable(f"The connection to {self.where} was lost before it had answered.")


class _Broken(Exception):
    """No answer came, for whatever reason."""

    def __init__(self, cause: Exception) -> None:
        super().__init__(cause)
        self.cause = cause


def _lower(response: HTTPResponse) -> dict[str, str]:
    return {name.lower(): value for name, value in response.getheaders()}


def _body_of(response: HTTPResponse) -> bytes:
    """Return the whole body, unpacked; one that nobody could hold is refused."""
    raw = response.read(LARGEST + 1)
    if response.length:  # the line was cut: `read` with a number does not say so
        raise HTTPException("the answer is not whole")
    if response.getheader("content-encoding") == "gzip":
        unpacking = zlib.decompressobj(wbits=31)
        raw = unpacking.decompress(raw, LARGEST + 1)
        if not unpacking.eof and len(raw) <= LARGEST:
            raise HTTPException("the answer is not whole")
    if len(raw) > LARGEST:
        raise Damaged("The service answered with more than anybody could hold.")
    return raw


def _seconds(words: str | None, otherwise: float | None) -> float | None:
    """Return how long a service asks to wait; it names seconds."""
    if otherwise is None or words is None or not words.isascii() or not words.isdigit():
        return otherwise
    return float(words[:6])
