"""The one command by which a recovered log in PostgreSQL becomes a log of its own: events and new name at once."""

from typing import ClassVar, Self

from adapters.log_notes import CARRIED, PROMOTED, RECOVERED
from adapters.postgres_log import TIMEOUT_S, PostgresLog
from adapters.postgres_schema import WRITING
from adapters.postgres_writes import APPEND, answer_of, request_of
from adapters.prepared import PreparedDecision
from domain.errors import Refusal
from domain.event_log import Receipt


class PostgresForkLog(PostgresLog):
    """A recovered log that takes one command, under another origin than the events before it."""

    PROMOTES: ClassVar[bool] = True
    _note = ""

    @classmethod
    def fork(cls, url: str, origin: str, note: str) -> Self:
        """Open a recovered log; the first command appended gives it this origin and this note."""
        log = cls(url, read_only=False, timeout_s=TIMEOUT_S)
        log._origin, log._note = origin, note
        return log

    def _write(self, batch: list[list[PreparedDecision]]) -> list[list[Receipt | Refusal]]:
        """Write the command and the name in one transaction: whoever asks finds both, or neither."""
        (decisions,) = batch
        with self._line.alone(WRITING) as connection:
            rows = connection.execute(APPEND, (self._wait_ms, request_of(decisions))).fetchall()
            answers = [answer_of(decision, row) for decision, row in zip(decisions, rows, strict=True)]
            if all(isinstance(answer, Receipt) for answer in answers):
                connection.execute("UPDATE orch.store SET value = %s WHERE key = 'origin'", (self._origin,))
                connection.execute(
                    "UPDATE orch.store SET key = %s, value = %s WHERE key = %s", (PROMOTED, self._note, RECOVERED)
                )
                connection.execute("DELETE FROM orch.store WHERE key = %s", (CARRIED,))
        return [answers]
