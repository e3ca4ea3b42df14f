"""The golden bytes of every topic: what was written once must be read, and written so, for ever."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from adapters.codec import decode, encode
from adapters.envelope import Prepared, commitment, entry_of
from domain.errors import Damaged, UnknownEvent
from domain.event_log import Record
from domain.events import DomainEvent
from domain.merkle import leaf_hash
from domain.topics import TOPICS
from tests.adapters.written_examples import COMMAND, EXAMPLES, ORIGIN, SALT

WRITTEN = Path(__file__).parents[1] / "written"
PLACE = 42, 1_795_532_748_677_071, 1_795_532_748_677_000


def written(event: DomainEvent) -> Prepared:
    return encode(event, origin=ORIGIN, command_id=COMMAND, causation=None, correlation=None, salt=SALT)


def golden(topic: str) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads((WRITTEN / f"{topic}.json").read_bytes())
    return found


def record_of(prepared: Prepared, **changes: Any) -> Record:
    leaf = leaf_hash(entry_of(*PLACE, prepared.envelope))
    record = Record(
        *PLACE,
        prepared.stream,
        prepared.version,
        prepared.topic,
        COMMAND,
        prepared.envelope,
        prepared.salt,
        prepared.payload,
        leaf,
    )
    return record._replace(**changes)


def with_envelope(event: DomainEvent, **changes: Any) -> Record:
    prepared = written(event)
    envelope = orjson.loads(prepared.envelope) | changes
    return record_of(prepared, envelope=orjson.dumps(envelope, option=orjson.OPT_SORT_KEYS))


def test_every_topic_has_its_golden_file_and_none_was_dropped() -> None:
    assert {path.stem for path in WRITTEN.glob("*.json")} == TOPICS.keys() == {e.TOPIC for e in EXAMPLES}


@pytest.mark.parametrize("event", EXAMPLES, ids=lambda e: e.TOPIC)
def test_the_bytes_of_a_topic_never_change(event: DomainEvent) -> None:
    prepared, kept = written(event), golden(event.TOPIC)
    assert prepared.envelope.decode() == kept["envelope"]
    assert (prepared.payload or b"").decode() == kept["payload"]
    assert record_of(prepared).leaf.hex() == kept["leaf"]


@pytest.mark.parametrize("event", EXAMPLES, ids=lambda e: e.TOPIC)
def test_golden_bytes_are_read_as_the_event_they_were(event: DomainEvent) -> None:
    kept = golden(event.TOPIC)
    payload = kept["payload"].encode() or None
    prepared = Prepared(event.originator_id, 7, event.TOPIC, kept["envelope"].encode(), SALT, payload)
    assert decode(record_of(prepared)) == event


@pytest.mark.parametrize("event", [e for e in EXAMPLES if e.PAYLOAD], ids=lambda e: e.TOPIC)
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


def test_an_unknown_topic_is_refused() -> None:
    with pytest.raises(UnknownEvent, match="phase.teleported"):
        decode(record_of(written(EXAMPLES[2]), topic="phase.teleported"))


def test_a_newer_envelope_is_refused() -> None:
    with pytest.raises(UnknownEvent, match="newer version"):
        decode(with_envelope(EXAMPLES[2], v=2))


def test_a_fact_this_version_does_not_know_is_refused() -> None:
    with pytest.raises(UnknownEvent, match="colour"):
        decode(with_envelope(EXAMPLES[12], facts={"on": "st00-basics", "colour": "red"}))


@pytest.mark.parametrize("facts", [{}, {"on": 7}, {"on": None}, {"on": ["a"]}, None, [], "on"])
def test_facts_that_are_missing_or_of_another_type_are_damage(facts: object) -> None:
    with pytest.raises(Damaged):
        decode(with_envelope(EXAMPLES[12], facts=facts))


@pytest.mark.parametrize("envelope", [b"", b"{", b"[]", b"null", b"\xff", b'{"v":1}'])
def test_an_envelope_that_cannot_be_read_is_damage(envelope: bytes) -> None:
    with pytest.raises(Damaged):
        decode(record_of(written(EXAMPLES[12]), envelope=envelope))
