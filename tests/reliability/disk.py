"""A disk that remembers every write and sync, and can be cut off after any of them.

SQLite runs on the real file system through an apsw VFS that takes notes. A crash state is what a disk may hold after
power loss at some point: all that was synced, plus any subset of what was written since, torn at sectors of 512 bytes.
Creating, removing and truncating files counts as durable and in order, as a journalling file system has it.
"""

from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import apsw

SECTOR = 512


class Write(NamedTuple):
    """Bytes written to a file; durable only after a sync of that file."""

    file: str
    offset: int
    data: bytes


class Truncate(NamedTuple):
    """A file cut to a size."""

    file: str
    size: int


class Delete(NamedTuple):
    """A file removed."""

    file: str


class Sync(NamedTuple):
    """What was written to a file before this is durable after it."""

    file: str


class Acknowledged(NamedTuple):
    """A command was answered: from here on no crash may lose it."""

    command_id: str


Note = Write | Truncate | Delete | Sync | Acknowledged
Image = dict[str, bytearray]


class RecordingDisk(apsw.VFS):
    """The default VFS of the machine, with notes."""

    def __init__(self, name: str) -> None:
        self.notes: list[Note] = []
        super().__init__(name, "")

    def xDelete(self, filename: str, syncdir: bool) -> None:
        self.notes.append(Delete(Path(filename).name))
        super().xDelete(filename, syncdir)

    def xOpen(self, name: Any, flags: list[int]) -> "RecordingFile":
        return RecordingFile(self.notes, name, flags)


class RecordingFile(apsw.VFSFile):
    """One open file of a recording disk."""

    def __init__(self, notes: list[Note], name: Any, flags: list[int]) -> None:
        self._notes = notes
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        self._name = Path(path).name
        super().__init__("", name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:
        self._notes.append(Write(self._name, offset, bytes(data)))
        super().xWrite(data, offset)

    def xTruncate(self, newsize: int) -> None:
        self._notes.append(Truncate(self._name, newsize))
        super().xTruncate(newsize)

    def xSync(self, flags: int) -> None:
        self._notes.append(Sync(self._name))
        super().xSync(flags)


class Crash(NamedTuple):
    """One state a disk may be in after power loss, and what had been acknowledged by then."""

    image: Image
    acknowledged: frozenset[str]


def crashes(start: Image, notes: list[Note], *, dice: Random, every: int, tries: int) -> Iterator[Crash]:
    """Yield crash states: `tries` for every `every`-th point between two notes."""
    durable: Image = {name: bytearray(data) for name, data in start.items()}
    unsynced: dict[str, list[Write]] = {}
    acknowledged: set[str] = set()
    for number, note in enumerate(notes):
        match note:
            case Write():
                unsynced.setdefault(note.file, []).append(note)
            case Sync():
                for write in unsynced.pop(note.file, []):
                    _put(durable, write.file, write.offset, write.data)
            case Truncate():
                unsynced[note.file] = [w for w in unsynced.get(note.file, []) if w.offset < note.size]
                if len(durable.get(note.file, b"")) > note.size:
                    del durable[note.file][note.size :]
            case Delete():
                unsynced.pop(note.file, None)
                durable.pop(note.file, None)
            case Acknowledged():
                acknowledged.add(note.command_id)
        if number % every == 0:
            for _ in range(tries):
                yield Crash(_survivors(durable, unsynced, dice), frozenset(acknowledged))


def _survivors(durable: Image, unsynced: dict[str, list[Write]], dice: Random) -> Image:
    image = {name: bytearray(data) for name, data in durable.items()}
    for writes in unsynced.values():
        luck = dice.choice((0.0, 0.5, 0.9, 1.0))
        for write in writes:
            if dice.random() >= luck:
                continue
            torn = dice.random() < 0.5
            for at in range(0, len(write.data), SECTOR):
                if not torn or dice.random() < 0.5:
                    _put(image, write.file, write.offset + at, write.data[at : at + SECTOR])
    return image


def _put(image: Image, name: str, offset: int, data: bytes) -> None:
    content = image.setdefault(name, bytearray())
    if len(content) < offset:
        content.extend(bytes(offset - len(content)))
    content[offset : offset + len(data)] = data
