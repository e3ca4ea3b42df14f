"""Where else a text stands that is to be erased."""

from typing import Any

from domain.actors import Actor
from domain.event_log import Told
from projections.same_text import MOST_INSIDE, pieces_of, plain, same_text


def told(position: int, texts: dict[str, Any] | None, **facts: Any) -> Told:
    return Told(position, 0, 0, "phase.document_drafted", "c", Actor("ada"), facts, texts, texts is None)


def found(pieces: list[str], *others: Told, erased: int = 1) -> list[tuple[int, int, int]]:
    return [
        (each["position"], each["found"], each["of"]) for each in same_text(pieces, others, erased=erased, reason="r")
    ]


def test_the_pieces_are_what_people_said_and_not_what_the_template_says() -> None:
    texts = {
        "fields": {"objectives": ["The PIN is 4711", "Fast"], "deep": {"list": ["x" * 9]}},
        "text": "# Spec\n\nHi all",
    }
    assert pieces_of([texts]) == ["Fast", "The PIN is 4711", "xxxxxxxxx"]
    assert pieces_of([{"fields": {}, "text": "# Spec\n\n- one item\n- [ ] a box\nno\n"}]) == ["[ ] a box", "one item"]
    assert pieces_of([{"feedback": ["two\nlines", "abc"], "comments": ""}]) == ["lines"]
    assert pieces_of([]) == []


def test_a_text_is_found_word_for_word_also_inside_a_line_and_behind_escapes() -> None:
    pieces = pieces_of([{"feedback": ["1. Take it out <!-- now -->", "#1 first"]}])
    assert pieces == ["1. Take it out <!-- now -->"], "what looks like a heading is looked for nowhere"
    document = told(2, {"fields": {}, "text": "# Spec\n\n> - 1\\. Take it  out \\<!-- now -->, he said\n"})
    assert found(pieces, document) == [(2, 1, 1)]
    assert found(pieces, told(2, {"title": "Take it"})) == []


def test_of_a_long_text_whole_lines_are_found_and_parts_of_lines_are_not() -> None:
    pieces = [f"line number {number}" for number in range(MOST_INSIDE + 1)]
    document = told(2, {"text": "- line number 7\n- not only line number 8\n"})
    assert found(pieces, document) == [(2, 1, len(pieces))]
    assert found(pieces[:MOST_INSIDE], document) == [(2, 2, MOST_INSIDE)]


def test_the_erased_event_itself_and_others_without_text_are_left_out() -> None:
    pieces = ["secret"]
    same = {"reason": "a secret"}
    others = (told(1, same), told(2, None), told(3, same), told(4, {"fields": {"a": [{"b": "secret"}]}}))
    assert found(pieces, *others, erased=1) == [(3, 1, 1), (4, 1, 1)]
    assert found([], *others) == []


def test_the_command_that_erases_it_too_is_named() -> None:
    (row,) = same_text(["secret"], [told(7, {"text": "secret"}, step="spec", iteration=2)], erased=1, reason="'a name'")
    assert row["fix"] == "orch audit redact 7 --reason 'a name' --yes"
    assert (row["step"], row["iteration"]) == (
        "spec",
        2,
    )


def test_marks_of_lists_and_escapes_do_not_count() -> None:
    assert plain("  > * \\- a   b\\|c ") == "a b|c"
