"""The help of `orch` itself: one screen, every command on it once."""

import pytest

from cli.help_groups import GROUPS, grouped
from cli.main import Orch as OrchGroup
from tests.cli.conftest import Orch

VISIBLE = [name for name, entry in OrchGroup.entries.items() if not entry.hidden]


def test_the_help_fits_one_screen(orch: Orch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    lines = orch("--help").out.splitlines()
    assert len(lines) < 24  # and the prompt
    assert max(map(len, lines)) <= 80


def test_every_command_is_in_one_group_that_says_what_it_is_for(orch: Orch) -> None:
    named = [name for _, group in GROUPS for name in group]
    assert sorted(named) == sorted(VISIBLE), "put the new command into cli/help_groups.py"
    said = orch("--help").out.split()
    assert set(VISIBLE) <= set(said)


def test_a_command_that_no_group_names_is_shown_all_the_same() -> None:
    assert grouped(["spec", "unheard-of"]) == [("Write", ["spec"]), ("More", ["unheard-of"])]
