"""Judge the values of settings with pydantic; loaded only for what is not plainly right."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, TypeAdapter, ValidationError

from adapters.input_rules import shown
from adapters.settings import (
    LEVELS,
    OCCASIONS,
    SECRETIVE,
    STYLES,
    WHOLE,
    Kind,
    Setting,
    is_cache_url,
    is_database_url,
    is_issuer,
    is_pair,
    is_url,
    is_words,
)
from adapters.settings_examples import what_it_is
from domain.errors import InvalidInput


def _words(text: str) -> str:
    if not is_words(text):
        raise ValueError("no words")
    return text


def _address(text: str) -> str:
    if not is_url(text):
        raise ValueError("no address")
    return text


def _database(text: str) -> str:
    if not is_database_url(text):
        raise ValueError("no database")
    return text


def _cache(text: str) -> str:
    if not is_cache_url(text):
        raise ValueError("no cache")
    return text


def _issuer(text: str) -> str:
    if not is_issuer(text):
        raise ValueError("no issuer")
    return text


def _word(text: str) -> str:
    if not is_words(text) or not text.isprintable():
        raise ValueError("no word")
    return text


def _pair(text: str) -> str:
    if not is_pair(text):
        raise ValueError("no pair")
    return text


TYPES: dict[Kind, Any] = {
    Kind.PATH: Annotated[str, AfterValidator(_words)],
    Kind.URL: Annotated[str, AfterValidator(_address)],
    Kind.DATABASE: Annotated[str, AfterValidator(_database)],
    Kind.CACHE: Annotated[str, AfterValidator(_cache)],
    Kind.ISSUER: Annotated[str, AfterValidator(_issuer)],
    Kind.WORD: Annotated[str, AfterValidator(_word)],
    Kind.PAIRS: list[Annotated[str, AfterValidator(_pair)]],
    Kind.WORDS: list[Annotated[str, AfterValidator(_words)]],
    Kind.SWITCH: bool,
    **{kind: Annotated[int, Field(ge=least, le=most)] for kind, (least, most) in WHOLE.items()},
    Kind.LEVEL: Literal[LEVELS],  # mypy reads no choices that have a name
    Kind.STYLE: Literal[STYLES],
    Kind.ALWAYS: Literal[True],
    Kind.OCCASIONS: list[Literal[OCCASIONS]],  # type: ignore[valid-type]  # mypy reads no choices that have a name
}


def refuse_other(setting: Setting, value: object, where: str, *, fix: Sequence[str]) -> None:
    """Refuse a value of another kind than the setting's, naming the place where it was said."""
    try:
        TypeAdapter(TYPES[setting.kind]).validate_python(value, strict=True)
    except ValidationError:
        if value is False and setting.because:
            raise InvalidInput(f"{where} cannot be false: {setting.because}.", fix=fix) from None
        got = "something else" if setting.kind in SECRETIVE else shown(value)
        raise InvalidInput(f"{where} has to be {what_it_is(setting)}; got {got}.", fix=fix) from None
