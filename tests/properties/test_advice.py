"""Whatever happened and whatever ran out since: what readers advise, the engine accepts."""

from datetime import datetime, timedelta
from shlex import split

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.actors import Actor
from domain.commands import Command
from domain.errors import GateClosed, Refusal
from domain.event_log import Head
from domain.handler import handle
from domain.phase_glance import glance
from domain.phase_state import PhaseState
from domain.policy_state import PolicyState
from domain.steps import STEPS, StepState
from domain.tasks import TaskState
from domain.times import microseconds
from projections import next_steps, phase_status, why
from projections.gate import approved
from projections.task_list import outline_places, ready
from tests import asks
from tests.facts import ADA, GRACE, LINUS, NOON, PHASE
from tests.memory_log import MemoryLog
from tests.plain_templates import PlainTemplates
from tests.projections.test_urgent import JUDGED
from tests.properties.test_folds import COMMANDS
from tests.stories import Outcome
from tests.stories import given as begun

EVE = Actor("eve")
"""Who has had nothing to do with any text; she gets every role there is."""
LATER = (0, 59, 60, 3600, 9 * 3600)
"""Seconds; glasses are broken for sixty, and some commands come eight hours later."""
MORE = (
    *COMMANDS,
    *(lambda step=step: asks.request(step, at=NOON + timedelta(minutes=2)) for step in STEPS),
    *(lambda step=step: asks.approve(step, by=LINUS, at=NOON + timedelta(minutes=2)) for step in STEPS),
)


@st.composite
def broken_logs(draw: st.DrawFn) -> MemoryLog:
    """Draw a history in which the glass was broken over some steps, and what came after."""
    story: Outcome = begun().when(asks.set_policy(break_glass_seconds=60, author_may_not_approve=True))
    for step, broken in zip(STEPS, draw(st.lists(st.booleans(), max_size=len(STEPS))), strict=False):
        by = ADA if broken else GRACE
        story = story.when(asks.draft(step)).when(asks.approve(step, by=by, break_glass=True, reason="at night"))
    for command in draw(st.lists(st.sampled_from(MORE), max_size=8)):
        story = story.when(command())
    assert isinstance(story.log, MemoryLog)
    return story.log


def advised(log: MemoryLog, head: Head, now: int, policy: PolicyState) -> set[str]:
    """Return every command that some reader gives for a phase."""
    heads = [*log.heads_below("phase:")[1].values()]
    others = [other for other in heads if other != head]
    depends = {on: next((h for h in heads if h.facts["phase"] == on), None) for on in head.facts["depends_on"]}
    status = phase_status.phase_status(head, log.told(phase_status.places(head)), now_us=now, policy=policy)
    rows = next_steps.next_steps([head], log.told(next_steps.places([head])), others=others, now_us=now, policy=policy)
    found = {*status["next_commands"]}.union(*([row["command"], *row["instead"]] for row in rows))
    for step in (*STEPS, None):
        told = log.told(why.places(head))
        answer = why.why(head, step, told, now_us=now, policy=policy, dependencies=depends)
        found |= {*answer["next_commands"]}.union(*(each["fix"] for each in answer["missing"]))
    for step in STEPS:
        try:
            approved(PhaseState.from_facts(head.facts), step, now_us=now)
        except GateClosed as closed:
            found |= {*closed.fix}
    return found


def meant(line: str, at: datetime) -> Command | None:
    """Return the command of a line about the phase at hand; None for one that only reads, or is about another."""
    verb, *words = split(line.removeprefix("orch "))
    if PHASE not in words:
        return None
    match verb, words:
        case "approve", [_, step]:
            return asks.approve(step, by=EVE, at=at)
        case "reject", [_, step, _, feedback]:
            return asks.reject(step, feedback, by=EVE, at=at)
        case "reconfirm", [_, step, _, reason]:
            return asks.reconfirm(step, reason, by=EVE, at=at)
        case "request", [_, step]:
            return asks.request(step, at=at)
        case "unblock", [_, blocker]:
            return asks.unblock(blocker, at=at)
        case "depend", [_, "--on", on, "--remove"]:
            return asks.undepend(on, at=at)
        case "handoff", [_]:
            return asks.hand_off(at=at)
        case "task", ["start", _, number]:
            return asks.start(number, at=at)
        case "task", ["done", _, number]:
            return asks.complete(number, at=at)
        case (("why" | "history" | "status"), _):
            return None
        case _:
            assert verb in STEPS, line
            return asks.draft(verb, at=at)


@settings(deadline=None, max_examples=150)
@given(broken_logs(), st.sampled_from(LATER))
def test_what_is_advised_is_accepted(log: MemoryLog, seconds: int) -> None:
    at = NOON + timedelta(seconds=seconds)
    Outcome(log, before=0).when(asks.grant("eve", "lead"))
    head = log.heads([f"phase:{PHASE}"])[1].get(f"phase:{PHASE}")
    if head is None:
        return
    policy = PolicyState.from_facts(log.heads(["policy"])[1]["policy"].facts)
    waits = bool(head.facts["depends_on"])
    for line in advised(log, head, microseconds(at), policy):
        command = meant(line, at)
        if command is None or (waits and line.startswith("orch handoff")):
            continue
        try:
            handle(command, log=log.copied(), templates=PlainTemplates())
        except Refusal as refusal:
            raise AssertionError(f"{line}: {refusal}") from refusal


@settings(deadline=None, max_examples=150)
@given(broken_logs(), st.sampled_from(LATER))
def test_what_is_seen_at_a_time_is_what_the_next_command_writes_down(log: MemoryLog, seconds: int) -> None:
    at = NOON + timedelta(seconds=seconds)
    for head in log.heads_below("phase:")[1].values():
        state, now = PhaseState.from_facts(head.facts), microseconds(at)
        seen, whole = glance(head.facts).at(now), state.at(now)
        assert (seen.current, seen.approved) == (whole.current, len(whole.completed))
        assert seen.unrecorded == bool(outline_places(whole))
        assert [step for step, _ in seen.glass] == [s for s, d in whole.documents.items() if d.under_glass]
        states = [whole.tasks.of(number).state for number, *_ in whole.tasks.in_force.tasks]
        counted = (len(states), states.count(TaskState.DONE), states.count(TaskState.STARTED))
        assert seen.tasks == (*counted, len(ready(whole, whole.tasks)))
        if whole.current is not None and whole.documents[whole.current].state is not StepState.EXPIRED:
            document = whole.documents[whole.current]
            assert [getattr(seen.document, name) for name in JUDGED] == [getattr(document, name) for name in JUDGED]
        after = Outcome(log, before=0).when(asks.retitle("Sound", at=at))
        written = log.heads([head.stream])[1][head.stream] if head.facts["phase"] == PHASE else None
        if isinstance(after.answer, Refusal) or written is None:
            continue
        recorded = PhaseState.from_facts(written.facts)
        assert [d.state for d in recorded.documents.values()] == [d.state for d in whole.documents.values()]
        assert recorded.under_glass == whole.under_glass
