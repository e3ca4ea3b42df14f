"""What may be asked, as plain values. Ids, clock and actor arrive from the edge."""

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from json import dumps
from typing import Any, NamedTuple, TypeAlias

from domain.access_token import Scope
from domain.actors import Actor
from domain.document_events import Meaning
from domain.import_claims import Claim
from domain.importers import Importer
from domain.ledger_events import AlertKind, RecoverySource
from domain.phase_events import BlockerType
from domain.project_state import Level
from domain.promotion_facts import ForkFacts
from domain.steps import Step


class Meta(NamedTuple):
    """Who asks, when by their own clock, and the id that makes repeating safe."""

    command_id: str
    by: Actor
    at: datetime
    authentication: str = ""
    """How it is known who asks; empty where the name is only claimed."""
    seen: Mapping[str, int] = {}
    """The versions of streams that they looked at before; where one is another now, somebody was first."""
    correlation: str | None = None
    """What ties the command to what else was done for the same cause: the id of a trace."""


class InitialiseProject(NamedTuple):
    meta: Meta
    origin: str
    public_key: str
    name: str


class ChangePolicy(NamedTuple):
    """Change the rules that are given; None leaves one as it is. 0 switches an expiry or a minimum quality off.

    Of the two tables only the steps that are named change; 0 approvers or no role take a step out.
    """

    meta: Meta
    author_may_not_approve: bool | None = None
    minimum_approvers: int | None = None
    agents_may_not_approve: bool | None = None
    request_expiry_seconds: int | None = None
    reason: str = ""
    minimum_quality_research: int | None = None
    minimum_quality_plan: int | None = None
    minimum_quality_tasks: int | None = None
    approvers: dict[str, int] | None = None
    approver_roles: dict[str, str] | None = None
    break_glass_seconds: int | None = None


class GrantRole(NamedTuple):
    """Give somebody a role."""

    meta: Meta
    name: str
    role: str
    reason: str = ""


class RevokeRole(NamedTuple):
    """Take a role from somebody."""

    meta: Meta
    name: str
    role: str
    reason: str = ""


class RememberDirective(NamedTuple):
    """Keep something in mind, for a phase or for the whole project."""

    meta: Meta
    text: str
    level: Level = Level.STANDARD
    phase: str | None = None


class ForgetDirective(NamedTuple):
    meta: Meta
    number: int
    reason: str


class DraftDocument(NamedTuple):
    """Render the next iteration of a step from its fields."""

    meta: Meta
    phase: str
    step: Step
    fields: dict[str, Any]
    title: str | None = None


class EditDocument(NamedTuple):
    """Record a text written by hand as the next iteration."""

    meta: Meta
    phase: str
    step: Step
    text: str


class RequestApproval(NamedTuple):
    meta: Meta
    phase: str
    step: Step


class ApproveDocument(NamedTuple):
    meta: Meta
    phase: str
    step: Step
    iteration: int | None = None
    digest: str | None = None
    seen: str | None = None
    """The digest of the text the edge has just shown; not part of what was asked."""
    meaning: Meaning = Meaning.APPROVAL
    comments: str = ""
    forced: bool = False
    reason: str = ""
    automatic: bool = False
    """Given by a program in the approver's name, without anybody reading the text at that moment."""
    break_glass: bool = False
    """By force, and only where that has to be ratified."""


class RejectDocument(NamedTuple):
    meta: Meta
    phase: str
    step: Step
    feedback: tuple[str, ...]
    iteration: int | None = None
    digest: str | None = None
    seen: str | None = None
    comments: str = ""


class ReopenStep(NamedTuple):
    meta: Meta
    phase: str
    step: Step
    reason: str


class ReconfirmDocument(NamedTuple):
    meta: Meta
    phase: str
    step: Step
    reason: str
    iteration: int | None = None
    digest: str | None = None
    seen: str | None = None
    meaning: Meaning = Meaning.APPROVAL
    forced: bool = False
    break_glass: bool = False
    """As of an approval."""


class HandOff(NamedTuple):
    meta: Meta
    phase: str
    comments: str = ""


class ArchivePhase(NamedTuple):
    meta: Meta
    phase: str
    reason: str


class RetitlePhase(NamedTuple):
    meta: Meta
    phase: str
    title: str


class AddDependency(NamedTuple):
    meta: Meta
    phase: str
    on: str


class RemoveDependency(NamedTuple):
    meta: Meta
    phase: str
    on: str


class BlockPhase(NamedTuple):
    meta: Meta
    phase: str
    kind: BlockerType
    description: str


class UnblockPhase(NamedTuple):
    meta: Meta
    phase: str
    blocker: str
    reason: str = ""


class StartTasks(NamedTuple):
    """Begin to work on tasks, each once those it waits for are done; force sets that aside."""

    meta: Meta
    phase: str
    tasks: tuple[str, ...]
    forced: bool = False
    reason: str = ""


class CompleteTasks(NamedTuple):
    meta: Meta
    phase: str
    tasks: tuple[str, ...]
    note: str = ""
    forced: bool = False
    reason: str = ""


class ReopenTasks(NamedTuple):
    meta: Meta
    phase: str
    tasks: tuple[str, ...]
    reason: str


class AssignTasks(NamedTuple):
    """Give tasks to somebody; an empty name takes them away from whoever has them."""

    meta: Meta
    phase: str
    tasks: tuple[str, ...]
    to: str


class SyncTasks(NamedTuple):
    """Record the boxes that somebody ticked, or emptied again, in the document on disk."""

    meta: Meta
    phase: str
    done: tuple[str, ...]
    """Read from the boxes by the edge, as `reopened`; neither is part of what was asked."""
    reopened: tuple[str, ...]
    forced: bool = False
    reason: str = ""


class RotateKey(NamedTuple):
    """Let another key speak for the log."""

    meta: Meta
    public_key: str
    reason: str


class RedactPayload(NamedTuple):
    """Erase the free text of one event."""

    meta: Meta
    position: int
    reason: str


class ReviewLog(NamedTuple):
    """Record that an auditor looked at the positions from a first to a last one."""

    meta: Meta
    first: int
    last: int
    comments: str = ""


class RaiseAlert(NamedTuple):
    """Put down that the service was asked so often what it refuses, within so many seconds."""

    meta: Meta
    kind: AlertKind
    times: int
    threshold: int
    seconds: int
    sources: str = ""


class PromoteRecovery(NamedTuple):
    """Leave the project's log for a recovered one."""

    meta: Meta
    source: RecoverySource
    fork: ForkFacts
    reason: str


class NamePoint(NamedTuple):
    """Give a position a name to come back to."""

    meta: Meta
    name: str
    position: int
    reason: str = ""


class ImportPhase(NamedTuple):
    """Take over what a folder of elsewhere claims about one phase."""

    meta: Meta
    phase: str
    title: str
    importer: Importer
    source: str
    """The place in the layout, such as `specs/001-albums`."""
    name_there: str
    claims: tuple[Claim, ...]
    began_at: int | None = None
    """When the phase began there, µs since the epoch."""
    left_out: tuple[str, ...] = ()
    imported_from: str = ""
    """The folder on this machine; not part of what was asked, so that a copy of it is the same import."""

    @property
    def source_digest(self) -> str:
        """The place in the layout as facts hold it."""
        return "sha256:" + sha256(self.source.encode()).hexdigest()


class IssueToken(NamedTuple):
    """Let somebody use the service under their name."""

    meta: Meta
    to: Actor
    scopes: tuple[Scope, ...]
    seconds: int
    new_id: str
    """Made by the edge with the secret, as `sha256`; neither is part of what was asked."""
    sha256: str
    reason: str = ""


class RevokeToken(NamedTuple):
    meta: Meta
    token: str
    reason: str = ""


Command: TypeAlias = (
    InitialiseProject
    | ChangePolicy
    | GrantRole
    | RevokeRole
    | RememberDirective
    | ForgetDirective
    | DraftDocument
    | EditDocument
    | RequestApproval
    | ApproveDocument
    | RejectDocument
    | ReopenStep
    | ReconfirmDocument
    | HandOff
    | ArchivePhase
    | RetitlePhase
    | AddDependency
    | RemoveDependency
    | BlockPhase
    | UnblockPhase
    | StartTasks
    | CompleteTasks
    | ReopenTasks
    | AssignTasks
    | SyncTasks
    | RotateKey
    | RedactPayload
    | ReviewLog
    | RaiseAlert
    | PromoteRecovery
    | NamePoint
    | IssueToken
    | RevokeToken
    | ImportPhase
)


UNSAID = frozenset(("meta", "seen", "public_key", "fork", "done", "reopened", "imported_from", "new_id", "sha256"))
"""What the edge adds to a command by itself."""

SAID_LATER = frozenset(
    (
        "minimum_quality_research",
        "minimum_quality_plan",
        "minimum_quality_tasks",
        "automatic",
        "approvers",
        "approver_roles",
        "break_glass_seconds",
        "break_glass",
    )
)
"""What older versions could not say: unsaid, it leaves the fingerprint of a command that is repeated now as it was."""


def fingerprint(command: Command) -> str:
    """Return the hex SHA-256 of what was asked and by whom: its words, and nothing of `UNSAID`."""
    words = {
        name: value
        for name, value in command._asdict().items()
        if name not in UNSAID and not (name in SAID_LATER and (value is None or value is False))
    }
    asked = [type(command).__name__, command.meta.by, words]
    return sha256(dumps(asked, sort_keys=True).encode()).hexdigest()
