"""Who does something: a name that is claimed, and a kind."""

from enum import StrEnum
from typing import NamedTuple

from domain.errors import InvalidInput

NAME_LIMIT = 200


class ActorKind(StrEnum):
    """What acts: a person, a coding agent, or a service account."""

    HUMAN = "human"
    AGENT = "agent"
    SERVICE = "service"


class Actor(NamedTuple):
    """Somebody who acts. The name is a claim, not a proof of identity."""

    name: str
    kind: ActorKind = ActorKind.HUMAN


def actor(name: str, kind: str = ActorKind.HUMAN) -> Actor:
    """Return the actor of that name, or refuse a name that no log line could show."""
    if not name.strip() or len(name) > NAME_LIMIT or not name.isprintable():
        raise InvalidInput(
            f"An actor's name has 1 to {NAME_LIMIT} printable characters; got {name[:NAME_LIMIT]!r}.",
            fix=("export ORCHESTRATOR_ACTOR=ada",),
        )
    try:
        return Actor(name, ActorKind(kind))
    except ValueError:
        kinds = ", ".join(ActorKind)
        raise InvalidInput(f"An actor's kind is one of {kinds}; got {kind!r}.") from None
