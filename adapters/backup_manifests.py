"""What is signed about a backup: a manifest beside every segment, and the list of what a target holds."""

from collections.abc import Callable, Iterable
from hashlib import sha256
from typing import Any, NamedTuple, Self

import orjson

from adapters.backup_shapes import CopyEnd, StoredFile, shaped
from adapters.envelope import canonical
from adapters.signed_notes import opened
from domain.checkpoints import Checkpoint
from domain.errors import Damaged, InvalidInput, SignatureRefused
from domain.merkle import root_of

FORMAT = 1

Sign = Callable[[str], bytes]
"""Makes a signed note of a text."""


class Manifest(NamedTuple):
    """What a segment is: which events, which bytes, what came before, and the tree that it ends."""

    origin: str
    copy: str
    first: int
    last: int
    recorded_first: int
    recorded_last: int
    made_at: int
    """µs since the epoch by the clock of the machine that made the backup."""
    segment: StoredFile
    files: StoredFile | None
    """Settings, templates and logs that ride along, where they changed."""
    previous: str | None
    """The SHA-256 of the manifest before this one in its copy."""
    recipients: tuple[str, ...]
    """Fingerprints of whom it is encrypted to; none when it is plain text."""
    erased: tuple[int, ...]
    """Positions whose text was gone when the segment was made."""
    redactions: tuple[tuple[int, int], ...]
    """(position whose text is to go, position that says so), for every redaction that the segment holds."""
    keys: tuple[str, ...]
    """The verifier keys that have spoken for the log: the one in force, then those it replaced, the oldest first."""
    frontier: tuple[bytes, ...]
    """The edge of the tree of `last` entries, as `TreeHead.frontier`."""
    checkpoint: str
    """The signed checkpoint of the tree of `last` entries."""

    @property
    def root(self) -> bytes:
        """The root of the tree of `last` entries."""
        return root_of(self.frontier)

    @property
    def name(self) -> str:
        """The name of its file."""
        return manifest_name(self.first, self.last)

    def signed(self, sign: Sign) -> bytes:
        """Return the manifest as the signed note that is stored."""
        return sign(_text({**_plain(self), "root": self.root.hex()}))

    @classmethod
    def read(cls, note: bytes, vkeys: Iterable[str], name: str) -> Self:
        """Return the manifest that a known key signed. Raises `Damaged`."""
        document = _opened(note, vkeys, name)
        root = document.pop("root", None)
        found = cls(**shaped(document, cls, name))
        if found.root.hex() != root or len(found.frontier) != found.last.bit_count():
            raise Damaged(f"{name} contradicts itself: its root is not that of its frontier.")
        if not 1 <= found.first <= found.last or found.recorded_first > found.recorded_last:
            raise Damaged(f"{name} contradicts itself: its range makes no sense.")
        return found

    @classmethod
    def keys_in(cls, note: bytes, name: str) -> tuple[str, ...]:
        """Return the keys that a manifest names itself, nothing of it checked."""
        document = _document(note.rpartition(b"\n\n")[0], name)
        document.pop("root", None)
        return cls(**shaped(document, cls, name)).keys

    def judge_checkpoint(self, vkeys: Iterable[str]) -> None:
        """Refuse a checkpoint that is not the one of this tree, signed by one of those keys."""
        try:
            checkpoint = Checkpoint.parse(opened(self.checkpoint.encode(), vkeys).text)
        except InvalidInput as error:
            raise Damaged(f"The checkpoint in {self.name} cannot be read: {error.message}") from None
        if checkpoint != Checkpoint(self.origin, self.last, self.root):
            raise Damaged(f"The checkpoint in {self.name} is of another tree.")


class TargetList(NamedTuple):
    """What a target holds. It is replaced as a whole, and says beforehand what is about to change."""

    origin: str
    serial: int
    """Grows by one with every change."""
    made_at: int
    copies: tuple[CopyEnd, ...]
    """The oldest first; backups go on with the last one."""
    making: str | None
    """A copy that is being added to: complete segments beyond its end count as soon as they are there."""
    removing: tuple[str, ...]
    """Copies that are being removed."""
    keys: tuple[str, ...]

    def signed(self, sign: Sign) -> bytes:
        """Return the list as the signed note that is stored."""
        return sign(_text(_plain(self)))

    @classmethod
    def read(cls, note: bytes, vkeys: Iterable[str], name: str) -> Self:
        """Return the list that a given key signed, or, where none is given, the key that it names itself."""
        given = tuple(vkeys)
        if not given:
            text = note.rpartition(b"\n\n")[0]
            given = cls(**shaped(_document(text, name), cls, name)).keys[:1]
        return cls(**shaped(_opened(note, given, name), cls, name))


def manifest_name(first: int, last: int) -> str:
    """Return the name of the manifest of a range."""
    return f"manifest-{first:012d}-{last:012d}.note"


def segment_name(first: int, last: int, *, encrypted: bool) -> str:
    """Return the name of the segment of a range."""
    return f"segment-{first:012d}-{last:012d}.seg.zst{'.age' if encrypted else ''}"


def sha256_of(data: bytes) -> str:
    """Return the hex SHA-256."""
    return sha256(data).hexdigest()


def _plain(value: Any) -> dict[str, Any]:
    """Return a named tuple as JSON takes it."""
    return {"format": FORMAT, **{name: _value(each) for name, each in value._asdict().items()}}


def _value(value: Any) -> Any:
    if hasattr(value, "_asdict"):
        return {name: _value(each) for name, each in value._asdict().items()}
    if isinstance(value, tuple):
        return [_value(each) for each in value]
    return value.hex() if isinstance(value, bytes) else value


def _text(document: dict[str, Any]) -> str:
    return f"{canonical(document).decode()}\n"


def _opened(note: bytes, vkeys: Iterable[str], name: str) -> dict[str, Any]:
    try:
        text = opened(note, vkeys).text
    except SignatureRefused as error:
        error.message = f"{name}: {error.message}"
        raise
    except InvalidInput as error:
        raise Damaged(f"{name} cannot be read: {error.message}") from None
    return _document(text.encode(), name)


def _document(text: bytes, name: str) -> dict[str, Any]:
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise Damaged(f"{name} cannot be read: it holds no JSON.") from None
    if not isinstance(document, dict) or document.pop("format", None) != FORMAT:
        raise Damaged(f"{name} was not written by this version of orch.", fix=("orch version",))
    return document
