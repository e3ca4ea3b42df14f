"""Refusals at the edge: one status each, one document each, and a traceback only when asked for."""

import inspect
import re
from importlib.metadata import version
from pathlib import Path

import pytest

from cli import exits, status
from cli.edge import run_command
from cli.main import program
from domain import errors
from domain.errors import Refusal
from tests.cli.conftest import Orch
from usecases.release import VERSION

LEAVES = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, Refusal)]
KINDS = [kind for kind, _ in exits.STATUS]


@pytest.mark.parametrize("kind", [leaf for leaf in LEAVES if leaf is not Refusal], ids=lambda k: k.__name__)
def test_every_refusal_has_one_exit_status(kind: type[Refusal]) -> None:
    assert sum(issubclass(kind, known) for known in KINDS) == 1


def test_the_tree_at_the_top_of_the_errors_is_the_tree() -> None:
    drawn = set(re.findall(r"[├└]── (\w+)", errors.__doc__ or ""))
    assert drawn == {leaf.__name__ for leaf in LEAVES if leaf is not Refusal}


def test_every_code_is_a_word_in_capitals() -> None:
    assert all(re.fullmatch(r"[A-Z]+(_[A-Z]+)*", leaf.code) for leaf in LEAVES)


def test_usage_errors_are_json_too(orch: Orch) -> None:
    for words in (["nonsense"], ["status", "--nonsense"], ["approve", "st01-x"], ["approve", "st01-x", "nostep"]):
        refused = orch(*words, "--json")
        assert (refused.status, refused.error["code"]) == (2, "USAGE_ERROR"), words
        assert refused.err == ""


def test_a_bug_is_one_sentence_and_status_1_and_a_traceback_only_with_debug(
    project: Orch, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("planted")

    monkeypatch.setattr(status, "status_at", broken)
    told = project("status", "st01-x", "--json")
    assert (told.status, told.error["code"], told.err) == (1, "BUG", "")
    with pytest.raises(ZeroDivisionError):
        run_command(program(), ["status", "st01-x", "--debug"])


def test_a_refusal_in_words_goes_to_stderr_and_leaves_stdout_empty(orch: Orch) -> None:
    told = orch("status", "st01-x")
    assert told.out == "" and "NOT_FOUND" in told.err and "→ orch init" in told.err


def test_without_a_command_there_is_help_and_where_there_is_no_project_how_to_make_one(orch: Orch) -> None:
    told = orch()
    assert told.status == 2 and "Commands (" in told.err and "→ orch init" in told.err
    orch("init")
    assert "→ orch init" not in orch().err


def test_the_release_is_the_one_of_the_distribution() -> None:
    assert version("nss-orchestrator") == VERSION


@pytest.mark.in_file
def test_a_project_whose_log_is_gone_is_not_taken_for_none_nor_for_the_one_around_it(
    drafted: Orch, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = Path("inner")
    inner.mkdir()
    monkeypatch.chdir(inner)
    assert drafted("init").status == 0
    for file in Path(".orch").glob("log.db*"):
        file.unlink()
    refused = drafted("list", "--json")
    assert (refused.status, refused.error["code"]) == (4, "NOT_FOUND")
    assert "is gone" in refused.error["message"] and "orch doctor" in refused.error["fix"]
    assert drafted("doctor").status == 6
