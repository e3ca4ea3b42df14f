"""orch monitor: health and figures, looked at again and again."""

import sys
from collections.abc import Callable
from time import monotonic, time
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from adapters.terminal import CLEAR_BELOW, CLEAR_LINE, HOME
from cli.answers import answer
from cli.monitor_figures import MonitorAnswer, Samples, nothing, of_project, of_service, samples_in
from cli.monitor_page import lines_of
from cli.numbers import Seconds
from cli.options import Asked, plain
from cli.project import opened
from cli.service_named import service_named
from cli.stopping import stopped_by_signals
from domain.errors import PackageMissing, Unavailable

if TYPE_CHECKING:
    from cli.monitor_service import Asked as Service

Url = Annotated[
    Optional[str],  # noqa: UP045  # Typer reads Optional at every release we allow
    typer.Option("--url", metavar="URL", help="A running service; the token is that of the settings."),
]
Once = Annotated[bool, typer.Option("--once", help="Look once, and leave.")]
Interval = Annotated[
    float, typer.Option("--interval", metavar="S", click_type=Seconds(0.2, 3600.0), help="Seconds between looks.")
]


@plain
def monitor(asked: Asked, url: Url = None, once: Once = False, interval: Interval = 5.0) -> None:
    """Watch health and figures until Ctrl-C: of a service, named here or by url, or of the project around this folder.

    Figures of operations are about the time since the look before; at the first look, since the service began. With
    --json every look is one document on a line of its own. Exit 8 with --once: the service does not answer.

    Example: orch monitor --once

    Next: orch doctor
    """
    url = service_named() if url is None else url
    look = _at_service(url, patient=not once) if url is not None else _at_project
    live = not (once or asked.json) and _is_screen()
    with stopped_by_signals() as stop:
        while not stop.is_set():
            seen = look()
            answer("monitor", seen, as_json=asked.json, show=lambda seen=seen: _show(seen, live=live))  # type: ignore[misc]  # it is called at once
            if once or stop.wait(interval):
                break
            if not (live or asked.json):
                print()


def _at_project() -> MonitorAnswer:
    from usecases.figures import figures_of

    with opened() as project:
        return of_project(project.log.origin, figures_of(project))


def _at_service(url: str, *, patient: bool) -> Callable[[], MonitorAnswer]:
    """Return what looks at a service; a patient one goes on looking while it does not answer."""
    from importlib.util import find_spec

    from cli.monitor_service import service_at

    service = service_at(url)
    if find_spec("prometheus_client") is None:
        raise PackageMissing(
            "Reading the figures of a service needs prometheus-client, which is not installed.",
            fix=('pip install "nss-orchestrator[server]"',),
        )
    before: list[Samples] = []

    def look() -> MonitorAnswer:
        try:
            return _looked_at(service, before)
        except Unavailable:
            if not patient:
                raise
            return nothing(service.url, "unreachable")

    return look


def _looked_at(service: "Service", before: list[Samples]) -> MonitorAnswer:
    try:
        health = service.health()
        now = samples_in(service.figures(), at=monotonic())
    except ValueError:
        raise Unavailable(
            f"What {service.url} answers are no figures.", fix=(f"orch health --url {service.url}",)
        ) from None
    finally:
        service.line.close()
    seen = of_service(service.url, health, now, before[0] if before else None, clock=time())
    before[:] = [now]
    return seen


def _is_screen() -> bool:
    from os import environ

    return sys.stdout.isatty() and environ.get("TERM", "dumb") != "dumb"


def _show(seen: MonitorAnswer, *, live: bool) -> None:
    lines = lines_of(seen)
    if live:
        sys.stdout.write(HOME + "\n".join(f"{CLEAR_LINE}{line}" for line in lines) + f"\n{CLEAR_BELOW}")
    else:
        print("\n".join(lines))
