"""orch audit export: what a package holds, and what it says about what it does not hold."""

import csv
import hashlib
import io
import json
import sqlite3
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Orch, position
from tests.cli.evidence_world import HELD, ZIP, Verify, export, fill, kept, lines, unpacked, verify, world
from tests.cli.insider import inside

__all__ = ["kept", "verify", "world"]  # fixtures


def manifest() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Path("evidence/manifest.json").read_text())
    return found


def test_a_package_of_everything_is_verified(world: Orch, verify: Verify) -> None:
    said = verify("evidence")
    assert said.status == 0, said.out
    assert "VERIFIED" in said.out and f"{position(world)}, positions 1 to" in said.out and "2 earlier" in said.out
    assert verify(ZIP) == said
    key = world("audit", "key", "show", "--json").data
    for vkey in (key["key"], *key["replaced"]):
        assert verify("evidence", "--vkey", vkey, "--against", HELD).status == 0, vkey


def test_the_answer_names_the_file_and_what_is_in_it(world: Orch) -> None:
    told = export(world)
    data = Path(ZIP).read_bytes()
    assert (told["bytes"], told["sha256"]) == (len(data), hashlib.sha256(data).hexdigest())
    assert told["size"] == told["counts"]["events"] == position(world) and told["whole"] is True
    assert told["counts"]["documents"] == 3 and told["counts"]["verdicts"] == 3
    said = world("audit", "export", "-o", "again.zip").out
    assert told["sha256"] in said and told["key"] in said and told["root"] in said


@pytest.mark.parametrize(
    "words", [(), ("--phase", "st01-x"), ("--from", "position:3", "--to", "position:9"), ("--withhold",)]
)
def test_the_same_log_gives_the_same_bytes(world: Orch, words: tuple[str, ...]) -> None:
    first = export(world, *words, name="one.zip")
    assert world("audit", "checkpoint").status == 0
    second = export(world, *words, name="two.zip")
    assert first["sha256"] == second["sha256"]
    assert Path("one.zip").read_bytes() == Path("two.zip").read_bytes()


@pytest.mark.in_file
def test_events_hold_what_the_log_holds(world: Orch) -> None:
    with sqlite3.connect(".orch/log.db") as log:
        rows = log.execute("SELECT position, recorded_at, clock, envelope, salt, payload FROM events ORDER BY position")
        for line, (at, recorded_at, clock, envelope, salt, payload) in zip(lines(Path("evidence")), rows, strict=True):
            assert line["entry"].encode() == f"{at} {recorded_at} {clock}\n".encode() + envelope
            assert line["salt"] == (salt.hex() if salt else None)
            assert line["payload"] == (payload.decode() if payload else None)
            assert "proof" not in line and line["text"] == ("here" if payload else "none")


def test_documents_are_the_recorded_texts_with_their_verdicts(world: Orch) -> None:
    found = lines(Path("evidence"), "documents.jsonl")
    assert [(line["phase"], line["iteration"]) for line in found] == [("st01-x", 1), ("st01-x", 2), ("st02-y", 1)]
    for line in found:
        words = ("show", line["phase"], line["step"], "--iteration", str(line["iteration"]), "--raw")
        text = Path("evidence", line["file"]).read_bytes()
        assert text.decode() == world(*words).out
        assert (line["bytes"], line["sha256"]) == (len(text), hashlib.sha256(text).hexdigest())
        (verdict,) = line["verdicts"]
        assert verdict["digest"] == line["digest"]
    outcomes = [(v["outcome"], v["by"]["name"], v["meaning"]) for line in found for v in line["verdicts"]]
    assert outcomes == [
        ("rejected", "grace", None),
        ("approved", "robot", "approval"),
        ("approved", "grace", "approval"),
    ]


@pytest.mark.parametrize("words", [(), ("--phase", "st01-x"), ("--from", "position:3", "--to", "position:9")])
def test_the_population_is_the_audit_trail(world: Orch, words: tuple[str, ...]) -> None:
    export(world, *words)
    unpacked()
    assert (
        Path("evidence/population.csv").read_bytes() == world("audit", "trail", "--format", "csv", *words).out.encode()
    )


def test_every_file_is_listed_with_its_digest(world: Orch) -> None:
    listed = {file["name"]: file for file in manifest()["files"]}
    with zipfile.ZipFile(ZIP) as packed:
        apart = {name for name in packed.namelist() if name.startswith("documents/")} | {
            "manifest.json",
            "manifest.note",
        }
        assert set(packed.namelist()) == listed.keys() | apart and len(packed.namelist()) == len(set(packed.namelist()))
        for name, file in listed.items():
            assert hashlib.sha256(packed.read(name)).hexdigest() == file["sha256"]
        assert {info.date_time for info in packed.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_a_package_of_a_phase_holds_its_events_keys_and_policy_with_a_proof_each(world: Orch, verify: Verify) -> None:
    told = export(world, "--phase", "st01-x")
    folder = unpacked()
    streams = {json.loads(line["entry"].partition("\n")[2])["stream"] for line in lines(folder)}
    assert streams == {"project", "policy", "ledger", "phase:st01-x"}
    assert all(line["proof"] for line in lines(folder))
    assert told["counts"]["selected"] == len(list(csv.DictReader(io.StringIO((folder / "population.csv").read_text()))))
    said = verify(folder)
    assert said.status == 7 and "about st01-x only" in said.out and "no later event" in said.out
    assert "st02-y" not in (folder / "report.html").read_text()


@pytest.mark.parametrize(
    ("words", "selected"),
    [
        (("--from", "position:4"), None),
        (("--to", "position:5"), 5),
        (("--from", "position:4", "--to", "position:6"), 3),
        (("--phase", "st01-x", "--from", "position:4", "--to", "position:6"), 3),
        (("--phase", "st02-y", "--from", "position:2"), 5),
    ],
)
def test_a_package_of_a_range_says_that_it_is_one(
    world: Orch, verify: Verify, words: tuple[str, ...], selected: int | None
) -> None:
    told = export(world, *words)
    assert told["whole"] is False and selected in (None, told["counts"]["selected"])
    said = verify(ZIP)
    assert said.status == 7 and "This package is about" in said.out, said.out
    assert verify(ZIP, "--against", HELD).status == 7


def test_a_verdict_on_a_text_before_the_range_is_said_to_be_one(world: Orch, verify: Verify) -> None:
    (verdict,) = world("audit", "trail", "--actor", "grace", "--phase", "st02-y", "--json").data["rows"]
    export(world, "--from", f"position:{verdict['position']}")
    said = verify(ZIP)
    assert said.status == 7 and "1 verdict judged texts drafted outside" in said.out


def test_withheld_texts_leave_only_their_commitments(world: Orch, verify: Verify) -> None:
    told = export(world, "--withhold")
    folder = unpacked()
    everything = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    for words in (b"loopback", b"four eyes", b"release day", b"Pfeifen", b"sound card"):
        assert words not in everything, words
    assert not (folder / "documents").exists()
    assert {line["text"] for line in lines(folder)} == {"none", "withheld"}
    assert all(line["salt"] is None for line in lines(folder))
    said = verify(folder)
    assert said.status == 7 and f"{told['counts']['withheld']} events was left out of this package" in said.out
    report = (folder / "report.html").read_text()
    assert "text withheld" in report and "erased]" not in report


def test_the_texts_of_one_phase_can_be_withheld(world: Orch, verify: Verify) -> None:
    export(world, "--withhold-phase", "st02-y")
    folder = unpacked()
    everything = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert b"Pfeifen" not in everything and b"loopback" in everything
    assert manifest()["withheld"] == {"all": False, "phases": ["st02-y"]}
    assert verify(folder).status == 7


@pytest.mark.in_file
def test_an_erased_text_without_a_record_is_said_to_be_missing(world: Orch, verify: Verify) -> None:
    with inside(Path(".orch/log.db")) as log:
        log.execute("UPDATE events SET salt = NULL, payload = NULL WHERE topic = 'phase.document_drafted'")
    told = export(world)
    assert (told["counts"]["missing"], told["counts"]["redacted"]) == (3, 0)
    said = verify(ZIP)
    assert said.status == 7 and "3 events was gone, although no event here records an erasure" in said.out
    unpacked()
    assert Path("evidence/report.html").read_text().count("text missing") == 6  # each in its box and in the timeline


def test_a_range_never_shows_what_lies_outside_of_it(world: Orch) -> None:
    export(world, "--to", "position:5")
    unpacked()
    everything = b"".join(path.read_bytes() for path in Path("evidence").rglob("*") if path.is_file())
    assert b"loopback" not in everything and b"Pfeifen" not in everything


def test_the_report_says_who_what_when_why_and_runs_nothing(world: Orch) -> None:
    report = Path("evidence/report.html").read_text()
    for words in (
        "grace",
        "robot",
        "rejected",
        "approved",
        "four eyes",
        "forced",
        "approval",
        "=1+1",
        "Öfen &amp; &lt;i&gt;",
    ):
        assert words in report, words
    assert "say how &lt;b&gt;it&lt;/b&gt; is measured" in report and "\\u001b[31m" in report
    assert not set(report) & set("\x1b\x07\u202e")
    for row in world("audit", "trail", "--json").data["rows"]:
        assert row["recorded_at"] in report
        assert row["digest"] is None or row["digest"] in report
    for forbidden in ("<script", "http://", "https://", "src=", "url(", "@import", "onload"):
        assert forbidden not in report, forbidden


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        ((), 2, "Say where"),
        (("-o", ""), 2, "Say where"),
        (("-o", ".orch/evidence.zip"), 2, "only orch itself writes"),
        (("-o", "taken"), 3, "exists already"),
        (("-o", "nowhere/e.zip"), 8, "nowhere/e.zip"),
        (("-o", "e.zip", "--phase", "st99-never"), 4, "st99-never"),
        (("-o", "e.zip", "--withhold-phase", "st99-never"), 4, "st99-never"),
        (("-o", "e.zip", "--withhold-phase", "No Phase"), 2, "phase id"),
        (("-o", "e.zip", "--from", "2999-01-01T00:00:00Z"), 4, "nothing to export"),
        (("-o", "e.zip", "--from", "position:4", "--to", "position:3"), 4, "nothing to export"),
        (("-o", "e.zip", "--phase", "st02-y", "--to", "position:3"), 4, "nothing to export"),
        (("-o", "e.zip", "--to", "yesterday"), 2, "RFC 3339"),
    ],
)
def test_what_cannot_be_exported_is_refused_and_leaves_nothing(
    world: Orch, words: tuple[str, ...], status: int, said: str
) -> None:
    Path("taken").write_text("mine")
    before = {str(path) for path in Path().rglob("*")}
    refused = world("audit", "export", *words, "--json")
    assert refused.status == status and said in refused.error["message"], refused
    kept_now = {str(path) for path in Path().rglob("*")} - before
    assert all(name.startswith(".orch/checkpoints/") for name in kept_now), kept_now
    assert Path("taken").read_text() == "mine"


@pytest.mark.in_file
@pytest.mark.parametrize(
    "change",
    [
        "UPDATE events SET recorded_at = recorded_at + 1 WHERE position = 4",
        "UPDATE events SET leaf = zeroblob(32) WHERE position = 4",
        "UPDATE events SET payload = x'7b7d' WHERE position = 4",
        "DELETE FROM events WHERE position = 4",
        "UPDATE events SET version = 77 WHERE position = 4",
    ],
)
def test_a_damaged_log_is_not_exported(world: Orch, change: str) -> None:
    with inside(Path(".orch/log.db")) as log:
        log.execute(change)
    for words in ((), ("--phase", "st01-x"), ("--from", "position:3")):
        refused = world("audit", "export", "-o", "new.zip", *words, "--json")
        assert refused.status == 6, refused
        assert not Path("new.zip").exists() and not [p for p in Path().iterdir() if p.name.endswith(".part")]


@pytest.mark.at_the_log("the checkpoints that are kept lie there")
def test_a_checkpoint_of_another_history_is_not_passed_over(world: Orch) -> None:
    note = sorted(Path(".orch/checkpoints").iterdir())[0]
    note.write_bytes(note.read_bytes().replace(b"\n", b"\nx", 1))
    refused = world("audit", "export", "-o", "new.zip", "--json")
    assert refused.status == 6 and str(note) in refused.error["message"]
    assert refused.error["fix"] == [f"orch audit verify --against {note.absolute()}"]


@pytest.mark.at_the_log("the keys lie there")
def test_without_its_private_key_nothing_is_exported(world: Orch) -> None:
    for file in Path(".orch/keys").iterdir():
        file.unlink()
    assert world("audit", "export", "-o", "new.zip").status == 4
    assert not Path("new.zip").exists()


def test_signing_again_after_a_rotation_loses_no_signature(orch: Orch) -> None:
    fill(orch)
    assert orch("audit", "key", "rotate", "--reason", "again").status == 0
    first, second = (orch("audit", "checkpoint", "--json").data for _ in range(2))
    assert len(first["signed_by"]) == 2 and first["note"] == second["note"]
