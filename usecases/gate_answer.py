"""Whether a text is exactly the approved one: asked of the store itself."""

from typing import Any, TypedDict

from adapters.workspace import Workspace
from domain.digest import digest_of
from domain.errors import GateClosed, InvalidInput
from domain.event_log import Record
from domain.phase_state import PhaseState
from domain.steps import Step
from domain.times import rfc3339
from projections.gate import approved
from usecases.phase_events import approvals_of, phase_then
from usecases.project import Project


class GateApproval(TypedDict):
    """One approval of the text; the name is a claim, unless a service knew it: `authentication` says how."""

    position: int
    recorded_at: str
    name: str
    kind: str
    authentication: str | None
    forced: bool
    self_approval: bool


class ReceiptTold(TypedDict):
    """The signed checkpoint that a receipt was checked with; `note` says what it cannot show."""

    origin: str
    size: int
    signed_by: list[str]
    note: str


class GateAnswer(TypedDict):
    """The gate is open: the document in the checkout is exactly the approved text.

    `receipt` is None where the store itself was asked; `receipt_file` is the receipt that was written or read.
    """

    phase: str
    step: str
    iteration: int
    digest: str
    document: str
    approvals: list[GateApproval]
    receipt: ReceiptTold | None
    receipt_file: str | None


def gate(project: Project, phase: str, step: Step, *, digest: str | None, at: str | None = None) -> GateAnswer:
    """Return the approval of a text with a digest, or refuse; without one, of what lies in this folder now.

    `at` asks whether it was the approved text at a moment.
    """
    if digest is None and at is not None:
        raise InvalidInput("What lies in a folder is of now: a moment needs the digest of a text.")
    state, records, now, _ = phase_then(project, phase, at)
    if digest is None:
        return gate_of(project, state, records, step, now_us=now)
    document = approved(state, step, now_us=now)
    if digest != document.digest:
        raise GateClosed(
            phase,
            step,
            why=f"the approved text (iteration {document.iteration}) is {document.digest}, not {digest[:100]}",
            fix=(f"orch checkout {phase} {step}",),
        )
    return _answer(project, state, records, step)


def gate_of(project: Project, state: PhaseState, records: list[Record], step: Step, *, now_us: int) -> GateAnswer:
    """Return the approval of the document in this folder, as it was at a time in µs; refuse any other text."""
    document = approved(state, step, now_us=now_us)
    refuse_other_text(project.files, state.phase, step, digest=document.digest, iteration=document.iteration)
    return _answer(project, state, records, step)


def _answer(project: Project, state: PhaseState, records: list[Record], step: Step) -> GateAnswer:
    from adapters.envelope import envelope_of

    document = state.documents[step]
    return {
        "phase": state.phase,
        "step": step.value,
        "iteration": document.iteration,
        "digest": document.digest,
        "document": project.files.shown(state.phase, step),
        "approvals": [
            approval(each.position, each.recorded_at, envelope_of(each)) for each in approvals_of(document, records)
        ],
        "receipt": None,
        "receipt_file": None,
    }


def refuse_other_text(files: Workspace, phase: str, step: Step, *, digest: str, iteration: int) -> None:
    """Refuse a checkout whose document is not the approved text."""
    shown, checkout = files.shown(phase, step), f"orch checkout {phase} {step}"
    try:
        text = files.read(phase, step)
    except InvalidInput as error:
        raise GateClosed(phase, step, why=error.message.rstrip("."), fix=(checkout,)) from None
    if text is None:
        raise GateClosed(phase, step, why=f"{shown} is missing", fix=(checkout,))
    found = digest_of(text, step)
    if found != digest:
        why = f"{shown} is not the approved text (iteration {iteration}, {digest}); its digest is {found}"
        raise GateClosed(phase, step, why=why, fix=(checkout, f'orch reopen {phase} {step} --reason "what changed"'))


def approval(position: int, recorded_at: int, envelope: dict[str, Any]) -> GateApproval:
    """Return one approval as it is told."""
    actor, facts = envelope["actor"], envelope["facts"]
    return {
        "position": position,
        "recorded_at": rfc3339(recorded_at),
        "name": actor["id"],
        "kind": actor["kind"],
        "authentication": facts.get("authentication"),
        "forced": facts["forced"],
        "self_approval": facts["self_approval"],
    }
