"""The shape of what becomes of many commands that came in one request."""

from typing import Any, TypedDict


class WhyNot(TypedDict):
    """A refusal, as a problem document says it."""

    code: str
    message: str
    fix: list[str]


class CommandAnswer(TypedDict):
    """What became of one command. `status` is None for what was not started; `key` repeats it safely."""

    path: str
    ok: bool
    status: int | None
    key: str
    kind: str | None
    data: Any
    error: WhyNot | None
    replayed: bool
    etag: str | None


class BatchAnswers(TypedDict):
    """What happened to each command, in the order they were named; one that fails does not stop the others."""

    succeeded: int
    failed: int
    not_started: int
    rows: list[CommandAnswer]
