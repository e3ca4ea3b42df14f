"""What changed between two iterations of a document."""

from domain.steps import Step
from projections.document_text import DocumentText, document_text
from projections.text_diff import text_diff
from tests.projections.worlds import Story, World


def texts(*, erased: bool = False) -> list[DocumentText]:
    world = World()
    story = Story(world).draft(Step.SPEC).reject(Step.SPEC, "vague").draft(Step.SPEC)
    if erased:
        world.erase_everything()
    places = [(r.stream, r.version) for r, _ in world.pairs if r.topic == "phase.document_drafted"]
    return [document_text(story.name, world.told([place])[place]) for place in places]


def test_the_lines_are_a_unified_diff() -> None:
    old, new = texts()
    assert text_diff(old, new)["lines"] == [
        "--- st01-audio-engine/spec.md iteration 1",
        "+++ st01-audio-engine/spec.md iteration 2",
        "@@ -1 +1 @@",
        "-# spec 1",
        "+# spec 2",
    ]


def test_both_sides_are_named_by_digest_and_position() -> None:
    found = text_diff(*texts())
    assert (found["old"]["digest"], found["new"]["digest"]) == ("sha256:1:spec1", "sha256:1:spec2")
    assert (found["old"]["position"], found["new"]["position"]) == (2, 5)


def test_the_same_text_has_no_lines() -> None:
    old, _ = texts()
    assert text_diff(old, old)["lines"] == []


def test_an_erased_text_has_no_diff_and_is_not_taken_for_an_empty_one() -> None:
    found = text_diff(*texts(erased=True))
    assert found["lines"] is None
    assert found["old"]["erased"] and found["new"]["erased"]
    old, new = texts()
    assert text_diff(texts(erased=True)[0], new)["lines"] is None
    assert text_diff(old, new)["lines"]


def test_only_a_line_feed_ends_a_line() -> None:
    old, new = texts()
    odd: DocumentText = {**new, "text": "a\u2028b\x0bc\n"}
    lines = text_diff(old, odd)["lines"]
    assert lines is not None and lines[-1] == "+a\u2028b\x0bc"
