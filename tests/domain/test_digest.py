"""The digest is over what a document says, not over how a file happens to be written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.digest import digest_of, normalised
from domain.steps import STEPS, Step

TEXT = st.text(
    alphabet=st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from("\n\r\ufeff -*+[]xX\t\x0b"))
)


def test_the_digest_of_a_known_text_never_changes() -> None:
    known = "sha256:1:90f8ec5669cd34183b9b0fdf8b94f5efb4c3672876330f4aa76088c2b4ad17be"
    assert digest_of("# Hello\n", Step.SPEC) == known  # printf '# Hello\n' | sha256sum


@pytest.mark.parametrize(
    "same",
    [
        "# Plan\nText\n",
        "\ufeff# Plan\nText\n",
        "\ufeff\ufeff# Plan\nText\n",
        "# Plan\r\nText\r\n",
        "# Plan\rText",
        "# Plan\nText",
        "# Plan\nText\n\n\n",
    ],
)
def test_line_ends_bom_and_final_newlines_make_no_difference(same: str) -> None:
    assert digest_of(same, Step.PLAN) == digest_of("# Plan\nText\n", Step.PLAN)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a\n", "A\n"),
        ("a b\n", "a  b\n"),
        ("a\n", "\na\n"),
        ("a\n", "a \n"),
        ("\u00e9\n", "e\u0301\n"),
        ("a\n\nb", "a\nb"),
    ],
)
def test_everything_else_makes_a_difference(one: str, other: str) -> None:
    assert digest_of(one, Step.SPEC) != digest_of(other, Step.SPEC)


@pytest.mark.parametrize("bullet", ["- ", "* ", "+ ", "  - ", "\t* ", "\x0b+ "])
def test_ticking_a_box_in_tasks_makes_no_difference(bullet: str) -> None:
    digests = {digest_of(f"# T\n\n{bullet}[{tick}] T001\n", Step.TASKS) for tick in " xX"}
    assert len(digests) == 1


@pytest.mark.parametrize("line", ["-[{}] T001", "text - [{}] T001", "1. [{}] T001", "- [{}{}] T001", "-  [{}] T001"])
def test_what_only_looks_like_a_box_counts(line: str) -> None:
    assert digest_of(line.format("x", "x"), Step.TASKS) != digest_of(line.format(" ", " "), Step.TASKS)


@pytest.mark.parametrize("step", [step for step in STEPS if step is not Step.TASKS])
def test_a_box_counts_in_every_other_document(step: Step) -> None:
    assert digest_of("- [x] a", step) != digest_of("- [ ] a", step)


def test_many_blank_lines_cost_no_more_than_many_others() -> None:
    # With `\s*` in front of the bullet this took hours: every blank line walked over all that follow it.
    assert digest_of("\n" * 1_000_000 + "- [x] a", Step.TASKS) == digest_of("\n" * 1_000_000 + "- [ ] a", Step.TASKS)


@given(TEXT)
def test_normalising_twice_changes_nothing_more(text: str) -> None:
    once = normalised(text)
    assert normalised(once) == once
    assert once.endswith("\n") and "\r" not in once and not once.startswith("\ufeff")


@given(TEXT, st.sampled_from(STEPS))
def test_the_digest_of_a_recorded_text_is_the_digest_of_the_file_it_came_from(text: str, step: Step) -> None:
    assert digest_of(normalised(text), step) == digest_of(text, step)
