"""How far long work is: told to whoever wants to see it."""

from collections.abc import Callable
from types import TracebackType
from typing import Protocol, Self, TypeAlias


class Meter(Protocol):
    """Use it as a context, in which there may be nothing to begin or to end; tell it what is done."""

    def advance(self, count: int = 1) -> None:
        """Say that so many more items are done; less than none, where they have to be done again."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return


Metering: TypeAlias = Callable[[int, str], Meter]
"""Makes the meter of some work: how much there is, and of what."""


class _Unseen(Meter):
    """Shows nobody anything."""

    def advance(self, count: int = 1) -> None:
        del count


def unseen(total: int, what: str = "events") -> Meter:
    """Let nobody see how far it is."""
    del total, what
    return _Unseen()
