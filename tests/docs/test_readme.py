"""The first walk of the README, typed in as it stands."""

import re
import shlex
from pathlib import Path

from tests.cli.conftest import Orch, orch

__all__ = ["orch"]
README = Path(__file__).parents[2] / "README.md"
REFUSED = "✗ "


def walk() -> list[tuple[list[str], list[str]]]:
    """Return the commands of the first walk, each with the lines that the README shows below it."""
    section = README.read_text("utf-8").split("## A first walk")[1].split("\n## ")[0]
    steps: list[tuple[list[str], list[str]]] = []
    for block in re.findall(r"```console\n(.*?)```", section, re.DOTALL):
        for line in block.splitlines():
            if line.startswith("$ "):
                steps.append((shlex.split(line[2:]), []))
            else:
                steps[-1][1].append(line)
    return [(words[1:], shown) for words, shown in steps if words[0] == "orch"]


def test_every_command_of_the_first_walk_answers_what_the_readme_shows(orch: Orch) -> None:
    refusals = 0
    for words, shown in walk():
        answer = orch(*words)
        refused = any(line.startswith(REFUSED) for line in shown)
        assert (answer.status != 0) == refused, (words, answer)
        for line in shown:
            assert line in answer.out + answer.err, (words, answer)
        refusals += refused
    assert len(walk()) > 10
    assert refusals == 1
