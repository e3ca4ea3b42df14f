"""Decisions about a phase's tasks: start, complete, reopen, assign."""

from collections.abc import Sequence
from datetime import datetime
from difflib import get_close_matches
from typing import Any

from domain import hints
from domain.actors import Actor
from domain.errors import InvalidInput, NotFound, NothingChanged, ReasonMissing, StepNotApproved, TaskWaits
from domain.phase_verdicts import PhaseVerdicts
from domain.steps import Step, StepState
from domain.task_events import TaskAssigned, TaskCompleted, TaskReopened, TaskStarted
from domain.tasks import TaskState, in_order

OUT_OF_TURN = "A task out of turn"


class PhaseTasks(PhaseVerdicts):
    """The part of a phase that is worked on. What is worked on is what was approved last.

    Every method decides for all its tasks, or refuses and leaves no event. `may_change_tasks` comes first.
    """

    def change_task(self, number: str, **changes: Any) -> None:
        """Change the progress of one task; only events do this."""
        self.state = self.state._replace(tasks=self.state.tasks.with_progress(number, **changes))

    def put_in_force(self, step: Step, iteration: int) -> None:
        """Let an approved iteration be the one that is worked on; only events do this."""
        if step is Step.TASKS:
            self.state = self.state._replace(tasks=self.state.tasks.approved(iteration))

    def may_change_tasks(self, *, by: Actor, at: datetime) -> None:
        """Refuse what would change an archived phase; one that was handed off is just being worked on."""
        self.note_expiry(by=by, at=at)
        self.refuse_when_archived()

    def start_tasks(self, numbers: Sequence[str], *, forced: bool, reason: str, by: Actor, at: datetime) -> None:
        """Begin to work on tasks whose turn it is."""
        command = f"task start {self.state.phase} {' '.join(numbers)}"
        for number in self._listed(numbers):
            progress = self.state.tasks.of(number)
            if progress.state is not TaskState.OPEN:
                raise self._nothing(number, f"is {progress.state} already")
            broke = self._out_of_turn(number, forced=forced, reason=reason, command=command)
            self._go_on(TaskStarted, number, broke=broke, reason=reason, by=by, at=at)

    def complete_tasks(
        self, numbers: Sequence[str], *, note: str, forced: bool, reason: str, by: Actor, at: datetime
    ) -> None:
        """Record that tasks are done; one that nobody started has to be one that may begin."""
        command = f"task done {self.state.phase} {' '.join(numbers)}"
        for number in self._listed(numbers):
            self._complete(number, note=note, forced=forced, reason=reason, command=command, by=by, at=at)

    def reopen_tasks(self, numbers: Sequence[str], *, reason: str, by: Actor, at: datetime) -> None:
        """Record that tasks which were started or done are still to be done; what rests on them stays as it is."""
        found = self._listed(numbers)
        if not reason.strip():
            command = f"task reopen {self.state.phase} {' '.join(numbers)}"
            raise ReasonMissing("Reopening a task", command=command, example="what is missing")
        for number in found:
            self._reopen(number, reason=reason, by=by, at=at)

    def assign_tasks(self, numbers: Sequence[str], *, to: str, by: Actor, at: datetime) -> None:
        """Give tasks to somebody, or with an empty name to nobody."""
        for number in self._listed(numbers):
            if self.state.tasks.of(number).assignee == to:
                raise self._nothing(number, f"is {to}'s already" if to else "is nobody's already")
            iteration = self.state.tasks.in_force.iteration
            self.happen(TaskAssigned, task=number, iteration=iteration, assignee=to, by=by, at=at)

    def sync_tasks(
        self, done: Sequence[str], reopened: Sequence[str], *, forced: bool, reason: str, by: Actor, at: datetime
    ) -> None:
        """Record what the boxes on disk say of tasks: which are done, and which are not any more."""
        command = f"task sync {self.state.phase} --yes"
        if not done and not reopened:
            phase = self.state.phase
            raise NothingChanged(f"{phase}: the boxes say what the log says.", fix=(f"orch task list {phase}",))
        for number in self._listed(reopened) if reopened else ():
            self._reopen(number, reason=reason or "its box is empty", by=by, at=at)
        for number in self._listed(done) if done else ():
            self._complete(number, note="", forced=forced, reason=reason, command=command, by=by, at=at)

    def _complete(
        self, number: str, *, note: str, forced: bool, reason: str, command: str, by: Actor, at: datetime
    ) -> None:
        state = self.state.tasks.of(number).state
        if state is TaskState.DONE:
            raise self._nothing(number, "is done already")
        broke: tuple[str, ...] = ()
        if state is TaskState.OPEN:
            broke = self._out_of_turn(number, forced=forced, reason=reason, command=command)
        self._go_on(TaskCompleted, number, broke=broke, reason=reason, by=by, at=at, note=note)

    def _go_on(
        self, event: type[TaskStarted | TaskCompleted], number: str, *, broke: tuple[str, ...], **more: Any
    ) -> None:
        """Record that a task went on, with the rules that force set aside for it."""
        iteration = self.state.tasks.in_force.iteration
        self.happen(event, task=number, iteration=iteration, forced=bool(broke), broke=broke, **more)

    def _reopen(self, number: str, *, reason: str, by: Actor, at: datetime) -> None:
        if self.state.tasks.of(number).state is TaskState.OPEN:
            raise self._nothing(number, "is open already")
        iteration = self.state.tasks.in_force.iteration
        self.happen(TaskReopened, task=number, iteration=iteration, reason=reason, by=by, at=at)

    def _listed(self, numbers: Sequence[str]) -> list[str]:
        """Return the numbers in the order in which they can be done; refuse what was not approved."""
        phase, book = self.state.phase, self.state.tasks
        document = self.state.documents[Step.TASKS]
        if not numbers:
            raise InvalidInput("Name at least one task, such as T001.", fix=(f"orch task list {phase}",))
        if not book.in_force.iteration and document.state is not StepState.APPROVED:
            raise StepNotApproved(
                phase,
                "work on a task",
                missing=Step.TASKS,
                state=document.state,
                fix=self.ways_out(Step.TASKS),
            )
        known = [number for number, *_ in book.in_force.tasks]
        for number in numbers:
            if number not in known:
                raise self._unknown(number, known)
        return in_order(book.in_force, numbers)

    def _unknown(self, number: str, known: Sequence[str]) -> NotFound:
        phase, shown = self.state.phase, number[:20]
        approved = f"iteration {self.state.documents[Step.TASKS].iteration} of tasks"
        if self.state.tasks.in_force.iteration:
            approved = f"iteration {self.state.tasks.in_force.iteration} of tasks, which is approved"
        near = get_close_matches(shown, known, n=3, cutoff=0.5)
        hint = f" Did you mean {' or '.join(near)}?" if near else "" if known else " It lists none."
        return NotFound(f"{phase}: there is no task {shown!r} in {approved}.{hint}", fix=(f"orch task list {phase}",))

    def _out_of_turn(self, number: str, *, forced: bool, reason: str, command: str) -> tuple[str, ...]:
        """Return the rules that force has to set aside for a task to begin; without force refuse it."""
        if forced and not reason.strip():
            raise ReasonMissing(OUT_OF_TURN, command=f"{command} --force", example="why it need not wait")
        phase, document = self.state.phase, self.state.documents[Step.TASKS]
        waits_for = self.state.tasks.waits_for(number)
        withdrawn = document.state is not StepState.APPROVED
        if withdrawn and not forced:
            first = self.state.gap_before(Step.TASKS) or Step.TASKS
            missing = self.state.documents[first]
            force = f'orch {command} --force --reason "why it need not wait"'
            fix = (hints.approval(phase, first, missing, missing.state), force)
            raise StepNotApproved(phase, number, missing=first, state=missing.state, fix=fix)
        if waits_for and not forced:
            raise TaskWaits(phase, number, waits_for=waits_for, command=command)
        broken = {"approval": withdrawn, "dependencies": bool(waits_for)}
        return tuple(rule for rule, holds in broken.items() if holds)

    def _nothing(self, number: str, why: str) -> NothingChanged:
        phase = self.state.phase
        return NothingChanged(f"{phase}: {number} {why}.", fix=(f"orch task list {phase}",))
