"""What a dashboard says of a phase and of all of them, in words; people's words are left to whoever shows them."""

from domain.steps import StepState
from projections.counts import counted
from projections.dashboard import Attention, DashboardRow, Totals
from projections.places import ERASED
from usecases.ages import age_in_words

SIGNS = {
    StepState.APPROVED: "✓",
    StepState.AWAITING_APPROVAL: "?",
    StepState.REJECTED: "✗",
    StepState.EXPIRED: "⌛",
    StepState.REOPENED: "↺",
    StepState.STALE: "!",
    StepState.NOT_STARTED: "·",
}
LEGEND = ", ".join(f"{sign} {state.value.replace('_', ' ')}" for state, sign in SIGNS.items())
ATTENTION = {
    Attention.VERDICT: "waiting for a verdict",
    Attention.BLOCKED: "blocked",
    Attention.STALE: "with a stale step",
    Attention.HANDOFF: "ready for handoff",
    Attention.TEXT: "waiting for a text",
    Attention.DEPENDENCY: "waiting for another phase",
    Attention.HANDED_OFF: "handed off",
    Attention.ARCHIVED: "archived",
}


def headline(totals: Totals) -> str:
    """Return how many phases there are and what they ask for."""
    parts = [f"{totals['attention'][each.value]:,} {said}" for each, said in ATTENTION.items()]
    some = [part for part in parts if not part.startswith("0 ")]
    return counted(totals["phases"], "phase") + (f": {', '.join(some)}" if some else "")


def amounts(totals: Totals) -> tuple[tuple[str, int, int], ...]:
    """Return of what how much is done."""
    return (
        ("steps", totals["steps_approved"], totals["steps_total"]),
        ("tasks", totals["tasks_done"], totals["tasks_total"]),
    )


def remarks(row: DashboardRow) -> list[tuple[str, str]]:
    """Return what stands in the way of a phase, each with its colour."""
    found = [
        (f"{blocker['id']} since {blocker['since'][:10]}: {blocker['description'] or ERASED}", "red")
        for blocker in row["blockers"]
    ]
    stale = ", ".join(row["stale"])
    return [*found, (f"stale: {stale}", "yellow")] if stale else found


def now(row: DashboardRow) -> str:
    """Return where a phase stands now, and how long a verdict has been waited for."""
    waiting = row["waiting"]
    if waiting:
        so_far = f" ({waiting['given']} of {waiting['needed']} given)" if waiting["needed"] > 1 else ""
        age = age_in_words(waiting["seconds"])
        return f"{waiting['step']} {waiting['iteration']} awaits a verdict, {age}{so_far}"
    step = row["current_step"]
    if step is None:
        return row["attention"].value.replace("_", " ")
    if step == "handoff":
        others = row["waiting_for_phases"]
        return f"waits for {', '.join(others)}" if others else "ready for handoff"
    state = next(each["state"] for each in row["steps"] if each["step"] == step)
    return f"{step} {state.value.replace('_', ' ')}"
