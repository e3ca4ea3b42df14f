"""The codec is strict: what it does not know is refused, what contradicts itself is damage."""

from typing import Any

import pytest

from adapters.codec import decode
from adapters.envelope import commitment, told
from domain import document_events as documents
from domain.errors import Damaged, InvalidInput, UnknownEvent
from domain.event_log import Record
from domain.events import DomainEvent
from domain.phase_events import DependencyAdded, Opened
from tests.adapters.written_examples import EXAMPLES, SALT, event, record_of, with_envelope, written


def with_payload(event: DomainEvent, payload: bytes) -> Record:
    """Return a record whose envelope commits to another payload than the event has."""
    commits = {"sha256": commitment(SALT, payload), "size": len(payload)}
    return with_envelope(event, payload=commits)._replace(payload=payload)


def example(kind: type[DomainEvent]) -> DomainEvent:
    return next(found for found in EXAMPLES if type(found) is kind)


def test_an_unknown_topic_is_refused() -> None:
    with pytest.raises(UnknownEvent, match=r"phase\.teleported"):
        decode(record_of(written(example(Opened)), topic="phase.teleported"))


def test_a_newer_envelope_is_refused() -> None:
    with pytest.raises(UnknownEvent, match="newer version"):
        decode(with_envelope(example(Opened), v=2))


def test_a_fact_this_version_does_not_know_is_refused() -> None:
    with pytest.raises(UnknownEvent, match="colour"):
        decode(with_envelope(example(DependencyAdded), facts={"on": "st00-basics", "colour": "red"}))


@pytest.mark.parametrize("facts", [{}, {"on": 7}, {"on": None}, {"on": ["a"]}, None, [], "on"])
def test_facts_that_are_missing_or_of_another_type_are_damage(facts: object) -> None:
    with pytest.raises(Damaged):
        decode(with_envelope(example(DependencyAdded), facts=facts))


@pytest.mark.parametrize("envelope", [b"", b"{", b"[]", b"null", b"\xff", b'{"v":1}'])
def test_an_envelope_that_cannot_be_read_is_damage(envelope: bytes) -> None:
    with pytest.raises(Damaged):
        decode(record_of(written(example(DependencyAdded)), envelope=envelope))


@pytest.mark.parametrize(
    "changes", [{"actor": None}, {"actor": {"id": "ada"}}, {"occurred_at": "yesterday"}, {"occurred_at": 5}]
)
def test_an_envelope_without_its_parts_is_damage(changes: dict[str, Any]) -> None:
    with pytest.raises(Damaged):
        decode(with_envelope(example(DependencyAdded), **changes))


@pytest.mark.parametrize(
    "written_so",
    [
        "2026-11-24T14:00:00Z",
        "2026-11-24T14:00:00.000001",
        "2026-11-24T14:00:00.000001+00:00",
        "2026-11-24 14:00:00.000001Z",
        "2026-11-24T15:00:00.000001+01:00",
        "20261124T140000.000001Z",
        "2026-W48-2T14:00:00.000001Z",
        "2026-13-24T14:00:00.000001Z",
    ],
)
def test_a_time_that_is_written_in_another_way_is_damage(written_so: str) -> None:
    assert decode(with_envelope(example(Opened), occurred_at="2026-11-24T14:00:00.000001Z")) == example(Opened)
    with pytest.raises(Damaged):
        decode(with_envelope(example(Opened), occurred_at=written_so))


@pytest.mark.parametrize(
    "column", [{"stream": "phase:st02-b"}, {"version": 8}, {"topic": "phase.retitled"}, {"command_id": "other"}]
)
def test_a_column_that_contradicts_its_envelope_is_damage(column: dict[str, Any]) -> None:
    record = record_of(written(example(Opened)))
    assert told(record).texts == {"title": "Audio “Engine”"}
    for read in (decode, told):
        with pytest.raises(Damaged, match="contradict"):
            read(record._replace(**column))


def test_a_payload_that_cannot_be_read_or_was_not_announced_is_damage() -> None:
    opened, depends = example(Opened), example(DependencyAdded)
    for record in (
        with_payload(opened, b"{"),
        with_payload(opened, b"[]"),
        with_payload(opened, b"{}"),
        record_of(written(depends), payload=b"{}"),
    ):
        with pytest.raises(Damaged):
            decode(record)


def test_a_text_that_this_version_does_not_know_is_refused() -> None:
    with pytest.raises(UnknownEvent, match="colour"):
        decode(with_payload(example(Opened), b'{"title":"A","colour":"red"}'))


def test_a_text_that_the_envelope_does_not_commit_to_is_damage() -> None:
    opened = written(example(Opened))
    for changes in ({"payload": b'{"title":"Another"}'}, {"salt": bytes(32)}, {"salt": None}):
        with pytest.raises(Damaged, match="not the one that was recorded"):
            decode(record_of(opened, **changes))


@pytest.mark.parametrize("title", ["\ud800", b"bytes", {1: 2}])
def test_what_json_cannot_hold_is_refused_before_anything_is_written(title: Any) -> None:
    with pytest.raises(InvalidInput):
        written(event(Opened, phase="st01-x", title=title))


def test_numbers_beyond_53_bits_are_refused() -> None:
    with pytest.raises(InvalidInput):
        written(event(documents.ApprovalRequested, step="spec", iteration=1, expires_at=2**53))


def test_an_entry_stays_within_65535_bytes() -> None:
    with pytest.raises(InvalidInput, match="larger than"):
        written(event(DependencyAdded, on="x" * 70_000))
