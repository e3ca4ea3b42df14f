"""What lies in a storage of backups: what is listed is there, what is there is listed, and all of it is signed."""

import re
from collections.abc import Iterable
from time import sleep
from typing import NamedTuple

from adapters.backup_chain import LARGEST_NOTE, MANIFEST, Link, chain, files_of, range_in, read_file
from adapters.backup_manifests import Manifest, TargetList, sha256_of
from adapters.backup_shapes import CopyEnd, StoredFile
from adapters.backup_storage import Storage
from domain.errors import Damaged, NotFound, Refusal, SignatureRefused

LIST = "backups.note"
COPY = re.compile(r"copy-[0-9]{4,}")
WITHOUT = ("orch backup restore --ignore-list --out NEW", "orch backup create --to ANOTHER")
"""What helps where the list is lost."""
ATTEMPTS = 20
"""Somebody may add to the target, or prune it, while we look."""
PAUSE_S = 0.05


class Copy(NamedTuple):
    """A whole copy of the log, begun by a full backup and added to ever since."""

    name: str
    manifests: tuple[Manifest, ...]
    """From position 1 on without a gap; fewer where there is a problem, or where only the end was read."""
    problem: Refusal | None
    digest: str | None = None
    """The SHA-256 of the last of these manifests."""

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

    storage: Storage
    listed: TargetList
    copies: tuple[Copy, ...]
    """The oldest first, without a first one that is still being made."""
    strangers: tuple[str, ...]
    """What lies there and is in no list."""

    def copies_of(self, origin: str) -> tuple[Copy, ...]:
        """Return the copies that count as backups of a log: those in the name it has now that can be restored.

        What was made of another log holds nothing of this one, even where both share a beginning: it follows the other.
        """
        return tuple(copy for copy in self.copies if copy.problem is None and self.listed.origin == origin)

    def copy(self, name: str | None = None) -> Copy:
        """Return a copy, or the newest one; refuse it where it has a problem, or the target one."""
        if self.strangers:
            raise Damaged(
                f"{self.storage.named(self.strangers[0])} is in no list of backups: it was put there, or the list is"
                " not the newest one.",
                fix=(self.storage.away(self.strangers[0]),),
            )
        found = [copy for copy in self.copies if name in (None, copy.name)]
        if not found:
            names = ", ".join(copy.name for copy in self.copies) or "none yet"
            raise NotFound(
                f"{self.storage.where} has no copy {name or 'of the log'} (there is: {names}).",
                fix=("orch backup list",),
            )
        if found[-1].problem is not None:
            raise found[-1].problem
        return found[-1]


def read_target(storage: Storage, vkeys: Iterable[str] = ()) -> Target:
    """Return what a target holds, every signature checked with those keys (or those that its list names).

    Raises `NotFound` where there are no backups, `Damaged` where the list itself cannot be believed.
    """
    given = tuple(vkeys)
    for attempt in range(ATTEMPTS):
        note = list_in(storage)
        found = _read(storage, _listed(storage, note, given))
        if list_in(storage) == note or attempt == ATTEMPTS - 1:
            return found
        sleep(PAUSE_S)
    raise AssertionError  # the last attempt returns


def read_end(storage: Storage, note: bytes, vkeys: Iterable[str]) -> Target:
    """Return what a target with that list holds: of the newest copy the end, of others no manifests.

    For whoever is about to add to it, and has the turn.
    """
    return _read(storage, _listed(storage, note, tuple(vkeys)), whole=False)


def read_without_list(storage: Storage, vkeys: Iterable[str] = ()) -> Target:
    """Return what a target holds as its manifests alone tell: for a list that is lost or broken.

    What was removed from the end of a copy is not noticed then. Raises `NotFound`, and `Damaged` where there is none.
    """
    ends, newest = [], None
    for name in _copies_in(storage):
        manifests = sorted((each for each in storage.names(name) if MANIFEST.fullmatch(each)), key=range_in)
        for file in manifests[-1:]:
            note = read_file(storage, f"{name}/{file}")
            path = storage.named(f"{name}/{file}")
            found = Manifest.read(note, tuple(vkeys) or Manifest.keys_in(note, file), path)
            ends.append(CopyEnd(name, found.last, file, sha256_of(note)))
            newest = found if newest is None or found.last >= newest.last else newest
    if newest is None:
        raise _nothing(storage)
    ends.sort(key=lambda end: end.last)  # stable: the younger of two as long comes last
    listed = TargetList(newest.origin, 0, newest.made_at, tuple(ends), None, (), tuple(vkeys) or newest.keys)
    return _read(storage, listed)._replace(strangers=())


def origin_in(storage: Storage, note: bytes | None = None) -> str:
    """Return whose backups these claim to be, nothing of it checked with a key that we know."""
    return _listed(storage, list_in(storage) if note is None else note, ()).origin


def read_stored(storage: Storage, folder: str, file: StoredFile) -> bytes:
    """Return the bytes of a file that a manifest names, if they are those."""
    name = f"{folder}/{file.name}"
    data = read_file(storage, name, most=file.size)
    if len(data) != file.size or sha256_of(data) != file.sha256:
        raise Damaged(
            f"{storage.named(name)} was changed: it is not the file that its manifest names.",
            fix=("orch backup verify", "orch backup list"),
        )
    return data


def _nothing(storage: Storage) -> NotFound:
    return NotFound(f"There are no backups at {storage.where}.", fix=("orch backup create",))


def _copies_in(storage: Storage) -> list[str]:
    names = (name.rstrip("/") for name in storage.names())
    return sorted(name for name in names if COPY.fullmatch(name))


def _listed(storage: Storage, note: bytes, vkeys: tuple[str, ...]) -> TargetList:
    try:
        return TargetList.read(note, vkeys, storage.named(LIST))
    except Damaged as error:
        error.fix = error.fix or _way_out(error, note, vkeys)
        raise


def _way_out(error: Damaged, note: bytes, vkeys: tuple[str, ...]) -> tuple[str, ...]:
    """Return what helps: another key, where the list is as its own key signed it; otherwise to do without it."""
    if isinstance(error, SignatureRefused):
        try:
            listed = TargetList.read(note, (), LIST)
        except Refusal:
            return WITHOUT
        if not set(vkeys) & set(listed.keys[:1]):
            return ("orch audit key show",)
    return WITHOUT


def list_in(storage: Storage) -> bytes:
    """Return the list. Raises `NotFound` where there are no backups, `Damaged` where only the list is gone."""
    note = storage.read(LIST, most=LARGEST_NOTE)
    if note is None:
        if _copies_in(storage):
            raise Damaged(f"{storage.named(LIST)} is gone: nothing says what these backups are.", fix=WITHOUT)
        raise _nothing(storage)
    if len(note) > LARGEST_NOTE:
        raise Damaged(f"{storage.named(LIST)} is larger than it should be.", fix=WITHOUT)
    return note


def _read(storage: Storage, listed: TargetList, *, whole: bool = True) -> Target:
    explained = {end.name for end in listed.copies} | set(listed.removing) | {listed.making}
    names = [name.rstrip("/") for name in storage.names()]
    ours = sorted(name for name in names if COPY.match(name) or name.startswith("backups."))
    strangers = [name for name in ours if name not in explained and name != LIST]
    newest = listed.copies[-1].name if listed.copies else None
    copies = []
    for end in listed.copies:
        links: list[Link] = []
        problem: Refusal | None = None
        try:
            if whole or end.name == newest:
                for link in chain(storage, listed, end, whole=whole):
                    links.append(link)
        except (Damaged, NotFound) as error:
            problem = error
        manifests = tuple(link.manifest for link in links)
        copies.append(Copy(end.name, manifests, problem, links[-1].digest if links else None))
    return Target(storage, listed, tuple(copies), tuple(strangers))
