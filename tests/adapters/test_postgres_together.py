"""What is written together is what would have been written one after the other."""

from random import Random

from adapters.envelope import leaf_of
from adapters.postgres_log import PostgresLog
from domain.errors import Refusal
from domain.event_log import Decision, Receipt
from domain.merkle import tree_root
from tests.adapters.log_entries import decision, redaction
from tests.memory_log import MemoryLog

STREAMS = [f"phase:st{number:02}-x" for number in range(8)]
REDACTED = "a text is erased"


def some(chance: Random, model: MemoryLog, expected: dict[str, int], ids: list[str]) -> Decision:
    """Return a decision that mostly may be written, sometimes not, and sometimes repeats another."""
    again = chance.choice(ids) if ids and chance.random() < 0.1 else ""
    texts = [record for record in model.records() if record.payload is not None]
    if texts and REDACTED not in expected and chance.random() < 0.1:  # once: the model erases a text twice
        one, expected[REDACTED] = chance.choice(texts), 1
        at = expected.get("ledger", 0)
        return redaction(one.position, of=one.stream, version=one.version, after=at, command_id=again)
    stream, read = chance.sample(STREAMS, 2)
    after, events = expected.get(stream, 0), chance.randint(1, 3)
    if chance.random() < 0.15:
        after = max(0, after - 1)  # somebody who looked too early
    else:
        expected[stream] = after + events
    return decision(
        stream,
        after=after,
        events=events,
        text="a text" if chance.random() < 0.5 else None,
        command_id=again,
        fingerprint="what was asked" if chance.random() < 0.9 else "something else",
        read={read: expected.get(read, 0)} if chance.random() < 0.3 else None,
    )


def told(answer: Receipt | Refusal) -> tuple[object, ...]:
    """Return what two logs with different clocks answer alike."""
    if isinstance(answer, Receipt):
        return answer.command_id, answer.first, answer.last, answer.repeated
    return answer.code, answer.message if answer.code != "DAMAGED" else ""


def test_decisions_that_depend_on_each_other_are_written_together_as_one_after_the_other(log_database: str) -> None:
    chance, model, ids = Random(7), MemoryLog("example.org/contract"), list[str]()
    outcomes: set[str] = set()
    with PostgresLog.open(log_database) as log:
        for _ in range(40):
            expected = {name: head.version for name, head in model.all_heads()[1].items()}
            batch = [some(chance, model, expected, ids) for _ in range(chance.randint(1, 60))]
            ids += [each.command_id for each in batch]
            answers = log.append(batch)
            assert [*map(told, answers)] == [*map(told, model.append(batch))]
            outcomes |= {answer.code if isinstance(answer, Refusal) else str(answer.repeated) for answer in answers}
        records, expected_records = [*log.records()], [*model.records()]
        assert [(r.stream, r.version, r.topic, r.command_id, r.payload is None) for r in records] == [
            (r.stream, r.version, r.topic, r.command_id, r.payload is None) for r in expected_records
        ]
        assert {name: head.facts for name, head in log.all_heads()[1].items()} == {
            name: head.facts for name, head in model.all_heads()[1].items()
        }
        assert log.tree().root == tree_root(map(leaf_of, records))
        assert [*log.commands()] == [*model.commands()]
    assert len(records) > 512 and outcomes == {"True", "False", "CONFLICT", "COMMAND_ID_REUSED"}, (
        len(records),
        outcomes,
    )
