"""A stretch of a log that another process hashes."""

from collections.abc import Callable
from typing import Any

from domain.errors import Unavailable
from domain.proofs import HASH
from projections.verify_seals import Sealed
from usecases.beside import Beside
from usecases.stretch import Order

EVERY_S = 0.1


class StretchBeside(Beside):
    """Use it as a context, which ends the process."""

    def __init__(self, address: str, order: Order) -> None:
        """Start the process. Raises OSError where the machine has no room for it."""
        self.first, self.last = order.first, order.last
        self.position = order.first - 1
        """How far it is."""
        self.sealed: Sealed | None = None
        self.unsound: list[str] = []
        self.commands = 0
        self.agree = True
        self._answer: dict[str, Any] | None = None
        super().__init__("usecases.stretch_process", [address, *order], heard=self._hear)

    def finish(self, meanwhile: Callable[[], None]) -> None:
        """Wait for its answer. Raises `Unavailable` where it cannot read the log now, or has died."""
        while self.works:
            self.wait(EVERY_S)
            meanwhile()
        self._raise_what_kept_it()

    @property
    def failed(self) -> bool:
        """Whether something does not fit. Raises as `finish` does."""
        if self.works:
            return False
        self._raise_what_kept_it()
        return self.sealed is None

    def _raise_what_kept_it(self) -> None:
        if self._answer is None:
            how = self.ending()
            raise Unavailable(f"The process that hashed the log ended too early ({how}).", fix=("orch audit verify",))
        if "refused" in self._answer:
            raise Unavailable(self._answer["refused"], fix=("orch audit verify",))
        if "bug" in self._answer:
            raise RuntimeError(f"in the process that hashed the log: {self._answer['bug']}")

    def _hear(self, said: Any) -> None:
        if type(said) is int:
            self.position = said
            return
        self._answer = said
        if said.get("sealed"):
            self.unsound, self.commands, self.agree = said["unsound"], said["commands"], said["agree"]
            self.sealed = _sealed(said.pop("sealed"))
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
