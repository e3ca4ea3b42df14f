"""What reads share: the heads as they are, or as they were at a moment."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from time import time_ns
from typing import TYPE_CHECKING, NamedTuple

from domain.errors import NotFound
from domain.event_log import Head, Moment, Record
from domain.phase_glance import Glance, glance
from domain.phase_ids import PREFIX, checked, stream_of
from domain.policy_state import PolicyState
from domain.times import rfc3339
from domain.unknown import unknown_phase
from usecases.moments import resolved
from usecases.project import Project

if TYPE_CHECKING:  # only time travel folds events
    from domain.events import DomainEvent
    from projections.document_text import DocumentText
    from projections.places import Place
    from projections.redactions import ErasedBy

POLICY = "policy"
LONG = 1000
"""A stream of more events is folded from the latest snapshot on."""


class View(NamedTuple):
    """The heads of some streams as of one moment."""

    moment: Moment
    now: int
    """The time that requests are held against, µs since the epoch."""
    heads: Mapping[str, Head]
    """Of all streams they are made when they are looked at: look at each once."""

    @property
    def policy(self) -> PolicyState:
        """The rules in force at that moment."""
        head = self.heads.get(POLICY)
        return PolicyState.from_facts(head.facts) if head else PolicyState()

    @property
    def phases(self) -> dict[str, Head]:
        """The heads of phases, by phase id."""
        return {head.stream.removeprefix(PREFIX): head for head in self._phase_heads()}

    def seen(self) -> dict[str, Glance]:
        """Return all phases at a glance, by phase id: reads over thousands of them build only a few whole.

        What nobody ratified in time is void by the time of the view.
        """
        seen = {}
        for stream, _, _, facts in self.heads.values():  # one loop and no more: it goes round for every phase
            if stream.startswith(PREFIX):
                each = glance(facts)
                seen[each.phase] = each.at(self.now) if each.glass else each
        return seen

    def of_phases(self, phases: Iterable[str]) -> dict[str, Head]:
        """Return the heads of some phases, those of them that exist."""
        found = ((phase, self.heads.get(PREFIX + phase)) for phase in phases)
        return {phase: head for phase, head in found if head is not None}

    def _phase_heads(self) -> Iterator[Head]:
        return (head for head in self.heads.values() if head.stream.startswith(PREFIX))


def view_of_phase(project: Project, phase: str, at: str | None, *, also: Sequence[str] = ()) -> tuple[View, Head]:
    """Return the view that one phase needs, and its head; refuse a phase that the log had never seen by then.

    `also` names more streams to look at.
    """
    stream = stream_of(checked(phase))
    if at is None:
        moment, heads = project.log.heads([stream, POLICY, *also])
        view = View(moment, time_ns() // 1000, heads)
    else:
        view = _view_at(project, at, [stream, POLICY, *also])
    head = view.heads.get(stream)
    if head is None:
        if at is None or stream not in project.log.heads([stream])[1]:
            raise unknown_phase(project.log, phase)
        first = next(iter(project.log.stream(stream)))
        raise NotFound(
            f"{phase} was not open yet at {at}: it was opened at position {first.position}.",
            fix=(f"orch status {phase} --at {rfc3339(first.recorded_at)}",),
        )
    return view, head


def view_of_all(project: Project, at: str | None, *, cached: bool = True) -> View:
    """Return the view of every stream; `cached` is for what is shown, not for what is decided or handed on."""
    if at is None:
        moment, heads = _all_heads(project) if cached and project.places.cache else project.log.all_heads()
        return View(moment, time_ns() // 1000, heads)
    return _view_at(project, at, None)


def view_below(project: Project, prefix: str, at: str | None) -> View:
    """Return the view of the streams whose names begin so."""
    if at is None:
        moment, heads = project.log.heads_below(prefix)
        return View(moment, time_ns() // 1000, heads)
    view = view_of_all(project, at)
    return view._replace(heads={name: head for name, head in view.heads.items() if name.startswith(prefix)})


def heads_at(project: Project, streams: list[str], moment: Moment | None) -> dict[str, Head]:
    """Return the heads of some streams as they were at a moment, or as they are now."""
    log = project.log
    heads = log.heads(streams)[1]
    if moment is None or all(head.position <= moment.position for head in heads.values()):
        return heads
    from projections.heads import heads_from

    long = any(head.version > LONG for head in heads.values())
    snapshot = log.snapshot(moment.position) if long else None
    before = snapshot.heads if snapshot else {}
    for stream, head in list(heads.items()):
        if head.position > moment.position:
            known = {stream: before[stream]} if stream in before else {}
            after = known[stream].version if known else 0
            del heads[stream]
            heads |= heads_from(decoded(log.stream(stream, after=after, upto=moment.position)), known)
    return heads


def decoded(records: Iterator[Record]) -> "Iterator[tuple[Record, DomainEvent]]":
    """Yield every record with the event it holds."""
    from adapters.codec import decode

    return ((record, decode(record)) for record in records)


def redactions_in(project: Project) -> dict[int, "ErasedBy"]:
    """Return every redaction that the log knows, by the position whose text is gone."""
    from adapters.envelope import told
    from projections.redactions import redactions

    return redactions(told(record) for record in project.log.stream("ledger"))


def document_at(project: Project, phase: str, place: "Place", *, policy: PolicyState | None = None) -> "DocumentText":
    """Return the iteration that an event holds; of an erased one, who erased it and why."""
    from projections.document_text import document_text

    told = project.log.told([place])[place]
    erased_by = redactions_in(project).get(told.position) if told.erased else None
    return document_text(phase, told, erased_by, policy=policy)


def moment_then(project: Project, at: str) -> tuple[Moment, int | None]:
    """Return the moment that `at` names and the time it stands for, and tell that it is about it."""
    moment, time = resolved(at, project.log)
    project.tell(moment)
    return moment, time


def _view_at(project: Project, at: str, streams: list[str] | None) -> View:
    moment, time = moment_then(project, at)
    heads = _all_heads_at(project, moment.position) if streams is None else heads_at(project, streams, moment)
    now = time if time is not None else moment.recorded_at or 0
    return View(moment, now, heads)


def _all_heads(project: Project) -> tuple[Moment, Mapping[str, Head]]:
    from usecases.cached_reads import all_heads

    return all_heads(project)


def _all_heads_at(project: Project, position: int) -> dict[str, Head]:
    """Return the heads of all streams as they were: from the latest snapshot, and the events after it."""
    from usecases.snapshotting import folded

    return folded(project.log, position, project.log.snapshot(position)).heads() if position else {}
