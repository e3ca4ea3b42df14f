"""Drafting a document from its fields, once nothing edited by hand stands in the way."""

from typing import TYPE_CHECKING, Any

from domain import hints
from domain.basis import RESTS_ON
from domain.errors import InvalidInput
from domain.steps import Step
from usecases.gate import refuse_edited
from usecases.project import Project

if TYPE_CHECKING:
    from domain.commands import DraftDocument, Meta


def refuse_nothing_to_say(phase: str, step: Step, fields: dict[str, Any]) -> None:
    """Refuse a draft without fields, unless the step takes its lines from earlier ones."""
    if not fields and step not in RESTS_ON:
        raise InvalidInput(
            f"{step} needs something to say: at least one of its fields.", fix=(hints.draft(phase, step),)
        )


def draft(project: Project, meta: "Meta", phase: str, step: Step, fields: dict[str, Any]) -> "DraftDocument":
    """Return the command that drafts a step. Call it while holding the files' lock."""
    from domain.commands import DraftDocument

    refuse_edited(project, meta.command_id, phase, step)
    return DraftDocument(meta, phase, step, fields, title=fields.get("title") if step is Step.SPEC else None)
