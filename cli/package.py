"""orch package: one Markdown file for the implementer of a phase."""

import os
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Optional, TypedDict
from urllib.parse import quote

import typer

from cli.answers import answer
from cli.arguments import PhaseId
from cli.handoff_page import page
from cli.options import Asked, reading
from cli.output_file import Yes, refuse_inside, write_whole
from cli.project import opened
from cli.screen import clean, paint
from domain import hints
from domain.errors import InvalidInput, NotReadyForHandoff
from domain.event_log import Head
from domain.phase_state import PhaseState
from domain.steps import STEPS
from domain.tree_ranges import range_root_of
from projections.handoff_package import HandoffPackage, handoff_package, places
from projections.moments import AsOf, as_of
from usecases.project import Project
from usecases.reads import view_of_phase

Output = Annotated[
    Optional[str],  # noqa: UP045  # Typer reads Optional at every release we allow
    typer.Option("--output", "-o", metavar="FILE", help="Where it goes; otherwise dev/PHASE/handoff.md."),
]


class PackageAnswer(TypedDict):
    """The file that was written, and what it says; `root` is the hex RFC 6962 root up to the package's position."""

    file: str
    bytes: int
    sha256: str
    origin: str
    root: str
    package: HandoffPackage
    as_of: AsOf


@reading
def package(asked: Asked, phase: PhaseId, output: Output = None, yes: Yes = False) -> None:
    """Write one Markdown file for the implementer: documents with links and digests, tasks, constraints.

    The same phase gives the same bytes. All five documents have to be approved.

    Example: orch package st01-audio-engine -o handoff.md

    Next: orch handoff PHASE
    """
    with opened() as project:
        view, head = view_of_phase(project, phase, asked.at)
        _refuse_unfinished(head, view.now)
        found = handoff_package(head, project.log.told(places(head)))
        path = _path(project, phase, output)
        root = range_root_of(project.log)(0, head.position).hex()
        text = page(found, origin=project.log.origin, root=root, links=_links(project, phase, path))
        raw = text.encode()
        if not (path.is_file() and not path.is_symlink() and path.read_bytes() == raw):
            write_whole(path, raw, replace=yes)
            path.chmod(0o644)
        data: PackageAnswer = {
            "file": str(path),
            "bytes": len(raw),
            "sha256": sha256(raw).hexdigest(),
            "origin": project.log.origin,
            "root": root,
            "package": found,
            "as_of": as_of(view.moment),
        }
    answer("phase.package", data, as_json=asked.json, show=lambda: _show(data))


def _refuse_unfinished(head: Head, now: int) -> None:
    state = PhaseState.from_facts(head.facts).at(now)
    step = state.current
    if step is not None:
        fix = hints.approval(state.phase, step, state.documents[step], state.documents[step].state)
        why = f"{step} is {state.documents[step].state.replace('_', ' ')}, not approved"
        raise NotReadyForHandoff(state.phase, why=why, fix=(fix,))
    glass = state.under_glass
    if glass is not None:
        why = hints.unratified(state, glass)
        raise NotReadyForHandoff(state.phase, why=why, fix=(hints.handoff(state, now),))


def _path(project: Project, phase: str, output: str | None) -> Path:
    if output is not None and (not output or "\x00" in output):
        raise InvalidInput("Say where the package goes.", fix=(f"orch package {phase} -o handoff.md",))
    path = Path(output) if output else project.places.phase(phase) / "handoff.md"
    real = Path(os.path.realpath(path))
    refuse_inside(path, project.places.state)
    if not output and not real.is_relative_to(os.path.realpath(project.places.root)):
        raise InvalidInput(f"{path} leads out of the project.", fix=(f"orch package {phase} -o handoff.md",))
    if real.parent == Path(os.path.realpath(project.places.phase(phase))) and real.stem in set(STEPS):
        raise InvalidInput(f"{path} is the place of a document.", fix=(f"orch package {phase} -o handoff.md",))
    if not output:
        path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _links(project: Project, phase: str, path: Path) -> dict[str, str]:
    """Return the documents' places relative to the file, as a link on GitHub wants them."""
    folder = os.path.realpath(path.parent)
    documents = {step.value: os.path.realpath(project.places.phase(phase)) + f"/{step}.md" for step in STEPS}
    return {step: quote(os.path.relpath(document, folder)) for step, document in documents.items()}


def _show(data: PackageAnswer) -> None:
    print(f"{paint('✓', 'green')} {clean(data['file'])}: {data['bytes']} bytes, sha256 {data['sha256']}")
    found = data["package"]
    print(f"  {len(found['tasks'])} tasks, {len(found['constraints'])} constraints, position {found['position']}")
    if found["handed_off_at"] is None:
        print(f"  {paint('next     ', 'dim')} orch handoff {found['phase']}")
