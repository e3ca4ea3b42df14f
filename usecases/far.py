"""A project whose log is behind a service: read over the same port, and decided there."""

from typing import IO, TYPE_CHECKING, Any

from adapters.remote_checkpoints import RemoteCheckpoints
from adapters.remote_log import RemoteLog
from domain.errors import InvalidInput
from usecases.project import Decided

if TYPE_CHECKING:
    from adapters.checkpoint_files import CheckpointFiles
    from domain.actors import Actor
    from domain.commands import Command


class FarProject:
    """The service as `Project` asks it."""

    def __init__(self, log: RemoteLog) -> None:
        self._log, self._line = log, log.line
        self.where = log.where
        self._by = log.by

    @property
    def by(self) -> "Actor":
        """Whoever the token was issued to."""
        return self._by

    @property
    def checkpoints(self) -> "CheckpointFiles":
        """The checkpoints that the service keeps."""
        return RemoteCheckpoints(self._line)

    def decide(self, command: "Command") -> Decided:
        """Have a command decided by the service, as whoever the token was issued to."""
        from adapters.service_commands import NotInPath, carried_out

        try:
            receipt, told = carried_out(self._line, command)
        except NotInPath:
            self._refuse(command)
            raise
        return Decided(receipt, told)

    def _refuse(self, command: "Command") -> None:
        """Let the rules refuse here what cannot be asked: the blocker with that name is there nowhere."""
        from domain.commands import UnblockPhase
        from domain.read_set import ReadSet

        if isinstance(command, UnblockPhase):
            phase = ReadSet(self._log).phase(command.phase)
            phase.unblock(command.blocker, reason=command.reason, by=command.meta.by, at=command.meta.at)

    def get(self, path: str, at: str | None) -> Any:
        """Return the data of a read that only the service can answer."""
        return self._line.get(path, [] if at is None else [("at", at)]).data

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """Return the data of what only the service can do."""
        return self._line.ask("POST", path, body).data

    def fetch(self, path: str, body: dict[str, Any], file: IO[bytes]) -> None:
        """Write a file that only the service can make."""
        self._line.fetch(path, body, file)

    def note_then(self, size: int) -> bytes:
        """Return the note that the service signs for the log as it was at a size: it ends every proof of then."""
        proof = self._line.file(f"/audit/proofs/{size}/proof.tlog-proof", [("at", f"position:{size}")])
        return proof.partition(b"\n\n")[2]

    def refuse_other(self, name: str | None, kind: str | None) -> None:
        """Refuse options that say somebody else: it is the token that says who acts."""
        for given, known, option in ((name, self._by.name, "--actor"), (kind, self._by.kind.value, "--actor-kind")):
            if given is not None and given != known:
                raise InvalidInput(
                    f"The token is that of {self._by.name} ({self._by.kind}), and {self.where} believes nothing else;"
                    f" {option} {given[:40]} would not be true.",
                    fix=("orch token list", 'export ORCHESTRATOR_TOKEN="orch_…"'),
                )
