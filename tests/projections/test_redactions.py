"""Who erased which text, and how that is said."""

from typing import Any

from domain.actors import Actor, ActorKind
from domain.event_log import Told
from projections.redactions import TOPIC, in_words, redactions


def told(at: int, position: int, reason: str | None = "a name", topic: str = TOPIC, **more: Any) -> Told:
    texts = {"reason": reason} if reason is not None else None
    return Told(at, 0, 0, topic, "c", Actor("ada"), {"position": position}, texts, texts is None)._replace(**more)


def test_every_redaction_is_known_by_the_position_that_it_erased() -> None:
    found = redactions([told(8, 4), told(9, 5, None), told(10, 6, topic="ledger.key_rotated")])
    assert found == {
        4: {"position": 8, "name": "ada", "kind": "human", "reason": "a name"},
        5: {"position": 9, "name": "ada", "kind": "human", "reason": None},
    }


def test_it_is_said_who_and_why_as_far_as_it_is_known() -> None:
    robot = told(9, 5, None, by=Actor("robot", ActorKind.AGENT))
    found = redactions([told(8, 4), robot])
    assert in_words(found[4]) == "text erased at position 8 by ada (human): a name"
    assert in_words(found[5]) == "text erased at position 9 by robot (agent)"
    assert in_words(None) == "text erased"
