"""Write down what was salvaged: a log of the longest beginning without a gap, and files of all that comes after it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import orjson

from adapters.backup_folder import Folder
from adapters.backup_segments import plain_segment
from adapters.envelope import CANONICAL
from adapters.salvage_finds import Text
from adapters.stored_events import StoredEvent, restored
from cli.new_store import NOT_FOR_GIT
from cli.progress import Progress
from cli.salvage_reading import redactions
from cli.salvaging import Salvage, stretches_of
from domain.errors import Damaged
from domain.event_log import Record
from domain.merkle import tree_root
from projections.verification import Findings
from projections.verify_rows import Rows
from usecases.recover_answers import RecoveryVerification
from usecases.recover_checks import Parent, check
from usecases.recovered import NO_REDACTION, Recovered
from usecases.refilling import refill

LOG = "log.db"
BESIDE = "salvaged"
MOST_EVENTS = 16_384
MOST_BYTES = 16 * 1024 * 1024


class Beginning(NamedTuple):
    """The new log."""

    size: int
    why: str
    """Why it ends there."""
    verification: RecoveryVerification | None


def write_log(salvage: Salvage, part: Path, store: str) -> Beginning:
    """Write the longest beginning that has no gap and verifies. What cannot follow on it ends it."""
    size, why = _longest(salvage)
    while size:
        try:
            found = _verified(salvage, part, store, size)
        except _DoesNotFollow as error:
            size, why = error.position - 1, error.message
            continue
        problem = found["first_problem"]
        if found["verdict"] != "damaged" or problem is None:
            return Beginning(size, why, found)
        if not 0 < (problem["position"] or 0) <= size:
            raise Damaged(f"What was salvaged does not verify: {problem['what']}: {problem['found']}.")
        size, why = (problem["position"] or 1) - 1, f"{problem['what']} at position {problem['position']}"
    return Beginning(0, why, None)


def write_beside(salvage: Salvage, part: Path, after: int) -> Iterator[tuple[int, int, str]]:
    """Write what comes after the new log into files; yield first and last position and the name of each."""
    positions = ((position, None) for position in sorted(salvage.leaves) if position > after)
    for first, last, _ in stretches_of(positions):
        events: list[StoredEvent] = []
        size = 0
        for position in range(first, last + 1):
            event = salvage.saved(position).event
            events.append(event)
            size += len(event.envelope) + len(event.payload or b"")
            if position == last or len(events) == MOST_EVENTS or size > MOST_BYTES:
                begun = position - len(events) + 1
                name = f"{BESIDE}/segment-{begun:012d}-{position:012d}.seg"
                (part / BESIDE).mkdir(mode=0o700, exist_ok=True)
                Folder(part).add(name, plain_segment(begun, events))
                yield begun, position, name
                events, size = [], 0


class _DoesNotFollow(Damaged):
    """An event that no log would have written after those before it."""

    def __init__(self, position: int, message: str) -> None:
        super().__init__(message)
        self.position = position


def _longest(salvage: Salvage) -> tuple[int, str]:
    """Return how far the events go without a gap and without a contradiction, and what comes then."""
    findings = Findings()
    rows: Rows | None = None
    absent: set[int] = set()
    with Progress(len(salvage.leaves), "events compared") as progress:
        for position in range(1, salvage.known + 1):
            if position not in salvage.leaves:
                return position - 1, f"position {position} is lost"
            if salvage.by(position)[0] == "contradicted":
                return position - 1, f"a signed checkpoint speaks against what follows position {position - 1}"
            saved = salvage.saved(position)
            if saved.text in (Text.ERASED, Text.LOST):
                absent.add(position)
            if saved.text is Text.LOST:
                salvage.without_text.append(position)
            try:
                record, envelope = restored(position, saved.event)
            except Damaged as error:
                return position - 1, error.message
            if rows is None:
                origin = str(envelope["origin"])
                rows = Rows(origin, findings, first=1, payloads=True, accounts_for=_among(absent), forked=_forked)
            rows.add(record, envelope, orjson.dumps(envelope, option=CANONICAL))
            if findings.counts:
                problem = findings.problems[0]
                return position - 1, f"position {position} does not follow: {problem['what']}"
            progress.advance()
    return salvage.known, ""


def _among(positions: set[int]) -> Callable[[Record], bool]:
    return lambda record: record.position in positions


def _forked(_: int, envelope: dict[str, dict[str, str]]) -> str | None:
    return envelope["facts"].get("origin")


def _verified(salvage: Salvage, part: Path, store: str, size: int) -> RecoveryVerification:
    """Make the log of the first events and verify it as every recovery is."""
    path = part / LOG
    for end in ("", "-wal", "-shm"):
        path.with_name(f"{LOG}{end}").unlink(missing_ok=True)
    (part / ".gitignore").write_text(NOT_FOR_GIT)
    notes, reached = _notes(salvage, store, size), [0]

    def events() -> Iterator[StoredEvent]:
        for position in range(1, size + 1):
            reached[0] = position
            yield salvage.saved(position).event

    origin = restored(size, salvage.saved(size).event)[1]["origin"]
    with Progress(2 * size, "events written and verified") as progress:
        try:
            refill(path, origin, events(), notes=notes, done=progress.advance)
        except Damaged as error:
            raise _DoesNotFollow(reached[0], error.message) from error
        return check(path, parent=_parent(salvage, store, origin, size), done=progress.advance)


def _notes(salvage: Salvage, store: str, size: int) -> dict[str, str]:
    told = {gone for gone, by in redactions(salvage.finds, salvage.leaves).items() if by <= size}
    carried = {gone: by for gone, by in salvage.redacted.items() if gone <= size and gone not in told}
    carried |= {position: NO_REDACTION for position in salvage.without_text if position <= size}
    origin = salvage.told.lineage.origin if salvage.told.lineage else ""
    note = Recovered("salvage", store, origin or _origin(salvage, size), salvage.known, f"position:{size}")
    return note.notes(dict(sorted(carried.items())))


def _origin(salvage: Salvage, size: int) -> str:
    return str(restored(size, salvage.saved(size).event)[1]["origin"])


def _parent(salvage: Salvage, store: str, origin: str, size: int) -> Parent:
    """Return what the new log is held against: what the backups have signed, and the checkpoints that were kept."""
    backups = salvage.backups
    signed = backups.leaves if backups else {}
    covered = all(position in signed for position in range(1, size + 1))
    known = size if covered and backups else 0
    where = backups.folder if known and backups else store

    def root_at(upto: int) -> bytes | None:
        return tree_root(signed[position] for position in range(1, upto + 1)) if upto <= known else None

    return Parent(where, origin, known, root_at, salvage.told.keys, salvage.checkpoint_files)
