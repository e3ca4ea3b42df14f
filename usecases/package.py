"""One Markdown page for the implementer of a phase: documents with links and digests, tasks, constraints."""

from collections.abc import Mapping
from hashlib import sha256
from typing import NamedTuple, TypedDict

from domain import hints
from domain.errors import NotReadyForHandoff
from domain.event_log import Head
from domain.phase_state import PhaseState
from domain.steps import STEPS
from domain.tree_ranges import range_root_of
from projections.handoff_package import HandoffPackage, handoff_package, places
from projections.moments import AsOf, as_of
from usecases.handoff_page import page
from usecases.project import Project
from usecases.reads import View, view_of_phase

FILE = "handoff.md"
BESIDE = {step.value: f"{step}.md" for step in STEPS}
"""Where the documents are for a page that lies beside them."""


class PackageAnswer(TypedDict):
    """The file that was written, and what it says; `root` is the hex RFC 6962 root up to the package's position."""

    file: str
    bytes: int
    sha256: str
    origin: str
    root: str
    package: HandoffPackage
    as_of: AsOf


class Package(NamedTuple):
    """What is handed over, and the page that says it."""

    data: PackageAnswer
    page: bytes


def package(
    project: Project, phase: str, at: str | None, *, file: str = FILE, links: Mapping[str, str] = BESIDE
) -> Package:
    """Return the page as of now or of a moment; refuse a phase that is not ready to be handed off."""
    view, head = _ready(project, phase, at)
    found = handoff_package(head, project.log.told(places(head)))
    root = range_root_of(project.log)(0, head.position).hex()
    raw = page(found, origin=project.log.origin, root=root, links=links).encode()
    data: PackageAnswer = {
        "file": file,
        "bytes": len(raw),
        "sha256": sha256(raw).hexdigest(),
        "origin": project.log.origin,
        "root": root,
        "package": found,
        "as_of": as_of(view.moment),
    }
    return Package(data, raw)


def refuse_unready(project: Project, phase: str, at: str | None) -> None:
    """Refuse a phase that is not ready to be handed off."""
    _ready(project, phase, at)


def _ready(project: Project, phase: str, at: str | None) -> tuple[View, Head]:
    view, head = view_of_phase(project, phase, at)
    _refuse_unfinished(head, view.now)
    return view, head


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
