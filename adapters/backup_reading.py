"""Read a log back from its backups alone, nothing of it before it was verified.

    backups = open_backups(storage, identities_from([Path("key.txt")]))
    backups.segments         which ranges there are: first, last, recorded_first, recorded_last, made_at, segment.size
    backups.moment_at(time)  the last position recorded by then, as a log would answer
    backups.events(upto=N)   the stored events from position 1 to N, with every known redaction applied
    backups.head             the newest manifest: its `checkpoint` is signed, its `root` that of all events
    backups.carried(N)       redactions of positions up to N that the events up to N do not hold
    backups.obey({gone: by}) leave out texts whose redaction only a store knows

Of a broken copy `read_target(storage).copies` has the manifests up to the first bad one; `Backups(target, copy, keys)`
gives the events up to `copy.last`.

It raises `NotFound` where there are no backups, `Damaged` where something was changed, lost or put there,
`InvalidInput` where the private key is missing, and `Unavailable` where the disk says no.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import orjson

from adapters.backup_chain import files_of
from adapters.backup_manifests import Manifest, sha256_of
from adapters.backup_packing import unpacked
from adapters.backup_segments import Entry, entries_in
from adapters.backup_shapes import StoredFile
from adapters.backup_storage import Storage
from adapters.backup_target import Copy, Target, read_stored, read_target, read_without_list
from adapters.envelope import commitment, envelope_in
from adapters.stored_events import StoredEvent
from domain.errors import Damaged, NotFound
from domain.event_log import Moment
from domain.merkle import grow, root_of

REDACTED = "ledger.payload_redacted"
"""The topic of events whose fact `position` names a text that is to be erased."""
MARK = REDACTED.encode()


class Backups:
    """One copy of the log in a target."""

    def __init__(self, target: Target, copy: Copy, identities: Sequence[Any]) -> None:
        self.target = target
        self.copy = copy
        self.storage = target.storage
        self._identities = identities
        self.redactions = redactions_in(target.copies)
        """The position that says so, by the position whose text is to be erased: all that any copy knows of."""
        self._elsewhere: set[int] = set()
        """Of these, the positions whose redaction another log recorded."""

    @property
    def origin(self) -> str:
        """The name of the log."""
        return self.target.listed.origin

    @property
    def keys(self) -> tuple[str, ...]:
        """The verifier keys that the backups name: the one in force first."""
        return self.head.keys

    @property
    def segments(self) -> tuple[Manifest, ...]:
        """The manifests, from position 1 on without a gap."""
        return self.copy.manifests

    @property
    def head(self) -> Manifest:
        """The newest manifest."""
        return self.segments[-1]

    @property
    def can_open(self) -> bool:
        """Tell whether the keys given open every segment, or none is encrypted."""
        if not any(manifest.recipients for manifest in self.segments):
            return True
        return bool(self._identities)

    def carried(self, upto: int) -> dict[int, int]:
        """Return the redactions of positions up to N that are not among the first N events, as `redactions`."""
        found = sorted(self.redactions.items())
        return {gone: by for gone, by in found if gone <= upto and (by > upto or gone in self._elsewhere)}

    def obey(self, redactions: Mapping[int, int], *, elsewhere: bool = False) -> None:
        """Leave out these texts, too: a store may know of redactions that no backup holds yet.

        `elsewhere` are those of a log that left this one: no event of this log says so.
        """
        if elsewhere:
            self._elsewhere |= redactions.keys() - self.redactions.keys()
            self.redactions = {**redactions, **self.redactions}
        else:
            self.redactions |= redactions

    def origin_at(self, position: int) -> str:
        """Return the origin that the envelope at a position names; a log that was forked had others before."""
        around = next(manifest for manifest in self.segments if manifest.last >= position)
        before = [manifest for manifest in self.segments if manifest.last < around.first]
        entries = self.verified(around, list(before[-1].frontier) if before else [])
        name: str = envelope_in(entries[position - around.first].event.envelope, position)["origin"]
        return name

    def check_files(self) -> None:
        """Compare every file with its manifest, without opening it. Raises `Damaged`."""
        for manifest in self.segments:
            manifest.judge_checkpoint(self.keys)
            for file in files_of(manifest):
                read_stored(self.storage, self.copy.name, file)

    def events(self, upto: int | None = None) -> Iterator[StoredEvent]:
        """Yield the events from position 1 to N, or all of them.

        A segment is verified as a whole before its first event is given away: the file, what it unpacks to, the tree
        over its entries, and every text against the commitment in its envelope.
        """
        frontier: list[bytes] = []
        last = self.head.last if upto is None else upto
        if last > self.head.last:
            raise NotFound(f"The backups end at position {self.head.last}; there is no position {last}.")
        for manifest in self.segments:
            if manifest.first > last:
                return
            for position, entry in enumerate(self.verified(manifest, frontier), manifest.first):
                if position > last:
                    return
                gone = position in self.redactions
                yield entry.event._replace(salt=None, payload=None) if gone else entry.event

    def verified(self, manifest: Manifest, frontier: list[bytes]) -> list[Entry]:
        """Return the records of a segment that follow the tree so far, which grows. Nothing is erased yet."""
        plain = self._plain(manifest.segment, manifest)
        entries = list(entries_in(plain, manifest.first, manifest.last))
        for size, entry in enumerate(entries, manifest.first - 1):
            grow(frontier, size, entry.leaf)
        if root_of(frontier) != manifest.root:
            raise Damaged(f"The events in {manifest.segment.name} are not those that were signed: the tree is another.")
        manifest.judge_checkpoint(self.keys)
        times = entries[0].event.recorded_at, entries[-1].event.recorded_at
        if times != (manifest.recorded_first, manifest.recorded_last):
            raise Damaged(f"{manifest.name} names other times than its segment.")
        redactions = judged_texts(manifest.first, (entry.event for entry in entries), manifest.erased)
        if redactions != dict(manifest.redactions):
            raise Damaged(f"{manifest.name} does not name the redactions that its segment holds.")
        return entries

    def files(self, upto: int) -> bytes | None:
        """Return the archive of settings, templates and logs (tar) that was the newest at a position."""
        found = [m for m in self.segments if m.files is not None and m.first <= max(upto, 1)]
        return self._plain(found[-1].files, found[-1]) if found and found[-1].files else None

    def moment(self, position: int | None = None) -> Moment:
        """Return the moment of a position, or of the last one. Raises `NotFound` beyond the end."""
        last = self.head.last if position is None else position
        if last > self.head.last:
            raise NotFound(f"The backups end at position {self.head.last}; there is no position {last}.")
        if last == 0:
            return Moment(0, None, self.segments[0].recorded_first)
        manifest = next(m for m in self.segments if m.last >= last)
        times = self._times(manifest)
        after = times[last + 1 - manifest.first :]
        following = self.segments[self.segments.index(manifest) + 1 :]
        nexts = after[0] if after else following[0].recorded_first if following else None
        return Moment(last, times[last - manifest.first], nexts)

    def moment_at(self, recorded_at: int) -> Moment:
        """Return the last moment whose recorded time is not after that time; position 0 if all are after it."""
        begun = [m for m in self.segments if m.recorded_first <= recorded_at]
        if not begun:
            return self.moment(0)
        times = self._times(begun[-1])
        return self.moment(begun[-1].first - 1 + sum(time <= recorded_at for time in times))

    def _times(self, manifest: Manifest) -> list[int]:
        plain = self._plain(manifest.segment, manifest)
        return [entry.event.recorded_at for entry in entries_in(plain, manifest.first, manifest.last)]

    def _plain(self, file: StoredFile, manifest: Manifest) -> bytes:
        """Return what a file unpacks to."""
        stored = read_stored(self.storage, self.copy.name, file)
        name = self.storage.named(f"{self.copy.name}/{file.name}")
        plain = unpacked(stored, file.plain_size, self._identities, encrypted=bool(manifest.recipients), name=name)
        if sha256_of(plain) != file.plain_sha256:
            raise Damaged(f"{name} unpacks to other bytes than its manifest names.")
        return plain


def open_backups(
    storage: Storage,
    identities: Sequence[Any] = (),
    *,
    vkeys: Iterable[str] = (),
    copy: str | None = None,
    ignore_list: bool = False,
) -> Backups:
    """Open the newest copy in a target, or the one of that name.

    Signatures are checked with those keys; without any, with the key that the backups name themselves: then they are
    known to be whole, not whose they are. Without the list, what was removed from the end of a copy is not noticed.
    """
    target = (read_without_list if ignore_list else read_target)(storage, vkeys)
    return Backups(target, target.copy(copy), identities)


def redactions_in(copies: Iterable[Copy]) -> dict[int, int]:
    """Return every redaction that any copy knows of: position erased → position that says so."""
    return {gone: by for copy in copies for manifest in copy.manifests for gone, by in manifest.redactions}


def judged_texts(first: int, events: Iterable[StoredEvent], erased: Iterable[int]) -> Mapping[int, int]:
    """Hold every text against its envelope, and return the redactions among the events. Raises `Damaged`.

    `erased` are the positions whose text may be gone.
    """
    may_be_gone = set(erased)
    redactions: dict[int, int] = {}
    for position, event in enumerate(events, first):
        try:
            envelope = orjson.loads(event.envelope)
            commits = envelope["payload"]
            if MARK in event.envelope and envelope["topic"] == REDACTED:
                redactions[envelope["facts"]["position"]] = position
        except (orjson.JSONDecodeError, KeyError, TypeError):
            raise Damaged(f"The envelope at position {position} cannot be read.") from None
        if event.payload is None:
            holds = commits is None or position in may_be_gone
        else:
            holds = event.salt is not None and commits is not None
            holds = holds and commits["sha256"] == commitment(event.salt or b"", event.payload)
        if not holds:
            raise Damaged(
                f"The text at position {position} is not the one that its envelope commits to.",
                fix=("orch audit verify",),
            )
    return redactions
