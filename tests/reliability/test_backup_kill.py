"""Backups whose makers are killed, run out of disk, or meet: the old state or the new one, and simply run again."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from subprocess import PIPE, Popen
from time import monotonic, sleep

import orjson
import pytest

from adapters.backup_folder import Folder
from adapters.backup_target import read_target
from adapters.sqlite_log import SqliteLog
from cli.backup_ship import Shipped, Shipping
from domain.errors import NotFound, Unavailable
from tests.adapters.test_sqlite_full_disk import no_file_longer_than
from tests.cli.conftest import Orch, orch
from tests.cli.verified_world import many
from tests.reliability.backup_world import LOG, lay, leftovers
from tests.reliability.backup_world import files_in as files_of
from tests.reliability.ledger import LONG, carry_out, request

__all__ = ["orch"]  # a fixture

ROOT = Path(__file__).parents[2]
AWAY = Path("away")
ALL = [
    *("write", "pwrite64", "ftruncate", "fsync", "fdatasync"),
    *("rename", "renameat2", "link", "linkat", "unlink", "unlinkat", "mkdir", "mkdirat", "rmdir"),
]
CALLS, STEP = (ALL, 1) if LONG else (["fsync", "rename"], 5)
"""The long run kills at every call that changes anything; the ordinary one at some."""
MOST = 400
RESTORE = ("backup", "restore", "--from", "away", "--out", "new")


def can_trace() -> bool:
    """Tell whether strace can be used here: some containers forbid it."""
    if not shutil.which("strace"):
        return False
    return subprocess.run(["strace", "-qq", "-o", "/dev/null", "true"], capture_output=True).returncode == 0


needs_strace = pytest.mark.skipif(not can_trace(), reason="strace is not here, or may not trace")


def killed_at(call: str, number: int, words: Sequence[str]) -> bool:
    """Run orch until it makes that system call so many times; tell whether it was killed there."""
    inject = f"inject=?{call}:signal=SIGKILL:when={number}"
    line = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace=?{call}", "-e", inject]
    ran = subprocess.run([*line, sys.executable, "-m", "cli.main", *words], env=environment(), capture_output=True)
    assert ran.returncode in (0, -signal.SIGKILL, 128 + signal.SIGKILL), ran
    return ran.returncode != 0


def failed_at(call: str, number: int, error: str, words: Sequence[str]) -> tuple[int, bool]:
    """Run orch, let that system call fail once; return the exit status and whether there was such a call."""
    inject = f"inject=?{call}:error={error}:when={number}"
    line = ["strace", "-f", "-qq", "-o", "said", "-e", f"trace=?{call}", "-e", inject]
    ran = subprocess.run([*line, sys.executable, "-m", "cli.main", *words], env=environment(), capture_output=True)
    assert b"Traceback" not in ran.stderr, ran
    return ran.returncode, "(INJECTED)" in Path("said").read_text(errors="replace")


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}


def every_kill(words: Sequence[str], before: Callable[[], object]) -> Iterator[tuple[str, int]]:
    """Yield after every kill, until the command completes without one; each time it begins with the same state."""
    kills = 0
    for call in CALLS:
        for number in range(1, MOST, STEP):
            before()
            if not killed_at(call, number, words):
                break
            kills += 1
            yield call, number
    assert kills, "nothing was killed while it worked"


def length_of(folder: Path) -> int:
    """Return how far the newest copy goes; refuse anything that is not whole."""
    try:
        target = read_target(Folder(folder))
    except NotFound:
        return 0
    return target.copy().last if target.copies else 0


def length() -> int:
    with SqliteLog.open(LOG, read_only=True) as log:
        return log.moment().position


@pytest.fixture
def project(orch: Orch) -> Orch:
    """Return a project with a backup and one event that is not in it."""
    orch("init", "--host", "example.org")
    orch("spec", "st01-x", "--objectives", "Round trip below 10 ms")
    assert orch("backup", "create", "--to", "away").status == 0
    orch("approve", "st01-x", "spec")
    return orch


@needs_strace
@pytest.mark.parametrize("words", [(), ("--full",)] if LONG else [()])
def test_create_killed_anywhere_leaves_the_old_state_or_the_new_one(project: Orch, words: tuple[str, ...]) -> None:
    old, size = files_of(AWAY), length()
    whole = ("backup", "verify", "--from", "away", "--vkey", project("audit", "key", "show", "--json").data["key"])
    for call, number in every_kill(("backup", "create", "--to", "away", *words), lambda: lay(old, AWAY)):
        assert length_of(AWAY) in (size - 1, size), (call, number)
        assert project(*whole).status == 0, (call, number)
        assert length() == size
        assert project("backup", "create", "--to", "away").status == 0, (call, number)
        assert length_of(AWAY) == size and project(*whole).status == 0
        assert leftovers(AWAY) == leftovers(AWAY / "copy-0001") == [], (call, number)


@needs_strace
def test_the_first_backup_killed_anywhere_can_simply_be_made_again(project: Orch) -> None:
    for call, number in every_kill(("backup", "create", "--to", "first"), lambda: shutil.rmtree("first", True)):
        assert length_of(Path("first")) in (0, length()), (call, number)
        assert project("backup", "create", "--to", "first").status == 0, (call, number)
        assert length_of(Path("first")) == length() and leftovers(Path("first")) == []
        assert project("backup", "verify", "--from", "first").status == 0


@needs_strace
def test_restore_killed_anywhere_leaves_nothing_or_the_whole_store(project: Orch) -> None:
    project("backup", "create", "--to", "away")
    with SqliteLog.open(LOG, read_only=True) as log:
        events = list(log.records())
    old = files_of(AWAY)
    for call, number in every_kill(
        ("backup", "restore", "--from", "away", "--out", "new"), lambda: shutil.rmtree("new", True)
    ):
        if Path("new").exists():
            with SqliteLog.open(Path("new/log.db"), read_only=True) as log:
                assert list(log.records()) == events, (call, number)
            shutil.rmtree("new")
        assert project(*RESTORE).status == 0, (call, number)
        assert not list(Path().glob(".new*")), (call, number)
        assert files_of(AWAY) == old


@needs_strace
def test_prune_killed_anywhere_leaves_whole_copies(project: Orch) -> None:
    project("backup", "create", "--to", "away", "--full")
    old = files_of(AWAY)
    words = ("backup", "prune", "--to", "away", "--keep-days", "0", "--keep-copies", "1", "--yes")
    for call, number in every_kill(words, lambda: lay(old, AWAY)):
        assert project("backup", "verify", "--from", "away").status == 0, (call, number)
        assert length_of(AWAY) == length()
        assert project(*words).status == 0, (call, number)
        assert [row["copy"] for row in project("backup", "list", "--from", "away", "--json").data["rows"]] == [
            "copy-0002"
        ]
        assert not (AWAY / "copy-0001").exists()


@needs_strace
@pytest.mark.parametrize("error", ["EIO", "ENOSPC"])
@pytest.mark.parametrize("command", ["create", "restore"])
def test_a_disk_that_says_no_is_for_another_time_and_nothing_is_half_done(
    project: Orch, command: str, error: str
) -> None:
    old, size = files_of(AWAY), length()
    words = ("backup", "create", "--to", "away") if command == "create" else RESTORE
    refused = 0
    for call in ALL if LONG else ["fsync", "link"]:
        for number in range(1, MOST, STEP if LONG else 3):
            lay(old, AWAY)
            shutil.rmtree("new", ignore_errors=True)
            status, made = failed_at(call, number, error, words)
            if not made:
                break
            assert status in (0, 8), (call, number, status)
            refused += status == 8
            assert length_of(AWAY) in (size - 1, size), (call, number)
            if command == "restore" and status == 8 and Path("new").exists():
                with SqliteLog.open(Path("new/log.db"), read_only=True) as log:  # the answer was all that failed
                    assert log.moment().position == size - 1
            shutil.rmtree("new", ignore_errors=True)
            assert project(*words).status == 0, (call, number)
            assert not list(Path().glob(".new*")) and leftovers(AWAY) == []
    assert refused


def test_a_shipper_killed_while_writers_append_has_shipped_all_but_the_last_moments(project: Orch) -> None:
    project("spec", "st02-x", "--objectives", "Something to ask about")
    with SqliteLog.open(LOG) as log:
        for turn in range(6 if LONG else 2):
            shipper = Popen(
                [sys.executable, "-m", "cli.main", "backup", "ship", "--follow", "--interval", "0.1", "--to", "away"],
                env=environment(),
                stdout=PIPE,
                stderr=PIPE,
            )
            until, acknowledged = monotonic() + 60, length()
            while length_of(AWAY) < acknowledged and monotonic() < until:
                carry_out(log, request("st02-x"))  # it ships while others write
                sleep(0.02)
            for _ in range(20):
                carry_out(log, request("st02-x"))
            acknowledged = log.moment().position
            while length_of(AWAY) < acknowledged and monotonic() < until:
                sleep(0.05)
            shipper.kill()
            shipper.communicate()
            assert length_of(AWAY) >= acknowledged, turn
            assert project("backup", "verify", "--from", "away").status == 0
    assert project("backup", "create", "--to", "away").status == 0
    assert project("backup", "verify", "--from", "away").status == 0
    assert leftovers(AWAY / "copy-0001") == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_shipper_that_is_asked_to_stop_says_what_it_shipped(project: Orch, number: signal.Signals) -> None:
    words = ["backup", "ship", "--follow", "--interval", "0.05", "--to", "away", "--json"]
    shipper = Popen([sys.executable, "-m", "cli.main", *words], env=environment(), stdout=PIPE, stderr=PIPE)
    until = monotonic() + 60
    while length_of(AWAY) < length() and monotonic() < until:
        sleep(0.05)
    project("reject", "st01-x", "spec", "--feedback", "no")
    while length_of(AWAY) < length() and monotonic() < until:
        sleep(0.05)
    shipper.send_signal(number)
    out, err = shipper.communicate(timeout=30)
    assert shipper.returncode == 0, (out, err)
    told = orjson.loads(out)["data"]
    assert told["last"] == length() and told["segments"] >= 1
    assert read_target(Folder(AWAY)).listed.making is None


@pytest.mark.parametrize("limit", [1, 300, 700, 1500])
def test_a_full_disk_leaves_the_old_backups_and_room_lets_them_go_on(project: Orch, limit: int) -> None:
    size = length()
    with no_file_longer_than(limit):
        refused = project("backup", "create", "--to", "away", "--json")
    assert refused.status in (0, 8), refused
    assert length_of(AWAY) == (size if refused.status == 0 else size - 1)
    assert project("backup", "verify", "--from", "away").status == 0
    with no_file_longer_than(limit * 20):
        refused = project("backup", "restore", "--from", "away", "--out", "new", "--json")
    assert refused.status == 8 and not Path("new").exists() and not list(Path().glob(".new*")), refused
    assert project("backup", "create", "--to", "away").status == 0
    assert length_of(AWAY) == size


@pytest.mark.parametrize("limit", [1, 300, 700, 1500])
def test_a_shipper_goes_on_once_there_is_room_again(project: Orch, limit: int) -> None:
    told: Shipped = json.loads(project("backup", "ship", "--to", "other", "--json").out)["data"]
    for target in ("away", "new"):
        shipping = Shipping(target, None, told | {"last": 0})
        with no_file_longer_than(limit):
            for _ in range(2):
                with suppress(Unavailable):
                    shipping.once()
        project("block", "st01-x", "no sound card")
        shipping.once()
        assert length_of(Path(target)) == length()
        assert project("backup", "verify", "--from", target).status == 0
        assert leftovers(Path(target)) == []


def test_two_that_back_up_at_once_take_turns(project: Orch) -> None:
    with SqliteLog.open(LOG) as log:
        log.append([many("st02-many", 300)])
    line = [sys.executable, "-m", "cli.main", "backup", "create", "--to", "away"]
    both = [Popen(line, env=environment(), stdout=PIPE, stderr=PIPE) for _ in range(4)]
    assert [each.wait(60) for each in both] == [0] * 4
    for each in both:
        each.communicate()
    (row,) = project("backup", "list", "--from", "away", "--json").data["rows"]
    assert row["last"] == length() and len(row["segments"]) == 2
