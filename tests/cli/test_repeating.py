"""A command repeated with its id answers as before and destroys nothing."""

from pathlib import Path

from tests.cli.conftest import Orch, position

SPEC = Path("dev/st01-x/spec.md")
WORDS = ("spec", "st01-x", "--objectives", "once", "--command-id", "id-1")


def test_a_repeated_draft_leaves_a_text_that_was_edited_since(project: Orch) -> None:
    assert project(*WORDS).status == 0
    edited = SPEC.read_text() + "by hand\n"
    SPEC.write_text(edited)
    before = position(project)
    assert project(*WORDS).status == 0
    assert (SPEC.read_text(), position(project)) == (edited, before)
    assert project("approve", "st01-x", "spec").status == 3


def test_a_repeated_draft_leaves_a_file_that_is_not_text(project: Orch) -> None:
    assert project(*WORDS).status == 0
    SPEC.write_bytes(b"\xff\xfe")
    assert project(*WORDS).status == 0
    assert SPEC.read_bytes() == b"\xff\xfe"


def test_a_repeated_draft_writes_the_file_that_its_first_run_did_not(project: Orch) -> None:
    assert project(*WORDS).status == 0
    text = SPEC.read_text()
    SPEC.unlink()
    assert project(*WORDS).status == 0
    assert SPEC.read_text() == text
