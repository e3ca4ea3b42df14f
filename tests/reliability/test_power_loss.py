"""Power loss at every point of a run: no acknowledged command is lost, and the store is whole."""

from pathlib import Path
from random import Random

import apsw
import pytest

from adapters import sqlite_connection, sqlite_log
from adapters.sqlite_log import SqliteLog
from domain.errors import Refusal
from tests.reliability.disk import Acknowledged, Crash, Image, Note, RecordingDisk, crashes
from tests.reliability.ledger import LONG, carry_out, check, draft, new_log, request

STATES = 5000 if LONG else 400
DATA = ("log.db", "log.db-wal")
"""What a disk keeps; the shared memory of the WAL is gone after power loss."""


class CarelessLog(SqliteLog):
    """The control: the same log with the sync at commit left out."""

    def _opened_to_write(self) -> apsw.Connection:
        writer = super()._opened_to_write()
        writer.execute("PRAGMA synchronous = NORMAL")
        return writer


def run(folder: Path, kind: type[SqliteLog], *, commands: int) -> tuple[Image, list[Note]]:
    """Write commands on a recording disk; return what was durable before and all that happened."""
    path = new_log(folder)
    with SqliteLog.open(path) as log:
        carry_out(log, draft("hot"))
    start = {file.name: bytearray(file.read_bytes()) for file in folder.iterdir() if file.name in DATA}
    disk = RecordingDisk(f"recording-{kind.__name__}-{commands}")
    with kind.open(path, vfs=f"recording-{kind.__name__}-{commands}") as log:
        for turn in range(commands):
            command = draft("hot") if turn % 3 == 0 else request("hot")
            carry_out(log, command)
            disk.notes.append(Acknowledged(command.meta.command_id))
    return start, disk.notes


def lost(crash: Crash, folder: Path) -> bool:
    """Restart on a crash state: tell whether something acknowledged is gone; anything else wrong is an error."""
    for file in folder.iterdir():
        file.unlink()
    for name, content in crash.image.items():
        if name in DATA:
            (folder / name).write_bytes(content)
    with SqliteLog.open(folder / "log.db") as log:
        return not crash.acknowledged <= check(log)


def count_losses(folder: Path, kind: type[SqliteLog], *, states: int) -> tuple[int, int]:
    """Return how many crash states were tried and how many of them lost or damaged something acknowledged."""
    written, restarted = folder / "written", folder / "restarted"
    written.mkdir(parents=True)
    restarted.mkdir()
    start, notes = run(written, kind, commands=60)
    every = 1 if states > len(notes) else len(notes) // states
    tries = -(-states // (len(notes) // every))
    tried = losses = 0
    for crash in crashes(start, notes, dice=Random(7), every=every, tries=tries):
        tried += 1
        try:
            losses += lost(crash, restarted)
        except (Refusal, AssertionError):
            losses += 1
    return tried, losses


@pytest.fixture(autouse=True)
def checkpoints_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the run pass through many checkpoints, where the order of syncs matters most, and cut the WAL after each."""
    monkeypatch.setattr(sqlite_log, "WAL_PAGES", 40)
    monkeypatch.setattr(sqlite_connection, "WAL_BYTES", 20 * 4096)


def test_no_acknowledged_command_is_lost_to_power_loss(tmp_path: Path) -> None:
    tried, losses = count_losses(tmp_path, SqliteLog, states=STATES)
    assert tried >= STATES
    assert losses == 0


def test_the_simulator_finds_what_a_careless_log_loses(tmp_path: Path) -> None:
    _, losses = count_losses(tmp_path, CarelessLog, states=STATES)
    assert losses > 0
