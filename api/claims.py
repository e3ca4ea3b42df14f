"""Phases of elsewhere: what their folder claims is taken over as a claim, by the rules of `orch import`."""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field
from starlette.responses import Response

from adapters.import_wire import KINDS
from api.answering import recorded
from api.asking import Writer
from api.identity import refuse_without
from api.parts import part
from api.problems import problem_of
from api.words import PhaseId, Text, Words
from domain.access_token import Scope
from domain.commands import ImportPhase
from domain.errors import Conflict
from domain.import_claims import Claim, judges
from domain.import_events import ClaimedOutcome
from domain.importers import Importer
from domain.phase_events import BlockerType
from domain.phase_ids import checked, stream_of
from domain.steps import STEPS, Step
from usecases.gate import is_edited
from usecases.publish import publish
from usecases.writes import Written

router = part(prefix="/phases/{phase}", tags=["documents"])
FIRST, LAST = -62_135_596_800_000_000, 253_402_300_799_999_999
"""µs: the years from 1 to 9999."""
HEX = r"^[0-9a-f]{16}$"
Key = Annotated[str, Field(pattern=HEX, description="16 hex digits that stand for what is claimed, for ever the same.")]
Time = Annotated[int | None, Field(ge=FIRST, le=LAST, description="µs since the epoch; null where nobody says when.")]
Iteration = Annotated[int, Field(ge=0, le=(1 << 53) - 1)]


class TextClaim(Words):
    """A text of one step."""

    claim: Literal["text"]
    key: Key
    at: Time
    step: Step
    text: str
    read_from: Text
    iteration: Annotated[Iteration, Field(description="Its number there; 0: it has none.")] = 0


class VerdictClaim(Words):
    """A verdict; `on_text` tells that it is about the latest text of the step before it."""

    claim: Literal["verdict"]
    key: Key
    at: Time
    step: Step
    iteration: Iteration
    outcome: ClaimedOutcome
    by: Text
    comments: Text
    on_text: bool


class BlockerClaim(Words):
    """What stood in the way."""

    claim: Literal["blocker"]
    key: Key
    at: Time
    kind: BlockerType
    description: Text


class UnblockedClaim(Words):
    """The end of the blocker with that key."""

    claim: Literal["unblocked"]
    key: Key
    at: Time
    blocker: Key
    reason: Text


class DependencyClaim(Words):
    """A phase that it waits for, or no longer does."""

    claim: Literal["dependency"]
    key: Key
    at: Time
    on: str
    ends: bool = False


class TitleClaim(Words):
    """Another title."""

    claim: Literal["title"]
    key: Key
    at: Time
    title: Text


TOLD = {  # nothing in it is null: FastAPI leaves that out of an example, where a field that is needed is missing then
    "claim": "text",
    "key": "0b8f3a52c1d200aa",
    "at": 1_763_974_800_000_000,
    "step": "spec",
    "text": "# Albums",
    "read_from": "spec.md",
}
AnyClaim: TypeAlias = Annotated[
    TextClaim | VerdictClaim | BlockerClaim | UnblockedClaim | DependencyClaim | TitleClaim,
    Field(discriminator="claim"),
]


class Imported(Words):
    """What the folder of one phase claims, in the order in which it is said to have happened."""

    title: Annotated[Text, Field(examples=["Albums"])]
    importer: Annotated[Importer, Field(examples=["spec-kit"])]
    source: Annotated[Text, Field(description="The place in the layout: one phase, one place.", examples=["specs/001"])]
    name_there: Annotated[Text, Field(examples=["001-albums"])]
    claims: Annotated[list[AnyClaim], Field(max_length=10_000, examples=[[TOLD]])]
    began_at: Time = None
    left_out: Annotated[list[Text], Field(default_factory=list, max_length=10_000)]
    imported_from: Annotated[Text, Field(description="The folder, wherever it was.")] = ""


@router.post("/import", summary="Take over a phase of elsewhere")
def take_over(ask: Writer, phase: PhaseId, words: Imported) -> Response:
    """Record what is new of these claims, wholly or not at all; none of them is a verdict of ours.

    `orch import` reads the folders of other tools and makes these words. A verdict about a text (`on_text`) may settle
    a step, and needs the scope approve, too. A document that was edited beside the log
    stays as it is.
    """
    claims = tuple(map(_claim, words.claims))
    if judges(claims):
        refuse_without([Scope.APPROVE], ask.by)
    drafted = {claim.step for claim in words.claims if isinstance(claim, TextClaim)}
    project = ask.project
    try:
        with project.files.locked(checked(phase)):
            kept = {step for step in drafted if is_edited(project, phase, step)}
            said = words.model_dump(exclude={"claims", "left_out"})
            command = ImportPhase(ask.meta(phase), phase, claims=claims, left_out=tuple(words.left_out), **said)
            receipt = project.handle(command)
            for step in STEPS:
                if step in drafted - kept:
                    publish(project, phase, step)
            publish(project, phase)
    except Conflict as conflict:
        return problem_of(conflict, status=412 if ask.version is not None else None)
    return recorded(ask, Written(receipt), stream=stream_of(phase), phase=phase)


def _claim(words: AnyClaim) -> Claim:
    if isinstance(words, DependencyClaim):
        checked(words.on)
    return KINDS[words.claim](**words.model_dump(exclude={"claim"}))
