"""What a word is to the search: in the index, in a query, and where a text is shown."""

import re
from collections.abc import Sequence
from typing import NamedTuple
from unicodedata import category, normalize

SYMBOLS = re.compile("[\u2190-\u2bff\U0001f000-\U0001faff]")
"""Arrows, signs and emoji are words of one character."""
UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)
"""Scripts that put no spaces between words (Thai, Lao, Burmese, Khmer, kana, Han): each letter is a word."""
QUOTED = re.compile(r'"([^"]*)"|(\S+)')


class Span(NamedTuple):
    """From where to where a match goes in a text, in characters."""

    start: int
    end: int


class _Folded(dict[int, str]):
    """What stands for a character: letters without accents and case, a space for what separates words."""

    def __missing__(self, point: int) -> str:
        found = self[point] = _folded(chr(point))
        return found


FOLDED = _Folded()


def folded(text: str) -> str:
    """Return a text as a row of words, each character by itself: what two texts fold to, their sum folds to."""
    return text.translate(FOLDED)


def words(text: str) -> list[str]:
    """Return the words of a text in their order."""
    return folded(text).split()


def phrases(query: str) -> list[list[str]]:
    """Return what a query asks for: phrases in quotes, single words; what belongs together stays a phrase.

    There is no syntax to get wrong: a quote that is not closed is a sign like any other.
    """
    found = [words(quoted or word) for quoted, word in QUOTED.findall(query)]
    return [phrase for phrase in found if phrase]


def spans(text: str, wanted: list[list[str]]) -> list[Span] | None:
    """Return where the phrases stand in a text, in order; None unless every one of them does."""
    row = folded(text)
    matches: list[tuple[int, int]] = []
    for phrase in wanted:
        pattern = r"(?<!\S)" + r"\s+".join(map(re.escape, phrase)) + r"(?!\S)"
        found = [match.span() for match in re.finditer(pattern, row)]
        if not found:
            return None
        matches += found
    origin: Sequence[int] = range(len(row)) if text.isascii() else _origins(text)
    return sorted({Span(origin[start], origin[end - 1] + 1) for start, end in matches})


def _origins(text: str) -> list[int]:
    """Return which character of a text each character of its folded form comes from."""
    return [at for at, character in enumerate(text) for _ in FOLDED[ord(character)]]


def _folded(character: str) -> str:
    plain = normalize("NFKD", normalize("NFKD", character).casefold())
    return "".join(map(_one, (each for each in plain if category(each)[0] != "M")))


def _one(character: str) -> str:
    if UNSPACED.match(character) or SYMBOLS.match(character):
        return f" {character} "
    return character if character.isalnum() or character == "_" else " "
