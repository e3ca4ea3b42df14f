"""Exactly one answer on stdout: a JSON document, or words."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TextIO

from cli.screen import clean, one_line, paint
from domain.errors import Refusal, Unavailable
from usecases.safe_text import json_of as json_of  # noqa: PLC0414  # told again here, beside what prints it

HELD_BACK = 1 << 18
"""Characters of a long answer that are kept until they are known to be good."""


class AnswerLost(Unavailable):
    """Whoever was to read stdout could not take it; what was done is done, and can be asked again."""

    code = "FILESYSTEM_ERROR"


class StoppedAndAnswered(Exception):
    """Ctrl-C came, and the answer already says what was done by then."""


def answer(kind: str, data: Mapping[str, Any], *, as_json: bool, show: Callable[[], None]) -> None:
    """Print the data as one JSON document, or let `show` print words."""
    with _said_when_lost():
        if as_json:
            write_json({"ok": True, "kind": kind, "version": 1, "data": data})
        else:
            show()
        sys.stdout.flush()


def answer_in_pieces(pieces: Iterable[str]) -> None:
    """Print a long answer as it comes. The first part is held back: a refusal by then leaves stdout empty."""
    held: list[str] | None = []
    size = 0
    for piece in pieces:
        if held is None:
            with _said_when_lost():
                sys.stdout.write(piece)
            continue
        held.append(piece)
        size += len(piece)
        if size > HELD_BACK:
            with _said_when_lost():
                sys.stdout.writelines(held)
            held = None
    with _said_when_lost():
        sys.stdout.writelines(held or ())
        sys.stdout.flush()


@contextmanager
def _said_when_lost() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise AnswerLost(f"The answer could not be written: {error.strerror}.") from error


def write_json(document: Mapping[str, Any]) -> None:
    """Print one JSON document on one line."""
    print(json_of(document))


def refuse(code: str, message: str, fix: Sequence[str], *, as_json: bool) -> None:
    """Print why not: as JSON on stdout, or in words on stderr with the commands that would fix it."""
    stream = sys.stdout if as_json else sys.stderr
    try:
        _say_no(code, message, fix, as_json=as_json)
        stream.flush()
    except OSError:
        let_go(stream)  # the exit status still says it


def let_go(stream: TextIO) -> None:
    """Nobody takes our output: no more to say there, and Python must not complain at exit either."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _say_no(code: str, message: str, fix: Sequence[str], *, as_json: bool) -> None:
    message = message.encode("utf-8", "backslashreplace").decode()
    fix = [line.encode("utf-8", "backslashreplace").decode() for line in fix]
    if as_json:
        write_json({"ok": False, "error": {"code": code, "message": message, "fix": fix}})
        return
    from cli.style import Style, style

    sentence = f"{paint('✗', 'red', stream=sys.stderr)} {one_line(message)} [{code}]"
    if style() is Style.TERSE:
        print(sentence, *(f"→ {one_line(line)}" for line in fix[:1]), file=sys.stderr)
        return
    print(sentence, file=sys.stderr)
    for line in fix:
        print(f"  → {clean(line)}", file=sys.stderr)


def refuse_with(refusal: Refusal, *, as_json: bool) -> None:
    """Print a refusal."""
    refuse(refusal.code, refusal.message, refusal.fix, as_json=as_json)
