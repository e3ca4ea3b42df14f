"""What a phase may be called."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import phase_ids
from domain.actors import NAME_LIMIT, ActorKind, actor
from domain.errors import InvalidInput
from tests.fix_lines import understood


@pytest.mark.parametrize("phase", ["st01-audio-engine", "test-phase", "a", "7", "st1", "x" * 100])
def test_lower_case_letters_digits_and_single_hyphens_make_an_id(phase: str) -> None:
    assert phase_ids.checked(phase) == phase
    assert phase_ids.phase_of(phase_ids.stream_of(phase)) == phase


@pytest.mark.parametrize(
    "phase",
    [
        "",
        "A",
        "a--b",
        "-a",
        "a-",
        "a_b",
        "a b",
        "a/b",
        "..",
        "../a",
        "a\n",
        "ä",
        "\u0661",
        "a.md",
        "x" * 101,
        "\u202ea",
        "\x00",
    ],
)
def test_anything_else_is_refused_with_an_id_that_would_do(phase: str) -> None:
    with pytest.raises(InvalidInput, match="A phase id has lower-case letters") as refused:
        phase_ids.checked(phase)
    assert refused.value.code == "VALIDATION_ERROR"
    assert refused.value.fix[0] == "orch list"
    assert all(understood(line) for line in refused.value.fix)


@given(st.text())
def test_the_id_that_is_offered_would_do(phase: str) -> None:
    try:
        assert phase_ids.checked(phase) == phase
    except InvalidInput as refused:
        offered = refused.fix[1].split()[2]
        assert phase_ids.checked(offered) == offered
        assert f" {offered} would do." in refused.message


@pytest.mark.parametrize(
    ("phase", "title"),
    [("st01-audio-engine", "Audio Engine"), ("test-phase", "Test Phase"), ("st01", "St01"), ("a-st01-b", "A St01 B")],
)
def test_the_title_is_made_from_the_id(phase: str, title: str) -> None:
    assert phase_ids.title_from(phase) == title


def test_the_streams_of_policy_and_project_belong_to_no_phase() -> None:
    assert phase_ids.phase_of("policy") is None
    assert phase_ids.phase_of("project") is None


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "\u202eadmin", "a\x1b[2J", "x" * (NAME_LIMIT + 1)])
def test_an_actor_has_a_name_that_a_line_can_show(name: str) -> None:
    with pytest.raises(InvalidInput, match="An actor's name has 1 to") as refused:
        actor(name)
    assert refused.value.fix == ("export ORCHESTRATOR_ACTOR=ada",)


def test_an_actor_has_a_kind_we_know() -> None:
    assert actor("Ada Lovelace", "agent").kind is ActorKind.AGENT
    with pytest.raises(InvalidInput, match="one of human, agent, service; got 'robot'"):
        actor("ada", "robot")
