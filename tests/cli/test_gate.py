"""The gate: a file that differs from every recorded text stops every decision about it."""

from pathlib import Path

import pytest

from tests.cli.conftest import Orch, position

SPEC = Path("dev/st01-x/spec.md")


def edit(path: Path = SPEC) -> str:
    path.write_text(path.read_text() + "\nOne more line by hand.\n")
    return path.read_text()


@pytest.mark.parametrize(
    "command", ["approve st01-x spec", "spec st01-x --objectives other", "reject st01-x spec --feedback no"]
)
def test_an_edited_file_stops_every_decision_and_names_both_ways_out(drafted: Orch, command: str) -> None:
    edit()
    before = position(drafted)
    refused = drafted(*command.split(), "--json")
    assert (refused.status, refused.error["code"]) == (3, "DOCUMENT_EDITED")
    assert refused.error["fix"] == ["orch edit st01-x spec", "orch checkout st01-x spec"]
    assert position(drafted) == before


def test_edit_records_the_file_as_the_next_iteration(drafted: Orch) -> None:
    text = edit()
    assert drafted("edit", "st01-x", "spec").status == 0
    shown = drafted("show", "st01-x", "spec", "--json").data
    assert (shown["iteration"], shown["source"], shown["text"]) == (2, "edited", text)
    assert drafted("approve", "st01-x", "spec").status == 0


def test_checkout_puts_the_recorded_text_back_and_keeps_the_replaced_one(drafted: Orch) -> None:
    recorded = SPEC.read_text()
    replaced = edit()
    answer = drafted("checkout", "st01-x", "spec", "--json").data
    assert SPEC.read_text() == recorded
    assert Path(answer["rescued"]).read_text() == replaced
    assert drafted("approve", "st01-x", "spec").status == 0


def test_a_missing_file_does_not_block_a_verdict(drafted: Orch) -> None:
    SPEC.unlink()
    assert drafted("approve", "st01-x", "spec").status == 0


def test_an_older_iteration_on_disk_cannot_be_approved(drafted: Orch) -> None:
    first = SPEC.read_text()
    assert drafted("spec", "st01-x", "--objectives", "another").status == 0
    SPEC.write_text(first)
    refused = drafted("approve", "st01-x", "spec", "--json")
    assert (refused.status, refused.error["code"]) == (3, "VERDICT_STALE")
    assert refused.error["fix"][0] == "orch checkout st01-x spec"
    assert drafted("checkout", "st01-x", "spec").status == 0
    assert drafted("approve", "st01-x", "spec").status == 0


def test_line_ends_and_a_byte_order_mark_are_no_edit(drafted: Orch) -> None:
    SPEC.write_bytes(b"\xef\xbb\xbf" + SPEC.read_bytes().replace(b"\n", b"\r\n") + b"\r\n\r\n")
    assert drafted("approve", "st01-x", "spec").status == 0


def test_a_file_that_is_not_text_can_be_replaced(drafted: Orch) -> None:
    SPEC.write_bytes(b"\xff\xfe\x00")
    refused = drafted("approve", "st01-x", "spec", "--json")
    assert (refused.status, refused.error["fix"]) == (2, ["orch checkout st01-x spec"])
    assert drafted("checkout", "st01-x", "spec").status == 0
    assert drafted("approve", "st01-x", "spec").status == 0


def test_a_ticked_box_is_no_edit_and_stays_ticked(drafted: Orch) -> None:
    drafted("approve", "st01-x", "spec")
    for step, words in {
        "research": "--foundation known",
        "plan": "--architecture layers",
        "prd": "--goal sound",
        "tasks": "--tasks first,second",
    }.items():
        assert drafted(step, "st01-x", *words.split()).status == 0
        if step != "tasks":
            assert drafted("approve", "st01-x", step).status == 0
    tasks = Path("dev/st01-x/tasks.md")
    assert "- [ ]" in tasks.read_text()
    tasks.write_text(tasks.read_text().replace("- [ ]", "- [x]", 1))
    assert drafted("approve", "st01-x", "tasks").status == 0
    assert "- [x]" in tasks.read_text()


def test_a_phase_folder_that_leads_out_of_the_project_is_refused(
    project: Orch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside")
    Path("dev").mkdir()
    Path("dev/st01-x").symlink_to(outside)
    refused = project("spec", "st01-x", "--objectives", "x", "--json")
    assert (refused.status, refused.error["code"]) == (8, "FILESYSTEM_ERROR")
    assert list(outside.iterdir()) == []
