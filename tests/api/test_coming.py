"""The end of a connection on which a body was refused before it had come: for how long, for how much, for how many."""

import asyncio
from typing import Any

import pytest
from starlette.responses import PlainTextResponse

from api import coming
from api.coming import Coming, Lingering
from api.received import MOST_BODY

SIZE = 65_536
PART = {"type": "http.request", "body": b"x" * SIZE, "more_body": True}


def answered(others: Lingering, *headers: tuple[bytes, bytes], comes: bool = True) -> tuple[int, list[Any]]:
    """Refuse a body that never ends, and return how many parts of it were read, and what was sent."""
    read, sent = 0, []

    async def receive() -> Any:
        nonlocal read
        await asyncio.sleep(0 if comes else 3600)
        read += 1
        return PART

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "headers": headers}

    async def story() -> None:
        body = Coming(receive, scope)
        await body.answered(PlainTextResponse("no", 421), scope, send, others)

    asyncio.run(story())
    return read, sent


def test_as_much_is_read_as_a_body_may_have_and_no_more() -> None:
    read, sent = answered(Lingering())
    assert read == MOST_BODY / SIZE
    assert [message.get("more_body", False) for message in sent[1:]] == [True, False]


def test_it_is_over_soon_where_nothing_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coming, "LINGER_SECONDS", 0.05)
    others = Lingering()
    assert answered(others, comes=False)[0] == 0 and others.count == 0


def test_where_many_linger_the_next_one_does_not() -> None:
    others = Lingering()
    others.count = others.most
    read, sent = answered(others)
    assert read == 0 and len(sent) == 2 and others.count == others.most


def test_whoever_waits_to_be_asked_for_a_body_has_sent_none() -> None:
    read, sent = answered(Lingering(), (b"expect", b"100-continue"))
    assert read == 0 and len(sent) == 2
