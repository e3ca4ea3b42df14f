"""Given, when, then: the only grammar of the domain's tests."""

from collections.abc import Iterable
from typing import Any

from adapters.codec import decode
from domain.aggregates import EventSourced
from domain.commands import Command
from domain.errors import Refusal
from domain.event_log import Decision, EventLog, Receipt
from domain.events import DomainEvent
from domain.handler import handle
from domain.times import microseconds
from tests.facts import NOON, Fact, initialised, policy
from tests.fix_lines import understood
from tests.memory_log import MemoryLog
from tests.plain_templates import PlainTemplates

BEGINNING = (initialised(), policy(reason="the rules a project begins with"))


def folded(events: Iterable[DomainEvent]) -> dict[str, EventSourced]:
    """Return every aggregate as its events make it."""
    found: dict[str, Any] = {}
    for event in events:
        found[event.originator_id] = event.mutate(found.get(event.originator_id))
    return found


def told_by(log: EventLog, first: int = 1) -> list[DomainEvent]:
    """Return the events of a log from a position on."""
    return [decode(record) for record in log.records(first)]


def tell(log: EventLog, facts: Iterable[Fact]) -> None:
    """Append facts to a log as they are: nobody decides anything."""
    known = folded(told_by(log))
    for fact in facts:
        aggregate = known.get(fact.stream)
        version = aggregate.version if aggregate else 0
        event = fact.event(version + 1)
        after: Any = event.mutate(aggregate)
        known[fact.stream] = after
        number = f"given-{log.moment().position + 1}"
        (answer,) = log.append([Decision(number, "", [event], {fact.stream: after.head()}, {fact.stream: version})])
        assert isinstance(answer, Receipt), answer


class Outcome:
    """A log, and what the last command made of it."""

    def __init__(self, log: EventLog, *, before: int, answer: Receipt | Refusal | None = None) -> None:
        self.log, self.before, self.answer = log, before, answer

    def when(self, command: Command) -> "Outcome":
        """Ask for one thing."""
        before = self.log.moment().position
        answer: Receipt | Refusal
        try:
            answer = handle(command, log=self.log, templates=PlainTemplates())
        except Refusal as refusal:
            answer = refusal
        return Outcome(self.log, before=before, answer=answer)

    def then(self, *facts: Fact) -> "Outcome":
        """Expect exactly these facts, and heads that are the fold of all events."""
        if isinstance(self.answer, Refusal):
            raise AssertionError(f"refused: {self.answer}") from self.answer
        assert self.answer is not None, "nothing was asked"
        new = told_by(self.log, self.before + 1)
        versions = [event.originator_version for event in new]
        assert new == [fact.event(version) for fact, version in zip(facts, versions, strict=False)]
        assert len(new) == len(facts), "every event is expected, and every expected event is there"
        if new:
            assert (self.answer.first, self.answer.last) == (self.before + 1, self.log.moment().position)
        expected = {stream: aggregate.head() for stream, aggregate in folded(told_by(self.log)).items()}
        assert {head.stream: head.facts for head in self.log.heads(list(expected))[1].values()} == expected
        return self

    def refused(self, kind: type[Refusal], *fix: str, code: str, saying: str) -> "Outcome":
        """Expect this refusal, these lines to type next, and nothing recorded."""
        assert isinstance(self.answer, Refusal), f"accepted: {self.answer}"
        assert type(self.answer) is kind, self.answer
        assert self.answer.code == code
        assert saying in self.answer.message
        assert self.answer.fix == fix
        assert all(understood(line) for line in self.answer.fix)
        assert self.log.moment().position == self.before, "a refusal records nothing"
        return self

    def repeated(self, first: Receipt) -> "Outcome":
        """Expect the first receipt again, and nothing recorded."""
        assert self.answer == first._replace(repeated=True)
        assert self.log.moment().position == self.before
        return self

    @property
    def receipt(self) -> Receipt:
        assert isinstance(self.answer, Receipt), self.answer
        return self.answer


def nothing() -> Outcome:
    """Begin with an empty log."""
    return Outcome(MemoryLog(clock=lambda: microseconds(NOON)), before=0)


def given(*facts: Fact) -> Outcome:
    """Begin with a project, its first policy, and these facts."""
    log = nothing().log
    tell(log, (*BEGINNING, *facts))
    return Outcome(log, before=log.moment().position)
