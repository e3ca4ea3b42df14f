"""The documents on disk: a projection that people read, edit and commit."""

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from errno import ELOOP, EXDEV
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from time import monotonic, sleep

from adapters.places import Places
from adapters.whole_files import read, remove, replace
from domain.errors import FilesUnavailable, InvalidInput, Unavailable
from domain.steps import Step

LIMIT = 4 * 1024 * 1024
LOCK_SECONDS = 30.0


def receipt_name(step: Step) -> str:
    """Return the name of the file that proves an approval, beside the document."""
    return f"{step}.receipt"


class Workspace:
    """Reads and writes `dev/PHASE/…`, always whole files and never through a symbolic link.

    Paths are plain texts in here: every command of a service makes a dozen, and a `Path` costs ten times as much.
    """

    keeps = True
    """Whether documents are kept here at all."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._dev = str(places.root / "dev")
        self._locks = str(places.state / "locks")

    @contextmanager
    def locked(self, phase: str, *, ended: Callable[[], bool] = lambda: False) -> Iterator[None]:
        """Hold the lock on one phase's files, so that the last writer writes the latest text.

        `ended` is asked while others hold it, and tells that nobody waits any more.
        """
        with _spoken(self._locks):
            lock = self._lock_of(phase)
        try:
            _wait_for(lock, phase, ended)
            yield
        finally:
            os.close(lock)

    def shown(self, phase: str, step: Step) -> str:
        """Return the path of a document as people name it: relative to the project."""
        return f"dev/{phase}/{step}.md"

    def named(self, path: Path) -> str:
        """Return a path as people name it: relative to the project where it lies inside."""
        return str(path.relative_to(self._places.root) if path.is_relative_to(self._places.root) else path)

    def read(self, phase: str, step: Step) -> str | None:
        """Return the text of a document, or None where there is no file. Refuses what is not UTF-8 text."""
        data = self.read_bytes(phase, step)
        if data is None:
            return None
        try:
            return data.decode()
        except UnicodeDecodeError as error:
            raise InvalidInput(
                f"{self.shown(phase, step)} is not UTF-8 text (byte {error.start}).",
                fix=(f"orch checkout {phase} {step}",),
            ) from None

    def read_bytes(self, phase: str, step: Step) -> bytes | None:
        """Return what is in a document's file, or None where there is no file."""
        return self._bytes_of(phase, f"{step}.md", fix=f"orch checkout {phase} {step}")

    def read_receipt(self, phase: str, step: Step) -> bytes | None:
        """Return what is in the receipt beside a document, or None where there is no file."""
        return self._bytes_of(phase, receipt_name(step), fix=f"orch gate {phase} {step} --write-receipt")

    def remove_receipt(self, phase: str, step: Step) -> bool:
        """Remove the receipt of an approval that is no longer in force; tell whether there was one."""
        path = f"{self._folder(phase)}/{receipt_name(step)}"
        if not os.path.lexists(path):  # as for most steps, most of the time
            return False
        with _spoken(path):
            self._refuse_way_out(phase)
            remove(path)
        return True

    def _bytes_of(self, phase: str, name: str, *, fix: str) -> bytes | None:
        path = f"{self._folder(phase)}/{name}"
        with _spoken(path):
            self._refuse_way_out(phase)
            try:
                file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
            except FileNotFoundError:
                return None
            except OSError as error:
                if error.errno != ELOOP:
                    raise
                raise self._unreadable(path, "is a symbolic link", fix) from None
            try:
                if not stat.S_ISREG(os.fstat(file).st_mode):
                    raise self._unreadable(path, "is not a regular file", fix)
                data = read(file, most=LIMIT)
            finally:
                os.close(file)
        if len(data) > LIMIT:
            raise self._unreadable(path, f"is larger than {LIMIT // 1024 // 1024} MiB", fix)
        return data

    def _unreadable(self, path: str, why: str, fix: str) -> InvalidInput:
        return InvalidInput(f"{self.named(Path(path))} {why}.", fix=(fix,))

    def write(self, phase: str, name: str, text: str) -> Path:
        """Replace a file of a phase's folder whole: a reader sees the old text or the new one, never a part."""
        path = f"{self._folder(phase)}/{name}"
        with _spoken(path):
            self._refuse_way_out(phase)
            try:
                replace(path, text.encode())
            except FileNotFoundError:  # the first file of a phase
                os.makedirs(self._folder(phase), exist_ok=True)
                self._refuse_way_out(phase)
                replace(path, text.encode())
        return Path(path)

    def write_beside(self, name: str, text: str) -> Path:
        """Replace a file that stands beside the folders of the phases, whole."""
        path = self._places.root / "dev" / name
        with _spoken(path):
            if not path.parent.resolve().is_relative_to(self._places.root.resolve()):
                raise FilesUnavailable(f"dev leads out of the project, to {_elsewhere(path.parent.resolve())}.")
            path.parent.mkdir(parents=True, exist_ok=True)
            replace(str(path), text.encode())
        return path

    def remove(self, phase: str, step: Step) -> None:
        """Remove a document; the log still knows its digest."""
        path = self._places.document(phase, step)
        with _spoken(path):
            self._refuse_way_out(phase)
            path.unlink(missing_ok=True)

    def rescue(self, phase: str, step: Step, *, stamp: str) -> Path | None:
        """Move a document aside into `rescued/`, and return where it went; None where there is no file."""
        path = self._places.document(phase, step)
        folder = self._places.state / "rescued" / phase
        with _spoken(path):
            self._refuse_way_out(phase)
            if not os.path.lexists(path):
                return None
            for each in (folder.parent, folder):
                each.mkdir(mode=0o700, exist_ok=True)
            aside = folder / f"{step}-{stamp}.md"
            count = 1
            while os.path.lexists(aside):
                count += 1
                aside = folder / f"{step}-{stamp}-{count}.md"
            _move(path, aside)
        return aside

    def _refuse_way_out(self, phase: str) -> None:
        """Refuse a phase folder that a symbolic link has put outside the project.

        Where there is no link, nothing has to be followed: a command asks four times.
        """
        if _is_no_link(self._dev) and _is_no_link(self._folder(phase)):
            return
        folder = self._places.phase(phase)
        try:
            root, folder = self._places.root.resolve(), folder.resolve()
        except RuntimeError:  # how Python 3.11 and 3.12 say ELOOP
            raise FilesUnavailable(f"dev/{phase} is a symbolic link that leads to itself.") from None
        if not folder.is_relative_to(root):
            raise FilesUnavailable(f"dev/{phase} leads out of the project, to {_elsewhere(folder)}.")

    def _folder(self, phase: str) -> str:
        return f"{self._dev}/{phase}"

    def _lock_of(self, phase: str) -> int:
        """Open the file that is locked for a phase; the first command of a project makes their folder."""
        path, flags = f"{self._locks}/{phase}", os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            return os.open(path, flags, 0o600)
        except FileNotFoundError:
            with suppress(FileExistsError):  # somebody else was first
                os.mkdir(self._locks, 0o700)
            return os.open(path, flags, 0o600)


def _elsewhere(path: Path) -> str:
    """Return a path that no setting names, so that whoever leaves it out of the sentence sees where it ends."""
    from shlex import quote  # few commands meet one

    return quote(str(path))


def _is_no_link(folder: str) -> bool:
    """Tell whether that is plainly a folder, or nothing yet."""
    try:
        return stat.S_ISDIR(os.lstat(folder).st_mode)
    except FileNotFoundError:
        return True
    except OSError:
        return False


def _wait_for(lock: int, phase: str, ended: Callable[[], bool]) -> None:
    until = monotonic() + LOCK_SECONDS
    pause = 0.001
    while True:
        try:
            return flock(lock, LOCK_EX | LOCK_NB)
        except BlockingIOError:
            if monotonic() > until:
                raise Unavailable(f"Another command has held the files of {phase} for {LOCK_SECONDS:.0f} s.") from None
            if ended():
                raise Unavailable(f"Another command holds the files of {phase}, and nobody waits any more.") from None
        sleep(pause)
        pause = min(pause * 2, 0.02)


def _move(path: Path, aside: Path) -> None:
    """Move a file; `rescued/` may lie on another file system, where a rename cannot reach."""
    try:
        os.rename(path, aside)
    except OSError as error:
        if error.errno != EXDEV:
            raise
        from shutil import move

        move(path, aside)


@contextmanager
def _spoken(path: str | Path) -> Iterator[None]:
    """Say in words what the file system refused."""
    try:
        yield
    except OSError as error:
        raise FilesUnavailable(f"{path}: {error.strerror or error}.") from error
