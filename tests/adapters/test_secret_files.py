"""Files that hold a secret: read by their owner alone, or by the group to which an administrator gave them."""

import os
from pathlib import Path

import pytest

from adapters.secret_files import secret_in
from domain.errors import FilesUnavailable, InvalidInput


def secret(path: Path) -> str:
    return secret_in(path, most=100, setting="token_file")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "token"
    path.write_text("orch_abc\n")
    path.chmod(0o600)
    return path


def test_its_words_are_read_without_the_end_of_the_line(file: Path) -> None:
    assert secret(file) == "orch_abc"


@pytest.mark.parametrize("mode", [0o604, 0o644, 0o602, 0o601])
def test_what_others_can_read_is_no_secret(file: Path, mode: int) -> None:
    file.chmod(mode)
    with pytest.raises(InvalidInput) as caught:
        secret(file)
    assert caught.value.fix == (f"chmod 600 {file}",)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to somebody")
def test_a_group_reads_what_belongs_to_root_and_nothing_else(file: Path) -> None:
    file.chmod(0o640)
    os.chown(file, 0, 12345)
    assert secret(file) == "orch_abc"
    os.chown(file, 12345, 12345)
    with pytest.raises(InvalidInput):
        secret(file)


def test_what_is_no_file_is_refused_and_nobody_waits_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    for path in (tmp_path / "pipe", tmp_path):
        with pytest.raises(InvalidInput, match="no regular file"):
            secret(path)
    for name in ("none", "nul\x00", "x" * 5000):
        with pytest.raises(FilesUnavailable):
            secret(tmp_path / name)
