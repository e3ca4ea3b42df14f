"""A predecessor's states, the oldest first, as claims about what happened between them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from adapters.import_state import ApprovalThere, BlockerSeen, StateThere
from domain.import_claims import (
    BlockerThere,
    Claim,
    DependencyThere,
    TextThere,
    TitleThere,
    UnblockedThere,
    VerdictThere,
    key_of,
)
from domain.import_events import ClaimedOutcome
from domain.phase_events import BlockerType
from domain.steps import STEPS, Step

KINDS = {kind.value: kind for kind in BlockerType}
EMPTY = StateThere("", "", None, (), {}, {}, (), "", (), None, None)


class Snapshot(NamedTuple):
    """One state, and when it was saved, µs since the epoch: as it says itself, else as the name of its file does."""

    state: StateThere
    at: int | None


class Text(NamedTuple):
    """The text of a step that lies beside the state, and where."""

    text: str
    read_from: str


def claims_of(snapshots: Sequence[Snapshot], texts: Mapping[Step, Text]) -> list[Claim]:
    """Return what the states tell, in order. Only the latest iteration of a step has a text: nobody kept the others."""
    last = snapshots[-1].state
    before = EMPTY
    claims: list[Claim] = []
    for snapshot in snapshots:
        claims += _between(before, snapshot, last, texts)
        before = snapshot.state
    drafted = {claim.step for claim in claims if isinstance(claim, TextThere)}
    for step in STEPS:
        if step in texts and step not in drafted:  # a document that no state counts yet
            claims.append(_text(step, last, texts[step], None))
    return list({claim.key: claim for claim in reversed(claims)}.values())[::-1]  # each key once, where it is first


def rejected_last(state: StateThere, step: Step) -> bool:
    """Tell whether the text on disk is the one that was rejected: a new one is to be started, and one was counted."""
    starts = state.next_action in (f"start_{step}", "start_specification" if step is Step.SPEC else "")
    return starts and step not in state.approvals and state.iterations.get(step, 0) > 1


def _between(before: StateThere, snapshot: Snapshot, last: StateThere, texts: Mapping[Step, Text]) -> Iterator[Claim]:
    now, at = snapshot.state, snapshot.at
    if before is not EMPTY and now.title and now.title != before.title:
        yield TitleThere(key_of("title", now.title), at, now.title)
    for step in STEPS:
        yield from _step(step, before, snapshot, last, texts)
    yield from _blockers(before.blockers, now.blockers, at)
    for on in now.depends_on:
        if on not in before.depends_on:
            yield DependencyThere(key_of("depends", on, at), at, on)
    for on in before.depends_on:
        if on not in now.depends_on:
            yield DependencyThere(key_of("depends no longer", on, at), at, on, ends=True)


def _step(
    step: Step, before: StateThere, snapshot: Snapshot, last: StateThere, texts: Mapping[Step, Text]
) -> Iterator[Claim]:
    now, at = snapshot.state, snapshot.at
    was, is_now = before.iterations.get(step, 0), now.iterations.get(step, 0)
    approved = now.approvals.get(step)
    text = texts.get(step)
    if 0 < was < is_now and step not in before.approvals:
        on_text = rejected_last(last, step) and is_now == last.iterations.get(step)
        if on_text and text:
            yield _text(step, last, text, at)
        for iteration in range(was, min(is_now, was + 50)):
            yield _verdict(step, iteration, ClaimedOutcome.REJECTED, at, on_text=on_text and iteration == is_now - 1)
    reached = is_now == last.iterations.get(step, 0) and (is_now > was or (approved and step not in before.approvals))
    if text and reached and (is_now or approved) and not rejected_last(last, step):
        yield _text(step, last, text, at)
    if approved and approved != before.approvals.get(step):
        stands = approved == last.approvals.get(step)
        yield _approval(step, approved, at, has_text=text is not None, on_text=text is not None and stands)


def _text(step: Step, last: StateThere, text: Text, at: int | None) -> TextThere:
    iteration = last.iterations.get(step, 0) - (1 if rejected_last(last, step) else 0)
    return TextThere(key_of("text", step, iteration, text.text), at, step, text.text, text.read_from, max(iteration, 0))


def _verdict(step: Step, iteration: int, outcome: ClaimedOutcome, at: int | None, *, on_text: bool) -> VerdictThere:
    return VerdictThere(key_of(outcome, step, iteration), at, step, iteration, outcome, "", "", on_text)


def _approval(step: Step, approval: ApprovalThere, saved: int | None, *, has_text: bool, on_text: bool) -> VerdictThere:
    at = saved if approval.at is None else approval.at
    return VerdictThere(
        key_of("approved", step, approval.iteration, approval.by, approval.at, has_text),
        at,
        step,
        approval.iteration,
        ClaimedOutcome.APPROVED,
        approval.by,
        approval.comments,
        on_text,
    )


def _blockers(before: Iterable[BlockerSeen], now: Iterable[BlockerSeen], at: int | None) -> Iterator[Claim]:
    was, is_now = {b.id: b for b in before}, {b.id: b for b in now}
    for blocker in is_now.values():
        key = key_of("blocked", blocker.id, blocker.created)
        if blocker.id not in was:
            kind = KINDS.get(blocker.kind, BlockerType.RESOURCE_UNAVAILABLE)
            words = f"{blocker.id}: {blocker.description}" if blocker.id else blocker.description
            yield BlockerThere(key, at if blocker.created is None else blocker.created, kind, words)
        if blocker.is_resolved and not (blocker.id in was and was[blocker.id].is_resolved):
            yield UnblockedThere(
                key_of("unblocked", blocker.id, blocker.created),
                at if blocker.resolved is None else blocker.resolved,
                key,
                "",
            )
    for gone in was.values():
        if gone.id not in is_now and not gone.is_resolved:
            reason = "its records do not list it any more"
            yield UnblockedThere(
                key_of("unblocked", gone.id, gone.created), at, key_of("blocked", gone.id, gone.created), reason
            )
