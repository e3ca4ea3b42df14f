"""The golden bytes of every topic: what was written once must be read, and written so, for ever."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from adapters.codec import decode
from adapters.envelope import Prepared, commitment
from domain.documents import Withdrawal
from domain.events import DomainEvent
from domain.topics import TOPICS
from tests.adapters.written_examples import EXAMPLES, SALT, record_of, written

WRITTEN = Path(__file__).parents[1] / "written"


# What a topic learnt to say later has a file of its own; what was written before stays as it was.
LATER: dict[str, Callable[[Any], int]] = {
    "phase.document_drafted": lambda event: 2 if event.quality is not None else 1,
    "phase.document_approved": lambda event: (
        4 if event.authentication else 3 if event.ratify_by else 2 if event.automatic else 1
    ),
    "phase.document_rejected": lambda event: 2 if event.authentication else 1,
    "phase.document_reconfirmed": lambda event: 3 if event.authentication else 2 if event.ratify_by else 1,
    "phase.document_marked_stale": lambda event: 1 if event.because_of is Withdrawal.REOPENED else 2,
    "policy.changed": lambda event: (
        4
        if event.break_glass_seconds
        else 3
        if event.approvers
        else 2
        if event.minimum_quality_research is not None
        else 1
    ),
}


def name_of(event: DomainEvent) -> str:
    number = LATER[event.TOPIC](event) if event.TOPIC in LATER else 1
    return f"{event.TOPIC}-{number}" if number > 1 else event.TOPIC


def golden(event: DomainEvent) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads((WRITTEN / f"{name_of(event)}.json").read_bytes())
    return found


def test_every_topic_has_its_golden_file_and_none_was_dropped() -> None:
    assert {path.stem for path in WRITTEN.glob("*.json")} == {name_of(event) for event in EXAMPLES}
    assert TOPICS.keys() == {event.TOPIC for event in EXAMPLES}


@pytest.mark.parametrize("event", EXAMPLES, ids=name_of)
def test_the_bytes_of_a_topic_never_change(event: DomainEvent) -> None:
    prepared, kept = written(event), golden(event)
    assert prepared.envelope.decode() == kept["envelope"]
    assert (prepared.payload or b"").decode() == kept["payload"]
    assert record_of(prepared).leaf.hex() == kept["leaf"]


@pytest.mark.parametrize("event", EXAMPLES, ids=name_of)
def test_golden_bytes_are_read_as_the_event_they_were(event: DomainEvent) -> None:
    kept = golden(event)
    payload = kept["payload"].encode() or None
    prepared = Prepared(event.originator_id, 7, event.TOPIC, kept["envelope"].encode(), SALT, payload)
    assert decode(record_of(prepared)) == event


@pytest.mark.parametrize("event", [e for e in EXAMPLES if e.PAYLOAD], ids=name_of)
def test_an_erased_payload_leaves_every_fact(event: DomainEvent) -> None:
    erased = decode(record_of(written(event), salt=None, payload=None))
    for name, value in vars(event).items():
        assert getattr(erased, name) == (None if name in event.PAYLOAD else value)


def test_the_envelope_commits_to_the_payload() -> None:
    for event in EXAMPLES:
        prepared = written(event)
        commits = orjson.loads(prepared.envelope)["payload"]
        if prepared.payload is None:
            assert commits is None and prepared.salt is None
        else:
            assert commits == {"sha256": commitment(SALT, prepared.payload), "size": len(prepared.payload)}
            facts = orjson.loads(prepared.envelope)["facts"]
            assert not facts.keys() & set(event.PAYLOAD)
