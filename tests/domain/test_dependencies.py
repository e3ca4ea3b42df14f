"""Phases wait for each other, but never in a circle."""

import pytest

from domain.errors import DependencyCycle, NotFound, NothingChanged, NotReadyForHandoff
from tests import asks
from tests.facts import (
    ALL_DONE,
    HOUR,
    NOON,
    OTHER,
    PHASE,
    Fact,
    archived,
    blocked,
    dependency_added,
    dependency_removed,
    drafted,
    expiry,
    handed_off,
    opened,
    requested,
)
from tests.stories import given

THIRD = "st03-export"
ALL_OPEN = (opened(), opened(phase=OTHER), opened(phase=THIRD))
WITHOUT = f"orch depend {PHASE} --on {OTHER} --remove"


def of_other(*facts: Fact) -> tuple[Fact, ...]:
    return tuple(fact.of(OTHER) for fact in facts)


def test_a_phase_may_wait_for_another() -> None:
    given(*ALL_OPEN).when(asks.depend()).then(dependency_added()).when(asks.depend(THIRD)).then(dependency_added(THIRD))


def test_a_phase_waits_for_another_once() -> None:
    given(*ALL_OPEN, dependency_added()).when(asks.depend()).refused(
        NothingChanged, f"orch status {PHASE}", code="NOTHING_CHANGED", saying=f"depends on {OTHER} already"
    )


def test_a_phase_cannot_wait_for_one_that_does_not_exist() -> None:
    given(opened()).when(asks.depend("st09-nowhere")).refused(
        NotFound,
        'orch spec st09-nowhere --objectives "what it must achieve"',
        code="NOT_FOUND",
        saying="no phase st09-nowhere",
    )


def test_a_phase_may_stop_waiting() -> None:
    given(*ALL_OPEN, dependency_added(), dependency_added(THIRD)).when(asks.undepend()).then(dependency_removed())


def test_a_phase_cannot_stop_what_it_never_did() -> None:
    given(*ALL_OPEN).when(asks.undepend()).refused(
        NothingChanged, f"orch status {PHASE}", code="NOTHING_CHANGED", saying=f"does not depend on {OTHER}"
    )


def test_a_phase_cannot_wait_for_itself() -> None:
    given(opened()).when(asks.depend(PHASE)).refused(
        DependencyCycle, f"orch why {PHASE}", code="HIERARCHICAL_VIOLATION", saying=f"{PHASE} → {PHASE}"
    )


def test_two_phases_cannot_wait_for_each_other() -> None:
    given(*ALL_OPEN, dependency_added(PHASE).of(OTHER)).when(asks.depend()).refused(
        DependencyCycle,
        f"orch depend {OTHER} --on {PHASE} --remove",
        code="HIERARCHICAL_VIOLATION",
        saying=f"{PHASE} → {OTHER} → {PHASE}",
    )


def test_a_longer_circle_is_seen_and_the_fix_breaks_it() -> None:
    story = given(*ALL_OPEN, dependency_added(THIRD).of(OTHER), dependency_added(PHASE).of(THIRD))
    story.when(asks.depend()).refused(
        DependencyCycle,
        f"orch depend {THIRD} --on {PHASE} --remove",
        code="HIERARCHICAL_VIOLATION",
        saying=f"{PHASE} → {OTHER} → {THIRD} → {PHASE}",
    )
    story.when(asks.undepend(PHASE, phase=THIRD)).then(dependency_removed(PHASE).of(THIRD)).when(asks.depend()).then(
        dependency_added()
    )


def test_the_fix_of_a_circle_names_a_dependency_that_can_be_removed() -> None:
    closed = (dependency_added(THIRD).of(OTHER), dependency_added(PHASE).of(THIRD), archived().of(THIRD))
    given(*ALL_OPEN, *closed).when(asks.depend()).refused(
        DependencyCycle,
        f"orch depend {OTHER} --on {THIRD} --remove",
        code="HIERARCHICAL_VIOLATION",
        saying="wait for each other",
    )


def test_two_ways_to_the_same_phase_are_no_circle() -> None:
    given(*ALL_OPEN, dependency_added(THIRD).of(OTHER), dependency_added(THIRD)).when(asks.depend()).then(
        dependency_added()
    )


def test_the_handoff_waits_for_the_dependencies() -> None:
    given(*ALL_OPEN, dependency_added(), *ALL_DONE, *of_other(*ALL_DONE)).when(asks.hand_off()).refused(
        NotReadyForHandoff,
        f"orch handoff {OTHER}",
        WITHOUT,
        code="HIERARCHICAL_VIOLATION",
        saying=f"it depends on {OTHER}, which has not been handed off",
    ).when(asks.hand_off(phase=OTHER)).then(handed_off().of(OTHER)).when(asks.hand_off()).then(handed_off())


@pytest.mark.parametrize(
    ("there", "fix"),
    [
        ((), (f'orch spec {OTHER} --objectives "what it must achieve"', WITHOUT)),
        ((drafted("spec"), requested("spec")), (f"orch approve {OTHER} spec", WITHOUT)),
        (
            (drafted("spec"), requested("spec", expires_at=expiry(NOON, 60))),
            (f"orch request {OTHER} spec", WITHOUT),
        ),
        ((*ALL_DONE, blocked()), (f"orch unblock {OTHER} B1", WITHOUT)),
        ((archived(),), (WITHOUT,)),
    ],
)
def test_the_fix_names_what_the_dependency_itself_waits_for(there: tuple[Fact, ...], fix: tuple[str, ...]) -> None:
    given(opened(), opened(phase=OTHER), dependency_added(), *ALL_DONE, *of_other(*there)).when(
        asks.hand_off(at=NOON + HOUR)
    ).refused(NotReadyForHandoff, *fix, code="HIERARCHICAL_VIOLATION", saying="has not been handed off")


def test_a_dependency_archived_after_its_handoff_counts() -> None:
    given(
        opened(), opened(phase=OTHER), dependency_added(), *ALL_DONE, *of_other(*ALL_DONE, handed_off(), archived())
    ).when(asks.hand_off()).then(handed_off())


def test_a_dependency_that_was_reopened_holds_the_handoff_up_again() -> None:
    given(opened(), opened(phase=OTHER), dependency_added(), *ALL_DONE, *of_other(*ALL_DONE, handed_off())).when(
        asks.reopen("tasks")._replace(phase=OTHER)
    ).when(asks.hand_off()).refused(
        NotReadyForHandoff,
        f'orch tasks {OTHER} --tasks "first task,second task"',
        WITHOUT,
        code="HIERARCHICAL_VIOLATION",
        saying="has not been handed off",
    )
