"""What contradicts itself in a predecessor's states: a sentence each; nothing of it stops an import."""

from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise

from adapters.import_backups import KINDS, Snapshot
from domain.steps import STEPS, Step
from domain.times import rfc3339


def doubts(snapshots: Sequence[Snapshot], texts: Collection[Step]) -> Iterator[str]:
    """Yield what a reader of the history has to know about it."""
    last = snapshots[-1].state
    for step in STEPS:
        approval = last.approvals.get(step)
        counted = last.iterations.get(step, 0)
        if approval and step not in texts:
            yield f"{step} is approved there and {step}.md is not there: the approval stays a claim about no text"
        elif counted and step not in texts:
            yield f"{step} has {counted} iteration(s) there and {step}.md is not there: nothing of it can be shown"
        if approval and approval.iteration != counted:
            yield f"the approval of {step} names iteration {approval.iteration}, but {counted} are counted"
        if approval and approval.at is None:
            yield f"the approval of {step} has no time that can be read"
        if step.value in last.completed and approval is None:
            yield f"{step} is completed there without an approval: it is not approved here"
        gap = next((s for s in step.earlier if s not in last.approvals), None)
        if approval and gap:
            yield f"{step} is approved there although {gap} is not"
    if last.next_action == "completed":
        yield "it is completed there; a handoff here is somebody's decision and is not imported"
    yield from _times(snapshots)
    kinds = {blocker.kind for snapshot in snapshots for blocker in snapshot.state.blockers} - KINDS.keys()
    for kind in sorted(kinds):
        yield f"the blocker type {kind[:40]!r} is none of ours; recorded as resource_unavailable"


def _times(snapshots: Sequence[Snapshot]) -> Iterator[str]:
    """Yield where times go backwards, and counts, which only ever grow."""
    for before, after in pairwise(snapshots):
        if before.at is not None and after.at is not None and after.at < before.at:
            yield f"a state of {rfc3339(after.at)} was saved after one of {rfc3339(before.at)}: kept in the order saved"
        for step in STEPS:
            was, is_now = before.state.iterations.get(step, 0), after.state.iterations.get(step, 0)
            if is_now < was:
                yield f"the iterations of {step} go back from {was} to {is_now}: kept as they were counted first"
