"""Add to the backups in a storage: files whole or not at all, the list of them last; one writer at a time."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from adapters.backup_addresses import holds_another
from adapters.backup_author import Author
from adapters.backup_chain import files_of, unnamed
from adapters.backup_manifests import Manifest, TargetList, segment_name, sha256_of
from adapters.backup_packing import Packed, packed
from adapters.backup_reading import judged_texts
from adapters.backup_segments import entries_in, plain_segment
from adapters.backup_shapes import CopyEnd, StoredFile
from adapters.backup_storage import Storage
from adapters.backup_target import LIST, Copy, Target, list_in, origin_in, read_end
from adapters.stored_events import StoredEvent
from domain.checkpoints import Checkpoint
from domain.errors import InvalidInput, NotFound
from domain.merkle import grow, root_of

TIMEOUT_S = 30.0
SAYS = 16
"""So many hex digits of the hash of what rides along are in the name of its file."""


class BackupWriter:
    """A target that is being added to. All of it happens inside `turn`."""

    _note: bytes
    """The list as we read or wrote it."""
    _listed: TargetList
    _target: Target | None
    _copy: Copy

    def __init__(self, storage: Storage, author: Author, *, timeout_s: float = TIMEOUT_S) -> None:
        self.storage = storage
        self.author = author
        self._timeout_s = timeout_s
        self._forget()

    @property
    def last(self) -> int:
        """The last position that the copy holds which backups go on with."""
        return self._copy.last

    @property
    def copy(self) -> Copy:
        """The copy that backups go on with: the end of it, and what was added."""
        return self._copy

    @property
    def count(self) -> int:
        """How many copies are listed."""
        return len(self._listed.copies)

    def lists(self, name: str, last: int) -> bool:
        """Tell whether a copy is listed that goes as far as a position; the newest one has to be readable, too."""
        is_broken = self._copy.name == name and self._copy.problem is not None
        return not is_broken and any(end.name == name and end.last >= last for end in self._listed.copies)

    def plain_segments(self) -> list[int]:
        """Return where the segments end that anybody can read, as their names tell.

        They are looked for only where the first one or the last is such a segment.
        """
        first = self.storage.names(self._copy.name, begins=f"segment-{1:012d}-")
        if all(name.endswith(".age") for name in first) and all(each.recipients for each in self._copy.manifests):
            return []
        names = self.storage.names(self._copy.name, begins="segment-")
        return sorted(int(name.split("-")[2].partition(".")[0]) for name in names if not name.endswith(".age"))

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for our turn, read what is there, and remove what writers that were cut off have left."""
        try:
            with self.storage.turn(timeout_s=self._timeout_s):
                self._look()
                yield
        except BaseException:
            self._note = b""  # whatever was left half done is looked at next time
            raise

    def begin(self, *, full: bool) -> None:
        """Say that the newest copy is going to grow, or that a new one is made. Raises `Damaged` for a broken one."""
        if self._target and self._target.copies and (self._target.strangers or not full):
            self._target.copy()  # refuses what is broken
        if full or not self._listed.copies:
            names = {*(end.name for end in self._listed.copies), self._copy.name if self._copy.manifests else "copy-0"}
            number = max(int(name.removeprefix("copy-")) for name in names)
            self._copy = Copy(f"copy-{number + 1:04d}", (), None)
        self._list(making=self._copy.name)

    def add(
        self,
        events: Sequence[StoredEvent],
        *,
        redacted: frozenset[int],
        files: bytes | None = None,
        made_at: int | None = None,
    ) -> Manifest:
        """Write the next segment, durably, and then its manifest. Raises `Damaged` for events that are no log's."""
        author, first = self.author, self.last + 1
        last = self.last + len(events)
        frontier = list(self._copy.manifests[-1].frontier) if self._copy.manifests else []
        plain = plain_segment(first, events)
        for size, entry in enumerate(entries_in(plain, first, last), first - 1):
            grow(frontier, size, entry.leaf)
        redactions = judged_texts(first, events, redacted)
        erased = [p for p, event in enumerate(events, first) if p in redacted and event.payload is None]
        manifest = Manifest(
            origin=author.origin,
            copy=self._copy.name,
            first=first,
            last=last,
            recorded_first=events[0].recorded_at,
            recorded_last=events[-1].recorded_at,
            made_at=author.clock() if made_at is None else made_at,
            segment=self._stored(
                segment_name(first, last, encrypted=bool(author.recipients.words)), packed(plain, author.recipients)
            ),
            files=self._files(last, files),
            previous=self._copy.digest,
            recipients=tuple(author.recipients.fingerprints),
            erased=tuple(erased),
            redactions=tuple(sorted(redactions.items())),
            keys=author.keys,
            frontier=tuple(frontier),
            checkpoint=author.sign(Checkpoint(author.origin, last, root_of(frontier)).text()).decode(),
        )
        self._append(manifest)
        return manifest

    def take(self, manifest: Manifest) -> None:
        """Take a segment of another copy over as it is, under a manifest of this one."""
        for file in files_of(manifest):
            self.storage.copy(f"{manifest.copy}/{file.name}", f"{self._copy.name}/{file.name}")
        self._append(manifest._replace(copy=self._copy.name, previous=self._copy.digest))

    def replace(self, name: str, rewrite: Callable[[], None]) -> None:
        """Let a new copy, made by `rewrite` with `add` and `take`, stand in the place of another one."""
        newest = self._copy
        self.begin(full=True)
        rewrite()
        ends = tuple(self._end() if end.name == name else end for end in self._listed.copies)
        self._list(copies=ends, removing=(name,))
        if newest.name != name:
            self._copy = newest
        self.storage.remove_folder(name)
        self._list()

    def remove(self, names: Sequence[str]) -> None:
        """Remove copies. The list says so before the first file goes."""
        ends = tuple(end for end in self._listed.copies if end.name not in names)
        self._list(copies=ends, removing=tuple(names))
        for name in names:
            self.storage.remove_folder(name)
        self._list()

    def finish(self) -> None:
        """List what was made: from now on its absence would be noticed."""
        ends = [end for end in self._listed.copies if end.name != self._copy.name]
        if self._copy.manifests:
            ends.append(self._end())
        self._list(copies=tuple(ends))

    def _look(self) -> None:
        """Read what is there, unless it is what we left."""
        try:
            note = list_in(self.storage)
        except NotFound:
            self._forget()
            return
        if note == self._note:
            return
        self._forget()
        origin = origin_in(self.storage, note)
        if origin != self.author.origin:
            said, fix = holds_another(self.storage.where, origin, self.author.origin)
            raise InvalidInput(said, fix=fix)
        self._target = read_end(self.storage, note, self.author.keys)
        self._note, self._listed = note, self._target.listed
        if self._target.copies:
            self._copy = self._target.copies[-1]
        self._clear()

    def _forget(self) -> None:
        self._note = b""
        self._listed = TargetList(self.author.origin, 0, 0, (), None, (), self.author.keys)
        self._target = None
        self._copy = Copy("", (), None)

    def _clear(self) -> None:
        """Remove what was never finished."""
        listed = self._listed
        known = {end.name for end in listed.copies}
        for name in {*listed.removing, *({listed.making} - known - {None})}:
            self.storage.remove_folder(str(name))
        if listed.making in known and self._copy.name == listed.making and self._copy.problem is None:
            for name in unnamed(self.storage, self._copy.name, self._copy.manifests):
                self.storage.remove(f"{self._copy.name}/{name}")
        if (listed.making or listed.removing) and self._copy.problem is None:
            self.finish()

    def _stored(self, name: str, made: Packed) -> StoredFile:
        self._write(name, made.stored)
        return StoredFile(name, len(made.stored), sha256_of(made.stored), made.plain_size, made.plain_sha256)

    def _files(self, last: int, plain: bytes | None) -> StoredFile | None:
        """Store the archive of what rides along, unless the newest one says the same: its name tells."""
        if plain is None:
            return None
        says = sha256_of(plain)[:SAYS]
        before = sorted(self.storage.names(self._copy.name, begins="files-"))
        if before and before[-1].partition(".")[0].endswith(f"-{says}"):
            return None
        end = ".age" if self.author.recipients.words else ""
        return self._stored(f"files-{last:012d}-{says}.tar.zst{end}", packed(plain, self.author.recipients))

    def _end(self) -> CopyEnd:
        manifest, digest = self._copy.manifests[-1], self._copy.digest
        assert digest is not None
        return CopyEnd(self._copy.name, manifest.last, manifest.name, digest)

    def _append(self, manifest: Manifest) -> None:
        """Write the manifest of what was written, and count it."""
        note = manifest.signed(self.author.sign)
        self._write(manifest.name, note)
        self._copy = self._copy._replace(manifests=(*self._copy.manifests, manifest), digest=sha256_of(note))

    def _write(self, name: str, data: bytes) -> None:
        """Write one file of the copy, durably: it is there as a whole when this returns."""
        self.storage.add(f"{self._copy.name}/{name}", data)

    def _list(
        self, *, copies: tuple[CopyEnd, ...] | None = None, making: str | None = None, removing: tuple[str, ...] = ()
    ) -> None:
        """Replace the list of what the target holds."""
        listed = self._listed
        self._listed = TargetList(
            self.author.origin,
            listed.serial + 1,
            self.author.clock(),
            listed.copies if copies is None else copies,
            making,
            removing,
            self.author.keys,
        )
        self._note = self._listed.signed(self.author.sign)
        self.storage.replace(LIST, self._note)
