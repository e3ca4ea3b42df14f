"""Stores that are recovered beside the one that is served: each in a folder of its own, which nobody has to name."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from hashlib import sha256
from pathlib import Path
from shlex import join
from shutil import rmtree

from adapters.new_folders import END, alone_in, left_in, new_folder
from adapters.sqlite_log import SqliteLog
from adapters.stores import open_log
from domain.errors import AlreadyExists, CommandIdReused, FilesUnavailable, NotFound
from domain.event_log import Moment
from usecases.backup_listing import keys_for, known_to
from usecases.backup_locked import refuse_locked
from usecases.backup_places import storage_of
from usecases.meters import Metering
from usecases.project import Project
from usecases.recover_answers import PlanAnswer, RecoveryAnswer, RecoveryVerification
from usecases.recover_checks import check
from usecases.recover_moments import moment_to, resolution
from usecases.recover_sources import Source, Store
from usecases.recovered import FOLDER, recovered_note
from usecases.recovering import made, undone_by
from usecases.recovery_plan import planned

MOST = 8
"""So many are kept: a store takes as much room as the log had by then, and somebody has to look through them."""


def plan_to(project: Project, to: str, *, from_backups: bool) -> PlanAnswer:
    """Return what a recovery to a moment would do; nothing is changed."""
    with _source(project, from_backups=from_backups) as source:
        return planned(source, to, project.given, metering=project.metering)


def recovered_to(project: Project, to: str, command_id: str, *, from_backups: bool) -> tuple[RecoveryAnswer, bool]:
    """Make a store that holds the log as it was at a moment, verified; and tell whether that had been done before.

    The same command id names the same store. Raises `CommandIdReused` where it was made as of another moment.
    """
    folder = project.places.state / FOLDER
    with _source(project, from_backups=from_backups) as source:
        moment = moment_to(source, to)
        path = folder / sha256(f"{source.origin}\n{command_id}".encode()).hexdigest()[:16]
        found = None if _is_there(path) else _made(project, path, source, to, moment)
        repeated = found is None
        if found is None:
            moment = _refuse_other(path, source, to, command_id)
            found = _verified(path, source, project.metering)
        undone = undone_by(source, moment.position, found)
        data: RecoveryAnswer = {
            **resolution(source, to, moment),
            "out": path.name,
            "place": str(path),
            "documents": [],
            "undone_revocations": undone,
            "verification": {**found, "store": path.name},
        }
        return data, repeated


def _made(project: Project, path: Path, source: Source, to: str, moment: Moment) -> RecoveryVerification | None:
    """Make a store, or return None where the same request, which nobody waited for any more, was first."""
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise FilesUnavailable(f"{path.parent}: {error.strerror}.") from error
    try:
        with ExitStack() as making:
            with alone_in(path.parent):
                for left in left_in(path.parent):
                    rmtree(left, ignore_errors=True)
                part = making.enter_context(new_folder(path))
                _refuse_more(path.parent)
            return made(str(part / "log.db"), source, to, moment, metering=project.metering)
    except AlreadyExists:
        if _is_there(path):
            return None
        raise


def verified_store(project: Project, name: str) -> RecoveryVerification:
    """Verify a recovered store with all that is at hand: the store that is served, and the checkpoints it kept."""
    path = project.places.state / FOLDER / name
    if not _is_there(path):
        raise NotFound(f"There is no recovered store {name}.", fix=("orch recover run --to now --out recovered",))
    with _source(project, from_backups=False) as source:
        return {**_verified(path, source, project.metering), "store": name}


def _verified(path: Path, source: Source, metering: Metering) -> RecoveryVerification:
    with SqliteLog.open(path / "log.db", read_only=True) as log:
        size, origin = log.moment().position, log.origin
    parent = source.parent()
    state = source.state_at(size) if isinstance(source, Store) and parent.shares(origin, size) == size else None
    with metering(size, "events") as progress:
        return check(path / "log.db", parent=parent, state=state, done=progress.advance)


def _refuse_other(path: Path, source: Source, to: str, command_id: str) -> Moment:
    with SqliteLog.open(path / "log.db", read_only=True) as log:
        note = recovered_note(log)
        if note is None or (note.to, note.source) != (to, source.kind):
            raise CommandIdReused(command_id)
        return source.moment(f"position:{log.moment().position}")


def _refuse_more(folder: Path) -> None:
    """Refuse the store whose making has just begun where it is one too many; those that are being made count."""
    begun = {each.name[1:].partition(".")[0] for each in folder.glob(f".*{END}")}  # first: each may be done meanwhile
    there = sorted(each.name for each in folder.glob("[!.]*") if _is_there(each))
    if len(begun | set(there)) > MOST:
        raise AlreadyExists(
            f"{MOST} recovered stores are there already, or being made; remove one that is needed no more.",
            fix=tuple(join(["rm", "-r", str(folder / name)]) for name in there[:1]),
        )


def _is_there(path: Path) -> bool:
    return (path / "log.db").is_file()


@contextmanager
def _source(project: Project, *, from_backups: bool) -> Iterator[Source]:
    """Open the store that is served, or the backups where the settings say that they are."""
    if not from_backups:
        with open_log(project.places, read_only=True) as log:
            yield Store(project.places, log)
        return
    from adapters.backup_reading import open_backups
    from usecases.recover_backups import BackupSource

    refuse_locked(project)
    storage, known = storage_of(project.places, project.given), known_to(project.log, project.places)
    backups = open_backups(storage, [], vkeys=keys_for(storage, None, known))
    known.tell(backups)
    backups.check_files()
    yield BackupSource(project.places, backups)
