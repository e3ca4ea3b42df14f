"""The course of a phase, and what stands between it and its handoff."""

from typing import Annotated

from starlette.responses import Response

from api.answering import carried_out
from api.asking import Writer
from api.parts import part
from api.words import Blocker, Comments, MaybeReason, On, PhaseId, Reason, Title, if_wanted
from domain.commands import (
    AddDependency,
    ArchivePhase,
    BlockPhase,
    HandOff,
    RemoveDependency,
    RetitlePhase,
    UnblockPhase,
)
from domain.phase_ids import checked
from domain.steps import STEPS
from usecases.gate import refuse_edited

router = part(tags=["phases"])


@router.post("/phases/{phase}/handoff", summary="Hand a phase over to implementation")
def handoff(ask: Writer, phase: PhaseId, words: Annotated[Comments, if_wanted(Comments)]) -> Response:
    """Hand it over, once its five documents are approved and nothing stands in the way."""

    def command() -> HandOff:
        for step in STEPS:
            refuse_edited(ask.project, ask.command_id, phase, step)
        return HandOff(ask.meta(phase), phase, words.comments)

    return carried_out(ask, phase, command, occasion="handoff")


@router.post("/phases/{phase}/archive", summary="Make a phase read-only, for good")
def archive(ask: Writer, phase: PhaseId, words: Reason) -> Response:
    """Archive a phase that nobody will work on any more."""
    return carried_out(ask, phase, lambda: ArchivePhase(ask.meta(phase), phase, words.reason))


@router.post("/phases/{phase}/retitle", summary="Give a phase another title")
def retitle(ask: Writer, phase: PhaseId, words: Title) -> Response:
    """Change the title; the id stays."""
    return carried_out(ask, phase, lambda: RetitlePhase(ask.meta(phase), phase, words.title))


@router.post("/phases/{phase}/depend", summary="Let a phase wait for another one")
def depend(ask: Writer, phase: PhaseId, words: On) -> Response:
    """Let it wait for another phase before its handoff."""
    checked(words.on)
    return carried_out(ask, phase, lambda: AddDependency(ask.meta(phase), phase, words.on))


@router.delete("/phases/{phase}/depend/{on}", summary="Stop waiting for another phase")
def undepend(ask: Writer, phase: PhaseId, on: str) -> Response:
    """Let it wait no longer."""
    checked(on)
    return carried_out(ask, phase, lambda: RemoveDependency(ask.meta(phase), phase, on))


@router.post("/phases/{phase}/block", summary="Record what stands in the way")
def block(ask: Writer, phase: PhaseId, words: Blocker) -> Response:
    """Block a phase; it cannot be handed off until that is resolved."""
    return carried_out(ask, phase, lambda: BlockPhase(ask.meta(phase), phase, words.type, words.text))


@router.post("/phases/{phase}/unblock/{blocker}", summary="Record that it no longer does")
def unblock(
    ask: Writer, phase: PhaseId, blocker: str, words: Annotated[MaybeReason, if_wanted(MaybeReason)]
) -> Response:
    """Resolve a blocker by its number, such as B1."""
    return carried_out(ask, phase, lambda: UnblockPhase(ask.meta(phase), phase, blocker, words.reason))
