"""orch recover salvage: what still verifies is saved, whatever is broken around it, and the rest is listed."""

import json
import os
import re
import shutil
import sqlite3
from pathlib import Path

import pytest

from adapters.retiring import settle as settled
from cli import salvage_writing
from tests.cli.conftest import Answer
from tests.cli.insider import envelope_changed, everything_rehashed, inside, leaf_rehashed
from tests.cli.recovered_world import WHY, in_store, rows
from tests.cli.salvage_world import (
    BACKUPS,
    LOG,
    NEW,
    PAGE,
    SECRET,
    WAL,
    World,
    fates_in,
    keep,
    overwrite,
    settle,
    world,
)

pytestmark = pytest.mark.in_file

__all__ = ["keep", "world"]  # fixtures
ONE_PAGE = 120
"""A position in the middle of the short events."""


def without_backups() -> None:
    shutil.rmtree(BACKUPS)


def places_of(words: bytes, path: Path = LOG) -> list[int]:
    return [found.start() for found in re.finditer(re.escape(words), path.read_bytes())]


def page_of(position: int) -> int:
    """Return where the page of an event begins in the settled file."""
    leaf = rows(".orch")[position - 1].leaf
    return places_of(leaf)[0] // PAGE * PAGE


def rewritten() -> None:
    """Leave nothing in the file but what is in the tables."""
    connection = sqlite3.connect(LOG)
    connection.execute("VACUUM")
    connection.close()


def vouched(answer: Answer) -> list[tuple[int, int, str, str | None]]:
    return [(row["first"], row["last"], row["fate"], row["vouched"]) for row in answer.data["stretches"]]


def test_a_sound_store_is_saved_whole(world: World) -> None:
    answer = world.salvage()
    last = len(world.original)
    assert answer.status == 0 and rows(NEW) == world.original
    assert vouched(answer) == [
        (1, world.backed_up, "saved", "backup"),
        (world.backed_up + 1, world.covered, "saved", "checkpoint"),
        (world.covered + 1, last, "saved", "tree"),
    ]
    assert json.loads(Path(NEW, "salvage.json").read_text()) == answer.data
    assert world.orch("recover", "verify", NEW).status == 0
    with in_store(NEW):
        assert world.orch("status", "st01-x").status == 0


def test_a_text_that_is_broken_costs_the_text_and_nothing_else(world: World) -> None:
    without_backups()
    settle()
    at = places_of(b"A text that does not fit")[1]
    overwrite(LOG, at + 5000, b"X")
    answer = world.salvage()
    assert answer.status == 7 and answer.data["counts"]["in_log"] == len(world.original)
    assert [row["position"] for row in answer.data["texts_lost"]] == [world.long]
    found = world.orch("recover", "verify", NEW, "--json").data
    assert (found["verdict"], found["texts_lost"]) == ("verified", [world.long])
    assert world.orch("recover", "promote", NEW, *WHY, "--yes").status == 0
    assert world.orch("audit", "verify", "--json").data["problems"] == []
    trail = world.orch("audit", "trail", "--json").data["rows"]
    assert trail[-1]["topic"] == "ledger.payload_redacted" and "lost to damage" in trail[-1]["reason"]
    assert "salvage" in world.orch("audit", "trail").out


def test_backups_fill_a_broken_text(world: World) -> None:
    settle()
    overwrite(LOG, places_of(b"A text that does not fit")[1] + 5000, b"X")
    answer = world.salvage()
    assert (answer.status, answer.data["texts_filled"]) == (0, [world.long])
    assert rows(NEW) == world.original


def test_what_comes_after_a_gap_is_saved_in_files_and_the_gap_is_described(world: World) -> None:
    without_backups()
    settle()
    overwrite(LOG, page_of(ONE_PAGE), bytes(PAGE))
    answer = world.salvage()
    lost = [at for at, row in fates_in(answer.data).items() if row["fate"] == "lost"]
    assert answer.status == 7 and ONE_PAGE in lost and len(lost) < 12
    assert answer.data["counts"]["in_log"] == lost[0] - 1
    assert answer.data["files"] == [f"salvaged/segment-{lost[-1] + 1:012d}-{len(world.original):012d}.seg"]
    told = {row["position"]: row for row in answer.data["lost"]}
    original = world.original[ONE_PAGE - 1]
    assert told[ONE_PAGE] == {
        "position": ONE_PAGE,
        "stream": "phase:st02-many",
        "phase": "st02-many",
        "version": original.version,
        "topic": None,
        "command_id": None,  # this command has more events than a tile has hashes
        "leaf": original.leaf.hex(),
        "why": "nothing of it was found",
    }
    assert fates_in(answer.data)[lost[-1] + 1]["vouched"] == "checkpoint"
    assert world.orch("recover", "verify", NEW).status in (0, 7)
    assert world.orch("recover", "promote", NEW, *WHY, "--yes").status == 0
    assert Path(NEW, answer.data["files"][0]).is_file()


def test_backups_fill_a_gap(world: World) -> None:
    settle()
    overwrite(LOG, page_of(ONE_PAGE), bytes(PAGE))
    answer = world.salvage()
    assert answer.status == 0 and rows(NEW) == world.original
    assert fates_in(answer.data)[ONE_PAGE]["fate"] == "filled"
    assert "filled from backups" in world.orch("recover", "salvage", "--out", "other").out


@pytest.mark.parametrize("size", [1, 16, 100, PAGE])
def test_a_broken_beginning_of_the_file_is_no_end(world: World, size: int) -> None:
    without_backups()
    settle()
    overwrite(LOG, 0, bytes(reversed(range(256))) * (size // 256 + 1))
    overwrite(LOG, 0, os.urandom(size))
    answer = world.salvage()
    assert answer.status == 0 and rows(NEW) == world.original


def test_another_page_size_is_read_too(world: World) -> None:
    without_backups()
    settle()
    connection = sqlite3.connect(LOG)
    connection.execute("PRAGMA journal_mode = DELETE")
    connection.execute("PRAGMA page_size = 1024")
    connection.execute("VACUUM")
    connection.close()
    assert LOG.read_bytes()[16:18] == b"\x04\x00"
    assert world.salvage().status == 0 and rows(NEW) == world.original


def test_the_rest_of_a_wal_behind_a_broken_frame_is_saved(world: World) -> None:
    without_backups()
    last = places_of(b"later 3", WAL)[0]
    overwrite(WAL, 40, b"another salt")
    assert last > PAGE
    answer = world.salvage()
    assert answer.status == 0 and rows(NEW) == world.original
    before = {path.name: path.read_bytes() for path in (LOG, WAL)}
    assert world.orch("recover", "promote", NEW, *WHY, "--yes").status == 0
    (kept,) = Path(".orch/retired").iterdir()
    assert {name: (kept / name).read_bytes() for name in before} == before
    with in_store(kept):
        assert world.orch("recover", "salvage", "--out", "again", "--json").data["counts"]["lost"] == 0


@pytest.mark.parametrize("kind", ["gone", "empty", "another", "folder", "truncated"])
def test_without_a_log_the_backups_are_what_there_is(world: World, kind: str) -> None:
    settle()
    size = LOG.stat().st_size
    if kind != "truncated":
        LOG.unlink()
    match kind:
        case "empty":
            LOG.write_bytes(b"")
        case "another":
            LOG.write_bytes(b"somebody's text, and no database\n" * 500)
        case "folder":
            LOG.mkdir()
        case "truncated":
            os.truncate(LOG, size // 8)
    answer = world.salvage()
    counts = answer.data["counts"]
    known = len(world.original) if kind == "truncated" else world.covered  # the tree is at the beginning of the file
    assert (answer.status, counts["in_log"], counts["known"]) == (7, world.backed_up, known)
    assert rows(NEW) == world.original[: world.backed_up]


def test_where_nothing_is_left_nothing_is_made(world: World) -> None:
    without_backups()
    for path in (LOG, WAL):
        path.unlink(missing_ok=True)
    refused = world.salvage()
    assert refused.status == 6 and "--from-backups" in refused.error["fix"][0]
    assert [path.name for path in Path().iterdir() if path.name.endswith(".part")] == []


@pytest.mark.parametrize("has_backups", [False, True])
def test_an_event_that_was_taken_out_is_missed(world: World, has_backups: bool) -> None:
    settle()
    with inside(LOG) as connection:
        connection.execute("DELETE FROM events WHERE position = 50")
        connection.execute("DELETE FROM heads")
        connection.execute("DELETE FROM snapshots")
        connection.execute("DELETE FROM commands")
    rewritten()
    if not has_backups:
        without_backups()
    answer = world.salvage()
    assert fates_in(answer.data)[50]["fate"] == ("filled" if has_backups else "lost")
    assert answer.data["counts"]["lost"] == (0 if has_backups else 1)


@pytest.mark.parametrize("has_backups", [False, True])
def test_an_event_that_was_rewritten_with_its_leaf_is_not_saved(world: World, has_backups: bool) -> None:
    settle()
    with inside(LOG) as connection:
        envelope_changed(connection, 50, lambda said: said["actor"].update(id="eve"))
        leaf_rehashed(connection, 50)
    rewritten()
    if not has_backups:
        without_backups()
    answer = world.salvage()
    if has_backups:
        assert fates_in(answer.data)[50]["fate"] == "filled" and answer.status == 0
    else:
        (lost,) = answer.data["lost"]
        assert lost["position"] == 50 and "not the event" in lost["why"]


def test_a_tile_that_was_changed_does_not_cost_the_events(world: World) -> None:
    without_backups()
    settle()
    with inside(LOG) as connection:
        (hashes,) = connection.execute("SELECT hashes FROM tiles WHERE level = 0").fetchone()
        made = [hashes[at : at + 32] for at in range(0, len(hashes), 32)]
        made[49] = bytes(32)
        from tests.cli.insider import root

        connection.execute("UPDATE tiles SET hashes = ?, root = ? WHERE level = 0", (b"".join(made), root(made)))
    answer = world.salvage()
    assert answer.status == 0 and rows(NEW) == world.original


@pytest.mark.parametrize("has_backups", [False, True])
def test_a_whole_history_that_was_rewritten_is_told_by_what_was_signed(world: World, has_backups: bool) -> None:
    settle()
    with inside(LOG) as connection:
        envelope_changed(connection, 50, lambda said: said["actor"].update(id="eve"))
        everything_rehashed(connection)
    rewritten()
    if has_backups:
        assert world.salvage().status == 0
        assert rows(NEW) == world.original
        return
    without_backups()
    answer = world.orch("recover", "salvage", "--out", NEW, "--json")
    assert (answer.status, answer.data["counts"]["in_log"]) == (7, 0)
    assert {row["vouched"] for row in answer.data["stretches"]} == {"contradicted"}
    assert len(answer.data["contradicted"]) == 2 and not Path(NEW, "log.db").exists()
    refused = world.orch("recover", "promote", NEW, *WHY, "--yes", "--json")
    assert refused.status == 4


def test_rows_that_lost_their_number_find_their_place(world: World) -> None:
    without_backups()
    settle()
    record = world.original[ONE_PAGE - 1]
    at = places_of(record.leaf)[0]
    data = LOG.read_bytes()
    # the header of its row stands before the columns; the number before the header
    start = data.rindex(b"phase:st02-many%cphase." % record.version, 0, at) - 16 - 1
    header = next(place for place in range(start, start - 24, -1) if data[place + 1 : place + 4] == b"\x00\x06\x06")
    assert data[header - 1] == ONE_PAGE
    overwrite(LOG, header - 1, b"\x01")
    answer = world.salvage()
    assert answer.status == 0 and rows(NEW) == world.original


def test_what_was_erased_stays_erased_wherever_it_still_stands(world: World) -> None:
    without_backups()
    settle()
    overwrite(LOG, places_of(world.original[world.secret - 1].leaf)[0] // PAGE * PAGE, bytes(PAGE))
    shutil.copytree(BACKUPS.parent, "elsewhere")
    assert SECRET.encode() not in LOG.read_bytes()
    world.salvage()


def test_a_text_that_a_lost_event_may_have_erased_is_left_out(world: World) -> None:
    world.orch("spec", "st20-s", "--objectives", "another secret")
    drafted = len(rows(".orch")) - 1
    world.orch("spec", "st20-s", "--objectives", "nothing")
    assert world.orch("backup", "create").status == 0
    assert world.orch("audit", "redact", str(drafted), "--reason", "go", "--yes").status == 0
    after = world._replace(original=rows(".orch"))
    settle()
    redaction = len(after.original)
    overwrite(LOG, places_of(after.original[-1].leaf)[0], bytes(32))  # the redaction's own row
    overwrite(LOG, places_of(b'"topic":"ledger.payload_redacted"')[-1], bytes(8))
    for path in Path(".orch/checkpoints").glob("*.note"):
        path.unlink()
    answer = world.orch("recover", "salvage", "--out", NEW, "--json")
    assert answer.status == 7, answer
    assert [row["position"] for row in answer.data["lost"]] == [redaction]
    (left_out,) = [row for row in answer.data["texts_lost"] if row["position"] == drafted]
    assert "may be among those that are lost" in left_out["why"]
    assert b"another secret" not in Path(NEW, "log.db").read_bytes()


def test_a_broken_segment_costs_its_own_events_only(world: World) -> None:
    world.orch("block", "st01-x", "and no microphone")
    assert world.orch("backup", "create").status == 0
    original = rows(".orch")
    for path in (LOG, WAL):
        path.unlink(missing_ok=True)
    first = next(BACKUPS.rglob("segment-000000000001-*"))
    overwrite(first, 100, b"broken")
    answer = world.orch("recover", "salvage", "--out", NEW, "--json")
    counts = answer.data["counts"]
    assert (counts["in_log"], counts["lost"], counts["beside"]) == (0, world.backed_up, len(original) - world.backed_up)
    assert any("cannot be used" in remark for remark in answer.data["remarks"])


def test_backups_without_their_list_help_too(world: World) -> None:
    (BACKUPS / "backups.note").unlink()
    LOG.unlink()
    WAL.unlink(missing_ok=True)
    answer = world.salvage()
    assert answer.data["counts"]["in_log"] == world.backed_up


def test_backups_of_another_log_are_left_alone(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tmp_path / "other"
    other.mkdir()
    monkeypatch.chdir(other)
    world.orch("init", "--host", "example.org")
    world.orch("backup", "create")
    monkeypatch.chdir(tmp_path)
    answer = world.salvage("--from-backups", "other/.orch/backups")
    assert answer.status == 0 and answer.data["backups"] is None
    assert any("other/.orch/backups" in remark for remark in answer.data["remarks"])


def test_a_checkpoint_held_elsewhere_vouches(world: World) -> None:
    without_backups()
    shutil.rmtree(".orch/checkpoints")
    answer = world.salvage("--against", "held.txt")
    assert vouched(answer)[0] == (1, world.covered, "saved", "checkpoint")
    assert answer.data["held"] == ["held.txt"]


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (("--out", "there"), 3),
        (("--out", ".orch/new"), 2),
        (("--out", "no/folder/new"), 2),
        (("--out", NEW, "--from-backups", "nowhere"), 4),
        (("--out", NEW, "--vkey", "no key"), 2),
        (("--out", NEW, "--against", "nowhere"), 2),
        (("--out", NEW, "--identity", "nowhere"), 2),
    ],
)
def test_wrong_words_are_refused_before_anything_is_made(world: World, words: tuple[str, ...], status: int) -> None:
    Path("there").mkdir()
    refused = world.orch("recover", "salvage", *words, "--json")
    assert refused.status == status, refused
    assert not Path(NEW).exists() and list(Path().glob(".*.part")) == []


def test_an_interrupted_salvage_leaves_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(salvage_writing, "refill", stopped)
        assert world.orch("recover", "salvage", "--out", NEW).status == 130
    assert not Path(NEW).exists() and list(Path().glob(".*.part")) == []
    assert world.salvage().status == 0


def test_reads_that_the_disk_refuses_are_gaps(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    settle()
    bad, real = page_of(ONE_PAGE), os.pread

    def refusing(file: int, size: int, at: int) -> bytes:
        if at == bad and size == PAGE:
            raise OSError(5, "Input/output error")
        return real(file, size, at)

    monkeypatch.setattr(os, "pread", refusing)
    answer = world.salvage()
    assert answer.status == 0 and fates_in(answer.data)[ONE_PAGE]["fate"] == "filled"
    assert any("refused" in remark for remark in answer.data["remarks"])


def test_doctor_and_verify_point_to_it(world: World) -> None:
    settle()
    overwrite(LOG, page_of(ONE_PAGE), bytes(PAGE))
    assert "orch recover salvage --out salvaged" in world.orch("audit", "verify").out
    overwrite(LOG, 0, bytes(100))
    assert "orch recover salvage --out salvaged" in world.orch("doctor").out
    assert "orch recover salvage --out salvaged" in world.orch("recover", "run", "--to", "now", "--out", NEW).err


def test_a_salvaged_log_that_was_promoted_goes_on(world: World) -> None:
    settle()
    overwrite(LOG, 0, bytes(PAGE))
    world.salvage()
    assert world.orch("recover", "promote", NEW, *WHY, "--yes").status == 0
    assert world.orch("approve", "st10-later", "spec", "--iteration", "1").status == 0
    assert world.orch("audit", "verify", "--json").data["problems"] == []
    assert world.orch("backup", "create", "--to", "others").status == 0
    settled(LOG)
    overwrite(LOG, page_of(ONE_PAGE), bytes(PAGE))
    answer = world.orch("recover", "salvage", "--out", "again", "--from-backups", "others", "--json")
    assert answer.status == 0, answer
