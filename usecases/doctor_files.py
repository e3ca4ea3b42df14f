"""What `orch doctor` looks at around the store: settings, permissions, the disk, what was left behind."""

import os
from collections.abc import Iterator
from pathlib import Path
from shlex import join, quote

from adapters.file_modes import open_to_others
from adapters.file_systems import MOUNTS, free_bytes, is_network, kind_of
from adapters.leftovers import beside_no_log, parts, unfinished_in
from adapters.settings import SETTINGS, unread
from adapters.settings_file import settings_of
from domain.errors import InvalidInput
from usecases.patient import Found, Patient
from usecases.recovered import FOLDER

LEAST_FREE = 64 * 1024 * 1024
"""Bytes below which a disk is nearly full; twice the log's size is wanted where that is more."""


def settings(patient: Patient) -> Iterator[Found]:
    """Read the settings, all of them."""
    file = patient.places.settings
    try:
        settings_of([setting.name for setting in SETTINGS], file, flags=patient.given)
    except InvalidInput:
        patient.unavailable = True  # commands that obey them are refused
        raise
    yield Found("ok", f"Read from {file}." if file.exists() else "No file of settings; the defaults hold.")
    for name in unread(os.environ):
        yield Found("warning", f"Nothing reads the variable {name}.", (f"unset {quote(name)}", "orch config show"))


def permissions(patient: Patient) -> Iterator[Found]:
    """Look for what others may look into."""
    found = open_to_others(patient.places)
    if not found:
        yield Found("ok", "Only their owner may look into the store and its keys.")
    for path, mode in found:
        yield Found("warning", f"Others may use {path} (mode {mode:04o}).", (join(["chmod", "go-rwx", str(path)]),))


def file_system(patient: Patient, *, mounts: Path = MOUNTS) -> Iterator[Found]:
    """Look at the kind of file system the store lies on."""
    kind = kind_of(patient.places.state, mounts=mounts)
    if is_network(kind):
        yield Found(
            "warning",
            f"{patient.places.state} lies on a network file system ({kind}); nothing is recorded there, because its"
            " locks cannot be trusted. Move the folder to a local disk and name it.",
            (join(["findmnt", "--target", str(patient.places.state)]),),
        )
    else:
        yield Found("ok", f"The store lies on {kind or 'a file system of unknown kind'}.")


def disk(patient: Patient, *, least: int = LEAST_FREE) -> Iterator[Found]:
    """Look at the space that is left."""
    state = patient.places.state
    free = patient.figures["free_bytes"] = free_bytes(state)
    size = patient.places.log.stat().st_size if patient.places.log.is_file() else 0
    said = f"{free // 1024 // 1024:,} MiB are free on the disk that holds the store."
    if free < max(least, 2 * size):
        yield Found("warning", f"Only {said}", (join(["df", "-h", str(state)]),))
    else:
        yield Found("ok", said)


def leftovers(patient: Patient) -> Iterator[Found]:
    """Look for what commands that were cut off left behind."""
    left = beside_no_log(patient.places)
    if left:
        names = " and ".join(path.name for path in left)
        yield Found(
            "damage",
            f"{patient.places.log} is gone, but {names} of it is still there and may hold commands that are nowhere"
            " else. Put the log back, or move the rest of it away.",
            [join(["mv", str(path), f"{path}.old"]) for path in left],
        )
    folders = unfinished_in(patient.places.state / FOLDER)
    halves = [path for path in parts(patient.places) if not any(path.is_relative_to(folder) for folder in folders)]
    halves += folders
    for path in halves:
        remove = ["rm", "-r", str(path)] if path in folders else ["rm", str(path)]
        yield Found("warning", f"{path} was never finished; the command that wrote it is gone.", (join(remove),))
    if not left and not halves:
        yield Found("ok", "No command left anything half done.")
