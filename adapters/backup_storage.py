"""Where the files of backups lie, by name: a folder on a disk, or a bucket. What both of them do is said here."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

LOCK = ".lock"
"""Who writes at the moment. Names that begin with a dot are the storage's own; nobody else reads them."""


class Storage(Protocol):
    """Files with names such as `backups.note` and `copy-0001/segment-….seg.zst`.

    A file is there as a whole or not at all, and what was written stays. Every method raises `Unavailable` where
    repeating helps, and `InvalidInput` or `NotFound` where it does not.
    """

    where: str
    """How people name it: the path of a folder, or an address."""

    def named(self, name: str) -> str:
        """Return how people name a file in it."""
        ...

    def away(self, name: str) -> str:
        """Return the command that takes a file out of it without destroying it."""
        ...

    def names(self, folder: str = "", *, begins: str = "", after: str = "") -> dict[str, int]:
        """Return what lies directly in a folder, with sizes in bytes; a folder in it has a slash behind its name.

        Only names that begin so, and that come after that one. Nothing where there is no such folder.
        """
        ...

    def read(self, name: str, *, most: int) -> bytes | None:
        """Return the bytes of a file, at most one more than `most` of them; None where there is no file."""
        ...

    def reads(self, names: Sequence[str], *, most: int) -> Iterator[bytes | None]:
        """Yield what `read` returns for each of some small files, in their order; several are asked for at a time."""
        ...

    def add(self, name: str, data: bytes) -> None:
        """Write a new file. Raises `AlreadyExists` for a name that is taken by other bytes."""
        ...

    def replace(self, name: str, data: bytes) -> None:
        """Write a file, in the place of the one that was read or written last if there is one."""
        ...

    def copy(self, name: str, new: str) -> None:
        """Give the content of a file a second name."""
        ...

    def remove(self, name: str) -> None:
        """Remove a file; one that is gone already is fine."""
        ...

    def remove_folder(self, folder: str) -> None:
        """Remove a folder with all that is in it; one that is gone already is fine."""
        ...

    def turn(self, *, timeout_s: float) -> AbstractContextManager[None]:
        """Be the only one who writes here; wait so long at most. Raises `Unavailable`."""
        ...
