"""What `orch doctor PHASE` looks at: the events of one phase, its head, its documents and its state file."""

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, cast

from domain.errors import Damaged, NotFound
from domain.phase_ids import stream_of
from usecases.patient import Found, Patient
from usecases.way_out import SALVAGE

if TYPE_CHECKING:
    from adapters.stores import AnyLog
    from domain.aggregates import EventSourced
    from domain.event_log import Record

SHOWN = 5
"""Events that get a row of their own."""
AGAIN = ("orch audit verify", SALVAGE)
REBUILD = ("orch rebuild",)


def events(patient: Patient) -> Iterator[Found]:
    """Hash every event of the phase anew, hold it against the tree, and fold them; compare the head with the fold."""
    if patient.log is None:
        yield patient.not_looked_at()
        return
    stream = stream_of(patient.phase)
    if stream not in patient.log.heads([stream])[1] and next(patient.log.stream(stream), None) is None:
        raise NotFound(f"There is no phase {patient.phase}.", fix=("orch list",))
    problems = _problems(patient.log, stream)
    shown = list(islice(problems, SHOWN))
    for message, fix in shown:
        yield Found("damage", message, fix)
    left = sum(1 for _ in problems)
    if left:
        yield Found("damage", f"{left} more problems of this phase.", AGAIN)
    if not shown:
        count = sum(1 for _ in patient.log.stream(stream))
        yield Found("ok", f"All {count} events of {patient.phase} are in the tree, and its head is what they fold to.")


def _problems(log: "AnyLog", stream: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield a sentence for everything that differs, and what helps."""
    from adapters.codec import decode
    from projections.folding import fold

    aggregates: dict[str, EventSourced] = {}
    folds = True
    for record in log.stream(stream):
        try:
            yield from ((sentence, AGAIN) for sentence in _differing(log, record))
            event = decode(record)
            if folds:
                fold(aggregates, record.position, stream, event)
        except Damaged as error:
            folds = False
            yield error.message, AGAIN
    head = log.heads([stream])[1].get(stream)
    if not folds:
        return
    known = aggregates.get(stream)
    if known is None or head is None:
        missing = "head" if head is None else "events"
        yield f"{stream} has no {missing}.", REBUILD if head is None else AGAIN
    elif (head.version, head.facts) != (known.version, _as_stored(known.head())):
        yield f"The head of {stream} is not what its {known.version} events fold to.", REBUILD


def _differing(log: "AnyLog", record: "Record") -> Iterator[str]:
    from adapters.envelope import leaf_of

    position, leaf = record.position, leaf_of(record)
    if leaf != record.leaf:
        yield f"Position {position} is not what its leaf says: the event or its time was changed."
    if log.hashes(0, position - 1, position) != [leaf]:
        yield f"Position {position} is not what the tree holds."


def _as_stored(facts: object) -> dict[str, object]:
    """Return facts as they come back from the store."""
    from orjson import loads

    from adapters.envelope import canonical

    return cast(dict[str, object], loads(canonical(facts)))


def documents(patient: Patient) -> Iterator[Found]:
    """Compare the documents of the phase with what is recorded of them."""
    from usecases.doctor_store import documents_of

    if patient.log is None:
        yield patient.not_looked_at()
        return
    stream = stream_of(patient.phase)
    heads = patient.log.heads([stream])[1]
    yield from documents_of(patient, heads)


def state_file(patient: Patient) -> Iterator[Found]:
    """Compare the phase's state file with what the log gives."""
    from usecases.doctor_store import project_of
    from usecases.publish import STATE_FILE, state_text

    if patient.log is None:
        yield patient.not_looked_at()
        return
    head = patient.log.heads([stream_of(patient.phase)])[1].get(stream_of(patient.phase))
    path = patient.places.phase(patient.phase) / STATE_FILE
    shown = path.relative_to(patient.places.root)
    if head is None:
        return
    if not path.is_file():
        yield Found("warning", f"{shown} is missing.", REBUILD)
    elif path.read_text("utf-8", "replace") != state_text(project_of(patient), head):
        yield Found("warning", f"{shown} is not what the log says.", REBUILD)
    else:
        yield Found("ok", f"{shown} is what the log says.")
