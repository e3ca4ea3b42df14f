"""Read YAML as data and nothing else: no aliases, no tags, no dates, no yes-means-true."""

import re
from typing import Any

from adapters.input_cleaning import DEPTH_LIMIT
from adapters.input_rules import plain, shown
from domain.errors import InvalidInput

# The core schema of YAML 1.2, chapter 10.3; PyYAML itself would read 1.1, where 12:30 is a number and `no` is false.
NULL = frozenset(("", "~", "null", "Null", "NULL"))
TRUTH = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
WHOLE = re.compile(r"[-+]?[0-9]{1,40}", re.ASCII)
FRACTION = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", re.ASCII)
NO_NUMBER = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")


def read_yaml(text: str, name: str) -> object:
    """Return what one YAML document says, built from its parsing events without recursion."""
    import yaml

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    reader = _Reader(name)
    try:
        for event in yaml.parse(text, Loader=loader):
            reader.take(event)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        problem = error.problem or error.context or "it cannot be read"
        raise InvalidInput(f"{name}, line {line}: not YAML: {plain(problem)}.") from None
    except (yaml.YAMLError, ValueError) as error:
        raise InvalidInput(f"{name}: not YAML: {plain(str(error))}.") from None
    return reader.root


class _Reader:
    """A stack of the lists and tables that are still open."""

    def __init__(self, name: str) -> None:
        self.root: object = None
        self._name = name
        self._open: list[list[object] | dict[str, object]] = []
        self._keys: list[str | None] = []
        self._documents = 0

    def take(self, event: Any) -> None:
        kind = type(event).__name__
        if kind == "DocumentStartEvent":
            self._documents += 1
            if self._documents > 1:
                self._refuse(event, "a second document begins; keep one document in a file")
        elif kind == "AliasEvent":
            self._refuse(event, f"the alias *{event.anchor} is not allowed; write the value out")
        elif kind in ("MappingEndEvent", "SequenceEndEvent"):
            self._open.pop()
            self._keys.pop()
        elif kind in ("ScalarEvent", "MappingStartEvent", "SequenceStartEvent"):
            if event.anchor is not None:
                self._refuse(event, f"the anchor &{event.anchor} is not allowed; leave it out")
            if event.tag is not None:
                self._refuse(event, f"the tag {event.tag} is not allowed; leave it out")
            if kind == "ScalarEvent":
                self._add(event, _plain(event.value) if event.implicit[0] else event.value)
            else:
                self._start(event, {} if kind == "MappingStartEvent" else [])

    def _start(self, event: Any, container: list[object] | dict[str, object]) -> None:
        self._add(event, container)
        if len(self._open) >= DEPTH_LIMIT:
            self._refuse(event, f"nested more than {DEPTH_LIMIT} levels deep; flatten it")
        self._open.append(container)
        self._keys.append(None)

    def _add(self, event: Any, value: object) -> None:
        if value is NotImplemented:
            self._refuse(event, f"{event.value} is no number; give a number or leave the field out")
        if not self._open:
            self.root = value
            return
        container, key = self._open[-1], self._keys[-1]
        if isinstance(container, list):
            container.append(value)
        elif key is not None:
            container[key] = value
            self._keys[-1] = None
        elif not isinstance(value, str):
            self._refuse(event, f"the field name {shown(value)} is not text; put it in quotes")
        elif value in container:
            self._refuse(event, f"the field {shown(value)} is there twice in one table; keep one of them")
        else:
            self._keys[-1] = value

    def _refuse(self, event: Any, why: str) -> None:
        raise InvalidInput(f"{self._name}, line {event.start_mark.line + 1}: {plain(why)}.")


def _plain(word: str) -> object:
    if word in NULL:
        return None
    if word in TRUTH:
        return TRUTH[word]
    if WHOLE.fullmatch(word):
        return int(word)
    if FRACTION.fullmatch(word):
        return float(word)
    return NotImplemented if NO_NUMBER.fullmatch(word) else word
