"""What an auditor holds still counts after a fork, as far as both logs share their events."""

import sqlite3
from pathlib import Path
from typing import NamedTuple

import orjson
import pytest

from tests.cli.conftest import Orch, position, the_log
from tests.cli.recovered_world import lived, promoted, recovered

pytestmark = pytest.mark.in_file

__all__ = ["lived"]  # fixture


class Held(NamedTuple):
    """What an auditor was given before the fork, and the project after it."""

    orch: Orch
    key: str
    origin: str
    new_key: str


@pytest.fixture
def held(lived: Orch) -> Held:
    """Return a log of 15 events that was left at 9; checkpoints cover 6 (made by a copy), 9 and 15 of the parent."""
    key = lived("audit", "key", "show", "--json").data["key"]
    note = lived("audit", "checkpoint", "--json").data
    Path("beyond.txt").write_text(note["note"])
    recovered(lived, "position:9")
    sign("within.txt", size=9)
    promoted(lived)
    lived("research", "st01-x", "--foundation", "again")
    return Held(lived, key, note["origin"], lived("audit", "key", "show", "--json").data["key"])


def sign(file: str, *, size: int, origin: str | None = None, store: str = "new", folder: str = ".orch/keys") -> None:
    """Sign the head of a recovered store with the project's key, as the project would have at that moment."""
    from adapters.keys import load_key
    from adapters.signed_notes import note
    from adapters.signed_notes import sign as signed
    from adapters.sqlite_log import SqliteLog
    from domain.checkpoints import Checkpoint
    from domain.tree_ranges import range_root_of

    with SqliteLog.open(Path(store) / "log.db", read_only=True) as log:
        heads = log.heads(["project", "ledger"])[1]
        key = heads["ledger"].facts["public_key"] if "ledger" in heads else heads["project"].facts["public_key"]
        body = Checkpoint(origin or log.origin, size, range_root_of(log)(0, size)).text()
        Path(file).write_bytes(note(body, [signed(body, key, load_key(Path(folder), key))]))


def test_a_checkpoint_of_the_parent_counts_up_to_the_fork(held: Held) -> None:
    found = held.orch("audit", "verify", "--against", "within.txt", "--vkey", held.key, "--json")
    assert (found.status, found.data["covered"], found.data["problems"]) == (7, 9, [])
    assert found.data["checkpoints"][0]["holds"] is True


def test_with_a_checkpoint_after_the_fork_all_of_it_is_verified(held: Held) -> None:
    Path("now.txt").write_text(held.orch("audit", "checkpoint").out)
    words = ("--against", "now.txt", "--against", "within.txt", "--vkey", held.key, "--vkey", held.new_key)
    found = held.orch("audit", "verify", *words, "--json")
    assert (found.status, found.data["verdict"]) == (0, "verified")
    assert held.orch("audit", "verify", "--against", "now.txt").status == 0


def test_a_checkpoint_from_beyond_the_fork_names_what_was_abandoned(held: Held) -> None:
    found = held.orch("audit", "verify", "--against", "beyond.txt", "--vkey", held.key, "--json")
    assert (found.status, found.data["verdict"], found.data["covered"]) == (7, "incomplete", 0)
    assert found.data["abandoned"] == [
        {"file": "beyond.txt", "origin": held.origin, "first": 10, "last": 15, "fork": 9}
    ]
    said = f"beyond.txt: positions 10 to 15 of {held.origin} were abandoned by the fork at 9."
    assert said in found.data["not_proved"]
    assert said in held.orch("audit", "verify", "--against", "beyond.txt").out


def test_how_long_an_older_log_was_is_not_taken_from_a_fork_of_a_younger_one(held: Held) -> None:
    for number in range(6):
        assert held.orch("block", "st01-x", f"a pause {number}").status == 0
    assert position(held.orch) > 15
    recovered(held.orch, "position:6", out="further")
    promoted(held.orch, out="further")
    found = held.orch("audit", "verify", "--against", "beyond.txt", "--vkey", held.key, "--json").data
    assert found["abandoned"] == [{"file": "beyond.txt", "origin": held.origin, "first": 7, "last": 15, "fork": 6}]


def test_a_checkpoint_of_a_stranger_is_damage_still(
    held: Held, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger = tmp_path / "stranger"
    stranger.mkdir()
    monkeypatch.chdir(stranger)
    held.orch("init", "--host", "example.org")
    note = held.orch("audit", "checkpoint").out
    key = held.orch("audit", "key", "show", "--json").data["key"]
    monkeypatch.chdir(tmp_path)
    Path("strange.txt").write_text(note)
    found = held.orch("audit", "verify", "--against", "strange.txt", "--vkey", key, "--json")
    assert found.status == 6 and found.data["problem_counts"] == {"checkpoint origin": 1}


def test_a_rewritten_beginning_does_not_pass_for_the_parents(held: Held) -> None:
    text = Path("within.txt").read_text()
    assert held.orch("audit", "verify", "--against", "within.txt", "--vkey", held.key).status == 7
    database = sqlite3.connect(".orch/log.db")
    database.execute("DROP TRIGGER events_never_change")
    database.execute("UPDATE events SET clock = clock + 1 WHERE position = 3")
    database.commit()
    database.close()
    found = held.orch("audit", "verify", "--against", "within.txt", "--vkey", held.key, "--json")
    assert found.status == 6 and "checkpoint" in found.data["problem_counts"] and text


def test_a_key_speaks_for_its_own_log_only(held: Held) -> None:
    """The parent's key is known after the fork, but a checkpoint of the new log that only it signed is none."""
    from adapters.keys import load_key
    from adapters.signed_notes import note, sign
    from domain.checkpoints import Checkpoint

    (folder,) = Path(".orch/retired").glob("*/keys")
    with the_log() as log:
        tree = log.tree()
        body = Checkpoint(log.origin, tree.size, tree.root).text()
    Path("false.txt").write_bytes(note(body, [sign(body, held.key, load_key(folder, held.key))]))
    found = held.orch("audit", "verify", "--against", "false.txt", "--json")
    assert found.status == 6 and found.data["problem_counts"] == {"checkpoint signature": 1}


def test_reads_as_of_a_checkpoint_of_the_parent(held: Held) -> None:
    assert held.orch("list", "--at", "checkpoint:within.txt", "--json").data["as_of"]["position"] == 9
    refused = held.orch("list", "--at", "checkpoint:beyond.txt", "--json")
    assert refused.status == 4 and "abandoned" in refused.error["message"]
    assert refused.error["fix"] == ["orch list --at position:9"]


def test_the_next_checkpoint_is_the_new_logs_and_signed_by_its_key_alone(held: Held) -> None:
    data = held.orch("audit", "checkpoint", "--json").data
    assert data["origin"] != held.origin and data["signed_by"] == [held.new_key] and data["not_signed_by"] == []
    assert held.new_key.startswith(data["origin"] + "+") and held.key.startswith(held.origin + "+")


def test_keys_rotated_before_the_fork_sign_nothing_after_it(lived: Orch) -> None:
    lived("audit", "key", "rotate", "--reason", "lost")
    recovered(lived, "now")
    promoted(lived)
    key = lived("audit", "key", "show", "--json").data
    data = lived("audit", "checkpoint", "--json").data
    assert data["signed_by"] == [key["key"]] and data["not_signed_by"] == []
    assert len(key["replaced"]) == 2
    lived("audit", "key", "rotate", "--reason", "again")
    assert len(lived("audit", "checkpoint", "--json").data["signed_by"]) == 2


def test_status_counts_no_checkpoint_of_the_parent(held: Held) -> None:
    assert held.orch("status", "st01-x", "--json").data["checkpoint"]["size"] == 0


def change_fork(**facts: object) -> None:
    """Let the fork say something else, and hash its leaf anew, as an insider would."""
    from adapters.envelope import entry_of
    from domain.merkle import leaf_hash

    database = sqlite3.connect(".orch/log.db")
    database.execute("DROP TRIGGER events_never_change")
    row = database.execute(
        "SELECT position, recorded_at, clock, envelope FROM events WHERE topic = 'ledger.forked'"
    ).fetchone()
    envelope = orjson.loads(row[3])
    envelope["facts"] |= facts
    raw = orjson.dumps(envelope, option=orjson.OPT_SORT_KEYS)
    leaf = leaf_hash(entry_of(row[0], row[1], row[2], raw))
    database.execute("UPDATE events SET envelope = ?, leaf = ? WHERE position = ?", (raw, leaf, row[0]))
    database.commit()
    database.close()


@pytest.mark.parametrize(
    "facts",
    [
        {"size": 8},
        {"root": "00" * 32},
        {"origin": "example.org/else"},
        {"public_key": "example.org/else+01020304+AQ=="},
        {"size": "nine"},
        {"unheard_of": 1},
    ],
    ids=str,
)
def test_a_fork_that_says_something_else_is_damage(held: Held, facts: dict[str, object]) -> None:
    change_fork(**facts)
    found = held.orch("audit", "verify", "--json")
    assert found.status == 6
    assert found.data["problem_counts"].keys() & {"fork", "origin", "event"}


def test_a_range_after_the_fork_is_verified_alone(held: Held) -> None:
    for first in (9, 10, 11, 12):
        found = held.orch("audit", "verify", "--from-position", str(first), "--json")
        assert (found.status, found.data["problems"]) == (7, []), first


def test_a_parents_rows_under_the_new_name_are_damage(held: Held) -> None:
    database = sqlite3.connect(".orch/log.db")
    database.execute("UPDATE store SET value = ? WHERE key = 'origin'", (held.origin,))
    database.commit()
    database.close()
    found = held.orch("audit", "verify", "--json")
    assert found.status == 6 and found.data["problem_counts"] == {"origin": 1}
