"""The text of a checkpoint is written in one way and read in no other."""

from base64 import b64decode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.checkpoints import Checkpoint
from domain.errors import InvalidInput

ROOT = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="
TEXT = f"example.com/behind-the-sofa\n20852163\n{ROOT}\n"
"""The example of C2SP tlog-checkpoint."""

LINES = st.text(st.characters(min_codepoint=32, exclude_categories=["Cs"]), min_size=1, max_size=20)


def test_the_example_of_the_specification_is_read_and_written() -> None:
    checkpoint = Checkpoint.parse(TEXT)
    assert checkpoint == Checkpoint("example.com/behind-the-sofa", 20852163, b64decode(ROOT))
    assert checkpoint.text() == TEXT


def test_an_empty_tree_has_size_0() -> None:
    assert Checkpoint.parse(f"a\n0\n{ROOT}\n").size == 0


def test_extension_lines_are_kept() -> None:
    checkpoint = Checkpoint.parse(f"{TEXT}one\n— two\n")
    assert checkpoint.extensions == ("one", "— two")
    assert checkpoint.text() == f"{TEXT}one\n— two\n"


@given(LINES, st.integers(0, 2**63 - 1), st.binary(min_size=32, max_size=32), st.lists(LINES, max_size=3))
def test_what_is_written_is_read_again(origin: str, size: int, root: bytes, extensions: list[str]) -> None:
    checkpoint = Checkpoint(origin, size, root, tuple(extensions))
    assert Checkpoint.parse(checkpoint.text()) == checkpoint


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "does not end with a newline"),
        (TEXT[:-1], "does not end with a newline"),
        ("a\n1\n", "this one has 2"),
        (f"\n1\n{ROOT}\n", "Line 1 .* is empty"),
        (f"a\n\n{ROOT}\n", "Line 2 .* is empty"),
        (f"{TEXT}\n", "Line 4 .* is empty"),
        (f"{TEXT}one\n\ntwo\n", "Line 5 .* is empty"),
        (TEXT.replace("\n", "\r\n"), "control character"),
        (TEXT.replace("sofa", "so\tfa"), "control character"),
        (TEXT.replace("sofa", "so\0fa"), "control character"),
        *(
            (f"a\n{size}\n{ROOT}\n", "not a size")
            for size in (
                "00",
                "01",
                "+1",
                "-1",
                " 1",
                "1 ",
                "1_0",
                "1.0",
                "0x1",
                "x",
                "\N{ARABIC-INDIC DIGIT ONE}",
                "²",
                "9" * 19,
                "9" * 5000,
            )
        ),
        (f"a\n{2**63}\n{ROOT}\n", "not a size"),
        *(
            (f"a\n1\n{root}\n", "not a hash")
            for root in (
                ROOT[:-1],
                f"{ROOT}=",
                f" {ROOT}",
                f"{ROOT} ",
                ROOT.replace("/", "_"),
                ROOT.replace("2I=", "2J="),  # the same 32 bytes, written another way
                ROOT[4:],
                f"AAAA{ROOT}",
                f"{ROOT[:-2]}==",
                "é" * 44,
            )
        ),
    ],
)
def test_everything_else_is_refused_with_a_reason(text: str, why: str) -> None:
    with pytest.raises(InvalidInput, match=why):
        Checkpoint.parse(text)


@pytest.mark.parametrize("made", [("a\n2", 1), ("", 1), ("a", -1), ("a", 2**63)])
def test_a_checkpoint_that_could_not_be_read_again_is_not_written(made: tuple[str, int]) -> None:
    with pytest.raises((ValueError, InvalidInput)):
        Checkpoint(*made, b"r" * 32).text()
    with pytest.raises(InvalidInput):
        Checkpoint("a", 1, b"short").text()
