"""Somebody changes a package; verify.py finds it and names it."""

import json
import random
import shutil
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any

import pytest

from adapters.signed_notes import note, sign
from domain.checkpoints import Checkpoint
from domain.merkle import leaf_hash
from tests.cli.conftest import Orch, by_the_log
from tests.cli.evidence_changes import (
    HERE,
    Change,
    also,
    another_digest,
    another_text,
    as_somebody_else,
    drafts_of,
    drop,
    edited,
    envelope_changed,
    keys_of_mallory,
    line_changed,
    lines_changed,
    mallory,
    old_checkpoint_of_mallory,
    one_proof_for_another,
    recounted,
    resigned,
    rewritten,
    said_to_be_redacted,
    said_to_be_withheld,
    signed_by_mallory,
    swapped,
    text_of_another_draft,
)
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
    "the digest that a verdict names": (
        envelope_changed(9, another_digest),
        "position 10: the verdict names iteration",
    ),
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


def test_a_key_that_signed_nothing_does_not_make_the_seal_false(world: Orch, verify: Verify) -> None:
    said = verify(HERE, "--vkey", mallory(HERE)[0])
    assert said.status == 6 and "checkpoint: it is not signed by the key that you gave" in said.out
    assert "manifest.note" not in said.out
    (HERE / "manifest.note").write_bytes((HERE / "checkpoint").read_bytes())
    assert "manifest.note was signed for" in verify(HERE, "--vkey", mallory(HERE)[0]).out


def test_a_seal_of_another_key_is_found(world: Orch, verify: Verify) -> None:
    vkey, private = mallory(HERE)
    text = (HERE / "manifest.note").read_text().partition("\n\n")[0] + "\n"
    (HERE / "manifest.note").write_bytes(note(text, [sign(text, vkey, private)]))
    own = (HERE / "keys/current.vkey").read_text().strip()
    for words in ((), ("--vkey", own), ("--vkey", vkey), ("--vkey", own, "--vkey", vkey)):
        said = verify(HERE, *words)
        assert said.status == 6 and "manifest.note: it is not signed by the key in force" in said.out


def test_differences_are_counted_as_they_are_shown(world: Orch, verify: Verify) -> None:
    edited("documents/st01-x/spec-2.md", "loopback", "prayer")(HERE)
    assert "\n  1 difference:\n" in verify(HERE).out
    edited("documents/st01-x/spec-1.md", "Round", "Square")(HERE)
    assert "\n  2 differences:\n" in verify(HERE).out
    for number in range(30):
        (HERE / f"more-{number}").write_text("mine")
    said = verify(HERE).out
    assert "\n  32 differences; the first 20:\n" in said and said.count("\n    ") == 20


def test_a_digest_of_a_text_that_is_withheld_was_not_made_anew(world: Orch, verify: Verify) -> None:
    assert "3 iterations, 3 verdicts; 3 of 3 digests made anew" in verify(HERE).out
    export(world, "--withhold-phase", "st01-x", name="part.zip")
    assert "; 1 of 3 digests made anew" in verify("part.zip").out
    export(world, "--withhold", name="none.zip")
    assert "; 0 of 3 digests made anew" in verify("none.zip").out


def test_every_checkpoint_of_a_file_is_held_against_the_package(world: Orch, verify: Verify) -> None:
    notes = [path.read_bytes() for path in sorted(by_the_log(".orch/checkpoints").iterdir())]
    Path("anchored").write_bytes(b"\n".join(notes))
    said = verify(HERE, "--against", "anchored")
    assert said.status == 0 and said.out.count("the log grew out of its") == len(notes) == 3
    Path("garbage").write_bytes(b"no checkpoint at all")
    assert verify(HERE, "--against", "garbage").status == 6


def test_a_checkpoint_of_another_log_is_not_this_ones(world: Orch, verify: Verify) -> None:
    vkey, private = mallory(HERE)
    text = Checkpoint("example.org/other", 1, b"r" * 32).text()
    Path("other").write_bytes(note(text, [sign(text, vkey, private)]))
    for words in ((), ("--vkey", vkey)):
        said = verify(HERE, "--against", "other", *words)
        assert said.status == 6 and "other: it is a checkpoint of example.org/other, another log" in said.out
        assert "no known key signed it" in said.out


def test_a_newer_checkpoint_than_the_package_is_said_to_be_one(world: Orch, verify: Verify) -> None:
    assert world("block", "st01-x", "later").status == 0
    Path("newer").write_text(world("audit", "checkpoint").out)
    said = verify(HERE, "--against", "newer")
    assert said.status == 7 and "Ask for a newer package" in said.out


def test_a_package_of_a_part_cannot_be_held_against_a_size_it_has_no_proof_for(world: Orch, verify: Verify) -> None:
    Path("now").write_text(world("audit", "checkpoint").out)
    size = Path("now").read_text().split("\n")[1]
    assert world("block", "st01-x", "later").status == 0
    by_the_log(f".orch/checkpoints/{size}.note").unlink()
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


def test_a_redacted_text_is_told_from_one_that_is_missing_by_the_record_of_its_erasure(
    world: Orch, verify: Verify
) -> None:
    def record(envelope: dict[str, Any]) -> None:
        envelope.update(topic="ledger.payload_redacted", stream="ledger", version=2, payload=None)
        envelope["facts"] = {"position": 12}

    for name in ("checkpoints", "consistency"):
        shutil.rmtree(HERE / name)
    line_changed(11, said_to_be_redacted)(HERE)
    envelope_changed(-1, record)(HERE)
    line_changed(-1, lambda line: line.update(text="none", salt=None, payload=None))(HERE)
    population = (HERE / "population.csv").read_bytes().split(b"\r\n")
    leaf = leaf_hash(lines(HERE)[-1]["entry"].encode()).hex().encode()
    last = population[-2].replace(b"phase.blocked,phase:st02-y,5,st02-y", b"ledger.payload_redacted,ledger,2,")
    assert last != population[-2]
    population[-2] = b",".join([*last.split(b",")[:-1], leaf])
    (HERE / "population.csv").write_bytes(b"\r\n".join(population))
    recounted(HERE, texts=12, redacted=1)
    resigned(HERE)
    said = verify(HERE)
    assert said.status == 7, said.out
    assert "The free text of 1 event was erased from the log, which records the erasure" in said.out
