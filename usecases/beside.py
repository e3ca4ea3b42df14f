"""A process of ours beside this one: it is given an order, listened to, and ended with this one."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen
from threading import Thread
from types import TracebackType
from typing import Any, Self

from orjson import JSONDecodeError, dumps, loads

ENOUGH = 20_000
"""Events that another process reads sooner than it takes to start it."""
PACKAGES = str(Path(__file__).parents[1])


class Beside:
    """Use it as a context: it ends the process. Where this one is killed, the other one sees its stdin end."""

    def __init__(self, module: str, order: list[Any], *, heard: Callable[[Any], None]) -> None:
        """Start the process; `heard` is told of every line it says, in a thread of its own.

        Raises OSError where the machine has no room for it.
        """
        paths = os.environ.get("PYTHONPATH")
        self._heard = heard
        self._process = Popen(  # no fork: its child would inherit the locks that SQLite believes to hold
            [sys.executable, "-P", "-m", module],
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,
            env=os.environ | {"PYTHONPATH": PACKAGES + (os.pathsep + paths if paths else "")},
            process_group=0,  # Ctrl-C is for this process; it ends the other one
        )
        self._ask(order)
        self._listener = Thread(target=self._listen, daemon=True)
        self._listener.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        self._listener.join()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()

    @property
    def pid(self) -> int:
        """The id of the process."""
        return self._process.pid

    @property
    def works(self) -> bool:
        """Whether it may still say something."""
        return self._listener.is_alive()

    def wait(self, seconds: float | None = None) -> None:
        """Wait until it has said everything, or for so long."""
        self._listener.join(seconds)

    def ending(self) -> str:
        """Tell how a process ended that says nothing more."""
        status = self._process.wait()
        return f"signal {-status}" if status < 0 else f"status {status}"

    def _ask(self, order: list[Any]) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(dumps(order) + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError:  # it has died already, which the listener finds out
            pass

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            try:
                said = loads(line)
            except JSONDecodeError:  # half a line: it died over it
                return
            self._heard(said)
