"""Who, as read models show it."""

from typing import TypedDict

from domain.actors import Actor, ActorKind


class Person(TypedDict):
    """A claimed name and what acts under it."""

    name: str
    kind: ActorKind


def person(actor: Actor) -> Person:
    """Return an actor as read models show it."""
    return {"name": actor.name, "kind": actor.kind}
