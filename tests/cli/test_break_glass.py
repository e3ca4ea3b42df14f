"""Break-glass on the command line: everybody sees until when it holds, and no gate takes it for an approval."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from shlex import split
from time import sleep

import pytest

from tests.cli.conftest import Orch

AGAIN = "orch request st01-x spec"
WORDS = ("approve", "st01-x", "spec", "--break-glass", "--reason", "the server is down")


@pytest.fixture
def broken(drafted: Orch) -> Orch:
    """Return a project whose author broke the glass over the own spec."""
    drafted("policy", "set", "--author-may-not-approve", "--break-glass", "3600")
    said = drafted(*WORDS)
    assert said.status == 0 and "under break-glass: another person has to approve it until" in said.out, said
    return drafted


@pytest.fixture
def lapsed(drafted: Orch) -> Orch:
    """Return a project whose broken glass nobody ratified in time, while a text that rests on it was drafted."""
    drafted("policy", "set", "--author-may-not-approve", "--break-glass", "2")
    approved = drafted(*WORDS, "--json")
    assert approved.status == 0
    assert drafted("research", "st01-x", "--foundation", "known").status == 0, "before it lapses"
    deadline = datetime.fromisoformat(approved.data["ratify_by"])
    for _ in range(100):
        if datetime.now(UTC) > deadline:
            return drafted
        sleep(0.05)
    raise AssertionError("the deadline does not come")


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


def test_after_the_deadline_it_is_asked_for_again(lapsed: Orch, monkeypatch: pytest.MonkeyPatch) -> None:
    refused = lapsed("plan", "st01-x", "--architecture", "layers", "--json")
    assert refused.status == 3 and refused.error["fix"] == [AGAIN]
    early = lapsed("approve", "st01-x", "spec", "--json", "--actor", "linus")
    assert early.status == 3 and "under break-glass by ada" in early.error["message"] and early.error["fix"] == [AGAIN]
    assert lapsed("request", "st01-x", "spec").status == 0
    person("linus", monkeypatch)
    assert lapsed("approve", "st01-x", "spec").status == 0
    assert lapsed("approve", "st01-x", "research").status == 0


def test_after_the_deadline_every_reader_says_what_expired_why_and_what_helps(lapsed: Orch) -> None:
    """And says it still when the next accepted command has written it down."""
    status = lapsed("status", "st01-x", "--json").data
    glass = status["steps"]["spec"]["break_glass"]
    assert (status["steps"]["spec"]["state"], glass["by"], glass["overdue"]) == ("expired", "ada", True)
    assert (status["current_step"], status["completed_steps"]) == ("spec", [])
    assert status["next_commands"][0] == AGAIN and status["next_action"] == "await_spec_approval"
    said = f"under break-glass by ada expired at {glass['until']} because nobody ratified it"
    assert "break-glass of ada overdue since" in lapsed("status", "st01-x").out
    assert readers_say(lapsed) == [f"the approval of {what} {said}" for what in ("spec iteration 1", "iteration 1")]
    assert lapsed("block", "st01-x", "no kit").status == 0
    said = "under break-glass by ada has expired because nobody ratified it"
    assert readers_say(lapsed) == [f"the approval of {what} {said}" for what in ("spec iteration 1", "iteration 1")]


def test_doctor_names_who_broke_the_glass_since_when_it_is_overdue_and_what_helps(lapsed: Orch) -> None:
    """Before and after the next accepted command, which leaves the deadline to the history alone; it is no damage."""
    until = lapsed("status", "st01-x", "--json").data["steps"]["spec"]["break_glass"]["until"]
    said = f"st01-x: the approval of spec iteration 1 under break-glass by ada expired at {until} because nobody"
    for _ in range(2):
        for words in (("doctor",), ("doctor", "st01-x")):
            told = lapsed(*words, "--json")
            (row,) = [row for row in told.data["rows"] if row["check"] == "break_glass"]
            assert (row["level"], row["message"], row["fix"]) == ("warning", f"{said} ratified it.", [AGAIN])
            assert (told.status, told.data["verdict"]) == (0, "warnings")
        assert lapsed("block", "st01-x", "no kit").status == 0
    assert lapsed("request", "st01-x", "spec").status == 0
    (row,) = [row for row in lapsed("doctor", "--json").data["rows"] if row["check"] == "break_glass"]
    assert row["level"] == "ok"


def readers_say(orch: Orch) -> list[str]:
    """Return what `why`, `next`, `dashboard` and `list` say alike, and what the gate says; all name one command."""
    (why,) = orch("why", "st01-x", "spec", "--json").data["missing"]
    assert why["missing_topic"] == "phase.approval_requested" and why["fix"][0] == AGAIN
    rows = [row for row in orch("next", "--json").data["rows"] if row["step"] != "handoff"]
    assert [row["command"] for row in rows] == [AGAIN], "research waits for a verdict that would be refused"
    page = orch("dashboard", "--json").data
    assert page["rows"][0]["next_command"] == AGAIN and rows[0] in page["advice"]
    assert orch("list", "--json").data["rows"][0]["next_command"] == AGAIN
    gate = orch("gate", "st01-x", "spec", "--json")
    assert (gate.status, gate.error["fix"]) == (3, [AGAIN])
    assert why["because"] == rows[0]["because"]
    return [rows[0]["because"], gate.error["message"].split(" gate: ", 1)[1].rstrip(".")]


def test_what_rests_on_a_rejected_emergency_says_that_its_approval_was_withdrawn(broken: Orch) -> None:
    broken("research", "st01-x", "--foundation", "known")
    assert broken("reject", "st01-x", "spec", "--feedback", "no emergency", "--actor", "linus").status == 0
    said = "the approval of spec was withdrawn by a rejection"
    row = broken("history", "st01-x", "--json").data["rows"][-1]
    assert row["summary"] == f"research became stale because {said}"
    assert said in broken("gate", "st01-x", "research", "--json").error["message"]
    missing = broken("why", "st01-x", "research", "--json").data["missing"]
    assert f"stale since {said} at position {row['position'] - 1}" in missing[-1]["because"]
    stale = broken("status", "st01-x", "--json").data["steps"]["research"]["stale_because"]
    assert (stale["step"], stale["reason"]) == ("spec", "no emergency")


@pytest.mark.at_the_log("through a service it is the token that says the kind")
@pytest.mark.parametrize(
    "words",
    [
        WORDS,
        ("approve", "st01-x", "spec", "--iteration", "1", "--comments", "it is read", "--force", "--reason", "alone"),
        ("reject", "st01-x", "spec", "--feedback", "one", "--feedback", "it's two"),
        ("reconfirm", "st01-x", "spec", "--reason", "so it is", "--meaning", "review", "--break-glass"),
    ],
)
def test_away_from_a_terminal_the_advice_is_what_was_typed_and_the_kind(
    broken: Orch, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.delenv("ORCHESTRATOR_ACTOR_KIND")
    refused = broken(*words, "--json")
    assert (refused.status, refused.error["code"]) == (2, "VALIDATION_ERROR")
    assert split(refused.error["fix"][0]) == ["orch", *words, "--actor-kind", "human"]


def test_without_a_period_in_the_policy_there_is_none(drafted: Orch) -> None:
    refused = drafted(*WORDS, "--json")
    assert refused.status == 3 and refused.error["code"] == "POLICY_VIOLATION"
    assert refused.error["fix"][0] == "orch policy set --break-glass 86400"
    without = drafted("approve", "st01-x", "spec", "--break-glass", "--json")
    assert (without.status, without.error["code"]) == (3, "POLICY_VIOLATION")


def test_a_phase_that_others_have_not_ratified_has_no_package(broken: Orch, monkeypatch: pytest.MonkeyPatch) -> None:
    person("bob", monkeypatch)
    for step in ("research", "plan", "prd", "tasks"):
        path = Path("dev") / "st01-x" / f"{step}.md"
        path.write_text(f"# {step}\n\n- [ ] T001 Do\n", "utf-8")
        person("ada", monkeypatch)
        assert broken("edit", "st01-x", step).status == 0
        person("bob", monkeypatch)
        assert broken("approve", "st01-x", step).status == 0
    for words in (("package", "st01-x", "-o", "handoff.md"), ("handoff", "st01-x")):
        refused = broken(*words, "--json")
        assert refused.status == 3 and "under break-glass by ada, and nobody else" in refused.error["message"]
    assert not Path("handoff.md").exists()
    assert broken("approve", "st01-x", "spec").status == 0
    assert broken("package", "st01-x", "-o", "handoff.md").status == 0
