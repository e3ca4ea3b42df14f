"""The promotion of a recovered log in a PostgreSQL database, for a project whose log is in another one."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from shlex import quote

from adapters.keys import key_file
from adapters.log_notes import LEFT_TO, PROMOTED, RETIRED
from adapters.moving import Hold, held
from adapters.places import Places
from adapters.postgres_connection import named
from adapters.postgres_fork import PostgresForkLog
from adapters.retiring import keep_keys
from adapters.settings import to_paste
from adapters.stores import LOOK, AnyLog, attach, attached_to, opened_at
from cli.migrate_setting import follow_setting
from cli.options import Asked
from cli.promoting import Promotion, fork_of, retired_at
from domain.errors import InvalidInput, NotFound
from usecases.recovered import lineage_in


class DatabasePromotion(Promotion):
    """The new log stays where it is: the folder belongs to it from then on, and the old one takes no writes any more.

    Where the setting names the new database already, the old one is out of reach, and left as it is.
    """

    def __init__(self, places: Places, new: str) -> None:
        super().__init__(places)
        self.words = new
        self._left = None if places.database == new else places.database
        """Where the old log is; None where nobody says."""
        with opened_at(new, read_only=True) as log:
            self._is_forked = PROMOTED in log.noted
            is_attached = self._is_forked and attached_to(places) == log.origin
        if self._is_forked and self._left is not None and self._is_new(self._left):
            self._left = None
        self.is_done = is_attached and (self._left is None or self._has_ended(self._left))

    @property
    def new(self) -> str:
        """The database, as people are told."""
        return named(self.words)

    @property
    def left(self) -> str:
        """What became of the old log: nobody looked for it where the setting names the new one already."""
        with self.opened() as log:
            origin = fork_of(log)[1].parent
        if self._left is not None and self._has_ended(self._left):
            return f"The old store is kept in {named(self._left)}, as {origin}, for reading only."
        return (
            f"The old store, {origin}, was not looked for: where its database is still there, nobody may write to it."
        )

    def opened(self) -> AnyLog:
        """Open the new log to read it."""
        return opened_at(self.words, read_only=True)

    def refuse_unfit(self) -> None:
        """Refuse what is no recovered log, or does not verify."""
        if self._is_forked:
            return
        self._refuse_unproven()

    def carry_out(self, asked: Asked, reason: str) -> None:
        """Make the recovered log one of its own while nobody writes to the old one, and end that."""
        with self._held() as hold:
            self._refuse_erased_since()
            if not self._is_forked:
                self._fork(asked, reason)
            with self.opened() as log:
                origin = log.origin
            if hold is not None:
                hold.end({RETIRED: origin, LEFT_TO: to_paste(self.words)})
        self.is_done = True

    def finish(self) -> None:
        """Let the folder belong to the new log; keys and checkpoints of the old one are put aside."""
        with self.opened() as log:
            origin, kept = log.origin, retired_at(self.places, log)
            key = key_file(self.places.keys, fork_of(log)[1].public_key)
        if attached_to(self.places) != origin:
            keep_keys(self.places.state, kept, key=key.name)
            attach(self.places, origin, joins=not key.is_file(), instead=True)  # it may finish another folder's
        self.to_do = follow_setting(self.words)[1]
        self.places = self.places._replace(database=self.words)

    @contextmanager
    def _held(self) -> Iterator[Hold | None]:
        """Keep the writers of the old log waiting, where it is within reach and not ended before."""
        if self._left is None:
            yield None
            return
        if self._has_ended(self._left):
            yield None
            return
        if self._is_forked:
            self._refuse_stranger(self._left)
        with held(self._left, timeout_s=self.places.timeout_ms / 1000) as hold:
            yield hold

    def _is_new(self, address: str) -> bool:
        """Tell whether an address is another spelling of the new one."""
        with self.opened() as new, opened_at(address, read_only=True) as found:
            return new.origin == found.origin

    @staticmethod
    def _has_ended(address: str) -> bool:
        with opened_at(address, read_only=True) as log:
            return RETIRED in log.noted

    def _refuse_stranger(self, address: str) -> None:
        """Refuse to end a log that the new one did not leave: before the fork that is asked when it is made."""
        with self.opened() as new, opened_at(address, read_only=True) as old:
            parent = fork_of(new)[1].parent
            if parent not in (old.origin, *lineage_in(old).names):
                raise InvalidInput(
                    f"{self.new} was promoted in the place of {parent}, and database_url names {old.origin}, which is"
                    " another log.",
                    fix=(LOOK,),
                )

    def _old(self) -> AnyLog:
        if self._left is None:
            raise NotFound("The old log is out of reach.")
        return opened_at(self._left, read_only=True)

    def _fork_log(self, origin: str) -> AnyLog:
        return PostgresForkLog.fork(self.words, origin, self.new)

    def _keys(self) -> Path:
        return self.places.keys

    def _again(self) -> str:
        return f"orch recover run --to now --into {quote(to_paste(self.words))}"

    def _free(self) -> Sequence[str]:
        return ["--into", "postgresql://user@host/another"]
