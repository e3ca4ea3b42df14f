"""The manifests of a copy: each follows the one before it, and every file they name is there in its size."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from adapters.backup_manifests import Manifest, TargetList, sha256_of
from adapters.backup_shapes import CopyEnd, StoredFile
from adapters.backup_storage import Storage
from domain.errors import Damaged

MANIFEST = re.compile(r"manifest-([0-9]{12,})-([0-9]{12,})\.note")
LARGEST_NOTE = 64 * 1024 * 1024


class Link(NamedTuple):
    """A manifest, and the hash of the file it lies in."""

    manifest: Manifest
    digest: str


def chain(storage: Storage, listed: TargetList, end: CopyEnd, *, whole: bool = True) -> Iterator[Link]:
    """Yield the manifests of a copy in order, and in the end refuse what is missing or does not belong there.

    Unless the whole of it is asked for, from the one on that the list names: that takes as long on a long log as on a
    short one.
    """
    names = storage.names(end.name) if whole else _names_from(storage, end.name, *range_in(end.manifest))
    if not names:
        raise Damaged(f"{storage.named(end.name)} is missing from the backups.", fix=("orch backup list",))
    growing = listed.making == end.name
    before: Link | None = None
    reached = False
    manifests = sorted((name for name in names if MANIFEST.fullmatch(name)), key=range_in)
    notes = storage.reads([f"{end.name}/{name}" for name in manifests], most=LARGEST_NOTE)
    for name, data in zip(manifests, notes, strict=True):
        path = storage.named(f"{end.name}/{name}")
        note = whole_file(path, data, LARGEST_NOTE)
        found = Link(Manifest.read(note, listed.keys, path), sha256_of(note))
        _judge(path, name, found.manifest, listed.origin, end.name)
        if whole or before:
            _judge_order(path, found.manifest, before)
        if reached and not growing:
            raise Damaged(f"{path} is in no list of backups.", fix=("orch backup list",))
        if name == end.manifest:
            if found.digest != end.sha256 or found.manifest.last != end.last:
                raise Damaged(f"{path} is not the manifest that the list of backups names.")
            reached = True
        for file in files_of(found.manifest):
            _judge_size(storage.named(f"{end.name}/{file.name}"), names.pop(file.name, None), file)
        names.pop(name)
        yield found
        before = found
    if not reached:
        path = storage.named(f"{end.name}/{end.manifest}")
        raise Damaged(f"{path} is missing from the backups.", fix=("orch backup list",))
    if names and not growing:
        stranger = f"{end.name}/{min(names)}"
        raise Damaged(f"{storage.named(stranger)} does not belong there.", fix=(storage.away(stranger),))


def files_of(manifest: Manifest) -> Iterator[StoredFile]:
    """Yield the files that a manifest speaks of."""
    yield manifest.segment
    if manifest.files is not None:
        yield manifest.files


def read_file(storage: Storage, name: str, *, most: int = LARGEST_NOTE) -> bytes:
    """Return the bytes of a file of a backup. Raises `Damaged` where it is missing or too large."""
    return whole_file(storage.named(name), storage.read(name, most=most), most)


def whole_file(path: str, data: bytes | None, most: int) -> bytes:
    """Return what was read of a file, or refuse one that is missing or too large."""
    if data is None:
        raise Damaged(f"{path} is missing from the backups.", fix=("orch backup verify",))
    if len(data) > most:
        raise Damaged(f"{path} is larger than it should be.", fix=("orch backup verify",))
    return data


def range_in(name: str) -> tuple[int, int]:
    """Return the range that the name of a manifest tells."""
    found = MANIFEST.fullmatch(name)
    assert found is not None
    return int(found[1]), int(found[2])


def unnamed(storage: Storage, copy: str, manifests: Sequence[Manifest]) -> set[str]:
    """Return what lies in a copy from the first of some manifests on and is named by none: left by who was cut off."""
    if not manifests:
        return set(storage.names(copy))
    kept = {m.name for m in manifests} | {file.name for m in manifests for file in files_of(m)}
    return set(_names_from(storage, copy, manifests[0].first, manifests[0].last)) - kept


def _names_from(storage: Storage, copy: str, first: int, last: int) -> dict[str, int]:
    """Return what belongs to the manifest of a range, and what comes after it."""
    found: dict[str, int] = {}
    for begins, number in (("manifest-", first), ("segment-", first), ("files-", last)):
        found |= storage.names(copy, begins=begins, after=f"{begins}{number:012d}")
    return found


def _judge(path: str, name: str, found: Manifest, origin: str, copy: str) -> None:
    if found.name != name:
        raise Damaged(f"{path} is the manifest of another range.")
    if (found.origin, found.copy) != (origin, copy):
        raise Damaged(f"{path} belongs to {found.copy} of {found.origin}, not to {copy} of {origin}.")


def _judge_order(path: str, found: Manifest, before: Link | None) -> None:
    previous = before.digest if before else None
    if found.previous != previous or found.first != (before.manifest.last if before else 0) + 1:
        raise Damaged(f"{path} does not follow the manifest before it: one is missing, or was replaced.")
    if before and found.recorded_first < before.manifest.recorded_last:
        raise Damaged(f"{path} says that time went back.")


def _judge_size(path: str, size: int | None, file: StoredFile) -> None:
    if size is None:
        raise Damaged(f"{path} is missing from the backups.", fix=("orch backup list",))
    if size != file.size:
        raise Damaged(f"{path} has {size} bytes; its manifest says {file.size}.")
