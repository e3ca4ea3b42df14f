"""Every refusal of the workflow: code, status, nothing recorded, and a fix that works when pasted."""

import shlex
from typing import NamedTuple

import pytest

from tests.cli.conftest import Orch, position

FLAGS = {
    "spec": "--objectives fast",
    "research": "--foundation known",
    "plan": "--architecture layers",
    "prd": "--goal sound",
    "tasks": "--tasks one,two",
}


def draft(step: str, phase: str = "st01-x", extra: str = "") -> str:
    return f"{step} {phase} {FLAGS[step]}{extra}"


def approved(*steps: str, phase: str = "st01-x") -> list[str]:
    return [line for step in steps for line in (draft(step, phase), f"approve {phase} {step}")]


ALL = approved(*FLAGS)
FOUR_EYES = "policy set --author-may-not-approve"
REOPENED = [*approved("spec", "research"), "reopen st01-x spec --reason why"]


class Case(NamedTuple):
    """Lines that lead there, the line that is refused, its code and status, and how many fix lines to paste."""

    given: list[str]
    when: str
    code: str
    status: int = 3
    paste: tuple[int, ...] = (0,)
    then: bool = True
    """After the fix the refused line passes."""


CASES = {
    "a step before its turn": Case([draft("spec")], draft("research"), "WORKFLOW_VIOLATION"),
    "a step of no phase": Case([], draft("research"), "NOT_FOUND", 4, then=False),
    "drafting an approved step": Case(approved("spec"), draft("spec", extra=",more"), "WORKFLOW_VIOLATION"),
    "a verdict on nothing": Case(approved("spec"), "approve st01-x research", "WORKFLOW_VIOLATION"),
    "a second approval": Case(approved("spec"), "approve st01-x spec", "WORKFLOW_VIOLATION", then=False),
    "another iteration": Case([draft("spec")], "approve st01-x spec --iteration 7", "VERDICT_STALE", then=False),
    "another digest": Case(
        [draft("spec")], f"approve st01-x spec --digest sha256:1:{'0' * 64}", "VERDICT_STALE", then=False
    ),
    "a rejection without feedback": Case([draft("spec")], "reject st01-x spec", "VALIDATION_ERROR", 2, then=False),
    "one's own text under four eyes": Case(
        [FOUR_EYES, draft("spec")], "approve st01-x spec", "POLICY_VIOLATION", paste=(0, 1), then=False
    ),
    "an agent's approval": Case(
        [draft("spec")], "approve st01-x spec --actor-kind agent", "POLICY_VIOLATION", then=False
    ),
    "an agent's approval by force": Case(
        [draft("spec")], "approve st01-x spec --force --reason mine --actor-kind agent", "POLICY_VIOLATION", then=False
    ),
    "a service's approval under break-glass": Case(
        [draft("spec")],
        "approve st01-x spec --break-glass --reason x --actor-kind service",
        "POLICY_VIOLATION",
        then=False,
    ),
    "force without a reason": Case(
        [FOUR_EYES, draft("spec")], "approve st01-x spec --force", "VALIDATION_ERROR", 2, then=False
    ),
    "a second verdict by the same person": Case(
        ["policy set --minimum-approvers 2", draft("spec"), "approve st01-x spec"],
        "approve st01-x spec",
        "WORKFLOW_VIOLATION",
        then=False,
    ),
    "reopening without a reason": Case(approved("spec"), "reopen st01-x spec", "VALIDATION_ERROR", 2, then=False),
    "reopening what is not approved": Case([draft("spec")], "reopen st01-x spec --reason why", "WORKFLOW_VIOLATION"),
    "drafting on a reopened step": Case(REOPENED, draft("research"), "WORKFLOW_VIOLATION", then=False),
    "reconfirming too early": Case(
        REOPENED, "reconfirm st01-x research --reason holds", "WORKFLOW_VIOLATION", then=False
    ),
    "reconfirming what is not stale": Case(
        [draft("spec")], "reconfirm st01-x spec --reason holds", "WORKFLOW_VIOLATION", then=False
    ),
    "reconfirming what was never approved": Case(
        [*approved("spec"), draft("research"), "reopen st01-x spec --reason why", draft("spec"), "approve st01-x spec"],
        "reconfirm st01-x research --reason holds",
        "WORKFLOW_VIOLATION",
        then=False,
    ),
    "handing off too early": Case(approved("spec"), "handoff st01-x", "WORKFLOW_VIOLATION", then=False),
    "handing off twice": Case([*ALL, "handoff st01-x"], "handoff st01-x", "NOTHING_CHANGED", then=False),
    "handing off while blocked": Case([*ALL, "block st01-x 'no hardware'"], "handoff st01-x", "WORKFLOW_VIOLATION"),
    "handing off before a dependency": Case(
        [*ALL, draft("spec", "st02-y"), "depend st01-x --on st02-y"],
        "handoff st01-x",
        "HIERARCHICAL_VIOLATION",
        paste=(1,),
    ),
    "a dependency cycle": Case(
        [draft("spec"), draft("spec", "st02-y"), "depend st01-x --on st02-y"],
        "depend st02-y --on st01-x",
        "HIERARCHICAL_VIOLATION",
    ),
    "a dependency on itself": Case([draft("spec")], "depend st01-x --on st01-x", "HIERARCHICAL_VIOLATION", then=False),
    "a dependency on no phase": Case([draft("spec")], "depend st01-x --on st09-z", "NOT_FOUND", 4, then=False),
    "a dependency twice": Case(
        [draft("spec"), draft("spec", "st02-y"), "depend st01-x --on st02-y"],
        "depend st01-x --on st02-y",
        "NOTHING_CHANGED",
        then=False,
    ),
    "blocking after the handoff": Case([*ALL, "handoff st01-x"], "block st01-x late", "WORKFLOW_VIOLATION"),
    "no such blocker": Case([draft("spec")], "unblock st01-x B7", "NOT_FOUND", 4, then=False),
    "archiving without a reason": Case([draft("spec")], "archive st01-x", "VALIDATION_ERROR", 2, then=False),
    "writing to an archived phase": Case(
        [draft("spec"), "archive st01-x --reason done"], draft("spec"), "WORKFLOW_VIOLATION", then=False
    ),
    "a policy that says it already": Case([], "policy set --minimum-approvers 1", "NOTHING_CHANGED", then=False),
    "a policy nobody can meet": Case([], "policy set --minimum-approvers 0", "VALIDATION_ERROR", 2, then=False),
    "recording an unchanged file": Case([draft("spec")], "edit st01-x spec", "NOTHING_CHANGED", then=False),
    "a second init": Case([], "init", "ALREADY_EXISTS", then=False),
    "an unknown phase": Case([draft("spec")], "status st01-xx", "NOT_FOUND", 4, then=False),
}


ASKED_THERE = pytest.mark.at_the_log(
    "through a service init makes a copy, and where there is one nothing is left to do"
)


@pytest.mark.parametrize(
    "case",
    [pytest.param(case, id=name, marks=ASKED_THERE if case.when == "init" else ()) for name, case in CASES.items()],
)
def test_a_refusal_records_nothing_and_its_fix_works_when_pasted(project: Orch, case: Case) -> None:
    for line in case.given:
        answer = project(*shlex.split(line))
        assert answer.status == 0, (line, answer.err)
    before = position(project)
    words = shlex.split(case.when)
    refused = project(*words, "--json")
    assert (refused.status, refused.error["code"]) == (case.status, case.code), refused.out
    assert position(project) == before
    in_words = project(*words)
    assert in_words.status == case.status and "Traceback" not in in_words.err and case.code in in_words.err
    assert refused.error["fix"], "a refusal says what to type next"
    for place in case.paste:
        line = refused.error["fix"][place]
        assert line.startswith("orch ")
        answer = project(*shlex.split(line)[1:])
        assert answer.status == 0, (line, answer.err)
    if case.then:
        answer = project(*words)
        assert answer.status == 0, (case.when, answer.err)


def test_an_expired_request_is_refused_until_it_is_made_again(project: Orch, monkeypatch: pytest.MonkeyPatch) -> None:
    project("policy", "set", "--request-expiry", "1")
    project(*shlex.split(draft("spec")))
    project("policy", "set", "--request-expiry", "0")
    import time

    time.sleep(1.05)  # the command's clock is the machine's own
    assert project("status", "st01-x", "--json").data["steps"]["spec"]["state"] == "expired"
    before = position(project)
    refused = project("approve", "st01-x", "spec", "--json")
    assert (refused.status, refused.error["fix"]) == (3, ["orch request st01-x spec"])
    assert position(project) == before
    assert project("request", "st01-x", "spec").status == 0
    assert project("approve", "st01-x", "spec").status == 0
    topics = [row["topic"] for row in project("history", "st01-x", "--json").data["rows"]]
    assert topics[-3:] == ["phase.approval_expired", "phase.approval_requested", "phase.document_approved"]


def test_an_edited_research_stops_the_handoff(project: Orch) -> None:
    from pathlib import Path

    for line in ALL:
        assert project(*shlex.split(line)).status == 0
    path = Path("dev/st01-x/research.md")
    path.write_text(path.read_text() + "more\n")
    assert project("handoff", "st01-x", "--json").error["code"] == "DOCUMENT_EDITED"
    assert project("checkout", "st01-x", "research").status == 0
    assert project("handoff", "st01-x").status == 0
