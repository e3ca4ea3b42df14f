"""Which events are claims of elsewhere: those that follow an import in its command."""

from domain.event_log import Record
from domain.events import DomainEvent
from domain.import_events import Imported
from domain.importers import Importer


class Imports:
    """Remembers the import whose command goes by; events come in the order of the log."""

    def __init__(self) -> None:
        self._command: str | None = None
        self._importer: Importer | None = None

    def importer_of(self, record: Record, event: DomainEvent) -> Importer | None:
        """Return whose folder claims an event, or None for what was done here."""
        if isinstance(event, Imported):
            self._command, self._importer = record.command_id, event.importer
            return None  # the import itself was done here
        if record.command_id != self._command or event.TOPIC == "phase.approval_requested":
            return None
        return self._importer
