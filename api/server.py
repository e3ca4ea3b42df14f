"""Uvicorn around the application: where it listens, and how it ends."""

import socket
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from resource import RLIMIT_NOFILE, getrlimit, setrlimit
from ssl import PROTOCOL_TLS_SERVER, SSLContext
from typing import NamedTuple

import uvicorn

from adapters.loopback import is_loopback
from adapters.oidc_tokens import Issuer
from adapters.process_memory import ProcessMemory, keep_few_arenas
from adapters.service_manager import ServiceManager
from adapters.shared_commits import SharedCommits
from adapters.token_use import TokenUse
from api.admission import Admission
from api.app import application
from api.bounds import Bounds, bounds_of
from api.capacity import Capacity
from api.catching_up import CatchingUp
from api.checkup import Checkup
from api.connections import Connections
from api.guard import MOST_HEADERS, Guard, Limits
from api.rates import Rates
from api.received import Bodies
from api.running import Server
from api.service import Followers, Service
from api.standing import Standing
from api.telemetry import Telemetry, telemetry_of, wanted_by
from api.watchdog import Signs
from api.watching import Watch
from api.within import Inside
from domain.errors import InvalidInput, Unavailable
from usecases.project import Project

LOCAL = ("localhost", "127.0.0.1", "[::1]")
GRACE_SECONDS = 30
"""How long requests that were accepted may take to end after SIGTERM."""
BACKLOG = 1024
FILES = 200
"""Files that a service opens beside its connections, at the most."""


class Where(NamedTuple):
    """Where the service listens, and under which names."""

    host: str
    port: int
    names: tuple[str, ...] = ()
    certificate: Path | None = None
    key: Path | None = None
    behind_proxy: bool = False

    @property
    def secure(self) -> bool:
        """Whether clients come by TLS, to us or to the proxy before us."""
        return self.certificate is not None or self.behind_proxy

    @property
    def hosts(self) -> frozenset[str]:
        """The names that it answers to."""
        own = f"[{self.host}]" if ":" in self.host else self.host
        return frozenset(name.lower() for name in (*self.names, *LOCAL, own) if name not in ("0.0.0.0", "[::]"))  # noqa: S104  # they are compared


def refuse_open(where: Where) -> None:
    """Refuse to be reached from other machines without TLS: a token would cross the network in the clear."""
    if (where.certificate is None) != (where.key is None):
        raise InvalidInput(
            "TLS needs a certificate and its key.", fix=("orch serve --tls-certificate cert.pem --tls-key key.pem",)
        )
    _refuse_wrong_certificate(where)
    if is_loopback(where.host) or where.secure:
        return
    raise InvalidInput(
        f"{where.host} can be reached from other machines, and tokens would go there in the clear.",
        fix=(
            f"orch serve --host {where.host} --tls-certificate cert.pem --tls-key key.pem",
            f"orch serve --host {where.host} --behind-proxy --name orch.example.org",
            "orch serve",
        ),
    )


def refuse_wrong_settings(project: Project) -> None:
    """Refuse settings that the service could not obey."""
    wanted_by(project)


def serve(
    project: Project,
    where: Where,
    *,
    listening: Callable[[str], None],
    issuer: Issuer | None = None,
    is_ended: Callable[[], bool] = lambda: False,
) -> None:
    """Serve a project until SIGTERM or SIGINT; requests that were accepted are answered first.

    `listening` is told the address once connections are taken; `is_ended` tells whether a signal came before that.
    """
    keep_few_arenas()
    with bound(where) as socket_:
        signs, url = Signs(project.log, ServiceManager.around()), address_of(where, socket_)

        def told() -> None:
            listening(url)
            signs.ready(url)
            if is_ended():
                server.should_exit = True

        server = server_of(project, where, told=told, ending=signs.stopping, issuer=issuer)
        server.run(sockets=[socket_])


def server_of(
    project: Project,
    where: Where,
    *,
    told: Callable[[], None],
    ending: Callable[[], None] = lambda: None,
    issuer: Issuer | None = None,
    bounds: Bounds | None = None,
    connections: Connections | None = None,
) -> Server:
    """Return the server of a project; `told` is called once it takes connections, `ending` when it takes no more.

    The settings say its bounds.
    """
    bounds = bounds or bounds_of(project)
    if isinstance(project.log, SharedCommits):
        project.log.let_wait(bounds.room)
    project = project._replace(kept=project.templates)
    memory = ProcessMemory(bounds.memory)
    service = Service(
        project,
        TokenUse(project.places),
        Followers(),
        lambda: server.should_exit,
        Capacity(bounds.most, bounds.room, memory),
        Rates(bounds),
        Checkup(project, memory),
        issuer,
    )
    with ExitStack() as begun:  # what goes wrong before the server has it lets go of it
        telemetry = begun.enter_context(telemetry_of(project, wanted_by(project)))
        connections = connections or Connections(open_at_once(bounds.connections))
        config = _config_of(service, where, telemetry, connections, seconds=bounds.seconds)
        standing, documents = Standing(project.log, telemetry.log), CatchingUp(project, telemetry.log)
        begun.callback(documents.end)
        server = Server(
            config,
            told=told,
            ending=ending,
            standing=standing,
            documents=documents,
            log=telemetry.log,
            closing=begun.pop_all(),
        )
    return server


def _config_of(
    service: Service, where: Where, telemetry: Telemetry, connections: Connections, *, seconds: float
) -> uvicorn.Config:
    """Return what uvicorn is told: the application, and everything that stands around it."""
    telemetry.metrics.watch(service)
    limits = Limits(where.hosts, secure=where.secure, behind_proxy=where.behind_proxy)
    app = application(service)
    app.state.telemetry = telemetry
    app.state.inside = Inside(Watch(app, telemetry), service.admit)  # requests within a request are told of, too
    admission = Admission(app, service.capacity, seconds=seconds)
    connections.refused = service.capacity.refused  # whoever looks at the capacity sees those, too
    # Both around everything, so that the answer to a bug has its headers, too, and is told.
    watch = Watch(Guard(admission, limits, service.rates, Bodies(service.capacity)), telemetry)
    connections.told = watch.answered_unasked
    return uvicorn.Config(
        watch,
        log_config=None,  # what uvicorn says goes to our log
        access_log=False,  # who asked what is in the log of events; a URL may hold what nobody should read
        log_level="warning",
        server_header=False,
        h11_max_incomplete_event_size=MOST_HEADERS,
        http=connections,  # type: ignore[arg-type]  # called as a class
        loop="api.connections:Loop",
        ws="none",
        timeout_keep_alive=5,
        timeout_graceful_shutdown=GRACE_SECONDS,
        ssl_certfile=where.certificate,
        ssl_keyfile=where.key,
        proxy_headers=False,
        backlog=BACKLOG,
    )


def open_at_once(wanted: int) -> int:
    """Return how many connections there may be: as many files as this process may open, and some left for the log."""
    soft, hard = getrlimit(RLIMIT_NOFILE)
    if soft < wanted + FILES:
        with suppress(OSError, ValueError):  # a unit may forbid it; then there are fewer
            setrlimit(RLIMIT_NOFILE, (min(hard, wanted + FILES), hard))
        soft, _ = getrlimit(RLIMIT_NOFILE)
    return max(FILES, min(wanted, soft - FILES))


def address_of(where: Where, listening: socket.socket) -> str:
    """Return the URL that a socket is reached by."""
    host = f"[{where.host}]" if ":" in where.host else where.host
    return f"{'https' if where.certificate else 'http'}://{host}:{listening.getsockname()[1]}"


def bound(where: Where) -> socket.socket:
    """Return a socket that is bound where the service is to listen. Refuses what is open to others without TLS."""
    refuse_open(where)
    family = socket.AF_INET6 if ":" in where.host else socket.AF_INET
    # asyncio sends at once (TCP_NODELAY) only what it knows to be TCP; an answer would wait 40 ms for its second half
    made = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((where.host, where.port))
    except (OSError, UnicodeError) as error:
        made.close()
        why = error.strerror if isinstance(error, OSError) else "that is no name of a host"
        raise Unavailable(
            f"{where.host} port {where.port} cannot be listened on: {why}.", fix=("orch serve --port 0",)
        ) from error
    return made


def _refuse_wrong_certificate(where: Where) -> None:
    """Refuse a certificate and a key that do not go together, or are none; a key with a password asks nobody."""
    if where.certificate is None or where.key is None:
        return
    try:
        SSLContext(PROTOCOL_TLS_SERVER).load_cert_chain(where.certificate, where.key, password="")
    except (OSError, ValueError) as error:
        why = (error.strerror if isinstance(error, OSError) else None) or error
        raise InvalidInput(
            f"{where.certificate} and {where.key} cannot be used as a certificate and its key: {why}."
        ) from None
