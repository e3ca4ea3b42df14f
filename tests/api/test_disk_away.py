"""A disk that goes away under the service: every request that needs it gets the same answer, and none says damage."""

import fcntl
import os
import struct
from collections.abc import Iterator
from pathlib import Path
from subprocess import run
from typing import Any

import orjson
import pytest

from domain.errors import FilesUnavailable
from tests.api.served import Client, Reply, environment, new_project
from tests.api.test_process import running, token_for, words

SPEC = {"objectives": ["Round trip below 10 ms"]}
EXT4_IOC_SHUTDOWN, WITHOUT_FLUSHING = 0x8004587D, 2
"""What makes a real file system answer as one whose device is gone (fs/ext4/ext4.h)."""
AWAY = "log.db cannot be opened or read: its folder or its disk is away."
READS = ("/phases/st01-x/history", "/audit/trail", "/search?q=a", "/recover/plan?to=position:2", "/audit/proofs/2")
WRITES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("/phases/st02-y/spec", SPEC),
    ("/phases/st01-x/spec/approve", {}),
    ("/audit/checkpoint", {}),
    ("/audit/verify", {}),
    ("/rebuild", {}),
    ("/backups", {}),
    ("/recover/run", {"to": "position:2"}),
    ("/audit/key/rotate", {"reason": "x"}),
)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """Give a disk of its own, with a project."""
    image, folder = tmp_path / "disk.img", tmp_path / "disk"
    folder.mkdir()
    image.touch()
    os.truncate(image, 64 * 1024 * 1024)
    for line in (["mkfs.ext4", "-q", str(image)], ["mount", "-o", "loop", str(image), str(folder)]):
        try:
            made = run(line, capture_output=True, text=True)
        except OSError as error:
            pytest.skip(str(error))
        if made.returncode:
            pytest.skip(f"no disk can be mounted here: {made.stderr}")
    new_project(folder)
    yield folder
    run(["umount", "--lazy", folder], check=True)


def go_away(disk: Path) -> None:
    folder = os.open(disk, os.O_RDONLY)
    try:
        fcntl.ioctl(folder, EXT4_IOC_SHUTDOWN, struct.pack("I", WITHOUT_FLUSHING))
    finally:
        os.close(folder)


def told(reply: Reply) -> tuple[int, str, str, bool]:
    return reply.status, reply.code, reply.json["detail"], "retry-after" in reply.headers


def all_asked(holder: Client) -> list[Reply]:
    return [holder.get(path) for path in READS] + [holder.post(path, body) for path, body in WRITES]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a disk")
def test_a_disk_that_is_away_is_the_same_503_for_every_request(disk: Path) -> None:
    token = token_for(disk)
    with running(disk) as (process, client):
        holder = client.shows(token)
        assert holder.post("/phases/st01-x/spec", SPEC).status == 200
        go_away(disk)
        for _ in range(2):
            asked = all_asked(holder)
            said = {told(reply) for reply in asked if reply.status != 200}  # a little may be in memory
            assert sum(reply.status == 200 for reply in asked) <= 2
            assert said == {(503, FilesUnavailable.code, AWAY, False)}
        ready = client.get("/health/ready")
        assert ready.status == 503 and "STATE_ERROR" not in ready.json["error"]
        assert process.poll() is None, "it waits for the disk"
    done = run(words("status", "st01-x", "--json"), cwd=disk, env=environment(), capture_output=True)
    assert done.returncode == 8, (done.stdout, done.stderr)


def test_a_folder_that_is_away_is_nothing_that_the_log_has_never_seen(folder: Path) -> None:
    token = token_for(folder)
    with running(folder) as (_, client):
        holder = client.shows(token)
        assert holder.post("/phases/st01-x/spec", SPEC).status == 200
        (folder / ".orch").rename(folder / "away")
        asked = [holder.post(path, body) for path, body in WRITES if path not in ("/audit/verify", "/rebuild")]
        asked += [holder.get("/recover/plan?to=position:2"), holder.get("/audit/proofs/2")]
        assert {told(reply) for reply in asked} == {(503, FilesUnavailable.code, AWAY, False)}
        for line in (orjson.dumps(reply.json["fix"]) for reply in asked):
            assert b"orch init" not in line, "another log in its place would be the worst of all"
        assert not (folder / ".orch").exists(), "nothing is begun in its place"
        (folder / "away").rename(folder / ".orch")
        assert holder.get("/phases/st09-z").status == 404
        assert holder.post("/phases/st02-y/spec", SPEC).status == 200
