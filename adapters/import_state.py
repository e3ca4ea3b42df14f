"""Read one `.orch-state.json` of the predecessor, current or backed up: whatever is wrong is said in one sentence."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from adapters.import_files import Unreadable
from adapters.input_files import parsed
from adapters.input_rules import shown
from domain.actors import NAME_LIMIT
from domain.errors import InvalidInput
from domain.steps import STEPS, Step
from domain.times import microseconds

MOST_LIST = 500
LONGEST = 20_000
"""Characters of one text in a state file."""


class ApprovalThere(NamedTuple):
    at: int | None
    iteration: int
    by: str
    comments: str


class BlockerSeen(NamedTuple):
    """A blocker as a state file lists it."""

    id: str
    kind: str
    description: str
    created: int | None
    resolved: int | None
    is_resolved: bool


class StateThere(NamedTuple):
    """What one file says. Times are µs since the epoch; None where there is none that can be read."""

    phase: str
    title: str
    current_step: str | None
    completed: tuple[str, ...]
    approvals: Mapping[Step, ApprovalThere]
    iterations: Mapping[Step, int]
    blockers: tuple[BlockerSeen, ...]
    next_action: str
    depends_on: tuple[str, ...]
    created: int | None
    modified: int | None


def read_state(text: str) -> StateThere:
    """Return what a state file says. Raises `Unreadable`."""
    try:
        found = parsed(text, "json", "it")
    except InvalidInput as refusal:
        raise Unreadable(f"is no JSON that can be read ({refusal.message.rstrip('.')})") from None
    state = _table(found, "the file")
    metadata = _table(state.get("metadata") or {}, "metadata")
    approvals = _table(state.get("approvals") or {}, "approvals")
    iterations = _table(state.get("iterations") or {}, "iterations")
    return StateThere(
        phase=_text(state.get("phase"), "phase"),
        title=_text(state.get("phaseTitle"), "phaseTitle"),
        current_step=_text(state.get("currentStep"), "currentStep") or None,
        completed=tuple(_text(it, "completedSteps") for it in _list(state.get("completedSteps"), "completedSteps")),
        approvals={step: _approval(approvals[step], step) for step in STEPS if approvals.get(step) is not None},
        iterations={step: _count(iterations[step], f"iterations.{step}") for step in STEPS if step in iterations},
        blockers=tuple(_blocker(it) for it in _list(state.get("blockers"), "blockers")),
        next_action=_text(state.get("nextAction"), "nextAction"),
        depends_on=tuple(_text(it, "dependencies") for it in _list(state.get("dependencies"), "dependencies")),
        created=_time(metadata.get("created")),
        modified=_time(metadata.get("lastModified")),
    )


def _approval(found: Any, step: Step) -> ApprovalThere:
    approval = _table(found, f"approvals.{step}")
    by = _text(approval.get("approved_by"), "approved_by")
    if len(by) > NAME_LIMIT or not by.isprintable():
        raise Unreadable(f"names an approver of {step} that no log line could show")
    iteration = approval.get("iteration")
    return ApprovalThere(
        at=_time(approval.get("timestamp")),
        iteration=1 if iteration is None else _count(iteration, "iteration"),
        by=by,
        comments=_text(approval.get("comments"), "comments"),
    )


def _blocker(found: Any) -> BlockerSeen:
    blocker = _table(found, "a blocker")
    resolved = blocker.get("resolved")
    return BlockerSeen(
        id=_text(blocker.get("id"), "id"),
        kind=_text(blocker.get("type"), "type"),
        description=_text(blocker.get("description"), "description"),
        created=_time(blocker.get("created")),
        resolved=_time(resolved),
        is_resolved=bool(resolved),
    )


def _table(found: Any, what: str) -> dict[str, Any]:
    if not isinstance(found, dict):
        raise Unreadable(f"is no state of a phase: {what} is no table")
    return found


def _list(found: Any, what: str) -> list[Any]:
    if not isinstance(found, list | None):
        raise Unreadable(f"is no state of a phase: {what} is no list")
    if found and len(found) > MOST_LIST:
        raise Unreadable(f"lists more than {MOST_LIST} {what}")
    return found or []


def _text(found: Any, what: str) -> str:
    if found is None:
        return ""
    if not isinstance(found, str):
        raise Unreadable(f"is no state of a phase: {what} is {shown(found)}, no text")
    if len(found) > LONGEST:
        raise Unreadable(f"has a text of more than {LONGEST:,} characters in {what}")
    return found.encode("utf-8", "replace").decode()


def _count(found: Any, what: str) -> int:
    if type(found) is not int or not 0 <= found <= 1_000_000:
        raise Unreadable(f"is no state of a phase: {what} is {shown(found)}, no count")
    return found


def _time(found: Any) -> int | None:
    """Return an ISO 8601 time; None for what is none. Without an offset it is UTC, as the predecessor writes."""
    if not isinstance(found, str):
        return None
    try:
        at = datetime.fromisoformat(found)
        return microseconds(at if at.tzinfo else at.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        return None
