"""What each event says to a reader: one sentence, and the columns it fills."""

from collections.abc import Sequence
from typing import NamedTuple

from domain import document_events as documents
from domain import ledger_events as ledger
from domain import phase_events as phases
from domain import task_events as tasks
from domain.access_token import PREFIX as TOKEN
from domain.access_token import TokenIssued, TokenRevoked
from domain.directive_events import DirectiveForgotten, DirectiveRemembered
from domain.errors import UnknownEvent
from domain.events import DomainEvent
from domain.import_events import Imported, VerdictImported
from domain.policy import PolicyChanged, RoleGranted, RoleRevoked
from domain.policy_state import PolicyState
from domain.project import ProjectInitialised
from domain.restore_point import PointNamed
from domain.steps import STEPS, Step
from domain.times import rfc3339
from projections.counts import counted
from projections.moments import maybe_rfc3339
from projections.places import ERASED
from projections.withdrawals import approval_lost


class Saying(NamedTuple):
    """The sentence of an event, without its full stop, and what there is to say in columns."""

    summary: str
    step: Step | None = None
    iteration: int | None = None
    digest: str | None = None
    reason: str | None = None
    comments: str | None = None
    feedback: Sequence[str] = ()
    meaning: documents.Meaning | None = None
    final: bool | None = None
    self_approval: bool = False
    automatic: bool = False
    forced: bool = False
    broke: Sequence[str] = ()
    ratify_by: str | None = None
    """Until when an approval under break-glass holds."""
    policy_version: int | None = None
    authentication: str | None = None
    """How it was known who gave the verdict; None where the name is only claimed."""


def saying(event: DomainEvent) -> Saying:
    """Return what an event says. Raises `UnknownEvent` for one that readers have no words for."""
    match event:
        case documents.DocumentDrafted():
            return Saying(_drafted(event), event.step, event.iteration, event.digest)
        case documents.ApprovalRequested(step=step, iteration=iteration, expires_at=expires_at):
            until = f", until {rfc3339(expires_at)}" if expires_at is not None else ""
            return Saying(f"asked for approval of {step} iteration {iteration}{until}", step, iteration)
        case documents.ApprovalExpired(step=step, iteration=iteration):
            return Saying(f"the request to approve {step} iteration {iteration} expired", step, iteration)
        case documents.DocumentApproved():
            said = _approval(event, "approved")
            return said._replace(comments=event.comments or None, automatic=event.automatic)
        case documents.DocumentReconfirmed():
            return _approval(event, "reconfirmed")
        case documents.DocumentRejected():
            return Saying(
                f"rejected {event.step} iteration {event.iteration}",
                event.step,
                event.iteration,
                event.digest,
                comments=event.comments or None,
                feedback=event.feedback or (),
                policy_version=event.policy_version,
                authentication=event.authentication or None,
            )
        case documents.StepReopened(step=step, iteration=iteration):
            withdrawn = " and withdrew the handoff" if event.withdraws_handoff else ""
            return Saying(f"reopened {step}{withdrawn}", step, iteration, reason=event.reason or None)
        case documents.DocumentMarkedStale(step=step, because_step=cause):
            return Saying(f"{step} became stale because {approval_lost(cause, event.because_of)}", step)
        case ProjectInitialised(name=name, origin=origin):
            return Saying(f"began the log of {_or_erased(name)} ({origin})")
        case DirectiveRemembered(number=number, level=level, phase=phase):
            about = f" for {phase}" if phase else ""
            return Saying(f"remembered directive {number} ({level}){about}: {_or_erased(event.text)}")
        case DirectiveForgotten(number=number):
            return Saying(f"took directive {number} back", reason=event.reason or None)
        case PolicyChanged():
            return Saying(f"put the policy in force: {policy_in_words(event.says())}", reason=event.reason or None)
        case RoleGranted(name=name, role=role):
            return Saying(f"gave {name} the role {role}", reason=event.reason or None)
        case RoleRevoked(name=name, role=role):
            return Saying(f"took the role {role} from {name}", reason=event.reason or None)
        case _:
            return _about_the_phase(event)


def _about_the_phase(event: DomainEvent) -> Saying:
    match event:
        case phases.Opened(title=title):
            return Saying(f"opened the phase: {_or_erased(title)}")
        case phases.Retitled(title=title):
            return Saying(f"changed the title to: {_or_erased(title)}")
        case phases.DependencyAdded(on=on):
            return Saying(f"made it wait for {on}")
        case phases.DependencyRemoved(on=on):
            return Saying(f"no longer waits for {on}")
        case phases.Blocked(blocker=blocker, type=kind, description=description):
            return Saying(f"blocked by {blocker} ({kind}): {_or_erased(description)}")
        case phases.Unblocked(blocker=blocker, reason=reason):
            return Saying(f"resolved {blocker}", reason=reason or None)
        case phases.HandedOff(comments=comments):
            return Saying("handed the phase off", comments=comments or None)
        case phases.Archived(reason=reason):
            return Saying("archived the phase", reason=reason or None)
        case tasks.TasksNumbered() | tasks.TaskStarted() | tasks.TaskCompleted():
            return _about_tasks(event)
        case tasks.TaskReopened(task=task):
            return Saying(f"reopened {task}", iteration=event.iteration, reason=event.reason or None)
        case tasks.TaskAssigned(task=task, assignee=assignee):
            said = f"assigned {task} to {assignee}" if assignee else f"took {task} away from whoever had it"
            return Saying(said, iteration=event.iteration)
        case ledger.KeyRotated():
            return Saying("replaced the key that speaks for the log", reason=event.reason or None)
        case ledger.PayloadRedacted():
            where = f"position {event.position} ({event.stream} version {event.version})"
            return Saying(f"erased the text of {where}", reason=event.reason or None)
        case ledger.Forked():
            left = event.parent_size - event.size
            said = f"left {event.parent} at position {event.size} ({left} later events) and went on as {event.origin}"
            return Saying(said, reason=event.reason or None)
        case ledger.Recovered():
            said = f"recovered positions 1 to {event.position} from the {event.source}"
            return Saying(said, reason=event.reason or None)
        case TokenIssued(originator_id=stream, name=name, kind=kind, scopes=scopes):
            what = f"issued the token {stream.removeprefix(TOKEN)} to {name} ({kind}): {', '.join(scopes)}"
            return Saying(f"{what}, until {rfc3339(event.expires_at)}", reason=event.reason or None)
        case TokenRevoked(originator_id=stream):
            return Saying(f"revoked the token {stream.removeprefix(TOKEN)}", reason=event.reason or None)
        case PointNamed():
            return Saying(f"named position {event.position} {event.name}", reason=event.reason or None)
        case Imported():
            return _imported(event)
        case VerdictImported():
            return _claimed(event)
        case ledger.Reviewed():
            return Saying(f"reviewed positions {event.first} to {event.last}", comments=event.comments or None)
        case ledger.Alerted(kind=kind, count=count, seconds=seconds):
            said = f"raised an alert: {count} × {kind.value.replace('_', ' ')} within {seconds} s"
            return Saying(said, comments=event.sources or None)
        case _:
            raise UnknownEvent(f"No reader has words for {type(event).__name__}.")


def _about_tasks(event: tasks.TasksNumbered | tasks.TaskStarted | tasks.TaskCompleted) -> Saying:
    if isinstance(event, tasks.TasksNumbered):
        numbers = [number for number, *_ in event.tasks]
        span = f"{numbers[0]} to {numbers[-1]}" if len(numbers) > 3 else ", ".join(numbers) or "none"
        count = counted(len(numbers), "task")
        return Saying(f"listed {count}: {span}", Step.TASKS, event.iteration)
    done = isinstance(event, tasks.TaskCompleted)
    how = f" out of turn, setting aside {', '.join(event.broke)}" if event.broke else ""
    return Saying(
        f"{'finished' if done else 'started'} {event.task}{how}",
        iteration=event.iteration,
        reason=event.reason or None,
        comments=(event.note or None) if isinstance(event, tasks.TaskCompleted) else None,
        forced=event.forced,
        broke=event.broke,
    )


def policy_in_words(policy: PolicyState) -> str:
    """Return the rules of a policy in one line."""
    people = "approver" if policy.minimum_approvers == 1 else "approvers"
    rules = [f"{policy.minimum_approvers} {people}"]
    rules.append("not the author" if policy.author_may_not_approve else "also the author")
    rules.append("people only" if policy.agents_may_not_approve else "also agents")
    seconds = policy.request_expiry_seconds
    rules.append("requests do not expire" if seconds is None else f"requests expire after {seconds} s")
    if policy.break_glass_seconds is not None:
        rules.append(f"what is approved by force is ratified by others within {policy.break_glass_seconds} s")
    for step in STEPS:
        percent = policy.minimum_quality(step)
        rules += [f"{step} of at least {percent} % quality"] if percent is not None else []
        role = f" with the role {policy.role_for(step)}" if policy.role_for(step) else ""
        if role or policy.needed(step) != policy.minimum_approvers:
            rules.append(f"{step} by {policy.needed(step)}{role}")
    return ", ".join(rules)


def _drafted(event: documents.DocumentDrafted) -> str:
    how = {
        documents.Source.RENDERED: "drafted",
        documents.Source.EDITED: "recorded by hand",
        documents.Source.IMPORTED: "imported",
    }[event.source]
    answers = ", answering the feedback" if event.answers else ""
    return f"{how} {event.step} iteration {event.iteration}{answers}"


def _imported(event: Imported) -> Saying:
    count = f"{len(event.items)} claim{'' if len(event.items) == 1 else 's'}"
    began = f", begun there {rfc3339(event.began_at)}" if event.began_at is not None else ""
    left = f"; left out: {'; '.join(event.left_out)}" if event.left_out else ""
    return Saying(f"imported {count} of {event.importer} from {_or_erased(event.path)}{began}{left}")


def _claimed(event: VerdictImported) -> Saying:
    by = f"by “{event.claimed_by}”" if event.claimed_by else "by nobody named"
    about = "" if event.digest else "; nobody kept its text"
    return Saying(
        f"imported the claim that {event.step} iteration {event.iteration} was {event.outcome} {by}{about}",
        event.step,
        event.iteration,
        event.digest or None,
        comments=event.comments or None,
    )


def _approval(event: documents.DocumentApproved | documents.DocumentReconfirmed, verb: str) -> Saying:
    how = " automatically" if isinstance(event, documents.DocumentApproved) and event.automatic else ""
    how += " as its own author" if event.self_approval else ""
    how += f", setting aside {', '.join(event.broke)}" if event.broke else ""
    until = maybe_rfc3339(event.ratify_by)
    how += f", under break-glass until {until}" if until else ""
    how += "" if event.final else "; more approvals are needed"
    return Saying(
        f"{verb} {event.step} iteration {event.iteration}{how}",
        event.step,
        event.iteration,
        event.digest,
        reason=event.reason or None,
        meaning=event.meaning,
        final=event.final,
        self_approval=event.self_approval,
        forced=event.forced,
        broke=event.broke,
        ratify_by=until,
        policy_version=event.policy_version,
        authentication=event.authentication or None,
    )


def _or_erased(words: str | None) -> str:
    return ERASED if words is None else words
