"""orch gate: exit 0 only when the checkout holds exactly the approved text."""

from pathlib import Path

import pytest

from tests.cli.conftest import Orch, how_known, position
from tests.cli.insider import envelope_changed, everything_rehashed, inside

SPEC = Path("dev/st01-x/spec.md")


@pytest.fixture
def approved(drafted: Orch) -> Orch:
    """Return `orch` where the spec of st01-x is approved."""
    assert drafted("approve", "st01-x", "spec").status == 0
    return drafted


def test_the_approved_text_passes_and_nothing_is_recorded(approved: Orch) -> None:
    before = position(approved)
    said = approved("gate", "st01-x", "spec", "--json")
    assert said.status == 0
    shown = approved("show", "st01-x", "spec", "--json").data
    assert (said.data["digest"], said.data["iteration"]) == (shown["digest"], 1)
    assert [each["name"] for each in said.data["approvals"]] == ["ada"]
    assert how_known() in approved("gate", "st01-x", "spec").out
    assert position(approved) == before


def closed(orch: Orch, *, fix: str, says: str) -> None:
    refused = orch("gate", "st01-x", "spec", "--json")
    assert (refused.status, refused.error["code"]) == (3, "GATE_CLOSED")
    assert refused.error["fix"][0] == fix
    assert says in refused.error["message"]


def test_one_changed_character_closes_it(approved: Orch) -> None:
    SPEC.write_text(SPEC.read_text().replace("10 ms", "11 ms"))
    closed(approved, fix="orch checkout st01-x spec", says="is not the approved text")


def test_a_missing_document_closes_it(approved: Orch) -> None:
    SPEC.unlink()
    closed(approved, fix="orch checkout st01-x spec", says="dev/st01-x/spec.md is missing")


def test_a_symbolic_link_closes_it(approved: Orch) -> None:
    SPEC.rename("elsewhere.md")
    SPEC.symlink_to(Path("elsewhere.md").absolute())
    closed(approved, fix="orch checkout st01-x spec", says="is a symbolic link")


def test_what_is_no_text_closes_it(approved: Orch) -> None:
    SPEC.write_bytes(b"\xff")
    closed(approved, fix="orch checkout st01-x spec", says="is not UTF-8")


def test_line_ends_do_not_close_it(approved: Orch) -> None:
    SPEC.write_bytes(SPEC.read_bytes().replace(b"\n", b"\r\n"))
    assert approved("gate", "st01-x", "spec").status == 0


def test_a_waiting_step_is_closed(drafted: Orch) -> None:
    closed(drafted, fix="orch approve st01-x spec", says="iteration 1 waits for approval")


def test_a_rejected_step_is_closed(drafted: Orch) -> None:
    assert drafted("reject", "st01-x", "spec", "--feedback", "too vague").status == 0
    closed(drafted, fix='orch spec st01-x --objectives "what it must achieve"', says="iteration 1 was rejected")


def test_a_reopened_step_is_closed_though_its_text_is_still_there(approved: Orch) -> None:
    assert approved("reopen", "st01-x", "spec", "--reason", "more to say").status == 0
    closed(approved, fix='orch spec st01-x --objectives "what it must achieve"', says="the approval of iteration 1")


def test_a_stale_step_names_what_comes_first(approved: Orch) -> None:
    assert approved("research", "st01-x", "--foundation", "known").status == 0
    assert approved("approve", "st01-x", "research").status == 0
    assert approved("gate", "st01-x", "research").status == 0
    assert approved("reopen", "st01-x", "spec", "--reason", "more").status == 0
    refused = approved("gate", "st01-x", "research", "--json")
    assert refused.status == 3
    assert "it is stale since spec was reopened" in refused.error["message"]
    assert refused.error["fix"] == ['orch spec st01-x --objectives "what it must achieve"']


def test_a_step_nobody_drafted_is_closed_and_an_unknown_phase_is_unknown(approved: Orch) -> None:
    assert approved("gate", "st01-x", "plan").status == 3
    assert approved("gate", "st09-y", "spec").status == 4


def test_a_ticked_box_does_not_close_it(approved: Orch) -> None:
    drafts = {
        "research": "--foundation known",
        "plan": "--architecture layers",
        "prd": "--goal sound",
        "tasks": "--tasks first,second",
    }
    for step, words in drafts.items():
        assert approved(step, "st01-x", *words.split()).status == 0
        assert approved("approve", "st01-x", step).status == 0
    tasks = Path("dev/st01-x/tasks.md")
    assert "- [ ]" in tasks.read_text()
    tasks.write_text(tasks.read_text().replace("- [ ]", "- [x]", 1))
    assert approved("gate", "st01-x", "tasks").status == 0


@pytest.mark.in_file
def test_a_verdict_altered_in_the_store_is_damage(approved: Orch) -> None:
    last = position(approved)

    def other(said: dict[str, object]) -> None:
        said["facts"]["digest"] = "sha256:1:" + "0" * 64  # type: ignore[index]  # it holds facts

    with inside(Path(".orch/log.db")) as connection:
        envelope_changed(connection, last, other)
    assert approved("gate", "st01-x", "spec", "--json").status == 6


@pytest.mark.in_file
def test_a_rejection_made_an_approval_in_the_head_alone_is_damage(drafted: Orch) -> None:
    assert drafted("reject", "st01-x", "spec", "--feedback", "no").status == 0
    with inside(Path(".orch/log.db")) as connection:
        changed = connection.execute(
            "UPDATE heads SET facts = CAST(replace(CAST(facts AS TEXT), '\"rejected\"', '\"approved\"') AS BLOB)"
        ).rowcount
        assert changed
    refused = drafted("gate", "st01-x", "spec", "--json")
    assert (refused.status, refused.error["code"]) == (6, "STATE_ERROR")


@pytest.mark.in_file
def test_a_draft_altered_with_all_its_hashes_is_damage(approved: Orch) -> None:
    last = position(approved)

    def other(said: dict[str, object]) -> None:
        said["facts"]["digest"] = "sha256:1:" + "0" * 64  # type: ignore[index]  # it holds facts

    with inside(Path(".orch/log.db")) as connection:
        envelope_changed(connection, last - 1, other)
        everything_rehashed(connection)
    assert approved("gate", "st01-x", "spec").status == 6


def test_what_lies_here_is_held_against_what_was_approved_at_a_moment(approved: Orch) -> None:
    end = position(approved)
    assert approved("reopen", "st01-x", "spec", "--reason", "new facts").status == 0
    closed(approved, fix='orch spec st01-x --objectives "what it must achieve"', says="is withdrawn")
    then = approved("gate", "st01-x", "spec", "--at", f"position:{end}", "--json")
    assert then.status == 0 and then.data["iteration"] == 1
    assert f"as of position {end}," in approved("gate", "st01-x", "spec", "--at", f"position:{end}").err
    before = approved("gate", "st01-x", "spec", "--at", f"position:{end - 1}", "--json")
    assert (before.status, before.error["code"]) == (3, "GATE_CLOSED")
    SPEC.write_text(SPEC.read_text().replace("10 ms", "11 ms"))
    assert approved("gate", "st01-x", "spec", "--at", f"position:{end}").status == 3, "the text is of now"
    assert approved("gate", "st01-x", "spec", "--at", "2026-01-01").status == 2


@pytest.mark.parametrize("option", ["--receipt", "--write-receipt"])
def test_a_receipt_names_no_moment(approved: Orch, option: str) -> None:
    refused = approved("gate", "st01-x", "spec", option, "--at", "position:5", "--json")
    assert refused.status == 2 and refused.error["fix"] == ["orch gate st01-x spec --at position:5"]
    assert not SPEC.with_name("spec.receipt").exists()
