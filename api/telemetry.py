"""Everything that tells operators how the service does, made from the settings of its project."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from adapters.service_log import LogSettings, ServiceLog, stderr_of_process
from adapters.settings import Source
from adapters.settings_file import settings_of
from adapters.webhooks import Hook, hook_from
from api.alerting import Alerting
from api.metrics import Metrics
from api.security import Monitor
from api.tracing import Tracing, tracing_to
from domain.ledger_events import AlertKind
from usecases.figures import figures_of
from usecases.project import Project

NAMES = (
    *("log.dir", "log.level", "log.max_file_size_mb", "log.max_files", "tracing.endpoint"),
    *("security.invalid_inputs", "security.schema_violations", "security.unauthorised_access"),
    *("security.webhook_url", "security.webhook_secret_file"),
)


class Telemetry(NamedTuple):
    """What watches a service: its log, its metrics, its traces, and whoever tries its doors."""

    log: ServiceLog
    metrics: Metrics
    monitor: Monitor
    tracing: Tracing | None = None


class Wanted(NamedTuple):
    """What the settings say."""

    log: LogSettings
    thresholds: dict[AlertKind, int]
    hook: Hook | None
    tracing: str | None


def wanted_by(project: Project) -> Wanted:
    """Return what the settings of a project say. Raises `InvalidInput` and `FilesUnavailable`."""
    places = project.places
    values = settings_of(NAMES, places.settings, flags=project.given)
    said = {name: value.value for name, value in values.items()}
    is_default = values["log.dir"].source is Source.DEFAULT
    folder = places.state / "logs" if is_default else places.root / str(said["log.dir"])
    url, secret = said["security.webhook_url"], said["security.webhook_secret_file"]
    return Wanted(
        LogSettings(
            folder,
            str(said["log.level"]),
            int(str(said["log.max_file_size_mb"])),
            int(str(said["log.max_files"])),
            stderr_of_process(),
        ),
        {kind: int(str(said[f"security.{kind.value}"])) for kind in AlertKind},
        None if url is None else hook_from(str(url), None if secret is None else places.root / Path(str(secret))),
        None if said["tracing.endpoint"] is None else str(said["tracing.endpoint"]),
    )


@contextmanager
def telemetry_of(project: Project, wanted: Wanted) -> Iterator[Telemetry]:
    """Watch a service for as long as it runs; what still waits at the end is told for a moment."""
    with ExitStack() as stack:
        log = ServiceLog(wanted.log)
        stack.callback(log.close)
        stack.enter_context(log.borrowing())
        metrics = Metrics(lambda: figures_of(project))
        metrics.lost = lambda: log.lost
        alerting = Alerting(project, log, metrics, wanted.hook)
        stack.callback(alerting.close)
        tracing = tracing_to(wanted.tracing)
        if tracing:
            stack.callback(tracing.close)
        if not log.alone:
            log.say("warning", "log.console_only", why="another service writes to the folder, or it cannot be used")
        yield Telemetry(log, metrics, Monitor(wanted.thresholds, alerting.raise_alert), tracing)
