"""A project with everything a salvage has to deal with, damage of every kind, and a judge that knows the original."""

import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import pytest

from adapters.backup_segments import entries_in
from adapters.envelope import entry_of
from adapters.stored_events import StoredEvent, restored
from domain.errors import Damaged, Refusal
from domain.event_log import Record
from domain.merkle import leaf_hash
from tests.cli.conftest import Answer, Orch, position, the_log
from tests.cli.recovered_world import rows
from tests.cli.verified_world import many
from usecases.refolding import keep_snapshots

LOG = Path(".orch/log.db")
WAL = Path(".orch/log.db-wal")
NEW = "new"
BACKUPS = Path(".orch/backups")
SECRET = "a secret that was erased"
LONG = "A text that does not fit into one page. " * 400
PAGE = 4096


class World(NamedTuple):
    """The project in the current folder, as it was before anything happened to it."""

    orch: Orch
    original: list[Record]
    backed_up: int
    """How many events the backups hold."""
    covered: int
    """How many events a checkpoint covers."""
    secret: int
    """The event whose text was erased."""
    long: int
    """The event whose text has pages of its own."""

    def salvage(self, *words: str, out: str = NEW) -> Answer:
        """Salvage, and hold what comes out against the original."""
        before = files_of_store()
        answer = self.orch("recover", "salvage", "--out", out, "--json", *words)
        assert files_of_store() == before
        assert answer.status in (0, 6, 7), answer
        if answer.status == 6:
            assert not Path(out).exists() and answer.error["code"] == "STATE_ERROR", answer
        else:
            self.judge(answer, Path(out))
        return answer

    def judge(self, answer: Answer, new: Path) -> None:
        """Everything that was saved is what it was, everything else is listed, nothing is in two places."""
        data = answer.data
        counts = data["counts"]
        without = {row["position"] for row in data["texts_lost"]} | set(data["erased"])
        kept = {record.position: record for record in rows(new)} if counts["in_log"] else {}
        assert list(kept) == list(range(1, counts["in_log"] + 1))
        for name in data["files"]:
            first, last = map(int, Path(name).stem.removeprefix("segment-").split("-"))
            entries = entries_in((new / name).read_bytes(), first, last)
            kept |= {at: restored(at, each.event)[0] for at, each in enumerate(entries, first)}
        fates = fates_in(data)
        assert list(fates) == list(range(1, counts["known"] + 1))
        assert self.covered <= counts["known"] <= len(self.original)
        assert {at for at, row in fates.items() if row["fate"] != "lost"} == set(kept)
        assert {at for at, row in fates.items() if row["file"]} == {at for at in kept if at > counts["in_log"]}
        for fate in ("saved", "filled", "lost"):
            assert counts[fate] == sum(row["fate"] == fate for row in fates.values())
        for at, record in kept.items():
            expected = self.original[at - 1]
            expected = expected._replace(salt=None, payload=None) if at in without else expected
            assert record == expected, at
        complete = not counts["lost"] and not counts["beside"] and not counts["texts_lost"]
        assert answer.status == (0 if complete else 7)
        assert all(SECRET.encode() not in file.read_bytes() for file in new.rglob("*") if file.is_file())


def fates_in(data: dict[str, Any]) -> dict[int, dict[str, Any]]:
    """Return the stretch of every position; none may be in two."""
    found: dict[int, dict[str, Any]] = {}
    for row in data["stretches"]:
        for at in range(row["first"], row["last"] + 1):
            assert at not in found
            found[at] = row
    return found


def files_of_store() -> dict[str, bytes]:
    """Return every file of the project's store, byte for byte."""
    return {str(file): file.read_bytes() for file in sorted(Path(".orch").rglob("*")) if file.is_file()}


def make_world(orch: Orch) -> World:
    """Fill the project in the current folder."""
    orch("init", "--host", "example.org")
    orch("spec", "st01-x", "--objectives", "Round trip below 10 ms")
    orch("approve", "st01-x", "spec", "--comments", "measurable")
    orch("spec", "st03-z", "--objectives", SECRET)
    secret = position(orch) - 1
    orch("spec", "st03-z", "--objectives", "nothing to hide")
    orch("spec", "st04-long", "--objectives", LONG)
    long = position(orch) - 1
    with the_log(to_write=True) as log:
        log.append([many("st02-many", 280)])
        keep_snapshots(log, 200, done=lambda _: None, every=100)
    assert orch("audit", "redact", str(secret), "--reason", "erase it", "--yes").status == 0
    assert orch("backup", "create").status == 0
    backed_up = position(orch)
    orch("block", "st01-x", "no sound card")
    Path("held.txt").write_text(orch("audit", "checkpoint").out)
    covered = position(orch)
    for number in range(4):
        orch("spec", f"st1{number}-later", "--objectives", f"later {number}")
    return World(orch, rows(".orch"), backed_up, covered, secret, long)


def kept_world() -> Callable[[Orch, Path, Path], World]:
    """Return what gives every test a copy of one and the same world."""
    made: list[World] = []

    def copied(orch: Orch, folder: Path, keep: Path) -> World:
        if not made:
            made.append(make_world(orch))
            shutil.copytree(folder, keep, symlinks=True)
        else:
            shutil.copytree(keep, folder, dirs_exist_ok=True)
        return made[0]._replace(orch=orch)

    return copied


@pytest.fixture(scope="module")
def keep(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Orch, Path], World]:
    """Return what gives every test of a module a copy of one and the same world."""
    copied, folder = kept_world(), tmp_path_factory.mktemp("kept") / "world"
    return lambda orch, here: copied(orch, here, folder)


@pytest.fixture
def world(orch: Orch, keep: Callable[[Orch, Path], World], tmp_path: Path) -> World:
    """Return a copy of the world in the current folder."""
    return keep(orch, tmp_path)


def readable() -> set[int]:
    """Return the positions that SQLite itself still reads as they were written."""
    found = set()
    try:
        with the_log() as log:
            for at in range(1, log.moment().position + 1):
                with suppress(Damaged):
                    for record in log.records(at, at):
                        entry = entry_of(at, record.recorded_at, record.clock, record.envelope)
                        if record.position == at and leaf_hash(entry) == record.leaf:
                            found.add(at)
    except Refusal:
        pass
    return found


def settle() -> None:
    """Put all of the log into its one file, so that damage to it counts."""
    from adapters.retiring import settle as settled

    settled(LOG)


def overwrite(path: Path, at: int, data: bytes) -> None:
    """Write bytes over others."""
    with path.open("r+b") as file:
        file.seek(at)
        file.write(data)


def damage(random: Random, path: Path) -> str:
    """Do something to a file that no program of ours does; say what."""
    size = path.stat().st_size
    match random.randrange(6):
        case 0:
            for _ in range(count := random.choice((1, 8, 64, 400))):
                at = random.randrange(size)
                overwrite(path, at, bytes([path.read_bytes()[at] ^ 1 << random.randrange(8)]))
            return f"{count} bits"
        case 1:
            first, length = random.randrange(size), random.choice((1, 40, 600, PAGE, 5 * PAGE))
            overwrite(path, first, bytes(min(length, size - first)))
            return f"{length} zeros at {first}"
        case 2:
            page = random.randrange(size // PAGE) * PAGE
            overwrite(path, page, random.randbytes(random.choice((1, 8, 100, PAGE))))
            return f"the page at {page}"
        case 3:
            left = random.randrange(size)
            with path.open("r+b") as file:
                file.truncate(left)
            return f"truncated to {left}"
        case 4:
            one, other = (random.randrange(size // PAGE) * PAGE for _ in range(2))
            data = path.read_bytes()
            overwrite(path, one, data[other : other + PAGE])
            return f"the page at {other} over that at {one}"
        case _:
            overwrite(path, 0, random.randbytes(random.choice((16, 100, PAGE))))
            return "the beginning"


def event_of(record: Record) -> StoredEvent:
    """Return what has to be kept of a row."""
    return StoredEvent(record.recorded_at, record.clock, record.envelope, record.salt, record.payload)
