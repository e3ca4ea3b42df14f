"""One promotion: what was done of it before, and what is left to do."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from adapters.checkpoint_files import CheckpointFiles
from adapters.keys import key_file, make_key
from adapters.places import Places
from adapters.retiring import LOG, change_places, finish, is_broken, refuse_other_disk
from adapters.sqlite_fork import PROMOTED, ForkLog
from adapters.sqlite_log import TIMEOUT_S, SqliteLog
from adapters.workspace import Workspace
from adapters.writers_queue import WritersQueue
from cli.options import Asked
from cli.recover_checks import keys_known
from cli.recover_verify import verified
from cli.recovered import NO_REDACTION, Recovered, carried_by, lineage_in, recovered_note
from cli.redacted_since import RETIRED, refuse_erased_since
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

MOST_CHECKPOINT = 20_000
"""Bytes of a signed checkpoint that go into the fork's envelope."""


class Promotion:
    """Finds out by what is on disk how far it came; every step can be done again."""

    def __init__(self, places: Places, new: Path) -> None:
        self.places = places
        self.new = new
        self._log = new / LOG
        self.is_done = _promoted_from(places.log) == str(new)
        self._is_forked = not self.is_done and _promoted_from(self._log) == str(new)

    def refuse_unfit(self) -> None:
        """Refuse what is no recovered store, lies on another disk, or does not verify."""
        if not self._log.is_file():
            raise NotFound(
                f"There is no recovered store at {self.new}.", fix=("orch recover run --to now --out recovered",)
            )
        self.places.state.mkdir(mode=0o700, parents=True, exist_ok=True)
        refuse_other_disk(self.new, self.places.state)
        if self._is_forked:
            return
        with SqliteLog.open(self._log, read_only=True) as log:
            if recovered_note(log) is None:
                raise InvalidInput(
                    f"{self.new} is a store of its own, and no recovery of this project's log.",
                    fix=("orch recover run --to now --out recovered",),
                )
        found = verified(self.new)
        if found["verdict"] == "damaged":
            first = found["first_problem"]
            raise Damaged(
                f"{self.new} does not verify: {first['what'] if first else 'it differs'}.",
                fix=(f"orch recover verify {self.new}",),
            )

    def carry_out(self, asked: Asked, reason: str) -> None:
        """Make the recovered store a log of its own and give it the place of the old one."""
        with _turn(self.places.log):
            self._refuse_erased_since()
            if not self._is_forked:
                self._fork(asked, reason)
            with _turn(self._log):
                change_places(self.new, self.places.state, self.kept, as_it_is=self._is_salvage)
        self.is_done = True

    def finish(self) -> None:
        """Do what can wait until the new log is in force."""
        with SqliteLog.open(self.places.log, read_only=True) as log:
            origin, key = log.origin, key_file(self.places.keys, _fork_of(log)[1].public_key).name
        finish(self.new, self.places.state, self.kept, origin=origin, key=key, as_it_is=self._is_salvage)

    @property
    def size(self) -> int:
        """How many events the recovered store holds."""
        with SqliteLog.open(self._log, read_only=True) as log:
            return log.moment().position

    @property
    def kept(self) -> Path:
        """Where the old store is kept: the time of the fork names the folder."""
        with SqliteLog.open(self.places.log if self.is_done else self._log, read_only=True) as log:
            at = _fork_of(log)[0].recorded_at
        return self.places.state / RETIRED / rfc3339(at).replace(":", "").replace("-", "")

    @property
    def _is_salvage(self) -> bool:
        """Whether the old store was damaged: nothing is written into it any more."""
        from adapters.codec import decode

        with SqliteLog.open(self.places.log if self.is_done else self._log, read_only=True) as log:
            found = [decode(record) for record in log.stream("ledger") if record.topic == RecoveredFact.TOPIC]
        return isinstance(found[-1], RecoveredFact) and found[-1].source is RecoverySource.SALVAGE

    def receipt(self, log: SqliteLog) -> Receipt:
        """Return the receipt of the command that made the fork."""
        known = log.receipt(_fork_of(log)[0].command_id)
        if known is None:
            raise Damaged("The log does not know the command that forked it.")
        return known[0]._replace(repeated=False)

    def _fork(self, asked: Asked, reason: str) -> None:
        with SqliteLog.open(self._log, read_only=True) as log:
            note = recovered_note(log)
            assert note is not None
            fork = self._facts(log, note)
        key = make_key(self.new / "keys", fork.origin)
        log = ForkLog.fork(self._log, fork.origin, str(self.new))
        try:
            project = Project(self.places, log, Workspace(self.places))
            source = RecoverySource(note.source)
            command = PromoteRecovery(project.meta(asked), source, fork._replace(public_key=key), reason)
            if project.handle(command).repeated:
                raise CommandIdReused(asked.command_id)
        except Unavailable:
            raise  # perhaps it was recorded: then its private half is needed
        except Refusal:
            key_file(self.new / "keys", key).unlink()
            raise
        finally:
            log.close()

    def _refuse_erased_since(self) -> None:
        """Refuse to bring back what the store in force erased after the recovery. Nobody writes to it now."""
        new = SqliteLog.open(self._log, read_only=True)
        with new, suppress(NotFound), _broken_or_not(), SqliteLog.open(self.places.log, read_only=True) as old:
            refuse_erased_since(self.new, new, old, self.places.state)

    def _facts(self, log: SqliteLog, note: Recovered) -> ForkFacts:
        """Return what is known of the log that is left: from itself, or from the note where it is gone."""
        origin = f"{note.origin.split('/')[0]}/{uuid4()}"
        key = next(iter(keys_known(log)), "")
        carried = sorted(carried_by(log).items())
        redacted = tuple(gone for gone, by in carried if by != NO_REDACTION)
        lost = tuple(gone for gone, by in carried if by == NO_REDACTION)
        facts = ForkFacts(origin, "", note.origin, note.size, key, self._checkpoint(), redacted, lost)
        with suppress(NotFound), _broken_or_not(), SqliteLog.open(self.places.log, read_only=True) as old:
            return _with_parent(facts, old, log)
        return facts

    def _checkpoint(self) -> str | None:
        """Return the latest checkpoint that was kept of the parent."""
        last = CheckpointFiles(self.places.checkpoints).last()
        try:
            text = last.path.read_bytes().decode() if last else None
        except (OSError, UnicodeDecodeError):
            return None
        return text if text is not None and len(text.encode()) <= MOST_CHECKPOINT else None


def _with_parent(facts: ForkFacts, old: SqliteLog, new: SqliteLog) -> ForkFacts:
    """Return the facts with what the store in force says; refuse to leave a log for that of another project."""
    size = new.moment().position
    shares = old.moment().position >= size and range_root_of(old)(0, size) == new.tree().root
    if not shares and old.origin != facts.parent and facts.parent not in lineage_in(old).names:
        raise InvalidInput(
            f"The store in force is {old.origin}; this one was recovered from {facts.parent}, which is another log.",
            fix=("orch recover run --to now --out recovered",),
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


def _fork_of(log: SqliteLog) -> tuple[Record, Forked]:
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
def _broken_or_not() -> Iterator[None]:
    """Go on where the old store cannot be read: it is why the project leaves it."""
    try:
        yield
    except Refusal as error:
        if not is_broken(error):
            raise


@contextmanager
def _turn(path: Path) -> Iterator[None]:
    with WritersQueue(path.with_name(f"{path.name}-writers"), timeout_s=TIMEOUT_S).turn():
        yield


def _binds_agents(log: EventLog) -> bool:
    head = log.heads(["policy"])[1].get("policy")
    return head is not None and PolicyState.from_facts(head.facts).agents_may_not_approve
