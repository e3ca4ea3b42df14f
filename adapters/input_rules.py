"""Rules that single values of a document keep, shared by the options and the models."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, get_args

from domain import phase_ids
from domain.errors import InvalidInput
from domain.graphs import circle_in, path_in_words

TITLE_LIMIT = 200
HOURS_LIMIT = 10_000
DEVELOPERS_LIMIT = 1_000
TASK_LIMIT = 9_999
ALIKE, REMOTE = 0.5, 0.3
"""How much of two names has to be the same before one is suggested for the other, and before it is named beside it."""
FEW = 20
"""Names that a sentence can hold."""

SpecType = Literal["Foundation", "Infrastructure", "Feature", "Integration", "Enhancement", "Meta-Development"]
SPEC_TYPES: tuple[str, ...] = get_args(SpecType)


def title(text: str) -> str:
    """Return a title, or raise ValueError: it must fit on one line."""
    if "\n" in text or "\t" in text:
        raise ValueError("must be one line")
    if len(text) > TITLE_LIMIT:
        raise ValueError(f"must not be longer than {TITLE_LIMIT} characters; it has {len(text)}")
    return text


def phase_id(text: str) -> str:
    """Return a phase id, or raise ValueError."""
    try:
        return phase_ids.checked(text)
    except InvalidInput as error:
        raise ValueError(f"must be the id of a phase ({error.message.rstrip('.')})") from None


def day(text: str) -> str:
    """Return a day as `2026-11-24`, or raise ValueError."""
    from datetime import date

    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            date.fromisoformat(text)
            return text
    except ValueError:
        pass
    raise ValueError(f"must be a day like 2026-11-24; got {shown(text)}")


def distinct(items: Sequence[str]) -> Sequence[str]:
    """Return the items, or raise ValueError when one of them is there twice."""
    seen = set()
    for item in items:
        if item in seen:
            raise ValueError(f"holds {shown(item)} twice")
        seen.add(item)
    return items


def refuse_cycle(edges: Mapping[str, Iterable[str]], what: str) -> None:
    """Raise ValueError when following the edges comes back to where it began."""
    circle = circle_in(edges)
    if circle:
        raise ValueError(f"{what} go round in a circle: {path_in_words(circle)}")


def shown(value: object, limit: int = 60) -> str:
    """Return a value as it may be shown inside a sentence: short and printable."""
    text = ascii(value) if isinstance(value, str) and not value.isprintable() else repr(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def plain(text: str, limit: int = 160) -> str:
    """Return somebody else's words as they may stand inside a sentence: short and printable."""
    text = "".join(c if c.isprintable() else "?" for c in text).rstrip(".")
    return text if len(text) <= limit else text[: limit - 1] + "…"


def source_name(file: str) -> str:
    """Return what a file is called in a sentence."""
    return "standard input" if file == "-" else file if file.isprintable() else ascii(file)[1:-1]


def nearest(name: str, known: Iterable[str]) -> str:
    """Return a hint at the known name most like this one, else all of them where they are few, else the closest."""
    from difflib import get_close_matches

    asked = name[:100].lower().replace("-", "_").replace(" ", "_")
    spelt = {each.lower(): each for each in known}
    close = get_close_matches(asked, spelt, n=1, cutoff=ALIKE)
    if close and _is_alike(asked, close[0]):
        return f"did you mean {spelt[close[0]]}?"
    if len(spelt) <= FEW:
        return "known are " + ", ".join(spelt.values())
    some = [spelt[each] for each in get_close_matches(asked, spelt, n=3, cutoff=REMOTE)]
    return f"there are {len(spelt)}" + (f", the closest are {', '.join(some)}" if some else "")


def _is_alike(one: str, other: str) -> bool:
    """Tell whether two names are alike beyond the words that both begin with: those are of a table, or ours."""
    from difflib import SequenceMatcher
    from itertools import takewhile

    begun = "".join(mine for mine, _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
    own = max(begun.rfind("_"), begun.rfind(".")) + 1
    return SequenceMatcher(None, one[own:], other[own:]).ratio() >= ALIKE
