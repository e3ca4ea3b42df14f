"""Folding: in halves or at once, from a head or from the beginning, with or without the texts, it is the same."""

from collections.abc import Callable
from typing import Any

import pytest
from eventsourcing.domain import OriginatorVersionError
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.access_token import PREFIX as TOKEN
from domain.access_token import AccessToken, TokenState
from domain.actors import Actor, ActorKind
from domain.aggregates import EventSourced
from domain.documents import Approval, Document
from domain.event_log import EventLog
from domain.events import DomainEvent
from domain.import_claims import TextThere, VerdictThere
from domain.import_events import ClaimedOutcome
from domain.ledger import STREAM as LEDGER
from domain.ledger import Ledger
from domain.ledger_state import LedgerState
from domain.phase import Phase
from domain.phase_events import BlockerType
from domain.phase_state import Blocker, PhaseState
from domain.policy import STREAM as POLICY
from domain.policy import Policy
from domain.policy_state import PolicyState
from domain.project import STREAM as PROJECT
from domain.project import Project
from domain.project_state import ProjectState
from domain.restore_point import PREFIX as POINT
from domain.restore_point import PointState, RestorePoint
from domain.steps import STEPS, Step, StepState
from domain.tasks import Outline, Progress, TaskBook, TaskState
from domain.topics import EVENTS
from tests import asks
from tests.facts import ADA, GRACE, LINUS, NOON, OTHER, PHASE
from tests.stories import Outcome, folded, told_by
from tests.stories import given as begun

TASKS = {"tasks": [{"title": "Mixer"}, {"title": "Limiter", "dependencies": ["T001"]}]}
COMMANDS: tuple[Callable[[], Any], ...] = (
    *(lambda step=step: asks.draft(step) for step in STEPS),
    *(lambda step=step, by=by: asks.approve(step, by=by) for step in STEPS for by in (GRACE, LINUS, ADA)),
    *(lambda step=step: asks.reject(step, "too vague") for step in STEPS),
    *(lambda step=step: asks.reopen(step) for step in STEPS),
    *(lambda step=step: asks.reconfirm(step) for step in STEPS),
    *(lambda step=step: asks.edit(step, "# By hand") for step in STEPS),
    lambda: asks.draft("spec", phase=OTHER),
    lambda: asks.set_policy(minimum_approvers=2, request_expiry_seconds=60),
    lambda: asks.set_policy(minimum_approvers=1),
    lambda: asks.set_policy(break_glass_seconds=60, author_may_not_approve=True),
    *(lambda step=step: asks.approve(step, by=ADA, break_glass=True, reason="at night") for step in STEPS),
    lambda: asks.set_policy(approver_roles={"spec": "lead"}, approvers={"plan": 2}),
    lambda: asks.grant("grace", "lead"),
    lambda: asks.revoke("grace", "lead"),
    asks.depend,
    asks.undepend,
    asks.block,
    asks.unblock,
    asks.hand_off,
    asks.archive,
    lambda: asks.draft("tasks", fields=TASKS),
    lambda: asks.start("T001"),
    lambda: asks.complete("T001"),
    lambda: asks.complete("T002"),
    lambda: asks.reopen_task("T001"),
    lambda: asks.assign("T002"),
    lambda: asks.retitle("Sound"),
    asks.remember,
    lambda: asks.remember("mind the phase", phase=PHASE, level="critical"),
    asks.forget,
    lambda: asks.block(at=NOON.replace(hour=20)),
)


def eventful() -> list[DomainEvent]:
    """Return a history in which every event happens."""
    story = begun().when(asks.draft("spec", phase=OTHER))
    for step in STEPS[:-1]:
        story = story.when(asks.draft(step)).when(asks.approve(step))
    for command in (
        asks.import_phase(
            TextThere("a", 1, Step.SPEC, "# Spec\n", "x/spec.md", 1),
            VerdictThere("b", 2, Step.SPEC, 1, ClaimedOutcome.APPROVED, "user", "so it is", True),
            phase="st09-from-elsewhere",
        ),
        asks.draft("tasks", fields=TASKS),
        asks.approve("tasks"),
        asks.start("T001"),
        asks.complete("T001", note="it was quick"),
        asks.reopen_task("T001"),
        asks.assign("T002"),
        asks.depend(),
        asks.undepend(),
        asks.block(),
        asks.unblock(),
        asks.retitle("Sound"),
        asks.rotate_key("host/project+00000001+BBBB"),
        asks.rotate_key("host/project+00000002+CCCC"),
        asks.hand_off(),
        asks.reopen("spec"),
        asks.set_policy(request_expiry_seconds=60),
        asks.set_policy(approver_roles={"spec": "lead"}, approvers={"spec": 1}),
        asks.grant("grace", "lead", reason="since today"),
        asks.grant("linus", "lead"),
        asks.revoke("linus", "lead", reason="until today"),
        asks.draft("spec"),
        asks.request("spec", at=NOON.replace(hour=13)),
        asks.reject("spec", "too vague", at=NOON.replace(hour=13)),
        asks.draft("spec", at=NOON.replace(hour=13)),
        asks.approve("spec", at=NOON.replace(hour=13)),
        asks.reconfirm("research", at=NOON.replace(hour=13)),
        asks.archive(at=NOON.replace(hour=13)),
        asks.remember(),
        asks.remember("mind the gap", level="critical"),
        asks.forget(1, "it is closed"),
        asks.redact(3),
        asks.review(1, 9),
        asks.alert(),
        asks.name_point("before-it", 9),
        asks.issue_token(),
        asks.revoke_token(),
        asks.promote(redacted=(3,)),
    ):
        story = story.when(command)
    return told_by(story.log)


EVENTFUL = eventful()


@st.composite
def logs(draw: st.DrawFn) -> EventLog:
    """Draw whatever the real engine accepted of any commands, after a beginning of some length."""
    story: Outcome = begun()
    for step in STEPS[: draw(st.integers(0, len(STEPS)))]:
        story = story.when(asks.draft(step)).when(asks.approve(step))
    for command in draw(st.lists(st.sampled_from(COMMANDS), max_size=12)):
        story = story.when(command())
    return story.log


def histories() -> st.SearchStrategy[list[DomainEvent]]:
    return logs().map(told_by)


def heads(events: list[DomainEvent]) -> dict[str, Any]:
    return {stream: aggregate.head() for stream, aggregate in folded(events).items()}


def restored(stream: str, version: int, facts: dict[str, Any]) -> EventSourced:
    """Return an aggregate from its head, as the engine does before it decides."""
    if stream == POLICY:
        return Policy.restore(stream, version, PolicyState.from_facts(facts))
    if stream == LEDGER:
        return Ledger.restore(stream, version, LedgerState.from_facts(facts))
    if stream == PROJECT:
        return Project.restore(stream, version, ProjectState.from_facts(facts))
    if stream.startswith(POINT):
        return RestorePoint.restore(stream, version, PointState.from_facts(facts))
    if stream.startswith(TOKEN):
        return AccessToken.restore(stream, version, TokenState.from_facts(facts))
    return Phase.restore(stream, version, PhaseState.from_facts(facts))


def in_two_halves(events: list[DomainEvent], middle: int) -> dict[str, Any]:
    """Fold the first half, keep only its heads, and fold the rest on them."""
    known: dict[str, Any] = {
        stream: restored(stream, aggregate.version, aggregate.head())
        for stream, aggregate in folded(events[:middle]).items()
    }
    for event in events[middle:]:
        known[event.originator_id] = event.mutate(known.get(event.originator_id))
    return {stream: aggregate.head() for stream, aggregate in known.items()}


def erased(event: DomainEvent) -> DomainEvent:
    nothing: dict[str, Any] = dict.fromkeys(event.PAYLOAD)
    return event.but(**nothing)


def test_the_eventful_history_holds_every_event() -> None:
    assert {type(event) for event in EVENTFUL} == set(EVENTS)


@pytest.mark.parametrize("middle", range(len(EVENTFUL) + 1))
def test_two_half_folds_are_one_fold_wherever_the_middle_is(middle: int) -> None:
    assert in_two_halves(EVENTFUL, middle) == heads(EVENTFUL)


@settings(deadline=None, max_examples=60)
@given(histories(), st.data())
def test_two_half_folds_are_one_fold(events: list[DomainEvent], data: st.DataObject) -> None:
    assert in_two_halves(events, data.draw(st.integers(0, len(events)))) == heads(events)


@settings(deadline=None, max_examples=60)
@given(histories())
def test_everything_folds_when_every_text_is_erased(events: list[DomainEvent]) -> None:
    assert heads([erased(event) for event in events]) == heads(events)


def test_every_event_folds_when_its_texts_are_erased() -> None:
    without = [erased(event) for event in EVENTFUL]
    assert all(getattr(event, name) is None for event in without for name in event.PAYLOAD)
    assert heads(without) == heads(EVENTFUL)


def test_no_text_reaches_a_head() -> None:
    words = str(heads(EVENTFUL))
    for text in (
        "too vague",
        "no kit",
        "Sound",
        "new facts",
        "it still holds",
        "it is over",
        "as few as will do",
        "it was quick",
        "since today",
        "mind the gap",
    ):
        assert text not in words


def test_a_history_of_another_order_is_refused_by_the_fold() -> None:
    phase = [event for event in EVENTFUL if event.originator_id == f"phase:{PHASE}"]
    with pytest.raises(OriginatorVersionError):
        folded([phase[0], phase[2]])


small = st.integers(0, 2**53 - 1)
names = st.text(min_size=1, max_size=5)
listed = st.lists(st.lists(names, min_size=1, max_size=3).map(tuple), max_size=3).map(tuple)
outlines = st.just(Outline()) | st.builds(Outline, st.integers(1, 9), small, listed)
progress = st.builds(Progress, st.sampled_from(TaskState), small, names | st.just(""), names | st.just(""), small)
task_books = st.builds(
    TaskBook,
    outlines,
    outlines,
    st.dictionaries(names, small, max_size=3),
    st.dictionaries(names, progress, max_size=3),
)
actors = st.builds(Actor, names, st.sampled_from(ActorKind))
documents = st.builds(
    Document,
    state=st.sampled_from(StepState),
    iteration=small,
    digest=names,
    author=st.none() | actors,
    drafted=small,
    expires_at=st.none() | small,
    approvals=st.lists(st.builds(Approval, actors, small), max_size=3).map(tuple),
    decided=small,
    feedback=st.lists(small, max_size=3).map(tuple),
    was_approved=st.booleans(),
    stale_because=st.sampled_from(("", *STEPS)).map(str),
    stale_since=small,
    ratify_by=st.none() | small,
    broke_glass=names | st.just(""),
    quality=st.none() | st.integers(0, 100),
    missing=st.lists(names, max_size=3).map(tuple),
)
states = st.builds(
    PhaseState,
    phase=names,
    titled=small,
    documents=st.fixed_dictionaries(dict.fromkeys(STEPS, documents)),
    depends_on=st.lists(names, max_size=3).map(tuple),
    blockers=st.lists(st.builds(Blocker, names, st.sampled_from(BlockerType).map(str), small, small), max_size=3).map(
        tuple
    ),
    handed_off=small,
    archived=small,
    tasks=task_books,
)


def through_json(facts: dict[str, Any]) -> dict[str, Any]:
    """Return what a store gives back."""
    from orjson import loads

    from adapters.envelope import canonical

    found: dict[str, Any] = loads(canonical(facts))
    return found


@given(documents)
def test_a_document_comes_back_from_its_facts(document: Document) -> None:
    assert Document.from_facts(through_json(document.to_facts())) == document


@given(states)
def test_a_phase_comes_back_from_its_facts(state: PhaseState) -> None:
    assert PhaseState.from_facts(through_json(state.to_facts())) == state


tables = st.none() | st.dictionaries(names, small, max_size=3)
words = st.none() | st.dictionaries(names, names, max_size=3)
people = st.none() | st.dictionaries(names, st.lists(names, max_size=3), max_size=3)


maybe = st.none() | small


@given(st.builds(PolicyState, st.booleans(), small, st.booleans(), *[maybe] * 4, tables, words, people, maybe))
def test_a_policy_comes_back_from_its_facts(state: PolicyState) -> None:
    assert PolicyState.from_facts(through_json(state.to_facts())) == state
