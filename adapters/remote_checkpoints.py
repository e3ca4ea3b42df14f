"""The checkpoints that a service keeps. They prove nothing: an auditor holds one of their own."""

from pathlib import Path

from adapters.checkpoint_files import SUFFIX, CheckpointFiles, KeptCheckpoint
from adapters.log_wire import hash_of
from adapters.service_line import ServiceLine


class RemoteCheckpoints(CheckpointFiles):
    """The same reads as of a folder; whoever signs has kept what it signed."""

    def __init__(self, line: ServiceLine) -> None:
        super().__init__(Path("checkpoints"))
        self._line = line
        self._known: dict[int, KeptCheckpoint] | None = None

    def sizes(self) -> list[int]:
        """Return how many events each kept checkpoint covers, the smallest first."""
        if self._known is None:
            rows = self._line.get("/log/checkpoints").data["rows"]
            kept = (
                KeptCheckpoint(row["size"], row["kept_at"], self._folder / f"{row['size']}{SUFFIX}") for row in rows
            )
            self._known = {each.size: each for each in kept}
        return sorted(self._known)

    def read(self, size: int) -> bytes:
        """Return the kept note of a size."""
        return hash_of(self._line.get(f"/log/checkpoints/{size}").data["note"]) or b""

    def keep(self, size: int, note: bytes) -> Path:
        """Return the name under which whoever signed it has kept it."""
        del note
        return self._folder / f"{size}{SUFFIX}"

    def _kept(self, size: int | None) -> KeptCheckpoint | None:
        self.sizes()
        return None if size is None or self._known is None else self._known[size]
