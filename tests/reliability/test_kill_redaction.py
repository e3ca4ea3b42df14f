"""kill -9 while texts are erased, or a log is upgraded: nothing done, or something that running again finishes."""

import random
import signal
import sys
from pathlib import Path
from subprocess import PIPE, Popen
from time import sleep

import apsw

from adapters.envelope import envelope_of
from adapters.sqlite_log import SqliteLog
from adapters.sqlite_upgrade import upgrade_log
from domain.commands import BlockPhase, RedactPayload
from domain.event_log import Record
from domain.phase_events import BlockerType
from tests.adapters.schema_1 import as_schema_1
from tests.reliability.ledger import LONG, carry_out, check, draft, meta, new_log

ROUNDS = 60 if LONG else 6
TEXTS = 600 if LONG else 60
ROOT = Path(__file__).parents[2]


def token(position: int) -> bytes:
    return b"<secret %05d>" % position


def redaction(position: int) -> RedactPayload:
    """Return a command whose repetition is the same command."""
    return RedactPayload(meta(f"redact-{position}"), position, "a secret")


def log_of_secrets(folder: Path) -> tuple[Path, list[int]]:
    """Make a log of blockers of all sizes, each with a secret of its own; return their positions, too."""
    path, positions = new_log(folder), []
    dice = random.Random(20261127)
    with SqliteLog.open(path) as log:
        at = carry_out(log, draft("hot")).last
        for _ in range(TEXTS):
            at += 1
            words = token(at).decode() * dice.choice((1, 5, 40, 300, 4000))
            receipt = carry_out(log, BlockPhase(meta(), "hot", BlockerType.RESOURCE_UNAVAILABLE, words))
            assert receipt.last == at
            positions.append(at)
    return path, positions


def test_a_text_is_there_or_redacted_wherever_the_eraser_is_killed(tmp_path: Path) -> None:
    path, positions = log_of_secrets(tmp_path)
    dice = random.Random(20261128)
    done: set[int] = set()
    for _ in range(ROUNDS):
        eraser = started("redact", path, positions[0], positions[-1])
        assert eraser.stdout is not None and eraser.stdout.readline() == "begun\n"
        done |= {int(eraser.stdout.readline()) for _ in range(dice.randrange(4))}  # however long they take
        sleep(dice.random() * 0.02)
        done |= {int(line) for line in killed(eraser)}
        with SqliteLog.open(path) as log:
            check(log)
            records = list(log.records())
            redacted = redactions(records)
            erased = {r.position for r in records if r.payload is None and r.salt is None and r.position in positions}
            assert done <= redacted == erased, "in one transaction, or not at all"
            for position in redacted:
                assert carry_out(log, redaction(position)).repeated
            log.scrub()
        raw = b"\0".join(file.read_bytes() for file in tmp_path.iterdir())
        assert [position for position in positions if token(position) in raw] == sorted(set(positions) - redacted)
    assert done, "the erasers were killed before they erased anything"


def test_an_upgrade_that_is_killed_has_done_nothing_or_everything(tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    source, _ = log_of_secrets(tmp_path / "new")
    with SqliteLog.open(source) as log:
        events = list(log.records())
    dice = random.Random(20261129)
    left = 0
    for turn in range(ROUNDS):
        folder = tmp_path / str(turn)
        folder.mkdir()
        path = as_schema_1(source, folder / "log.db")
        upgrader = started("upgrade" if turn else "begin to upgrade", path)
        assert upgrader.stdout is not None and upgrader.stdout.readline()
        sleep(dice.random() * 0.03 * turn / ROUNDS)
        killed(upgrader)
        connection = apsw.Connection(str(path))
        version = connection.pragma("user_version")
        connection.close()
        left += version == 1
        assert upgrade_log(path).before == version
        with SqliteLog.open(path) as log:
            check(log)
            assert list(log.records()) == events
    assert left, "every upgrade had ended before it was killed"


def redactions(records: list[Record]) -> set[int]:
    return {envelope_of(r)["facts"]["position"] for r in records if r.topic == "ledger.payload_redacted"}


def started(*words: object) -> "Popen[str]":
    line = [sys.executable, "-m", "tests.reliability.test_kill_redaction", *map(str, words)]
    return Popen(line, cwd=ROOT, stdout=PIPE, text=True)


def killed(process: "Popen[str]") -> list[str]:
    """Kill a process, and return the lines that it had said to their end."""
    process.send_signal(signal.SIGKILL)
    return process.communicate()[0].split("\n")[:-1]


def redact_until_killed(path: Path, first: int, last: int) -> None:
    """Redact one text after the other, and say each that is done."""
    print("begun", flush=True)
    with SqliteLog.open(path) as log:
        for position in range(first, last + 1):
            carry_out(log, redaction(position))
            log.scrub()
            print(position, flush=True)


def begin_to_upgrade(path: Path) -> None:
    """Upgrade a log, and wait to be killed when that has begun: on a fast disk it would be over by then."""

    def waits(size: int) -> None:
        print(size, flush=True)
        sleep(600)

    upgrade_log(path, begins=waits)


if __name__ == "__main__":
    what, place = sys.argv[1], Path(sys.argv[2])
    if what == "redact":
        redact_until_killed(place, int(sys.argv[3]), int(sys.argv[4]))
    elif what == "begin to upgrade":
        begin_to_upgrade(place)
    else:
        upgrade_log(place, begins=lambda size: print(size, flush=True))
