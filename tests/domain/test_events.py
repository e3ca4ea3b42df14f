"""Events: each says all it has to say, and nothing changes it afterwards."""

from datetime import UTC, datetime
from typing import Any

import pytest

from domain.actors import Actor
from domain.document_events import ApprovalRequested, DocumentDrafted
from domain.events import DomainEvent
from domain.phase_events import Archived, Retitled
from domain.steps import Step
from domain.topics import EVENTS

PLACE: dict[str, Any] = {
    "originator_id": "phase:st01-x",
    "originator_version": 2,
    "timestamp": datetime(2026, 11, 24, 12, tzinfo=UTC),
    "by": Actor("ada"),
}


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.TOPIC)
def test_the_fields_of_an_event_are_those_that_the_type_checker_sees(event: type[DomainEvent]) -> None:
    declared = [
        (name, hint)
        for part in reversed(event.__mro__)
        if issubclass(part, DomainEvent)
        for name, hint in part.__annotations__.items()
    ]
    of_the_class = {name for name, hint in declared if str(hint).startswith("typing.ClassVar")}
    assert of_the_class >= {"TOPIC", "PAYLOAD"}
    assert list(event.FIELDS) == [name for name, _ in declared if name not in of_the_class]


def test_an_event_says_each_of_its_fields_and_no_others() -> None:
    with pytest.raises(TypeError, match="Retitled lacks, or does not know: title"):
        Retitled(**PLACE)
    with pytest.raises(TypeError, match="phase"):
        Retitled(**PLACE, title="Audio", phase="st01-x")  # type: ignore[call-arg]  # that it is refused here, too
    with pytest.raises(TypeError, match="iteration, step"):
        ApprovalRequested(**PLACE, expires_at=None)


def test_a_field_that_came_later_has_its_default() -> None:
    assert DocumentDrafted.DEFAULTS == {"derived_from": (), "quality": None, "missing": ()}
    assert not DocumentDrafted.DEFAULTS.keys() & vars(
        ApprovalRequested(**PLACE, step=Step.SPEC, iteration=1, expires_at=None)
    )


def test_an_event_that_happened_does_not_change() -> None:
    renamed = Retitled(**PLACE, title="Audio")
    with pytest.raises(AttributeError, match="title"):
        renamed.title = "Video"  # type: ignore[misc]  # that it is refused here, too
    with pytest.raises(AttributeError, match="title"):
        del renamed.title
    assert renamed.but(title="Video").title == "Video" and renamed.title == "Audio"


def test_events_are_equal_that_say_the_same() -> None:
    renamed = Retitled(**PLACE, title="Audio")
    assert renamed == Retitled(**PLACE, title="Audio")
    assert renamed != renamed.but(title="Video")
    assert renamed != Archived(**PLACE, reason="Audio")
    assert repr(renamed.but(title=None)).endswith(", title=None)")
