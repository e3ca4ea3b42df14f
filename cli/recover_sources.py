"""Opening what a recovery takes its events from: the store around this folder, or the backups that were named."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from adapters.places import FOLDER, Places, find, left_of
from adapters.stores import open_log
from adapters.way_back import way_back
from cli.given import flags
from cli.project import here, log_at
from domain.errors import Damaged, InvalidInput, NotFound, Refusal
from usecases.recover_checks import Parent
from usecases.recover_sources import Fold, Source, Store, parent_of
from usecases.way_out import SALVAGE, fitting


@contextmanager
def source_of(from_backups: str | None, identities: Sequence[Path] | None) -> Iterator[Source]:
    """Open what a recovery takes its events from; every damage that is met names the way out."""
    if from_backups is not None:
        from cli.recover_backups import backups_at

        with backups_at(left_of(here(), flags=flags()), from_backups, identities or ()) as source:
            yield source
        return
    if identities:
        fix = (_way_back(left_of(here(), flags=flags())),)
        raise InvalidInput("--identity opens backups: name them with --from-backups.", fix=fix)
    with _store() as store:
        yield store


@contextmanager
def _store() -> Iterator[Store]:
    try:
        places = find(here(), flags=flags())
        log = log_at(places, read_only=True)
    except NotFound as error:
        places = left_of(here(), flags=flags())
        if not places.state.is_dir():
            raise
        raise NotFound(f"There is no log at {places.log}.", fix=(_way_back(places),)) from error
    except Damaged as error:
        left = left_of(here(), flags=flags())
        error.fix = (*error.fix, _saves(left), _way_back(left))
        raise
    try:
        yield Store(places, log)
    except Damaged as error:
        if places.url is None:
            error.fix = (*error.fix, _saves(places), _way_back(places))
        raise
    finally:
        log.close()


def _saves(places: Places) -> str:
    return fitting(SALVAGE, in_database=places.database is not None)


def _way_back(places: Places) -> str:
    return way_back(places.root, places.settings, flags=flags())


@contextmanager
def parent_at_hand(new: Path | str, *, damaged: bool = False) -> Iterator[tuple[Parent | None, Fold | None]]:
    """Open the project's store, if it is not the new one itself, to hold a recovered store against it.

    `new` is a folder, or the address of a database.
    Where the store is gone or damaged the checkpoints it kept may still be there; its own hashes speak for nothing
    then, nor against anything. A service that has it is asked, and has to answer.
    """
    places = left_of(here(), flags=flags())
    if places.url is not None:
        with _store() as served:
            yield served.parent(), served.state_at
        return
    folder = new.resolve() if isinstance(new, Path) else None
    if places.state.resolve() == folder:  # ORCHESTRATOR_STATE_DIR names the new store
        places = left_of(here(), env={})
    if not places.state.is_dir() or places.state.resolve() == folder or places.address == new:
        yield None, None
        return
    try:
        log = None if damaged else open_log(places, read_only=True)
    except Refusal:
        log = None
    if log is None:
        yield parent_of(places, "", 0, lambda _: None, []), None
        return
    try:
        store = Store(places, log)
        yield store.parent(), store.state_at
    finally:
        log.close()


def outside(out: Path, places: Places) -> Path:
    """Return where the new store goes; it may not be in the store that it is a copy of."""
    new = out.absolute().parent.resolve() / out.name
    for folder in (places.state, places.root / FOLDER):
        if new.is_relative_to(folder.resolve()):
            raise InvalidInput(
                f"{out} lies in the store's own folder {folder}; name one outside.",
                fix=("orch recover run --to now --out recovered",),
            )
    return new
