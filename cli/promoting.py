"""One promotion: what was done of it before, and what is left to do."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, TypeVar
from uuid import uuid4

from adapters.checkpoint_files import CheckpointFiles
from adapters.keys import key_file, make_key
from adapters.log_notes import PROMOTED
from adapters.places import Places
from adapters.retiring import FOLDER as RETIRED
from adapters.retiring import LOG, change_places, finish, is_broken, refuse_other_disk
from adapters.sqlite_fork import ForkLog
from adapters.sqlite_log import TIMEOUT_S, SqliteLog
from adapters.stores import AnyLog
from adapters.workspace import Workspace
from adapters.writers_queue import WritersQueue
from cli.options import Asked
from cli.recover_verify import verified
from domain.commands import PromoteRecovery
from domain.errors import CommandIdReused, Damaged, InvalidInput, NotFound, Refusal, Unavailable
from domain.event_log import EventLog, Receipt, Record
from domain.ledger_events import Forked, RecoverySource
from domain.ledger_events import Recovered as RecoveredFact
from domain.policy_state import PolicyState
from domain.promotion_facts import ForkFacts
from domain.times import rfc3339
from domain.tree_ranges import range_root_of
from usecases.project import Project
from usecases.recover_checks import keys_known
from usecases.recovered import NO_REDACTION, Recovered, carried_by, lineage_in, recovered_note
from usecases.redacted_since import free_folder, refuse_erased_since

if TYPE_CHECKING:
    from projections.undone_revocations import UndoneRevocation

Answer = TypeVar("Answer")
MOST_CHECKPOINT = 20_000
"""Bytes of a signed checkpoint that go into the fork's envelope."""


class Promotion(ABC):
    """Finds out by what the stores say how far it came; every step can be done again."""

    words: str
    """The new store as a command takes it."""
    is_done: bool
    """Whether the new log is in force, so that only what can wait is left to do."""
    _is_forked: bool

    def __init__(self, places: Places) -> None:
        self.places = places
        self.to_do: list[str] = []
        """What is left to whoever owns the environment."""

    @property
    @abstractmethod
    def new(self) -> str:
        """Where the new log is or was, as people are told."""

    @property
    @abstractmethod
    def left(self) -> str:
        """What became of the old log, as people are told."""

    @abstractmethod
    def opened(self) -> AnyLog:
        """Open the new log to read it, wherever it is by now."""

    @abstractmethod
    def refuse_unfit(self) -> None:
        """Refuse what is no recovered store, cannot take the old one's place, or does not verify."""

    @abstractmethod
    def carry_out(self, asked: Asked, reason: str) -> None:
        """Make the recovered store a log of its own and give it the place of the old one."""

    @abstractmethod
    def finish(self) -> None:
        """Do what can wait until the new log is in force."""

    @property
    def size(self) -> int:
        """How many events the recovered store holds."""
        with self.opened() as log:
            return log.moment().position

    def undone_revocations(self) -> "list[UndoneRevocation]":
        """Return what the store in force has revoked since, and this one has not; its key is a new one in any case."""
        from usecases.undone import undone_in

        with self.opened() as new:
            size, root = new.moment().position, new.tree().root

        def undone(old: AnyLog) -> "list[UndoneRevocation]":
            shares = old.moment().position >= size and range_root_of(old)(0, size) == root
            return [row for row in undone_in(old.records(size + 1)) if row["kind"] != "key"] if shares else []

        return self._old_says(undone, [])

    def receipt(self, log: AnyLog) -> Receipt:
        """Return the receipt of the command that made the fork."""
        known = log.receipt(fork_of(log)[0].command_id)
        if known is None:
            raise Damaged("The log does not know the command that forked it.")
        return known[0]._replace(repeated=False)

    @abstractmethod
    def _old(self) -> AnyLog:
        """Open the store in force to read it. Raises `NotFound`."""

    def _old_says(self, ask: Callable[[AnyLog], Answer], otherwise: Answer) -> Answer:
        """Ask the store in force, unless it is gone or cannot be read: that is why the project leaves it."""
        try:
            with self._old() as old:
                return ask(old)
        except NotFound:
            return otherwise
        except Refusal as error:
            if not is_broken(error):
                raise
            return otherwise

    @abstractmethod
    def _fork_log(self, origin: str) -> AnyLog:
        """Open the new log for the one command that gives it this origin."""

    @abstractmethod
    def _keys(self) -> Path:
        """The folder where the new log's key is made."""

    def _refuse_unproven(self) -> None:
        """Refuse what is no recovery, or does not verify."""
        with self.opened() as log:
            if recovered_note(log) is None:
                raise InvalidInput(
                    f"{self.new} is a store of its own, and no recovery of this project's log.", fix=(self._again(),)
                )
        found = verified(self.words)
        if found["verdict"] == "damaged":
            first = found["first_problem"]
            raise Damaged(
                f"{self.new} does not verify: {first['what'] if first else 'it differs'}.",
                fix=(f"orch recover verify {quote(self.words)}",),
            )

    @abstractmethod
    def _again(self) -> str:
        """Return the command that makes such a store."""

    def _fork(self, asked: Asked, reason: str) -> None:
        with self.opened() as log:
            note = recovered_note(log)
            assert note is not None
            fork = self._facts(log, note)
        key = make_key(self._keys(), fork.origin)
        log = self._fork_log(fork.origin)
        try:
            project = Project(self.places, log, Workspace(self.places))
            source = RecoverySource(note.source)
            command = PromoteRecovery(project.meta(asked), source, fork._replace(public_key=key), reason)
            if project.handle(command).repeated:
                raise CommandIdReused(asked.command_id)
        except Unavailable:
            raise  # perhaps it was recorded: then its private half is needed
        except Refusal:
            key_file(self._keys(), key).unlink()
            raise
        finally:
            log.close()

    def _refuse_erased_since(self) -> None:
        """Refuse to bring back what the store in force erased after the recovery. Nobody writes to it now."""
        with self.opened() as new:
            self._old_says(
                lambda old: refuse_erased_since(self.new, new, old, self.places.state, again=self._free()), None
            )

    @abstractmethod
    def _free(self) -> Sequence[str]:
        """Return the words that name a place for another new store."""

    def _facts(self, log: AnyLog, note: Recovered) -> ForkFacts:
        """Return what is known of the log that is left: from itself, or from the note where it is gone."""
        origin = f"{note.origin.split('/')[0]}/{uuid4()}"
        key = next(iter(keys_known(log)), "")
        carried = sorted(carried_by(log).items())
        redacted = tuple(gone for gone, by in carried if by != NO_REDACTION)
        lost = tuple(gone for gone, by in carried if by == NO_REDACTION)
        facts = ForkFacts(origin, "", note.origin, note.size, key, self._checkpoint(), redacted, lost)
        return self._old_says(lambda old: _with_parent(facts, old, log, self._again()), facts)

    def _checkpoint(self) -> str | None:
        """Return the latest checkpoint that was kept of the parent."""
        last = CheckpointFiles(self.places.checkpoints).last()
        try:
            text = last.path.read_bytes().decode() if last else None
        except (OSError, UnicodeDecodeError):
            return None
        return text if text is not None and len(text.encode()) <= MOST_CHECKPOINT else None


class FolderPromotion(Promotion):
    """The promotion of a store in a folder, for a project whose log is a file."""

    def __init__(self, places: Places, new: Path) -> None:
        super().__init__(places)
        self.folder = new
        self.words = str(new)
        self._log = new / LOG
        self.is_done = _promoted_from(places.log) == str(new)
        self._is_forked = not self.is_done and _promoted_from(self._log) == str(new)

    @property
    def new(self) -> str:
        """Where the new log is or was."""
        return str(self.folder)

    def opened(self) -> AnyLog:
        """Open the new log to read it, wherever it is by now."""
        return SqliteLog.open(self.places.log if self.is_done else self._log, read_only=True)

    def refuse_unfit(self) -> None:
        """Refuse what is no recovered store, lies on another disk, or does not verify."""
        if not self._log.is_file():
            raise NotFound(f"There is no recovered store at {self.new}.", fix=(self._again(),))
        self.places.state.mkdir(mode=0o700, parents=True, exist_ok=True)
        refuse_other_disk(self.folder, self.places.state)
        if not self._is_forked:
            self._refuse_unproven()

    def carry_out(self, asked: Asked, reason: str) -> None:
        """Make the recovered store a log of its own and give it the place of the old one."""
        with _turn(self.places.log):
            self._refuse_erased_since()
            if not self._is_forked:
                self._fork(asked, reason)
            with _turn(self._log):
                change_places(self.folder, self.places.state, self._kept, as_it_is=self._is_salvage)
        self.is_done = True

    def finish(self) -> None:
        """Do what can wait until the new log is in force."""
        with self.opened() as log:
            origin, key = log.origin, key_file(self.places.keys, fork_of(log)[1].public_key).name
        finish(self.folder, self.places.state, self._kept, origin=origin, key=key, as_it_is=self._is_salvage)

    @property
    def left(self) -> str:
        """Where the old store is kept."""
        return f"The old store is kept in {self._kept}, for reading only."

    @property
    def _kept(self) -> Path:
        with self.opened() as log:
            return retired_at(self.places, log)

    @property
    def _is_salvage(self) -> bool:
        """Whether the old store was damaged: nothing is written into it any more."""
        from adapters.codec import decode

        with self.opened() as log:
            found = [decode(record) for record in log.stream("ledger") if record.topic == RecoveredFact.TOPIC]
        return isinstance(found[-1], RecoveredFact) and found[-1].source is RecoverySource.SALVAGE

    def _old(self) -> AnyLog:
        return SqliteLog.open(self.places.log, read_only=True)

    def _fork_log(self, origin: str) -> AnyLog:
        return ForkLog.fork(self._log, origin, self.new)

    def _keys(self) -> Path:
        return self.folder / "keys"

    def _again(self) -> str:
        return "orch recover run --to now --out recovered"

    def _free(self) -> Sequence[str]:
        return ["--out", free_folder(self.folder)]


def retired_at(places: Places, log: AnyLog) -> Path:
    """Return where what is left of the old log is kept: the time of the fork names the folder."""
    return places.state / RETIRED / rfc3339(fork_of(log)[0].recorded_at).replace(":", "").replace("-", "")


def _with_parent(facts: ForkFacts, old: AnyLog, new: AnyLog, again: str) -> ForkFacts:
    """Return the facts with what the store in force says; refuse to leave a log for that of another project."""
    size = new.moment().position
    shares = old.moment().position >= size and range_root_of(old)(0, size) == new.tree().root
    if not shares and old.origin != facts.parent and facts.parent not in lineage_in(old).names:
        raise InvalidInput(
            f"The store in force is {old.origin}; this one was recovered from {facts.parent}, which is another log.",
            fix=(again,),
        )
    bound = _binds_agents(old)
    if not shares and old.origin != facts.parent:
        return facts._replace(binds_agents=bound)  # back to a log that was left before
    keys = keys_known(old)
    return facts._replace(
        parent=old.origin,
        parent_size=max(old.moment().position, facts.parent_size),
        replaces=keys[0] if keys else facts.replaces,
        binds_agents=bound,
    )


def fork_of(log: AnyLog) -> tuple[Record, Forked]:
    """Return the latest fork of a log and its row."""
    from adapters.codec import decode

    forks = ((record, decode(record)) for record in log.stream("ledger") if record.topic == Forked.TOPIC)
    found = [(record, event) for record, event in forks if isinstance(event, Forked)]
    if not found:
        raise Damaged("The log says that it was promoted, but holds no fork.")
    return found[-1]


def _promoted_from(path: Path) -> str | None:
    """Return the folder that a log was promoted from, or None for any other log."""
    try:
        with SqliteLog.open(path, read_only=True) as log:
            return log.notes().get(PROMOTED)
    except Refusal:
        return None


@contextmanager
def _turn(path: Path) -> Iterator[None]:
    with WritersQueue(path.with_name(f"{path.name}-writers"), timeout_s=TIMEOUT_S).turn():
        yield


def _binds_agents(log: EventLog) -> bool:
    head = log.heads(["policy"])[1].get("policy")
    return head is not None and PolicyState.from_facts(head.facts).agents_may_not_approve
