"""Play every scenario: each step is a command line with its exit status, and what its JSON answer has to hold.

A step is one of: `run` (a line for orch), `at_once` (lines, each a process of its own, all started together), `write`
(a file: `text`, or `head` and `times` × `line` with {n}), `damage` (a file, by overwriting bytes in its middle),
`remove` (a file or a folder), `same` (two files with the same bytes).

`exit` is 0 unless said. `expect` maps a dotted path in the answer to its value: `*` stands for every row, `#` at the
end for how many there are; a value that begins with `~` has to be contained.
"""

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml

from tests.cli.conftest import Orch

HERE = Path(__file__).parent
ROOT = str(HERE.parents[1])
STEPS = {"run", "at_once", "write", "damage", "remove", "same"}
SCENARIOS = sorted(HERE.glob("*.yaml"))


@pytest.mark.parametrize("file", SCENARIOS, ids=lambda file: file.stem)
def test_the_scenario_goes_as_it_is_written(file: Path, project: Orch) -> None:
    scenario = yaml.safe_load(file.read_text("utf-8"))
    assert scenario["title"] and scenario["steps"]
    for number, step in enumerate(scenario["steps"], 1):
        (what,) = step.keys() & STEPS
        assert step.keys() <= {what, "exit", "expect"}, f"step {number}"
        match what:
            case "run":
                play(step, project, f"{file.name}, step {number}: {step['run']}")
            case "at_once":
                play_at_once(step, f"{file.name}, step {number}")
            case "write":
                write(step["write"])
            case "damage":
                damage(step["damage"])
            case "remove":
                remove(step["remove"])
            case "same":
                first, second = (Path(name).read_bytes() for name in step["same"])
                assert first == second, f"{file.name}, step {number}"


def test_no_scenario_of_the_plan_is_missing() -> None:
    assert {file.stem for file in SCENARIOS} == {
        "full_feature",
        "multi_phase_dependencies",
        "iterative_refinement",
        "error_isolation",
        "thousand_lines",
        "twenty_five_at_once",
        "corrupted_template",
        "corrupted_store",
    }


def play(step: dict[str, Any], orch: Orch, where: str) -> None:
    said = orch(*shlex.split(step["run"]), "--json")
    assert said.status == step.get("exit", 0), f"{where}: {said}"
    answer = orjson.loads(said.out)
    for path, value in step.get("expect", {}).items():
        check(answer, path, value, where)


def play_at_once(step: dict[str, Any], where: str) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "cli.main", *shlex.split(line), "--json"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=dict(os.environ, PYTHONPATH=ROOT),
        )
        for line in step["at_once"]
    ]
    for line, process in zip(step["at_once"], processes, strict=True):
        out, err = process.communicate(timeout=300)
        assert process.returncode == step.get("exit", 0), f"{where}: {line}: {out!r} {err!r}"
        assert orjson.loads(out)["ok"] is (process.returncode == 0), where


def check(answer: dict[str, Any], path: str, value: Any, where: str) -> None:
    found: Any = answer.get("data", answer.get("error"))
    rows = None
    for part in path.split("."):
        if part == "*":
            rows, found = found, None
        elif part == "#":
            found = len(found)
        elif rows is not None:
            rows = [row[part] for row in rows]
        else:
            found = found[int(part)] if isinstance(found, list) else found[part]
    for each in rows if rows is not None else [found]:
        if isinstance(value, str) and value.startswith("~"):
            assert value[1:] in str(each), f"{where}: {path} is {each!r}"
        else:
            assert each == value, f"{where}: {path} is {each!r}"
    assert rows is None or rows, f"{where}: {path} is empty"


def write(file: dict[str, Any]) -> None:
    path = Path(file["path"])
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = "".join(file.get("line", "").format(n=n) for n in range(1, file.get("times", 0) + 1))
    path.write_text(file.get("text", file.get("head", "") + lines), "utf-8")


def damage(name: str) -> None:
    with open(name, "r+b") as file:
        middle = file.seek(0, os.SEEK_END) // 2
        file.seek(middle)
        file.write(b"\xde\xad\xbe\xef" * 1024)


def remove(name: str) -> None:
    path = Path(name)
    shutil.rmtree(path) if path.is_dir() else path.unlink()
