"""One builder per command: what is asked, in few words."""

from datetime import datetime
from itertools import count
from typing import Any

from domain import commands as c
from domain.access_token import Scope
from domain.actors import Actor
from domain.import_claims import Claim
from domain.importers import Importer
from domain.ledger_events import AlertKind, RecoverySource
from domain.phase_events import BlockerType
from domain.project_state import Level
from domain.promotion_facts import ForkFacts
from domain.steps import Step
from tests.facts import ADA, FIELDS, GRACE, MONITOR, NOON, OTHER, PHASE

_numbers = count(1)


def meta(by: Actor, at: datetime, command_id: str | None) -> c.Meta:
    """Return who asks and when, under a new id unless one is given."""
    return c.Meta(command_id or f"ask-{next(_numbers)}", by, at)


def initialise(*, by: Actor = ADA, at: datetime = NOON, command_id: str | None = None) -> c.InitialiseProject:
    return c.InitialiseProject(meta(by, at, command_id), "host/project", "host/project+00000000+AAAA", "Audio")


def grant(name: str, role: str, *, by: Actor = ADA, reason: str = "") -> c.GrantRole:
    return c.GrantRole(meta(by, NOON, None), name, role, reason)


def revoke(name: str, role: str, *, by: Actor = ADA, reason: str = "") -> c.RevokeRole:
    return c.RevokeRole(meta(by, NOON, None), name, role, reason)


def set_policy(*, by: Actor = ADA, at: datetime = NOON, command_id: str | None = None, **rules: Any) -> c.ChangePolicy:
    return c.ChangePolicy(meta(by, at, command_id), **rules)


def remember(
    text: str = "no clicks",
    *,
    level: str = "standard",
    phase: str | None = None,
    by: Actor = ADA,
    at: datetime = NOON,
    command_id: str | None = None,
) -> c.RememberDirective:
    return c.RememberDirective(meta(by, at, command_id), text, Level(level), phase)


def forget(
    number: int = 1, reason: str = "done", *, by: Actor = ADA, at: datetime = NOON, command_id: str | None = None
) -> c.ForgetDirective:
    return c.ForgetDirective(meta(by, at, command_id), number, reason)


def draft(
    step: str, *, by: Actor = ADA, at: datetime = NOON, command_id: str | None = None, phase: str = PHASE, **more: Any
) -> c.DraftDocument:
    return c.DraftDocument(meta(by, at, command_id), phase, Step(step), more.pop("fields", FIELDS), **more)


def edit(
    step: str, text: str, *, by: Actor = ADA, at: datetime = NOON, command_id: str | None = None, phase: str = PHASE
) -> c.EditDocument:
    return c.EditDocument(meta(by, at, command_id), phase, Step(step), text)


def request(step: str, *, by: Actor = ADA, at: datetime = NOON, command_id: str | None = None) -> c.RequestApproval:
    return c.RequestApproval(meta(by, at, command_id), PHASE, Step(step))


def approve(
    step: str, *, by: Actor = GRACE, at: datetime = NOON, command_id: str | None = None, phase: str = PHASE, **more: Any
) -> c.ApproveDocument:
    return c.ApproveDocument(meta(by, at, command_id), phase, Step(step), **more)


def reject(
    step: str, *feedback: str, by: Actor = GRACE, at: datetime = NOON, command_id: str | None = None, **more: Any
) -> c.RejectDocument:
    return c.RejectDocument(meta(by, at, command_id), PHASE, Step(step), feedback, **more)


def reopen(
    step: str, reason: str = "new facts", *, by: Actor = ADA, at: datetime = NOON, command_id: str | None = None
) -> c.ReopenStep:
    return c.ReopenStep(meta(by, at, command_id), PHASE, Step(step), reason)


def reconfirm(
    step: str,
    reason: str = "it still holds",
    *,
    by: Actor = GRACE,
    at: datetime = NOON,
    command_id: str | None = None,
    **more: Any,
) -> c.ReconfirmDocument:
    return c.ReconfirmDocument(meta(by, at, command_id), PHASE, Step(step), reason, **more)


def hand_off(*, by: Actor = ADA, at: datetime = NOON, command_id: str | None = None, phase: str = PHASE) -> c.HandOff:
    return c.HandOff(meta(by, at, command_id), phase)


def archive(
    reason: str = "it is over",
    *,
    by: Actor = ADA,
    at: datetime = NOON,
    command_id: str | None = None,
    phase: str = PHASE,
) -> c.ArchivePhase:
    return c.ArchivePhase(meta(by, at, command_id), phase, reason)


def retitle(title: str, *, by: Actor = ADA, at: datetime = NOON, command_id: str | None = None) -> c.RetitlePhase:
    return c.RetitlePhase(meta(by, at, command_id), PHASE, title)


def depend(
    on: str = OTHER, *, by: Actor = ADA, at: datetime = NOON, command_id: str | None = None, phase: str = PHASE
) -> c.AddDependency:
    return c.AddDependency(meta(by, at, command_id), phase, on)


def undepend(
    on: str = OTHER, *, by: Actor = ADA, at: datetime = NOON, command_id: str | None = None, phase: str = PHASE
) -> c.RemoveDependency:
    return c.RemoveDependency(meta(by, at, command_id), phase, on)


def block(
    words: str = "no kit", *, by: Actor = ADA, at: datetime = NOON, command_id: str | None = None
) -> c.BlockPhase:
    return c.BlockPhase(meta(by, at, command_id), PHASE, BlockerType.RESOURCE_UNAVAILABLE, words)


def unblock(
    blocker: str = "B1", *, by: Actor = ADA, at: datetime = NOON, command_id: str | None = None
) -> c.UnblockPhase:
    return c.UnblockPhase(meta(by, at, command_id), PHASE, blocker)


def rotate_key(
    key: str, reason: str = "lost laptop", *, by: Actor = ADA, at: datetime = NOON, command_id: str | None = None
) -> c.RotateKey:
    return c.RotateKey(meta(by, at, command_id), key, reason)


def redact(
    position: int,
    reason: str = "a name in it",
    *,
    by: Actor = ADA,
    at: datetime = NOON,
    command_id: str | None = None,
) -> c.RedactPayload:
    return c.RedactPayload(meta(by, at, command_id), position, reason)


def promote(
    reason: str = "a mistake",
    *,
    redacted: tuple[int, ...] = (),
    binds_agents: bool = False,
    by: Actor = ADA,
    at: datetime = NOON,
    command_id: str | None = None,
) -> c.PromoteRecovery:
    fork = ForkFacts(
        origin="host/fork",
        public_key="host/fork+0000000f+FFFF",
        parent="host/project",
        parent_size=1000,
        replaces="host/project+00000001+BBBB",
        checkpoint=None,
        redacted=redacted,
        binds_agents=binds_agents,
    )
    return c.PromoteRecovery(meta(by, at, command_id), RecoverySource.STORE, fork, reason)


def name_point(
    name: str, position: int, *, by: Actor = ADA, at: datetime = NOON, command_id: str | None = None
) -> c.NamePoint:
    return c.NamePoint(meta(by, at, command_id), name, position)


def issue_token(
    token: str = "0b8f3a52c1d2",
    *,
    to: Actor = GRACE,
    scopes: tuple[Scope, ...] = (Scope.READ, Scope.APPROVE),
    seconds: int = 3600,
    sha256: str = "ab" * 32,
    by: Actor = ADA,
    command_id: str | None = None,
) -> c.IssueToken:
    return c.IssueToken(meta(by, NOON, command_id), to, scopes, seconds, token, sha256, "for the dashboard")


def revoke_token(token: str = "0b8f3a52c1d2", *, by: Actor = ADA) -> c.RevokeToken:
    return c.RevokeToken(meta(by, NOON, None), token, "it was in a log")


def import_phase(
    *claims: Claim, phase: str = PHASE, source: str = "specs/001-audio", by: Actor = ADA, at: datetime = NOON
) -> c.ImportPhase:
    return c.ImportPhase(meta(by, at, None), phase, "Audio", Importer.SPEC_KIT, source, "001-audio", claims)


def review(
    first: int, last: int, *, comments: str = "", by: Actor = ADA, at: datetime = NOON, command_id: str | None = None
) -> c.ReviewLog:
    return c.ReviewLog(meta(by, at, command_id), first, last, comments)


def alert(
    count: int = 10, *, threshold: int = 10, seconds: int = 60, sources: str = "203.0.113.7 (10)"
) -> c.RaiseAlert:
    return c.RaiseAlert(meta(MONITOR, NOON, None), AlertKind.INVALID_INPUTS, count, threshold, seconds, sources)


def start(
    *tasks: str, by: Actor = ADA, at: datetime = NOON, command_id: str | None = None, **more: Any
) -> c.StartTasks:
    return c.StartTasks(meta(by, at, command_id), PHASE, tasks, **more)


def complete(
    *tasks: str, by: Actor = ADA, at: datetime = NOON, command_id: str | None = None, **more: Any
) -> c.CompleteTasks:
    return c.CompleteTasks(meta(by, at, command_id), PHASE, tasks, **more)


def reopen_task(
    *tasks: str, by: Actor = ADA, at: datetime = NOON, command_id: str | None = None, reason: str = "it fails again"
) -> c.ReopenTasks:
    return c.ReopenTasks(meta(by, at, command_id), PHASE, tasks, reason)


def assign(
    *tasks: str, to: str = "grace", by: Actor = ADA, at: datetime = NOON, command_id: str | None = None
) -> c.AssignTasks:
    return c.AssignTasks(meta(by, at, command_id), PHASE, tasks, to)


def sync(
    *,
    done: tuple[str, ...] = (),
    reopened: tuple[str, ...] = (),
    by: Actor = ADA,
    at: datetime = NOON,
    command_id: str | None = None,
    **more: Any,
) -> c.SyncTasks:
    return c.SyncTasks(meta(by, at, command_id), PHASE, done, reopened, **more)
