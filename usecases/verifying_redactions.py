"""The redactions that a log records, held against the texts that are gone and those that should be."""

from collections.abc import Iterator
from typing import NamedTuple

from adapters.envelope import envelope_of
from adapters.log_notes import RECOVERED
from domain.errors import Damaged
from domain.event_log import EventLog, Record
from domain.ledger import STREAM
from projections.redactions import TOPIC
from projections.verification import Findings
from usecases.recovered import carried_by


class Named(NamedTuple):
    """The event that a redaction names, and where the redaction stands."""

    stream: str
    version: int
    at: int


class Redacted:
    """The positions whose texts have to be gone. What is kept grows with the redactions, not with the log."""

    def __init__(self, log: EventLog, size: int, findings: Findings) -> None:
        self._log = log
        self._carried = _carried(log, size, findings)
        self._met: set[int] = set()
        self._version = self._head()
        self._named: dict[int, Named] = {}
        self._read()

    def accounts_for(self, record: Record) -> bool:
        """Tell whether a redaction names exactly this event; others may be recorded while we look."""
        if self._names(record) or (self._read_on() and self._names(record)):
            return True
        if record.position not in self._carried:
            return False
        self._met.add(record.position)
        return True

    @property
    def carried(self) -> int:
        """How many texts are gone because of a redaction which the store does not hold itself."""
        return len(self._met)

    def accounts_for_position(self, position: int) -> bool:
        """Tell whether a redaction names the event at a position."""
        record = self._record(position)
        return record is not None and self.accounts_for(record)

    def compare(self, first: int, last: int, findings: Findings) -> None:
        """Note every redaction whose text is still there, or that names another event than the one at its position."""
        for position in sorted(self._carried):
            record = self._record(position) if first <= position <= last else None
            if record is not None and record.payload is not None:
                findings.note(position, "redacted text still there", "nothing", f"{len(record.payload)} bytes")
        for position, named in sorted(self._named.items()):
            if not first <= position <= last:
                continue
            record = self._record(position)
            if record is None:
                continue  # what cannot be read, or is missing, is noted where the rows are
            if named[:2] != (record.stream, record.version) or named.at <= position:
                said = f"{named.stream} version {named.version}"
                findings.note(named.at, "redaction", said, f"{record.stream} version {record.version} at {position}")
            if record.payload is not None:
                findings.note(position, "redacted text still there", "nothing", f"{len(record.payload)} bytes")

    def _names(self, record: Record) -> bool:
        named = self._named.get(record.position)
        return named is not None and named[:2] == (record.stream, record.version)

    def _read_on(self) -> bool:
        """Read the ledger again where it has grown, and tell whether it had."""
        version = self._head()
        if version <= self._version:
            return False
        self._version = version
        self._read()
        return True

    def _head(self) -> int:
        try:
            head = self._log.heads([STREAM])[1].get(STREAM)
        except Damaged:  # found and named by those who look at heads, as what `_read` meets by those who look at rows
            return 0
        return head.version if head is not None else 0

    def _read(self) -> None:
        try:
            for record in self._log.stream(STREAM):
                self._named.update(_named(record))
        except Damaged:
            pass

    def _record(self, position: int) -> Record | None:
        try:
            return next(self._log.records(position, position), None)
        except Damaged:
            return None


def _carried(log: EventLog, size: int, findings: Findings) -> frozenset[int]:
    """Return the positions whose redactions a recovered store obeys, although it does not record them.

    Only a recovered store that takes no writes can carry any: in another one the note was put there to hide something.
    """
    try:
        found = carried_by(log)
        if found and RECOVERED not in log.notes():
            findings.note(None, "carried redactions", "none in a store that takes writes", sorted(found))
            return frozenset()
    except Damaged as error:
        findings.note(None, "carried redactions", "a list of positions", error.message)
        return frozenset()
    return frozenset(gone for gone in found if gone <= size)


def _named(record: Record) -> Iterator[tuple[int, Named]]:
    """Yield what a redaction names; nothing for other events, or for one that cannot be read."""
    if record.topic != TOPIC:
        return
    try:
        facts = envelope_of(record)["facts"]
        position, stream, version = facts["position"], facts["stream"], facts["version"]
    except (Damaged, KeyError, TypeError):
        return
    if type(position) is int:
        yield position, Named(stream, version, record.position)
