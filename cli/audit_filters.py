"""The filters that the audit commands share, and the rows they leave."""

import inspect
from collections.abc import Callable, Iterator
from typing import Annotated, Any, NamedTuple, Optional

import typer

from cli.arguments import phases_known
from cli.moment_said import say
from cli.options import Asked
from cli.progress import watched
from domain.actors import ActorKind
from domain.errors import InvalidInput
from domain.event_log import Moment
from domain.phase_ids import checked, stream_of
from domain.steps import Step
from domain.unknown import unknown_phase
from projections.audit_trail import TrailRow, Wanted, audit_trail, has_topic, is_wanted
from usecases.moments import resolved
from usecases.project import Project
from usecases.reads import decoded, redactions_in

TIMES = "2026-11-24T14:00:00Z or position:N, included"
FILTERS: dict[str, tuple[Any, Any]] = {
    "actor": (
        Annotated[Optional[str], typer.Option("--actor", metavar="NAME", help="Only by that name.")],  # noqa: UP045  # Typer reads Optional at every release we allow
        None,
    ),
    "kind": (
        Annotated[Optional[ActorKind], typer.Option("--kind", help="Only by people, agents or services.")],  # noqa: UP045  # as above
        None,
    ),
    "phase": (
        Annotated[
            Optional[str],  # noqa: UP045  # as above
            typer.Option("--phase", metavar="PHASE", help="Only that phase.", autocompletion=phases_known),
        ],
        None,
    ),
    "step": (Annotated[Optional[Step], typer.Option("--step", help="Only that step.")], None),  # noqa: UP045  # as above
    "topic": (
        Annotated[
            Optional[str],  # noqa: UP045  # as above
            typer.Option("--topic", metavar="TOPIC", help="Only that topic, or all below it: phase."),
        ],
        None,
    ),
    "since": (
        Annotated[Optional[str], typer.Option("--from", metavar="T", help=f"From a time on: {TIMES}.")],  # noqa: UP045  # as above
        None,
    ),
    "until": (
        Annotated[Optional[str], typer.Option("--to", metavar="T", help=f"Up to a time: {TIMES}.")],  # noqa: UP045  # as above
        None,
    ),
    "forced": (Annotated[bool, typer.Option("--forced", help="Only what set the policy aside.")], False),
}


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


def filtered(function: Callable[..., None]) -> Callable[..., None]:
    """Give a read the filters; the function gets them as its second argument."""
    first, _, *own = inspect.signature(function).parameters.values()
    keyword = inspect.Parameter.KEYWORD_ONLY
    more = [inspect.Parameter(n, keyword, default=value, annotation=kind) for n, (kind, value) in FILTERS.items()]

    def command(asked: Asked, **words: Any) -> None:
        function(asked, Filters(**{name: words.pop(name) for name in FILTERS}), **words)

    command.__doc__ = function.__doc__
    command.__name__ = function.__name__
    parameters = [first, *more, *(p.replace(kind=keyword) for p in own)]
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # how inspect is overridden
    return command


def scope_of(project: Project, asked: Asked, filters: Filters) -> Scope:
    """Return what is asked for, with times as positions. Refuses names that could only be mistyped."""
    log = project.log
    moment = resolved(asked.at, log)[0] if asked.at else log.moment()
    if asked.at:
        say(moment)
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


def rows_in(project: Project, scope: Scope, *, bar: bool = True) -> Iterator[TrailRow]:
    """Yield the wanted rows. Reads from the beginning, since states come from all that was before."""
    wanted, last = scope.wanted, scope.wanted.last or 0
    if wanted.phase is not None:
        stream = stream_of(wanted.phase)
        records, total = project.log.stream(stream, upto=last), project.log.heads([stream])[1][stream].version
    else:
        records, total = project.log.records(1, last), last
    if last < wanted.first:
        return
    trail = audit_trail(decoded(watched(records, total, wanted=bar)), redactions_in(project))
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
