"""One move of the log: what was done of it before, and what is left to do."""

from contextlib import suppress
from typing import TYPE_CHECKING
from uuid import uuid4

from adapters.log_notes import BROUGHT_BY, MOVED, UNSETTLED, Move
from adapters.moving import held, settle, unsettle
from adapters.places import NAME_IT, Places
from adapters.retiring import FOLDER as RETIRED
from adapters.retiring import put_aside
from adapters.settings import is_database_url, to_paste
from adapters.sqlite_creation import remove_beside
from adapters.sqlite_log import SqliteLog
from adapters.stores import AnyLog, attach, attached_to, detach, named, open_log, opened_at
from cli.migrate import again
from cli.migrate_open import refuse_open, saying_what_is_left
from cli.migrate_setting import UNSET, export, follow_setting
from domain.errors import AlreadyExists, Damaged, InvalidInput, NotFound, Refusal, StoreMoved
from domain.tree_ranges import range_root_of

if TYPE_CHECKING:
    from cli.migrate_answers import MigrateAnswer


class Migration:
    """Finds out by what the stores say how far it came; every step can be done again."""

    def __init__(self, places: Places, to: str, words: str) -> None:
        self.places = places
        self.to = to
        self._again = again(to_paste(words))
        self._into_file = not is_database_url(to)
        self._source = str(places.log) if self._left_file() or attached_to(places) is None else self._database()

    def carry_out(self) -> "MigrateAnswer":
        """Copy, verify, end the one log and begin with the other; or whatever of it is left to do."""
        with self._left() as log:
            move = Move.parse(log.noted[MOVED]) if MOVED in log.noted else None
            origin = log.origin
        if move is None and self._source == self.to:
            return self._there_already()
        if move is None:
            move = Move(str(uuid4()), named(self.to), UNSET if self._into_file else export(self.to))
            self._copy(move)
        else:
            self._refuse_another(move)
        settle(self.to, timeout_s=self._timeout_s)
        return self._told(self._change_over(origin, move), *self._setting())

    def _there_already(self) -> "MigrateAnswer":
        """Do what a move that was stopped at its very end has left to do; refuse where nothing is."""
        setting, to_do = self._setting()
        if setting is None and not to_do:
            raise AlreadyExists(f"The log of {self.places.root} is in {named(self.to)} already.", fix=("orch doctor",))
        return self._told(None, setting, to_do)

    def _told(self, kept: str | None, setting: str | None, to_do: list[str]) -> "MigrateAnswer":
        with opened_at(self.to, read_only=True) as log:
            tree = log.tree()
        return {
            "source": named(self._source),
            "target": named(self.to),
            "origin": log.origin,
            "events": tree.size,
            "root": tree.root.hex(),
            "kept": kept,
            "setting": setting,
            "to_do": to_do,
        }

    @property
    def _timeout_s(self) -> float:
        return self.places.timeout_ms / 1000

    def _left_file(self) -> bool:
        """Tell whether the file is a log that a move has left, and that was not put aside yet."""
        if self._into_file or not self.places.log.is_file():
            return False
        with SqliteLog.open(self.places.log, read_only=True) as log:
            return MOVED in log.noted

    def _database(self) -> str:
        """Return where the log in a database is, by the setting or by where it was to go."""
        if self.places.database is None and not self._into_file:
            return self.to
        if self.places.database is None:
            raise InvalidInput(
                f"{self.places.root} belongs to a log in a PostgreSQL database, and no setting says in which.",
                fix=(NAME_IT,),
            )
        return self.places.database

    def _left(self) -> AnyLog:
        """Open the log that is to be left. Raises `InvalidInput` where the database holds another one."""
        log, known = opened_at(self._source, read_only=True), attached_to(self.places)
        if known in (None, log.origin):
            return log
        log.close()
        raise InvalidInput(
            f"{self.places.root} belongs to the log {known}, but {log.where} holds {log.origin}.",
            fix=("orch config show database_url",),
        )

    def _copy(self, move: Move) -> None:
        """Make the other log while nobody writes, verify it, and end this one: the point of no return."""
        self._judged().close()
        if not is_database_url(self._source):
            refuse_open(self.places.log, again=self._again)
        if self._into_file:
            self._discard_unsettled(None)
        with held(self._source, timeout_s=self._timeout_s) as hold:
            with opened_at(self._source, read_only=True) as log:
                if MOVED in log.noted:  # somebody else moved it while we waited
                    found = Move.parse(log.noted[MOVED])
                    raise StoreMoved(log.where, to=found.to, fix=found.fix)
                if not self._into_file:
                    self._make_room_for(log)
                try:
                    self._filled(log, move)
                except BaseException:
                    with suppress(Refusal):  # what went wrong is what has to be said
                        self._discard_unsettled(log.origin)
                    raise
            hold.end({MOVED: move.text()})

    def _judged(self) -> AnyLog:
        """Open the log as a writer does: what is recovered, retired or outdated is refused."""
        places = self.places if is_database_url(self._source) else self.places._replace(database=None)
        return open_log(places, read_only=False)

    def _filled(self, log: AnyLog, move: Move) -> None:
        from cli.progress import Progress
        from usecases.recover_checks import check
        from usecases.recover_rows import rows_and_fold
        from usecases.recover_sources import Store
        from usecases.recovered import state_digest
        from usecases.refilling import write_rows

        in_file = not is_database_url(self._source)
        source = Store(self.places._replace(database=None) if in_file else self.places, log)
        notes = {UNSETTLED: self._again, BROUGHT_BY: move.id}
        state: list[str] = []
        with Progress(source.size, "events copied") as progress, rows_and_fold(source, source.size) as (pages, fold):
            head = write_rows(
                self.to,
                log.origin,
                pages,
                fold,
                notes=notes,
                done=progress.advance,
                folded=lambda heads: state.append(state_digest(heads)),
                fingerprints=log.fingerprints,
            )
        wrong = source.contradicts(source.size, head.root)
        if wrong is not None:
            raise Damaged(wrong, fix=("orch audit verify",))
        with Progress(source.size, "events verified") as progress:
            found = check(self.to, parent=source.parent(), state=state[0], fold=False, done=progress.advance)
        if found["first_problem"] is not None:
            first = found["first_problem"]
            place = "" if first["position"] is None else f" at position {first['position']}"
            raise Damaged(
                f"The log does not verify: {first['what']}{place}; it stays where it is.", fix=("orch audit verify",)
            )

    def _discard_unsettled(self, origin: str | None) -> None:
        """Remove what an interrupted move left; a log that somebody uses is never removed."""
        if not self._into_file:
            from adapters.postgres_schema import discard_unsettled

            discard_unsettled(self.to, origin, timeout_s=self._timeout_s)
            return
        if not self.places.log.is_file():
            return
        with SqliteLog.open(self.places.log, read_only=True) as log:
            if UNSETTLED not in log.noted:
                raise AlreadyExists(f"There is a log already: {self.places.log}.", fix=(f"ls -l {self.places.log}",))
        self.places.log.unlink(missing_ok=True)
        remove_beside(self.places.log)

    def _make_room_for(self, log: AnyLog) -> None:
        """Give way to a log that was in the database before: what has ended there is the beginning of this one."""
        try:
            there = opened_at(self.to, read_only=True)
        except NotFound:
            return
        with there:
            tree, has_ended = there.tree(), MOVED in there.noted and there.origin == log.origin
        if has_ended and tree.size <= log.tree().size and range_root_of(log)(0, tree.size) == tree.root:
            unsettle(self.to, by=self._again, timeout_s=self._timeout_s)

    def _refuse_another(self, move: Move) -> None:
        """Refuse to finish a move whose log is not the one at the address, or is gone from there."""
        try:
            with opened_at(self.to, read_only=True) as log:
                brought = log.noted.get(BROUGHT_BY)
        except NotFound:
            brought = None
        if brought != move.id:
            raise StoreMoved(named(self._source), to=move.to, fix=move.fix)

    def _change_over(self, origin: str, move: Move) -> str | None:
        """Let the folder belong to the new log; return where the file is kept that was left."""
        if self._into_file:
            detach(self.places)
            return None
        attach(self.places, origin)
        if is_database_url(self._source):
            return None
        kept = self.places.state / RETIRED / f"moved-{move.id}"
        with saying_what_is_left(self.places.log, to=named(self.to), again=self._again):
            put_aside(self.places.log, kept)
        return str(kept)

    def _setting(self) -> tuple[str | None, list[str]]:
        return follow_setting(None if self._into_file else self.to)
