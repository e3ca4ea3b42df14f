"""Our notes, checkpoints and proofs before Go's sumdb packages, and theirs before us."""

from base64 import b64decode, b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from adapters.signed_notes import OpenedNote, VerifierKey, note, opened, sign
from adapters.sqlite_log import SqliteLog
from adapters.tile_files import TileFiles
from cli.tile_export import write_tiles
from domain.checkpoints import Checkpoint
from domain.errors import InvalidInput, SignatureRefused
from domain.event_log import EventLog
from domain.merkle import leaf_hash, tree_root
from domain.proofs import consistency_proof, inclusion_proof, verify_consistency, verify_inclusion
from domain.tree_ranges import range_root_of
from tests.adapters.log_entries import filled, leaf_as_rfc6962
from tests.interop.go_judge import Judge, built, unpacked
from tests.memory_log import MemoryLog

ORIGIN = "example.org/5a1f7c1e-0000-4000-8000-000000000001"
ENTRIES = [b"entry %d" % number for number in range(130)]
LEAVES = [leaf_hash(entry) for entry in ENTRIES]


@pytest.fixture(scope="module")
def go(tmp_path_factory: pytest.TempPathFactory) -> Judge:
    return built(tmp_path_factory.mktemp("go"))


def range_root(start: int, stop: int) -> bytes:
    return tree_root(LEAVES[start:stop])


def key(number: int, name: str = ORIGIN) -> tuple[str, Callable[[str], str]]:
    """Return a verifier key and what signs with it."""
    private = Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)
    vkey = VerifierKey(name, private.public_key().public_bytes_raw()).text()
    return vkey, lambda text: sign(text, vkey, private)


def test_go_makes_the_same_roots_and_the_same_proofs(go: Judge) -> None:
    made = go.ask(entries=ENTRIES)["Made"]
    assert len(made["Roots"]) == len(ENTRIES)
    for size in range(1, len(ENTRIES) + 1):
        assert b64decode(made["Roots"][size - 1]) == range_root(0, size)
        for index in range(size):
            theirs = unpacked(made["Inclusion"][size - 1][index])
            assert theirs == inclusion_proof(index, size, range_root)
            assert verify_inclusion(index, size, LEAVES[index], theirs, range_root(0, size))
            before = unpacked(made["Consistency"][size - 1][index])
            assert before == consistency_proof(index + 1, size, range_root)
            assert verify_consistency(index + 1, size, range_root(0, index + 1), range_root(0, size), before)


def test_go_accepts_the_proofs_of_a_log_and_refuses_what_we_refuse(go: Judge) -> None:
    log: EventLog = MemoryLog(ORIGIN)
    filled(log, 600)
    leaves = [leaf_as_rfc6962(record) for record in log.records()]
    part, size, root = range_root_of(log), 600, log.tree().root
    inclusion: list[dict[str, Any]] = []
    consistency: list[dict[str, Any]] = []
    for number in range(0, size, 7):
        proof = inclusion_proof(number, size, part)
        for index, told in ((number, proof), (number ^ 1, proof), (number, proof[:-1]), (number, proof[::-1])):
            asked = {"index": index, "size": size, "leaf": leaves[number], "root": root, "proof": told}
            inclusion.append(asked)
        old = number + 1
        proof, before = consistency_proof(old, size, part), part(0, old)
        for start, told in ((old, proof), (old + 1, proof), (old, proof[:-1]), (old, [*proof, root])):
            consistency.append({"old": start, "new": size, "oldRoot": before, "newRoot": root, "proof": told})
    answer = go.ask(inclusion=inclusion, consistency=consistency)
    theirs = [not error for error in answer["Inclusion"]]
    assert theirs == [verify_inclusion(**asked) for asked in inclusion]
    assert theirs[::4] == [True] * len(theirs[::4]) and sum(theirs) == len(theirs[::4])
    theirs = [not error for error in answer["Consistency"]]
    assert theirs == [
        verify_consistency(each["old"], each["new"], each["oldRoot"], each["newRoot"], each["proof"])
        for each in consistency
    ]
    assert theirs[::4] == [True] * len(theirs[::4]) and sum(theirs) == len(theirs[::4])


def test_go_opens_our_notes_as_we_do(go: Judge) -> None:
    (old, by_old), (new, by_new), (other, by_other) = key(1), key(2), key(3, "witness.example")
    text = Checkpoint(ORIGIN, 3, b"r" * 32).text()
    rotated = note(text, [by_old(text), by_new(text)])
    witnessed = note(text, [by_other(text), by_new(text)])
    odd = "a\n\n— b\n\N{NO-BREAK SPACE}é愛\n\n"
    asked = [
        (rotated, [old]),
        (rotated, [new]),
        (rotated, [old, new]),
        (witnessed, [new]),
        (witnessed, [new, other]),
        (note(odd, [by_old(odd)]), [old]),
        (rotated, [other]),
        (rotated.replace(b"\n3\n", b"\n4\n"), [new]),
        (rotated[:-1], [new]),
        (rotated + b"\n", [new]),
        (rotated.replace(b"\n", b"\r\n"), [new]),
        (rotated.replace(b" " + b64encode(VerifierKey.parse(old).key_id)[:4], b" AAAA"), [old]),
        (rotated.replace("—".encode(), b"-"), [new]),
    ]
    answer = go.ask(notes=[{"note": each, "vkeys": vkeys} for each, vkeys in asked])["Notes"]
    for (each, vkeys), theirs in zip(asked[:6], answer, strict=False):
        ours = opened(each, vkeys)
        assert theirs["Error"] == ""
        assert ours == OpenedNote(theirs["Text"], tuple(theirs["Verified"]), theirs["Unknown"])
    for (each, vkeys), theirs in zip(asked[6:], answer[6:], strict=True):
        assert theirs["Error"] != ""
        with pytest.raises((InvalidInput, SignatureRefused)):
            opened(each, vkeys)


def test_go_reads_our_checkpoints(go: Judge) -> None:
    origin = "go.sum database tree"  # the one origin that tlog.ParseTree takes
    checkpoints = [Checkpoint(origin, size, leaf_hash(b"%d" % size)) for size in (0, 1, 600, 2**40, 2**63 - 1)]
    for made, theirs in zip(checkpoints, go.ask(trees=[each.text() for each in checkpoints])["Trees"], strict=True):
        assert theirs["Error"] == ""
        assert Checkpoint(origin, theirs["Size"], b64decode(theirs["Root"])) == made
        assert theirs["Text"] == made.text()


def test_go_reads_our_tiles(go: Judge, tmp_path: Path) -> None:
    """Go computes the root from the tiles alone, and proves entries out of the bundles and older trees with them."""
    with SqliteLog.create(tmp_path / "log.db", ORIGIN) as log:
        asked = []
        for old, size in ((1, 1), (1, 255), (255, 256), (256, 257), (256, 1_000), (1_000, 65_535), (1_000, 65_537)):
            filled(log, size, at_once=4_096)
            folder = tmp_path / f"tiles-{size}"
            write_tiles(log, size, log.tree().root, TileFiles(folder), done=lambda _: None)
            indexes = sorted({0, size // 2, size - 1, *range(0, size, 997)})
            asked.append({"folder": str(folder), "size": size, "old": old, "root": log.tree().root, "indexes": indexes})
    for each, theirs in zip(asked, go.ask(tiles=asked)["Tiles"], strict=True):
        assert theirs["Error"] == ""
        assert b64decode(theirs["Root"]) == each["root"]
        assert theirs["Inclusion"] == len(each["indexes"])  # type: ignore[arg-type]  # a list, as made above
    changed = tmp_path / "tiles-1000" / "tile" / "0" / "001"
    *kept, last = changed.read_bytes()
    changed.write_bytes(bytes((*kept, last ^ 1)))
    assert go.ask(tiles=[asked[4]])["Tiles"][0]["Error"] != ""


def test_we_open_what_go_signed(go: Judge) -> None:
    text = Checkpoint(ORIGIN, 3, b"r" * 32).text()
    signed = go.ask(sign=[{"text": text, "name": ORIGIN} for _ in range(20)])["Signed"]
    assert len({each["Vkey"] for each in signed}) == 20
    for each in signed:
        assert opened(b64decode(each["Note"]), [each["Vkey"]]) == OpenedNote(text, (each["Vkey"],), 0)
