"""orch follow: keep what is made from the log as new as the log."""

from time import monotonic
from typing import Annotated, Optional, TypedDict

import typer

from adapters.follower_files import is_running
from cli.answers import answer
from cli.beginning import not_begun_anew
from cli.followers import NAMES, followings
from cli.following import Runner, the_only_one
from cli.numbers import Seconds
from cli.options import Asked, plain
from cli.project import opened
from cli.screen import clean, paint
from cli.stopping import stopped_by_signals
from domain.errors import InvalidInput, Unavailable
from projections.counts import counted
from usecases.follower_rows import FollowerRow, row_of

Once = Annotated[bool, typer.Option("--once", help="Follow to the end of the log, and leave.")]
Status = Annotated[bool, typer.Option("--status", help="Say how far each is, and change nothing.")]
Rebuild = Annotated[bool, typer.Option("--rebuild", help="Make them anew; the old search index serves meanwhile.")]
Wait = Annotated[
    Optional[int],  # noqa: UP045  # Typer reads Optional at every release we allow
    typer.Option("--wait", metavar="POSITION", min=0, help="Wait until they hold what the log held there."),
]
Timeout = Annotated[
    float, typer.Option("--timeout", metavar="S", click_type=Seconds(0.0, 86_400.0), help="Seconds for --wait.")
]
Names = Annotated[
    Optional[list[str]],  # noqa: UP045  # as above
    typer.Option("--name", metavar="NAME", help="Only this one: documents or search; may be given again."),
]


class FollowersAnswer(TypedDict):
    """How far everything is that follows the log; `running` tells whether `orch follow` runs in the background."""

    running: bool
    position: int
    rows: list[FollowerRow]


class FollowedRow(FollowerRow):
    """What one follower did: the events it took in, why it was made anew, how often it could not go on.

    `edited` are documents that were changed by hand and left alone.
    """

    events: int
    made_anew: list[str]
    failed: int
    edited: list[str]


class FollowedAnswer(TypedDict):
    """What was done while it ran, and where each is now."""

    position: int
    seconds: float
    rows: list[FollowedRow]


@plain
@not_begun_anew
def follow(
    asked: Asked,
    once: Once = False,
    status: Status = False,
    rebuild: Rebuild = False,
    wait: Wait = None,
    timeout: Timeout = 10.0,
    name: Names = None,
) -> None:
    """Keep documents on disk, state files and the search index as new as the log, until SIGTERM or Ctrl-C.

    Each knows how far it is, and goes on there however it was ended. Every command writes its own files without this;
    it is for what others record in the same log, and for what was cut off. A document edited by hand is left alone.

    Example: orch follow --once

    Next: orch follow --status
    """
    if sum((once, status, rebuild, wait is not None)) > 1:
        raise InvalidInput("Choose one of --once, --status, --rebuild and --wait.", fix=("orch follow --once",))
    names = _named(name or NAMES)
    if status or wait is not None:
        _tell(asked, names, wait, timeout)
        return
    began = monotonic()
    with stopped_by_signals() as stop:
        runner = Runner(names, stop)
        if rebuild:
            runner.rebuild()
        elif once:
            runner.once()
        else:
            _run(runner, names)
    if once:
        for told in runner.told.values():
            if told.refusal is not None:
                raise told.refusal
    _report(asked, runner, round(monotonic() - began, 3))


def _named(names: "list[str] | tuple[str, ...]") -> list[str]:
    for name in names:
        if name not in NAMES:
            raise InvalidInput(
                f"Nothing called {name[:80]!r} follows the log; there are {' and '.join(NAMES)}.",
                fix=(f"orch follow --name {NAMES[0]}",),
            )
    return [name for name in NAMES if name in names]


def _run(runner: Runner, names: list[str]) -> None:
    with opened() as project:
        places = project.places
    with the_only_one(places, names) as changes:
        runner.until_stopped(changes)


def _tell(asked: Asked, names: list[str], position: int | None, timeout_s: float) -> None:
    """Say how far each is, once each is so far."""
    until = monotonic() + timeout_s
    with opened() as project:
        chosen = [each for each in followings(project) if each.name in names]
        if position is not None:
            project.log.moment(position)  # what the log does not hold nobody will
            for each in chosen:
                if position and not each.file.wait_for(project.log, position, timeout_s=max(until - monotonic(), 0.0)):
                    raise Unavailable(
                        f"After {timeout_s:g} s {each.file.what} still lacks what happened up to position {position}.",
                        fix=("orch follow --status", f"orch follow --once --name {each.name}"),
                    )
        data: FollowersAnswer = {
            "running": is_running(project.places),
            "position": project.log.moment().position,
            "rows": [row_of(each.name, each.file, project.log) for each in chosen],
        }
    answer("followers", data, as_json=asked.json, show=lambda: _show_status(data))


def _report(asked: Asked, runner: Runner, seconds: float) -> None:
    with opened() as project:
        rows: list[FollowedRow] = []
        for each in followings(project):
            if each.name in runner.told:
                told = runner.told[each.name]
                rows.append(
                    {
                        **row_of(each.name, each.file, project.log),
                        "events": told.events,
                        "made_anew": told.made_anew,
                        "failed": told.failures,
                        "edited": [*told.edited],
                    }
                )
        data: FollowedAnswer = {"position": project.log.moment().position, "seconds": seconds, "rows": rows}
    answer("followers.followed", data, as_json=asked.json, show=lambda: _show_done(data))


def _show_status(data: FollowersAnswer) -> None:
    for row in data["rows"]:
        _show_row(row)
    said = "orch follow runs" if data["running"] else "orch follow does not run; each command brings up what it needs"
    print(paint(f"The log is at position {data['position']}; {said}.", "dim"))


def _show_done(data: FollowedAnswer) -> None:
    for row in data["rows"]:
        _show_row(row)
        print(paint(f"    {counted(row['events'], 'event')} taken in {data['seconds']:,.1f} s", "dim"))
        for path in row["edited"]:
            print(f"    {clean(path)} was edited by hand and is left alone → orch edit, or orch checkout")


def _show_row(row: FollowerRow) -> None:
    fine = row["standing"] == "up_to_date"
    line = f"{paint('✓', 'green') if fine else paint('!', 'yellow')} {row['name']:<10}"
    if row["standing"] == "doubtful":
        print(f"{line} will be made anew ({(row['doubt'] or '').replace('_', ' ')})")
    elif row["standing"] == "busy":
        print(f"{line} is being written just now")
    else:
        behind = row["behind"] or 0
        lag = f", {counted(behind, 'event')} and {row['seconds_behind']:,.1f} s behind" if behind else ""
        print(f"{line} {row['standing'].replace('_', ' ')}: position {row['position']}{lag}")
