"""A policy may ask for documents of a certain completeness before they are approved."""

from typing import Any

import pytest

from domain.commands import ChangePolicy, fingerprint
from domain.documents import Document
from domain.errors import InvalidInput, NothingChanged, QualityTooLow
from domain.policy_state import PolicyState
from domain.quality import MARKS
from domain.steps import STEPS, Step
from tests import asks
from tests.facts import (
    ADA,
    NOON,
    PHASE,
    Fact,
    approved,
    done,
    drafted,
    edited,
    opened,
    policy,
    reconfirmed,
    reopened,
    requested,
    stale,
)
from tests.plain_templates import plain_text
from tests.stories import given

HALF: dict[str, Any] = {"technical_foundation": "known", "risks": [{"risk": "a"}]}
DRAFT = f'orch research {PHASE} --foundation "what is known"'
FORCE = f'orch approve {PHASE} research --force --reason "why the policy is set aside"'


def scored(fact: Fact, quality: int | None, *missing: str) -> Fact:
    return fact._replace(values=fact.values | {"quality": quality, "missing": missing})


WAITING = (opened(), *done("spec"), scored(drafted("research"), 50, "sources", "alternatives"), requested("research"))


def test_a_document_below_the_mark_is_not_approved_and_what_is_missing_is_named() -> None:
    given(policy(minimum_quality_research=80), *WAITING).when(asks.approve("research")).refused(
        QualityTooLow,
        DRAFT,
        FORCE,
        code="POLICY_VIOLATION",
        saying="its quality is 50 %, and the policy asks for 80 %; missing: sources, alternatives",
    )


def test_force_sets_it_aside_in_the_open() -> None:
    given(policy(minimum_quality_research=80), *WAITING).when(
        asks.approve("research", forced=True, reason="release night")
    ).then(approved("research", policy_version=2, broke=("minimum_quality_research",), reason="release night"))


@pytest.mark.parametrize("rules", [{}, {"minimum_quality_research": 50}, {"minimum_quality_plan": 100}])
def test_a_document_that_has_what_is_asked_for_is_approved(rules: dict[str, Any]) -> None:
    given(policy(**rules), *WAITING).when(asks.approve("research")).then(approved("research", policy_version=2))


def test_a_quality_that_is_not_known_does_not_suffice() -> None:
    old = (opened(), *done("spec"), scored(drafted("research"), None), requested("research"))
    given(policy(minimum_quality_research=1), *old).when(asks.approve("research")).refused(
        QualityTooLow, DRAFT, FORCE, code="POLICY_VIOLATION", saying="its quality is not known"
    )
    given(*old).when(asks.approve("research")).then(approved("research"))


def test_a_draft_and_an_edited_text_are_scored() -> None:
    start = (opened(), *done("spec"))
    rendered = plain_text(Step.RESEARCH, HALF, title="Audio Engine", iteration=1, answers=[])
    by_fields = scored(drafted("research", text=rendered), 50, "sources", "alternatives")
    by_fields = by_fields._replace(values=by_fields.values | {"fields": HALF})
    given(*start).when(asks.draft("research", fields=HALF)).then(by_fields, requested("research"))
    text = "# Research\n\n## Sources\n\n- a book\n\n## Risks\n\n| Risk |\n| --- |\n| a |\n"
    fact = edited("research", 1, text)
    assert (fact.values["quality"], fact.values["missing"]) == (50, ("technical_foundation", "alternatives"))
    given(*start).when(asks.edit("research", text)).then(fact, requested("research"))
    given(opened()).when(asks.draft("spec")).then(scored(drafted("spec"), None), requested("spec"))


def test_a_stale_document_is_reconfirmed_under_the_same_rule() -> None:
    again = (drafted("spec", 2), requested("spec", 2), approved("spec", 2))
    there = (*WAITING, approved("research"), reopened("spec"), stale("research", because="spec", since=8), *again)
    given(policy(minimum_quality_research=80), *there).when(asks.reconfirm("research")).refused(
        QualityTooLow, DRAFT, FORCE.replace("approve", "reconfirm"), code="POLICY_VIOLATION", saying="50 %"
    ).when(asks.reconfirm("research", forced=True, reason="it still holds")).then(
        reconfirmed("research", policy_version=2, broke=("minimum_quality_research",))
    )


@pytest.mark.parametrize("step", ["research", "plan", "tasks"])
def test_the_minimum_is_a_percentage_and_0_switches_it_off(step: str) -> None:
    def asked(percent: int) -> dict[str, Any]:
        return {f"minimum_quality_{step}": percent}

    for percent in (101, -1):
        given(opened()).when(asks.set_policy(**asked(percent))).refused(
            InvalidInput,
            f"orch policy set --minimum-quality-{step} {MARKS[Step(step)]}",
            code="VALIDATION_ERROR",
            saying="1 to 100 percent",
        )
    given(opened()).when(asks.set_policy(**asked(80))).then(policy(**asked(80)))
    given(policy(**asked(80))).when(asks.set_policy(**asked(0))).then(policy())
    given(opened()).when(asks.set_policy(**asked(0))).refused(
        NothingChanged, "orch policy show", code="NOTHING_CHANGED", saying="already"
    )


def test_what_older_logs_hold_stays_what_it_was() -> None:
    older = {
        "author_may_not_approve": False,
        "minimum_approvers": 1,
        "agents_may_not_approve": True,
        "request_expiry_seconds": None,
    }
    assert PolicyState().to_facts() == older and PolicyState.from_facts(older) == PolicyState()
    stricter = PolicyState(minimum_quality_plan=75)
    assert PolicyState.from_facts(stricter.to_facts()) == stricter
    assert Document().to_facts() == {}
    some = Document(iteration=1, quality=0, missing=("risks",))
    assert Document.from_facts(some.to_facts()) == some
    assert all(PolicyState().minimum_quality(step) is None for step in STEPS)
    assert stricter.lacking(Step.SPEC, Document()) is None


def test_a_command_of_an_older_version_keeps_its_fingerprint() -> None:
    command = ChangePolicy(asks.meta(ADA, NOON, "one"), minimum_approvers=2)
    assert fingerprint(command) == "9ec28c6167bab77d297959c643a67eca494dadd5edfc8a2ad9936294f38fbde0"
    assert fingerprint(command._replace(minimum_quality_plan=1)) != fingerprint(command)
