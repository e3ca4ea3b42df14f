"""orch rebuild: throw everything away that is made from the events, and make it anew."""

from typing import Annotated

import typer

from cli import exits
from cli.answers import answer
from cli.asked_there import asked_there
from cli.options import Asked, plain
from cli.project import opened
from cli.screen import clean, paint
from projections.counts import counted
from usecases.rebuilding import RebuildAnswer, rebuilt

Check = Annotated[bool, typer.Option("--check", help="Compare only, and change nothing.")]


@plain
def rebuild(asked: Asked, check: Check = False) -> None:
    """Make heads, snapshots, state files, missing documents and the search index anew; an edited document stays.

    Where the project is worked on through a service, its own; orch follow --once brings a copy up to date.
    Exit 6 says that --check found heads or snapshots that differ from the events.

    Example: orch rebuild --check

    Next: orch audit verify
    """
    data: RebuildAnswer | None = asked_there("POST", "/rebuild", body={"check": check})
    if data is None:
        with opened(to_write=not check) as project:
            data = rebuilt(project, check=check)
    answer("rebuild", data, as_json=asked.json, show=lambda: _show(data))
    if check and (data["other_heads"] or data["other_snapshots"]):
        raise typer.Exit(exits.DAMAGED)


def _show(data: RebuildAnswer) -> None:
    differing = len(data["other_heads"]) + len(data["other_snapshots"]) + len(data["missing_snapshots"])
    wrong = data["checked_only"] and bool(data["other_heads"] or data["other_snapshots"])
    mark = paint("✗", "red") if wrong else paint("✓", "green")
    events = f"{counted(data['position'], 'event')}, {counted(data['streams'], 'stream')}"
    print(
        f"{mark} {events} folded anew: {differing or 'nothing'} differed,"
        f" {counted(len(data['other_files']), 'file')} missing or out of date"
    )
    verb = "" if data["checked_only"] else " made anew"
    if data["other_search"]:
        print(f"  search index{verb}")
    for name in data["other_heads"]:
        print(f"  head of {clean(name)}{verb}")
    for position in data["other_snapshots"]:
        print(f"  snapshot of position {position}{verb}")
    for position in data["missing_snapshots"]:
        print(f"  snapshot of position {position} was missing{verb and ',' + verb}")
    for file in data["other_files"]:
        print(f"  {clean(file)}{verb}")
    if data["checked_only"] and (differing or data["other_files"]):
        print(paint("  orch rebuild makes them anew", "dim"))
