"""kill -9 while documents and the index follow a log that grows: no gap, no repeat, and what comes next goes on."""

import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen, run
from time import sleep

import orjson
import pytest

from adapters.places import find
from adapters.search_index import PART_BITS
from adapters.sqlite_log import SqliteLog
from cli import documents_following
from domain.commands import BlockPhase
from domain.following import doubt_about
from domain.phase_events import BlockerType
from tests.cli.following_world import ORCH, Process, documents_that_differ, following, fresh_rows, index_rows, spec
from tests.cli.large_log import environment
from tests.reliability.ledger import LONG, carry_out, meta, request
from usecases import search_following

ROUNDS = 80 if LONG else 20
ROOT = Path(__file__).parents[2]
BEGUN = 300
PHASES = 8


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Make a project."""
    run([ORCH, "init", "--host", "example.org"], cwd=tmp_path, env=environment(), check=True, stdout=DEVNULL)
    return tmp_path


def test_nothing_is_missing_and_nothing_is_there_twice_wherever_a_follower_is_killed(folder: Path) -> None:
    dice = random.Random(20261130)
    by_hand = folder / "dev/st00-hot/spec.md"
    seen = [0]
    with writing(folder):
        for turn in range(ROUNDS):
            if turn % 4 == 3:
                rebuilding = Process(folder, "--rebuild")
                sleep(0.2 + dice.random() * 0.5)
                rebuilding.kill()
            else:
                with following(folder) as process:
                    sleep(dice.random() * dice.choice((0.1, 0.3, 1.0)))
                    process.kill()
            seen.append(what_is_kept_is_whole(folder))
            if turn == ROUNDS // 2:
                followed(folder)
                by_hand.write_text("# By hand\n", "utf-8")
    assert max(seen) > BEGUN and len(set(seen)) >= ROUNDS // 5, "they followed before they were killed"
    followed(folder)
    assert by_hand.read_text("utf-8") == "# By hand\n"
    run([ORCH, "checkout", "st00-hot", "spec"], cwd=folder, env=environment(), check=True, stdout=DEVNULL)
    assert documents_that_differ(folder) == []
    assert not list(folder.glob("dev/*/.*.part")), "nothing of the killed is left"
    with SqliteLog.open(folder / ".orch/log.db", read_only=True) as log:
        assert index_rows(folder / ".orch/cache/search.db") == fresh_rows(log, folder / "anew.db")
    checked = run(
        [ORCH, "rebuild", "--check", "--json"], cwd=folder, env=environment(), check=False, stdout=PIPE, stderr=DEVNULL
    )
    data = orjson.loads(checked.stdout)["data"]
    assert (data["other_files"], data["other_search"], data["other_heads"]) == ([], False, [])


def what_is_kept_is_whole(folder: Path) -> int:
    """Check that the index holds all up to its position and nothing else, and return the position."""
    places = find(folder)
    file = search_following.file_of(places)
    with SqliteLog.open(places.log, read_only=True) as log, file.turn():
        documents, have = documents_following.file_of(places).seen(), None
        if file.path.exists():
            index = search_following.SearchFollower(file.path)
            have = index.followed()
            index.close()
        for each in (documents, have):
            assert each is None or doubt_about(each, log) is None
        if have is None:
            return 0
        (folder / "anew.db").unlink(missing_ok=True)
        anew = [row for row in fresh_rows(log, folder / "anew.db") if row[0] >> PART_BITS <= have.position]
        assert index_rows(file.path) == anew
        return have.position


def followed(folder: Path) -> None:
    """Let everything follow to the end, once."""
    run([ORCH, "follow", "--once"], cwd=folder, env=environment(), check=True, stdout=DEVNULL, stderr=DEVNULL)


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Let somebody write all the time."""
    writer = Popen(
        [sys.executable, "-m", "tests.reliability.test_kill_following", folder], cwd=ROOT, stdout=PIPE, text=True
    )
    try:
        assert writer.stdout is not None and writer.stdout.readline() == "begun\n"
        yield
        assert writer.poll() is None
    finally:
        writer.kill()
        writer.communicate()


def write_until_killed(folder: Path) -> None:
    """Write drafts of some phases, ask for verdicts and block them, without end."""
    dice = random.Random(20261201)
    with SqliteLog.open(folder / ".orch/log.db") as log:
        turn = 0
        while True:
            phase = f"st{dice.randrange(PHASES):02d}-hot" if turn >= PHASES else f"st{turn:02d}-hot"
            words = f"word{turn} " * dice.choice((1, 20, 300))
            if turn % 30 == 1 and turn >= PHASES:
                carry_out(log, BlockPhase(meta(), phase, BlockerType.RESOURCE_UNAVAILABLE, words))
            elif turn % 3 and turn >= PHASES:
                carry_out(log, request(phase))
            else:
                carry_out(log, spec(phase, words))
            turn += 1
            if turn == BEGUN:
                print("begun", flush=True)
            if turn >= BEGUN:
                sleep(0.01)


if __name__ == "__main__":
    write_until_killed(Path(sys.argv[1]))
