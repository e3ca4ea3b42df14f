"""A service for the tests of the commands: they run as always, and the log is behind it."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

import api.server
from adapters.oidc_tokens import Issuer
from adapters.places import find
from adapters.process_memory import ProcessMemory
from adapters.stores import open_log
from adapters.token_use import TokenUse
from adapters.workspace import Workspace
from api import asking
from api.app import application
from api.checkup import Checkup
from api.identity import Identity, authenticated
from api.server import bound, server_of
from api.service import Service
from domain.actors import actor
from domain.event_log import EventLog
from tests.api.served import HERE, IN_SILENCE, PATIENCE, WIDE, described_when_asked, issued, new_project, opened
from usecases.project import Project

URL, TOKEN = "ORCHESTRATOR_URL", "ORCHESTRATOR_TOKEN"


SERVED: list[Path] = []
"""The folder that is served now, where one is."""


def served_now() -> Path:
    """Return the folder of the project that is served."""
    (folder,) = SERVED
    return folder


class Behind:
    """One service for all tests of a process, which serves one project after the other.

    Tokens are issued in a log of their own, so that the positions in the log under test are those of every other store.
    """

    def __init__(self, tokens: Project) -> None:
        self._tokens = tokens
        self._secrets: dict[tuple[str, str], str] = {}
        self.url = ""
        self._app: Any = None
        self._log: EventLog = tokens.log
        """The log that is served now."""
        self.served: Path | None = None
        """The folder of the project that is served now."""

    def token(self, name: str, kind: str) -> str:
        """Return the secret of a token with all scopes for somebody."""
        if (name, kind) not in self._secrets:
            self._secrets[name, kind] = issued(self._tokens, to=actor(name, kind))
        return self._secrets[name, kind]

    def authenticated(self, authorization: str | None, log: EventLog, issuer: Issuer | None = None) -> Identity:
        """Return who asks, by the tokens in the log of tokens; a service that a test runs has tokens of its own."""
        return authenticated(authorization, self._tokens.log if log is self._log else log, issuer)

    @contextmanager
    def running(self, project: Project) -> Iterator[None]:
        """Serve; what is served can be replaced."""
        ready = Event()
        project = project._replace(given={**project.given, **IN_SILENCE})
        with described_when_asked(), bound(HERE) as listening:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(api.server, "application", self._made)
                server = server_of(project, HERE, told=ready.set, bounds=WIDE)
            self.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
            thread = Thread(target=lambda: server.run(sockets=[listening]), daemon=True)
            thread.start()
            assert ready.wait(PATIENCE)
            yield
            server.should_exit = True
            thread.join(PATIENCE)

    def _made(self, service: Service) -> Any:
        """Make the application, and keep hold of it: what it serves is replaced."""
        self._app = application(service)
        return self._app

    @contextmanager
    def serving(self, folder: Path) -> Iterator[None]:
        """Serve the project in a folder for as long as the block lasts."""
        places = find(folder, env={})
        log = open_log(places, read_only=False)
        project = Project(places, log, Workspace(places), IN_SILENCE)
        before: Service = self._app.state.service
        self._app.state.service = before._replace(
            project=project._replace(kept=project.templates),
            use=TokenUse(project.places),
            checkup=Checkup(project, ProcessMemory(WIDE.memory)),
        )
        self.served, self._log = folder, log
        SERVED.append(folder)
        try:
            yield
        finally:
            self.served, self._log = None, before.project.log
            SERVED.clear()
            self._app.state.service = before
            log.close()


@contextmanager
def a_service(folder: Path) -> Iterator[Behind]:
    """Run the service of a process of tests."""
    new_project(folder)
    with opened(folder) as tokens, pytest.MonkeyPatch.context() as patch:
        behind = Behind(tokens)
        patch.setattr(asking, "authenticated", behind.authenticated)
        with behind.running(tokens):
            yield behind


FILTERED = [["audit", each] for each in ("trail", "population", "sample", "exceptions")]
"""Commands for which `--actor` says whose events are wanted."""


def as_somebody(words: Sequence[str]) -> tuple[list[str], str, str]:
    """Return words without those that say who acts, and who that is: through a service the token says it."""
    name, kind = os.environ.get("ORCHESTRATOR_ACTOR", "ada"), os.environ.get("ORCHESTRATOR_ACTOR_KIND", "human")
    left: list[str] = []
    if [*words[:1], *words[1:2]] in FILTERED:
        return [*words], name, kind
    rest = iter(words)
    for word in rest:
        option, equals, value = word.partition("=")
        if option not in ("--actor", "--actor-kind"):
            left.append(word)
            continue
        said = value if equals else next(rest, "")
        name, kind = (said, kind) if option == "--actor" else (name, said)
    return left, name, kind
