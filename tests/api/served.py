"""A project that is served over real sockets, and a client that asks it."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path
from subprocess import run
from sys import executable
from threading import Event, Thread
from time import monotonic, sleep
from typing import Any, NamedTuple

import orjson
import pytest

import api.app
from adapters.access_tokens import new_token
from adapters.oidc_tokens import Issuer
from adapters.places import find
from adapters.stores import open_log
from adapters.workspace import Workspace
from api.bounds import MB, Bounds
from api.connections import Connections
from api.server import Where, bound, server_of
from domain.access_token import Scope
from domain.actors import Actor, ActorKind
from domain.commands import IssueToken, Meta
from domain.ledger_events import AlertKind
from tests.facts import ADA, GRACE, NOON
from usecases.project import Project

ROOT = Path(__file__).parents[2]
SPOKEN = re.compile(r"(?<![\w-])--[a-z]|(?<!version of )(?<!of )\borch [a-z]")
"""An option, or a command; not `a newer version of orch knows`."""
HERE = Where("127.0.0.1", 0)
PATIENCE = 20.0
WIDE = Bounds(memory=64 * 1024 * MB, per_token=0, per_address=0, failures_per_address=0)
"""Bounds that no test meets by accident: the process of the tests is larger, and asks more often."""
RATES = (("RATE", "TOKEN"), ("RATE", "ADDRESS"), ("FAILURES", "ADDRESS"))
OUTSIDE = ("/health", "/metrics")
"""What is no operation on the project, and has no version."""


class Reply(NamedTuple):
    """What the service answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The JSON document."""
        return orjson.loads(self.body)

    @property
    def data(self) -> Any:
        """The data of an answer that went well."""
        assert self.status == 200, self.body
        return self.json["data"]

    @property
    def code(self) -> str:
        """The code of a problem document."""
        assert self.headers["content-type"] == "application/problem+json", (self.status, self.body)
        found = self.json
        assert found["status"] == self.status and found["detail"] and found["title"]
        return str(found["code"])


class Client:
    """Asks one service, each time over a connection of its own."""

    def __init__(self, port: int, token: str | None = None) -> None:
        self.port, self.token = port, token

    def shows(self, token: str | None) -> "Client":
        """Return a client that shows another token."""
        return Client(self.port, token)

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Reply:
        """Ask; header names are written with underscores."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token is not None:
            sent = {"Authorization": f"Bearer {self.token}", **sent}
        data = body if isinstance(body, bytes) or body is None else orjson.dumps(body)
        if data is not None:
            sent = {"Content-Type": "application/json", **sent}
        connection = self.connection()
        try:
            connection.request(method, path if path.startswith(OUTSIDE) else f"/api/v1{path}", data, sent)
            answer = connection.getresponse()
            return _heard(Reply(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()), data)
        finally:
            connection.close()

    def connection(self) -> HTTPConnection:
        """Return a new connection."""
        return HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)

    def get(self, path: str, **headers: str) -> Reply:
        """Read."""
        return self("GET", path, None, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Reply:
        """Write."""
        return self("POST", path, {} if body is None else body, **headers)


def _heard(reply: Reply, sent: bytes | None) -> Reply:
    """See that no problem speaks of the command line, unless the request did."""
    is_problem = reply.headers.get("content-type") == "application/problem+json" and bool(reply.body)
    if is_problem and not SPOKEN.search(str(sent)):
        assert not SPOKEN.search(reply.json["detail"]), reply.json
    return reply


def new_project(folder: Path, database: str | None = None) -> None:
    """Make a folder a project, whose log may be in a database."""
    words = [executable, "-m", "cli.main", "init", "--host", "example.org"]
    run(words, cwd=folder, env=environment() | setting(database), check=True, capture_output=True)


def environment() -> dict[str, str]:
    """Return what a process of ours sees around it."""
    wide = {f"ORCHESTRATOR_{name}_PER_{of}": "0" for name, of in RATES}
    return {
        "PYTHONPATH": str(ROOT),
        "PATH": "/usr/bin:/bin",
        "ORCHESTRATOR_ACTOR": "ada",
        "HOME": "/nonexistent",
        **wide,
    }


def setting(database: str | None) -> dict[str, str]:
    """Return the setting that names a database."""
    return {} if database is None else {"ORCHESTRATOR_DATABASE_URL": database}


@contextmanager
def opened(folder: Path, database: str | None = None) -> Iterator[Project]:
    """Open a project to write."""
    places = find(folder, env=setting(database))
    log = open_log(places, read_only=False)
    try:
        yield Project(places, log, Workspace(places))
    finally:
        log.close()


def issued(project: Project, *scopes: Scope, to: Actor = GRACE, seconds: int = 366 * 86_400) -> str:
    """Issue a token and return its secret. It is issued at the time that tests have, unless that is over."""
    made = new_token()
    meta = Meta(f"issue-{made.id}", ADA, max(NOON, _now()))
    project.handle(IssueToken(meta, to, scopes or tuple(Scope), seconds, made.id, made.sha256))
    return made.secret


IN_SILENCE = {f"security.{kind}": "36500" for kind in AlertKind}
"""Settings under which no test is refused often enough for an alert, which would be one more event in its log."""


@contextmanager
def described_when_asked() -> Iterator[None]:
    """Let services of this process describe themselves when somebody asks, and not in a thread beside the tests.

    FastAPI sets the warnings of the process aside for that, pytest does so around every test, and neither waits for the
    other: what was to be ignored is an error by then, of whichever test runs.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(api.app, "DESCRIBED_S", 86_400.0)
        yield


@contextmanager
def served(
    project: Project,
    where: Where = HERE,
    bounds: Bounds = WIDE,
    connections: Connections | None = None,
    issuer: Issuer | None = None,
    settings: Mapping[str, str] = IN_SILENCE,
) -> Iterator[Client]:
    """Serve a project in this process, over a real socket."""
    ready = Event()
    project = project._replace(given={**project.given, **settings})
    with described_when_asked(), bound(where) as listening:
        server = server_of(project, where, told=ready.set, issuer=issuer, bounds=bounds, connections=connections)
        thread = Thread(target=lambda: server.run(sockets=[listening]), daemon=True)
        thread.start()
        assert ready.wait(PATIENCE)
        try:
            yield Client(listening.getsockname()[1])
        finally:
            server.should_exit = True
            thread.join(PATIENCE)
            assert not thread.is_alive()


def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds."""
    ends = monotonic() + PATIENCE
    while not holds():
        assert monotonic() < ends, "it did not come to that"
        sleep(0.02)


def until_it_answers(client: Client) -> None:
    """Wait for a service that is starting."""
    for _ in range(600):
        with suppress(OSError):
            if client.get("/health/live").status == 200:
                return
        sleep(0.1)
    raise AssertionError("the service does not answer")


AGENT = Actor("builder", ActorKind.AGENT)


def _now() -> Any:
    from datetime import UTC, datetime

    return datetime.now(UTC)
