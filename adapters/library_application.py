"""The log as an application of the library, so that a projection written for the library follows it; for reading only.

ProjectionRunner(application_class=OrchestratorLog, projection_class=…, view_class=…, env={"PROJECT_FOLDER": "."})
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

from eventsourcing.application import Application
from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    InfrastructureFactory,
    JSONTranscoder,
    Mapper,
    NotSupportedError,
    ProcessRecorder,
    StoredEvent,
    TrackingRecorder,
)
from eventsourcing.utils import Environment

from adapters.codec import decode
from adapters.library_reading import LogRecorder, record_in
from adapters.places import find
from adapters.stores import changes_of, open_log
from domain.event_log import EventLog
from domain.events import DomainEvent
from domain.following import Changes


class LogMapper(Mapper[str]):
    """Gives our domain events, through the closed registry of topics: no module is imported that a row names."""

    def __init__(self) -> None:
        super().__init__(JSONTranscoder())

    def to_domain_event(self, stored_event: StoredEvent) -> DomainEvent:
        """Return the event. Raises `UnknownEvent` and `Damaged`; of an erased text its fields are None."""
        return decode(record_in(stored_event))

    def to_stored_event(self, domain_event: Any) -> NoReturn:
        """Refuse, as the recorder does."""
        raise NotSupportedError("this reads the log; only commands write it")


class LogFactory(InfrastructureFactory[TrackingRecorder]):
    """Makes what the application asks for, all of it on one open log."""

    def __init__(self, env: Environment, log: EventLog, changes: Callable[[], Changes]) -> None:
        super().__init__(env)
        self._log, self._changes = log, changes

    def application_recorder(self) -> ApplicationRecorder:
        """Return the recorder that reads the log."""
        return LogRecorder(self._log, self._changes)

    def aggregate_recorder(self, purpose: str = "events") -> AggregateRecorder:
        """Return the same: there are no snapshots of the library's kind."""
        return self.application_recorder()

    def tracking_recorder(self, tracking_recorder_class: type[TrackingRecorder] | None = None) -> NoReturn:
        """Refuse: a view keeps its own tracking, in its own store."""
        raise NotSupportedError("a view is kept elsewhere, in a store of its own")

    def process_recorder(self) -> ProcessRecorder:
        """Refuse, as the recorder does."""
        raise NotSupportedError("this reads the log; only commands write it")

    def is_snapshotting_enabled(self) -> bool:
        """Tell that the library takes no snapshots here."""
        return False

    def close(self) -> None:
        """Let go of the log."""
        self._log.close()


class OrchestratorLog(Application[str]):
    """The log of the project around `PROJECT_FOLDER`, or around the current folder.

    The application's name is the log's origin: so what a view tracks says of which log it is.
    """

    def construct_factory(self, env: Environment) -> InfrastructureFactory[Any]:
        """Open the log."""
        log, changes = self.opened(Path(env.get("PROJECT_FOLDER") or "."))
        self.name = log.origin
        return LogFactory(env, log, changes)

    def construct_mapper(self) -> Mapper[str]:
        """Return what gives our events."""
        return LogMapper()

    def opened(self, folder: Path) -> tuple[EventLog, Callable[[], Changes]]:
        """Return the log, and what makes word of its changes."""
        places = find(folder.absolute())
        return open_log(places, read_only=True), partial(changes_of, places)
