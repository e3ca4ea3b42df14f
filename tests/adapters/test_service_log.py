"""The log of the service: lines in files that are cut, one service for each folder, and nobody waits for it."""

import os
import pty
from pathlib import Path
from threading import Thread
from typing import Any

import orjson
import pytest

from adapters.log_files import LogFile
from adapters.service_log import COMBINED, ERRORS, LogSettings, ServiceLog


def lines(path: Path) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]


def settings(folder: Path | None, **more: Any) -> LogSettings:
    return LogSettings(folder, console=None)._replace(**more)


def test_errors_stand_in_both_files_and_everything_in_one(tmp_path: Path) -> None:
    log = ServiceLog(settings(tmp_path / "logs"))
    log.say("info", "request", operation="spec", none=None)
    log.say("error", "bug", operation="spec")
    log.say("debug", "unheard")
    log.close()
    both, errors = lines(tmp_path / "logs" / COMBINED), lines(tmp_path / "logs" / ERRORS)
    assert [line["event"] for line in both] == ["request", "bug"] and [line["event"] for line in errors] == ["bug"]
    assert list(both[0]) == ["timestamp", "level", "event", "operation"] and both[0]["timestamp"].endswith("Z")
    assert (tmp_path / "logs" / COMBINED).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(("level", "heard"), [("debug", 4), ("info", 3), ("warn", 2), ("warning", 2), ("error", 1)])
def test_a_level_leaves_out_what_is_below_it(level: str, heard: int, tmp_path: Path) -> None:
    log = ServiceLog(settings(tmp_path, level=level))
    for each in ("debug", "info", "warning", "error"):
        log.say(each, "said")
    log.close()
    assert len(lines(tmp_path / COMBINED)) == heard


@pytest.mark.parametrize("files", [1, 2, 5])
def test_a_file_is_cut_at_its_size_and_so_many_are_kept(files: int, tmp_path: Path) -> None:
    file = LogFile(tmp_path / "x.log", most_bytes=100, files=files)
    for number in range(200):
        file.write(b"%038d\n" % number)
    file.close()
    kept = sorted(path.name for path in tmp_path.iterdir())
    assert kept == ["x.log", *(f"x.log.{n}" for n in range(1, files))]
    assert all(path.stat().st_size <= 100 for path in tmp_path.iterdir())
    in_order = [int(line) for name in reversed(kept) for line in (tmp_path / name).read_bytes().split()]
    assert in_order == list(range(200 - len(in_order), 200)) and file.lost == 0


def test_a_file_that_was_there_is_gone_on_with(tmp_path: Path) -> None:
    for number in range(3):
        file = LogFile(tmp_path / "x.log", most_bytes=1000, files=2)
        file.write(b"%d\n" % number)
        file.close()
    assert (tmp_path / "x.log").read_bytes() == b"0\n1\n2\n"


def test_what_a_full_disk_has_no_room_for_is_counted_and_the_next_line_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = LogFile(tmp_path / "x.log", most_bytes=1000, files=2)
    write = os.write
    monkeypatch.setattr("adapters.log_files.AGAIN_SECONDS", 0.0)
    monkeypatch.setattr("adapters.log_files.os.write", lambda to, data: write(to, data[:2]))
    file.write(b"first\n")
    monkeypatch.setattr("adapters.log_files.os.write", write)
    file.write(b"second\n")
    file.close()
    assert (tmp_path / "x.log").read_bytes() == b"fi\nsecond\n" and file.lost == 1


def test_a_device_that_is_full_stops_nobody() -> None:
    file = LogFile(Path("/dev/full"), most_bytes=1000, files=2)
    file.write(b"a\n")
    file.write(b"b\n")
    assert file.lost == 2


def test_a_link_is_not_written_through(tmp_path: Path) -> None:
    (tmp_path / COMBINED).symlink_to(tmp_path / "elsewhere")
    log = ServiceLog(settings(tmp_path))
    log.say("info", "said")
    log.close()
    assert log.lost == 1 and not (tmp_path / "elsewhere").exists()


def test_a_second_service_leaves_the_files_to_the_first(tmp_path: Path) -> None:
    first, second = ServiceLog(settings(tmp_path)), ServiceLog(settings(tmp_path))
    assert first.alone and not second.alone
    first.say("info", "first")
    second.say("info", "second")
    first.close()
    second.close()
    assert [line["event"] for line in lines(tmp_path / COMBINED)] == ["first"]
    third = ServiceLog(settings(tmp_path))
    assert third.alone
    third.close()


def test_a_folder_that_cannot_be_used_leaves_the_console(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    log = ServiceLog(settings(tmp_path / "file" / "logs"))
    assert not log.alone
    log.say("error", "said")
    log.close()


def test_a_terminal_gets_words_and_a_pipe_gets_json(tmp_path: Path) -> None:
    reads, writes = os.pipe()
    leader, follower = pty.openpty()
    for console in (writes, follower):
        log = ServiceLog(settings(tmp_path, console=console))
        log.say("info", "request", operation="spec", said="a\x1b[31mb")
        log.close()
    piped, shown = os.read(reads, 4096), os.read(leader, 4096)
    for each in (reads, writes, leader, follower):
        os.close(each)
    assert orjson.loads(piped)["operation"] == "spec"
    assert b"info    request operation=spec" in shown and b"\x1b" not in shown and b"\x1b" not in piped


def test_a_console_that_nobody_reads_holds_nobody_up(tmp_path: Path) -> None:
    reads, writes = os.pipe()
    log = ServiceLog(settings(tmp_path, console=writes))

    def speak() -> None:
        for _ in range(11_000):
            log.say("info", "said", text="x" * 400)

    saying = Thread(target=speak)
    saying.start()
    saying.join(30)
    assert not saying.is_alive() and log.lost > 0
    os.close(reads)
    log.close()
    os.close(writes)
