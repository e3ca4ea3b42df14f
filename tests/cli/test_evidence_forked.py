"""Packages of a log that was promoted: its events name several logs, and all of that is true."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from adapters.keys import load_key
from adapters.proof_files import hash_lines
from adapters.signed_notes import note, sign
from domain.checkpoints import Checkpoint
from domain.merkle import leaf_hash, tree_root
from domain.proofs import consistency_proof
from tests.cli.conftest import Orch
from tests.cli.evidence_changes import envelope_changed, resigned
from tests.cli.evidence_world import ZIP, Verify, export, lines, relisted, unpacked, verify, write_lines
from tests.cli.recovered_world import lived, promoted, recovered
from tests.cli.test_forks import sign as sign_store

pytestmark = pytest.mark.in_file

__all__ = ["lived", "verify"]  # fixtures

PARTS = [
    ("--phase", "st01-x"),
    ("--from", "position:3", "--to", "position:7"),
    ("--from", "position:8"),
    ("--from", "position:10"),
    ("--withhold",),
]


@pytest.fixture
def forked(lived: Orch) -> Orch:
    """Return `orch` in a log of 15 events that was left at 9; its parent's checkpoints cover 9 and 15."""
    Path("beyond.txt").write_text(lived("audit", "checkpoint").out)
    Path("parent.vkey").write_text(lived("audit", "key", "show", "--json").data["key"])
    recovered(lived, "position:9")
    sign_store("within.txt", size=9)
    promoted(lived)
    assert lived("research", "st01-x", "--foundation", "again").status == 0
    return lived


def parent() -> str:
    return Path("parent.vkey").read_text().partition("+")[0]


def test_a_package_of_everything_is_verified(forked: Orch, verify: Verify) -> None:
    forked("audit", "checkpoint")
    forked("spec", "st03-z", "--objectives", "later")
    export(forked)
    said = verify(ZIP)
    assert said.status == 0 and f"left       {parent()} after its 9 events" in said.out, said.out
    assert "1 earlier checkpoint of this history" in said.out
    assert verify(ZIP, "--vkey", forked("audit", "key", "show", "--json").data["key"]).status == 0


@pytest.mark.parametrize("words", PARTS)
def test_a_package_of_a_part_holds(forked: Orch, verify: Verify, words: tuple[str, ...]) -> None:
    export(forked, *words)
    said = verify(ZIP)
    assert said.status == 7 and "What was checked holds" in said.out, said.out


@pytest.mark.parametrize(("second", "expected"), [("now", 0), ("position:12", 7), ("position:9", 7), ("position:5", 7)])
def test_a_log_that_was_promoted_twice_is_verified(forked: Orch, verify: Verify, second: str, expected: int) -> None:
    forked("audit", "key", "rotate", "--reason", "a year has passed")
    Path("between.txt").write_text(forked("audit", "checkpoint").out)
    recovered(forked, second, out="newer")
    promoted(forked, out="newer")
    forked("audit", "key", "rotate", "--reason", "another year")
    forked("audit", "checkpoint")
    forked("spec", "st04-a", "--objectives", "later")
    export(forked)
    said = verify(ZIP)
    assert said.status == 0, said.out
    assert verify(ZIP, "--against", "within.txt").status == (7 if second == "position:5" else 0)
    assert verify(ZIP, "--against", "between.txt").status == expected
    for words in PARTS[:2]:
        export(forked, *words)
        assert verify(ZIP).status == 7


def test_a_key_that_no_event_names_has_to_be_given(forked: Orch, verify: Verify) -> None:
    """The first fork was rotated, and the log went back to a moment before that fork: only its last key is named."""
    key = forked("audit", "key", "show", "--json").data["key"]
    Path("between.txt").write_text(forked("audit", "checkpoint").out)
    forked("audit", "key", "rotate", "--reason", "a year has passed")
    recovered(forked, "position:5", out="newer")
    promoted(forked, out="newer")
    export(forked)
    said = verify(ZIP, "--against", "between.txt")
    assert said.status == 6 and "between.txt: no known key signed it: give a key of" in said.out
    current = forked("audit", "key", "show", "--json").data["key"]
    said = verify(ZIP, "--against", "between.txt", "--vkey", key, "--vkey", current)
    assert said.status == 7 and "which this log left after 5: positions 6 to" in said.out, said.out


def test_keys_that_only_a_fork_names_count(lived: Orch, verify: Verify) -> None:
    """The rotation lies after the moment that the log went back to."""
    lived("audit", "key", "rotate", "--reason", "a year has passed")
    lived("audit", "checkpoint")
    lived("block", "st01-x", "no sound card")
    beyond = lived("audit", "checkpoint", "--json").data
    Path("beyond.txt").write_text(beyond["note"])
    assert len(beyond["signed_by"]) == 1
    recovered(lived, "position:9")
    sign_store("old.txt", size=9)
    promoted(lived)
    export(lived)
    said = verify(ZIP, "--against", "old.txt")
    assert said.status == 0 and said.out.count("(replaced)") == 2, said.out
    own = lived("audit", "key", "show", "--json").data["key"]
    assert verify(ZIP, "--against", "old.txt", "--vkey", own).status == 0
    said = verify(ZIP, "--against", "beyond.txt", "--vkey", own)
    assert said.status == 7 and "which this log left after 9" in said.out, said.out


def test_a_key_between_two_rotations_counts_where_the_fork_replaces_a_later_one(lived: Orch, verify: Verify) -> None:
    lived("audit", "key", "rotate", "--reason", "a year has passed")
    lived("audit", "checkpoint")
    lived("block", "st01-x", "no sound card")
    held = lived("audit", "checkpoint", "--json").data
    Path("old.txt").write_text(held["note"])
    assert len(held["signed_by"]) == 1
    lived("audit", "key", "rotate", "--reason", "another year")
    recovered(lived, f"position:{held['size']}")
    promoted(lived)
    export(lived)
    said = verify(ZIP, "--against", "old.txt")
    assert said.status == 0 and "the log grew out of its" in said.out, said.out


def test_a_checkpoint_of_the_parent_counts_up_to_the_fork(forked: Orch, verify: Verify) -> None:
    export(forked)
    said = verify(ZIP, "--against", "within.txt")
    assert said.status == 0 and "within.txt: the log grew out of its 9 events" in said.out
    said = verify(ZIP, "--against", "beyond.txt")
    assert said.status == 7, said.out
    assert f"beyond.txt covers 15 events of {parent()}, which this log left after 9: positions 10 to 15" in said.out
    export(forked, *PARTS[0])
    said = verify(ZIP, "--against", "within.txt")
    assert said.status == 7 and "orch audit prove --between 9" in said.out


def test_a_checkpoint_of_the_parent_finds_another_beginning(forked: Orch, verify: Verify) -> None:
    export(forked)
    text = Checkpoint(parent(), 9, b"r" * 32).text()
    (keys,) = Path(".orch/retired").glob("*/keys")
    vkey = Path("parent.vkey").read_text()
    Path("other.txt").write_bytes(note(text, [sign(text, vkey, load_key(keys, vkey))]))
    said = verify(ZIP, "--against", "other.txt")
    assert said.status == 6 and "other.txt: the log of this package has another root at 9 events" in said.out


def test_the_key_of_the_parent_speaks_for_the_parent_only(forked: Orch, verify: Verify) -> None:
    export(forked)
    vkey = Path("parent.vkey").read_text()
    said = verify(ZIP, "--vkey", vkey)
    assert said.status == 6 and "which spoke for the log that was left after 9 events" in said.out
    folder = unpacked()
    text = (folder / "checkpoint").read_text().partition("\n\n")[0] + "\n"
    (keys,) = Path(".orch/retired").glob("*/keys")
    (folder / "checkpoint").write_bytes(note(text, [sign(text, vkey, load_key(keys, vkey))]))
    said = verify(folder)
    assert said.status == 6 and "checkpoint: it is not signed by any key of the log" in said.out


@pytest.mark.parametrize(("size", "status"), [(9, 0), (10, 6)])
def test_a_checkpoint_of_the_parent_that_was_kept_ends_at_the_fork(
    forked: Orch, verify: Verify, size: int, status: int
) -> None:
    export(forked)
    folder = unpacked()
    leaves = [leaf_hash(line["entry"].encode()) for line in lines(folder)]
    proof = consistency_proof(size, len(leaves), lambda first, end: tree_root(leaves[first:end]))
    text = Checkpoint(parent(), size, tree_root(leaves[:size])).text()
    (keys,) = Path(".orch/retired").glob("*/keys")
    vkey = Path("parent.vkey").read_text()
    for name in ("checkpoints", "consistency"):
        (folder / name).mkdir()
    (folder / f"checkpoints/{size}.note").write_bytes(note(text, [sign(text, vkey, load_key(keys, vkey))]))
    (folder / f"consistency/{size}-{len(leaves)}").write_text(hash_lines(proof))
    resigned(folder)
    said = verify(folder)
    assert said.status == status, said.out
    assert ("1 earlier checkpoint" if status == 0 else f"it is a checkpoint of {parent()}") in said.out
    own = (folder / "keys/current.vkey").read_text().strip()
    assert verify(folder, "--vkey", own).status == status


def fork_says(**facts: object) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        def other(envelope: dict[str, Any]) -> None:
            envelope["facts"] |= facts

        envelope_changed(9, other)(folder)

    return change


TAMPERED: dict[str, tuple[dict[str, object], str]] = {
    "size": ({"size": 8}, "position 10: the fork is said to come after 8 events, not 9"),
    "root": ({"root": "00" * 32}, "position 10: the fork names the root 0000"),
    "origin": ({"origin": "example.org/else"}, "checkpoint: it is of "),
    "public_key": (
        {"public_key": "example.org/else+01020304+AQ=="},
        "position 10: its key speaks for example.org/else",
    ),
    "replaces": ({"replaces": "example.org/else+01020304+AQ=="}, "keys: they are not the keys"),
    "kind": ({"size": "nine"}, "position 10: it does not say what a fork says"),
    "nothing": ({"parent": None}, "position 10: it does not say what a fork says"),
}


@pytest.mark.parametrize("case", TAMPERED)
def test_a_fork_that_says_something_else_is_refused(forked: Orch, verify: Verify, case: str) -> None:
    """Even where the key in force signs it."""
    facts, named = TAMPERED[case]
    export(forked)
    folder = unpacked()
    fork_says(**facts)(folder)
    resigned(folder)
    said = verify(folder)
    assert said.status == 6 and named in said.out, said.out


@pytest.mark.parametrize("words", [(), *PARTS[:3]])
def test_a_fork_that_is_left_out_is_missed(forked: Orch, verify: Verify, words: tuple[str, ...]) -> None:
    export(forked, *words)
    folder = unpacked()
    write_lines(folder, [line for line in lines(folder) if '"topic":"ledger.forked"' not in line["entry"]])
    relisted(folder)
    said = verify(folder)
    assert said.status == 6 and f"but the log ends as {parent()}" in said.out, said.out
    assert "keys: they are not the keys that the events of the log name" in said.out


def named(origin: str) -> Callable[[dict[str, Any]], None]:
    def change(envelope: dict[str, Any]) -> None:
        envelope["origin"] = origin

    return change


def test_an_event_under_the_name_of_the_other_log_is_refused(forked: Orch, verify: Verify) -> None:
    export(forked)
    folder = unpacked()
    origin = (folder / "checkpoint").read_text().partition("\n")[0]
    for number, name, expected in ((3, origin, parent()), (11, parent(), origin)):
        found = lines(folder)
        assert f'"origin":"{expected}"' in found[number]["entry"]
        envelope_changed(number, named(name))(folder)
        resigned(folder)
        said = verify(folder)
        assert f"position {number + 1}: it belongs to the log {name}, not to {expected}" in said.out
        assert said.status == 6
