"""Where a store is made that takes no writes yet: a folder, or a PostgreSQL database. Complete, or not there at all."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from shlex import join, quote
from typing import NamedTuple

from adapters.log_notes import UNSETTLED
from adapters.moving import settle
from adapters.new_folders import new_folder, refuse_existing
from adapters.settings import to_paste
from adapters.stores import named
from cli.new_names import renaming
from cli.options import typed
from domain.errors import InvalidInput, Refusal, StoreUnsettled

NOT_FOR_GIT = "*\n"
TIMEOUT_S = 30.0


class Destination(NamedTuple):
    """What was named: one of both."""

    folder: Path | None
    database: str | None

    @property
    def where(self) -> str:
        """The place as people are told: no password in it."""
        return named(str(self.folder) if self.database is None else self.database)

    @property
    def words(self) -> str:
        """The place as a command takes it, with its password left out."""
        return quote(str(self.folder if self.database is None else to_paste(self.database)))

    @property
    def look(self) -> str:
        """A command that reads the new store."""
        if self.database is None:
            return f"ORCHESTRATOR_STATE_DIR={self.words} orch list"
        return f"ORCHESTRATOR_DATABASE_URL={self.words} orch init  # in a folder of its own"


class NewStore(NamedTuple):
    """A store that is being made."""

    address: str
    folder: Path | None
    """Where other files may lie beside the log."""
    notes: Mapping[str, str]
    """What the log has to say about itself until it is complete."""


def destination(out: Path | None, into: str | None) -> Destination:
    """Return what was named. Raises `InvalidInput` for neither or both, `AlreadyExists` for a folder that is there."""
    if (out is None) is (into is None):
        again = join(["orch", *_without_places(typed())])
        raise InvalidInput(
            "Name a new folder with --out, or an empty PostgreSQL database with --into.",
            fix=(f"{again} --out restored", f"{again} --into postgresql://user@host/database"),
        )
    if out is not None:
        with renaming(out):
            refuse_existing(out.absolute())
    return Destination(out, into)


@contextmanager
def new_store(there: Destination) -> Iterator[NewStore]:
    """Open a place to make a log in; the store is there when the block ends well."""
    if there.database is None:
        assert there.folder is not None
        with new_folder(there.folder.absolute()) as part:
            (part / ".gitignore").write_text(NOT_FOR_GIT)
            yield NewStore(str(part / "log.db"), part, {})
        return
    from adapters.postgres_schema import discard_unsettled

    try:
        yield NewStore(there.database, None, {UNSETTLED: f"orch {typed()[0]} {typed()[1]}"})
    except StoreUnsettled:  # somebody else's
        raise
    except BaseException:
        with suppress(Refusal):  # what went wrong is what has to be said
            discard_unsettled(there.database, timeout_s=TIMEOUT_S)
        raise
    settle(there.database, timeout_s=TIMEOUT_S)


def _without_places(words: list[str]) -> list[str]:
    """Return a command without the options that name a new store."""
    kept, skip = [], False
    for word in words:
        if not skip and not word.startswith(("--out", "--into")):
            kept.append(word)
        skip = not skip and word in ("--out", "--into")
    return kept
