"""What the plain model of the engine knows: phases, their papers, the policy, and how it says no."""

from dataclasses import dataclass, field
from typing import Any

from domain import commands as c
from domain.steps import STEPS, Step, StepState


class No(Exception):
    """The name of the refusal that must come."""


def refuse_if(broken: bool, refusal: str) -> None:
    """Say no under a condition."""
    if broken:
        raise No(refusal)


@dataclass
class Paper:
    """A step and its latest text."""

    state: StepState = StepState.NOT_STARTED
    iteration: int = 0
    text: str = ""
    digest: str = ""
    author: str = ""
    expires: int | None = None
    approvals: list[str] = field(default_factory=list)
    open_feedback: list[tuple[str, ...]] = field(default_factory=list)
    was_approved: bool = False
    ratify: int | None = None
    """Until when others must have ratified an approval under break-glass."""
    broke: str = ""
    """Who gave it; known until others have judged this text, or there is another one."""
    drafted: int = 0
    """The position that holds the text."""
    asked: list[int] = field(default_factory=list)
    """The positions of the open feedback."""


@dataclass
class Chore:
    """A task: how far it is, and whose."""

    state: str = "open"
    assignee: str = ""


@dataclass
class Phase:
    """A phase: papers, what it waits for, what is in its way."""

    title: str
    titled: int = 0
    """The position that holds the title."""
    papers: dict[Step, Paper] = field(default_factory=lambda: {step: Paper() for step in STEPS})
    waits_for: list[str] = field(default_factory=list)
    blockers: list[bool] = field(default_factory=list)
    """True while one is open."""
    handed_off: bool = False
    archived: bool = False
    listed: dict[int, dict[str, tuple[str, ...]]] = field(default_factory=dict)
    """By iteration of the tasks document: each task, and what it waits for."""
    titles: dict[str, tuple[str, int]] = field(default_factory=dict)
    """Every number ever used, the title it had last, and the position that says so."""
    worked_on: int = 0
    """The iteration of the tasks document that was approved last; 0 where its tasks are not known."""
    chores: dict[str, Chore] = field(default_factory=dict)

    @property
    def tasks(self) -> dict[str, tuple[str, ...]]:
        """The tasks that are worked on."""
        return self.listed.get(self.worked_on, {})

    def gap(self, step: Step) -> bool:
        """Tell whether an earlier step lacks its approval."""
        return any(self.papers[s].state != StepState.APPROVED for s in STEPS[: STEPS.index(step)])

    def unsettle_after(self, step: Step) -> None:
        """Make everything stale that rests on a step."""
        for later in STEPS[STEPS.index(step) + 1 :]:
            other = self.papers[later]
            if other.state != StepState.NOT_STARTED:
                other.was_approved |= other.state == StepState.APPROVED
                other.state, other.approvals = StepState.STALE, []
                other.ratify, other.broke = None, ""


@dataclass
class Policy:
    """The rules in force."""

    author_may_not_approve: bool = False
    minimum_approvers: int = 1
    agents_may_not_approve: bool = True
    request_expiry_seconds: int | None = None
    minimum_quality_research: int | None = None
    minimum_quality_plan: int | None = None
    minimum_quality_tasks: int | None = None
    approvers: dict[str, int] | None = None
    approver_roles: dict[str, str] | None = None
    members: dict[str, list[str]] | None = None
    break_glass_seconds: int | None = None


@dataclass
class Row:
    """An event of the log: what it is about, and whether it still has its free text."""

    phase: str
    topic: str
    step: Step | None
    command_id: str
    has_text: bool


def asked_for(command: c.Command) -> tuple[Any, ...]:
    """Return what tells a repeated command from a reused id."""
    words = {
        name: value for name, value in command._asdict().items() if name not in ("meta", "seen", "done", "reopened")
    }
    return type(command), command.meta.by, repr(words)
