"""The five steps of a phase, in their order."""

from enum import StrEnum


class Step(StrEnum):
    """A step ends in one document that is approved before the next step may start."""

    SPEC = "spec"
    RESEARCH = "research"
    PLAN = "plan"
    PRD = "prd"
    TASKS = "tasks"

    @property
    def earlier(self) -> tuple["Step", ...]:
        """Every step that must be approved before this one is drafted."""
        return STEPS[: STEPS.index(self)]

    @property
    def later(self) -> tuple["Step", ...]:
        """Every step that rests on this one."""
        return STEPS[STEPS.index(self) + 1 :]


STEPS = tuple(Step)


class StepState(StrEnum):
    """Where the document of one step stands."""

    NOT_STARTED = "not_started"
    AWAITING_APPROVAL = "awaiting_approval"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"
    REOPENED = "reopened"
    STALE = "stale"
