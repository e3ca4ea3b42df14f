"""Read a folder of tiles as a stranger would, by the words of C2SP tlog-tiles; nothing shared with our code."""

from hashlib import sha256
from pathlib import Path

from tests.adapters.log_entries import root_as_rfc6962


def place(level: int | str, number: int, width: int = 256) -> str:
    """Return the path of a tile: three digits a group, an x before all but the last."""
    digits = str(number).zfill(-(-len(str(number)) // 3) * 3)
    groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    path = "/".join([f"x{group}" for group in groups[:-1]] + groups[-1:])
    return f"tile/{level}/{path}" + (f".p/{width}" if width < 256 else "")


def places(size: int) -> set[str]:
    """Return the paths of everything that a tree of a size consists of."""
    found = set()
    for level in range(64):
        hashes = size // 256**level
        names: list[int | str] = [level, "entries"] if level == 0 else [level]
        for name in names:
            found |= {place(name, number) for number in range(hashes // 256)}
            found |= {place(name, hashes // 256, hashes % 256)} if hashes % 256 else set()
    return found


def files_in(folder: Path) -> set[str]:
    """Return the paths of all files below a folder, relative to it."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def entries_in(folder: Path, size: int) -> list[bytes]:
    """Return the entries of a tree of a size, taken apart by their lengths."""
    entries: list[bytes] = []
    for number in range(-(-size // 256)):
        data = (folder / place("entries", number, min(256, size - 256 * number))).read_bytes()
        while data:
            length = data[0] * 256 + data[1]
            assert len(data) >= 2 + length
            entries.append(data[2 : 2 + length])
            data = data[2 + length :]
    return entries


def checked(folder: Path, size: int) -> bytes:
    """Return the root over the entries, once every tile of the tree holds the hashes that the words give it."""
    leaves = [sha256(b"\x00" + entry).digest() for entry in entries_in(folder, size)]
    assert len(leaves) == size
    level, hashes = 0, leaves
    while hashes:
        for number in range(-(-len(hashes) // 256)):
            part = hashes[number * 256 : number * 256 + 256]
            assert (folder / place(level, number, len(part))).read_bytes() == b"".join(part), (level, number)
        full = len(hashes) // 256
        hashes = [root_as_rfc6962(hashes[number * 256 : number * 256 + 256]) for number in range(full)]
        level += 1
    return root_as_rfc6962(leaves)
