"""Throw everything away that is made from the events, and make it anew."""

from contextlib import nullcontext
from typing import Any, TypedDict

from domain.errors import Unavailable
from domain.event_log import Head
from domain.phase_ids import PREFIX
from usecases.phase_files import is_state_behind, missing_documents
from usecases.project import Project
from usecases.publish import STATE_FILE, publish
from usecases.refolding import keep_snapshots, refolded
from usecases.search_following import rebuild_index

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


def rebuilt(project: Project, *, check: bool) -> RebuildAnswer:
    """Make heads, snapshots, state files, missing documents and the search index anew, or only compare them."""
    found = _refolded(project, check=check)
    files = _files(project, found["heads"], check=check)
    search = rebuild_index(project.places, project.log, check=check, metering=project.metering)
    return {
        "checked_only": check,
        "position": found["position"],
        "streams": len(found["heads"]),
        "other_heads": found["other_heads"],
        "other_snapshots": found["other_snapshots"],
        "missing_snapshots": found["missing_snapshots"],
        "other_files": files,
        "other_search": search,
    }


def _refolded(project: Project, *, check: bool) -> dict[str, Any]:
    """Compare, and unless that was all, put right what differs; others may be writing meanwhile."""
    for _ in range(TRIES):
        size = project.log.moment().position
        with project.metering(size, "events") as progress:
            found = refolded(project.log, done=progress.advance)
        if check or found.holds:
            return found._asdict()
        if found.other_heads and not project.log.replace_heads(found.position, found.heads):
            continue
        if found.other_snapshots or found.missing_snapshots:
            with project.metering(size, "events") as progress:
                keep_snapshots(project.log, found.position, done=progress.advance)
        return found._asdict()
    raise Unavailable("Others kept writing while the log was folded; repeat it in a quieter moment.")


def _files(project: Project, heads: dict[str, Head], *, check: bool) -> list[str]:
    """Return the files that were missing or behind: all of them written now, unless only checked."""
    behind = []
    phases = [(stream.removeprefix(PREFIX), head) for stream, head in heads.items() if stream.startswith(PREFIX)]
    with project.metering(len(phases), "phases") as progress:
        for phase, head in phases:
            with nullcontext() if check else project.files.locked(phase):
                behind += _files_of(project, phase, head, check=check)
            progress.advance()
    return behind


def _files_of(project: Project, phase: str, head: Head, *, check: bool) -> list[str]:
    missing = missing_documents(project, phase, head)
    behind = is_state_behind(project, phase, head)
    if not check:
        for step in missing:
            publish(project, phase, step)
        if behind:
            publish(project, phase)
    state = [str((project.places.phase(phase) / STATE_FILE).relative_to(project.places.root))] if behind else []
    return [*(project.files.shown(phase, step) for step in missing), *state]
