"""What was done elsewhere is taken over as a claim: it moves the work on, and is no verdict of ours."""

from domain.errors import (
    InvalidInput,
    NothingChanged,
    NothingToJudge,
    PhaseHandedOff,
    PhaseNotImported,
    PolicyForbids,
    StepAlreadyApproved,
    StepNotApproved,
    StepWrittenHere,
)
from domain.import_claims import (
    BlockerThere,
    Claim,
    DependencyThere,
    TextThere,
    TitleThere,
    UnblockedThere,
    VerdictThere,
)
from domain.import_events import ClaimedOutcome, Imported, VerdictImported
from domain.phase_events import BlockerType
from domain.phase_ids import stream_of
from domain.phase_state import PhaseState
from domain.steps import STEPS, Step, StepState
from tests import asks
from tests.facts import ADA, GRACE, NOON, OTHER, PHASE, ROBOT, opened, policy
from tests.stories import Outcome, given, told_by

SEPTEMBER = 1_756_720_800_000_000


def text(step: str, words: str = "", key: str = "", iteration: int = 0) -> TextThere:
    return TextThere(key or f"{step}-{words}", SEPTEMBER, Step(step), f"# {step} {words}\n", f"x/{step}.md", iteration)


def verdict(step: str, outcome: str = "approved", *, on_text: bool = True, iteration: int = 1) -> VerdictThere:
    return VerdictThere(
        f"{outcome}-{step}-{on_text}", SEPTEMBER, Step(step), iteration, ClaimedOutcome(outcome), "user", "ok", on_text
    )


def imported(*claims: Claim, on: Outcome | None = None) -> Outcome:
    return (on or given()).when(asks.import_phase(*claims))


def state_of(outcome: Outcome) -> PhaseState:
    assert not isinstance(outcome.answer, Exception), outcome.answer
    return PhaseState.from_facts(outcome.log.heads([stream_of(PHASE)])[1][stream_of(PHASE)].facts)


def topics(outcome: Outcome) -> list[str]:
    return [event.TOPIC.removeprefix("phase.") for event in told_by(outcome.log, outcome.before + 1)]


def test_an_imported_text_waits_for_a_verdict_and_keeps_its_time_and_number() -> None:
    outcome = imported(text("spec", iteration=3))
    assert topics(outcome) == ["opened", "imported", "document_drafted", "approval_requested"]
    _, first, drafted, asked = told_by(outcome.log, outcome.before + 1)
    assert (first.timestamp, asked.timestamp, drafted.timestamp.year) == (NOON, NOON, 2025)
    document = state_of(outcome).documents[Step.SPEC]
    assert (document.state, document.iteration) == (StepState.AWAITING_APPROVAL, 3)


def test_a_claimed_approval_moves_on_but_is_nobodys_verdict() -> None:
    outcome = imported(text("spec"), verdict("spec"))
    state = state_of(outcome)
    document = state.documents[Step.SPEC]
    assert (document.state, document.claimed, document.approvals) == (StepState.APPROVED, True, ())
    assert state.next_action == "start_research"
    assert "phase.document_approved" not in {event.TOPIC for event in told_by(outcome.log)}


def test_the_policy_does_not_judge_what_is_imported() -> None:
    rules = policy(author_may_not_approve=True, minimum_approvers=3)
    assert state_of(imported(text("spec"), verdict("spec"), on=given(rules))).next_action == "start_research"
    ask = asks.import_phase(text("spec"), verdict("spec"), by=ROBOT)
    assert state_of(given(policy(agents_may_not_approve=False)).when(ask)).next_action == "start_research"


def test_an_agent_cannot_settle_a_step_by_importing_an_approval_while_the_policy_binds_agents() -> None:
    texts = [text(step) for step in STEPS]
    outcome = given().when(asks.import_phase(*texts, *(verdict(step) for step in STEPS), by=ROBOT))
    state = state_of(outcome)
    assert {state.documents[step].state for step in STEPS} == {StepState.AWAITING_APPROVAL}
    claims = [event for event in told_by(outcome.log) if isinstance(event, VerdictImported)]
    assert [(claim.counts, claim.claimed_by, bool(claim.digest)) for claim in claims] == [(False, "user", True)] * 5
    assert state_of(outcome.when(asks.approve("spec", by=GRACE))).documents[Step.SPEC].approvals


def test_a_rejection_that_an_agent_brings_settles_no_more_than_an_approval() -> None:
    ask = asks.import_phase(text("spec"), verdict("spec", "rejected"), by=ROBOT)
    outcome = given().when(ask)
    assert state_of(outcome).documents[Step.SPEC].state is StepState.AWAITING_APPROVAL
    (claim,) = [event for event in told_by(outcome.log) if isinstance(event, VerdictImported)]
    assert (claim.counts, claim.outcome) == (False, ClaimedOutcome.REJECTED)
    free = given(policy(agents_may_not_approve=False)).when(ask)
    assert state_of(free).next_action == "start_specification", "a policy that does not bind agents lets them"


def test_an_agent_cannot_take_back_a_claimed_approval_by_importing_a_rejection() -> None:
    claimed = imported(text("spec"), verdict("spec"))
    outcome = claimed.when(asks.import_phase(verdict("spec", "rejected"), by=ROBOT))
    assert state_of(outcome).documents[Step.SPEC].state is StepState.APPROVED
    person = imported(text("spec"), verdict("spec")).when(asks.import_phase(verdict("spec", "rejected")))
    assert state_of(person).next_action == "start_specification"


def test_a_claim_becomes_a_verdict_by_being_reconfirmed_under_the_full_policy() -> None:
    claimed = imported(text("spec"), verdict("spec"), on=given(policy(author_may_not_approve=True)))
    document = state_of(claimed.when(asks.reconfirm("spec", by=GRACE))).documents[Step.SPEC]
    assert (document.state, document.claimed) == (StepState.APPROVED, False)
    assert [approval.by for approval in document.approvals] == [GRACE]


def test_the_importer_counts_as_the_author_under_the_policy() -> None:
    claimed = imported(text("spec"), verdict("spec"), on=given(policy(author_may_not_approve=True)))
    answer = claimed.when(asks.reconfirm("spec", by=ADA)).answer
    assert isinstance(answer, PolicyForbids) and "ada wrote this text" in answer.message


def test_a_claim_about_no_text_changes_nothing_and_is_kept() -> None:
    outcome = imported(verdict("spec"))
    assert state_of(outcome).documents[Step.SPEC].state is StepState.NOT_STARTED
    (claim,) = [e for e in told_by(outcome.log) if isinstance(e, VerdictImported)]
    assert (claim.counts, claim.digest, claim.claimed_by) == (False, "", "user")


def test_a_rejected_text_is_drafted_anew_and_answers_the_claim() -> None:
    outcome = imported(text("spec"), verdict("spec", "rejected"))
    assert state_of(outcome).next_action == "start_specification"
    state = state_of(outcome.when(asks.draft("spec")))
    assert (state.documents[Step.SPEC].iteration, state.documents[Step.SPEC].claimed) == (2, False)


def test_texts_before_their_turn_wait_and_are_approved_in_order() -> None:
    outcome = imported(text("spec"), text("plan"))
    answer = outcome.when(asks.approve("plan")).answer
    assert isinstance(answer, StepNotApproved) and answer.fix == (f"orch approve {PHASE} spec",)
    state = state_of(outcome.when(asks.approve("spec")).when(asks.draft("research")).when(asks.approve("research")))
    assert (state.current, state.documents[Step.PLAN].state) == (Step.PLAN, StepState.AWAITING_APPROVAL)


def test_blockers_get_numbers_here_and_are_resolved_by_them_later() -> None:
    blocked = BlockerThere("b", SEPTEMBER, BlockerType.VALIDATION_ERROR, "blk-7: no test")
    first = imported(text("spec"), blocked)
    assert [b.id for b in state_of(first).open_blockers] == ["B1"]
    own = first.when(asks.block())
    second = imported(text("spec"), blocked, UnblockedThere("u", SEPTEMBER, "b", ""), on=own)
    assert [b.id for b in state_of(second).open_blockers] == ["B2"]


def test_importing_again_changes_nothing_and_growth_adds_only_what_is_new() -> None:
    first = imported(text("spec"))
    again = imported(text("spec"), on=first)
    assert isinstance(again.answer, NothingChanged) and again.log.moment() == first.log.moment()
    grown = imported(text("spec"), verdict("spec"), text("research"), TitleThere("t", None, "Sound"), on=first)
    expected = ["imported", "verdict_imported", "document_drafted", "retitled", "approval_requested"]
    assert topics(grown) == expected
    (_, second) = [e for e in told_by(grown.log) if isinstance(e, Imported)]
    assert len(second.items) == 3


def test_a_text_that_says_the_same_is_no_new_iteration() -> None:
    outcome = imported(text("spec", "a", key="1"), text("spec", "a", key="2"), text("spec", "b", key="3"))
    assert state_of(outcome).documents[Step.SPEC].iteration == 2


def test_a_phase_that_was_not_imported_from_there_is_refused_with_a_way_out() -> None:
    for before in (given(opened()), given().when(asks.import_phase(text("spec"), source="specs/002-other"))):
        before.when(asks.import_phase(text("spec"))).refused(
            PhaseNotImported,
            f"orch import . --phase 001-audio={PHASE}-imported",
            f"orch history {PHASE}",
            code="ALREADY_EXISTS",
            saying="was not imported from specs/001-audio",
        )


def test_an_import_overtakes_neither_a_verdict_nor_a_text_of_here() -> None:
    approved = imported(text("spec")).when(asks.approve("spec"))
    assert isinstance(imported(text("spec", "new"), on=approved).answer, StepAlreadyApproved)
    drafted = imported(text("spec")).when(asks.draft("spec"))
    assert isinstance(imported(text("spec", "new"), on=drafted).answer, StepWrittenHere)
    later = imported(text("spec"), text("research"), on=approved)
    assert state_of(later).documents[Step.RESEARCH].state is StepState.AWAITING_APPROVAL


def test_a_claim_does_not_undo_a_verdict_given_here() -> None:
    approved = imported(text("spec")).when(asks.approve("spec"))
    document = state_of(imported(text("spec"), verdict("spec", "rejected"), on=approved)).documents[Step.SPEC]
    assert (document.state, document.claimed) == (StepState.APPROVED, False)


def test_dependencies_are_checked_as_ever() -> None:
    on = DependencyThere("d", SEPTEMBER, OTHER)
    assert not isinstance(imported(text("spec"), on, on=given(opened(phase=OTHER))).answer, Exception)
    missing = imported(text("spec"), on).answer
    assert isinstance(missing, Exception) and "no phase" in str(missing)


def test_a_phase_handed_off_here_takes_nothing_more() -> None:
    steps = ("spec", "research", "plan", "prd", "tasks")
    claims: list[Claim] = [claim for step in steps for claim in (text(step), verdict(step))]
    done = imported(*claims).when(asks.hand_off())
    assert state_of(done).handed_off
    assert isinstance(imported(*claims, text("tasks", "more"), on=done).answer, PhaseHandedOff)


def test_a_name_that_is_no_phase_id_is_refused() -> None:
    assert isinstance(given().when(asks.import_phase(text("spec"), phase="Not One")).answer, InvalidInput)


def test_a_claim_is_withdrawn_like_any_approval() -> None:
    outcome = imported(text("spec"), verdict("spec")).when(asks.reopen("spec"))
    document = state_of(outcome).documents[Step.SPEC]
    assert (document.state, document.claimed) == (StepState.REOPENED, False)
    assert isinstance(outcome.when(asks.approve("spec")).answer, NothingToJudge)


def test_the_tasks_of_an_approved_import_can_be_worked_on() -> None:
    steps = ("spec", "research", "plan", "prd")
    claims: list[Claim] = [claim for step in steps for claim in (text(step), verdict(step))]
    listed = TextThere("tasks", SEPTEMBER, Step.TASKS, "- [ ] T001 First\n- [ ] T002 Second\n", "x/tasks.md")
    outcome = imported(*claims, listed, verdict("tasks"))
    assert [number for number, *_ in state_of(outcome).tasks.in_force.tasks] == ["T001", "T002"]
    assert state_of(outcome.when(asks.start("T001"))).tasks.of("T001").state == "started"


def test_an_imported_text_that_numbers_a_task_anew_is_taken_without_numbers() -> None:
    first = TextThere("one", SEPTEMBER, Step.TASKS, "- [ ] T001 First\n", "x/tasks.md")
    gone = TextThere("two", SEPTEMBER, Step.TASKS, "- [ ] T002 Second\n", "x/tasks.md")
    again = TextThere("three", SEPTEMBER, Step.TASKS, "- [ ] T001 Something else\n", "x/tasks.md")
    outcome = imported(again, on=imported(gone, on=imported(first)))
    assert state_of(outcome).documents[Step.TASKS].iteration == 3
    assert state_of(outcome).tasks.latest.tasks == ()
