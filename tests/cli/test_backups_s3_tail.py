"""Backups in a bucket that follow the log, and lose the texts that were erased."""

import os
import signal
import sys
from pathlib import Path
from subprocess import PIPE, Popen
from time import monotonic, sleep
from typing import Any

import orjson
import pytest
import zstandard

from tests.adapters.s3_servers import Server, moto_server, rclone_server
from tests.cli.conftest import Orch, position
from tests.cli.test_backup_redaction import SECRET, redact

__all__ = ["moto_server", "rclone_server"]  # fixtures

ROOT = Path(__file__).parents[2]
LINE = [sys.executable, "-m", "cli.main", "backup", "ship", "--follow", "--interval", "0.1", "--json", "--to"]


@pytest.fixture(params=["moto", "rclone"])
def server(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Server:
    chosen: Server = request.getfixturevalue(f"{request.param}_server")
    for name, value in chosen.environment().items():
        monkeypatch.setenv(name, value)
    return chosen


def bodies(server: Server, bucket: str) -> list[bytes]:
    """Return every object of a bucket, read by a client that is not ours."""
    client = server.client()
    listed = client.list_objects_v2(Bucket=bucket).get("Contents", [])
    return [client.get_object(Bucket=bucket, Key=each["Key"])["Body"].read() for each in listed]


def holds_secret(body: bytes) -> bool:
    """Tell whether an object is a segment with the text in it."""
    try:
        return SECRET.encode() in zstandard.ZstdDecompressor().decompressobj().decompress(body)
    except zstandard.ZstdError:
        return False


@pytest.mark.in_file
def test_pruning_what_was_redacted_takes_it_out_of_the_bucket(drafted: Orch, server: Server) -> None:
    bucket = server.bucket()
    to = f"s3://{bucket}/copies"
    drafted("block", "st01-x", SECRET)
    place = position(drafted)
    drafted("backup", "create", "--to", to)
    drafted("backup", "create", "--to", to, "--full")
    redact(place)
    drafted("backup", "create", "--to", to)
    before = bodies(server, bucket)
    assert sum(map(holds_secret, before)) == 2
    words = ("backup", "prune", "--to", to, "--redacted")
    shown = drafted(*words, "--json").data
    assert (shown["dry_run"], shown["rewritten"]) == (True, ["copy-0001", "copy-0002"])
    assert bodies(server, bucket) == before
    assert drafted(*words, "--yes", "--json").data["rewritten"] == ["copy-0001", "copy-0002"]
    assert not any(map(holds_secret, bodies(server, bucket)))
    assert drafted("backup", "verify", "--from", to).status == 0
    assert drafted(*words, "--yes", "--json").data["rewritten"] == []
    drafted("approve", "st01-x", "spec")
    assert drafted("backup", "create", "--to", to).status == 0
    assert drafted("backup", "drill", "--from", to).status == 0


def last_in(orch: Orch, to: str) -> int:
    """Return the last event that the bucket has, or 0."""
    said = orch("backup", "list", "--from", to, "--json")
    rows: list[dict[str, Any]] = said.data["rows"] if said.status == 0 else []
    return max((row["last"] for row in rows), default=0)


def follow(orch: Orch, to: str, *, end: signal.Signals) -> tuple[int, bytes]:
    """Let a shipper follow two events and end it; return its status and what it said."""
    with Popen([*LINE, to], env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=PIPE, stderr=PIPE) as shipper:
        for number in range(2):
            orch("block", "st01-x", f"reason {end.name} {number}")
            until = monotonic() + 60
            while last_in(orch, to) < position(orch) and monotonic() < until:
                sleep(0.05)
            assert last_in(orch, to) == position(orch)
        shipper.send_signal(end)
        out, _ = shipper.communicate(timeout=60)
    return shipper.returncode, out


@pytest.mark.in_file
def test_the_tail_is_followed_and_a_shipper_that_is_killed_loses_nothing_that_was_shipped(
    drafted: Orch, server: Server
) -> None:
    to = f"s3://{server.bucket()}"
    assert follow(drafted, to, end=signal.SIGKILL)[0] == -signal.SIGKILL
    assert drafted("backup", "verify", "--from", to).status == 0
    status, out = follow(drafted, to, end=signal.SIGTERM)
    told = orjson.loads(out)["data"]
    assert (status, told["last"], told["failed"]) == (0, position(drafted), 0)
    assert drafted("backup", "verify", "--from", to).status == 0
