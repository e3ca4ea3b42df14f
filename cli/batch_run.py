"""Run one command for many phases: in threads that share the store, none stopping the others."""

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from typing import Any, NamedTuple, TypedDict

import orjson

from cli import exits
from cli.edge import run_command
from cli.own_streams import Said, apart, own_streams
from cli.progress import Progress
from cli.project import kept_open

Words = Callable[[str], list[str]]


class BatchError(TypedDict):
    """Why not: as an answer to the command alone would have it."""

    code: str
    message: str
    fix: list[str]


class BatchRow(TypedDict):
    """What happened to one phase. `exit` is None for what was not started; `data` is what the command answers."""

    phase: str
    ok: bool
    exit: int | None
    kind: str | None
    data: dict[str, Any] | None
    error: BatchError | None


class Ran(NamedTuple):
    """One row, and what a person is shown of it."""

    row: BatchRow
    said: Said


def run_all(phases: Sequence[str], words_for: Words, *, as_json: bool, at_once: int) -> tuple[list[Ran], bool]:
    """Run the command for each phase and return what happened, in the order of the phases; and whether Ctrl-C came.

    Ctrl-C lets those finish that are under way, and starts no more.
    """
    ran: dict[str, Ran] = {}
    stopped = False
    with ExitStack() as around:
        around.enter_context(own_streams())
        around.enter_context(kept_open())
        progress = around.enter_context(Progress(len(phases), "phases", every=1))
        pool = around.enter_context(ThreadPoolExecutor(min(at_once, len(phases) or 1)))
        waiting = {pool.submit(_run, phase, words_for(phase), as_json=as_json): phase for phase in phases}
        while waiting:
            try:
                for done in wait(waiting, return_when=FIRST_COMPLETED).done:
                    phase = waiting.pop(done)
                    ran[phase] = _not_started(phase) if done.cancelled() else done.result()
                    progress.advance()
            except KeyboardInterrupt:
                stopped = True
                _cancel(waiting)
    return [ran[phase] for phase in phases], stopped


def _cancel(waiting: dict[Future[Ran], str]) -> None:
    """Take back what has not begun. The pool takes its work in order, so from the last one on."""
    for future in reversed(waiting):
        future.cancel()


def _run(phase: str, words: list[str], *, as_json: bool) -> Ran:
    """Run one command in this thread."""
    from cli.main import program

    with apart() as written:
        status = run_command(program(), words)
    (said,) = written
    document = _document(said) if as_json else {}
    row: BatchRow = {
        "phase": phase,
        "ok": status == exits.DONE,
        "exit": status,
        "kind": document.get("kind"),
        "data": document.get("data"),
        "error": document.get("error"),
    }
    return Ran(row, said)


def _document(said: Said) -> dict[str, Any]:
    """Return the one JSON document; words that are none, such as a page of help, as data of their own."""
    try:
        found: dict[str, Any] = orjson.loads(said.out)
    except orjson.JSONDecodeError:
        return {"kind": "text", "data": {"text": said.out}}
    return found


def _not_started(phase: str) -> Ran:
    error: BatchError = {
        "code": "NOT_STARTED",
        "message": f"{phase} was not started: the batch was stopped.",
        "fix": [],
    }
    row: BatchRow = {"phase": phase, "ok": False, "exit": None, "kind": None, "data": None, "error": error}
    return Ran(row, Said("", f"{error['message']}\n"))
