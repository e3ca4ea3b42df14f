"""Checkpoints and keys on the command line."""

import os
import stat
from pathlib import Path

import pytest

from adapters.signed_notes import opened
from domain.checkpoints import Checkpoint
from tests.cli.conftest import Orch, by_the_log, position


def held(orch: Orch) -> bytes:
    """Take a checkpoint as an auditor would: `orch audit checkpoint > held.txt`."""
    told = orch("audit", "checkpoint")
    assert told.status == 0 and told.err == ""
    return told.out.encode()


def key(orch: Orch) -> str:
    found: str = orch("audit", "key", "show", "--json").data["key"]
    return found


def test_what_is_printed_is_a_signed_checkpoint_of_the_whole_log(drafted: Orch) -> None:
    note = opened(held(drafted), [key(drafted)])
    checkpoint = Checkpoint.parse(note.text)
    assert checkpoint.size == position(drafted)
    assert checkpoint.origin.startswith("example.org/") and note.verified == (key(drafted),)
    assert drafted("audit", "checkpoint", "--json").data["root"] == checkpoint.root.hex()


def test_a_checkpoint_is_kept_and_appends_nothing(drafted: Orch) -> None:
    before = position(drafted)
    note = held(drafted)
    path = by_the_log(f".orch/checkpoints/{before}.note")
    assert path.read_bytes() == note and position(drafted) == before
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600


def test_status_says_how_much_no_checkpoint_covers(drafted: Orch) -> None:
    def covered() -> dict[str, object]:
        found: dict[str, object] = drafted("status", "st01-x", "--json").data["checkpoint"]
        return found

    assert covered() == {"size": 0, "kept_at": None, "age_seconds": None, "uncovered": 5}
    assert "orch audit checkpoint" in drafted("status", "st01-x").out
    held(drafted)
    assert (covered()["size"], covered()["uncovered"]) == (5, 0)
    drafted("approve", "st01-x", "spec")
    assert covered()["uncovered"] == 1
    assert "1 event since the last one" in drafted("status", "st01-x").out


def test_a_rotated_key_signs_once_more_beside_the_new_one(drafted: Orch) -> None:
    first = key(drafted)
    held(drafted)
    assert drafted("audit", "key", "rotate", "--reason", "a year has passed").status == 0
    second = key(drafted)
    assert second != first and drafted("audit", "key", "show", "--json").data["replaced"] == [first]
    assert opened(held(drafted), [first]).unknown == 1
    both = opened(held(drafted), [second])
    assert both.verified == (second,)
    drafted("approve", "st01-x", "spec")
    assert opened(held(drafted), [second]).unknown == 0


def test_a_lost_old_key_does_not_stop_the_new_one(drafted: Orch) -> None:
    first = key(drafted)
    (old,) = by_the_log(".orch/keys").iterdir()
    drafted("audit", "key", "rotate", "--reason", "lost")
    old.unlink()
    told = drafted("audit", "checkpoint", "--json")
    assert told.data["not_signed_by"] == [first] and told.data["signed_by"] == [key(drafted)]


def test_a_rotation_needs_a_reason_and_makes_no_key_without_one(drafted: Orch) -> None:
    before = position(drafted)
    refused = drafted("audit", "key", "rotate", "--json")
    assert (refused.status, position(drafted), len(list(by_the_log(".orch/keys").iterdir()))) == (2, before, 1)
    assert refused.error["fix"] == ['orch audit key rotate --reason "why the key is replaced"']


def test_repeating_a_rotation_makes_no_second_key(drafted: Orch) -> None:
    words = ("audit", "key", "rotate", "--reason", "lost", "--command-id", "once", "--json")
    first = drafted(*words)
    assert drafted(*words).out == first.out
    assert len(list(by_the_log(".orch/keys").iterdir())) == 2


def test_without_the_private_key_nothing_is_signed(drafted: Orch) -> None:
    (own,) = by_the_log(".orch/keys").iterdir()
    own.unlink()
    refused = drafted("audit", "checkpoint", "--json")
    assert refused.status == 4 and not by_the_log(".orch/checkpoints").exists()


def test_an_anchor_gathers_checkpoints_elsewhere(drafted: Orch) -> None:
    anchor = Path("anchor.txt")
    notes = []
    for _ in range(2):
        drafted("request", "st01-x", "spec")
        told = drafted("audit", "checkpoint", "--anchor", str(anchor), "--json")
        notes.append(told.data["note"])
    assert anchor.read_text() == "\n".join(notes)
    refused = drafted("audit", "checkpoint", "--anchor", "/no/such/folder/file", "--json")
    assert (refused.status, refused.error["code"]) == (8, "FILESYSTEM_ERROR")


def test_a_checkpoint_names_a_moment(drafted: Orch) -> None:
    Path("held.txt").write_bytes(held(drafted))
    drafted("approve", "st01-x", "spec")
    seen = drafted("status", "st01-x", "--at", "checkpoint:held.txt", "--json").data
    assert seen["steps"]["spec"]["state"] == "awaiting_approval" and seen["as_of"]["position"] == 5


def test_a_checkpoint_that_was_changed_is_refused(drafted: Orch) -> None:
    note = held(drafted).decode()
    origin, size, root, *rest = note.split("\n")
    for lines, status in (
        ((origin, size, root[:10] + ("A" if root[10] != "A" else "B") + root[11:]), 6),
        ((origin, "4", root), 6),
        (("example.org/other", size, root), 6),
    ):
        Path("held.txt").write_text("\n".join((*lines, *rest)))
        assert drafted("list", "--at", "checkpoint:held.txt").status == status, lines
    Path("held.txt").write_text(note.partition("\n\n")[0] + "\n")
    assert drafted("list", "--at", "checkpoint:held.txt").status == 2
    assert drafted("list", "--at", "checkpoint:nowhere.txt").status == 2


@pytest.mark.in_file
def test_a_checkpoint_of_another_history_is_damage(drafted: Orch) -> None:
    """The log is rolled back to an older copy and goes on otherwise: what the auditor holds tells."""
    older = {path: path.read_bytes() for path in Path(".orch").glob("log.db*")}
    drafted("approve", "st01-x", "spec", "--comments", "the first history")
    Path("held.txt").write_bytes(held(drafted))
    for path in Path(".orch").glob("log.db*"):
        path.unlink()
    for path, content in older.items():
        path.write_bytes(content)
    assert drafted("list", "--at", "checkpoint:held.txt").status == 6, "the log is shorter than what was signed"
    drafted("approve", "st01-x", "spec", "--comments", "another history")
    assert drafted("list", "--at", "checkpoint:held.txt").status == 6, "as long, but another history"
