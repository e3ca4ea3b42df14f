"""TROUBLESHOOTING.md: a row for every code that anybody says, and commands that can be typed."""

import re
import shlex
from contextlib import suppress
from json import dumps
from pathlib import Path

import click
import pytest

from adapters.service_problems import MEDIA_TYPE, refusal_of
from cli import exits
from domain import errors
from domain.errors import Refusal
from tests.docs.test_deploy_service import parsed

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "TROUBLESHOOTING.md").read_text("utf-8")
SAID = (
    r'code(?:: ClassVar\[str\])? = "([A-Z_]+)"',
    r'HttpRefusal\(\s*[\w.]+,\s*"([A-Z_]+)"',
    r'\brefuse\(\s*"([A-Z_]+)"',
    r'^\s+"(BUG|CANCELLED)",$',
)
"""How the code says its codes."""
OF_THE_SERVICE = r'^[A-Z_]+ = "([A-Z]+_[A-Z]+|BUSY)"$'
"""And how `api/` names those that it says in several places."""
ONLY_AS_PARENT = {"REFUSED"}
"""The code of a class that nobody raises itself."""


def codes() -> set[str]:
    """Return every code that is said anywhere."""
    found = set()
    for folder in ("domain", "adapters", "usecases", "api", "cli"):
        for file in (ROOT / folder).glob("*.py"):
            text = file.read_text("utf-8")
            found |= {code for pattern in SAID for code in re.findall(pattern, text, re.MULTILINE)}
            found |= set(re.findall(OF_THE_SERVICE, text, re.MULTILINE)) if folder == "api" else set()
            for table in re.findall(r"^CODES = \{(.*?)\}", text, re.MULTILINE | re.DOTALL):
                found |= set(re.findall(r'"([A-Z_]+)"', table))
    return found - ONLY_AS_PARENT


def rows(heading: str) -> list[list[str]]:
    """Return the rows of the table below a heading."""
    section = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    return [
        [cell.strip() for cell in line.strip("|").split(" | ")] for line in section.splitlines() if line[:2] == "| "
    ]


def test_every_code_has_one_row_and_no_row_is_of_another() -> None:
    written = [row[0].strip("`| ") for row in rows("By code")[1:]]
    assert written == sorted(set(written))
    assert set(written) == codes()
    assert {"WORKFLOW_VIOLATION", "NOT_JSON", "USAGE_ERROR", "BUG", "FORBIDDEN"} <= codes(), "the search finds them"


def test_the_exit_status_of_a_code_is_the_one_that_the_program_has() -> None:
    said = {row[0].strip("`| "): row[1].split(",")[0] for row in rows("By code")[1:]}
    for kind in _kinds(Refusal):
        if kind.code in said:
            status = next(status for cause, status in exits.STATUS if issubclass(kind, cause))
            assert said[kind.code] == str(status), kind
    assert said["BUG"] == str(exits.BUG) and said["CANCELLED"] == str(exits.CANCELLED)


def test_what_only_a_service_says_has_the_exit_that_a_command_far_from_it_ends_with() -> None:
    kinds = {kind.code for kind in _kinds(Refusal)} | {"BUG", "CANCELLED", "USAGE_ERROR"}
    only_there = {row[0].strip("`| "): row[1] for row in rows("By code")[1:] if row[0].strip("`| ") not in kinds}
    assert {"FORBIDDEN", "UNAUTHENTICATED", "NOT_JSON", "RATE_LIMITED"} <= only_there.keys()
    for code, said in only_there.items():
        exit_, status = said.split(", ")[0], int(re.findall(r"\d+", said)[-1])
        told = refusal_of(status, MEDIA_TYPE, dumps({"code": code, "detail": "No."}).encode(), where="http://there")
        assert exit_ == str(exits.status_of(told)), code


def _kinds(kind: type[Refusal]) -> list[type[Refusal]]:
    below = [each for child in kind.__subclasses__() for each in (child, *_kinds(child))]
    return [each for each in below if each.__module__ == errors.__name__ and each.code != "REFUSED"]


def commands() -> list[str]:
    """Return every command of ours on the page that could be typed as it stands."""
    return sorted(set(re.findall(r"`(orch [^`]+)`", PAGE)))


@pytest.mark.parametrize("line", commands())
def test_every_command_can_be_typed(line: str) -> None:
    with suppress(click.MissingParameter, click.exceptions.Exit):  # named in a sentence, or with --help
        parsed(shlex.split(line)[1:])


def test_a_command_that_there_is_not_would_be_noticed() -> None:
    for line in ("orch doktor", "orch doctor --fix-it", "orch backup verivy"):
        with pytest.raises(click.UsageError):
            parsed(shlex.split(line)[1:])


def test_there_is_a_row_for_every_issue_of_the_guide() -> None:
    for issue in (
        "High Memory Usage",
        "State File Corruption",
        "Template Loading Failures",
        "Performance Degradation",
    ):
        assert f"*{issue}*" in PAGE
