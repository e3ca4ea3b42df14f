"""orch health: whether a project works, or the service that runs it."""

from typing import Annotated, Any, Optional, TypedDict

import typer

from cli import exits
from cli.answers import answer
from cli.options import Asked, plain
from cli.project import opened
from cli.screen import one_line, paint
from cli.service_named import line_to, service_named
from domain.errors import Unavailable
from usecases.release import VERSION

PATIENCE_S = 10
LARGEST = 64 * 1024
PATH = "/health/ready"

Url = Annotated[
    Optional[str],  # noqa: UP045  # Typer reads Optional at every release we allow
    typer.Option("--url", metavar="URL", help="Ask a service that runs instead: http://127.0.0.1:8420."),
]


class HealthAnswer(TypedDict):
    """How it is, in the shape of the deployment guide; `error` says what does not work, and `tests` are those that do.

    `version`, `uptime` (seconds) and `memory` (bytes) are the service's, and None where it does not say them.
    """

    status: str
    timestamp: str
    version: str | None
    uptime: float | None
    memory: dict[str, int] | None
    tests: dict[str, bool]
    error: str | None


@plain
def health(asked: Asked, url: Url = None) -> None:
    """Find out whether the project works: read its state, render a document, decide a command; records nothing.

    With --url, or where the project is worked on through a service, that one is asked whether it does so and takes
    work. Exit 0: healthy. 6: damage was found. 8: it is not healthy, or cannot be asked.

    Example: orch health

    Next: orch doctor
    """
    url = service_named() if url is None else url
    data, status = of_service(url) if url is not None else _of_project()
    answer("health", data, as_json=asked.json, show=lambda: _show(data))
    raise typer.Exit(status)


def _of_project() -> tuple[HealthAnswer, int]:
    from datetime import UTC, datetime

    from domain.times import microseconds, rfc3339
    from usecases.health import Sick, examine

    data: HealthAnswer = {
        "status": "healthy",
        "timestamp": rfc3339(microseconds(datetime.now(UTC))),
        "version": VERSION,
        "uptime": None,
        "memory": None,
        "tests": {},
        "error": None,
    }
    with opened() as project:
        try:
            data["tests"] = examine(project)
        except Sick as sick:
            data["status"], data["error"] = "unhealthy", str(sick)
            return data, exits.DAMAGED if sick.damaged else exits.UNAVAILABLE
    return data, exits.DONE


def of_service(url: str) -> tuple[HealthAnswer, int]:
    """Ask a service; it answers 200 or 503 with a document, and everything else is none of ours."""
    from contextlib import closing

    from adapters.service_problems import document_in

    with closing(line_to(url, shows=False, seconds=PATIENCE_S)) as line:
        said = line.look(PATH, most=LARGEST, shows=False)
    found: dict[str, Any] = document_in(said.body) or {}
    if said.status != {"healthy": 200, "unhealthy": 503}.get(str(found.get("status"))):
        asked = f"{url.rstrip('/')}{PATH}"
        raise Unavailable(f"{asked} answers {said.status}, and not as this service does.", fix=(line.at.named(),))
    data: HealthAnswer = {
        "status": str(found["status"]),
        "timestamp": str(found.get("timestamp")),
        "version": found.get("version"),
        "uptime": found.get("uptime"),
        "memory": found.get("memory"),
        "tests": found.get("tests") or {},
        "error": found.get("error"),
    }
    return data, exits.DONE if data["status"] == "healthy" else exits.UNAVAILABLE


def _show(data: HealthAnswer) -> None:
    for name in data["tests"]:
        print(f"{paint('✓', 'green')} {one_line(name)}")
    if data["error"]:
        print(f"{paint('✗', 'red')} {one_line(data['error'])}")
    print(one_line(data["status"]))
