"""The recorded text of one iteration."""

from domain.steps import Step
from projections.document_text import document_text, place_of_iteration, place_of_latest
from tests.projections.worlds import Story, World


def revised() -> Story:
    return Story(World()).draft(Step.SPEC).reject(Step.SPEC, "vague").draft(Step.SPEC)


def test_the_latest_text_is_found_from_the_head() -> None:
    story = revised()
    place = place_of_latest(story.head, Step.SPEC)
    assert place == place_of_iteration(story.world.pairs, Step.SPEC, 2)
    assert place is not None
    told = story.world.told([place])[place]
    assert document_text(story.name, told) == {
        "phase": "st01-audio-engine",
        "step": "spec",
        "iteration": 2,
        "digest": "sha256:1:spec2",
        "author": {"name": "ada", "kind": "human"},
        "source": "rendered",
        "position": 5,
        "recorded_at": "2026-11-24T14:04:00.000000Z",
        "text": "# spec 2\n",
        "erased": False,
        "erased_by": None,
        "quality": None,
        "derived_from": [],
    }


def test_an_earlier_text_is_found_in_the_history() -> None:
    story = revised()
    place = place_of_iteration(story.world.pairs, Step.SPEC, 1)
    assert place == (story.stream, 2)
    assert document_text(story.name, story.world.told([place])[place])["text"] == "# spec 1\n"


def test_what_was_never_drafted_is_nowhere() -> None:
    story = revised()
    assert place_of_latest(story.head, Step.PLAN) is None
    assert place_of_iteration(story.world.pairs, Step.SPEC, 3) is None
    assert place_of_iteration(story.world.pairs, Step.PLAN, 1) is None


def test_an_erased_text_keeps_its_digest() -> None:
    story = revised()
    place = place_of_latest(story.head, Step.SPEC)
    assert place is not None
    story.world.erase_everything()
    shown = document_text(story.name, story.world.told([place])[place])
    assert (shown["text"], shown["erased"], shown["digest"]) == (None, True, "sha256:1:spec2")
