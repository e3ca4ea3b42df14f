"""orch recover run and verify: any moment again, byte for byte, or nothing at all."""

import shutil
import sqlite3
from pathlib import Path

import pytest

from tests.cli.conftest import Orch, position
from tests.cli.recovered_world import LOG, NEW, files_in, folded_state, in_store, lived, recovered, rows

pytestmark = pytest.mark.in_file

__all__ = ["lived"]  # fixture


@pytest.mark.parametrize("to", [*range(1, 16), "now"])
def test_a_recovered_log_is_a_prefix_byte_for_byte(lived: Orch, to: int | str) -> None:
    found = recovered(lived, "now" if to == "now" else f"position:{to}").data
    size = 15 if to == "now" else int(to)
    assert rows(NEW) == rows(".orch", size)
    verification = found["verification"]
    assert (found["as_of"]["position"], verification["size"], verification["verdict"]) == (size, size, "verified")
    assert verification["state"] == folded_state(".orch", size)
    assert verification["prefix_of"]["agrees"] and verification["problems"] == []


def test_a_recovery_appends_and_changes_nothing(lived: Orch) -> None:
    before, documents = files_in(Path(".orch")), files_in(Path("dev"))
    recovered(lived, "position:6")
    assert files_in(Path(".orch")) == before and files_in(Path("dev")) == documents
    assert sorted(path.name for path in Path(NEW).iterdir() if path.suffix not in (".db-shm", ".db-wal")) == [
        ".gitignore",
        "log.db",
    ]


def test_a_time_is_the_last_event_recorded_by_then(lived: Orch) -> None:
    at = lived("history", "st01-x", "--json").data["rows"][3]
    found = recovered(lived, at["recorded_at"]).data
    assert found["as_of"] == {
        "position": 6,
        "recorded_at": at["recorded_at"],
        "next_recorded_at": lived("history", "st01-x", "--json").data["rows"][4]["recorded_at"],
    }
    assert found["splits_command"] is False


def test_a_position_within_a_command_is_recovered_and_said_so(lived: Orch) -> None:
    assert recovered(lived, "position:4").data["splits_command"] is True


def test_before_the_first_event_there_is_nothing_and_after_the_last_there_is_all(lived: Orch) -> None:
    refused = lived("recover", "run", "--to", "1990-01-01T00:00:00Z", "--out", NEW, "--json")
    assert (refused.status, refused.error["code"]) == (4, "NOT_FOUND") and not Path(NEW).exists()
    found = recovered(lived, "2990-01-01T00:00:00Z").data
    assert found["as_of"]["position"] == 15 and found["as_of"]["next_recorded_at"] is None


def test_every_read_works_on_a_recovered_store(lived: Orch) -> None:
    then = lived("status", "st01-x", "--at", "position:6", "--json").data
    recovered(lived, "position:6")
    with in_store(NEW):
        now = lived("status", "st01-x", "--json").data
        assert now["steps"] == then["steps"] and now["next_action"] == then["next_action"]
        for read in ("list", "next", "history st01-x", "why st01-x plan", "audit trail", "show st01-x spec"):
            assert lived(*read.split()).status == 0, read
        assert lived("audit", "verify").status == 7
        assert lived("status", "st02-y").status == 4


def test_a_recovered_store_takes_no_writes(lived: Orch) -> None:
    recovered(lived, "position:6")
    before = rows(NEW)
    with in_store(NEW):
        for words in (
            ("spec", "st03-z", "--objectives", "new"),
            ("research", "st01-x", "--foundation", "new"),
            ("audit", "key", "rotate", "--reason", "why"),
            ("init",),
            ("recover", "point", "here"),
            ("audit", "checkpoint"),
            ("audit", "export", "-o", "evidence.zip"),
        ):
            refused = lived(*words, "--json")
            assert (refused.status, refused.error["code"]) == (3, "STORE_RECOVERED"), words
            assert refused.error["fix"][0].startswith("orch recover promote ")
    assert rows(NEW) == before


@pytest.mark.parametrize("kind", ["folder", "file", "link to nowhere"])
def test_an_existing_path_is_refused_before_anything_is_read(lived: Orch, kind: str) -> None:
    match kind:
        case "folder":
            Path(NEW).mkdir()
        case "file":
            Path(NEW).write_text("mine")
        case _:
            Path(NEW).symlink_to("nowhere")
    refused = lived("recover", "run", "--to", "now", "--out", NEW, "--json")
    assert (refused.status, refused.error["code"]) == (3, "ALREADY_EXISTS")
    assert kind != "file" or Path(NEW).read_text() == "mine"


@pytest.mark.parametrize("out", [".orch/new", "link/new"])
def test_nothing_is_recovered_into_the_store_itself(lived: Orch, out: str) -> None:
    Path("link").symlink_to(".orch")
    refused = lived("recover", "run", "--to", "now", "--out", out, "--json")
    assert (refused.status, refused.error["code"]) == (2, "VALIDATION_ERROR")
    assert not Path(".orch/new").exists()


def test_what_an_interrupted_recovery_left_goes_with_the_next_one(lived: Orch) -> None:
    left = Path(f".{NEW}.0123456789abcdef.part")
    left.mkdir()
    (left / "log.db").write_text("half a log")
    other = Path(".newer.0123456789abcdef.part")
    other.mkdir()
    recovered(lived, "now")
    assert not left.exists() and other.exists()


def turn_a_bit(column: str, at: int, *, store: str = ".orch") -> None:
    """Change one byte of a row as somebody would who owns the file; triggers are no obstacle."""
    database = sqlite3.connect(f"{store}/log.db")
    database.execute("DROP TRIGGER events_never_change")
    (value,) = database.execute(f"SELECT {column} FROM events WHERE position = ?", (at,)).fetchone()
    other = bytes([value[0] ^ 1]) + value[1:] if isinstance(value, bytes) else value + 1
    database.execute(f"UPDATE events SET {column} = ? WHERE position = ?", (other, at))
    database.commit()
    database.close()


@pytest.mark.parametrize("column", ["payload", "salt", "clock", "recorded_at", "leaf"])
def test_a_damaged_source_is_found_named_and_leaves_nothing(lived: Orch, column: str) -> None:
    turn_a_bit(column, 4)
    refused = lived("recover", "run", "--to", "now", "--out", NEW, "--json")
    assert refused.status == 6 and not Path(NEW).exists()
    assert "position 4" in refused.error["message"]
    assert "--from-backups" in refused.error["fix"][-1]
    assert not [path for path in Path().iterdir() if path.name.endswith(".part")]


def test_an_event_that_is_missing_is_named(lived: Orch) -> None:
    database = sqlite3.connect(LOG)
    database.execute("DROP TRIGGER events_never_go")
    database.execute("DELETE FROM events WHERE position = 7")
    database.commit()
    refused = lived("recover", "run", "--to", "now", "--out", NEW, "--json")
    assert refused.status == 6 and "lacks position 7" in refused.error["message"]
    assert recovered(lived, "position:5").data["verification"]["verdict"] == "verified"


def test_damage_after_the_moment_is_no_obstacle(lived: Orch) -> None:
    turn_a_bit("payload", 11)
    assert recovered(lived, "position:9").data["verification"]["verdict"] == "verified"


def test_a_damaged_recovery_is_found_by_its_verification(lived: Orch) -> None:
    recovered(lived, "position:9")
    assert lived("recover", "verify", NEW, "--json").data["verdict"] == "verified"
    turn_a_bit("payload", 4, store=NEW)
    answer = lived("recover", "verify", NEW, "--json")
    assert answer.status == 6 and answer.data["first_problem"]["position"] == 4


def test_a_recovery_of_another_history_is_no_prefix(lived: Orch) -> None:
    recovered(lived, "position:6")
    shutil.rmtree(".orch")
    assert lived("init", "--host", "example.org").status == 0
    for number in range(3):
        lived("spec", f"st0{number}-a", "--objectives", "x")
    assert position(lived) > 6
    answer = lived("recover", "verify", NEW, "--json")
    assert answer.status == 6 and set(answer.data["problem_counts"]) == {"prefix", "state"}


def test_a_recovery_without_anything_to_hold_it_against_is_incomplete(lived: Orch) -> None:
    recovered(lived, "position:6")
    shutil.rmtree(".orch")
    answer = lived("recover", "verify", NEW, "--json")
    assert (answer.status, answer.data["verdict"]) == (7, "incomplete")
    assert "Nothing from outside" in answer.data["not_proved"][-1]


def test_a_kept_checkpoint_is_enough_to_prove_a_recovery(lived: Orch) -> None:
    lived("audit", "checkpoint")
    recovered(lived, "now")
    LOG.unlink()
    answer = lived("recover", "verify", NEW, "--json")
    assert answer.status == 0 and [each["size"] for each in answer.data["checkpoints"]] == [15]


def test_a_moment_may_be_named_by_a_checkpoint(lived: Orch) -> None:
    Path("held.txt").write_text(lived("audit", "checkpoint").out)
    lived("approve", "st02-y", "research")
    assert recovered(lived, "checkpoint:held.txt").data["as_of"]["position"] == 15


def test_documents_come_back_only_when_asked_and_into_a_new_folder(lived: Orch) -> None:
    found = recovered(lived, "position:8", "--documents", "then").data
    assert found["documents"] == ["then/st01-x/spec.md", "then/st01-x/research.md"]
    assert Path("then/st01-x/spec.md").read_text() == Path("dev/st01-x/spec.md").read_text()
    refused = lived("recover", "run", "--to", "now", "--out", "other", "--documents", "dev", "--json")
    assert refused.status == 3 and not Path("other").exists()


def test_texts_that_were_erased_later_do_not_come_back(lived: Orch) -> None:
    lived("spec", "st03-z", "--objectives", "a secret")
    drafted = position(lived) - 1
    lived("spec", "st03-z", "--objectives", "nothing to hide")
    before = position(lived)
    Path("copy").mkdir()
    assert lived("audit", "redact", str(drafted), "--reason", "a secret", "--yes").status == 0
    found = recovered(lived, f"position:{before}").data["verification"]
    assert (found["verdict"], found["redacted_later"], found["erased"]) == ("verified", [drafted], 1)
    assert b"a secret" not in Path(f"{NEW}/log.db").read_bytes()
    again = lived("recover", "verify", NEW, "--json")
    assert again.status == 0 and again.data["redacted_later"] == [drafted]
    with in_store(NEW):
        assert lived("audit", "verify").status == 7
        assert lived("show", "st03-z", "spec", "--iteration", "1").status == 0


def test_a_text_that_no_redaction_explains_is_damage(lived: Orch) -> None:
    recovered(lived, "position:6")
    database = sqlite3.connect(f"{NEW}/log.db")
    database.execute("DROP TRIGGER events_never_change")
    database.execute("UPDATE events SET payload = NULL, salt = NULL WHERE position = 4")
    database.commit()
    answer = lived("recover", "verify", NEW, "--json")
    assert answer.status == 6 and answer.data["first_problem"]["position"] == 4


def test_what_is_no_recovered_store_is_not_there(lived: Orch) -> None:
    for words in (("recover", "verify", "nowhere"), ("recover", "promote", "nowhere", "--reason", "x", "--yes")):
        assert lived(*words, "--json").status == 4
    Path("elsewhere").mkdir()
    assert lived("recover", "verify", "elsewhere", "--json").status == 4
