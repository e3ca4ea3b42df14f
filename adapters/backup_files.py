"""What rides along with a backup: settings, templates of the project's own, the logs of the last days. Never keys."""

import io
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from adapters.durable import sync
from adapters.places import Places
from domain.errors import Damaged, FilesUnavailable

LOG_DAYS = 7
DAY_NS = 86_400 * 1_000_000_000
FOLDERS = ("templates", "logs")
SETTINGS = (".toml", ".json")
MOST = 256 * 1024 * 1024
"""Bytes of all files together; the newest logs come first."""


def archive_of(places: Places, logs: Path, *, now_ns: int) -> bytes | None:
    """Return a tar archive of what rides along, the same for the same files, or None where there is nothing.

    `logs` is the folder of the logs. Links and what is no regular file stay behind.
    """
    found = dict(_settings(places))
    found |= {f"templates/{name}": path for name, path in _below(places.templates)}
    times = [(path.stat().st_mtime_ns, name, path) for name, path in _below(logs)]
    young = sorted(((at, name, path) for at, name, path in times if at > now_ns - LOG_DAYS * DAY_NS), reverse=True)
    found |= {f"logs/{name}": path for _, name, path in young}
    made = io.BytesIO()
    room = MOST
    with tarfile.open(fileobj=made, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, path in found.items():
            data = _bytes_of(path)
            room -= len(data)
            if room < 0:
                break
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(data), 0o600
            archive.addfile(member, io.BytesIO(data))
    return made.getvalue() if found else None


def unpack(archive: bytes, folder: Path) -> list[str]:
    """Write the files of an archive below a folder, durably, and return their names. Raises `Damaged`."""
    names = []
    try:
        with tarfile.open(fileobj=io.BytesIO(archive), mode="r:") as opened:
            for member in opened:
                file = opened.extractfile(member)
                if file is None or not _is_ours(member.name):
                    raise Damaged(f"The backups carry {member.name[:80]!r}, which no backup of ours does.")
                path = folder / member.name
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                with open(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600), "wb") as out:
                    out.write(file.read())
                    out.flush()
                    os.fsync(out.fileno())
                sync(path.parent)
                names.append(member.name)
    except tarfile.TarError as error:
        raise Damaged(f"The files that ride along with the backups cannot be read: {error}.") from None
    return names


def _is_ours(name: str) -> bool:
    parts = PurePosixPath(name).parts
    if len(parts) == 1:
        return name.endswith(SETTINGS) and not name.startswith(".")
    return len(parts) > 1 and parts[0] in FOLDERS and ".." not in parts


def _settings(places: Places) -> Iterator[tuple[str, Path]]:
    path = places.settings
    if path.is_file() and not path.is_symlink() and _is_ours(path.name):
        yield path.name, path


def _below(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield the regular files below a folder, by their names from there, in order."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink() and not path.name.startswith("."):
            yield path.relative_to(folder).as_posix(), path


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise FilesUnavailable(f"{path}: {error.strerror}.") from error
