"""Proofs on the command line, checked as somebody else would: from the files alone."""

from base64 import b64decode
from pathlib import Path
from resource import RLIMIT_FSIZE, getrlimit, setrlimit

import pytest

from adapters.proof_files import write_new
from adapters.signed_notes import opened
from domain.checkpoints import Checkpoint
from domain.errors import FilesUnavailable
from domain.merkle import leaf_hash
from domain.proofs import verify_consistency, verify_inclusion
from tests.cli.conftest import Orch, position


def test_every_event_is_proven_from_three_files(drafted: Orch) -> None:
    drafted("approve", "st01-x", "spec")
    for place in range(1, position(drafted) + 1):
        folder = Path(f"proof-{place}")
        assert drafted("audit", "prove", str(place), "-o", str(folder)).status == 0
        head, _, checkpoint = (folder / "proof.tlog-proof").read_bytes().partition(b"\n\n")
        header, index, *lines = head.decode().split("\n")
        assert header == "c2sp.org/tlog-proof@v1" and index == f"index {place - 1}"
        note = opened(checkpoint, [(folder / "vkey").read_text().strip()])
        tree = Checkpoint.parse(note.text)
        entry = (folder / "entry").read_bytes()
        assert entry.startswith(b"%d " % place) and b'"actor"' in entry
        proof = [b64decode(line) for line in lines]
        assert verify_inclusion(place - 1, tree.size, leaf_hash(entry), proof, tree.root)
        assert not verify_inclusion(place - 1, tree.size, leaf_hash(entry + b" "), proof, tree.root)


def test_the_log_is_proven_to_have_only_grown(drafted: Orch) -> None:
    old = Checkpoint.parse(drafted("audit", "checkpoint").out.partition("\n\n")[0] + "\n")
    drafted("approve", "st01-x", "spec")
    new = Checkpoint.parse(drafted("audit", "checkpoint").out.partition("\n\n")[0] + "\n")
    told = drafted("audit", "prove", "--between", str(old.size), str(new.size))
    proof = [b64decode(line) for line in told.out.splitlines()]
    assert verify_consistency(old.size, new.size, old.root, new.root, proof)
    data = drafted("audit", "prove", "--between", str(old.size), str(new.size), "--json").data
    assert (data["old_root"], data["new_root"]) == (old.root.hex(), new.root.hex())


def test_a_proof_never_replaces_a_file(drafted: Orch) -> None:
    assert drafted("audit", "prove", "1", "-o", "proof").status == 0
    before = Path("proof/entry").read_bytes()
    refused = drafted("audit", "prove", "2", "-o", "proof", "--json")
    assert (refused.status, refused.error["code"]) == (3, "ALREADY_EXISTS")
    assert Path("proof/entry").read_bytes() == before


def test_a_proof_that_cannot_be_written_whole_leaves_no_file(tmp_path: Path) -> None:
    limit = getrlimit(RLIMIT_FSIZE)
    try:
        setrlimit(RLIMIT_FSIZE, (200, limit[1]))  # the key fits, the entry does not
        with pytest.raises(FilesUnavailable):
            write_new(tmp_path / "proof", {"vkey": b"k" * 100, "entry": b"e" * 1000})
    finally:
        setrlimit(RLIMIT_FSIZE, limit)
    assert list((tmp_path / "proof").iterdir()) == []


def test_what_cannot_be_proven_is_refused_with_what_can(drafted: Orch) -> None:
    for words, status in (
        (("99", "-o", "p"), 4),
        ((), 2),
        (("1",), 2),
        (("--between", "3", "2"), 2),
        (("--between", "1", "99"), 4),
    ):
        refused = drafted("audit", "prove", *words, "--json")
        assert refused.status == status, words
        assert drafted(*refused.error["fix"][-1].split()[1:]).status == 0
        for path in Path("proof").glob("*"):
            path.unlink()


def test_a_proof_is_signed_for_the_log_as_it_was_at_a_moment(drafted: Orch) -> None:
    end = position(drafted)
    drafted("approve", "st01-x", "spec")
    told = drafted("audit", "prove", "3", "-o", "then", "--at", f"position:{end}", "--json").data
    checkpoint = Path("then/proof.tlog-proof").read_bytes().partition(b"\n\n")[2]
    note = opened(checkpoint, [Path("then/vkey").read_text().strip()])
    tree = Checkpoint.parse(note.text)
    assert tree.size == told["size"] == end and told["root"] == tree.root.hex()
    proof = [bytes.fromhex(each) for each in told["proof"]]
    assert verify_inclusion(2, end, leaf_hash(Path("then/entry").read_bytes()), proof, tree.root)
    late = drafted("audit", "prove", str(end + 1), "-o", "late", "--at", f"position:{end}", "--json")
    assert late.status == 4 and f"By then the log ended at position {end}" in late.error["message"]
    assert not Path("late").exists()
    both = drafted("audit", "prove", "--between", "1", "2", "--at", f"position:{end}", "--json")
    assert both.status == 2 and both.error["fix"] == ["orch audit prove --between 1 2"]


def test_the_key_of_a_moment_is_the_one_in_force_then(drafted: Orch) -> None:
    end = position(drafted)
    first = drafted("audit", "key", "show", "--json").data
    assert drafted("audit", "key", "rotate", "--reason", "Lost").status == 0
    now = drafted("audit", "key", "show", "--json").data
    assert now["replaced"] == [first["key"]] and now["key"] != first["key"]
    assert drafted("audit", "key", "show", "--at", f"position:{end}", "--json").data == first
    assert f"as of position {end}," in drafted("audit", "key", "show", "--at", f"position:{end}").err
    before = drafted("audit", "key", "show", "--at", "position:0", "--json")
    assert (before.status, before.error["fix"]) == (4, ["orch audit key show"]), "there is a project, to begin none"
