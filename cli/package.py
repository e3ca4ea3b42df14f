"""orch package: one Markdown file for the implementer of a phase."""

import os
from pathlib import Path
from typing import Annotated, Optional
from urllib.parse import quote

import typer

from cli.answers import answer
from cli.arguments import PhaseId
from cli.options import Asked, reading
from cli.output_file import Yes, refuse_inside, write_whole
from cli.project import opened
from cli.screen import clean, paint
from domain.errors import InvalidInput
from domain.steps import STEPS
from usecases.package import PackageAnswer, refuse_unready
from usecases.package import package as made
from usecases.project import Project

Output = Annotated[
    Optional[str],  # noqa: UP045  # Typer reads Optional at every release we allow
    typer.Option("--output", "-o", metavar="FILE", help="Where it goes; otherwise dev/PHASE/handoff.md."),
]


@reading
def package(asked: Asked, phase: PhaseId, output: Output = None, yes: Yes = False) -> None:
    """Write one Markdown file for the implementer: documents with links and digests, tasks, constraints.

    The same phase gives the same bytes. All five documents have to be approved.

    Example: orch package st01-audio-engine -o handoff.md

    Next: orch handoff PHASE
    """
    with opened() as project:
        refuse_unready(project, phase, asked.at)
        path = _path(project, phase, output)
        data, raw = made(project, phase, asked.at, file=str(path), links=_links(project, phase, path))
        if not (path.is_file() and not path.is_symlink() and path.read_bytes() == raw):
            write_whole(path, raw, replace=yes)
            path.chmod(0o644)
    answer("phase.package", data, as_json=asked.json, show=lambda: _show(data))


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
