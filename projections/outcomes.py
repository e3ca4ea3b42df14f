"""The answer to a write: made from the command's own events only, so that repeating it answers the same."""

from collections.abc import Sequence
from typing import TypedDict

from domain import document_events as documents
from domain import ledger_events as ledger
from domain import phase_events as phases
from domain import task_events as tasks
from domain.access_token import PREFIX as TOKEN
from domain.access_token import TokenIssued, TokenRevoked
from domain.actors import ActorKind
from domain.directive_events import DirectiveForgotten, DirectiveRemembered
from domain.errors import UnknownEvent
from domain.event_log import Record
from domain.events import DomainEvent
from domain.import_events import Imported, VerdictImported
from domain.phase_ids import phase_of
from domain.policy import PolicyChanged, RoleGranted, RoleRevoked
from domain.project import ProjectInitialised
from domain.restore_point import PointNamed
from domain.steps import Step
from domain.times import rfc3339
from projections.moments import maybe_rfc3339
from projections.people import Person, person
from projections.step_status import Quality, quality


class OutcomeEvent(TypedDict):
    """One event of the command."""

    position: int
    topic: str


class PolicyRules(TypedDict):
    """The policy that the command put in force."""

    author_may_not_approve: bool
    minimum_approvers: int
    agents_may_not_approve: bool
    request_expiry_seconds: int | None
    minimum_quality_research: int | None
    minimum_quality_plan: int | None
    minimum_quality_tasks: int | None
    approvers: dict[str, int]
    approver_roles: dict[str, str]
    break_glass_seconds: int | None


class RoleHeld(TypedDict):
    """Who got or lost which role; the name is a claim."""

    name: str
    role: str


class ReviewedRange(TypedDict):
    """What an auditor looked at; `root` is the hex RFC 6962 root of the log up to `last`."""

    first: int
    last: int
    root: str


class ForkedLog(TypedDict):
    """Which log was left for which: both share `size` events with that root."""

    origin: str
    parent: str
    size: int
    root: str
    parent_size: int
    public_key: str


class NamedPoint(TypedDict):
    """A restore point; `root` is the hex RFC 6962 root of the log up to its position."""

    name: str
    position: int
    root: str


class TokenOf(TypedDict):
    """A token that was issued or revoked; of a revoked one only the id is told."""

    id: str
    name: str | None
    kind: ActorKind | None
    scopes: list[str]
    expires_at: str | None


class Outcome(TypedDict):
    """What one command did. None and empty lists stand for what it did not touch; no free text is in it."""

    command_id: str
    position: int
    recorded_at: str
    actor: Person
    phase: str | None
    step: Step | None
    iteration: int | None
    digest: str | None
    events: list[OutcomeEvent]
    final: bool | None
    self_approval: bool
    automatic: bool
    forced: bool
    broke: list[str]
    ratify_by: str | None
    authentication: str | None
    quality: Quality | None
    expires_at: str | None
    stale_steps: list[Step]
    expired_steps: list[Step]
    withdrew_handoff: bool
    blocker: str | None
    depends_on: str | None
    tasks: list[str]
    reopened_tasks: list[str]
    assignee: str | None
    policy: PolicyRules | None
    role: RoleHeld | None
    origin: str | None
    directive: int | None
    redacted: int | None
    reviewed: ReviewedRange | None
    forked: ForkedLog | None
    point: NamedPoint | None
    token: TokenOf | None


def outcome(pairs: Sequence[tuple[Record, DomainEvent]]) -> Outcome:
    """Return what a command did; `pairs` are all its events. Raises `UnknownEvent` instead of leaving one out."""
    record, event = pairs[-1]
    result: Outcome = {
        "command_id": record.command_id,
        "position": record.position,
        "recorded_at": rfc3339(record.recorded_at),
        "actor": person(event.by),
        "phase": phase_of(record.stream),
        "step": None,
        "iteration": None,
        "digest": None,
        "events": [{"position": r.position, "topic": r.topic} for r, _ in pairs],
        "final": None,
        "self_approval": False,
        "automatic": False,
        "forced": False,
        "broke": [],
        "ratify_by": None,
        "authentication": None,
        "quality": None,
        "expires_at": None,
        "stale_steps": [],
        "expired_steps": [],
        "withdrew_handoff": False,
        "blocker": None,
        "depends_on": None,
        "tasks": [],
        "reopened_tasks": [],
        "assignee": None,
        "policy": None,
        "role": None,
        "origin": None,
        "directive": None,
        "redacted": None,
        "reviewed": None,
        "forked": None,
        "point": None,
        "token": None,
    }
    for _, happening in pairs:
        _fill(result, happening)
    return result


def _fill(result: Outcome, event: DomainEvent) -> None:
    match event:
        case documents.DocumentDrafted():
            result |= {"step": event.step, "iteration": event.iteration, "digest": event.digest}
            result["quality"] = quality(event.step, event.quality, event.missing)
        case documents.DocumentRejected():
            result |= {"step": event.step, "iteration": event.iteration, "digest": event.digest}
            result["authentication"] = event.authentication or None
        case documents.ApprovalRequested():
            result |= {
                "step": event.step,
                "iteration": event.iteration,
                "expires_at": maybe_rfc3339(event.expires_at),
            }
        case documents.DocumentApproved() | documents.DocumentReconfirmed():
            result |= {
                "step": event.step,
                "iteration": event.iteration,
                "digest": event.digest,
                "final": event.final,
                "self_approval": event.self_approval,
                "automatic": isinstance(event, documents.DocumentApproved) and event.automatic,
                "forced": event.forced,
                "broke": list(event.broke),
                "ratify_by": maybe_rfc3339(event.ratify_by),
                "authentication": event.authentication or None,
            }
        case documents.StepReopened():
            result |= {
                "step": event.step,
                "iteration": event.iteration,
                "withdrew_handoff": event.withdraws_handoff,
            }
        case documents.DocumentMarkedStale():
            result["stale_steps"].append(event.step)
        case documents.ApprovalExpired():
            result["expired_steps"].append(event.step)
        case phases.Blocked() | phases.Unblocked():
            result["blocker"] = event.blocker
        case phases.DependencyAdded() | phases.DependencyRemoved():
            result["depends_on"] = event.on
        case tasks.TaskStarted() | tasks.TaskCompleted():
            result["tasks"].append(event.task)
            result |= {
                "forced": result["forced"] or event.forced,
                "broke": [*result["broke"], *(rule for rule in event.broke if rule not in result["broke"])],
            }
        case tasks.TaskReopened():
            result["reopened_tasks"].append(event.task)
        case tasks.TaskAssigned():
            result["tasks"].append(event.task)
            result["assignee"] = event.assignee or None
        case tasks.TasksNumbered():
            pass  # the draft beside it says the step and the iteration
        case PolicyChanged():
            result["policy"] = {
                "author_may_not_approve": event.author_may_not_approve,
                "minimum_approvers": event.minimum_approvers,
                "agents_may_not_approve": event.agents_may_not_approve,
                "request_expiry_seconds": event.request_expiry_seconds,
                "minimum_quality_research": event.minimum_quality_research,
                "minimum_quality_plan": event.minimum_quality_plan,
                "minimum_quality_tasks": event.minimum_quality_tasks,
                "approvers": event.approvers or {},
                "approver_roles": event.approver_roles or {},
                "break_glass_seconds": event.break_glass_seconds,
            }
        case RoleGranted() | RoleRevoked():
            result["role"] = {"name": event.name, "role": event.role}
        case ProjectInitialised():
            result["origin"] = event.origin
        case DirectiveRemembered() | DirectiveForgotten():
            result["directive"] = event.number
        case ledger.PayloadRedacted():
            result["redacted"] = event.position
        case ledger.Reviewed():
            result["reviewed"] = {"first": event.first, "last": event.last, "root": event.root}
        case ledger.Alerted():
            pass  # nobody asked for it who would wait for an answer; its topic says that there was one
        case ledger.Forked():
            result["forked"] = {
                "origin": event.origin,
                "parent": event.parent,
                "size": event.size,
                "root": event.root,
                "parent_size": event.parent_size,
                "public_key": event.public_key,
            }
        case Imported() | VerdictImported():
            pass  # claims are no outcome of this command; its topics say that there are some
        case PointNamed():
            result["point"] = {"name": event.name, "position": event.position, "root": event.root}
        case TokenIssued():
            result["token"] = {
                "id": event.originator_id.removeprefix(TOKEN),
                "name": event.name,
                "kind": event.kind,
                "scopes": list(event.scopes),
                "expires_at": rfc3339(event.expires_at),
            }
        case TokenRevoked():
            token = event.originator_id.removeprefix(TOKEN)
            result["token"] = {"id": token, "name": None, "kind": None, "scopes": [], "expires_at": None}
        case ledger.Recovered():
            pass  # the fork before it says the same position
        case phases.Opened() | phases.Retitled() | phases.HandedOff() | phases.Archived() | ledger.KeyRotated():
            pass  # the topic says it all; the free text is not part of an outcome
        case _:
            raise UnknownEvent(f"No outcome is known for {type(event).__name__}.")


SENTENCES = {
    "project.initialised": "the log {origin} begins",
    "project.directive_remembered": "directive {directive} is in force",
    "project.directive_forgotten": "directive {directive} is taken back",
    "ledger.forked": "the project goes on from position {forked[size]} as {forked[origin]}",
    "ledger.recovered": "recovered",
    "phase.imported": "imported",
    "point.named": "position {point[position]} is {point[name]} now",
    "token.issued": "the token {token[id]} speaks for {token[name]} until {token[expires_at]}",
    "token.revoked": "the token {token[id]} is revoked",
    "ledger.key_rotated": "another key speaks for the log",
    "ledger.payload_redacted": "the text of position {redacted} is erased",
    "ledger.reviewed": "positions {reviewed[first]} to {reviewed[last]} reviewed",
    "phase.document_drafted": "{document} recorded, waiting for approval",
    "phase.document_approved": "{document} approved",
    "phase.document_reconfirmed": "{document} reconfirmed",
    "phase.document_rejected": "{document} rejected",
    "phase.step_reopened": "{step} reopened",
    "phase.approval_requested": "approval of {document} requested",
    "phase.dependency_added": "waits for {depends_on} now",
    "phase.dependency_removed": "no longer waits for {depends_on}",
    "phase.blocked": "blocked by {blocker}",
    "phase.unblocked": "{blocker} resolved",
    "phase.handed_off": "handed off",
    "phase.archived": "archived",
    "phase.retitled": "retitled",
    "phase.opened": "opened",
    "phase.task_started": "{numbers} started",
    "phase.task_completed": "{numbers} done",
    "phase.task_reopened": "{reopened} reopened",
    "phase.task_assigned": "{numbers} assigned to {somebody}",
    "policy.changed": "the policy changed",
    "policy.role_granted": "{role[name]} holds the role {role[role]} now",
    "policy.role_revoked": "{role[name]} no longer holds the role {role[role]}",
}
"""What a command was about: the first of these topics that it recorded."""


def sentence(result: Outcome) -> str:
    """Return the outcome as one sentence for a person, without its full stop."""
    topics = {event["topic"] for event in result["events"]}
    main = next(topic for topic in SENTENCES if topic in topics)
    document = f"{result['step']} iteration {result['iteration']}"
    said = "{document}: an approval was recorded" if result["final"] is False else SENTENCES[main]
    words = {
        **result,
        "document": document,
        "numbers": ", ".join(result["tasks"]),
        "reopened": ", ".join(result["reopened_tasks"]),
        "somebody": result["assignee"] or "nobody",
    }
    said = said.format(**words)
    subject = f"{result['phase']}: " if result["phase"] else ""
    return subject + said + "".join(f"; {remark}" for remark in _remarks(result))


def _remarks(result: Outcome) -> list[str]:
    remarks = []
    if result["automatic"]:
        remarks.append("automatically: nobody read the text at that moment")
    if result["quality"] and result["quality"]["missing"]:
        found = result["quality"]
        passes = f", it passes at {found['mark']} %" if found["score"] < found["mark"] else ""
        remarks.append(f"{found['score']} % of the required parts{passes}; missing: {', '.join(found['missing'])}")
    if result["self_approval"]:
        remarks.append("a self-approval")
    if result["broke"]:
        remarks.append(f"by force, setting aside {', '.join(result['broke'])}")
    if result["tasks"] and result["reopened_tasks"]:
        remarks.append(f"{', '.join(result['reopened_tasks'])} reopened")
    if result["ratify_by"]:
        remarks.append(f"under break-glass: another person has to approve it until {result['ratify_by']}")
    if result["final"] is False:
        remarks.append("more approvals are needed")
    if result["stale_steps"]:
        are = "is" if len(result["stale_steps"]) == 1 else "are"
        remarks.append(f"{', '.join(result['stale_steps'])} {are} stale now")
    if result["expired_steps"]:
        remarks.append(f"the request to approve {', '.join(result['expired_steps'])} had expired")
    if result["withdrew_handoff"]:
        remarks.append("the handoff is withdrawn")
    if result["expires_at"]:
        remarks.append(f"the request expires at {result['expires_at']}")
    return remarks
