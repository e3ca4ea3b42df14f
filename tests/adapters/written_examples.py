"""One example of every event, with every field set: what the golden files were written from."""

from datetime import UTC, datetime
from typing import Any

import orjson

from adapters.codec import encode
from adapters.envelope import Prepared, entry_of
from domain import document_events as documents
from domain import phase_events as phases
from domain import task_events as tasks
from domain.access_token import Scope, TokenIssued, TokenRevoked
from domain.actors import Actor, ActorKind
from domain.directive_events import DirectiveForgotten, DirectiveRemembered
from domain.documents import Withdrawal
from domain.event_log import Record
from domain.events import DomainEvent
from domain.import_events import ClaimedOutcome, Imported, VerdictImported
from domain.importers import Importer
from domain.ledger_events import (
    Alerted,
    AlertKind,
    Forked,
    KeyRotated,
    PayloadRedacted,
    Recovered,
    RecoverySource,
    Reviewed,
)
from domain.merkle import leaf_hash
from domain.policy import PolicyChanged, RoleGranted, RoleRevoked
from domain.project import ProjectInitialised
from domain.project_state import Level
from domain.restore_point import PointNamed
from domain.steps import Step

ORIGIN = "example.org/5a1f7c1e-0000-4000-8000-000000000001"
COMMAND = "0b8f3a52-0000-4000-8000-000000000002"
SALT = bytes(range(32))
PLACE = 42, 1_795_532_748_677_071, 1_795_532_748_677_000
DIGEST = "sha256:1:" + "ab" * 32
SHOWN = "token:0b8f3a52c1d2"
VERDICT: dict[str, Any] = {
    "step": Step.SPEC,
    "iteration": 2,
    "digest": DIGEST,
    "meaning": documents.Meaning.APPROVAL,
    "policy_version": 3,
    "final": True,
    "self_approval": True,
    "forced": True,
    "broke": ("author_may_not_approve", "minimum_approvers"),
}


def event(kind: type[DomainEvent], stream: str = "phase:st01-audio-engine", /, **fields: Any) -> DomainEvent:
    """Return an event with a fixed stream, version, time and actor."""
    at = datetime(2026, 11, 24, 14, 0, 0, 1, tzinfo=UTC)
    by = Actor("Ada Ü. 愛", ActorKind.AGENT)
    return kind(originator_id=stream, originator_version=7, timestamp=at, by=by, **fields)


EXAMPLES: tuple[DomainEvent, ...] = (
    event(ProjectInitialised, "project", origin=ORIGIN, public_key="example.org/x+01020304+AQ==", name="Audio"),
    event(
        DirectiveRemembered,
        "project",
        number=3,
        level=Level.CRITICAL,
        phase="st01-audio-engine",
        text="Nothing allocates in the audio thread.\nNothing.",
    ),
    event(DirectiveForgotten, "project", number=2, reason="the old card is gone"),
    event(
        PolicyChanged,
        "policy",
        author_may_not_approve=True,
        minimum_approvers=2,
        agents_may_not_approve=False,
        request_expiry_seconds=3600,
        reason="four eyes",
    ),
    event(
        PolicyChanged,
        "policy",
        author_may_not_approve=False,
        minimum_approvers=1,
        agents_may_not_approve=True,
        request_expiry_seconds=None,
        reason="complete documents",
        minimum_quality_research=80,
        minimum_quality_plan=75,
        minimum_quality_tasks=70,
    ),
    event(
        PolicyChanged,
        "policy",
        author_may_not_approve=False,
        minimum_approvers=1,
        agents_may_not_approve=True,
        request_expiry_seconds=None,
        reason="the lead and a second one",
        approvers={"spec": 2, "plan": 3},
        approver_roles={"spec": "lead"},
    ),
    event(
        PolicyChanged,
        "policy",
        author_may_not_approve=True,
        minimum_approvers=1,
        agents_may_not_approve=True,
        request_expiry_seconds=None,
        reason="emergencies are looked at the next day",
        break_glass_seconds=86_400,
    ),
    event(RoleGranted, "policy", name="Ada Ü. 愛", role="lead", reason="since the spring"),
    event(RoleRevoked, "policy", name="Ada Ü. 愛", role="lead", reason="until the autumn"),
    event(phases.Opened, phase="st01-audio-engine", title="Audio “Engine”"),
    event(phases.Retitled, title="Audio\u2028Engine"),
    event(
        documents.DocumentDrafted,
        step=Step.PRD,
        iteration=1,
        digest=DIGEST,
        source=documents.Source.RENDERED,
        template="built-in:prd.md.j2",
        template_digest="sha256:" + "cd" * 32,
        answers=(),
        fields={},
        text="# Product requirements\n",
        derived_from=(
            {"step": "spec", "iteration": 2, "digest": DIGEST},
            {"step": "plan", "iteration": 1, "digest": DIGEST},
        ),
        quality=75,
        missing=("risks", "sources"),
    ),
    event(
        documents.DocumentDrafted,
        step=Step.TASKS,
        iteration=2,
        digest=DIGEST,
        source=documents.Source.RENDERED,
        template="tasks.md.j2",
        template_digest="sha256:" + "cd" * 32,
        answers=(4, 5),
        fields={"tasks": [{"id": "T001", "hours": 2.5}], "a": None},
        text="# Tasks\n\n- [ ] **T001** Ring buffer\n",
    ),
    event(documents.ApprovalRequested, step=Step.PLAN, iteration=1, expires_at=1_795_532_748_677_071),
    event(documents.ApprovalExpired, step=Step.PLAN, iteration=1),
    event(documents.DocumentApproved, **VERDICT, comments="good", reason="nobody else is here"),
    event(documents.DocumentApproved, **VERDICT, comments="", reason="", automatic=True),
    event(documents.DocumentApproved, **VERDICT, comments="", reason="the night", ratify_by=1_795_619_148_677_071),
    event(documents.DocumentApproved, **VERDICT, comments="", reason="", authentication=SHOWN),
    event(
        documents.DocumentRejected,
        step=Step.PRD,
        iteration=1,
        digest=DIGEST,
        policy_version=1,
        feedback=("too vague", "no\nnumber"),
        comments="",
    ),
    event(
        documents.DocumentRejected,
        step=Step.PRD,
        iteration=1,
        digest=DIGEST,
        policy_version=1,
        feedback=("too vague",),
        comments="",
        authentication=SHOWN,
    ),
    event(documents.StepReopened, step=Step.SPEC, iteration=2, withdraws_handoff=True, reason="new law"),
    event(documents.DocumentMarkedStale, step=Step.PLAN, because_step=Step.SPEC, because_version=6),
    event(
        documents.DocumentMarkedStale,
        step=Step.PLAN,
        because_step=Step.SPEC,
        because_version=6,
        because_of=Withdrawal.REJECTED,
    ),
    event(documents.DocumentReconfirmed, **VERDICT, reason="still holds"),
    event(documents.DocumentReconfirmed, **VERDICT, reason="the night", ratify_by=1_795_619_148_677_071),
    event(documents.DocumentReconfirmed, **VERDICT, reason="it holds", authentication=SHOWN),
    event(phases.DependencyAdded, on="st00-basics"),
    event(phases.DependencyRemoved, on="st00-basics"),
    event(phases.Blocked, blocker="B1", type=phases.BlockerType.RESOURCE_UNAVAILABLE, description="no interface"),
    event(phases.Unblocked, blocker="B1", reason="arrived"),
    event(phases.HandedOff, digests=(DIGEST,) * 5, comments="ready"),
    event(phases.Archived, reason="done"),
    event(
        KeyRotated,
        "ledger",
        public_key="example.org/x+05060708+AQ==",
        replaces="example.org/x+01020304+AQ==",
        reason="lost",
    ),
    event(
        PayloadRedacted, "ledger", position=12, stream="phase:st01-audio-engine", version=5, reason="a password in it"
    ),
    event(
        Forked,
        "ledger",
        origin="example.org/5a1f7c1e-0000-4000-8000-000000000003",
        parent=ORIGIN,
        size=41,
        root="ef" * 32,
        parent_size=57,
        checkpoint=f"{ORIGIN}\n41\nq83vq83vq83vq83vq83vq83vq83vq83vq83vq83vq80=\n\n— {ORIGIN} AQIDBA==\n",
        public_key="example.org/y+090a0b0c+AQ==",
        replaces="example.org/x+05060708+AQ==",
        reason="the last day was a mistake",
    ),
    event(Recovered, "ledger", position=41, source=RecoverySource.BACKUP, reason="the disk died"),
    event(PointNamed, "point:before-it", name="before-it", position=40, root="ab" * 32, reason="before “the” move"),
    event(
        TokenIssued,
        "token:0b8f3a52c1d2",
        name="grace",
        kind=ActorKind.HUMAN,
        scopes=(Scope.READ, Scope.APPROVE),
        sha256="cd" * 32,
        expires_at=1_803_308_748_677_071,
        reason="her “own” laptop",
    ),
    event(TokenRevoked, "token:0b8f3a52c1d2", reason="it was in a log"),
    event(tasks.TasksNumbered, iteration=2, tasks=(("T001",), ("T010", "T001"), ("T1000", "T001", "T010"))),
    event(
        tasks.TaskStarted,
        task="T010",
        iteration=2,
        forced=True,
        broke=("approval", "dependencies"),
        reason="“T001” is as good as done",
    ),
    event(
        tasks.TaskCompleted, task="T010", iteration=2, forced=True, broke=("dependencies",), note="2 ms", reason="late"
    ),
    event(tasks.TaskReopened, task="T010", iteration=2, reason="it clicks\nat 44.1 kHz"),
    event(tasks.TaskAssigned, task="T010", iteration=2, assignee="Grace Ü."),
    event(
        Alerted,
        "ledger",
        kind=AlertKind.UNAUTHORISED_ACCESS,
        count=7,
        threshold=1,
        seconds=60,
        sources="203.0.113.7 (6), 2001:db8::7 (1)",
    ),
    event(Reviewed, "ledger", first=1, last=40, root="cd" * 32, comments="all of October"),
    event(
        Imported,
        importer=Importer.PREDECESSOR,
        source="sha256:" + "ef" * 32,
        items=("0123456789abcdef", "fedcba9876543210=B1"),
        began_at=1_756_720_800_000_000,
        path="/home/ada/old/st01-audio-engine",
        documents=("spec: st01-audio-engine/spec.md",),
        left_out=("st01-audio-engine/notes.txt: not one of the five documents",),
    ),
    event(
        VerdictImported,
        step=Step.SPEC,
        iteration=2,
        digest=DIGEST,
        outcome=ClaimedOutcome.APPROVED,
        claimed_by="user",
        importer=Importer.PREDECESSOR,
        counts=True,
        comments="good",
    ),
)


def written(event: DomainEvent) -> Prepared:
    return encode(event, origin=ORIGIN, command_id=COMMAND, causation=None, correlation=None, salt=SALT)


def record_of(prepared: Prepared, **changes: Any) -> Record:
    leaf = leaf_hash(entry_of(*PLACE, prepared.envelope))
    record = Record(
        *PLACE,
        prepared.stream,
        prepared.version,
        prepared.topic,
        COMMAND,
        prepared.envelope,
        prepared.salt,
        prepared.payload,
        leaf,
    )
    return record._replace(**changes)


def with_envelope(event: DomainEvent, **changes: Any) -> Record:
    prepared = written(event)
    envelope = orjson.loads(prepared.envelope) | changes
    return record_of(prepared, envelope=orjson.dumps(envelope, option=orjson.OPT_SORT_KEYS))
