"""A conversation with a service: few connections that stay open, and what is lost on the way is asked again."""

import json
import ssl
import zlib
from collections.abc import Callable, Mapping, Sequence
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from threading import Lock
from time import monotonic, sleep
from typing import IO, Any, NamedTuple
from urllib.parse import urlencode

import orjson

from adapters.service_answers import Said, media_type_of, said_by
from adapters.service_at import ServiceAt
from adapters.service_problems import document_in, refusal_of
from adapters.service_unreached import unreached
from adapters.service_work import EVENTS, TAKEN, Hearing, heard_out
from domain.errors import Refusal, Unavailable

ROOT = "/api/v1"
PAUSES = (0.1, 0.3, 1.0, 2.0)
"""Seconds before asking again; then it is up to who asked."""
BUSY = (429, 502, 503, 504)
"""Statuses of who may answer in a moment: the service itself, or a proxy before one that is being started."""
QUOTA, QUOTA_S = "RATE_LIMITED", 60.0
"""Who asks much, as a verification does, waits for the next minute, however long a command may take otherwise."""
LASTING = ("UPGRADE_NEEDED", "UPGRADE_UNDONE", "FILESYSTEM_ERROR")
"""Codes of what is not available and will not be in a moment."""
LOG = "orch-log"
"""The header that says which log an answer is about."""


class Reply(NamedTuple):
    """What was answered, and well."""

    data: dict[str, Any]
    headers: Mapping[str, str]


class ServiceLine:
    """Asks one service. May be shared by threads: each question has a connection for itself."""

    def __init__(self, at: ServiceAt, *, seen: Callable[[str], str] = str) -> None:
        """`seen` says how a command that the service names reads for whoever is far from it."""
        self.at = at
        self._seen = seen
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
        return self._told(self._asked(method, path, body, key=key))

    def work(self, method: str, path: str, body: Any, hearing: Hearing, *, key: str | None = None) -> Reply:
        """Have long work done, and be told how far it is; it may take as long as it is told. Asks again as `ask`."""
        return self._told(self._asked(method, path, body, key=key, hearing=hearing))

    def file(self, path: str, query: Sequence[tuple[str, object]]) -> bytes:
        """Read a small file. Raises as `ask`."""
        said = self._asked("GET", f"{path}?{urlencode([(name, str(value)) for name, value in query])}", None)
        if said.status != 200:
            raise self.refusal(said)
        return said.body

    def fetch(self, path: str, body: Any, file: IO[bytes]) -> None:
        """Have a file made, and write it to one as it comes; asked again, it is written anew. Raises as `ask`."""
        said = self._asked("POST", path, body, into=file)
        if said.status != 200 or said.body:
            raise self.refusal(said)

    def look(self, path: str, *, most: int, shows: bool = True) -> Said:
        """Ask once for what is no operation, such as health, and return whatever is answered. Raises `Unavailable`."""
        sent = {"Authorization": f"Bearer {self.at.token}"} if shows else {}
        try:
            return self._said("GET", f"{self.at.prefix}{path}", None, sent, most=most)
        except _Broken as error:
            raise unreached(self.at, error.cause).why from error.cause

    def _asked(
        self,
        method: str,
        path: str,
        body: Any,
        *,
        key: str | None = None,
        into: IO[bytes] | None = None,
        hearing: Hearing | None = None,
    ) -> Said:
        taken = "*/*" if into is not None else "application/json" if hearing is None else TAKEN
        sent = {"Authorization": f"Bearer {self.at.token}", "Accept": taken}
        if not self.at.is_near and into is None:
            sent["Accept-Encoding"] = "gzip"
        if key is not None:
            sent["Idempotency-Key"] = key
        data = None
        if body is not None:
            sent["Content-Type"] = "application/json"
            data = _sent(body)
        until = monotonic() + self.at.timeout_s
        trouble: Refusal
        for pause in (*PAUSES, None):
            try:
                said = self._said(method, f"{self.at.prefix}{ROOT}{path}", data, sent, into=into, hearing=hearing)
                if said.status not in BUSY:
                    return said
                trouble = self.refusal(said)
                if trouble.code in LASTING:
                    raise trouble  # waiting would not help
                wait = _seconds(said.headers.get("retry-after"), pause)
            except _Broken as error:
                (trouble, may_pass), wait = unreached(self.at, error.cause), pause
                if not may_pass:
                    raise trouble from error.cause
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

    def _said(
        self,
        method: str,
        path: str,
        body: bytes | None,
        headers: Mapping[str, str],
        *,
        into: IO[bytes] | None = None,
        most: int | None = None,
        hearing: Hearing | None = None,
    ) -> Said:
        """Ask once; a connection that was let go of while it was idle is no trouble."""
        while True:
            with self._guard:
                known = self._idle.pop() if self._idle else None
            connection = known or self._connection()
            try:
                connection.request(method, path, body, dict(headers))
                response = connection.getresponse()
                told = {name.lower(): value for name, value in response.getheaders()}
                if hearing is not None and response.status == 200 and media_type_of(told) == EVENTS:
                    said = heard_out(response, told, hearing)
                else:
                    said = said_by(response, seconds=self.at.timeout_s, into=into, most=most)
            except (OSError, HTTPException, zlib.error) as error:
                connection.close()
                if known is not None and not isinstance(error, TimeoutError):
                    continue
                raise _Broken(error) from error
            except BaseException:
                connection.close()
                raise
            if response.will_close or not response.isclosed():  # the rest of a stranger's words, or of a stream
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

    def _told(self, said: Said) -> Reply:
        document = document_in(said.body) if said.status == 200 else None
        if document is None:
            raise self.refusal(said)
        if document.get("ok") is not True or not isinstance(document.get("data"), dict):
            raise Unavailable(f"{self.where} is no service of orch: it answers something else.", fix=(self.at.named(),))
        return Reply(document["data"], said.headers)

    def refusal(self, said: Said) -> Refusal:
        """Return what an answer stands for that did not go well."""
        leads_to = said.headers.get("location", "")
        return refusal_of(said.status, said.media_type, said.body, where=self.where, leads_to=leads_to, seen=self._seen)


class _Broken(Exception):
    """No answer came, for whatever reason."""

    def __init__(self, cause: Exception) -> None:
        super().__init__(cause)
        self.cause = cause


def _sent(body: Any) -> bytes:
    """Return words as JSON: of a number that orjson does not take, the service says what it says of any other one."""
    try:
        return orjson.dumps(body)
    except TypeError:
        return json.dumps(body).encode()


def _seconds(words: str | None, otherwise: float | None) -> float | None:
    """Return how long a service asks to wait; it names seconds."""
    if otherwise is None or words is None or not words.isascii() or not words.isdigit():
        return otherwise
    return float(words[:6])
