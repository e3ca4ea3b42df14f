"""Somebody changes a package; verify.py finds it and names it."""

import json
import random
import shutil
from base64 import b64decode, b64encode
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from adapters.evidence_verify import FORMAT, FORMAT_VERSION, key_of
from adapters.keys import load_key
from adapters.signed_notes import VerifierKey, note, sign
from domain.checkpoints import Checkpoint
from domain.merkle import leaf_hash, tree_root
from tests.cli.conftest import Orch
from tests.cli.evidence_world import (
    HELD,
    ZIP,
    Verify,
    export,
    kept,
    lines,
    relisted,
    unpacked,
    verify,
    world,
    write_lines,
)

__all__ = ["kept", "verify", "world"]  # fixtures

HERE = Path("evidence")
Change = Callable[[Path], object]


def edited(name: str, old: str, new: str) -> Change:
    def change(folder: Path) -> None:
        text = (folder / name).read_text()
        assert old in text, (name, old)
        (folder / name).write_text(text.replace(old, new))

    return change


def line_changed(number: int, change: Callable[[dict[str, Any]], object], name: str = "events.jsonl") -> Change:
    def changed(folder: Path) -> None:
        found = lines(folder, name)
        change(found[number])
        write_lines(folder, found, name)

    return changed


def envelope_changed(number: int, change: Callable[[dict[str, Any]], object]) -> Change:
    def entry(line: dict[str, Any]) -> None:
        first, _, envelope = line["entry"].partition("\n")
        said = json.loads(envelope)
        change(said)
        line["entry"] = first + "\n" + json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    return line_changed(number, entry)


def lines_changed(change: Callable[[list[dict[str, Any]]], object]) -> Change:
    def changed(folder: Path) -> None:
        found = lines(folder)
        change(found)
        write_lines(folder, found)

    return changed


def another_text(line: dict[str, Any]) -> None:
    line["payload"] = line["payload"].replace("loopback", "prayer!!")


def said_to_be_withheld(line: dict[str, Any]) -> None:
    line.update(text="withheld", salt=None, payload=None)


def said_to_be_redacted(line: dict[str, Any]) -> None:
    line.update(text="redacted", salt=None, payload=None)


def as_somebody_else(envelope: dict[str, Any]) -> None:
    envelope["actor"]["id"] = "mallory"


def another_digest(envelope: dict[str, Any]) -> None:
    envelope["facts"]["digest"] = "sha256:1:" + "0" * 64


def swapped(found: list[dict[str, Any]]) -> None:
    found[4], found[5] = found[5], found[4]


def drafts_of(found: list[dict[str, Any]]) -> list[int]:
    return [at for at, line in enumerate(found) if '"topic":"phase.document_drafted"' in line["entry"]]


def text_of_another_draft(found: list[dict[str, Any]]) -> None:
    one, other, *_ = drafts_of(found)
    for name in ("salt", "payload"):
        found[one][name], found[other][name] = found[other][name], found[one][name]


def keys_of_mallory(folder: Path) -> None:
    key = key_of(mallory(folder)[0])
    assert key is not None
    (folder / "keys/current.vkey").write_text(f"{key.text}\n")
    (folder / "keys/current.pem").write_bytes(key.pem())


def mallory(folder: Path) -> tuple[str, Ed25519PrivateKey]:
    """Return a key that speaks in the name of the same log."""
    origin = json.loads((folder / "manifest.json").read_text())["origin"]
    private = Ed25519PrivateKey.from_private_bytes(b"m" * 32)
    return VerifierKey(origin, private.public_key().public_bytes_raw()).text(), private


def signed_by_mallory(folder: Path) -> None:
    """Make a checkpoint and a seal that fit the changed events, signed by a key of one's own."""
    sign_all(folder, *mallory(folder))


def sign_all(folder: Path, vkey: str, private: Ed25519PrivateKey) -> None:
    """Make a checkpoint, a manifest and its seal that fit the events."""
    leaves = [leaf_hash(line["entry"].encode()) for line in lines(folder)]
    root = tree_root(leaves)
    manifest = json.loads((folder / "manifest.json").read_text())
    text = Checkpoint(manifest["origin"], len(leaves), root).text()
    (folder / "checkpoint").write_bytes(note(text, [sign(text, vkey, private)]))
    manifest["checkpoint"] = {"size": len(leaves), "root": root.hex()}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    relisted(folder)
    data = (folder / "manifest.json").read_bytes()
    head = f"{len(leaves)} {b64encode(root).decode()}"
    text = f"{FORMAT} {FORMAT_VERSION}\n{manifest['origin']}\n{head}\n{sha256(data).hexdigest()}\n"
    (folder / "manifest.note").write_bytes(note(text, [sign(text, vkey, private)]))


def also(*changes: Change) -> Change:
    def change(folder: Path) -> None:
        for each in changes:
            each(folder)

    return change


def rewritten(folder: Path) -> None:
    """Rewrite who approved, and sign the new history with one's own key."""
    envelope_changed(7, as_somebody_else)(folder)
    keys_of_mallory(folder)
    signed_by_mallory(folder)


def old_checkpoint_of_mallory(folder: Path) -> None:
    path = sorted((folder / "checkpoints").iterdir())[0]
    vkey, private = mallory(folder)
    text = Checkpoint(json.loads((folder / "manifest.json").read_text())["origin"], int(path.stem), b"r" * 32).text()
    path.write_bytes(note(text, [sign(text, vkey, private)]))


def one_proof_for_another(folder: Path) -> None:
    one, other = sorted((folder / "consistency").iterdir())
    one.write_bytes(other.read_bytes())


def drop(name: str) -> Change:
    return lambda folder: (folder / name).unlink()


TAMPERED: dict[str, tuple[Change, str]] = {
    "an event left out": (lines_changed(lambda found: found.pop(6)), "position 7: it is missing"),
    "the last event left out": (lines_changed(lambda found: found.pop()), "events give the root"),
    "the last event left out, and the lists made to fit": (
        also(lines_changed(lambda found: found.pop()), relisted),
        "events give the root",
    ),
    "two events in another order": (lines_changed(swapped), "position 5: it comes after position 6"),
    "an event twice": (lines_changed(lambda found: found.insert(5, found[5])), "position 6: it comes after position 6"),
    "an actor": (envelope_changed(6, as_somebody_else), "events give the root"),
    "an actor, relisted": (also(envelope_changed(6, as_somebody_else), relisted), "row of position 7: actor.name"),
    "the digest that a verdict names": (envelope_changed(8, another_digest), "position 9: the verdict names iteration"),
    "an envelope in another form": (
        line_changed(6, lambda line: line.update(entry=line["entry"].replace(",", ", "))),
        "position 7: the envelope is not in its canonical form",
    ),
    "a recorded time": (
        line_changed(9, lambda line: line.update(entry=line["entry"].replace(" ", " 9", 1))),
        "position 10: it was recorded at",
    ),
    "a text": (
        lines_changed(lambda found: another_text(found[drafts_of(found)[1]])),
        "its text is not the one that the envelope commits to",
    ),
    "a text under another draft": (lines_changed(text_of_another_draft), "is not the one that the envelope commits to"),
    "a text said to be withheld": (
        also(line_changed(3, said_to_be_withheld), relisted),
        "manifest.note was signed for",
    ),
    "a text said to be redacted": (
        also(line_changed(3, said_to_be_redacted), relisted),
        "position 4: its text is said to be redacted, but no event here records that",
    ),
    "a document": (edited("documents/st01-x/spec-2.md", "loopback", "prayer"), "documents/st01-x/spec-2.md: it is not"),
    "a document, relisted": (
        also(edited("documents/st01-x/spec-2.md", "loopback", "prayer"), relisted),
        "documents/st01-x/spec-2.md: it is not",
    ),
    "a document for another": (
        lambda folder: shutil.copy(folder / "documents/st01-x/spec-1.md", folder / "documents/st01-x/spec-2.md"),
        "documents/st01-x/spec-2.md: it is not",
    ),
    "a document left out": (drop("documents/st01-x/spec-1.md"), "documents/st01-x/spec-1.md: it is missing"),
    "a document more": (
        lambda folder: (folder / "documents/st01-x/spec-3.md").write_text("# Mine\n"),
        "documents/st01-x/spec-3.md: no event of the package holds that text",
    ),
    "the list of documents": (
        also(edited("documents.jsonl", '"grace"', '"heidi"'), relisted),
        "documents.jsonl line 1: it is not what the events say",
    ),
    "the list of documents, a line less": (
        also(lambda f: write_lines(f, lines(f, "documents.jsonl")[:-1], "documents.jsonl"), relisted),
        "documents.jsonl line 3",
    ),
    "the population": (
        also(edited("population.csv", ",grace,", ",heidi,"), relisted),
        "population.csv, row of position",
    ),
    "the reason in the population": (
        also(edited("population.csv", "release", "holiday"), relisted),
        "reason is holiday",
    ),
    "a row of the population": (
        also(
            lambda f: (f / "population.csv").write_bytes(
                b"\r\n".join((f / "population.csv").read_bytes().split(b"\r\n")[:-2]) + b"\r\n"
            ),
            relisted,
        ),
        "population.csv, row of position",
    ),
    "the report": (edited("report.html", "grace", "heidi"), "report.html: its SHA-256"),
    "the report and the manifest": (
        also(edited("report.html", "grace", "heidi"), relisted),
        "manifest.json: it is not the one that manifest.note was signed for",
    ),
    "the counts of the manifest": (
        edited("manifest.json", '"verdicts": 3', '"verdicts": 4'),
        "manifest.json: its counts",
    ),
    "the range of the manifest": (
        edited("manifest.json", '"first": 1', '"first": 2'),
        "its inclusion proof does not lead",
    ),
    "the log of the manifest": (
        edited("manifest.json", "example.org", "example.com"),
        "manifest.json: it names another",
    ),
    "the seal": (drop("manifest.note"), "manifest.note is missing"),
    "the key": (keys_of_mallory, "keys: they are not the keys that the events"),
    "the key, relisted": (also(keys_of_mallory, relisted), "keys: they are not the keys that the events"),
    "a key in PEM": (
        lambda folder: shutil.copy(folder / "keys/replaced-1.pem", folder / "keys/current.pem"),
        "keys/current.pem: it is not the same key",
    ),
    "a replaced key left out": (also(drop("keys/replaced-1.vkey"), drop("keys/replaced-1.pem")), "keys: they are not"),
    "the root of the checkpoint": (
        lambda folder: (folder / "checkpoint").write_text(
            (folder / "checkpoint")
            .read_text()
            .replace((folder / "checkpoint").read_text().split("\n")[2], b64encode(b"r" * 32).decode())
        ),
        "checkpoint: the signature of the key",
    ),
    "the signature of the checkpoint": (
        lambda folder: (folder / "checkpoint").write_text(
            (folder / "checkpoint").read_text().rpartition("— ")[0][:-1] + "\n"
        ),
        "checkpoint is no signed note",
    ),
    "an earlier checkpoint left out": (
        also(lambda folder: sorted((folder / "checkpoints").iterdir())[0].unlink()),
        "the manifest lists it, but it is not here",
    ),
    "an earlier checkpoint of one's own": (old_checkpoint_of_mallory, "its log is not the beginning"),
    "a proof of consistency": (one_proof_for_another, "its log is not the beginning of the log"),
    "a proof of consistency left out": (
        lambda folder: sorted((folder / "consistency").iterdir())[0].unlink(),
        "consistency/",
    ),
    "a file more": (
        lambda folder: (folder / "notes.txt").write_text("mine"),
        "notes.txt: the manifest does not list it",
    ),
    "another program": (lambda folder: (folder / "check.go").write_text("package main\n"), "check.go: its size"),
    "a history of one's own": (rewritten, "keys: they are not the keys that the events"),
}


@pytest.mark.parametrize("case", TAMPERED)
def test_a_changed_package_is_found_and_named(world: Orch, verify: Verify, case: str) -> None:
    change, named = TAMPERED[case]
    change(HERE)
    said = verify(HERE)
    assert said.status == 6 and named in said.out, said.out
    assert "VERIFIED" not in said.out


def test_every_file_that_is_changed_cut_or_taken_away_is_named(world: Orch, verify: Verify) -> None:
    for path in sorted(HERE.rglob("*")):
        if path.is_dir():
            continue
        name, data = str(path.relative_to(HERE)), path.read_bytes()
        for other in (data + b"\n", data[: len(data) // 2], b"", None):
            if other is None:
                path.unlink()
            else:
                path.write_bytes(other)
            said = verify(HERE)
            assert said.status == 6 and name.replace("manifest.note", "manifest") in said.out, (name, said.out)
        path.write_bytes(data)
    assert verify(HERE).status == 0


def test_any_turned_bit_is_found(world: Orch, verify: Verify) -> None:
    chance = random.Random(2026)
    for path in sorted(HERE.rglob("*")):
        if path.is_dir():
            continue
        data = path.read_bytes()
        for _ in range(12):
            at, bit = chance.randrange(len(data)), 1 << chance.randrange(8)
            path.write_bytes(data[:at] + bytes([data[at] ^ bit]) + data[at + 1 :])
            assert verify(HERE).status == 6, (path, at, bit)
        path.write_bytes(data)
    assert verify(HERE).status == 0


def test_files_of_another_package_of_the_same_log_do_not_fit(world: Orch, verify: Verify) -> None:
    assert world("block", "st01-x", "later").status == 0
    export(world, name="later.zip")
    later = unpacked("later.zip", "later")
    for name in ("events.jsonl", "documents.jsonl", "population.csv", "checkpoint", "manifest.json", "manifest.note"):
        data = (HERE / name).read_bytes()
        if data == (later / name).read_bytes():
            continue
        shutil.copy(later / name, HERE / name)
        assert verify(HERE).status == 6, name
        (HERE / name).write_bytes(data)
    assert verify(HERE).status == verify(later).status == 0


def test_a_history_made_anew_with_another_key_is_found_by_who_knows_the_key(world: Orch, verify: Verify) -> None:
    vkey = world("audit", "key", "show", "--json").data["key"]
    rewritten(HERE)
    shutil.rmtree(HERE / "checkpoints")
    shutil.rmtree(HERE / "consistency")
    shutil.copy(HERE / "keys/current.vkey", "mallory")
    for name in ("vkey", "pem"):
        (HERE / f"keys/replaced-1.{name}").unlink()
    own = Path("mallory").read_text().strip()
    found = [line for line in lines(HERE) if "ledger.key_rotated" not in line["entry"]]
    envelopes = [json.loads(line["entry"].partition("\n")[2]) for line in found]
    envelopes[0]["facts"]["public_key"] = own
    time = 0
    for number, (line, envelope) in enumerate(zip(found, envelopes, strict=True), 1):
        first = line["entry"].partition("\n")[0].split(" ")
        time = int(first[1])
        line["position"] = number
        line["entry"] = f"{number} {time} {first[2]}\n" + json.dumps(
            envelope, sort_keys=True, separators=(",", ":"), ensure_ascii=False
        )
    write_lines(HERE, found)
    signed_by_mallory(HERE)
    said = verify(HERE, "--vkey", vkey)
    assert said.status == 6 and "not signed by the key that you gave" in said.out


def test_a_checkpoint_held_by_the_auditor_finds_another_history(world: Orch, verify: Verify) -> None:
    held = Path(HELD).read_bytes()
    assert verify(HERE, "--against", HELD).status == 0
    text, _, rest = held.decode().partition("\n\n")
    size = int(text.split("\n")[1])
    origin = text.split("\n")[0]
    vkey, private = mallory(HERE)
    other = Checkpoint(origin, size, b"r" * 32).text()
    Path("other").write_bytes(note(other, [sign(other, vkey, private)]))
    said = verify(HERE, "--against", "other")
    assert said.status == 6 and "no known key signed it" in said.out
    said = verify(HERE, "--against", "other", "--vkey", vkey)
    assert said.status == 6 and f"another root at {size} events" in said.out
    assert rest


def test_a_checkpoint_of_another_log_is_not_this_ones(world: Orch, verify: Verify) -> None:
    vkey, private = mallory(HERE)
    text = Checkpoint("example.org/other", 1, b"r" * 32).text()
    Path("other").write_bytes(note(text, [sign(text, vkey, private)]))
    said = verify(HERE, "--against", "other", "--vkey", vkey)
    assert said.status == 6 and "a checkpoint of example.org/other" in said.out


def test_a_newer_checkpoint_than_the_package_is_said_to_be_one(world: Orch, verify: Verify) -> None:
    assert world("block", "st01-x", "later").status == 0
    Path("newer").write_text(world("audit", "checkpoint").out)
    said = verify(HERE, "--against", "newer")
    assert said.status == 7 and "Ask for a newer package" in said.out


def test_a_package_of_a_part_cannot_be_held_against_a_size_it_has_no_proof_for(world: Orch, verify: Verify) -> None:
    Path("now").write_text(world("audit", "checkpoint").out)
    size = Path("now").read_text().split("\n")[1]
    assert world("block", "st01-x", "later").status == 0
    Path(f".orch/checkpoints/{size}.note").unlink()
    export(world, "--phase", "st01-x", name="part.zip")
    said = verify("part.zip", "--against", "now")
    assert said.status == 7 and f"orch audit prove --between {size}" in said.out
    assert verify("part.zip", "--against", HELD).out.count("grew out of its") == 1


@pytest.mark.parametrize("change", ["proof", "entry", "dropped", "outside"])
def test_a_changed_package_of_a_part_is_found(world: Orch, verify: Verify, change: str) -> None:
    export(world, "--from", "position:3", "--to", "position:8")
    folder = unpacked(ZIP)
    assert verify(folder).status == 7
    if change == "proof":
        proof = lines(folder)[4]["proof"]
        line_changed(4, lambda line: line.update(proof=[*proof[:-1], b64encode(bytes(32)).decode()]))(folder)
    elif change == "entry":
        envelope_changed(4, as_somebody_else)(folder)
    elif change == "dropped":
        lines_changed(lambda found: found.pop(4))(folder)
    else:
        edited("manifest.json", '"last": 8', '"last": 7')(folder)
    relisted(folder)
    said = verify(folder)
    named = {
        "proof": "5: its inclusion",
        "entry": "5: its inclusion",
        "dropped": "5: it is missing",
        "outside": "8: it is not among",
    }
    assert said.status == 6 and f"position {named[change]}" in said.out, said.out
    assert b64decode(lines(folder)[0]["proof"][0])


def resigned(folder: Path) -> None:
    """Sign what the events give with the project's own key, as the program would have."""
    vkey = (folder / "keys/current.vkey").read_text().strip()
    sign_all(folder, vkey, load_key(Path(".orch/keys"), vkey))


def recounted(folder: Path, **counts: int) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["counts"].update(counts)
    (folder / "manifest.json").write_text(json.dumps(manifest))


def test_a_redacted_text_is_told_from_one_that_is_missing_by_the_record_of_its_erasure(
    world: Orch, verify: Verify
) -> None:
    def record(envelope: dict[str, Any]) -> None:
        envelope.update(topic="ledger.payload_redacted", stream="ledger", version=2, payload=None)
        envelope["facts"] = {"position": 11}

    for name in ("checkpoints", "consistency"):
        shutil.rmtree(HERE / name)
    line_changed(10, said_to_be_redacted)(HERE)
    envelope_changed(-1, record)(HERE)
    line_changed(-1, lambda line: line.update(text="none", salt=None, payload=None))(HERE)
    population = (HERE / "population.csv").read_bytes().split(b"\r\n")
    leaf = leaf_hash(lines(HERE)[-1]["entry"].encode()).hex().encode()
    last = population[-2].replace(b"phase.blocked,phase:st02-y,5,st02-y", b"ledger.payload_redacted,ledger,2,")
    assert last != population[-2]
    population[-2] = b",".join([*last.split(b",")[:-1], leaf])
    (HERE / "population.csv").write_bytes(b"\r\n".join(population))
    recounted(HERE, texts=11, redacted=1)
    resigned(HERE)
    said = verify(HERE)
    assert said.status == 7, said.out
    assert "The free text of 1 event was erased from the log, which records the erasure" in said.out
