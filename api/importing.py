"""Phases of other tools, sent as the files that they are."""

from typing import Annotated

from pydantic import Field
from starlette.responses import Response

from adapters.uploaded import uploaded
from api.answering import answer
from api.asking import ManyWriter
from api.heavy import long_work
from api.identity import refuse_without
from api.outside import refusal_outside
from api.parts import part
from api.words import Words
from domain.access_token import Scope
from domain.phase_ids import checked
from usecases.importing import imported

router = part(tags=["documents"])
SPEC_KIT = {"specs/001-mixer/spec.md": "# Mixer\n\nTwo voices.\n"}


class Import(Words):
    """Files by their names below a folder, as another tool keeps them."""

    files: Annotated[
        dict[str, str], Field(min_length=1, max_length=2000, description="Texts by name.", examples=[SPEC_KIT])
    ]
    called: Annotated[
        str,
        Field(
            pattern=r"^[!-~]+$", max_length=200, description="What the record calls the folder.", examples=["legacy"]
        ),
    ]
    names: Annotated[
        dict[str, str], Field(default_factory=dict, max_length=1000, description="Names here by those there.")
    ]
    yes: Annotated[bool, Field(description="Record it; otherwise it is only said what would be recorded.")] = False


@router.post("/import", summary="Take over phases of another tool")
def import_files(ask: ManyWriter, words: Import) -> Response:
    """Import phases of the predecessor, spec-kit, OpenSpec or Kiro. Their approvals are claims, and no verdicts here.

    To record a verdict about a text needs the scope approve, too: it may settle a step.
    Each phase has a command id that follows from what it says, so the Idempotency-Key is not needed: importing again
    adds what is new. Histories of git do not come with files: import those where the repository is.
    """
    names = {old.rstrip("/"): checked(new) for old, new in words.names.items()}
    project = ask.project
    with long_work(), uploaded(words.files) as folder:
        found = imported(
            project,
            ask.meta(),
            folder,
            names,
            place=words.called,
            called=words.called,
            yes=words.yes,
            asks_git=False,
            judging=lambda: refuse_without([Scope.APPROVE], ask.by),
        )
    phases = [
        {**row, "refusal": row["refusal"] and refusal_outside(row["refusal"], project)} for row in found["phases"]
    ]
    return answer("import", {**found, "phases": phases})
