"""Names of those who act: one for everybody who looks like it."""

import pytest

from domain.actors import NAME_LIMIT, Actor, ActorKind, actor
from domain.errors import InvalidInput


@pytest.mark.parametrize(
    "name", ["ada", "Ada Lovelace", "José", "李小龍", "नमस्ते", "o'brien@example.org", "x" * NAME_LIMIT, "Łukasz", "أحمد"]
)
def test_a_name_is_taken_as_it_is(name: str) -> None:
    assert actor(name, "agent") == Actor(name, ActorKind.AGENT)


@pytest.mark.parametrize(
    ("name", "saying"),
    [
        ("", "printable"),
        ("  ", "printable"),
        ("a\nb", "printable"),
        ("a\u200bda", "printable"),
        ("\u202eada", "printable"),
        ("x" * (NAME_LIMIT + 1), "printable"),
        ("ada ", "spaces"),
        (" ada", "spaces"),
        ("ada  lovelace", "spaces"),
        ("Jose\u0301", "composed"),
        ("ada\ufe0f", "shows"),
        ("ada\U000e0100", "shows"),
        ("a\u034fda", "shows"),
        ("ada\u3164", "shows"),
        ("ada\u2800", "shows"),
    ],
)
def test_a_name_that_looks_like_another_one_or_like_nothing_is_refused(name: str, saying: str) -> None:
    with pytest.raises(InvalidInput, match=saying) as refused:
        actor(name)
    assert refused.value.message.isascii(), "the name is told by its escapes"


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(InvalidInput, match="kind"):
        actor("ada", "robot")
