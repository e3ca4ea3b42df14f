"""Write an evidence package: a zip file whose bytes depend on nothing but what is in it, and its list of files."""

from collections.abc import Iterable
from hashlib import sha256
from types import TracebackType
from typing import IO, BinaryIO, Self, TypedDict
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

DAWN = (1980, 1, 1, 0, 0, 0)
"""The first time that a zip file can hold; a real one would make every export another file."""
PLAIN_FILE = 0o100644 << 16
UNIX = 3
PIECE = 1 << 16


class ListedFile(TypedDict):
    """One file of a package as its manifest lists it."""

    name: str
    bytes: int
    sha256: str


class EvidenceZip:
    """A package while it is written; use it as a context. Files are taken as they come, and none is held in memory."""

    def __init__(self, file: BinaryIO) -> None:
        self._zip = ZipFile(file, "w", ZIP_DEFLATED)
        self.files: list[ListedFile] = []

    def add(self, name: str, data: bytes, *, listed: bool = True) -> None:
        """Add a file that is at hand."""
        self._zip.writestr(_info(name), data)
        if listed:
            self.files.append({"name": name, "bytes": len(data), "sha256": sha256(data).hexdigest()})

    def add_pieces(self, name: str, pieces: Iterable[bytes]) -> None:
        """Add a file piece by piece, of any size."""
        digest, size = sha256(), 0
        with self._zip.open(_info(name), "w", force_zip64=True) as opened:
            for piece in pieces:
                opened.write(piece)
                digest.update(piece)
                size += len(piece)
        self.files.append({"name": name, "bytes": size, "sha256": digest.hexdigest()})

    def add_file(self, name: str, file: IO[bytes]) -> None:
        """Add what was put aside in a file."""
        file.seek(0)
        self.add_pieces(name, iter(lambda: file.read(PIECE), b""))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._zip.close()  # writes the directory at the end; whoever opened the file throws a broken one away


def _info(name: str) -> ZipInfo:
    info = ZipInfo(name, DAWN)
    info.compress_type = ZIP_DEFLATED
    info.create_system = UNIX
    info.external_attr = PLAIN_FILE
    return info
