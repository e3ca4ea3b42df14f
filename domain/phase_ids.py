"""The name of a phase, the stream it lives in, and the title it suggests."""

import re

from domain.errors import InvalidInput
from domain.steps import Step

PREFIX = "phase:"
PATTERN = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*", re.ASCII)
LIMIT = 100


def checked(phase: str) -> str:
    """Return the phase id, or refuse one that could not be a folder's name everywhere."""
    if len(phase) <= LIMIT and PATTERN.fullmatch(phase):
        return phase
    from domain import hints

    suggestion = re.sub(r"[^a-z0-9]+", "-", phase[:LIMIT].lower())[:LIMIT].strip("-") or "st01-first-phase"
    raise InvalidInput(
        f"A phase id has lower-case letters, digits and single hyphens, 1 to {LIMIT} of them;"
        f" got {phase[:LIMIT]!r}. {suggestion} would do.",
        fix=("orch list", hints.draft(suggestion, Step.SPEC)),
    )


def stream_of(phase: str) -> str:
    """Return the stream of a phase."""
    return PREFIX + phase


def phase_of(stream: str) -> str | None:
    """Return the phase a stream belongs to, or None for the project's and the policy's own streams."""
    return stream.removeprefix(PREFIX) if stream.startswith(PREFIX) else None


def title_from(phase: str) -> str:
    """Return the title a phase gets unless it is given one: `st01-audio-engine` becomes `Audio Engine`."""
    words = re.sub(r"^st\d+-", "", phase).split("-")
    return " ".join(word.capitalize() for word in words)
