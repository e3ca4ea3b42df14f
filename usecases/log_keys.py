"""The keys that speak for the log: shown, and replaced."""

from typing import TypedDict

from adapters.keys import key_file, make_key
from domain.commands import Meta, RotateKey
from domain.errors import Refusal, Unavailable
from domain.event_log import Receipt
from usecases.project import Project
from usecases.reads import moment_then
from usecases.signed_head import keys_of


class KeyAnswer(TypedDict):
    """The verifier key in force, and those it replaced, the oldest first."""

    key: str
    replaced: list[str]


def keys(project: Project, at: str | None = None) -> KeyAnswer:
    """Return the verifier key in force now, or at a moment, and those it had replaced."""
    found = keys_of(project, None if at is None else moment_then(project, at)[0])
    return {"key": found.current, "replaced": list(found.replaced)}


def rotated(project: Project, meta: Meta, reason: str) -> Receipt:
    """Make another key and let it speak for the log; a repeated command makes none."""
    if project.far is not None or project.log.receipt(
        meta.command_id
    ):  # the key of the first time holds; where the log is elsewhere, so are its keys
        return project.handle(RotateKey(meta, "", reason))
    key = make_key(project.places.keys, project.log.origin)
    try:
        return project.handle(RotateKey(meta, key, reason))
    except Unavailable:
        raise  # perhaps it was recorded: then its private half is needed
    except Refusal:
        key_file(project.places.keys, key).unlink()
        raise
