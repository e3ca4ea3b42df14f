"""orch rebuild: throw everything away that is made from the events, and make it anew."""

from contextlib import nullcontext
from typing import Annotated, Any, TypedDict

import typer

from cli import exits
from cli.answers import answer
from cli.options import Asked, plain
from cli.progress import Progress
from cli.project import opened
from cli.screen import clean, paint
from domain.errors import Unavailable
from domain.event_log import Head
from domain.phase_ids import PREFIX
from projections.counts import counted
from usecases.project import Project

Check = Annotated[bool, typer.Option("--check", help="Compare only, and change nothing.")]
TRIES = 5
"""How often the log may grow under a rebuild before it gives up."""


class RebuildAnswer(TypedDict):
    """What was held against a fresh fold of the events; unless `checked_only`, what differed has been made anew."""

    checked_only: bool
    position: int
    streams: int
    other_heads: list[str]
    other_snapshots: list[int]
    missing_snapshots: list[int]
    other_files: list[str]
    other_search: bool


@plain
def rebuild(asked: Asked, check: Check = False) -> None:
    """Make heads, snapshots, state files, missing documents and the search index anew; an edited document stays.

    Exit 6 says that --check found heads or snapshots that differ from the events.

    Example: orch rebuild --check

    Next: orch audit verify
    """
    with opened(to_write=not check) as project:
        found = _refolded(project, check=check)
        files = _files(project, found["heads"], check=check)
        search = _search(project, check=check)
    data: RebuildAnswer = {
        "checked_only": check,
        "position": found["position"],
        "streams": len(found["heads"]),
        "other_heads": found["other_heads"],
        "other_snapshots": found["other_snapshots"],
        "missing_snapshots": found["missing_snapshots"],
        "other_files": files,
        "other_search": search,
    }
    answer("rebuild", data, as_json=asked.json, show=lambda: _show(data))
    if check and (data["other_heads"] or data["other_snapshots"]):
        raise typer.Exit(exits.DAMAGED)


def _refolded(project: Project, *, check: bool) -> dict[str, Any]:
    """Compare, and unless that was all, put right what differs; others may be writing meanwhile."""
    from cli.refolding import keep_snapshots, refolded

    for _ in range(TRIES):
        size = project.log.moment().position
        with Progress(size) as progress:
            found = refolded(project.log, done=progress.advance)
        if check or found.holds:
            return found._asdict()
        if found.other_heads and not project.log.replace_heads(found.position, found.heads):
            continue
        if found.other_snapshots or found.missing_snapshots:
            with Progress(size) as progress:
                keep_snapshots(project.log, found.position, done=progress.advance)
        return found._asdict()
    raise Unavailable("Others kept writing while the log was folded; repeat it in a quieter moment.")


def _search(project: Project, *, check: bool) -> bool:
    from usecases.search_following import rebuild_index

    return rebuild_index(project.places, project.log, check=check, metering=project.metering)


def _files(project: Project, heads: dict[str, Head], *, check: bool) -> list[str]:
    """Return the files that were missing or behind: all of them written now, unless only checked."""
    behind = []
    for stream, head in heads.items():
        if stream.startswith(PREFIX):
            phase = stream.removeprefix(PREFIX)
            with nullcontext() if check else project.files.locked(phase):
                behind += _files_of(project, phase, head, check=check)
    return behind


def _files_of(project: Project, phase: str, head: Head, *, check: bool) -> list[str]:
    from cli.phase_files import is_state_behind, missing_documents
    from usecases.publish import STATE_FILE, publish

    missing = missing_documents(project, phase, head)
    behind = is_state_behind(project, phase, head)
    if not check:
        for step in missing:
            publish(project, phase, step)
        if behind:
            publish(project, phase)
    state = [str((project.places.phase(phase) / STATE_FILE).relative_to(project.places.root))] if behind else []
    return [*(project.files.shown(phase, step) for step in missing), *state]


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
