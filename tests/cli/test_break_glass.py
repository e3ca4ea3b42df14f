"""Break-glass on the command line: everybody sees until when it holds, and no gate takes it for an approval."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.cli.conftest import Orch

WORDS = ("approve", "st01-x", "spec", "--break-glass", "--reason", "the server is down")


@pytest.fixture
def broken(drafted: Orch) -> Orch:
    """Return a project whose author broke the glass over the own spec."""
    drafted("policy", "set", "--author-may-not-approve", "--break-glass", "3600")
    said = drafted(*WORDS)
    assert said.status == 0 and "under break-glass: another person has to approve it until" in said.out, said
    return drafted


def person(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORCHESTRATOR_ACTOR", name)


def test_every_report_shows_it_with_its_deadline(broken: Orch) -> None:
    step = broken("status", "st01-x", "--json").data["steps"]["spec"]
    glass = step["break_glass"]
    assert (step["state"], glass["by"], glass["overdue"]) == ("approved", step["author"]["name"], False)
    until = datetime.fromisoformat(glass["until"])
    assert timedelta(minutes=58) < until - datetime.now(UTC) < timedelta(minutes=61)
    assert "break-glass until" in broken("status", "st01-x").out
    first = broken("next", "--json").data["rows"][0]
    assert first["command"] == "orch approve st01-x spec" and "under break-glass" in first["because"]
    assert "under break-glass" in broken("dashboard").out
    assert f"to be ratified until {glass['until']}" in broken("why", "st01-x", "spec").out
    missing = broken("why", "st01-x", "--json").data["missing"]
    assert [each["step"] for each in missing] == ["research", "plan", "prd", "tasks", "spec"]
    assert missing[-1]["fix"] == ["orch approve st01-x spec"]
    assert broken("history", "st01-x", "--json").data["rows"][-1]["ratify_by"] == glass["until"]
    rows = broken("audit", "exceptions", "--json").data["rows"]
    assert {"forced", "break_glass", "self_approval"} == {row["exception"] for row in rows}
    assert "under break-glass" in broken("audit", "exceptions").out
    assert "ratified by others within 3600 s" in broken("audit", "trail", "--topic", "policy.changed").out


def test_the_gate_stays_closed_and_no_receipt_is_written_until_others_approve(
    broken: Orch, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path(".orch/config.toml").write_text("[receipts]\nwrite = true\n")
    closed = broken("gate", "st01-x", "spec", "--json")
    assert closed.status == 3 and "under break-glass" in closed.error["message"]
    assert closed.error["fix"] == ["orch approve st01-x spec"]
    assert broken("gate", "st01-x", "spec", "--write-receipt").status == 3
    assert broken("research", "st01-x", "--foundation", "known").status == 0, "the work goes on"
    assert not list(Path("dev/st01-x").glob("*receipt*"))
    person("linus", monkeypatch)
    said = broken("approve", "st01-x", "spec", "--json")
    assert said.status == 0 and said.data["ratify_by"] is None and said.data["receipt"]["file"]
    assert broken("gate", "st01-x", "spec").status == 0
    status = broken("status", "st01-x", "--json").data["steps"]["spec"]
    assert status["break_glass"] is None and status["verdict_by"]["name"] == "linus"
    assert [by["name"] for by in status["approvals"]["by"]] == ["linus"]


def test_a_receipt_goes_with_an_emergency_only_after_it(broken: Orch, monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".orch/config.toml").write_text("[receipts]\nwrite = true\n")
    broken("reopen", "st01-x", "spec", "--reason", "again")
    broken("spec", "st01-x", "--objectives", "another one")
    said = broken(*WORDS, "--json")
    assert said.status == 0 and said.data["receipt"] is None


def test_after_the_deadline_it_is_asked_for_again(drafted: Orch, monkeypatch: pytest.MonkeyPatch) -> None:
    drafted("policy", "set", "--author-may-not-approve", "--break-glass", "1")
    assert drafted(*WORDS).status == 0
    deadline = datetime.fromisoformat(drafted("history", "st01-x", "--json").data["rows"][-1]["ratify_by"])
    while datetime.now(UTC) < deadline:
        pass
    step = drafted("status", "st01-x", "--json").data["steps"]["spec"]
    assert (step["state"], step["break_glass"]["overdue"]) == ("expired", True)
    assert drafted("next", "--json").data["rows"][0]["command"] == "orch request st01-x spec"
    refused = drafted("research", "st01-x", "--foundation", "known", "--json")
    assert refused.status == 3 and refused.error["fix"] == ["orch request st01-x spec"]
    assert drafted("request", "st01-x", "spec").status == 0
    person("linus", monkeypatch)
    assert drafted("approve", "st01-x", "spec").status == 0
    assert drafted("research", "st01-x", "--foundation", "known").status == 0


def test_without_a_period_in_the_policy_there_is_none(drafted: Orch) -> None:
    refused = drafted(*WORDS, "--json")
    assert refused.status == 3 and refused.error["code"] == "POLICY_VIOLATION"
    assert refused.error["fix"][0] == "orch policy set --break-glass 86400"
    without = drafted("approve", "st01-x", "spec", "--break-glass", "--json")
    assert without.status in (2, 3)
