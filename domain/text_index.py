"""The port to the full-text index: a thing that can be thrown away, and is never believed without the log."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

from domain.following import Followed


class IndexedText(NamedTuple):
    """One free text of one event, as the index takes it."""

    position: int
    part: int
    """Which of the texts of that event, counted from 0."""
    kind: str
    phase: str | None
    words: str
    """The text as a row of words, made by those who make the words of questions."""


class Place(NamedTuple):
    """Where a text stands that may match."""

    position: int
    part: int


class TextIndex(Protocol):
    """What finds words. Every method may raise `Unavailable`, and `FollowerBroken` for what is no index any more."""

    def followed(self) -> Followed | None:
        """Return how far the index is, or None where it holds nothing yet."""
        ...

    def add(self, texts: Iterable[IndexedText], erased: Sequence[int], upto: Followed) -> None:
        """Take in a batch of texts, let those of some positions go, and say how far it is, all at once or not at all.

        The batch is read while the index is held, so that no text comes in after its erasure.
        """
        ...

    def forget(self, position: int) -> None:
        """Let the texts of a position go for good: no byte of them is left."""
        ...

    def find(
        self, phrases: Sequence[Sequence[str]], *, upto: int, kind: str | None, phase: str | None, before: Place | None
    ) -> list[Place]:
        """Return a page of places whose text holds every phrase, the latest first, those before a place.

        A phrase is a row of words. An empty page is the last one.
        """
        ...

    def begin_anew(self) -> None:
        """Throw everything away."""
        ...
