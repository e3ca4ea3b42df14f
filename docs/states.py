"""Writes docs/states.md: what every command does in every state, found by trying it (`python -m docs.states`)."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from domain.commands import Command
from domain.errors import Refusal
from domain.phase_ids import stream_of
from domain.phase_state import PhaseState
from domain.steps import Step, StepState
from domain.tasks import TaskState
from tests import asks
from tests import facts as f
from tests.stories import Outcome, given

PAGE = Path(__file__).with_name("states.md")
LATE = f.NOON + f.HOUR
HOURLY = f.policy(request_expiry_seconds=3600, author_may_not_approve=True)
SPEC = f.done("spec")
AWAITING = (
    *SPEC,
    f.drafted("research"),
    f.requested("research", expires_at=f.expiry(f.NOON, 3600)),
)
SPEC_REOPENED = (f.reopened("spec"), f.stale("research", because="spec", since=8))
SPEC_AGAIN = (f.drafted("spec", 2), f.requested("spec", 2), f.approved("spec", 2))
OPEN = (HOURLY, f.opened(), f.opened(phase=f.OTHER))

STEP_STATES: Mapping[str, tuple[f.Fact, ...]] = {
    "not_started": SPEC,
    "not_started, an earlier step is not approved": (f.drafted("spec"), f.requested("spec")),
    "awaiting_approval": AWAITING,
    "expired": (*AWAITING, f.expired("research")),
    "rejected": (*AWAITING, f.rejected("research")),
    "approved": (*AWAITING, f.approved("research")),
    "approved, under break-glass": (
        f.policy(request_expiry_seconds=3600, author_may_not_approve=True, break_glass_seconds=24 * 3600),
        *AWAITING,
        f.approved("research", by=f.LINUS, broke=("approver_role",), ratify_by=f.expiry(f.NOON, 24 * 3600)),
    ),
    "approved, as an import claims": (*AWAITING, f.claimed("research")),
    "reopened": (*AWAITING, f.approved("research"), f.reopened("research")),
    "stale, had been approved": (*AWAITING, f.approved("research"), *SPEC_REOPENED, *SPEC_AGAIN),
    "stale, had not been approved": (*AWAITING, *SPEC_REOPENED, *SPEC_AGAIN),
    "stale, an earlier step is not approved": (*AWAITING, f.approved("research"), *SPEC_REOPENED),
}
STEP_COMMANDS: Mapping[str, Callable[[], Command]] = {
    "draft": lambda: asks.draft("research"),
    "edit": lambda: asks.edit("research", "# By hand"),
    "edit, same text": lambda: asks.edit("research", f.text_of("research")),
    "request": lambda: asks.request("research"),
    "approve": lambda: asks.approve("research"),
    "approve --force": lambda: asks.approve("research", by=f.ADA, forced=True, reason="release night"),
    "reject": lambda: asks.reject("research", "too vague"),
    "reopen": lambda: asks.reopen("research"),
    "reconfirm": lambda: asks.reconfirm("research"),
    "*an earlier step is reopened*": lambda: asks.reopen("spec"),
    "*the request runs out*": lambda: asks.retitle("Any accepted command writes it down", at=LATE),
}
PHASE_STATES: Mapping[str, tuple[f.Fact, ...]] = {
    "no such phase": (HOURLY, f.opened(phase=f.OTHER)),
    "open": (*OPEN, *SPEC),
    "ready": (*OPEN, *f.ALL_DONE),
    "blocked": (*OPEN, *f.ALL_DONE, f.blocked()),
    "waiting": (*OPEN, *f.ALL_DONE, f.dependency_added()),
    "handed off": (*OPEN, *f.ALL_DONE, f.handed_off()),
    "archived": (*OPEN, *f.ALL_DONE, f.archived()),
}
PHASE_COMMANDS: Mapping[str, Callable[[], Command]] = {
    "draft spec": lambda: asks.draft("spec"),
    "edit spec": lambda: asks.edit("spec", "# By hand"),
    "request spec": lambda: asks.request("spec"),
    "approve spec": lambda: asks.approve("spec"),
    "reject spec": lambda: asks.reject("spec", "too vague"),
    "reopen spec": lambda: asks.reopen("spec"),
    "reconfirm spec": lambda: asks.reconfirm("spec"),
    "depend": asks.depend,
    "depend on itself": lambda: asks.depend(f.PHASE),
    "depend --remove": asks.undepend,
    "block": asks.block,
    "unblock": asks.unblock,
    "retitle": lambda: asks.retitle("Sound"),
    "remember --phase": lambda: asks.remember(phase=f.PHASE),
    "handoff": asks.hand_off,
    "archive": asks.archive,
    "import": asks.import_phase,
}
TASKS = (*OPEN, *f.BEFORE_TASKS, *f.WITH_TASKS)
TASK_STATES: Mapping[str, tuple[f.Fact, ...]] = {
    "proposed": (*OPEN, *f.BEFORE_TASKS, f.drafted("tasks"), f.numbered(), f.requested("tasks")),
    "waiting": TASKS,
    "ready": (*TASKS, f.completed("T001")),
    "ready, tasks was reopened": (*TASKS, f.completed("T001"), f.reopened("tasks")),
    "started": (*TASKS, f.completed("T001"), f.started("T002")),
    "done": (*TASKS, f.completed("T001"), f.completed("T002")),
    "done, the phase is handed off": (*TASKS, f.completed("T001"), f.completed("T002"), f.handed_off()),
    "started, the phase is archived": (*TASKS, f.completed("T001"), f.started("T002"), f.archived()),
}
TASK_COMMANDS: Mapping[str, Callable[[], Command]] = {
    "task start": lambda: asks.start("T002"),
    "task start --force": lambda: asks.start("T002", forced=True, reason="release night"),
    "task done": lambda: asks.complete("T002"),
    "task done --force": lambda: asks.complete("T002", forced=True, reason="release night"),
    "task done, with what it waits for": lambda: asks.complete("T001", "T002"),
    "task reopen": lambda: asks.reopen_task("T002"),
    "task assign": lambda: asks.assign("T002"),
    "task assign, to whom it belongs": lambda: asks.assign("T002", to=""),
    "task sync, its box is ticked": lambda: asks.sync(done=("T002",)),
    "task sync, its box was emptied": lambda: asks.sync(reopened=("T002",)),
    "task start, unknown number": lambda: asks.start("T009"),
}


class Cell(NamedTuple):
    """What became of one command in one state."""

    state: str
    refusal: Refusal | None = None

    @property
    def shown(self) -> str:
        """A state, or the name of the refusal."""
        return f"✗ {type(self.refusal).__name__}" if self.refusal else f"**{self.state}**"


Table = dict[str, dict[str, Cell]]


def step_table() -> Table:
    """Try every command on the research step in every state it can be in."""
    return {
        name: {words: _tried((HOURLY, f.opened(), *there), ask, step_state) for words, ask in STEP_COMMANDS.items()}
        for name, there in STEP_STATES.items()
    }


def phase_table() -> Table:
    """Try every command on a phase in every condition."""
    return {
        name: {words: _tried(there, ask, phase_condition) for words, ask in PHASE_COMMANDS.items()}
        for name, there in PHASE_STATES.items()
    }


def task_table() -> Table:
    """Try every command on the second task in every state it can be in."""
    return {
        name: {words: _tried(there, ask, task_state) for words, ask in TASK_COMMANDS.items()}
        for name, there in TASK_STATES.items()
    }


def _tried(there: tuple[f.Fact, ...], ask: Callable[[], Command], look: Callable[[Outcome], str]) -> Cell:
    outcome = given(*there).when(ask())
    return Cell(look(outcome), outcome.answer if isinstance(outcome.answer, Refusal) else None)


def _state(outcome: Outcome, phase: str = f.PHASE) -> PhaseState | None:
    head = outcome.log.heads([stream_of(phase)])[1].get(stream_of(phase))
    return PhaseState.from_facts(head.facts) if head else None


def step_state(outcome: Outcome) -> str:
    """Return the state of the research step."""
    state = _state(outcome)
    return (state.documents[Step.RESEARCH].state if state else StepState.NOT_STARTED).value


def phase_condition(outcome: Outcome) -> str:
    """Return the condition of the phase, in the words of the table."""
    state = _state(outcome)
    if state is None:
        return "no such phase"
    if state.archived:
        return "archived"
    if state.handed_off:
        return "handed off"
    if state.current is not None:
        return "open"
    if state.open_blockers:
        return "blocked"
    others = (_state(outcome, on) for on in state.depends_on)
    return "ready" if all(other and other.handed_off for other in others) else "waiting"


def task_state(outcome: Outcome) -> str:
    """Return the state of the second task, in the words of the table."""
    state = _state(outcome)
    if state is None or not state.tasks.in_force.iteration:
        return "proposed"
    found = state.tasks.of("T002").state
    if found is not TaskState.OPEN:
        return found.value
    return "waiting" if state.tasks.waits_for("T002") else "ready"


def _rows(table: Table, corner: str, *, commands_down: bool) -> list[str]:
    states = list(table)
    commands = list(table[states[0]])
    down, across = (commands, states) if commands_down else (states, commands)
    lines = ["| " + " | ".join((corner, *across)) + " |", "|" + "---|" * (len(across) + 1)]
    for name in down:
        cells = (table[other][name] if commands_down else table[name][other] for other in across)
        lines.append("| " + " | ".join((name, *(cell.shown for cell in cells))) + " |")
    return lines


def _refusals(*tables: Table) -> list[str]:
    seen: dict[tuple[str, str], Refusal] = {}
    for table in tables:
        for row in table.values():
            for cell in row.values():
                if cell.refusal:
                    seen.setdefault((type(cell.refusal).__name__, cell.refusal.code), cell.refusal)
    lines = ["| refusal | code | for example | what to type next |", "|---|---|---|---|"]
    for (name, code), refusal in sorted(seen.items()):
        fix = "<br>".join(f"`{line}`" for line in refusal.fix)
        lines.append(f"| {name} | `{code}` | {refusal.message} | {fix} |")
    return lines


def _diagram(table: Table) -> list[str]:
    """Return the accepted commands as arrows between the plain states, in Mermaid."""
    arrows: dict[tuple[str, str], list[str]] = {}
    for name, row in table.items():
        before = name.split(",")[0]
        for words, cell in row.items():
            if cell.refusal is None and (before != cell.state or words in ("draft", "request")):
                told = arrows.setdefault((before, cell.state), [])
                plain = words.removesuffix(" --force").removesuffix(", same text").strip("*")
                if plain not in told:
                    told.append(plain)
    lines = ["```mermaid", "stateDiagram-v2", "    [*] --> not_started"]
    lines += [f"    {before} --> {after}: {', '.join(words)}" for (before, after), words in arrows.items()]
    return [*lines, "```"]


def page() -> str:
    """Return the whole page."""
    steps, phases, tasks = step_table(), phase_table(), task_table()
    lines = [
        "# States",
        "",
        "Made by `python -m docs.states`, which tries every command in every state; a test holds this page to the",
        "code. **Bold** is the state after an accepted command; ✗ names the refusal, and nothing was recorded.",
        "",
        "Refusals that depend on who asks, or on the words of the command, are not in the tables: PolicyForbids,",
        "PolicyNeedsPerson, AlreadyJudged, VerdictIsStale, DocumentEdited, TextErased, LatestTextStays, ReasonMissing,",
        "CommandIdReused, QualityTooLow, BreakGlassUnknown; and of an import StepWrittenHere, as it overtakes no text",
        "written here.",
        "Of orch gate, which decides nothing: GateClosed, ReceiptRefused.",
        "",
        "## One step",
        "",
        "The table looks at *research*; the other steps behave alike. Unless the column says otherwise, every earlier",
        "step is approved, one approval is enough and requests run out after an hour. Where more approvals are needed,",
        "`approve` and `reconfirm` leave the state as it is until the last one. `approve --force` is the author's,",
        "who may not approve what they wrote.",
        "",
        *_diagram(steps),
        "",
        *_rows(steps, "command", commands_down=True),
        "",
        "## A phase",
        "",
        "*Ready*: all five steps are approved. *Blocked*: that, and a blocker is open. *Waiting*: that, and a phase it",
        "depends on has not been handed off.",
        "",
        *_rows(phases, "command", commands_down=True),
        "",
        "## A task",
        "",
        "The table looks at *T002*, which waits for *T001*. *Proposed*: no iteration that lists it was approved.",
        "",
        *_rows(tasks, "command", commands_down=True),
        "",
        "## The refusals above",
        "",
        *_refusals(steps, phases, tasks),
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
