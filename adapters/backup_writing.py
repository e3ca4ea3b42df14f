"""Add to the backups in a folder: files whole or not at all, the list of them last; one writer at a time."""

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from adapters.backup_author import Author, linked, write
from adapters.backup_manifests import Manifest, TargetList, segment_name, sha256_of
from adapters.backup_packing import packed
from adapters.backup_reading import judged_texts
from adapters.backup_segments import entries_in, plain_segment
from adapters.backup_shapes import CopyEnd, StoredFile
from adapters.backup_target import LIST, Copy, Target, files_of, origin_in, read_file, read_target
from adapters.durable import sync
from adapters.stored_events import StoredEvent
from adapters.writers_queue import WritersQueue
from domain.checkpoints import Checkpoint
from domain.errors import FilesUnavailable, InvalidInput, NotFound
from domain.merkle import grow, root_of

LOCK = ".lock"
TIMEOUT_S = 30.0


class BackupWriter:
    """A target that is being added to. All of it happens inside `turn`."""

    _note: bytes
    """The list as we read or wrote it."""
    _listed: TargetList
    _target: Target | None
    _copy: Copy

    def __init__(self, folder: Path, author: Author, *, timeout_s: float = TIMEOUT_S) -> None:
        self.folder = folder
        self.author = author
        self._queue = WritersQueue(folder / LOCK, timeout_s=timeout_s, what="these backups")
        self._forget()

    @property
    def last(self) -> int:
        """The last position that the copy holds which backups go on with."""
        return self._copy.last

    @property
    def copy(self) -> Copy:
        """The copy that backups go on with."""
        return self._copy

    @property
    def target(self) -> Target | None:
        """What the target held when our turn began; None before its first backup."""
        return self._target

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for our turn, read what is there, and remove what writers that were cut off have left."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with self._queue.turn():
                self._look()
                yield
        except OSError as error:
            self._note = b""
            raise FilesUnavailable(f"{error.filename or self.folder}: {error.strerror}.") from error
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
        (self.folder / self._copy.name).mkdir(mode=0o700, exist_ok=True)
        sync(self.folder)

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
            segment=self._stored(segment_name(first, last, encrypted=bool(author.recipients.words)), plain),
            files=self._files(last, files),
            previous=self._previous(),
            recipients=tuple(author.recipients.fingerprints),
            erased=tuple(erased),
            redactions=tuple(sorted(redactions.items())),
            keys=author.keys,
            frontier=tuple(frontier),
            checkpoint=author.sign(Checkpoint(author.origin, last, root_of(frontier)).text()).decode(),
        )
        self._write(manifest.name, manifest.signed(author.sign))
        self._copy = self._copy._replace(manifests=(*self._copy.manifests, manifest))
        return manifest

    def take(self, manifest: Manifest, folder: Path) -> None:
        """Take a segment of another copy over as it is, under a manifest of this one."""
        for file in files_of(manifest):
            linked(folder / file.name, self.folder / self._copy.name / file.name)
        taken = manifest._replace(copy=self._copy.name, previous=self._previous())
        self._write(taken.name, taken.signed(self.author.sign))
        self._copy = self._copy._replace(manifests=(*self._copy.manifests, taken))

    def replace(self, name: str, rewrite: Callable[[], None]) -> None:
        """Let a new copy, made by `rewrite` with `add` and `take`, stand in the place of another one."""
        newest = self._copy
        self.begin(full=True)
        rewrite()
        ends = tuple(self._end() if end.name == name else end for end in self._listed.copies)
        self._list(copies=ends, removing=(name,))
        if newest.name != name:
            self._copy = newest
        shutil.rmtree(self.folder / name, ignore_errors=True)
        self._list()

    def remove(self, names: Sequence[str]) -> None:
        """Remove copies. The list says so before the first file goes."""
        ends = tuple(end for end in self._listed.copies if end.name not in names)
        self._list(copies=ends, removing=tuple(names))
        for name in names:
            if (self.folder / name).exists():
                shutil.rmtree(self.folder / name)
        self._list()

    def finish(self) -> None:
        """List what was made: from now on its absence would be noticed."""
        ends = [end for end in self._listed.copies if end.name != self._copy.name]
        if self._copy.manifests:
            ends.append(self._end())
        self._list(copies=tuple(ends))

    def _look(self) -> None:
        """Read what is there, unless it is what we left."""
        note = read_file(self.folder / LIST) if (self.folder / LIST).exists() else b""
        if note and note == self._note:
            return
        self._forget()
        for path in [*self.folder.glob(".*.part"), *self.folder.glob("*/.*.part")]:
            path.unlink(missing_ok=True)
        try:
            origin = origin_in(self.folder)
            if origin != self.author.origin:
                raise InvalidInput(
                    f"{self.folder} holds the backups of another log, {origin}; name another folder with --to.",
                    fix=("orch backup create --to OTHER_FOLDER",),
                )
            self._target = read_target(self.folder, self.author.keys)
        except NotFound:
            return
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
        assert self._target is not None
        listed = self._listed
        known = {end.name for end in listed.copies}
        for name in {*listed.removing, *({listed.making} - known - {None})}:
            shutil.rmtree(self.folder / str(name), ignore_errors=True)
        if listed.making in known and self._copy.name == listed.making and self._copy.problem is None:
            folder = self.folder / self._copy.name
            kept = {m.name for m in self._copy.manifests}
            kept |= {file.name for m in self._copy.manifests for file in files_of(m)}
            for name in set(os.listdir(folder)) - kept:
                (folder / name).unlink()
        if listed.making or listed.removing:
            self.finish()

    def _stored(self, name: str, plain: bytes) -> StoredFile:
        made = packed(plain, self.author.recipients)
        self._write(name, made.stored)
        return StoredFile(name, len(made.stored), sha256_of(made.stored), made.plain_size, made.plain_sha256)

    def _files(self, last: int, plain: bytes | None) -> StoredFile | None:
        """Store the archive of what rides along, unless the newest one says the same."""
        if plain is None:
            return None
        before = [m.files for m in self._copy.manifests if m.files]
        if before and before[-1].plain_sha256 == sha256_of(plain):
            return None
        end = ".age" if self.author.recipients.words else ""
        return self._stored(f"files-{last:012d}.tar.zst{end}", plain)

    def _previous(self) -> str | None:
        if not self._copy.manifests:
            return None
        return sha256_of(read_file(self.folder / self._copy.name / self._copy.manifests[-1].name))

    def _end(self) -> CopyEnd:
        manifest = self._copy.manifests[-1]
        digest = sha256_of(read_file(self.folder / self._copy.name / manifest.name))
        return CopyEnd(self._copy.name, manifest.last, manifest.name, digest)

    def _write(self, name: str, data: bytes) -> None:
        """Write one file of the copy, durably: it is there as a whole when this returns."""
        write(self.folder / self._copy.name / name, data)

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
        write(self.folder / LIST, self._note, replace=True)
