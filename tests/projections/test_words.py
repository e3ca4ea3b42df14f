"""What a word is: every word of a text is found in it, with the words around it or alone, whatever its letters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.topics import EVENTS
from projections.searchable import KINDS, UNSEARCHED
from projections.words import folded, phrases, spans, words

texts = st.text(st.characters(codec="utf-8"), max_size=60)


@given(texts, texts)
def test_two_texts_fold_to_what_their_sum_folds_to(first: str, second: str) -> None:
    assert folded(first + second) == folded(first) + folded(second)


@given(texts)
def test_every_word_and_every_neighbourhood_of_words_is_found(text: str) -> None:
    row = words(text)
    for at in range(len(row)):
        for size in (1, 2, 3):
            phrase = row[at : at + size]
            found = spans(text, [phrase])
            assert found
            for start, end in found:
                assert 0 <= start < end <= len(text)
                assert spans(text[start:end], [phrase]), "what is marked is the phrase"


@given(texts, texts)
def test_what_is_not_in_a_text_is_not_found(text: str, other: str) -> None:
    row, phrase = words(text), words(other)
    if phrase:
        inside = any(row[at : at + len(phrase)] == phrase for at in range(len(row)))
        assert (spans(text, [phrase]) is not None) == inside


@given(texts)
def test_folding_twice_changes_nothing(text: str) -> None:
    assert folded(folded(text)).split() == words(text)


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("Prüfung der Lautstärke", "prufung LAUTSTÄRKE"),
        ("der große Fluß", "grosse fluss"),
        ("音声エンジンの仕様", "エンジン"),
        ("st01-audio-engine", "audio"),
        ("st01-audio-engine", "st01-audio-engine"),
        ("go 🚀 now", "🚀"),
        ("snake_case(x)", "snake_case"),
        ("a OR b AND NOT (c*)", 'AND NOT "c*" ( OR'),
        ('say "yes"', '"say yes"'),
    ],
)
def test_words_are_found_as_people_type_them(text: str, query: str) -> None:
    assert spans(text, phrases(query))


def test_a_phrase_is_its_words_in_their_order() -> None:
    assert spans("round trip below 10 ms", phrases('"trip below"')) == [(6, 16)]
    assert spans("round trip below 10 ms", phrases('"below trip"')) is None
    assert phrases('one "two three" "four') == [["one"], ["two", "three"], ["four"]]
    assert phrases('"" * — ()') == []


def test_every_free_text_there_is_can_be_searched() -> None:
    assert {name for event in EVENTS for name in event.PAYLOAD} == set(KINDS) | UNSEARCHED
