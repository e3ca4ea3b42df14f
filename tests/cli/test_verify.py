"""orch audit verify: verdicts, ranges, checkpoints held elsewhere, and what is said not to be proved."""

import shutil
from pathlib import Path

import pytest

from adapters.keys import make_key
from adapters.sqlite_log import SqliteLog
from domain.event_log import EventLog
from projections.verification import Findings
from tests.adapters.log_entries import NOON, accepted, decision, filled
from tests.cli.conftest import Orch, the_log
from tests.cli.insider import envelope_changed, everything_rehashed, inside
from tests.cli.verified_world import HELD, LOG, World, keep, world
from tests.memory_log import MemoryLog
from tests.reliability.ledger import carry_out, draft, new_log, request
from usecases.verifying import Options, Verifier

__all__ = ["keep", "world"]  # fixtures


def test_without_a_checkpoint_nothing_is_proved_against_the_owner(drafted: Orch) -> None:
    answer = drafted("audit", "verify", "--json")
    assert answer.status == 7 and answer.data["verdict"] == "incomplete"
    assert answer.data["not_proved"][0].startswith("No checkpoint held elsewhere was given")
    shown = drafted("audit", "verify")
    assert shown.status == 7 and "not everything is proved" in shown.out and shown.err == ""


def test_a_checkpoint_that_covers_everything_makes_it_verified(world: World) -> None:
    found = world.found()
    assert found["verdict"] == "verified" and found["first_problem"] is None
    assert found["root"] == found["checkpoints"][0]["root"] and found["keys"] == [world.key]
    assert found["checkpoints"] == [
        {"file": HELD, "size": world.size, "root": found["root"], "signed_by": [world.key], "holds": True}
    ]
    assert (found["events"], found["streams"], found["erased"]) == (world.size, 4, 0)
    assert "verified" in world.verify().out


def test_keys_that_the_log_names_are_said_to_be_its_own(world: World) -> None:
    found = world.orch("audit", "verify", "--against", HELD, "--json")
    assert found.status == 0 and any("keys of your own" in sentence for sentence in found.data["not_proved"])
    assert not any("keys of your own" in sentence for sentence in world.found()["not_proved"])


def test_a_checkpoint_that_another_key_signed_shows_nothing(world: World) -> None:
    other = make_key(Path("elsewhere"), "example.org/other")
    answer = world.orch("audit", "verify", "--against", HELD, "--vkey", other, "--json")
    assert answer.status == 6 and answer.data["problem_counts"] == {"checkpoint signature": 1}
    assert answer.data["checkpoints"][0]["holds"] is False


def test_a_false_signature_is_found(world: World) -> None:
    note = Path(HELD).read_text()
    text, _, signature = note.rpartition(" ")
    Path(HELD).write_text(f"{text} {signature[:20]}{'A' if signature[20] != 'A' else 'B'}{signature[21:]}")
    answer = world.verify("--json")
    assert answer.status == 6 and answer.data["problem_counts"] == {"checkpoint signature": 1}


def test_all_checkpoints_of_an_anchor_are_held_against_the_log(world: World) -> None:
    for words in (("block", "st01-x", "no microphone"), ("block", "st01-x", "no room")):
        world.orch(*words)
        world.orch("audit", "checkpoint", "--anchor", "anchor.txt")
    found = world.orch("audit", "verify", "--against", "anchor.txt", "--against", HELD, "--json").data
    assert found["verdict"] == "verified"
    assert [one["size"] for one in found["checkpoints"]] == [world.size + 1, world.size + 2, world.size]


def test_a_file_that_holds_no_checkpoint_is_a_mistake(world: World) -> None:
    for content in ("", "words", "\n\n", "a\n\nb\n\nc"):
        Path("no.txt").write_text(content)
        answer = world.orch("audit", "verify", "--against", "no.txt", "--json")
        assert answer.status == 2 and "no.txt" in answer.error["message"], content
    assert world.orch("audit", "verify", "--against", "nowhere.txt").status == 2
    assert world.orch("audit", "verify", "--vkey", "nonsense").status == 2


@pytest.mark.parametrize("first", [2, 8, 256, 257, 258, 298])
def test_a_limited_range_is_incomplete_and_its_tree_still_has_to_fit(world: World, first: int) -> None:
    answer = world.verify("--from-position", str(first), "--json")
    assert answer.status == 7, answer
    assert answer.data["range"] == {"first": first, "last": world.size}
    assert answer.data["events"] == world.size - first + 1 and answer.data["covered"] == world.size
    assert answer.data["not_proved"][0].startswith(f"Positions 1 to {first - 1} ")


@pytest.mark.in_file
def test_a_limited_range_finds_what_is_in_it_and_that_earlier_hashes_were_changed(world: World) -> None:
    with inside(LOG) as connection:
        envelope_changed(connection, 290, lambda envelope: envelope.update(causation="x"))
    found = world.found("--from-position", "280")
    assert found["verdict"] == "damaged" and found["first_problem"]["position"] == 290
    with inside(LOG) as connection:
        connection.execute("UPDATE events SET leaf = zeroblob(32) WHERE position = 270")
    assert {"tree", "checkpoint"} <= world.found("--from-position", "291")["problem_counts"].keys()


def test_a_range_that_begins_after_the_end_is_a_mistake(world: World) -> None:
    answer = world.verify("--from-position", str(world.size + 1), "--json")
    assert answer.status == 4 and f"ends at position {world.size}" in answer.error["message"]
    assert world.verify("--from-position", "0").status == 2


@pytest.mark.in_file
def test_envelopes_only_says_so_and_looks_at_no_text(world: World) -> None:
    with inside(LOG) as connection:
        connection.execute("UPDATE events SET payload = zeroblob(9) WHERE position = 20")
    answer = world.verify("--envelopes-only", "--json")
    assert answer.status == 7 and answer.data["payloads"] == 0
    assert answer.data["not_proved"][0].startswith("Envelopes only")
    assert world.verify().status == 6


def test_erased_texts_are_counted_and_leave_a_gap_not_damage(world: World) -> None:
    for position in ("20", "21"):
        assert world.orch("audit", "redact", position, "--reason", "a name", "--yes").status == 0
    found = world.found()
    assert found["verdict"] == "incomplete" and found["erased"] == 2 and found["problems"] == []
    assert "free text of 2 events was erased" in found["not_proved"][0]


def test_a_text_that_is_redacted_while_the_log_is_verified_is_no_damage(world: World) -> None:
    findings = Findings()
    with the_log() as log:
        verifier = Verifier(log, findings, Options())
        for position in ("20", "250"):
            assert world.orch("audit", "redact", position, "--reason", "a name", "--yes").status == 0
        verifier.run([], done=lambda _: None)
    assert (findings.problems, verifier.rows.erased, verifier.size) == ([], 2, world.size)


def test_documents_that_were_edited_are_told_apart_from_damage(world: World) -> None:
    Path("dev/st01-x/spec.md").write_text("# mine\n")
    answer = world.verify("--json")
    assert answer.status == 0
    (other,) = answer.data["documents"]["other"]
    assert (other["document"], other["state"]) == ("dev/st01-x/spec.md", "differs")
    for state, make in (
        ("missing", lambda path: None),
        ("unreadable", lambda path: path.mkdir()),
    ):
        path = Path("dev/st01-x/spec.md")
        path.unlink(missing_ok=True)
        make(path)
        assert world.found()["documents"]["other"][0]["state"] == state
    assert "dev/st01-x/spec.md unreadable" in world.verify().out


@pytest.mark.in_file
def test_an_event_that_this_version_does_not_know_is_named(world: World) -> None:
    with inside(LOG) as connection:
        envelope_changed(connection, 5, lambda envelope: envelope.update(topic="phase.sung"))
        connection.execute("UPDATE events SET topic = 'phase.sung' WHERE position = 5")
        everything_rehashed(connection)
    found = world.found()
    assert found["first_problem"]["position"] == 5 and found["first_problem"]["what"] == "event"
    assert "phase.sung" in found["first_problem"]["found"]
    assert found["problem_counts"] == {"event": 1, "checkpoint": 2}, "its stream is left alone from there"


@pytest.mark.in_file
def test_what_an_event_must_not_do_to_a_stream_is_named(world: World) -> None:
    with inside(LOG) as connection:
        for name, value in (("topic", "phase.opened"), ("topic", "project.initialised")):
            envelope_changed(connection, 5, lambda envelope, n=name, v=value: envelope.update({n: v}))  # type: ignore[misc]
            connection.execute(f"UPDATE events SET {name} = ? WHERE position = 5", (value,))
    found = world.found()
    assert (5, "event") in [(problem["position"], problem["what"]) for problem in found["problems"]]


def test_a_log_in_memory_is_verified_by_the_same_code() -> None:
    log: EventLog = MemoryLog(clock=lambda: NOON)
    filled(log, 600)
    accepted(log, decision("phase:b", events=3, text="words"))
    findings = Findings()
    verifier = Verifier(log, findings, Options(fold=False))
    verifier.run([256, 600], done=lambda _: None)
    assert findings.problems == [] and verifier.root == log.tree().root
    assert verifier.commands.count == 2 and verifier.roots.keys() == {256, 600}


def test_others_may_write_while_it_verifies(tmp_path: Path) -> None:
    path = new_log(tmp_path)
    with SqliteLog.open(path) as log, SqliteLog.open(path) as other:
        carry_out(log, draft("st01-x"))
        for _ in range(300):
            carry_out(log, request("st01-x"))
        findings = Findings()
        verifier = Verifier(log, findings, Options())
        carry_out(other, request("st01-x"))

        def meanwhile(_: int) -> None:
            carry_out(other, request("st01-x"))

        verifier.run([], done=meanwhile)
        assert findings.problems == []
        assert verifier.rows.events == verifier.size < log.moment().position


@pytest.mark.in_file
@pytest.mark.parametrize("facts", ["{}", '{"origin":"x","public_key":7,"named":1}', "[]", "7", "{"])
def test_a_head_without_a_key_is_damage_and_leaves_the_keys_of_the_auditor(world: World, facts: str) -> None:
    with inside(LOG) as connection:
        connection.execute("UPDATE heads SET facts = CAST(? AS BLOB) WHERE stream = 'project'", (facts,))
    for words in ((), ("--vkey", world.key)):
        answer = world.orch("audit", "verify", "--against", HELD, *words, "--json", "--debug")
        assert answer.status == 6 and answer.data["verdict"] == "damaged"
        assert answer.data["checkpoints"][0]["holds"] is bool(words)


def test_nothing_is_written(world: World) -> None:
    before = {
        file: file.read_bytes() for file in Path(".orch").rglob("*") if file.is_file() and file.suffix != ".db-shm"
    }
    world.verify()
    assert before == {f: f.read_bytes() for f in before}


@pytest.mark.in_file
def test_the_verdict_names_a_way_out(world: World) -> None:
    with inside(LOG) as connection:
        connection.execute("DELETE FROM heads WHERE stream = 'phase:st01-x'")
    assert "  → orch rebuild" in world.verify().out.splitlines()
    assert world.orch("rebuild").status == 0 and world.verify().status == 0
    note = Path(HELD).read_text()
    Path(HELD).write_text(note.replace("example.org/", "example.net/", 1))
    said = world.verify().out
    assert "  → orch audit key show" in said.splitlines() and "example.net/" in said
    Path(HELD).write_text(note)
    with inside(LOG) as connection:
        connection.execute("DELETE FROM events WHERE position = 200")
    assert "  → orch recover salvage --out salvaged" in world.verify().out


@pytest.mark.in_file
def test_where_no_document_is_here_they_are_counted_and_not_listed(drafted: Orch) -> None:
    """As where somebody else verifies what was restored from backups."""
    assert drafted("spec", "st02-y", "--objectives", "y").status == 0
    assert "2 looked at, 0 not as recorded" in drafted("audit", "verify").out
    shutil.rmtree("dev/st02-y")
    assert "dev/st02-y/spec.md missing" in drafted("audit", "verify").out
    shutil.rmtree("dev")
    told = drafted("audit", "verify").out
    assert "documents on disk: none; 2 are recorded" in told and "missing" not in told
