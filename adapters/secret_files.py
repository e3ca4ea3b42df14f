"""A file that holds a secret, which nobody else may read."""

import os
import stat
from pathlib import Path

from domain.errors import FilesUnavailable, InvalidInput


def secret_in(path: Path, *, most: int, setting: str) -> str:
    """Return what a file says, up to that many bytes; `setting` is the name of the one that says where it lies.

    What an administrator hands to a service belongs to root and is read by a group; every other file is read by its
    owner alone. Nobody is waited for: a pipe into which nobody writes is refused, like all that is no regular file.
    """
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "its name holds a NUL character"
        raise FilesUnavailable(f"{path}: {why}.", fix=(f"orch config show {setting}",)) from None
    try:
        status = os.fstat(file)
        if not stat.S_ISREG(status.st_mode):
            raise InvalidInput(
                f"{path} is no regular file; a secret is read from one.", fix=(f"orch config show {setting}",)
            )
        if status.st_mode & (0o007 if status.st_uid == 0 else 0o077):
            raise InvalidInput(
                f"{path} can be read by others; the secret in it would be theirs, too.", fix=(f"chmod 600 {path}",)
            )
        return os.read(file, most + 1).decode("ascii", "replace").strip()
    except OSError as error:
        raise FilesUnavailable(f"{path}: {error.strerror}.") from error
    finally:
        os.close(file)
