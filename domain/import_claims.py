"""What a folder of elsewhere claims to have happened: plain values, each with the key that makes it itself.

Times are µs since the epoch; None where nobody says when.
"""

from collections.abc import Iterable
from hashlib import sha256
from typing import NamedTuple, TypeAlias

from domain.import_events import ClaimedOutcome
from domain.phase_events import BlockerType
from domain.steps import Step


class TextThere(NamedTuple):
    """A text of one step. `iteration` is its number there, which the first text of a step keeps; 0: it has none."""

    key: str
    at: int | None
    step: Step
    text: str
    read_from: str
    iteration: int = 0


class VerdictThere(NamedTuple):
    """A verdict; `on_text` tells that it is about the latest text of the step that is known here."""

    key: str
    at: int | None
    step: Step
    iteration: int
    outcome: ClaimedOutcome
    by: str
    comments: str
    on_text: bool


class BlockerThere(NamedTuple):
    key: str
    at: int | None
    kind: BlockerType
    description: str


class UnblockedThere(NamedTuple):
    """The end of the blocker with that key."""

    key: str
    at: int | None
    blocker: str
    reason: str


class DependencyThere(NamedTuple):
    key: str
    at: int | None
    on: str
    ends: bool = False


class TitleThere(NamedTuple):
    key: str
    at: int | None
    title: str


Claim: TypeAlias = TextThere | VerdictThere | BlockerThere | UnblockedThere | DependencyThere | TitleThere


def judges(claims: Iterable[Claim]) -> bool:
    """Say whether a verdict about a text is among the claims: only such a one can settle a step."""
    return any(isinstance(claim, VerdictThere) and claim.on_text for claim in claims)


def key_of(*parts: object) -> str:
    """Return 16 hex digits that stand for these parts, for ever the same."""
    return sha256("\x1f".join(str(part) for part in parts).encode()).hexdigest()[:16]
