"""What each field of a signed file of a backup may say: numbers, digests, names that lead nowhere else."""

from collections.abc import Callable
from typing import Any, NamedTuple

from adapters.signed_notes import VerifierKey
from domain.errors import Damaged, InvalidInput

HASH = 32


class StoredFile(NamedTuple):
    """One file beside its manifest, as it lies there and as it is when it is unpacked."""

    name: str
    size: int
    sha256: str
    plain_size: int
    plain_sha256: str


class CopyEnd(NamedTuple):
    """How far a copy goes: its last manifest."""

    name: str
    last: int
    manifest: str
    sha256: str


def shaped(document: dict[str, Any], shape: Any, name: str) -> dict[str, Any]:
    """Return the fields with the types of a named tuple. Raises `Damaged` where one is missing, strange or too much."""
    try:
        if document.keys() != set(shape._fields):
            raise ValueError
        return {field: READ[field](document[field]) for field in shape._fields}
    except (ValueError, TypeError, LookupError, AttributeError, InvalidInput):
        raise Damaged(f"{name} does not say what a file of its kind says.") from None


def _number(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise ValueError
    return value


def _words(value: Any) -> str:
    if type(value) is not str or not value:
        raise ValueError
    return value


def _name(value: Any) -> str:
    """Return the name of a file or folder of ours: nothing that leads elsewhere."""
    if not _words(value).isascii() or any(c in "/\\\x00" for c in value) or value.startswith("."):
        raise ValueError
    return str(value)


def _digest(value: Any) -> str:
    if len(bytes.fromhex(_words(value))) != HASH:
        raise ValueError
    return str(value)


def _file(value: Any) -> StoredFile:
    return StoredFile(**shaped(value, StoredFile, "a file"))


def _keys(value: Any) -> tuple[str, ...]:
    found = tuple(VerifierKey.parse(_words(each)).text() for each in value)
    if not found:
        raise ValueError
    return found


READ: dict[str, Callable[[Any], Any]] = {
    "origin": _words,
    "copy": _name,
    "name": _name,
    "manifest": _name,
    "first": _number,
    "last": _number,
    "recorded_first": _number,
    "recorded_last": _number,
    "made_at": _number,
    "serial": _number,
    "size": _number,
    "plain_size": _number,
    "sha256": _digest,
    "plain_sha256": _digest,
    "segment": _file,
    "files": lambda value: None if value is None else _file(value),
    "previous": lambda value: None if value is None else _digest(value),
    "recipients": lambda value: tuple(_words(each) for each in value),
    "erased": lambda value: tuple(_number(each) for each in value),
    "redactions": lambda value: tuple((_number(gone), _number(by)) for gone, by in value),
    "keys": _keys,
    "frontier": lambda value: tuple(bytes.fromhex(_digest(each)) for each in value),
    "checkpoint": _words,
    "copies": lambda value: tuple(CopyEnd(**shaped(each, CopyEnd, "a copy")) for each in value),
    "making": lambda value: None if value is None else _name(value),
    "removing": lambda value: tuple(_name(each) for each in value),
}
"""How each field is read, and what it may say."""
