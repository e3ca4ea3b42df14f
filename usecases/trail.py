"""The trail of everything that was recorded, as far as somebody wants it."""

from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeAlias

from domain.actors import ActorKind
from domain.errors import InvalidInput
from domain.event_log import Moment, Record
from domain.phase_ids import checked, stream_of
from domain.steps import Step
from domain.unknown import unknown_phase
from projections.audit_trail import TrailRow, Wanted, audit_trail, has_topic, is_wanted
from usecases.moments import resolved
from usecases.project import Project
from usecases.reads import decoded, redactions_in

Watched: TypeAlias = Callable[[Iterator[Record], int], Iterator[Record]]
"""Sees the records go by, and knows how many there will be."""


def unwatched(records: Iterator[Record], _: int) -> Iterator[Record]:
    """Let the records go by."""
    return records


class Filters(NamedTuple):
    """The filters as they were typed."""

    actor: str | None
    kind: ActorKind | None
    phase: str | None
    step: Step | None
    topic: str | None
    since: str | None
    until: str | None
    forced: bool


class Scope(NamedTuple):
    """What an audit command reads: the log as of a moment, and what it wants of it."""

    moment: Moment
    wanted: Wanted


def scope_of(project: Project, at: str | None, filters: Filters) -> Scope:
    """Return what is asked for, with times as positions. Refuses names that could only be mistyped."""
    log = project.log
    moment = resolved(at, log)[0] if at else log.moment()
    if at:
        project.tell(moment)
    first, last = 1, moment.position
    if filters.since is not None:
        found, time = resolved(filters.since, log)
        first = found.position if time is None else log.moment_at(time - 1).position + 1
    if filters.until is not None:
        last = min(last, resolved(filters.until, log)[0].position)
    if filters.phase is not None and stream_of(checked(filters.phase)) not in log.heads([stream_of(filters.phase)])[1]:
        refusal = unknown_phase(log, filters.phase)
        refusal.fix = ("orch list",)  # whoever asks what happened does not want to begin something
        raise refusal
    if filters.topic is not None:
        _refuse_unknown_topic(filters.topic)
    wanted = Wanted(
        filters.actor, filters.kind, filters.phase, filters.step, filters.topic, first, last, filters.forced
    )
    return Scope(moment, wanted)


def rows_in(project: Project, scope: Scope, *, watched: Watched = unwatched) -> Iterator[TrailRow]:
    """Yield the wanted rows. Reads from the beginning, since states come from all that was before."""
    wanted, last = scope.wanted, scope.wanted.last or 0
    if wanted.phase is not None:
        stream = stream_of(wanted.phase)
        records, total = project.log.stream(stream, upto=last), project.log.heads([stream])[1][stream].version
    else:
        records, total = project.log.records(1, last), last
    if last < wanted.first:
        return
    trail = audit_trail(decoded(watched(records, total)), redactions_in(project))
    yield from (row for row in trail if is_wanted(row, wanted))


def _refuse_unknown_topic(asked: str) -> None:
    from difflib import get_close_matches

    from domain.topics import TOPICS

    if any(has_topic(topic, asked) for topic in TOPICS):
        return
    groups = sorted({f"{topic.partition('.')[0]}." for topic in TOPICS})
    near = get_close_matches(asked, [*TOPICS, *groups], n=1, cutoff=0) or groups[:1]
    raise InvalidInput(
        f"There is no topic {asked[:60]!r}. Did you mean {near[0]}? Topics begin with {' '.join(groups)}",
        fix=(f"orch audit trail --topic {near[0]}",),
    )
