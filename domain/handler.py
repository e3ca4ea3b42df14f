"""The one way in: handle a command, or refuse it and leave no trace."""

from collections.abc import Sequence
from typing import Any, assert_never

from domain import commands as c
from domain import dependencies, drafting, importing, task_work
from domain.access_token import AccessToken
from domain.aggregates import EventSourced
from domain.errors import AlreadyExists, CommandIdReused, NotFound, PhaseArchived, Refusal, VerdictIsStale
from domain.event_log import Decision, EventLog, Receipt
from domain.events import DomainEvent
from domain.ledger import Ledger
from domain.ledger_events import PayloadRedacted
from domain.phase import Phase
from domain.policy import Policy
from domain.project import STREAM as PROJECT
from domain.project import Project
from domain.promotion import promote
from domain.read_set import ReadSet
from domain.redaction import redact
from domain.restore_point import RestorePoint
from domain.restore_point import stream_of as point_stream
from domain.steps import Step
from domain.templates import Templates
from domain.tree_ranges import range_root_of


def handle(command: c.Command, *, log: EventLog, templates: Templates) -> Receipt:
    """Decide a command against what the log says now and append its events durably.

    The same command id with the same content returns the first receipt and writes nothing.
    Raises a `Refusal`: a broken rule, `Conflict` when what was read changed meanwhile, `CommandIdReused`.
    """
    asked = c.fingerprint(command)
    known = log.receipt(command.meta.command_id)
    if known is not None:
        receipt, first_asked = known
        if first_asked not in (None, asked):
            raise CommandIdReused(command.meta.command_id)
        return receipt
    read = ReadSet(log)
    read.refuse_others(command.meta.seen)
    changed = _decide(command, read, log, templates)
    events = [event for aggregate in changed for event in aggregate.decided()]
    decision = Decision(
        command_id=command.meta.command_id,
        fingerprint=asked,
        events=events,
        heads={aggregate.id: aggregate.head() for aggregate in changed},
        expects=read.expects,
        correlation=command.meta.correlation,
        erases=[] if isinstance(command, c.PromoteRecovery) else _erased_by(events),
    )
    (answer,) = log.append([decision])
    if isinstance(answer, Refusal):
        raise answer
    return answer


def _erased_by(events: Sequence[DomainEvent]) -> list[int]:
    """Return what goes with these events; a promotion only says again what is gone."""
    return [event.position for event in events if isinstance(event, PayloadRedacted)]


def _decide(command: c.Command, read: ReadSet, log: EventLog, templates: Templates) -> tuple[EventSourced, ...]:
    """Return the aggregates that the command changed."""
    by, at = command.meta.by, command.meta.at
    match command:
        case c.InitialiseProject():
            return _initialise(command, read, log)
        case c.ChangePolicy():
            policy = read.policy()
            policy.change(_wanted(command, policy), reason=command.reason, by=by, at=at)
            return (policy,)
        case c.GrantRole() | c.RevokeRole():
            policy = read.policy()
            decide = policy.grant if isinstance(command, c.GrantRole) else policy.revoke
            decide(command.name, command.role, reason=command.reason, by=by, at=at)
            return (policy,)
        case c.RememberDirective():
            return (_remembered(command, read),)
        case c.ForgetDirective():
            project, rules = read.project(), read.policy().state
            project.forget(command.number, reason=command.reason, policy=rules, by=by, at=at)
            return (project,)
        case c.RotateKey():
            ledger = read.ledger()
            first_key = read.project().state.public_key
            ledger.rotate(command.public_key, first_key=first_key, reason=command.reason, by=by, at=at)
            return (ledger,)
        case c.RedactPayload():
            return (redact(command, read, log),)
        case c.ReviewLog():
            return (_review(command, read, log),)
        case c.RaiseAlert():
            return (_alerted(command, read),)
        case c.PromoteRecovery():
            return (promote(command, read, log),)
        case c.NamePoint():
            return (_named(command, read, log),)
        case c.IssueToken():
            return (_issued(command, read),)
        case c.RevokeToken():
            token = read.token(command.token)
            token.revoke(reason=command.reason, by=by, at=at)
            return (token,)
        case c.DraftDocument():
            return (drafting.draft(command, read, log, templates),)
        case c.EditDocument():
            return (drafting.edit(command, read, log),)
        case c.ImportPhase():
            phase = importing.take_over(command, read, log)
            importing.refuse_cycles(command, phase, read)
        case c.RequestApproval():
            phase = read.phase(command.phase)
            phase.request(command.step, policy=read.policy().state, by=by, at=at)
        case c.ApproveDocument() | c.ReconfirmDocument():
            phase = _give_approval(command, read)
        case c.RejectDocument():
            phase = read.phase(command.phase)
            _refuse_unseen(phase, command.step, command.seen)
            phase.reject(
                command.step,
                iteration=command.iteration,
                digest=command.digest,
                feedback=command.feedback,
                comments=command.comments,
                policy_version=read.policy().version,
                authentication=command.meta.authentication,
                by=by,
                at=at,
            )
        case c.ReopenStep():
            phase = read.phase(command.phase)
            phase.reopen(command.step, reason=command.reason, by=by, at=at)
        case c.HandOff():
            phase = read.phase(command.phase)
            waits_for = {on: read.phase(on).state for on in phase.state.depends_on}
            phase.hand_off(dependencies=waits_for, comments=command.comments, by=by, at=at)
        case c.ArchivePhase():
            phase = read.phase(command.phase)
            phase.archive(reason=command.reason, by=by, at=at)
        case c.RetitlePhase():
            phase = read.phase(command.phase)
            phase.retitle(command.title, by=by, at=at)
        case c.AddDependency():
            phase = read.phase(command.phase)
            phase.depend(command.on, by=by, at=at)
            dependencies.refuse_cycle(command.phase, command.on, read)
        case c.RemoveDependency():
            phase = read.phase(command.phase)
            phase.undepend(command.on, by=by, at=at)
        case c.BlockPhase():
            phase = read.phase(command.phase)
            phase.block(command.kind, description=command.description, by=by, at=at)
        case c.UnblockPhase():
            phase = read.phase(command.phase)
            phase.unblock(command.blocker, reason=command.reason, by=by, at=at)
        case c.StartTasks() | c.CompleteTasks() | c.ReopenTasks() | c.AssignTasks() | c.SyncTasks():
            phase = task_work.decide(command, read, log)
        case _:
            assert_never(command)
    return (phase,)


def _initialise(command: c.InitialiseProject, read: ReadSet, log: EventLog) -> tuple[EventSourced, ...]:
    if log.moment().position:
        raise AlreadyExists("This log holds a project already.", fix=("orch status",))
    by, at = command.meta.by, command.meta.at
    project = Project.initialise(origin=command.origin, public_key=command.public_key, name=command.name, by=by, at=at)
    policy = Policy.set_up(by=by, at=at)
    read.expects.update({PROJECT: 0, policy.id: 0})
    return project, policy


def _remembered(command: c.RememberDirective, read: ReadSet) -> Project:
    project = read.project()
    if command.phase is not None and read.phase(command.phase).state.archived:
        raise PhaseArchived(command.phase)
    project.remember(command.text, level=command.level, phase=command.phase, by=command.meta.by, at=command.meta.at)
    return project


def _review(command: c.ReviewLog, read: ReadSet, log: EventLog) -> Ledger:
    by, at, last = command.meta.by, command.meta.at, log.moment().position
    if command.last > last:
        raise NotFound(f"The log ends at position {last}; there is no position {command.last}.")
    ledger = read.ledger()
    root = range_root_of(log)(0, command.last).hex()
    ledger.review(command.first, command.last, root=root, comments=command.comments, by=by, at=at)
    return ledger


def _alerted(command: c.RaiseAlert, read: ReadSet) -> Ledger:
    ledger = read.ledger()
    ledger.alert(
        command.kind,
        count=command.times,
        threshold=command.threshold,
        seconds=command.seconds,
        sources=command.sources,
        by=command.meta.by,
        at=command.meta.at,
    )
    return ledger


def _named(command: c.NamePoint, read: ReadSet, log: EventLog) -> RestorePoint:
    stream = point_stream(command.name)
    head = log.heads([stream])[1].get(stream)
    if head is not None:
        where = head.facts["position"]
        raise AlreadyExists(
            f"{command.name} is the name of position {where} already; a restore point never moves.",
            fix=("orch recover points",),
        )
    read.expects[stream] = 0
    last = log.moment().position
    if not 1 <= command.position <= last:
        raise NotFound(f"The log ends at position {last}; there is no position {command.position}.")
    root = range_root_of(log)(0, command.position).hex()
    return RestorePoint.name(
        command.name,
        position=command.position,
        root=root,
        reason=command.reason,
        by=command.meta.by,
        at=command.meta.at,
    )


def _issued(command: c.IssueToken, read: ReadSet) -> AccessToken:
    read.refuse_known_token(command.new_id)
    return AccessToken.issue(
        command.new_id,
        to=command.to,
        scopes=command.scopes,
        sha256=command.sha256,
        seconds=command.seconds,
        reason=command.reason,
        by=command.meta.by,
        at=command.meta.at,
    )


def _wanted(command: c.ChangePolicy, policy: Policy) -> Any:
    given = {name: value for name, value in command._asdict().items() if name in policy.state._fields}
    for table in ("approvers", "approver_roles"):
        if given[table] is not None:
            merged = {**(getattr(policy.state, table) or {}), **given[table]}
            given[table] = {step: value for step, value in merged.items() if value}
    wanted = policy.state._replace(**{name: value for name, value in given.items() if value is not None})
    return wanted._replace(
        request_expiry_seconds=wanted.request_expiry_seconds or None,
        minimum_quality_research=wanted.minimum_quality_research or None,
        minimum_quality_plan=wanted.minimum_quality_plan or None,
        minimum_quality_tasks=wanted.minimum_quality_tasks or None,
        approvers=wanted.approvers or None,
        approver_roles=wanted.approver_roles or None,
        break_glass_seconds=wanted.break_glass_seconds or None,
    )


def _give_approval(command: c.ApproveDocument | c.ReconfirmDocument, read: ReadSet) -> Phase:
    phase, policy = read.phase(command.phase), read.policy()
    _refuse_unseen(phase, command.step, command.seen)
    shared: dict[str, Any] = {
        "iteration": command.iteration,
        "digest": command.digest,
        "meaning": command.meaning,
        "forced": command.forced or command.break_glass,
        "break_glass": command.break_glass,
        "reason": command.reason,
        "policy": policy.state,
        "policy_version": policy.version,
        "authentication": command.meta.authentication,
        "by": command.meta.by,
        "at": command.meta.at,
    }
    if isinstance(command, c.ReconfirmDocument):
        phase.reconfirm(command.step, **shared)
    else:
        phase.approve(command.step, comments=command.comments, automatic=command.automatic, **shared)
    return phase


def _refuse_unseen(phase: Phase, step: Step, seen: str | None) -> None:
    """Refuse a verdict when the text that was shown is no longer the latest."""
    latest = phase.state.documents[step].digest
    if seen is not None and latest and seen != latest:
        raise VerdictIsStale(phase.state.phase, step, judged=seen, latest=latest, on_disk=True)
