"""One builder per event: what happened, in few words; the story gives it its version."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from domain import document_events as documents
from domain import phase_events as phases
from domain import task_events as tasks
from domain.actors import Actor, ActorKind
from domain.digest import digest_of
from domain.directive_events import DirectiveForgotten, DirectiveRemembered
from domain.document_events import Meaning, Source
from domain.documents import Withdrawal
from domain.events import DomainEvent
from domain.import_events import ClaimedOutcome, VerdictImported
from domain.importers import Importer
from domain.ledger import STREAM as LEDGER
from domain.ledger_events import Alerted, AlertKind, KeyRotated, PayloadRedacted, Reviewed
from domain.phase_events import BlockerType
from domain.phase_ids import stream_of, title_from
from domain.policy import STREAM as POLICY
from domain.policy import PolicyChanged, RoleGranted, RoleRevoked
from domain.policy_state import PolicyState
from domain.project import STREAM as PROJECT
from domain.project import ProjectInitialised
from domain.project_state import Level
from domain.quality import Quality, quality_of
from domain.sections import fields_of_text
from domain.steps import STEPS, Step
from domain.times import microseconds
from tests.plain_templates import TEMPLATE, TEMPLATE_DIGEST, plain_text

PHASE = "st01-audio-engine"
OTHER = "st02-mixer"
ADA, GRACE, LINUS = Actor("ada"), Actor("grace"), Actor("linus")
ROBOT = Actor("robot", ActorKind.AGENT)
SERVICE = Actor("ci", ActorKind.SERVICE)
MONITOR = Actor("security-monitor", ActorKind.SERVICE)
NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
FIELDS: dict[str, Any] = {"words": "as few as will do"}
TASKS = (("T001",), ("T002", "T001"), ("T003", "T002"))


class Fact(NamedTuple):
    """An event that lacks only its version."""

    kind: type[DomainEvent]
    stream: str
    by: Actor
    at: datetime
    values: dict[str, Any]

    def event(self, version: int) -> DomainEvent:
        """Return the event as that version of its stream."""
        return self.kind(
            originator_id=self.stream, originator_version=version, timestamp=self.at, by=self.by, **self.values
        )

    def later(self, at: datetime) -> "Fact":
        """Return the same fact at another time."""
        return self._replace(at=at)

    def of(self, phase: str) -> "Fact":
        """Return the same fact of another phase."""
        return self._replace(stream=stream_of(phase))


def text_of(
    step: Step | str, iteration: int = 1, *, answered: Sequence[str] = (), title: str = title_from(PHASE)
) -> str:
    """Return the text that drafting a step with the usual fields gives."""
    return plain_text(Step(step), FIELDS, title=title, iteration=iteration, answers=answered)


def digest_for(step: Step | str, iteration: int = 1, text: str | None = None) -> str:
    """Return the digest of a text, or of the usual one of that iteration."""
    return digest_of(text_of(step, iteration) if text is None else text, Step(step))


def expiry(at: datetime, seconds: int) -> int:
    """Return when a request made at a time runs out."""
    return microseconds(at) + seconds * 1_000_000


def _phase(kind: type[DomainEvent], by: Actor, **values: Any) -> Fact:
    return Fact(kind, stream_of(PHASE), by, NOON, values)


def initialised() -> Fact:
    values = {"origin": "host/project", "public_key": "host/project+00000000+AAAA", "name": "Audio"}
    return Fact(ProjectInitialised, PROJECT, ADA, NOON, values)


def remembered(
    number: int = 1, text: str = "no clicks", *, level: str = "standard", phase: str | None = None, by: Actor = ADA
) -> Fact:
    values = {"number": number, "level": Level(level), "phase": phase, "text": text}
    return Fact(DirectiveRemembered, PROJECT, by, NOON, values)


def forgotten(number: int = 1, *, reason: str = "done", by: Actor = ADA) -> Fact:
    return Fact(DirectiveForgotten, PROJECT, by, NOON, {"number": number, "reason": reason})


def policy(*, by: Actor = ADA, reason: str = "", **rules: Any) -> Fact:
    return Fact(PolicyChanged, POLICY, by, NOON, {**PolicyState(**rules).rules(), "reason": reason})


def granted(name: str, role: str, *, by: Actor = ADA, reason: str = "") -> Fact:
    return Fact(RoleGranted, POLICY, by, NOON, {"name": name, "role": role, "reason": reason})


def revoked(name: str, role: str, *, by: Actor = ADA, reason: str = "") -> Fact:
    return Fact(RoleRevoked, POLICY, by, NOON, {"name": name, "role": role, "reason": reason})


def opened(*, by: Actor = ADA, title: str | None = None, phase: str = PHASE) -> Fact:
    return _phase(phases.Opened, by, phase=phase, title=title_from(phase) if title is None else title).of(phase)


def retitled(title: str, *, by: Actor = ADA) -> Fact:
    return _phase(phases.Retitled, by, title=title)


def drafted(
    step: str, iteration: int = 1, *, by: Actor = ADA, text: str | None = None, answers: tuple[int, ...] = ()
) -> Fact:
    return _phase(
        documents.DocumentDrafted,
        by,
        step=Step(step),
        iteration=iteration,
        digest=digest_for(step, iteration, text),
        source=Source.RENDERED,
        template=TEMPLATE,
        template_digest=TEMPLATE_DIGEST,
        answers=answers,
        fields=FIELDS,
        **_scored(quality_of(Step(step), FIELDS)),
        text=text_of(step, iteration) if text is None else text,
    )


def edited(step: str, iteration: int, text: str, *, by: Actor = ADA, answers: tuple[int, ...] = ()) -> Fact:
    fact = drafted(step, iteration, by=by, text=text, answers=answers)
    scored = _scored(quality_of(Step(step), fields_of_text(Step(step), text)))
    handmade = {"source": Source.EDITED, "template": "", "template_digest": "", "fields": {}}
    return fact._replace(values=fact.values | handmade | scored)


def _scored(quality: Quality | None) -> dict[str, Any]:
    return {"quality": quality.score, "missing": quality.missing} if quality else {"quality": None, "missing": ()}


def requested(step: str, iteration: int = 1, *, by: Actor = ADA, expires_at: int | None = None) -> Fact:
    return _phase(documents.ApprovalRequested, by, step=Step(step), iteration=iteration, expires_at=expires_at)


def expired(step: str, iteration: int = 1, *, by: Actor = ADA) -> Fact:
    return _phase(documents.ApprovalExpired, by, step=Step(step), iteration=iteration)


def approved(
    step: str,
    iteration: int = 1,
    *,
    by: Actor = GRACE,
    text: str | None = None,
    policy_version: int = 1,
    final: bool = True,
    self_approval: bool = False,
    broke: tuple[str, ...] = (),
    reason: str = "",
    comments: str = "",
    meaning: Meaning = Meaning.APPROVAL,
    automatic: bool = False,
    ratify_by: int | None = None,
) -> Fact:
    return _phase(
        documents.DocumentApproved,
        by,
        step=Step(step),
        iteration=iteration,
        digest=digest_for(step, iteration, text),
        meaning=meaning,
        policy_version=policy_version,
        final=final,
        self_approval=self_approval,
        forced=bool(broke),
        broke=broke,
        comments=comments,
        reason=reason,
        automatic=automatic,
        ratify_by=ratify_by,
    )


def rejected(step: str, iteration: int = 1, *feedback: str, by: Actor = GRACE, policy_version: int = 1) -> Fact:
    return _phase(
        documents.DocumentRejected,
        by,
        step=Step(step),
        iteration=iteration,
        digest=digest_for(step, iteration),
        policy_version=policy_version,
        feedback=feedback or ("too vague",),
        comments="",
    )


def reopened(
    step: str, iteration: int = 1, *, by: Actor = ADA, reason: str = "new facts", withdraws_handoff: bool = False
) -> Fact:
    return _phase(
        documents.StepReopened,
        by,
        step=Step(step),
        iteration=iteration,
        withdraws_handoff=withdraws_handoff,
        reason=reason,
    )


def stale(step: str, *, because: str, since: int, of: Withdrawal = Withdrawal.REOPENED, by: Actor = ADA) -> Fact:
    return _phase(
        documents.DocumentMarkedStale,
        by,
        step=Step(step),
        because_step=Step(because),
        because_version=since,
        because_of=of,
    )


def reconfirmed(step: str, iteration: int = 1, *, reason: str = "it still holds", **more: Any) -> Fact:
    fact = approved(step, iteration, reason=reason, **more)
    values = {name: value for name, value in fact.values.items() if name not in ("comments", "automatic")}
    return fact._replace(kind=documents.DocumentReconfirmed, values=values)


def claimed(
    step: str, iteration: int = 1, *, by: Actor = ADA, who: str = "user", text: str | None = None, counts: bool = True
) -> Fact:
    return _phase(
        VerdictImported,
        by,
        step=Step(step),
        iteration=iteration,
        digest=digest_for(step, iteration, text),
        outcome=ClaimedOutcome.APPROVED,
        claimed_by=who,
        importer=Importer.PREDECESSOR,
        counts=counts,
        comments="",
    )


def dependency_added(on: str = OTHER, *, by: Actor = ADA) -> Fact:
    return _phase(phases.DependencyAdded, by, on=on)


def dependency_removed(on: str = OTHER, *, by: Actor = ADA) -> Fact:
    return _phase(phases.DependencyRemoved, by, on=on)


def blocked(
    blocker: str = "B1", *, by: Actor = ADA, kind: BlockerType = BlockerType.RESOURCE_UNAVAILABLE, words: str = "no kit"
) -> Fact:
    return _phase(phases.Blocked, by, blocker=blocker, type=kind, description=words)


def unblocked(blocker: str = "B1", *, by: Actor = ADA, reason: str = "") -> Fact:
    return _phase(phases.Unblocked, by, blocker=blocker, reason=reason)


def handed_off(*, by: Actor = ADA, comments: str = "") -> Fact:
    return _phase(phases.HandedOff, by, digests=tuple(digest_for(step) for step in STEPS), comments=comments)


def archived(*, by: Actor = ADA, reason: str = "it is over") -> Fact:
    return _phase(phases.Archived, by, reason=reason)


def numbered(*listed: tuple[str, ...], iteration: int = 1, by: Actor = ADA) -> Fact:
    """Say which tasks an iteration lists; without any the usual three, each resting on the one before."""
    return _phase(tasks.TasksNumbered, by, iteration=iteration, tasks=listed or TASKS)


def started(task: str, *, iteration: int = 1, by: Actor = ADA, broke: tuple[str, ...] = (), reason: str = "") -> Fact:
    return _phase(tasks.TaskStarted, by, task=task, iteration=iteration, forced=bool(broke), broke=broke, reason=reason)


def completed(
    task: str,
    *,
    iteration: int = 1,
    by: Actor = ADA,
    broke: tuple[str, ...] = (),
    note: str = "",
    reason: str = "",
) -> Fact:
    values = {"task": task, "iteration": iteration, "forced": bool(broke), "broke": broke}
    return _phase(tasks.TaskCompleted, by, **values, note=note, reason=reason)


def task_reopened(task: str, *, iteration: int = 1, by: Actor = ADA, reason: str = "it fails again") -> Fact:
    return _phase(tasks.TaskReopened, by, task=task, iteration=iteration, reason=reason)


def assigned(task: str, assignee: str = "grace", *, iteration: int = 1, by: Actor = ADA) -> Fact:
    return _phase(tasks.TaskAssigned, by, task=task, iteration=iteration, assignee=assignee)


def done(*steps: str) -> tuple[Fact, ...]:
    """Return what takes steps from nothing to their approval: three events each."""
    return tuple(fact for step in steps for fact in (drafted(step), requested(step), approved(step)))


ALL_DONE = done(*STEPS)
BEFORE_TASKS = done("spec", "research", "plan", "prd")
WITH_TASKS = (drafted("tasks"), numbered(), requested("tasks"), approved("tasks"))


def key_rotated(public_key: str, *, replaces: str, reason: str = "lost", by: Actor = ADA, at: datetime = NOON) -> Fact:
    return Fact(KeyRotated, LEDGER, by, at, {"public_key": public_key, "replaces": replaces, "reason": reason})


def redacted(
    position: int, stream: str, version: int, *, reason: str = "a name in it", by: Actor = ADA, at: datetime = NOON
) -> Fact:
    place = {"position": position, "stream": stream, "version": version}
    return Fact(PayloadRedacted, LEDGER, by, at, {**place, "reason": reason})


def alerted(count: int, *, threshold: int = 10, seconds: int = 60, sources: str = "203.0.113.7 (10)") -> Fact:
    said = {"kind": AlertKind.INVALID_INPUTS, "count": count, "threshold": threshold, "seconds": seconds}
    return Fact(Alerted, LEDGER, MONITOR, NOON, {**said, "sources": sources})


def reviewed(first: int, last: int, *, root: str, comments: str = "", by: Actor = ADA, at: datetime = NOON) -> Fact:
    return Fact(Reviewed, LEDGER, by, at, {"first": first, "last": last, "root": root, "comments": comments})
