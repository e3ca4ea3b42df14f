"""The shapes of answers as pydantic takes them, for JSON Schemas and for the description of the HTTP service."""

from functools import cache, reduce
from operator import or_
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints, is_typeddict

import typing_extensions
from pydantic import ConfigDict


def enveloped(kind: str, shape: Any, closed: bool) -> Any:
    """Return the type of the whole document that holds an answer of a kind."""
    data = twin(shape, closed)
    envelope = {"ok": Literal[True], "kind": Literal[kind], "version": Literal[1], "data": data}
    return typed_dict("Envelope", envelope, closed)


@cache
def twin(shape: Any, closed: bool) -> Any:
    """Return a type with every TypedDict in the form pydantic takes: before Python 3.12 not the one of `typing`.

    The read models keep the one of `typing`, because importing the other costs `orch status` too much time.
    """
    if is_typeddict(shape):
        hints = get_type_hints(shape)
        members = {n: twin(t, closed) for n, t in hints.items()}
        members |= {n: typing_extensions.NotRequired[members[n]] for n in shape.__optional_keys__}
        return typed_dict(shape.__name__, members, closed, shape.__doc__)
    parts = get_args(shape)
    origin = get_origin(shape)
    if origin in (Union, UnionType):
        return reduce(or_, (twin(part, closed) for part in parts))
    if origin in (list, dict):
        return origin[tuple(twin(part, closed) for part in parts)]
    return shape


def typed_dict(name: str, fields: dict[str, Any], closed: bool, doc: str | None = None) -> Any:
    """Return a TypedDict that is made at run time."""
    make: Any = typing_extensions.TypedDict  # mypy wants to know the fields, which are known at run time only
    twin = make(name, fields)
    twin.__doc__ = doc
    if closed:
        twin.__pydantic_config__ = ConfigDict(extra="forbid")
    return twin
