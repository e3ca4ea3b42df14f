"""The log of the service: JSON lines on stderr (words for a person) and in combined.log and error.log."""

import logging
import os
import sys
from asyncio import CancelledError
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from typing import Any, NamedTuple

import orjson
import structlog

from adapters.background import Background
from adapters.log_files import LogFile
from adapters.log_words import safe_value, told_error

COMBINED, ERRORS, LOCK = "combined.log", "error.log", "service.lock"
LEVELS = {"debug": 10, "info": 20, "warn": 30, "warning": 30, "error": 40}
WAITING = 10_000
"""Lines that may wait to be written; more are lost, and counted."""
END_SECONDS = 2.0
BORROWED = ("uvicorn", "asyncio", "opentelemetry", "concurrent.futures")
"""Loggers of libraries whose warnings are ours to tell."""


class LogSettings(NamedTuple):
    """Where lines go, and which."""

    folder: Path | None
    """None: to the console only."""
    level: str = "info"
    most_mb: int = 10
    files: int = 5
    console: int | None = 2
    """The file descriptor of the console, or None for silence there."""


class ServiceLog:
    """Everything the service says of itself. Nobody who says something waits for a disk or a terminal."""

    def __init__(self, settings: LogSettings) -> None:
        self._held = _hold(settings.folder) if settings.folder else None
        self.alone = self._held is not None or settings.folder is None
        """False: another service writes to the folder, or it cannot be used; then lines go to the console only."""
        most = settings.most_mb * 1024 * 1024
        folder = settings.folder if self._held is not None else None
        self._combined = LogFile(folder / COMBINED, most_bytes=most, files=settings.files) if folder else None
        self._errors = LogFile(folder / ERRORS, most_bytes=most, files=settings.files) if folder else None
        self._console = settings.console
        self._is_person = settings.console is not None and _is_terminal(settings.console)
        self._background = Background[dict[str, Any]]("log", self._write, most=WAITING)
        self._threshold = LEVELS[settings.level]
        self._say: Any = structlog.wrap_logger(
            _Sink(self._background),
            processors=[_timed, structlog.processors.add_log_level, _safe],
            wrapper_class=structlog.make_filtering_bound_logger(self._threshold),
            cache_logger_on_first_use=True,
        )

    @property
    def lost(self) -> int:
        """How many lines could not be written."""
        return self._background.lost + sum(each.lost for each in (self._combined, self._errors) if each)

    def say(self, level: str, event: str, **words: Any) -> None:
        """Say that something happened; the words are made safe, whatever they are."""
        self._say.log(LEVELS[level], event, **words)

    @contextmanager
    def borrowing(self) -> Iterator[None]:
        """Take over what libraries say by `logging`: their words would go past everything that makes a log safe."""
        handler = _Borrowed(self)
        loggers = [logging.getLogger(name) for name in BORROWED]
        for each in loggers:
            each.addHandler(handler)
            each.setLevel(logging.WARNING)
            each.propagate = False
        try:
            yield
        finally:
            for each in loggers:
                each.removeHandler(handler)
                each.propagate = not each.handlers

    def close(self) -> None:
        """Write what waits, for a moment, and let go of the files."""
        self._background.close(seconds=END_SECONDS)
        for each in (self._combined, self._errors):
            if each:
                each.close()
        if self._held is not None:
            with suppress(OSError):
                os.close(self._held)
            self._held = None

    def _write(self, line: dict[str, Any]) -> None:
        data = orjson.dumps(line) + b"\n"
        if self._combined:
            self._combined.write(data)
        if self._errors and line["level"] == "error":
            self._errors.write(data)
        if self._console is not None:
            with suppress(OSError):  # nobody listens
                os.write(self._console, _words(line) if self._is_person else data)


class _Sink:
    def __init__(self, background: "Background[dict[str, Any]]") -> None:
        self._background = background

    def msg(self, line: dict[str, Any]) -> None:
        self._background.put(line)

    log = debug = info = warning = error = critical = exception = msg


class _Borrowed(logging.Handler):
    """Tells what a library said: where, how loudly, and the kind of error; its words only where they are constant."""

    def __init__(self, log: ServiceLog) -> None:
        super().__init__()
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        level = "error" if record.levelno >= logging.ERROR else "warning"
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, CancelledError):  # whoever cancels says so, and the request has its line
            return
        words = {"error": told_error(error)} if error else {}
        self._log.say(level, "library.said", logger=record.name, said=str(record.msg).partition("\n")[0], **words)


def _timed(_: Any, __: str, line: MutableMapping[str, Any]) -> dict[str, Any]:
    return {"timestamp": datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"), **line}


def _safe(_: Any, __: str, line: MutableMapping[str, Any]) -> tuple[tuple[dict[str, Any]], dict[str, Any]]:
    first = {name: line[name] for name in ("timestamp", "level", "event")}
    return (safe_value({**first, **{name: value for name, value in line.items() if value is not None}}),), {}


def _words(line: dict[str, Any]) -> bytes:
    """Return a line for a person: the time, the level, what happened, and the rest as name=value."""
    rest = " ".join(
        f"{name}={value if isinstance(value, str) else orjson.dumps(value).decode()}"
        for name, value in line.items()
        if name not in ("timestamp", "level", "event") and value not in (None, "")
    )
    return f"{line['timestamp'][11:23]} {line['level']:<7} {line['event']} {rest}\n".encode()


def _hold(folder: Path) -> int | None:
    """Return the lock on a folder of logs, or None where another service has it or the folder cannot be used."""
    file = None
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = os.open(folder / LOCK, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        flock(file, LOCK_EX | LOCK_NB)
    except OSError:
        if file is not None:
            os.close(file)
        return None
    return file


def _is_terminal(console: int) -> bool:
    try:
        return os.isatty(console)
    except OSError:
        return False


def stderr_of_process() -> int | None:
    """Return where the console is, or None where there is none."""
    try:
        return sys.stderr.fileno()
    except (OSError, ValueError, AttributeError):
        return None
