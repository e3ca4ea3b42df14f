"""orch replay: history event by event, with the state after each."""

from collections.abc import Iterator, Mapping
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from adapters.terminal import can_show_screens
from cli.arguments import phases_known
from cli.audit_filters import TIMES, scope_of
from cli.audit_output import Cut, FormatName, Limit, deliver, destination
from cli.options import Asked, reading
from cli.progress import watched
from cli.project import opened
from cli.screen import paint
from domain.steps import STEPS, Step
from projections.moments import as_of
from usecases.audit_formats import Format, as_cloud_events, as_csv, as_json, columns_of
from usecases.project import Project
from usecases.reads import decoded, view_of_phase
from usecases.replay import records_in, replayed
from usecases.trail import Filters, Scope

if TYPE_CHECKING:
    from cli.replay_reel import Tick
    from domain.event_log import Record
    from projections.replay import ReplayRow

Phase = Annotated[
    Optional[str],  # noqa: UP045  # Typer reads Optional at every release we allow
    typer.Argument(metavar="[PHASE]", help="A phase; without one, the whole log.", autocompletion=phases_known),
]
Since = Annotated[
    Optional[str],  # noqa: UP045  # as above
    typer.Option("--from", metavar="T", help=f"From a time on: {TIMES}."),
]
Until = Annotated[
    Optional[str],  # noqa: UP045  # as above
    typer.Option("--to", metavar="T", help=f"Up to a time: {TIMES}."),
]
OnlyStep = Annotated[
    Optional[Step],  # noqa: UP045  # as above
    typer.Option("--step", help="Only events about that step."),
]
All = Annotated[bool, typer.Option("--all", help="Print all events, at a terminal, too.")]
STEP_FACTS = ("state", "iteration")
STATES = ("phase_state", "policy_state", "ledger_state", "project_state", "point_state", "token_state")


@reading
def replay(
    asked: Asked,
    phase: Phase = None,
    since: Since = None,
    until: Until = None,
    step: OnlyStep = None,
    limit: Limit = None,
    everything: All = False,
    form: FormatName = None,
) -> None:
    """Go through history event by event: who did what when, and the state after it with what changed.

    At a terminal each key shows one event: space goes on, b goes back, ? shows the other keys.
    Elsewhere all events are printed.

    Example: orch replay st01-audio-engine --step spec --all

    Next: orch status PHASE --at position:N
    """
    to = destination(asked, form, None, yes=False)
    with opened() as project:
        if phase is not None:
            view_of_phase(project, phase, asked.at)
        scope = scope_of(project, asked, Filters(None, None, phase, step, None, since, until, forced=False))
        if not (asked.json or everything or form) and can_show_screens():
            _walk(project, scope, limit)
            return

        def make() -> tuple[Cut[Any], Iterator[str]]:
            bar = partial(watched, wanted=not to.on_screen)
            rows = Cut(replayed(project, scope, watched=bar), limit)
            if to.format is Format.JSON:
                return rows, as_json("audit.replay", rows, lambda: {"more": rows.more, "as_of": as_of(scope.moment)})
            if to.format is Format.CSV:
                return rows, as_csv((_flat(row) for row in rows), _columns())
            if to.format is Format.JSONL:
                return rows, as_cloud_events(rows, project.log.origin)
            return rows, _text(rows)

        deliver(asked, to, make, keep_out=project.places.state)


def _walk(project: Project, scope: Scope, limit: int | None) -> None:
    """Show one event for each key. The first one is found before the screen is taken over."""
    from adapters.terminal import terminal
    from cli.replay_reel import Reel
    from cli.replay_session import walk
    from projections.replay import replay as rows_of

    def source(tick: "Tick") -> "Iterator[ReplayRow]":
        def ticking() -> "Iterator[Record]":
            for record in records_in(project, scope)[0]:
                tick()
                yield record

        rows = rows_of(decoded(ticking()), first=scope.wanted.first)
        return islice((row for row in rows if scope.wanted.step in (None, row["step"])), limit)

    last = scope.wanted.last or 0
    reel = Reel(source, events=records_in(project, scope)[1])
    if reel.row is None:
        print("There is no event in that range.")
        return
    with terminal() as shown:
        walk(reel, shown, last=last)
    position = reel.row["position"]
    print(paint(f"You were at position {position}: --from position:{position} goes on from there.", "dim"))


def _text(rows: "Cut[ReplayRow]") -> Iterator[str]:
    from cli.replay_words import lines

    for row in rows:
        yield "".join(f"{line}\n" for line in lines(row, lambda text: paint(text, "dim")))


def _columns() -> list[str]:
    """Return the header of the CSV: the columns of history, then the changes and the states as JSON; steps apart."""
    from projections.history import HistoryRow

    return [*columns_of(HistoryRow), "changes", *STATES, *(f"{step}.{fact}" for step in STEPS for fact in STEP_FACTS)]


def _flat(row: "ReplayRow") -> dict[str, Any]:
    nothing = dict.fromkeys(STEP_FACTS)
    steps: Mapping[str, Any] = row["phase_state"]["steps"] if row["phase_state"] else {}
    return {**row, **{step.value: steps.get(step, nothing) for step in STEPS}}
