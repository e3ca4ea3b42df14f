"""Long work of a service as it is told: how far it is, again and again, and in the end the answer."""

from collections.abc import Callable, Iterator, Mapping
from http.client import HTTPException, HTTPResponse
from typing import Any, NamedTuple, TypeAlias

import orjson

from adapters.service_answers import LARGEST, OURS, Said
from domain.errors import Damaged

EVENTS = "text/event-stream"
TAKEN = f"{EVENTS}, {', '.join(OURS)}"
"""What is taken for an answer by whoever wants to be told how far it is."""
QUIET_S = 15.0
"""How long nothing may be told while work goes on: a service says every five seconds that it is still at it."""
MOST = 1 << 53
"""No log has so many events: whoever counts further is no service of ours."""


class Reached(NamedTuple):
    """How far work is: of which part, counted from 1, how much there is and how much is done."""

    part: int
    what: str
    total: int
    done: int


Hearing: TypeAlias = Callable[[Reached], None]


def heard_out(response: HTTPResponse, headers: Mapping[str, str], hearing: Hearing) -> Said:
    """Tell how far it is until the answer comes, and return that. The end of the stream is not read.

    Raises `HTTPException` where the stream ends without one or is none of ours, `Damaged` for one too large.
    """
    try:
        for name, data in _events(response):
            if name == "progress":
                told = orjson.loads(data)
                hearing(
                    Reached(_number(told["part"]), str(told["what"]), _number(told["total"]), _number(told["done"]))
                )
            elif name == "answer":
                return _said(orjson.loads(data), headers)
    except (orjson.JSONDecodeError, LookupError, TypeError, ValueError) as error:
        raise HTTPException("the answer is not as a service of orch tells it") from error
    raise HTTPException("the answer is not whole")


def _events(response: HTTPResponse) -> Iterator[tuple[str, bytes]]:
    """Yield the events of a stream as our service writes them: a name, and data in one line."""
    name = ""
    while line := response.readline(LARGEST + 1):
        if len(line) > LARGEST:
            raise Damaged("The service answered with more than anybody could hold.")
        field, _, value = line.rstrip(b"\n").partition(b": ")
        if field == b"event":
            name = value.decode()
        elif field == b"data":
            yield name, value


def _number(said: object) -> int:
    if not isinstance(said, int) or abs(said) > MOST:
        raise ValueError
    return said


def _said(told: Mapping[str, Any], headers: Mapping[str, str]) -> Said:
    status = int(told["status"])
    more = {"content-type": OURS[0] if status == 200 else OURS[1]}
    if told["replayed"]:
        more["idempotent-replayed"] = "true"
    return Said(status, {**headers, **more}, orjson.dumps(told["document"]))
