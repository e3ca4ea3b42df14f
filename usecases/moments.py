"""From words such as those after --at to a moment of the log."""

import re
from datetime import datetime
from pathlib import Path

from domain.errors import Damaged, InvalidInput, NotFound
from domain.event_log import EventLog, Moment
from domain.times import microseconds

FORM = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}([.,]\d{1,6})?)?([Zz]|[+-]\d{2}:?\d{2})?", re.ASCII)
EXAMPLE = "2026-11-24T14:00:00Z"


def resolved(at: str, log: EventLog) -> tuple[Moment, int | None]:
    """Return the moment that `at` names, and the time in µs it stands for (None when it names a position)."""
    if at.startswith("position:"):
        return log.moment(position_of(at.removeprefix("position:"))), None
    if at.startswith("checkpoint:"):
        return _covered(Path(at.removeprefix("checkpoint:")), log), None
    if at.startswith("point:"):
        return _named(at.removeprefix("point:"), log), None
    time = time_of(at)
    return log.moment_at(time), time


def _covered(path: Path, log: EventLog) -> Moment:
    """Return the last moment that a checkpoint covers; refuse a checkpoint of another history than the log's."""
    from adapters.signed_notes import opened
    from domain.checkpoints import Checkpoint
    from domain.tree_ranges import range_root_of
    from projections.log_keys import LogKeys, lineage_of, log_keys

    try:
        note = path.read_bytes()
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror}.", fix=("orch audit checkpoint",)) from None
    heads = log.heads(["project", "ledger"])[1]
    keys = log_keys(heads["project"], heads.get("ledger")) if "project" in heads else LogKeys("", ())
    checkpoint = Checkpoint.parse(opened(note, [keys.current, *keys.replaced]).text)
    lineage = lineage_of(heads["project"], heads.get("ledger")) if "project" in heads else None
    fork = lineage.fork_from(checkpoint.origin) if lineage else None
    if fork is not None and checkpoint.size > fork.size:
        raise NotFound(
            f"{path} covers {checkpoint.size} events of {checkpoint.origin}; those after position {fork.size} were"
            " abandoned by a fork, and this log never had them.",
            fix=(f"orch list --at position:{fork.size}",),
        )
    if checkpoint.origin != log.origin and fork is None:
        raise InvalidInput(
            f"{path} is a checkpoint of {checkpoint.origin}, not of {log.origin}.", fix=("orch audit checkpoint",)
        )
    if checkpoint.size > log.moment().position:
        raise Damaged(f"{path} covers {checkpoint.size} events; this log has only {log.moment().position}.")
    if range_root_of(log)(0, checkpoint.size) != checkpoint.root:
        raise Damaged(f"{path} is a checkpoint of another history: the log's first {checkpoint.size} events differ.")
    return log.moment(checkpoint.size)


def _named(name: str, log: EventLog) -> Moment:
    """Return the moment of a restore point; refuse one that was named in another history."""
    from difflib import get_close_matches

    from domain.restore_point import PREFIX, PointState, stream_of

    stream = stream_of(name)
    head = log.heads([stream])[1].get(stream)
    if head is None:
        known = [each.removeprefix(PREFIX) for each in log.heads_below(PREFIX)[1]]
        near = get_close_matches(name, known, n=1, cutoff=0.6)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise NotFound(f"There is no restore point {name}.{hint}", fix=("orch recover points",))
    return log.moment(PointState.from_facts(head.facts).position)


def time_of(at: str) -> int:
    """Return µs since the epoch of an RFC 3339 time with an offset."""
    found = FORM.fullmatch(at)
    if not found:
        raise InvalidInput(
            f"A moment is RFC 3339 with an offset, position:N, checkpoint:FILE or point:NAME; got {at[:60]!r}.",
            fix=(f"orch list --at {EXAMPLE}", "orch list --at position:1"),
        )
    try:
        time = datetime.fromisoformat(at.upper().replace(",", "."))
    except ValueError as error:
        raise InvalidInput(
            f"There is no such time as {at[:60]!r}: {error}.", fix=(f"orch list --at {EXAMPLE}",)
        ) from None
    if time.tzinfo is None:
        raise InvalidInput(
            f"{at} does not say in which time zone: add Z for UTC or an offset such as +01:00.",
            fix=(f"orch list --at {at.replace(' ', 'T')}Z",),
        )
    return microseconds(time)


def position_of(words: str) -> int:
    """Return the number after `position:`."""
    if not words.isascii() or not words.isdigit() or len(words) > 15:
        raise InvalidInput(f"A position is a whole number; got {words[:30]!r}.", fix=("orch list --at position:1",))
    return int(words)
