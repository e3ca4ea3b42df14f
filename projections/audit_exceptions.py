"""What an auditor looks at first: whatever went another way than the plain one."""

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import TypedDict

from domain.actors import ActorKind
from domain.steps import Step
from projections.audit_trail import TrailRow
from projections.people import Person
from projections.verdict_topics import OUTCOMES


class ExceptionKind(StrEnum):
    """Why an event is listed."""

    FORCED = "forced"
    BREAK_GLASS = "break_glass"
    SELF_APPROVAL = "self_approval"
    AUTOMATIC = "automatic_approval"
    NOT_A_PERSON = "verdict_not_by_a_person"
    EXPIRED = "request_expired"
    RECONFIRMED = "stale_step_reconfirmed"
    IMPORTED = "verdict_imported"


class ExceptionRow(TypedDict):
    """One reason to look at one event; an event with two reasons has two rows."""

    exception: ExceptionKind
    position: int
    recorded_at: str
    topic: str
    phase: str | None
    step: Step | None
    iteration: int | None
    digest: str | None
    actor: Person
    summary: str
    reason: str | None
    broke: list[str]
    erased: bool
    command_id: str


def audit_exceptions(trail: Iterable[TrailRow]) -> Iterator[ExceptionRow]:
    """Yield a row for every reason to look twice, in the order of the log."""
    for row in trail:
        for kind in kinds_of(row):
            yield {
                "exception": kind,
                "position": row["position"],
                "recorded_at": row["recorded_at"],
                "topic": row["topic"],
                "phase": row["phase"],
                "step": row["step"],
                "iteration": row["iteration"],
                "digest": row["digest"],
                "actor": row["actor"],
                "summary": row["summary"],
                "reason": row["reason"] or row["comments"],
                "broke": row["broke"],
                "erased": row["erased"],
                "command_id": row["command_id"],
            }


def kinds_of(row: TrailRow) -> list[ExceptionKind]:
    """Return every reason to look at an event twice."""
    not_a_person = row["topic"] in OUTCOMES and row["actor"]["kind"] is not ActorKind.HUMAN
    holds = {
        ExceptionKind.FORCED: row["forced"],
        ExceptionKind.BREAK_GLASS: row["ratify_by"] is not None,
        ExceptionKind.SELF_APPROVAL: row["self_approval"],
        ExceptionKind.AUTOMATIC: row["automatic"],
        ExceptionKind.NOT_A_PERSON: not_a_person,
        ExceptionKind.EXPIRED: row["topic"] == "phase.approval_expired",
        ExceptionKind.RECONFIRMED: row["topic"] == "phase.document_reconfirmed",
        ExceptionKind.IMPORTED: row["topic"] == "phase.verdict_imported",
    }
    return [kind for kind, held in holds.items() if held]
