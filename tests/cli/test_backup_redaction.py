"""Texts that were erased stay erased: in every restore, as of every moment, and in the backups when they are pruned."""

from collections.abc import Iterator
from pathlib import Path

import apsw
import orjson
import pytest

from adapters.backup_packing import unpacked
from adapters.log_notes import CARRIED
from adapters.sqlite_log import SqliteLog
from domain.commands import RedactPayload
from tests.cli.conftest import Orch, position, the_log
from tests.reliability.ledger import carry_out, meta

LOG = Path(".orch/log.db")
AWAY = Path("away")
SECRET = "a name nobody should read"
GUARDS = ("events_never_change",)


def redact(place: int) -> int:
    """Record a redaction and erase the text as the store does; return the position that says so."""
    with the_log(to_write=True) as log:
        by = carry_out(log, RedactPayload(meta(), place, "asked for by the person")).last
    connection = apsw.Connection(str(LOG))
    for name in GUARDS:
        connection.execute(f"DROP TRIGGER IF EXISTS {name}")
    connection.execute("UPDATE events SET salt = NULL, payload = NULL WHERE position = ?", (place,))
    connection.close()
    return by


def plain_backups() -> Iterator[bytes]:
    from adapters.backup_folder import Folder
    from adapters.backup_reading import open_backups

    backups = open_backups(Folder(AWAY))
    for manifest in backups.segments:
        stored = (AWAY / backups.copy.name / manifest.segment.name).read_bytes()
        yield unpacked(stored, manifest.segment.plain_size, (), encrypted=False, name="segment")


@pytest.fixture
def told(drafted: Orch) -> tuple[Orch, int]:
    """Return a project whose backups hold a text that is to go, and where it is."""
    drafted("block", "st01-x", SECRET)
    place = position(drafted)
    drafted("spec", "st01-x", "--objectives", "Round trip below 10 ms by loopback")
    drafted("backup", "create", "--to", "away")
    return drafted, place


def payload_at(path: Path, place: int) -> tuple[bytes | None, bytes | None]:
    with SqliteLog.open(path, read_only=True) as log:
        (record,) = log.records(place, place)
        return record.salt, record.payload


@pytest.mark.in_file
def test_a_restore_to_a_moment_before_the_redaction_leaves_the_text_out(told: tuple[Orch, int]) -> None:
    orch, place = told
    by = redact(place)
    orch("backup", "create", "--to", "away")
    data = orch("backup", "restore", "--from", "away", "--out", "new", "--to", f"position:{place}", "--json").data
    assert data["redacted"] == 1 and payload_at(Path("new/log.db"), place) == (None, None)
    with SqliteLog.open(Path("new/log.db"), read_only=True) as log:
        assert orjson.loads(log.word(CARRIED) or "") == {str(place): by}
    data = orch("backup", "restore", "--from", "away", "--out", "newest", "--json").data
    assert data["redacted"] == 0 and payload_at(Path("newest/log.db"), place) == (None, None)
    assert SECRET.encode() not in Path("new/log.db").read_bytes() + Path("newest/log.db").read_bytes()


@pytest.mark.in_file
def test_a_redaction_that_only_the_store_knows_is_obeyed(told: tuple[Orch, int]) -> None:
    orch, place = told
    redact(place)
    assert orch("backup", "restore", "--from", "away", "--out", "new", "--json").data["redacted"] == 1
    assert payload_at(Path("new/log.db"), place) == (None, None)


@pytest.mark.in_file
def test_a_store_made_of_backups_is_backed_up_without_the_text_again(told: tuple[Orch, int]) -> None:
    orch, place = told
    redact(place)
    orch("backup", "create", "--to", "away")
    orch("backup", "restore", "--from", "away", "--out", "new", "--to", f"position:{place + 1}")
    assert orch("recover", "promote", "new", "--reason", "the disk was lost", "--yes").status == 0
    assert orch("backup", "create", "--to", "again").status == 0
    assert orch("backup", "restore", "--from", "again", "--out", "twice").status == 0
    assert payload_at(Path("twice/log.db"), place) == (None, None)


@pytest.mark.in_file
def test_pruning_what_was_redacted_takes_it_out_of_the_backups(told: tuple[Orch, int]) -> None:
    orch, place = told
    orch("backup", "create", "--to", "away", "--full")
    redact(place)
    orch("backup", "create", "--to", "away")
    assert any(SECRET.encode() in plain for plain in plain_backups())
    words = ("backup", "prune", "--to", "away", "--redacted")
    before = orch("backup", "list", "--from", "away", "--json").data
    shown = orch(*words, "--json").data
    assert (shown["dry_run"], shown["rewritten"]) == (True, ["copy-0001", "copy-0002"])
    assert orch("backup", "list", "--from", "away", "--json").data == before
    assert orch(*words, "--yes", "--json").data["rewritten"] == ["copy-0001", "copy-0002"]
    assert not any(SECRET.encode() in plain for plain in plain_backups())
    assert orch("backup", "verify", "--from", "away").status == 0
    after = orch("backup", "list", "--from", "away", "--json").data
    assert [row["last"] for row in after["rows"]] == [row["last"] for row in before["rows"]]
    assert [s["made_at"] for row in after["rows"] for s in row["segments"]] == [
        s["made_at"] for row in before["rows"] for s in row["segments"]
    ], "a copy that was written again is not younger for it"
    assert orch(*words, "--yes", "--json").data["rewritten"] == [], "nothing is left to rewrite"
    orch("approve", "st01-x", "spec")
    assert orch("backup", "create", "--to", "away").status == 0
    assert orch("backup", "drill", "--from", "away").status == 0


@pytest.mark.in_file
def test_a_text_that_is_gone_without_a_redaction_does_not_get_into_a_backup(told: tuple[Orch, int]) -> None:
    orch, place = told
    connection = apsw.Connection(str(LOG))
    for name in GUARDS:
        connection.execute(f"DROP TRIGGER {name}")
    connection.execute("UPDATE events SET salt = NULL, payload = NULL WHERE position = ?", (place,))
    connection.close()
    refused = orch("backup", "create", "--to", "other", "--json")
    assert refused.status == 6 and f"position {place}" in refused.error["message"]
    assert orch("backup", "list", "--from", "other", "--json").data["rows"] == []
