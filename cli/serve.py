"""orch serve: the project over HTTP."""

import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional, TypedDict

import typer

from cli import exits
from cli.answers import answer, refuse_with
from cli.beginning import not_begun_anew
from cli.options import Asked, plain
from cli.project import opened
from cli.screen import one_line
from cli.stopping import stopped_by_signals
from domain.errors import PackageMissing, StoreMoved, StoreReplaced
from usecases.meters import unseen
from usecases.project import Project, tell_nobody, warn_nobody

if TYPE_CHECKING:
    from adapters.oidc_tokens import Issuer

Host = Annotated[str, typer.Option("--host", help="The address to listen on; others than loopback need TLS.")]
Port = Annotated[int, typer.Option("--port", min=0, max=65_535, help="The port; 0 takes any that is free.")]
Names = Annotated[
    Optional[list[str]],  # noqa: UP045  # Typer reads Optional at every release we allow
    typer.Option("--name", metavar="HOST", help="A name that clients call it by; may be given again."),
]
Certificate = Annotated[
    Optional[Path],  # noqa: UP045  # as above
    typer.Option("--tls-certificate", metavar="FILE", help="The certificate and its chain, PEM."),
]
Key = Annotated[
    Optional[Path],  # noqa: UP045  # as above
    typer.Option("--tls-key", metavar="FILE", help="Its private key, PEM."),
]
BehindProxy = Annotated[bool, typer.Option("--behind-proxy", help="A proxy before it ends TLS and keeps others out.")]
Check = Annotated[bool, typer.Option("--check", help="Say what would be served, and leave.")]


class ServeAnswer(TypedDict):
    """What is served, and where; `pid` is None where nothing was started."""

    url: str
    origin: str
    hosts: list[str]
    tls: bool
    behind_proxy: bool
    pid: int | None


@plain
@not_begun_anew
def serve(
    asked: Asked,
    host: Host = "127.0.0.1",
    port: Port = 8420,
    name: Names = None,
    certificate: Certificate = None,
    key: Key = None,
    behind_proxy: BehindProxy = False,
    check: Check = False,
) -> None:
    """Serve the project over HTTP until SIGTERM: every request needs a token of orch token create.

    What was accepted is answered before it ends. /api/v1/openapi.json describes every operation.

    Example: orch serve --check

    Next: orch token create ada
    """
    _refuse_without_server()
    from os import getpid

    from api.server import Where, refuse_open, refuse_wrong_settings
    from api.server import serve as run

    where = Where(host, port, tuple(name or ()), certificate, key, behind_proxy)
    refuse_open(where)
    with opened(to_write=True) as project:
        issuer = _issuer(project)

        def told(url: str, *, pid: int | None) -> None:
            data: ServeAnswer = {
                "url": url,
                "origin": project.log.origin,
                "hosts": sorted(where.hosts),
                "tls": certificate is not None,
                "behind_proxy": behind_proxy,
                "pid": pid,
            }
            verb = "would be served at" if pid is None else "is served at"
            answer(
                "serve", data, as_json=asked.json, show=lambda: print(one_line(f"{project.log.origin} {verb} {url}"))
            )

        refuse_wrong_settings(project)
        if check:
            told(f"http{'s' if certificate else ''}://{host}:{port}", pid=None)
        else:
            _end_on_hangup()
            with stopped_by_signals() as stop:  # uvicorn raises the signal again once it is done; it is to end well
                quiet = project._replace(tell=tell_nobody, warn=warn_nobody, metering=unseen)
                here = getpid()
                try:
                    run(quiet, where, listening=lambda url: told(url, pid=here), issuer=issuer, is_ended=stop.is_set)
                except (StoreReplaced, StoreMoved) as replaced:  # stdout has its one document already
                    refuse_with(replaced, as_json=False)
                    raise typer.Exit(exits.UNAVAILABLE) from None


def _end_on_hangup() -> None:
    """Let a terminal that is closed end the service as SIGTERM does, unless that is to be ignored (nohup)."""
    if signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:
        signal.signal(signal.SIGHUP, lambda *_: signal.raise_signal(signal.SIGTERM))


def _issuer(project: Project) -> "Issuer | None":
    """Return who names people beside our own tokens, where the settings name one."""
    from adapters.oidc_rules import NAMES, rules_of
    from adapters.settings_file import settings_of
    from cli.given import flags

    rules = rules_of(settings_of(NAMES, project.places.settings, flags=flags()))
    if rules is None:
        return None
    refuse_without_extra()
    from adapters.oidc_tokens import Issuer

    return Issuer(rules)


def refuse_without_extra() -> None:
    """Refuse to believe an issuer where its tokens cannot be verified."""
    from importlib.util import find_spec

    if find_spec("jwt") is None:
        raise PackageMissing(
            "The settings name an issuer, and verifying its tokens needs PyJWT, which is not installed.",
            fix=('pip install "nss-orchestrator[server,oidc]"',),
        )


def _refuse_without_server() -> None:
    from importlib.util import find_spec

    if any(find_spec(name) is None for name in ("fastapi", "uvicorn", "limits", "prometheus_client", "structlog")):
        raise PackageMissing(
            "Serving needs FastAPI, uvicorn, limits, prometheus-client and structlog, which are not all installed.",
            fix=('pip install "nss-orchestrator[server]"',),
        )
