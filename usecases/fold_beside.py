"""The fold of a log that another process makes while this one writes the rows."""

from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from typing import Any

from domain.event_log import EventLog, Head, Record
from usecases.beside import Beside
from usecases.fold_here import COLUMNS, FoldHere

RAW = Record._fields.index("envelope")


class FoldBeside(Beside):
    """Use it as a context, which ends the process. What it cannot say, or says of other bytes, is folded here."""

    def __init__(self, log: EventLog, address: str, last: int) -> None:
        """Start to fold the log at an address up to a position. Raises OSError where the machine has no room for it."""
        self._log, self._last = log, last
        self._written = sha256()
        self._kept: list[tuple[int, bytes]] = []
        self._given = 0
        self._answer: Any = None
        super().__init__("usecases.fold_process", [address, last], heard=self._hear)

    def watched(self, pages: Iterable[list[Any]]) -> Iterator[list[Any]]:
        """Yield the rows that are written, to be held against those that were folded."""
        for page in pages:
            self._written.update(b"".join([row[RAW] + b"\n" for row in page]))
            yield page

    def kept(self) -> list[tuple[int, bytes]]:
        """Return the snapshots that fell due since it was last asked."""
        kept, self._kept = self._kept, []
        self._given = kept[-1][0] if kept else self._given
        return kept

    def heads(self) -> Mapping[str, Head]:
        """Return all heads after the last event. Raises `Damaged`, `UnknownEvent` for a log that does not fold."""
        self.wait()
        answer = self._answer or {}
        if answer.get("read") == self._written.hexdigest():
            return {head[0]: Head(*head) for head in answer["heads"]}
        if "bug" in answer:
            raise RuntimeError(f"in the process that folded the log: {answer['bug']}")
        here = FoldHere()
        for page in self._log.pages(COLUMNS, 1, self._last):
            here.add_page(page)
        self._kept = [(position, stored) for position, stored in here.kept() if position > self._given]
        return here.heads()

    def _hear(self, said: Any) -> None:
        if isinstance(said, list):
            self._kept.append((said[0], bytes.fromhex(said[1])))
        else:
            self._answer = said
