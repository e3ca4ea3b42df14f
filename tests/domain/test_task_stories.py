"""Tasks in motion: what was approved is worked on, in its order, by anybody, and nothing of it breaks an approval."""

import pytest

from domain.commands import Command
from domain.errors import (
    InvalidInput,
    NotFound,
    NothingChanged,
    PhaseArchived,
    ReasonMissing,
    StepNotApproved,
    TaskWaits,
)
from domain.phase_state import PhaseState
from domain.quality import quality_of
from domain.steps import Step, StepState
from domain.tasks import TaskState
from tests import asks
from tests.facts import (
    BEFORE_TASKS,
    FIELDS,
    GRACE,
    PHASE,
    ROBOT,
    WITH_TASKS,
    approved,
    archived,
    assigned,
    completed,
    digest_for,
    drafted,
    edited,
    handed_off,
    numbered,
    opened,
    rejected,
    reopened,
    requested,
    started,
    task_reopened,
)
from tests.plain_templates import plain_text
from tests.stories import Outcome, given

WORKED_ON = (opened(), *BEFORE_TASKS, *WITH_TASKS)
LIST = f"orch task list {PHASE}"
ROWS = [
    {"id": "T001", "title": "Mixer"},
    {"id": "T002", "title": "Tests", "dependencies": ["T001"]},
    {"id": "T003", "title": "Handbook", "dependencies": ["T002"]},
]


def state_of(outcome: Outcome) -> PhaseState:
    return PhaseState.from_facts(outcome.log.heads([f"phase:{PHASE}"])[1][f"phase:{PHASE}"].facts)


def fields_with(*rows: object) -> dict[str, object]:
    return {**FIELDS, "tasks": list(rows)}


def draft(*rows: object) -> Outcome:
    """Return the phase after a draft of tasks as an author gives them."""
    return given(opened(), *BEFORE_TASKS).when(asks.draft("tasks", fields=fields_with(*rows)))


def listed(outcome: Outcome) -> dict[str, tuple[str, ...]]:
    return state_of(outcome).tasks.latest.needs


def test_a_draft_records_which_tasks_it_lists_and_what_each_waits_for() -> None:
    text = plain_text(Step.TASKS, fields_with(*ROWS), title="Audio Engine", iteration=1, answers=())
    fact = drafted("tasks", text=text)
    quality = quality_of(Step.TASKS, fields_with(*ROWS))
    assert quality is not None
    scored = {"fields": fields_with(*ROWS), "quality": quality.score, "missing": quality.missing}
    draft(*ROWS).then(fact._replace(values=fact.values | scored), numbered(), requested("tasks"))


def test_only_what_was_approved_is_worked_on() -> None:
    waiting = given(opened(), *BEFORE_TASKS, drafted("tasks"), numbered(), requested("tasks"))
    waiting.when(asks.start("T001")).refused(
        StepNotApproved,
        f"orch approve {PHASE} tasks",
        code="WORKFLOW_VIOLATION",
        saying="before tasks is approved (tasks is awaiting approval)",
    )


def test_a_task_is_started_and_done_by_anybody_also_by_an_agent() -> None:
    given(*WORKED_ON).when(asks.start("T001", by=ROBOT)).then(started("T001", by=ROBOT)).when(
        asks.complete("T001", by=ROBOT, note="2 ms")
    ).then(completed("T001", by=ROBOT, note="2 ms"))


def test_a_task_waits_for_those_it_rests_on() -> None:
    for ask, verb in ((asks.start("T002"), "start"), (asks.complete("T002"), "done")):
        given(*WORKED_ON).when(ask).refused(
            TaskWaits,
            f"orch task done {PHASE} T001",
            f'orch task {verb} {PHASE} T002 --force --reason "why it need not wait"',
            code="WORKFLOW_VIOLATION",
            saying="T002 waits for T001, which is not done",
        )


def test_force_with_a_reason_sets_the_order_aside_and_says_so() -> None:
    given(*WORKED_ON).when(asks.start("T002", forced=True, reason="release night")).then(
        started("T002", broke=("dependencies",), reason="release night")
    )
    given(*WORKED_ON).when(asks.start("T001", forced=True, reason="just in case")).then(
        started("T001", reason="just in case")
    )
    given(*WORKED_ON).when(asks.complete("T002", forced=True, reason=" ")).refused(
        ReasonMissing,
        f'orch task done {PHASE} T002 --force --reason "why it need not wait"',
        code="VALIDATION_ERROR",
        saying="needs a reason",
    )


def test_several_tasks_are_one_command_in_the_order_in_which_they_can_be_done() -> None:
    given(*WORKED_ON).when(asks.complete("T003", "T001", "T002")).then(
        completed("T001"), completed("T002"), completed("T003")
    )


def test_several_tasks_are_all_done_or_none() -> None:
    given(*WORKED_ON).when(asks.complete("T001", "T003")).refused(
        TaskWaits,
        f"orch task done {PHASE} T002",
        f'orch task done {PHASE} T001 T003 --force --reason "why it need not wait"',
        code="WORKFLOW_VIOLATION",
        saying="T003 waits for T002",
    )
    given(*WORKED_ON, completed("T001")).when(asks.complete("T001", "T002")).refused(
        NothingChanged, LIST, code="NOTHING_CHANGED", saying="T001 is done already"
    )


def test_an_unknown_number_is_refused_with_those_it_may_have_meant() -> None:
    given(*WORKED_ON).when(asks.start("T02")).refused(NotFound, LIST, code="NOT_FOUND", saying="Did you mean T002")
    given(*WORKED_ON).when(asks.start("T002", "nonsense")).refused(NotFound, LIST, code="NOT_FOUND", saying="nonsense")
    given(*WORKED_ON).when(asks.start()).refused(InvalidInput, LIST, code="VALIDATION_ERROR", saying="at least one")


def test_doing_it_again_changes_nothing() -> None:
    story = given(*WORKED_ON, started("T001"))
    story.when(asks.start("T001")).refused(NothingChanged, LIST, code="NOTHING_CHANGED", saying="started already")
    story.when(asks.reopen_task("T002")).refused(NothingChanged, LIST, code="NOTHING_CHANGED", saying="open already")
    story.when(asks.assign("T002", to="")).refused(NothingChanged, LIST, code="NOTHING_CHANGED", saying="nobody's")
    story.when(asks.sync()).refused(NothingChanged, LIST, code="NOTHING_CHANGED", saying="say what the log says")


def test_a_task_is_reopened_with_a_reason_and_what_rests_on_it_stays() -> None:
    story = given(*WORKED_ON, completed("T001"), completed("T002"))
    story.when(asks.reopen_task("T001")).then(task_reopened("T001"))
    assert state_of(story).tasks.of("T002").state is TaskState.DONE
    given(*WORKED_ON, started("T001")).when(asks.reopen_task("T001", reason=" ")).refused(
        ReasonMissing,
        f'orch task reopen {PHASE} T001 --reason "what is missing"',
        code="VALIDATION_ERROR",
        saying="Reopening a task",
    )


def test_tasks_are_given_to_somebody_and_taken_away_again() -> None:
    given(*WORKED_ON).when(asks.assign("T001", "T002")).then(assigned("T001"), assigned("T002")).when(
        asks.assign("T001", to="")
    ).then(assigned("T001", ""))
    bad = given(*WORKED_ON).when(asks.assign("T001", to="gra\nce"))
    assert isinstance(bad.answer, InvalidInput)


def test_boxes_are_recorded_as_one_command() -> None:
    given(*WORKED_ON, completed("T001"), completed("T002")).when(asks.sync(done=("T003",), reopened=("T001",))).then(
        task_reopened("T001", reason="its box is empty"), completed("T003")
    )


def test_work_goes_on_after_the_handoff_and_ends_with_the_archive() -> None:
    given(*WORKED_ON, handed_off()).when(asks.complete("T001")).then(completed("T001"))
    given(*WORKED_ON, archived()).when(asks.complete("T001")).refused(
        PhaseArchived, f"orch history {PHASE}", code="WORKFLOW_VIOLATION", saying="read-only"
    )


def test_what_is_begun_can_be_finished_after_the_document_was_reopened_but_nothing_new_begins() -> None:
    story = given(*WORKED_ON, started("T001"), reopened("tasks"))
    story.when(asks.complete("T001")).then(completed("T001"))
    story.when(asks.start("T002")).refused(
        StepNotApproved,
        f'orch tasks {PHASE} --tasks "first task,second task"',
        f'orch task start {PHASE} T002 --force --reason "why it need not wait"',
        code="WORKFLOW_VIOLATION",
        saying="T002 cannot start before tasks is approved",
    )
    story.when(asks.start("T002", forced=True, reason="the plan holds")).then(
        started("T002", broke=("approval",), reason="the plan holds")
    )


def test_no_task_command_touches_the_approval() -> None:
    story = given(*WORKED_ON).when(asks.complete("T001"))
    document = state_of(story).documents[Step.TASKS]
    assert (document.state, document.digest) == (StepState.APPROVED, digest_for("tasks"))


def test_a_rejected_iteration_changes_nothing_about_the_work_and_an_approved_one_replaces_it() -> None:
    second = (
        reopened("tasks"),
        drafted("tasks", 2),
        numbered(("T001",), ("T004",), iteration=2),
        requested("tasks", 2),
    )
    story = given(*WORKED_ON, completed("T001"), *second, rejected("tasks", 2))
    assert state_of(story).tasks.in_force.iteration == 1
    story.when(asks.assign("T003")).then(assigned("T003"))
    story = given(*WORKED_ON, completed("T001"), *second, approved("tasks", 2))
    assert state_of(story).tasks.counted() == (1, 2)
    story.when(asks.start("T003")).refused(NotFound, LIST, code="NOT_FOUND", saying="iteration 2 of tasks")
    story.when(asks.start("T004")).then(started("T004", iteration=2))


def test_a_task_that_stays_keeps_its_number_and_a_new_one_gets_one_that_was_never_used() -> None:
    story = draft(*ROWS)
    story = story.when(asks.draft("tasks", fields=fields_with({"title": "Handbook"}, {"title": "Limiter"})))
    assert listed(story) == {"T003": (), "T004": ()}
    story = story.when(asks.draft("tasks", fields=fields_with({"title": "Echo"}, {"title": "mixer!"})))
    assert listed(story) == {"T005": (), "T001": ()}


def test_numbers_in_a_file_that_counts_anew_are_set_right_with_their_dependencies() -> None:
    story = draft(*ROWS)
    again = fields_with({"id": "T001", "title": "Tests"}, {"id": "T002", "title": "Handbook", "dependencies": ["T001"]})
    assert listed(story.when(asks.draft("tasks", fields=again))) == {"T002": (), "T003": ("T002",)}


def test_a_text_by_hand_lists_its_tasks_too() -> None:
    text = "# Tasks\n\n- [ ] **T001** Mixer (4 h)\n- [x] **T007** Limiter (high priority, after T001)\n"
    given(opened(), *BEFORE_TASKS).when(asks.edit("tasks", text)).then(
        edited("tasks", 1, text), numbered(("T001",), ("T007", "T001")), requested("tasks")
    )


def test_a_text_by_hand_cannot_give_the_number_of_a_dropped_task_to_another() -> None:
    story = draft(*ROWS).when(asks.draft("tasks", fields=fields_with({"title": "Mixer"})))
    story.when(asks.edit("tasks", "- [ ] **T003** Flute\n")).refused(
        InvalidInput, f"orch history {PHASE}", code="VALIDATION_ERROR", saying="the next free one is T004"
    )
    assert listed(story.when(asks.edit("tasks", "- [ ] **T003** Handbook\n"))) == {"T003": ()}


def test_a_text_by_hand_in_which_tasks_wait_for_each_other_is_refused() -> None:
    given(opened(), *BEFORE_TASKS).when(
        asks.edit("tasks", "- [ ] T001 a (after T002)\n- [ ] T002 b (after T001)\n")
    ).refused(InvalidInput, code="VALIDATION_ERROR", saying="wait for each other: T001, T002")


OLD = drafted("tasks", text="# Tasks\n\n- [ ] **T001** Mixer\n- [ ] **T002** Tests (after T001)\n")
"""As it was drafted before numbers were recorded."""
OLD_LOG = (opened(), *BEFORE_TASKS, OLD, requested("tasks"), approved("tasks", text=OLD.values["text"]))


def test_of_an_older_log_the_first_command_about_tasks_records_their_numbers() -> None:
    story = given(*OLD_LOG)
    assert "tasks" not in story.log.heads([f"phase:{PHASE}"])[1][f"phase:{PHASE}"].facts, "its heads stay as they were"
    story.when(asks.start("T001", by=GRACE)).then(
        numbered(("T001",), ("T002", "T001"), by=GRACE), started("T001", by=GRACE)
    )
    story.when(asks.complete("T001")).then(completed("T001"))


def test_of_an_older_log_the_next_draft_keeps_its_numbers() -> None:
    story = given(*OLD_LOG, reopened("tasks")).when(
        asks.draft("tasks", fields=fields_with({"title": "Tests"}, {"title": "Limiter"}))
    )
    assert listed(story) == {"T002": (), "T003": ()}


@pytest.mark.parametrize("ask", [asks.start("T001"), asks.complete("T001"), asks.assign("T001")])
def test_a_document_without_tasks_has_none_to_work_on(ask: Command) -> None:
    old = (opened(), *BEFORE_TASKS, drafted("tasks"), requested("tasks"), approved("tasks"))
    given(*old).when(ask).refused(NotFound, LIST, code="NOT_FOUND", saying="It lists none")


def test_more_tasks_than_an_event_can_hold_are_refused_in_words() -> None:
    many = [{"title": f"Task number {n}"} for n in range(6_900)]
    refused = draft(*many)
    assert isinstance(refused.answer, InvalidInput) and "several phases" in refused.answer.message
    kept = [{"id": "T001", "title": "one"}]
    assert not isinstance(draft(*kept).answer, InvalidInput)


def test_a_name_that_cannot_be_somebodys_is_put_right_in_the_line_that_named_them() -> None:
    given(*WORKED_ON).when(asks.assign("T002", to=" ada")).refused(
        InvalidInput, f"orch task assign {PHASE} T002 --to ada", code="VALIDATION_ERROR", saying="An actor's name"
    )
