"""Files replaced whole: however little the system takes at a time, and nothing is left where it takes no more."""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from adapters import whole_files


def test_what_is_written_in_pieces_is_there_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write, read = os.write, os.read
    monkeypatch.setattr(os, "write", lambda file, data: write(file, data[:7]))
    monkeypatch.setattr(os, "read", lambda file, most: read(file, min(most, 5)))
    path, data = tmp_path / "spec.md", bytes(range(256)) * 4
    path.write_bytes(b"what was there before, and is longer than what comes" * 100)
    whole_files.replace(str(path), data)
    file = os.open(path, os.O_RDONLY)
    assert whole_files.read(file, most=len(data)) == data
    os.close(file)
    assert os.listdir(tmp_path) == ["spec.md"]


def test_of_a_file_that_is_too_large_no_more_is_read_than_shows_it(tmp_path: Path) -> None:
    path = tmp_path / "spec.md"
    path.write_bytes(b"a" * (3 * whole_files.CHUNK))
    file = os.open(path, os.O_RDONLY)
    assert len(whole_files.read(file, most=100)) == 101
    os.close(file)


def opened_below(folder: Path) -> list[str]:
    """Return what of a folder this process has open."""
    found = []
    for name in os.listdir("/proc/self/fd"):
        with suppress(FileNotFoundError):  # it was the listing, or that of another thread
            found.append(os.readlink(f"/proc/self/fd/{name}"))
    return [path for path in found if path.startswith(str(folder))]


@pytest.mark.parametrize("step", ["write", "fsync", "replace"])
def test_where_the_disk_says_no_the_old_file_stays_and_nothing_beside_it(
    step: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "spec.md"
    path.write_bytes(b"old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, step, full)
        with pytest.raises(OSError, match="No space left"):
            whole_files.replace(str(path), b"new")
    assert (path.read_bytes(), os.listdir(tmp_path)) == (b"old", ["spec.md"])
    with pytest.raises(FileNotFoundError):
        whole_files.replace(str(tmp_path / "gone" / "spec.md"), b"new")
    assert opened_below(tmp_path) == [], "nothing is left open"


def test_a_file_is_on_the_disk_before_it_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    happened: list[str] = []
    for name in ("fsync", "replace"):
        monkeypatch.setattr(os, name, _noted(happened, name, getattr(os, name)))
    whole_files.replace(str(tmp_path / "spec.md"), b"new")
    assert happened == ["fsync", "replace"]


def _noted(happened: list[str], name: str, does: Callable[..., None]) -> Callable[..., None]:
    def done(*given: Any) -> None:
        happened.append(name)
        does(*given)

    return done
