"""Recoveries from backups alone: the store may be gone."""

import shlex
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Orch, position
from tests.cli.recovered_world import LOG, NEW, folded_state, in_store, lived, promoted, recovered, rows

pytestmark = pytest.mark.in_file

__all__ = ["lived"]  # fixture
BACKUPS = ".orch/backups"


@pytest.fixture
def lost(lived: Orch) -> Orch:
    """Return the same function where only the backups, of two segments, are left of the log; a copy lies in `kept`."""
    assert lived("backup", "create").status == 0
    lived("approve", "st02-y", "research")
    assert lived("backup", "create").status == 0
    shutil.copytree(".orch", "kept")
    for file in Path(".orch").glob("log.db*"):
        file.unlink()
    return lived


@pytest.mark.parametrize("size", [1, 6, 14, 15, 16])
def test_any_position_comes_back_from_the_backups(lost: Orch, size: int) -> None:
    found = recovered(lost, f"position:{size}", "--from-backups", BACKUPS).data
    assert rows(NEW) == rows("kept", size)
    assert found["verification"]["state"] == folded_state("kept", size)
    assert (found["source"]["kind"], found["verification"]["verdict"]) == ("backup", "verified")


def test_a_lost_store_says_where_to_go(lost: Orch) -> None:
    for words in ("list", "status st01-x", "approve st02-y research", "recover run --to now --out new"):
        refused = lost(*words.split(), "--json")
        assert refused.status == 4 and "--from-backups" in refused.error["fix"][0], words


def test_times_names_and_checkpoints_are_found_in_backups(lived: Orch) -> None:
    Path("held.txt").write_text(lived("audit", "checkpoint").out)
    at = lived("history", "st01-x", "--json").data["rows"][3]["recorded_at"]
    lived("recover", "point", "here", "--at", "position:9")
    lived("backup", "create")
    for number, (to, size) in enumerate(((at, 6), ("point:here", 9), ("checkpoint:held.txt", 15), ("now", 16))):
        found = recovered(lived, to, "--from-backups", BACKUPS, out=f"new{number}")
        assert found.data["as_of"]["position"] == size
    assert lived("recover", "run", "--to", "point:no", "--out", NEW, "--from-backups", BACKUPS).status == 4


def test_texts_erased_after_the_moment_stay_erased(lived: Orch) -> None:
    lived("spec", "st03-z", "--objectives", "a secret")
    drafted = position(lived) - 1
    lived("spec", "st03-z", "--objectives", "nothing to hide")
    before = position(lived)
    lived("backup", "create")
    assert lived("audit", "redact", str(drafted), "--reason", "a secret", "--yes").status == 0
    lived("backup", "create")
    for file in Path(".orch").glob("log.db*"):
        file.unlink()
    found = recovered(lived, f"position:{before}", "--from-backups", BACKUPS).data["verification"]
    assert (found["redacted_later"], found["erased"], found["verdict"]) == ([drafted], 1, "verified")
    assert b"a secret" not in Path(f"{NEW}/log.db").read_bytes()
    promoted(lived)
    assert lived("audit", "verify", "--json").data["problems"] == []


def test_the_plan_names_what_is_missing(lost: Orch) -> None:
    plan = lost("recover", "plan", "--to", "position:6", "--from-backups", BACKUPS, "--json").data
    backup, store = plan["sources"]
    assert (backup["usable"], backup["size"], store["usable"]) == (True, 16, False)
    assert "no log" in store["problem"]
    assert plan["lost"]["events"] == 10
    diff = lost("recover", "diff", "--to", "position:6", "--from-backups", BACKUPS, "--json").data
    assert [row["phase"] for row in diff["rows"]] == ["st01-x", "st02-y"]


def test_a_damaged_store_is_recovered_from_backups_and_promoted(lost: Orch) -> None:
    LOG.write_bytes(b"no database at all, but somebody's")
    damaged = LOG.read_bytes()
    found = recovered(lost, "now", "--from-backups", BACKUPS)
    assert found.data["as_of"]["position"] == 16
    promoted(lost)
    (kept,) = Path(".orch/retired").glob("*/log.db")
    assert kept.read_bytes() == damaged
    assert lost("approve", "st01-x", "research", "--json").status == 3
    assert lost("audit", "verify", "--json").data["problems"] == []


def test_a_store_without_its_log_but_with_a_wal_is_replaced_whole(lost: Orch) -> None:
    shutil.copy("kept/log.db-wal", ".orch/log.db-wal")
    recovered(lost, "now", "--from-backups", BACKUPS)
    promoted(lost)
    assert lost("audit", "verify", "--json").data["problems"] == []
    (kept,) = Path(".orch/retired").glob("*/log.db-wal")
    assert kept.read_bytes() == Path("kept/log.db-wal").read_bytes()


def test_a_turned_bit_in_a_backup_is_found_before_anything_is_made(lost: Orch) -> None:
    (segment,) = Path(BACKUPS).rglob("segment-*-000000000015.seg*")
    data = bytearray(segment.read_bytes())
    data[len(data) // 2] ^= 1
    segment.write_bytes(data)
    refused = lost("recover", "run", "--to", "now", "--out", NEW, "--from-backups", BACKUPS, "--json")
    assert refused.status == 6 and not Path(NEW).exists()


def test_reads_work_where_only_a_recovery_is_left(lost: Orch) -> None:
    recovered(lost, "now", "--from-backups", BACKUPS)
    with in_store(NEW):
        assert lost("status", "st02-y", "--json").data["current_step"] == "plan"


def test_a_log_that_was_forked_is_backed_up_and_comes_back(lived: Orch) -> None:
    recovered(lived, "position:6")
    promoted(lived)
    lived("spec", "st03-z", "--objectives", "new")
    assert lived("backup", "create", "--to", "other").status == 0
    assert lived("backup", "verify", "--from", "other").status in (0, 7)
    for size in (5, 6, 7, 8, 11):
        found = recovered(lived, f"position:{size}", "--from-backups", "other", out=f"at{size}").data
        assert found["verification"]["verdict"] == "verified"
        assert rows(f"at{size}") == rows(".orch", size)


def test_a_redaction_that_only_the_store_knows_of_is_obeyed(lived: Orch) -> None:
    lived("spec", "st03-z", "--objectives", "a secret")
    drafted = position(lived) - 1
    lived("spec", "st03-z", "--objectives", "nothing to hide")
    lived("backup", "create")
    assert lived("audit", "redact", str(drafted), "--reason", "a secret", "--yes").status == 0
    found = recovered(lived, "now", "--from-backups", BACKUPS).data["verification"]
    assert found["redacted_later"] == [drafted]
    assert b"a secret" not in Path(f"{NEW}/log.db").read_bytes()


def test_the_way_back_names_the_place_that_the_settings_say(lived: Orch, tmp_path: Path) -> None:
    Path(".orch/config.toml").write_text('[backup]\ndir = "../kept elsewhere"\n')
    assert lived("backup", "create").status == 0
    (_, backup) = lived("recover", "plan", "--to", "now", "--json").data["sources"]
    assert backup["usable"]
    for file in Path(".orch").glob("log.db*"):
        file.unlink()
    lines = []
    for words in ("list", "recover run --to now --out new", "init --host example.org"):
        lines.append(shlex.split(lived(*words.split(), "--json").error["fix"][0]))
        assert Path(lines[-1][-1]).resolve() == (tmp_path / "../kept elsewhere").resolve(), (words, lines[-1])
    assert lived(*lines[0][1:]).status == 0


def test_a_place_for_backups_that_was_said_and_is_empty_is_shown(lived: Orch) -> None:
    Path(".orch/config.toml").write_text('[backup]\ndir = "kept"\n')
    (_, backup) = lived("recover", "plan", "--to", "now", "--json").data["sources"]
    assert (backup["usable"], backup["where"]) == (False, str(Path("kept").absolute()))
