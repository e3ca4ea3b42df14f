"""What must hold after every step: the real engine and the plain model say the same."""

from collections import Counter
from typing import ClassVar

from hypothesis.stateful import RuleBasedStateMachine, invariant

from adapters.codec import decode
from domain import commands as c
from domain.actors import Actor
from domain.aggregates import EventSourced
from domain.errors import Refusal
from domain.event_log import EventLog, Receipt
from domain.handler import handle
from domain.phase import Phase
from domain.phase_ids import PREFIX
from domain.phase_state import PhaseState
from domain.policy import Policy
from domain.policy_state import PolicyState
from domain.project_state import ProjectState
from domain.steps import StepState
from domain.times import microseconds
from tests.facts import NOON
from tests.plain_templates import PlainTemplates
from tests.properties.engine_model import Engine
from tests.properties.engine_state import Row
from tests.stories import folded


class EngineChecks(RuleBasedStateMachine):
    """One log, and the model of what it must say. Subclasses say which log."""

    steps: ClassVar[int] = 0
    answers: ClassVar[Counter[str]] = Counter()
    topics: ClassVar[Counter[str]] = Counter()
    endings: ClassVar[Counter[str]] = Counter()
    """How approvals under break-glass ended."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOON
        self.store_clock = microseconds(NOON)
        self.log = self.open_log()
        self.model = Engine()
        self.asked: list[tuple[c.Command, Receipt]] = []
        self.refused: list[str] = []
        self.folded: dict[str, EventSourced] = {}
        self.number, self.position, self.recorded_at = 0, 0, 0

    def open_log(self) -> EventLog:
        """Return an empty log that looks at `store_clock`."""
        raise NotImplementedError

    def open_again(self) -> EventLog:
        """Return the same log as a new process would see it."""
        return self.log

    def meta(self, by: Actor, *, new: bool = True) -> c.Meta:
        """Return who asks; sometimes under an id that was refused before: refusals are not remembered."""
        self.number += 1
        name = self.refused.pop() if self.refused and not new else f"c{self.number}"
        return c.Meta(name, by, self.now)

    def ask(self, command: c.Command) -> None:
        """Ask both, and compare what they answer."""
        type(self).steps += 1
        before = self.log.moment().position
        expected = self.model.ask(command)
        try:
            receipt = handle(command, log=self.log, templates=PlainTemplates())
        except Refusal as refusal:
            assert type(refusal).__name__ == expected, refusal
            self.refused.append(command.meta.command_id)
            self.refused = [name for name in self.refused if name not in self.model.known]
        else:
            assert expected == ("repeated" if receipt.repeated else "accepted"), command
            if not receipt.repeated:
                assert receipt.first == before + 1
                before = receipt.last
                self.asked.append((command, receipt))
        assert self.log.moment().position == before, "only an accepted command appends"
        self.answers[expected] += 1
        self.read_on()

    def read_on(self) -> None:
        """Fold what was appended: its positions have no gaps, and its time only grows."""
        commands: dict[str, int] = {}
        for record in self.log.records(self.position + 1):
            assert record.position == self.position + 1
            first = record.command_id not in commands
            assert first == (record.recorded_at > self.recorded_at), "one time for every command, later than the last"
            commands[record.command_id] = self.recorded_at = record.recorded_at
            self.position = record.position
            self.topics[record.topic] += 1
            event = decode(record)
            phase, step = record.stream.removeprefix(PREFIX), getattr(event, "step", None)
            self.model.recorded(Row(phase, record.topic, step, record.command_id, record.payload is not None))
            self.folded[record.stream] = event.mutate(self.folded.get(record.stream))
        assert self.log.moment().position == self.position

    # what must hold

    @invariant()
    def the_heads_are_the_fold_of_the_events(self) -> None:
        heads = self.log.heads([*self.folded])[1]
        assert {name: (a.version, a.head()) for name, a in self.folded.items()} == {
            name: (head.version, head.facts) for name, head in heads.items()
        }

    @invariant()
    def a_phase_restored_from_its_head_is_the_phase(self) -> None:
        for head in self.log.heads_below(PREFIX)[1].values():
            restored = Phase.restore(head.stream, head.version, PhaseState.from_facts(head.facts))
            assert restored.head() == head.facts
            assert restored.state == self.folded[head.stream].state
        policy = self.log.heads(["policy"])[1].get("policy")
        if policy is not None:
            restored_policy = Policy.restore("policy", policy.version, PolicyState.from_facts(policy.facts))
            assert restored_policy.state._asdict() == vars(self.model.policy)
        project = self.log.heads(["project"])[1].get("project")
        if project is not None:
            state = ProjectState.from_facts(project.facts)
            assert state == self.folded["project"].state and state.remembered == self.model.remembered
            assert {each.number: each.kind for each in state.directives} == self.model.directives

    @invariant()
    def the_model_and_the_heads_say_the_same(self) -> None:
        heads = self.log.heads_below(PREFIX)[1]
        assert {head.facts["phase"] for head in heads.values()} == set(self.model.phases)
        for head in heads.values():
            state, phase = PhaseState.from_facts(head.facts), self.model.phases[head.facts["phase"]]
            assert list(state.depends_on) == phase.waits_for
            assert [not blocker.resolved for blocker in state.blockers] == phase.blockers
            assert (bool(state.handed_off), bool(state.archived)) == (phase.handed_off, phase.archived)
            assert {number: tuple(needs) for number, *needs in state.tasks.in_force.tasks} == phase.tasks
            for number, chore in phase.chores.items():
                progress = state.tasks.of(number)
                assert (progress.state, progress.assignee) == (chore.state, chore.assignee)
            assert set(state.tasks.told) == set(phase.titles)
            told = self.log.told([(head.stream, state.titled)])[head.stream, state.titled]
            assert told.texts == ({"title": phase.title} if self.model.rows[phase.titled - 1].has_text else None)
            for step, paper in phase.papers.items():
                document = state.documents[step]
                assert (document.state, document.iteration, document.digest) == (
                    paper.state,
                    paper.iteration,
                    paper.digest,
                )
                assert [approval.by.name for approval in document.approvals] == paper.approvals
                assert (document.author.name if document.author else "") == paper.author
                assert document.was_approved == paper.was_approved
                assert (document.ratify_by, document.broke_glass) == (paper.ratify, paper.broke)
                assert len(document.feedback) == len(paper.open_feedback)
                waiting = paper.state == StepState.AWAITING_APPROVAL
                assert not waiting or document.expires_at == paper.expires

    @invariant()
    def what_stands_on_unapproved_ground_is_stale_or_untouched(self) -> None:
        """But for the time until somebody judges what was approved under break-glass, or writes it anew."""
        for phase in self.model.phases.values():
            firm = True
            for paper in phase.papers.values():
                assert firm or paper.state in (StepState.NOT_STARTED, StepState.STALE)
                firm = firm and (paper.state == StepState.APPROVED or bool(paper.broke))

    def teardown(self) -> None:
        """Replay everything once more from the beginning, and look at the texts."""
        events = []
        for record, row in zip(self.log.records(), self.model.rows, strict=True):
            assert (record.payload is not None) == (record.salt is not None) == row.has_text
            events.append(decode(record))
        replayed = {name: aggregate.head() for name, aggregate in folded(events).items()}
        assert replayed == {name: head.facts for name, head in self.log.heads([*self.folded])[1].items()}
        for name, phase in self.model.phases.items():
            state = self.folded[PREFIX + name].state
            for step, paper in phase.papers.items():
                place = (PREFIX + name, state.documents[step].drafted)
                texts = self.log.told([place])[place].texts if paper.iteration else {"text": ""}
                erased = bool(paper.drafted) and not self.model.rows[paper.drafted - 1].has_text
                assert (texts is None) == erased and (texts is None or texts["text"] == paper.text)
        self.log.close()
