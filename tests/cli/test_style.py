"""The style says how much people are told; sentences, exit statuses and JSON are the same in each."""

from pathlib import Path

import pytest

from tests.cli.conftest import Orch, how_known, position

STYLES = ("user-friendly", "professional", "terse")


def test_a_write_is_answered_at_length_briefly_or_in_a_line(project: Orch) -> None:
    said = []
    for number, style in enumerate(STYLES):
        Path(".orch/config.toml").write_text(f'[feedback]\nstyle = "{style}"\n')
        said.append(project("spec", f"st0{number}-x", "--objectives", "o").out)
    friendly, professional, terse = said
    assert how_known() in friendly and friendly.count("\n  next") == 2
    assert "digest" in professional and how_known() not in professional and professional.count("\n  next") == 1
    place = position(project)
    assert terse == f"✓ st02-x: spec iteration 1 recorded, waiting for approval (position {place})\n"


def test_a_refusal_says_the_same_and_a_terse_one_in_one_line(project: Orch) -> None:
    project("spec", "st01-x", "--objectives", "o")
    told = {}
    for style in STYLES:
        project("config", "set", "feedback.style", style)
        refused = project("research", "st01-x", "--foundation", "f")
        assert refused.status == 3
        told[style] = refused.err
        as_json = project("research", "st01-x", "--foundation", "f", "--json")
        assert as_json.error["fix"] == ["orch approve st01-x spec"]
    assert told["user-friendly"] == told["professional"]
    sentence, *fixes = told["professional"].splitlines()
    assert told["terse"] == f"{sentence} {fixes[0].strip()}\n"


def test_a_style_that_is_none_is_refused_by_those_who_judge_settings_and_hides_nothing_else(
    project: Orch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORCHESTRATOR_FEEDBACK_STYLE", "loud")
    assert project("spec", "st01-x", "--objectives", "o").status == 0
    assert project("config", "check").status == 2
    assert "user-friendly, professional or terse" in project("config", "show", "--json").error["message"]
