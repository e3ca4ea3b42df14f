"""orch health: whether a project works, or the service that runs it."""

from typing import Annotated, Any, Optional, TypedDict

import typer

from cli import exits
from cli.answers import answer
from cli.options import Asked, plain
from cli.project import opened
from cli.screen import one_line, paint
from cli.service_named import service_named
from domain.errors import InvalidInput, Unavailable
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
    url = url or service_named()
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
    from urllib.error import HTTPError, URLError
    from urllib.request import Request, urlopen

    from adapters.settings import is_url

    if not is_url(url):
        raise InvalidInput(
            f"--url has to be an address with http:// or https://; got {one_line(url[:200])}.",
            fix=("orch health --url http://127.0.0.1:8420",),
        )
    asked = f"{url.rstrip('/')}{PATH}"
    try:
        try:
            with urlopen(Request(asked), timeout=PATIENCE_S) as response:  # noqa: S310  # it begins with http
                return _told(asked, response.status, response.read(LARGEST))
        except HTTPError as error:
            return _told(asked, error.code, error.read(LARGEST))
    except (URLError, OSError, ValueError) as error:
        cause = getattr(error, "reason", error)
        reason = getattr(cause, "strerror", None) or cause
        raise Unavailable(f"{asked} cannot be asked: {reason}.", fix=("orch serve",)) from error


def _told(asked: str, status: int, body: bytes) -> tuple[HealthAnswer, int]:
    import orjson

    try:
        found: Any = orjson.loads(body)
    except ValueError:
        found = None
    is_ours = isinstance(found, dict) and found.get("status") in ("healthy", "unhealthy")
    if not is_ours or status != (200 if found["status"] == "healthy" else 503):
        raise Unavailable(f"{asked} answers {status}, and not as this service does.", fix=("orch serve",))
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
