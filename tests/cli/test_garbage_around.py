"""Garbage around a command: the environment, a damaged store, streams that end early or never were."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from fcntl import ioctl
from pathlib import Path
from termios import FIONREAD
from time import monotonic, sleep
from typing import IO

import orjson
import pytest

from tests.cli.garbage_world import BARE, World

pytestmark = pytest.mark.in_file


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> World:
    world = World(tmp_path_factory.mktemp("made"))
    world.make()
    return world


@pytest.fixture
def world(made: World, tmp_path: Path) -> World:
    """Return a project of one's own, where every phase stands somewhere else."""
    return made.copy(tmp_path / "world")


@pytest.mark.parametrize(
    "words",
    [
        "",
        " ",
        "\t",
        "x" * 5_000,
        "/nonexistent/x",
        "/dev/null",
        "/proc/self/mem",
        "\udcff",
        "\x1b[2J",
        "../others",
        "~",
    ],
)
@pytest.mark.parametrize(
    "name",
    [
        "ORCHESTRATOR_ACTOR",
        "ORCHESTRATOR_ACTOR_KIND",
        "ORCHESTRATOR_COMMAND_ID",
        "ORCHESTRATOR_STATE_DIR",
        "ORCHESTRATOR_TEMPLATE_DIR",
        "ORCHESTRATOR_CONFIG",
        "COLUMNS",
        "TERM",
        "HOME",
    ],
)
def test_the_environment_holds_anything(world: World, name: str, words: str) -> None:
    for line in (
        ("list", "--json"),
        ("config", "show", "--json"),
        ("doctor", "--json"),
        ("spec", "st02-middle", "--objectives", "x"),
        ("approve", "st03-blocked", "spec"),
    ):
        world.tried(*line, env={name: words})


def a_file_for_a_folder(state: Path) -> None:
    shutil.rmtree(state)
    state.write_text("x")


def foreign(state: Path) -> None:
    (state / "log.db").unlink()
    other = sqlite3.connect(state / "log.db")
    other.execute("CREATE TABLE notes (text)")
    other.commit()
    other.close()


def cut(state: Path) -> None:
    (state / "log.db").write_bytes((state / "log.db").read_bytes()[:5_000])


def scrambled(state: Path) -> None:
    data = bytearray((state / "log.db").read_bytes())
    data[4_096:] = bytes(b ^ 0x5A for b in data[4_096:])
    (state / "log.db").write_bytes(bytes(data))


def words_for_a_log(state: Path) -> None:
    (state / "log.db").write_text("not a database\n" * 1_000)


def nothing_for_a_log(state: Path) -> None:
    (state / "log.db").write_bytes(b"")


def a_folder_for_a_log(state: Path) -> None:
    (state / "log.db").unlink()
    (state / "log.db").mkdir()


def a_pipe_for_a_log(state: Path) -> None:
    (state / "log.db").unlink()
    os.mkfifo(state / "log.db")


def a_key_for_a_folder(state: Path) -> None:
    shutil.rmtree(state / "locks", ignore_errors=True)
    (state / "locks").write_text("x")


BROKEN = [
    a_file_for_a_folder,
    foreign,
    cut,
    scrambled,
    words_for_a_log,
    nothing_for_a_log,
    a_folder_for_a_log,
    a_pipe_for_a_log,
    a_key_for_a_folder,
]
LINES = [
    ("list",),
    ("status", "st01-done"),
    ("show", "st01-done", "spec"),
    ("history", "st01-done"),
    ("why", "st01-done"),
    ("next",),
    ("doctor",),
    ("policy", "show"),
    ("list", "--at", "position:3"),
    ("spec", "st05-new", "--objectives", "x"),
    ("approve", "st02-middle", "research"),
    ("checkout", "st01-done", "spec"),
    ("init", "--host", "example.org"),
]


@pytest.mark.parametrize("damage", BROKEN, ids=lambda damage: damage.__name__)
def test_a_store_that_is_none_is_refused_by_every_command(world: World, damage: Callable[[Path], None]) -> None:
    state = world.project / ".orch"
    for leftover in state.glob("log.db-*"):
        leftover.unlink()
    damage(state)
    statuses = {world.tried(*line, "--json").status for line in LINES}
    assert statuses & {4, 6, 8}


def test_a_folder_that_is_gone_is_named(world: World, tmp_path: Path) -> None:
    code = "import os, sys; os.mkdir('gone'); os.chdir('gone'); os.rmdir('../gone'); from cli.main import run; run()"
    for line in (["list", "--json"], ["init", "--json"], ["status", "x", "--json"]):
        said = subprocess.run([sys.executable, "-c", code, *line], cwd=tmp_path, env=real(), capture_output=True)
        assert said.returncode == 8 and orjson.loads(said.stdout)["error"]["fix"], said


def test_a_folder_whose_name_is_not_text_is_refused_in_words(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.others.mkdir()
    world.project = Path(os.fsdecode(os.fsencode(tmp_path) + b"/project\xff"))
    world.project.mkdir()
    for line in (("init",), ("list",), ("spec", "st01-x", "--objectives", "x")):
        said = world.run(*line, "--json")
        assert said.status in (2, 4) and said.error["code"] in ("VALIDATION_ERROR", "NOT_FOUND")


def real() -> dict[str, str]:
    """Return the environment of a real process."""
    root = str(Path(__file__).parents[2])
    return {**os.environ, **{name: value for name, value in BARE.items() if value}, "PYTHONPATH": root}


def shell(world: World, line: str) -> subprocess.CompletedProcess[bytes]:
    orch = f"{sys.executable} -m cli.main"
    script = f'orch() {{ {orch} "$@"; }}; {line}; echo "statuses ${{PIPESTATUS[@]}}" >&2'
    return subprocess.run(["bash", "-c", script], cwd=world.project, env=real(), capture_output=True, timeout=60)


@pytest.mark.parametrize(
    ("line", "statuses"),
    [
        ("orch list | head -0", "0 0"),
        ("orch nosuch --json | head -0", "2 0"),
        ("orch nosuch 2> >(true)", "2"),
        ("orch show st01-done spec --raw | head -0", "0 0"),
        ("orch --help | head -0", "0 0"),
        ("orch list >&-", "0"),
        ("orch list --json <&- 2>&-", "0"),
        ("orch list --json > /dev/full", "8"),
        ("orch show st01-done spec --raw > /dev/full", "8"),
        ("orch nosuch --json > /dev/full", "2"),
        ("orch spec st05-new --objectives x <&-", "0"),
        ("orch spec st05-new --from - <&-", "2"),
        ("PYTHONIOENCODING=ascii orch request st02-middle research", "0"),
    ],
)
def test_streams_that_end_early_or_never_were_give_no_traceback(world: World, line: str, statuses: str) -> None:
    said = shell(world, line)
    assert f"statuses {statuses}" in said.stderr.decode(), said
    assert b"Traceback" not in said.stderr and b"Exception ignored" not in said.stderr, said


def unread(pipe: IO[bytes]) -> int:
    """Return how many bytes wait in a pipe: none are left once the command reads it."""
    return int.from_bytes(ioctl(pipe.fileno(), FIONREAD, bytes(4)), sys.byteorder)


def test_control_c_cancels_in_words(world: World) -> None:
    before = world.length()
    line = [sys.executable, "-m", "cli.main", "spec", "st05-new", "--json", "--from", "-"]
    with subprocess.Popen(
        line, cwd=world.project, env=real(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        process.stdin.write(b"#")
        process.stdin.flush()
        until = monotonic() + 30
        while unread(process.stdin) and monotonic() < until:
            sleep(0.02)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 130 and b"Traceback" not in err, (out, err)
    assert orjson.loads(out)["error"]["code"] == "CANCELLED"
    assert world.length() == before
