"""The words of requests: small models that refuse what they do not know."""

from typing import Annotated, Any

from fastapi import Body, Path
from pydantic import BaseModel, ConfigDict, Field

from api.received import MOST_BODY
from domain.access_token import Scope
from domain.actors import ActorKind
from domain.document_events import Meaning
from domain.phase_events import BlockerType
from domain.project_state import Level

PhaseId = Annotated[str, Path(description="A phase, such as st01-audio-engine.", examples=["st01-audio-engine"])]
LONG = 100_000
"""Characters of a text that is no document."""
Text = Annotated[str, Field(max_length=LONG)]
Said = Annotated[str, Field(max_length=LONG, pattern=r"\S")]
"""A text that may not be empty."""


def if_wanted(words: type["Words"]) -> Any:
    """Return what makes a body one that need not be there: where nothing is said, all of it is as it is usually."""
    return Body(default_factory=words)


class Words(BaseModel):
    """What a request says. No text is longer than a body, and each is looked at: half of a character is none."""

    model_config = ConfigDict(extra="forbid", str_max_length=MOST_BODY)


class Nothing(Words):
    """No words are needed."""


class TextOf(Words):
    """A whole document as it is to be recorded."""

    text: Annotated[str, Field(examples=["# Audio Engine\n\nRound trip below 10 ms.\n"])]


class Verdict(Words):
    """What a verdict is about. Without iteration and digest it is about whatever is the latest."""

    iteration: Annotated[int | None, Field(ge=1, description="Refuse unless this is the latest iteration.")] = None
    digest: Annotated[str | None, Field(description="Refuse unless this is the digest of the latest text.")] = None
    seen: Annotated[str | None, Field(description="The digest of what was shown; no part of what is asked.")] = None


class Approval(Verdict):
    """An approval of exactly one text."""

    automatic: Annotated[bool, Field(description="By a program in somebody's name; it shows in every report.")] = False

    meaning: Meaning = Meaning.APPROVAL
    comments: Text = ""
    force: Annotated[bool, Field(description="Set the policy aside, as a person; needs a reason.")] = False
    break_glass: Annotated[bool, Field(description="Set it aside until others approve; needs a reason.")] = False
    reason: Text = ""


class Rejection(Verdict):
    """A rejection, and what must change."""

    feedback: Annotated[list[Text], Field(max_length=1000, examples=[["On which machine?"]])]
    comments: Text = ""


class Reconfirmation(Verdict):
    """An approval of a stale text as it is."""

    reason: Annotated[Text, Field(examples=["It holds"])]
    meaning: Meaning = Meaning.APPROVAL
    force: bool = False
    break_glass: bool = False


class Reason(Words):
    """Why, in words that stay in the record."""

    reason: Annotated[Text, Field(examples=["A third layer is needed"])]


class MaybeReason(Words):
    """Why, where there is something to say."""

    reason: Text = ""


class Comments(Words):
    """What the next people should know."""

    comments: Annotated[Text, Field(examples=["Begin with T001"])] = ""


class Title(Words):
    """Another title for a phase."""

    title: Annotated[Said, Field(examples=["The audio engine"])]


class On(Words):
    """The phase to wait for."""

    on: Annotated[str, Field(examples=["st01-audio-engine"])]


class Blocker(Words):
    """What stands in the way."""

    text: Annotated[Said, Field(examples=["No sound card to measure with"])]
    type: BlockerType = BlockerType.RESOURCE_UNAVAILABLE


class Numbers(Words):
    """Numbers of tasks; T001, t1 and 1 are the same."""

    tasks: Annotated[list[str], Field(min_length=1, max_length=1000, examples=[["T001"]])]


class TaskStart(Numbers):
    """Tasks to begin with; out of turn only by force, with a reason."""

    force: bool = False
    reason: Text = ""


class TaskDone(TaskStart):
    """Tasks that are done."""

    note: Annotated[Text, Field(examples=["8 ms measured"])] = ""


class TaskReopen(Numbers):
    """Tasks that are still to be done."""

    reason: Annotated[Text, Field(examples=["It clicks"])]


class TaskAssign(Numbers):
    """Whose the tasks are; null takes them away from whoever has them."""

    to: Annotated[str | None, Field(examples=["grace"])]


class Directive(Words):
    """What must be kept in mind, for a phase or for the whole project."""

    text: Annotated[Said, Field(examples=["No allocation in the audio thread"])]
    level: Level = Level.STANDARD
    phase: str | None = None


class Rules(Words):
    """The rules to change; what is not named stays as it is. 0 switches an expiry or a minimum quality off."""

    author_may_not_approve: bool | None = None
    minimum_approvers: Annotated[int | None, Field(examples=[2])] = None
    agents_may_not_approve: bool | None = None
    request_expiry_seconds: Annotated[int | None, Field(ge=0)] = None
    minimum_quality_research: Annotated[int | None, Field(ge=0)] = None
    minimum_quality_plan: Annotated[int | None, Field(ge=0)] = None
    minimum_quality_tasks: Annotated[int | None, Field(ge=0)] = None
    approvers: dict[str, int] | None = None
    approver_roles: dict[str, str] | None = None
    break_glass_seconds: Annotated[int | None, Field(ge=0)] = None
    reason: Text = ""


class Role(Words):
    """Who, and which role."""

    name: Annotated[str, Field(examples=["grace"])]
    role: Annotated[str, Field(examples=["lead"])]
    reason: Text = ""


class NewToken(Words):
    """Who is to use the service, for what and for how long."""

    name: Annotated[str, Field(examples=["grace"])]
    kind: ActorKind = ActorKind.HUMAN
    scopes: Annotated[list[Scope], Field(min_length=1, examples=[["read", "approve"]])]
    days: Annotated[int, Field(ge=1, le=366)] = 90
    reason: Text = ""
