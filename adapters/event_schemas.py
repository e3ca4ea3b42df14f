"""Publish the events of the log as JSON Schema: `python -m adapters.event_schemas` writes the files."""

import json
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_type_hints

import typing_extensions
from pydantic import ConfigDict, Field, TypeAdapter

from adapters.codec import OUTSIDE_FACTS
from adapters.envelope import VERSION as ENVELOPE
from domain.actors import ActorKind
from domain.topics import TOPICS

FOLDER = Path(__file__).parent.parent / "docs" / "schemas" / "event"
VERSION = 1
NAMES = tuple(TOPICS)
HEX = r"^[0-9a-f]{64}$"
TIME = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$"


def schema_of(topic: str) -> dict[str, object]:
    """Return the JSON Schema (draft 2020-12) of an event: its envelope, and its free text where it has any.

    A fact that came later is absent where it has its default. Nothing that is not named may be there: a fact that
    nobody knows was written by a newer version.
    """
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:nss-orchestrator:schema:event:{topic}:{VERSION}",
        **adapter_of(topic).json_schema(),
        "title": f"Event: {topic}",
    }


@cache
def adapter_of(topic: str) -> TypeAdapter[Any]:
    """Return what checks an event as a table of its envelope and its payload, which is null once it was erased."""
    event = TOPICS[topic]
    hints = get_type_hints(event)
    facts = {
        name: typing_extensions.NotRequired[hints[name]] if name in event.DEFAULTS else hints[name]
        for name in event.FIELDS
        if name not in OUTSIDE_FACTS and name not in event.PAYLOAD
    }
    payload = {name: hints[name] for name in event.PAYLOAD}
    commits = _table("Commitment", {"sha256": typing_extensions.Annotated[str, Field(pattern=HEX)], "size": int})
    envelope = {
        "v": Literal[ENVELOPE],
        "origin": str,
        "stream": str,
        "version": typing_extensions.Annotated[int, Field(ge=1)],
        "topic": Literal[topic],
        "occurred_at": typing_extensions.Annotated[str, Field(pattern=TIME)],
        "actor": _table("Actor", {"id": str, "kind": ActorKind}),
        "command_id": str,
        "causation": str | None,
        "correlation": str | None,
        "facts": _table("Facts", facts),
        "payload": commits if payload else None,
    }
    whole = {
        "envelope": _table("Envelope", envelope),
        "payload": _table("Payload", payload) | None if payload else None,
    }
    return TypeAdapter(_table("Event", whole, doc=event.__doc__))


def written(topic: str) -> str:
    """Return the text of a schema file."""
    return json.dumps(schema_of(topic), indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Write the schema files."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for topic in NAMES:
        (FOLDER / f"{topic}.json").write_text(written(topic), encoding="utf-8")


def _table(name: str, members: dict[str, Any], doc: str | None = None) -> Any:
    make: Any = typing_extensions.TypedDict  # mypy wants to know the fields, which are known at run time only
    table = make(name, members)
    table.__doc__ = doc
    table.__pydantic_config__ = ConfigDict(extra="forbid")
    return table


if __name__ == "__main__":
    main()
