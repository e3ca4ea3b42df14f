"""One run through the steps of a phase: as far as its file and its approvals reach."""

from dataclasses import dataclass, field
from hashlib import sha256
from shlex import quote
from time import time_ns
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from adapters.workflow_files import WorkflowFile
from domain import hints, phase_ids
from domain.documents import NOT_STARTED, Document
from domain.errors import CommandIdReused, Damaged, PolicyForbidsAutomatic, Refusal, Unavailable
from domain.phase_state import PhaseState
from domain.steps import STEPS, Step, StepState
from domain.trial import try_out
from usecases.gate import is_edited, refuse_edited, refuse_other_than_latest
from usecases.project import Project
from usecases.publish import publish
from usecases.receipts import ReceiptAfter, receipt_after, wanted_after
from usecases.rules import policy_of
from usecases.signing import SignedAfter
from usecases.workflow_answer import Gate, WorkflowRow
from usecases.writes import recorded

if TYPE_CHECKING:
    from collections.abc import Callable

    from domain.commands import Command, Meta


@dataclass
class Done:
    """What a run recorded so far."""

    drafted: dict[Step, int] = field(default_factory=dict)
    approved: dict[Step, int] = field(default_factory=dict)
    signed: dict[Step, SignedAfter] = field(default_factory=dict)
    receipts: dict[Step, ReceiptAfter] = field(default_factory=dict)

    @property
    def anything(self) -> bool:
        """Whether the log has grown by this run."""
        return bool(self.drafted or self.approved)


class Run:
    """Drafts what the file has and nobody recorded yet, and approves it where that was asked for.

    `meta` says who asks, for the command of an id. Every command's id follows from what it says, so that a run that
    stopped anywhere can be made again.
    """

    def __init__(
        self, project: Project, meta: "Callable[[str], Meta]", phase: str, file: WorkflowFile, *, automatic: bool
    ) -> None:
        self._project, self._meta, self._phase = project, meta, phase
        self._file, self._automatic = file, automatic
        self.done = Done()

    def refuse_hopeless(self) -> None:
        """Refuse what cannot go well, before anything is recorded: templates, edited files, the first gate."""
        state = self._state()
        waiting = [step for step in STEPS if state.documents[step].state is not StepState.APPROVED]
        for step in waiting:
            refuse_edited(self._project, self._id("draft", step, self._file.fields.get(step)), self._phase, step)
            if step in self._file.fields:
                try_out(self._file.fields, step, phase=self._phase, templates=self._project.templates)
        if self._automatic and waiting and waiting[0] in self._file.fields:
            self._refuse_hopeless_approval(waiting[0], state)

    def advance(self, step: Step) -> Gate | None:
        """Bring one step as far as possible; return what stops the run there, or None once it is approved."""
        document = self._document(step)
        if document.state is StepState.APPROVED:
            return None
        fields = self._file.fields.get(step)
        if fields is None:
            return self._gate(step, document, f"{self._file.name} has no fields for {step}")
        draft_id = self._id("draft", step, fields)
        if self._project.log.receipt(draft_id) is None:
            self._draft(step, fields, draft_id)
        else:
            self._publish_again(step)
        document = self._document(step)  # another run of the file may have drafted it since
        if self._may_approve(step, document, draft_id):
            self._approve(step, document)
            document = self._document(step)
        return None if document.state is StepState.APPROVED else self._waiting(step, document, draft_id)

    def is_approved(self, step: Step) -> bool:
        """Tell whether a step is approved by now."""
        return self._document(step).state is StepState.APPROVED

    def rows(self) -> list[WorkflowRow]:
        """Return where the steps stand now, and what this run did to them."""
        documents, now = self._state().documents, time_ns() // 1000
        return [
            {
                "step": step,
                "state": documents[step].state_at(now),
                "iteration": documents[step].iteration,
                "digest": documents[step].digest or None,
                "drafted": self.done.drafted.get(step),
                "approved": self.done.approved.get(step),
                "checkpoint": self.done.signed.get(step),
                "receipt": self.done.receipts.get(step),
            }
            for step in STEPS
        ]

    def _draft(self, step: Step, fields: dict[str, Any], draft_id: str) -> None:
        def command() -> "Command":
            from domain.commands import DraftDocument

            refuse_edited(self._project, draft_id, self._phase, step)
            title = fields.get("title") if step is Step.SPEC else None
            return DraftDocument(self._meta(draft_id), self._phase, step, fields, title=title)

        try:
            receipt, _ = recorded(self._project, self._phase, command, writes=step)
        except CommandIdReused:  # another actor's run of the same file was first
            return
        if not receipt.repeated:
            self.done.drafted[step] = receipt.last

    def _publish_again(self, step: Step) -> None:
        """Write the document where a run ended between its record and its file; what somebody edited stays."""
        with self._project.files.locked(self._phase):
            if not is_edited(self._project, self._phase, step):
                publish(self._project, self._phase, step)

    def _may_approve(self, step: Step, document: Document, draft_id: str) -> bool:
        """Tell whether an approval was asked for, and is for the text of this file and by somebody who gave none."""
        mine = self._meta(draft_id).by.name
        waits = document.state_at(time_ns() // 1000) is StepState.AWAITING_APPROVAL
        given = any(approval.by.name == mine for approval in document.approvals)
        return self._automatic and waits and not given and self._is_drafted_by(draft_id, document)

    def _approve(self, step: Step, document: Document) -> None:
        mine = self._meta("").by
        approval_id = self._id("approve", step, [document.iteration, document.digest, *mine])

        def command() -> "Command":
            from domain.commands import ApproveDocument

            return ApproveDocument(
                self._meta(approval_id),
                self._phase,
                step,
                iteration=document.iteration,
                digest=document.digest,
                seen=refuse_other_than_latest(self._project, approval_id, self._phase, step),
                automatic=True,
            )

        with_receipt = wanted_after(self._project)
        receipt, signed = recorded(self._project, self._phase, command, occasion="approval")
        if not receipt.repeated:
            self.done.approved[step] = receipt.last
        if with_receipt:
            with self._project.files.locked(self._phase):
                proof = receipt_after(self._project, self._phase, step)
            if proof:
                self.done.receipts[step] = proof
        if signed:
            self.done.signed[step] = signed

    def _waiting(self, step: Step, document: Document, draft_id: str) -> Gate:
        """Say what the step waits for."""
        match document.state_at(time_ns() // 1000):
            case StepState.AWAITING_APPROVAL:
                given, needed = len(document.approvals), policy_of(self._project).needed(step)
                count = f" ({given} of {needed} approvals)" if needed > 1 else ""
                whose = "" if self._is_drafted_by(draft_id, document) else f", which is not from {self._file.name},"
                return self._gate(
                    step, document, f"{step} iteration {document.iteration}{whose} awaits approval{count}"
                )
            case StepState.REJECTED:
                return self._gate(step, document, f"{step} was rejected; answer the feedback in {self._file.name}")
            case state:
                words = state.value.replace("_", " ")
                return self._gate(
                    step, document, f"{step} is {words}, and what {self._file.name} says was drafted before"
                )

    def _gate(self, step: Step, document: Document, message: str) -> Gate:
        state = document.state_at(time_ns() // 1000)
        fix = [hints.approval(self._phase, step, document, state)]
        if state is StepState.REJECTED:
            fix = [f"orch why {self._phase} {step}"]
        return {"step": step, "code": None, "message": f"{self._phase}: {message}.", "fix": fix}

    def _refuse_hopeless_approval(self, step: Step, state: PhaseState) -> None:
        document, by = state.documents[step], self._meta("").by
        known = self._project.log.receipt(self._id("draft", step, self._file.fields[step])) is not None
        broken = policy_of(self._project).broken_by(by, step, author=document.author if known else by)
        if broken:
            config = self._file.config  # without a file there is no line to repeat, but the rules can be shown
            line = f"orch workflow {self._phase} --config {quote(config)}" if config else "orch policy show"
            raise PolicyForbidsAutomatic(self._phase, step, why=next(iter(broken.values())), fix=(line,))

    def _is_drafted_by(self, command_id: str, document: Document) -> bool:
        place = (phase_ids.stream_of(self._phase), document.drafted)
        return bool(document.drafted) and self._project.log.told([place])[place].command_id == command_id

    def _id(self, what: str, step: Step, words: Any) -> str:
        said = orjson.dumps([what, self._phase, step, words], option=orjson.OPT_SORT_KEYS)
        return f"workflow-{sha256(said).hexdigest()}"

    def _state(self) -> PhaseState:
        head = self._project.head(self._phase)
        return PhaseState.from_facts(head.facts) if head else PhaseState(self._phase, titled=0)

    def _document(self, step: Step) -> Document:
        return self._state().documents.get(step, NOT_STARTED)


class Stopped(NamedTuple):
    """Where a run stopped; `refusal` is what stopped it after it had recorded something."""

    gate: Gate | None
    refusal: Refusal | None


def gone_through(run: Run) -> Stopped:
    """Go through all steps. A refusal after the first record is part of the answer."""
    for step in STEPS:
        try:
            gate = run.advance(step)
        except (Damaged, Unavailable):
            raise
        except Refusal as refusal:
            if run.is_approved(step):  # another run of the same file was first
                continue
            if not run.done.anything:
                raise
            stopped: Gate = {
                "step": step,
                "code": refusal.code,
                "message": refusal.message,
                "fix": list(refusal.fix),
            }
            return Stopped(stopped, refusal)
        if gate is not None:
            return Stopped(gate, None)
    return Stopped(None, None)
