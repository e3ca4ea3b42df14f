"""The check of the documents finds what it is there to find."""

from pathlib import Path

import pytest

from docs.check import check

GOOD = """# 1. A decision

## Context
Why.

## Decision
What.

## Consequences
What follows.

## Confirmation
`tests/test_it.py` and `test_it_holds`.
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    adr = tmp_path / "docs" / "adr"
    adr.mkdir(parents=True)
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_it.py").write_text("def test_it_holds() -> None: ...\n")
    (tmp_path / "README.md").write_text(
        "See [the decisions](docs/adr/README.md#decisions) and [a site](https://a.example).\n"
    )
    (adr / "README.md").write_text("# Decisions\n\n[One](0001-a-decision.md)\n")
    (adr / "0001-a-decision.md").write_text(GOOD)
    return tmp_path


def test_good_documents_draw_no_complaint(root: Path) -> None:
    assert list(check(root)) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "complaint"),
    [
        (
            "README.md",
            "adr/README.md",
            "adr/NONE.md",
            "README.md: the link to docs/adr/NONE.md#decisions leads nowhere",
        ),
        ("README.md", "#decisions", "#none", "README.md: the link to docs/adr/README.md#none names no heading there"),
        ("README.md", "docs/adr/README.md#decisions", "../../etc", "README.md: the link to ../../etc leads nowhere"),
        (
            "docs/adr/README.md",
            "0001-a-decision.md",
            "../../README.md",
            "docs/adr/README.md does not list 0001-a-decision.md",
        ),
        ("docs/adr/0001-a-decision.md", "## Confirmation", "## Tests", "the section Confirmation is missing or empty"),
        ("docs/adr/0001-a-decision.md", "test_it.py", "test_no.py", "names tests/test_no.py, which does not exist"),
        ("docs/adr/0001-a-decision.md", "test_it_holds", "test_not", "names test_not, which no test is called"),
        ("docs/adr/0001-a-decision.md", "`", "", "Confirmation names no test"),
    ],
)
def test_what_is_wrong_draws_a_complaint(root: Path, file: str, old: str, new: str, complaint: str) -> None:
    text = (root / file).read_text()
    assert old in text
    (root / file).write_text(text.replace(old, new))
    assert any(complaint in found for found in check(root)), list(check(root))


def test_a_gap_in_the_numbers_draws_a_complaint(root: Path) -> None:
    (root / "docs/adr/0001-a-decision.md").rename(root / "docs/adr/0002-a-decision.md")
    assert any("number 0001 would be next" in found for found in check(root))


def test_a_folder_without_documents_is_not_good(tmp_path: Path) -> None:
    assert len(list(check(tmp_path))) == 1
