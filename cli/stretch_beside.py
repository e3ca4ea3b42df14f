"""A stretch of a log that another process hashes: started, listened to, and ended with this one."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen
from threading import Thread
from types import TracebackType
from typing import Any, Self

from orjson import JSONDecodeError, dumps, loads

from cli.stretch import Order
from domain.errors import Unavailable
from domain.proofs import HASH
from projections.verify_seals import Sealed

EVERY_S = 0.1
PACKAGES = str(Path(__file__).parents[1])


class StretchBeside:
    """Use it as a context: it ends the process. Where this one is killed, the other one sees its stdin end."""

    def __init__(self, file: Path, order: Order) -> None:
        """Start the process. Raises OSError where the machine has no room for it."""
        self.first, self.last = order.first, order.last
        self.position = order.first - 1
        """How far it is."""
        self.sealed: Sealed | None = None
        self.unsound: list[str] = []
        self.commands = 0
        self.agree = True
        self._answer: dict[str, Any] | None = None
        paths = os.environ.get("PYTHONPATH")
        self._process = Popen(  # no fork: its child would inherit the locks that SQLite believes to hold
            [sys.executable, "-P", "-m", "cli.stretch_process"],
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,
            env=os.environ | {"PYTHONPATH": PACKAGES + (os.pathsep + paths if paths else "")},
            process_group=0,  # Ctrl-C is for this process; it ends the other one
        )
        self._ask([str(file.absolute()), *order])
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

    def wait(self, meanwhile: Callable[[], None]) -> None:
        """Wait for its answer. Raises `Unavailable` where it cannot read the log now, or has died."""
        while self._listener.is_alive():
            self._listener.join(EVERY_S)
            meanwhile()
        self._raise_what_kept_it()

    @property
    def failed(self) -> bool:
        """Whether something does not fit. Raises as `wait` does."""
        if self._listener.is_alive():
            return False
        self._raise_what_kept_it()
        return self.sealed is None

    def _raise_what_kept_it(self) -> None:
        if self._answer is None:
            status = self._process.wait()
            how = f"signal {-status}" if status < 0 else f"status {status}"
            raise Unavailable(f"The process that hashed the log ended too early ({how}).", fix=("orch audit verify",))
        if "refused" in self._answer:
            raise Unavailable(self._answer["refused"], fix=("orch audit verify",))
        if "bug" in self._answer:
            raise RuntimeError(f"in the process that hashed the log: {self._answer['bug']}")

    def _ask(self, order: list[Any]) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(dumps(order) + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError:  # it has died already, which the listener finds out
            pass

    def _listen(self) -> None:
        assert self._process.stdout is not None
        try:
            for line in self._process.stdout:
                said = loads(line)
                if type(said) is int:
                    self.position = said
                else:
                    self._answer = said
        except JSONDecodeError:  # half a line: it died over it
            self._answer = None
        answer = self._answer or {}
        if answer.get("sealed"):
            self.unsound, self.commands, self.agree = answer["unsound"], answer["commands"], answer["agree"]
            self.sealed = _sealed(answer.pop("sealed"))
            self.position = self.last


def _sealed(said: dict[str, Any]) -> Sealed:
    return Sealed(
        roots=_hashes(said["roots"]),
        rest=_hashes(said["rest"]),
        parts={int(size): _hashes(part) for size, part in said["parts"].items()},
        payloads=said["payloads"],
        erased=said["erased"],
    )


def _hashes(joined: str) -> list[bytes]:
    hashes = bytes.fromhex(joined)
    return [hashes[at : at + HASH] for at in range(0, len(hashes), HASH)]
