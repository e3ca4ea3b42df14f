"""On which line of an input file a field stands, so that a refusal can name it."""

from collections.abc import Callable, Collection, Sequence
from typing import Any

Place = Sequence[int | str]
LineOf = Callable[[Place], int | None]
"""Returns the line of a place such as ("spec", "risks", 0, "impact"), the nearest one around it, or None."""


def nowhere(_: Place) -> None:
    """Know no line: for what did not come from a file."""


def line_finder(text: str, form: str, *, besides: Collection[str] = ()) -> LineOf:
    """Return what finds lines in a text that was read before. TOML keeps no lines, so nothing is found there.

    Nothing is found of the fields `besides`, which came from elsewhere.
    """
    if form == "toml":
        return nowhere
    import yaml

    def line_of(place: Place) -> int | None:
        if place and place[0] in besides:
            return None
        try:  # only a refusal asks; JSON is YAML but for tabs, and then there is no line
            node = yaml.compose(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        except (yaml.YAMLError, ValueError, RecursionError):
            return None
        return _line(node, place)

    return line_of


def _line(node: Any, place: Place) -> int | None:
    if node is None:
        return None
    line = int(node.start_mark.line) + 1
    for part in place:
        found = _inner(node, part)
        if found is None:
            return line
        mark, node = found
        line = int(mark.line) + 1
    return line


def _inner(node: Any, part: int | str) -> tuple[Any, Any] | None:
    """Return where a part begins and the node it is; of a field it is the name that counts."""
    if isinstance(part, int):
        known = node.id == "sequence" and part < len(node.value)
        return (node.value[part].start_mark, node.value[part]) if known else None
    if node.id != "mapping":
        return None
    return next(((key.start_mark, value) for key, value in node.value if key.value == part), None)
