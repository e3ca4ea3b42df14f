"""Tasks as readers see them: the list, what to do next, and what another moment would undo."""

from domain.phase_state import PhaseState
from domain.steps import Step
from projections.next_steps import next_steps
from projections.next_steps import places as next_places
from projections.task_list import TaskRow, next_tasks, outline_places, phase_tasks, places, task_list
from projections.task_moves import task_moves
from tests.projections.worlds import GRACE, ROBOT, Story, World

TASKS = (("T001",), ("T002", "T001"), ("T003",))


def story(world: World) -> Story:
    return Story(world).approved_upto(Step.PRD).draft(Step.TASKS, tasks=TASKS).approve(Step.TASKS)


def rows_of(told: Story) -> dict[str, TaskRow]:
    world = told.world
    return {row["number"]: row for row in task_list(told.head, world.told(places(told.head)), now_us=world.now)}


def state_of(told: Story) -> PhaseState:
    return PhaseState.from_facts(told.head.facts)


def test_a_row_says_who_made_it_what_it_is_and_since_when() -> None:
    world = World()
    told = story(world).start("T001", by=ROBOT).do("assign_tasks", ["T001", "T002"], to="grace")
    row = rows_of(told)["T001"]
    assert (row["state"], row["by"], row["assignee"]) == ("started", {"name": "robot", "kind": "agent"}, "grace")
    assert row["since"] == world.time_of("phase.task_started")
    told.complete("T001", by=GRACE, note="2 ms")
    row = rows_of(told)["T001"]
    assert (row["state"], row["by"], row["note"]) == ("done", {"name": "grace", "kind": "human"}, "2 ms")
    assert [row["ready"] for row in rows_of(told).values()] == [False, True, True]


def test_erased_texts_leave_numbers_states_and_people() -> None:
    world = World()
    told = story(world).complete("T001", note="2 ms")
    world.erase_everything()
    row = rows_of(told)["T001"]
    assert (row["title"], row["hours"], row["note"], row["state"]) == (None, None, None, "done")
    assert phase_tasks(told.head, world.told(places(told.head)), now_us=world.now)["done"] == 1


def test_tasks_of_a_document_whose_numbers_were_not_recorded_are_read_from_it() -> None:
    world = World()
    told = story(world)
    world.heads[told.stream] = told.head._replace(
        facts={name: value for name, value in told.head.facts.items() if name != "tasks"}
    )
    assert [row["ready"] for row in rows_of(told).values()] == [True, False, True]
    assert next_tasks(state_of(told), world.told(outline_places(state_of(told)))) == [
        f"orch task start {told.name} T001"
    ]


def test_what_is_begun_comes_before_what_is_ready_and_only_while_the_document_is_approved() -> None:
    world = World()
    told = story(world).start("T003", by=GRACE).do("assign_tasks", ["T001"], to="linus")

    def said() -> list[tuple[str | None, str, str]]:
        heads = list(world.heads.values())
        found = next_steps(heads, world.told(next_places(heads)), now_us=world.now, policy=world.policy)
        return [(step["task"], step["because"], step["command"]) for step in found if step["task"]]

    assert said() == [
        ("T003", "T003 is being worked on by grace: Task T003", f"orch task done {told.name} T003"),
        ("T001", "T001 is ready for linus: Task T001", f"orch task start {told.name} T001"),
    ]
    told.reopen(Step.TASKS)
    assert [number for number, *_ in said()] == ["T003"]
    told.draft(Step.TASKS, tasks=TASKS).approve(Step.TASKS)
    told.do("hand_off", dependencies={}, comments="")
    assert [number for number, *_ in said()] == ["T003", "T001"], "work goes on after the handoff"
    told.do("archive", reason="over")
    assert said() == []


def test_moves_between_two_states_name_what_is_undone() -> None:
    told = story(World())
    before = state_of(told)
    told.complete("T001").do("assign_tasks", ["T002"], to="grace")
    after = state_of(told)
    back = task_moves(after, before)
    assert [(m["task"], m["before"], m["after"], m["undone"]) for m in back] == [
        ("T001", "done", "open", True),
        ("T002", "open", "open", False),
    ]
    assert (back[1]["assignee_before"], back[1]["assignee_after"]) == ("grace", None)
    assert task_moves(after, after) == []
    assert [m["undone"] for m in task_moves(after, None)] == [True, False, False]
    assert [m["undone"] for m in task_moves(before, after)] == [False, False]
