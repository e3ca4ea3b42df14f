"""Who does something: a name that is claimed, and a kind."""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from domain.errors import InvalidInput

NAME_LIMIT = 200
UNSEEN = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0")
"""What counts as printable and shows nothing, beside variation selectors (Unicode, Default_Ignorable_Code_Point)."""


class ActorKind(StrEnum):
    """What acts: a person, a coding agent, or a service account."""

    HUMAN = "human"
    AGENT = "agent"
    SERVICE = "service"


class Actor(NamedTuple):
    """Somebody who acts. The name is a claim, not a proof of identity."""

    name: str
    kind: ActorKind = ActorKind.HUMAN


def actor(name: str, kind: str = ActorKind.HUMAN, *, fix: Sequence[str] = ("export ORCHESTRATOR_ACTOR=ada",)) -> Actor:
    """Return the actor of that name, or refuse a name that no log line could show, or that looks like another one.

    `fix` is what to type then: unless somebody else was named, whoever acts is.
    """
    if not name.strip() or len(name) > NAME_LIMIT or not name.isprintable():
        raise _no_name(f"has 1 to {NAME_LIMIT} printable characters", name, fix)
    if name != name.strip() or "  " in name:
        raise _no_name("has no spaces around it and none beside each other", name, fix)
    if not name.isascii() and not _is_one_of_its_looks(name):
        raise _no_name("is composed (Unicode NFC), and every character of it shows", name, fix)
    try:
        return Actor(name, ActorKind(kind))
    except ValueError:
        kinds = ", ".join(ActorKind)
        raise InvalidInput(f"An actor's kind is one of {kinds}; got {kind!r}.") from None


def _no_name(rule: str, name: str, fix: Sequence[str]) -> InvalidInput:
    return InvalidInput(f"An actor's name {rule}; got {name[:NAME_LIMIT]!a}.", fix=fix)


def _is_one_of_its_looks(name: str) -> bool:
    """Tell whether no other spelling of the name looks exactly the same."""
    from unicodedata import is_normalized

    hidden = any(
        each in UNSEEN or "\ufe00" <= each <= "\ufe0f" or "\U000e0100" <= each <= "\U000e01ef" for each in name
    )
    return is_normalized("NFC", name) and not hidden
