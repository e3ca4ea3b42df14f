"""Compare the table of commands with the rows: one line for each command, from its first position to its last."""

from collections.abc import Iterable
from hashlib import blake2b

from domain.event_log import KnownCommand
from projections.verification import Findings

MODULUS = 1 << 256


class Commands:
    """Two sums over keyed hashes, of the rows and of the table: equal only where both name the same commands.

    The sum needs no order and no memory. Its key is known to nobody before the verification, so no other set of
    commands can be made to fit it.
    """

    def __init__(self, key: bytes) -> None:
        self._keyed = blake2b(key=key, digest_size=32)
        self._rows = self._table = 0
        self._run: tuple[str, int] = ("", 0)
        self.count = 0

    def at(self, command_id: str, position: int) -> None:
        """Say which command the row at a position belongs to; nothing happens where it goes on with the run."""
        if command_id != self._run[0]:
            self.end(position - 1)
            self._run = command_id, position

    def end(self, last: int) -> None:
        """End the run, if there is one, at a position."""
        command_id, first = self._run
        if first:
            self.count += 1
            self._rows += self._hash(command_id, first, last)
            self._run = "", 0

    def known(self, command: KnownCommand) -> None:
        """Add a line of the table."""
        self._table += self._hash(command.command_id, command.first, command.last)

    @property
    def agree(self) -> bool:
        """Whether rows and table name the same commands."""
        return self._rows % MODULUS == self._table % MODULUS

    def _hash(self, command_id: str, first: int, last: int) -> int:
        text = f"{first} {last} {command_id}".encode("utf-8", "surrogatepass")
        keyed = self._keyed.copy()  # cheaper than to begin with the key each time
        keyed.update(text)
        return int.from_bytes(keyed.digest(), "big")


def compare_runs(runs: Iterable[KnownCommand], table: Iterable[KnownCommand], findings: Findings) -> None:
    """Name the commands in which rows and table differ; for the case that they do, as this keeps all in memory."""
    kept = {command.command_id: command for command in table}
    seen: dict[str, KnownCommand] = {}
    for run in runs:
        if run.command_id in seen:
            findings.note(run.first, "command", f"{run.command_id} in one place", f"again at {run.first}")
        else:
            seen[run.command_id] = run
    for command_id, run in seen.items():
        known = kept.get(command_id)
        if known is None:
            findings.note(run.first, "command", f"{command_id} in the table of commands", "nothing")
        elif (known.first, known.last) != (run.first, run.last):
            expected = f"{command_id} from {run.first} to {run.last}"
            findings.note(run.first, "command", expected, f"from {known.first} to {known.last}")
    for command_id in kept.keys() - seen.keys():
        findings.note(None, "command", "rows of every command", f"none of {command_id}")
