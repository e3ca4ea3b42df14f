"""Hypothesis works on tasks: which there may be, and everything that may be asked about them."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from domain import commands as c
from domain.actors import Actor
from tests.facts import ADA, GRACE, LINUS, ROBOT
from tests.properties.engine_checks import EngineChecks

PHASES = ("st01-a", "st02-b", "st03-c")
TASKS: tuple[list[dict[str, Any]], ...] = (
    [
        {"id": "T001", "title": "mixer"},
        {"id": "T002", "title": "tests", "dependencies": ["T001"]},
        {"id": "T003", "title": "handbook", "dependencies": ["T001", "T002"]},
    ],
    [{"title": "tests"}, {"title": "limiter"}],
    [{"id": "T001", "title": "tests"}, {"id": "T002", "title": "mixer", "dependencies": ["T001"]}],
    [{"id": "T004", "title": "echo"}, {"title": "mixer"}],
)
BY_HAND = "- [ ] **T001** mixer\n- [x] **T003** flute (after T001)\n"

some_phase = st.sampled_from((*PHASES * 6, "st09-new", "Bad-Id"))
some_actor = st.sampled_from((ADA, GRACE, LINUS, ROBOT))
some_reason = st.sampled_from(("because", "because", " "))
some_tasks = st.lists(st.sampled_from((0, 0, 1, 1, 2, 2, 9)), max_size=2)
"""Which of the tasks that are worked on; 9 is none of them."""


class EngineTaskRules(EngineChecks):
    """Everything that may be asked about tasks."""

    def numbers(self, phase: str, picked: list[int]) -> tuple[str, ...]:
        """Return numbers: those of tasks that are worked on, or one that nobody has heard of."""
        known = [*self.model.phases[phase].tasks] if phase in self.model.phases else []
        return tuple(dict.fromkeys(known[n % len(known)] if known and n < 9 else f"T00{n}" for n in picked))

    @rule(phase=some_phase, by=some_actor, picked=some_tasks, forced=st.booleans(), reason=some_reason)
    def start(self, phase: str, by: Actor, picked: list[int], forced: bool, reason: str) -> None:
        self.ask(c.StartTasks(self.meta(by), phase, self.numbers(phase, picked), forced, reason))

    @rule(phase=some_phase, by=some_actor, picked=some_tasks, forced=st.booleans(), reason=some_reason)
    def complete(self, phase: str, by: Actor, picked: list[int], forced: bool, reason: str) -> None:
        self.ask(c.CompleteTasks(self.meta(by), phase, self.numbers(phase, picked), "", forced, reason))

    @rule(phase=some_phase, by=some_actor, picked=some_tasks, reason=some_reason)
    def reopen_tasks(self, phase: str, by: Actor, picked: list[int], reason: str) -> None:
        self.ask(c.ReopenTasks(self.meta(by), phase, self.numbers(phase, picked), reason))

    @rule(phase=some_phase, by=some_actor, picked=some_tasks, to=st.sampled_from(("", "grace", "robot")))
    def assign(self, phase: str, by: Actor, picked: list[int], to: str) -> None:
        self.ask(c.AssignTasks(self.meta(by), phase, self.numbers(phase, picked), to))

    @rule(phase=some_phase, by=some_actor, forced=st.booleans(), reason=some_reason, all_done=st.booleans())
    def sync(self, phase: str, by: Actor, forced: bool, reason: str, all_done: bool) -> None:
        """Tick every box, or empty every one."""
        found = self.model.phases.get(phase)
        done = {n for n in found.tasks if n in found.chores and found.chores[n].state == "done"} if found else set()
        ticked = tuple(n for n in found.tasks if n not in done) if found and all_done else ()
        emptied = tuple(sorted(done)) if not all_done else ()
        self.ask(c.SyncTasks(self.meta(by), phase, ticked, emptied, forced, reason))
