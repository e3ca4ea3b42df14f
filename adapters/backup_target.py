"""The folder that holds backups: what is listed is there, what is there is listed, and all of it is signed."""

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from shlex import join
from time import sleep
from typing import NamedTuple

from adapters.backup_manifests import Manifest, TargetList, sha256_of
from adapters.backup_shapes import CopyEnd, StoredFile
from domain.errors import Damaged, FilesUnavailable, NotFound, Refusal

LIST = "backups.note"
COPY = re.compile(r"copy-[0-9]{4,}")
MANIFEST = re.compile(r"manifest-([0-9]{12,})-([0-9]{12,})\.note")
LARGEST_NOTE = 64 * 1024 * 1024
WITHOUT = ("orch backup restore --ignore-list --out NEW", "orch backup create --to ANOTHER")
"""What helps where the list is lost."""
ATTEMPTS = 20
"""Somebody may add to the target, or prune it, while we look."""
PAUSE_S = 0.05


class Copy(NamedTuple):
    """A whole copy of the log, begun by a full backup and added to ever since."""

    name: str
    manifests: tuple[Manifest, ...]
    """From position 1 on without a gap; fewer than there should be where there is a problem."""
    problem: Refusal | None

    @property
    def last(self) -> int:
        """The last position that the copy holds."""
        return self.manifests[-1].last if self.manifests else 0

    @property
    def size(self) -> int:
        """Bytes on disk, without the manifests."""
        return sum(each.size for manifest in self.manifests for each in files_of(manifest))


class Target(NamedTuple):
    """A target as it was read."""

    folder: Path
    listed: TargetList
    copies: tuple[Copy, ...]
    """The oldest first, without a first one that is still being made."""
    strangers: tuple[str, ...]
    """What lies there and is in no list."""

    def copy(self, name: str | None = None) -> Copy:
        """Return a copy, or the newest one; refuse it where it has a problem, or the target one."""
        if self.strangers:
            path = str(self.folder / self.strangers[0])
            raise Damaged(
                f"{path} is in no list of backups: it was put there, or the list is not the newest one.",
                fix=(join(["mv", path, "/elsewhere"]),),
            )
        found = [copy for copy in self.copies if name in (None, copy.name)]
        if not found:
            names = ", ".join(copy.name for copy in self.copies) or "none yet"
            raise NotFound(
                f"{self.folder} has no copy {name or 'of the log'} (there is: {names}).", fix=("orch backup list",)
            )
        if found[-1].problem is not None:
            raise found[-1].problem
        return found[-1]


def read_target(folder: Path, vkeys: Iterable[str] = ()) -> Target:
    """Return what a target holds, every signature checked with those keys (or those that its list names).

    Raises `NotFound` where there are no backups, `Damaged` where the list itself cannot be believed.
    """
    given = tuple(vkeys)
    for attempt in range(ATTEMPTS):
        note = _list_in(folder)
        listed = _listed(folder, note, given)
        found = _read(folder, listed)
        if _list_in(folder) == note or attempt == ATTEMPTS - 1:
            return found
        sleep(PAUSE_S)
    raise AssertionError  # the last attempt returns


def read_without_list(folder: Path, vkeys: Iterable[str] = ()) -> Target:
    """Return what a target holds as its manifests alone tell: for a list that is lost or broken.

    What was removed from the end of a copy is not noticed then. Raises `NotFound`, and `Damaged` where there is none.
    """
    ends, newest = [], None
    for name in sorted(name for name in _names(folder) if COPY.fullmatch(name)):
        manifests = sorted((each for each in _names(folder / name) if MANIFEST.fullmatch(each)), key=_first_of)
        for file in manifests[-1:]:
            note = read_file(folder / name / file)
            found = Manifest.read(note, tuple(vkeys) or Manifest.keys_in(note, file), str(folder / name / file))
            ends.append(CopyEnd(name, found.last, file, sha256_of(note)))
            newest = found if newest is None or found.last >= newest.last else newest
    if newest is None:
        raise NotFound(f"There are no backups at {folder}.", fix=("orch backup create",))
    ends.sort(key=lambda end: end.last)  # stable: the younger of two as long comes last
    listed = TargetList(newest.origin, 0, newest.made_at, tuple(ends), None, (), tuple(vkeys) or newest.keys)
    return _read(folder, listed)._replace(strangers=())


def origin_in(folder: Path) -> str:
    """Return whose backups these claim to be, nothing of it checked with a key that we know."""
    return _listed(folder, _list_in(folder), ()).origin


def files_of(manifest: Manifest) -> Iterator[StoredFile]:
    """Yield the files that a manifest speaks of."""
    yield manifest.segment
    if manifest.files is not None:
        yield manifest.files


def read_file(path: Path, *, most: int = LARGEST_NOTE) -> bytes:
    """Return the bytes of a file of a backup. Raises `Damaged` where it is missing or too large."""
    try:
        if path.is_symlink() or not path.is_file():
            raise Damaged(f"{path} is missing from the backups.", fix=("orch backup verify",))
        with path.open("rb") as opened:
            data = opened.read(most + 1)
    except OSError as error:
        raise FilesUnavailable(f"{path}: {error.strerror}.") from error
    if len(data) > most:
        raise Damaged(f"{path} is larger than it should be.", fix=("orch backup verify",))
    return data


def read_stored(folder: Path, file: StoredFile) -> bytes:
    """Return the bytes of a file that a manifest names, if they are those."""
    data = read_file(folder / file.name, most=file.size)
    if len(data) != file.size or sha256_of(data) != file.sha256:
        raise Damaged(
            f"{folder / file.name} was changed: it is not the file that its manifest names.",
            fix=("orch backup verify", "orch backup list"),
        )
    return data


def _names(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        raise NotFound(f"There are no backups at {folder}.", fix=("orch backup create",)) from None
    except OSError as error:
        raise FilesUnavailable(f"{folder}: {error.strerror}.") from error


def _listed(folder: Path, note: bytes, vkeys: tuple[str, ...]) -> TargetList:
    try:
        return TargetList.read(note, vkeys, str(folder / LIST))
    except Damaged as error:
        error.fix = error.fix or WITHOUT
        raise


def _list_in(folder: Path) -> bytes:
    names = _names(folder)
    if LIST not in names:
        if any(COPY.fullmatch(name) for name in names):
            raise Damaged(f"{folder / LIST} is gone: nothing says what these backups are.", fix=WITHOUT)
        raise NotFound(f"There are no backups at {folder}.", fix=("orch backup create",))
    return read_file(folder / LIST)


def _read(folder: Path, listed: TargetList) -> Target:
    explained = {end.name for end in listed.copies} | set(listed.removing) | {listed.making}
    names = sorted(name for name in os.listdir(folder) if COPY.match(name) or name.startswith("backups."))
    strangers = [name for name in names if name not in explained and name != LIST]
    copies = []
    for end in listed.copies:
        manifests: list[Manifest] = []
        problem: Refusal | None = None
        try:
            for manifest in _chain(folder / end.name, listed, end):
                manifests.append(manifest)
        except (Damaged, NotFound) as error:
            problem = error
        copies.append(Copy(end.name, tuple(manifests), problem))
    return Target(folder, listed, tuple(copies), tuple(strangers))


def _chain(folder: Path, listed: TargetList, end: CopyEnd) -> Iterator[Manifest]:
    """Yield the manifests of a copy in order, and in the end refuse what is missing or does not belong there."""
    try:
        names = {name for name in os.listdir(folder) if not name.startswith(".")}
    except FileNotFoundError:
        raise Damaged(f"{folder} is missing from the backups.", fix=("orch backup list",)) from None
    except OSError as error:
        raise FilesUnavailable(f"{folder}: {error.strerror}.") from error
    growing = listed.making == end.name
    previous: str | None = None
    before: Manifest | None = None
    reached = False
    for name in sorted((name for name in names if MANIFEST.fullmatch(name)), key=_first_of):
        note = read_file(folder / name)
        manifest = Manifest.read(note, listed.keys, f"{folder / name}")
        _judge(folder / name, manifest, before, previous, listed.origin, end.name)
        previous, before = sha256_of(note), manifest
        if reached and not growing:
            raise Damaged(f"{folder / name} is in no list of backups.", fix=("orch backup list",))
        if name == end.manifest:
            if previous != end.sha256 or manifest.last != end.last:
                raise Damaged(f"{folder / name} is not the manifest that the list of backups names.")
            reached = True
        for file in files_of(manifest):
            _judge_size(folder / file.name, file)
            names.discard(file.name)
        names.discard(name)
        yield manifest
    if not reached:
        raise Damaged(f"{folder / end.manifest} is missing from the backups.", fix=("orch backup list",))
    if names and not growing:
        raise Damaged(
            f"{folder / min(names)} does not belong there.", fix=(join(["mv", str(folder / min(names)), "/elsewhere"]),)
        )


def _judge(path: Path, found: Manifest, before: Manifest | None, previous: str | None, origin: str, copy: str) -> None:
    if found.name != path.name:
        raise Damaged(f"{path} is the manifest of another range.")
    if (found.origin, found.copy) != (origin, copy):
        raise Damaged(f"{path} belongs to {found.copy} of {found.origin}, not to {copy} of {origin}.")
    if found.previous != previous or found.first != (before.last if before else 0) + 1:
        raise Damaged(f"{path} does not follow the manifest before it: one is missing, or was replaced.")
    if before and found.recorded_first < before.recorded_last:
        raise Damaged(f"{path} says that time went back.")


def _judge_size(path: Path, file: StoredFile) -> None:
    try:
        size = os.lstat(path).st_size
    except FileNotFoundError:
        raise Damaged(f"{path} is missing from the backups.", fix=("orch backup list",)) from None
    except OSError as error:
        raise FilesUnavailable(f"{path}: {error.strerror}.") from error
    if size != file.size:
        raise Damaged(f"{path} has {size} bytes; its manifest says {file.size}.")


def _first_of(name: str) -> tuple[int, int]:
    found = MANIFEST.fullmatch(name)
    assert found is not None
    return int(found[1]), int(found[2])
