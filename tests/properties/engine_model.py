"""The whole engine once more, as plainly as it can be said: what is accepted, what is refused, what is then true.

It shares no code with the domain but the words: steps, states, commands, and the digest of a text.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from domain import commands as c
from domain.actors import Actor, ActorKind
from domain.digest import digest_of, normalised
from domain.steps import Step, StepState
from domain.times import microseconds
from tests.plain_templates import plain_text
from tests.properties import engine_tasks as chores
from tests.properties.engine_state import No, Paper, Phase, Policy, Row, asked_for, refuse_if

S = StepState
SCORED = (Step.RESEARCH, Step.PLAN, Step.TASKS)


class Engine:
    """Everything that is true after the commands so far."""

    def __init__(self) -> None:
        self.phases: dict[str, Phase] = {}
        self.policy = Policy()
        self.directives: dict[int, ActorKind] = {}
        """Those in force, and what kind of actor gave them."""
        self.remembered = 0
        self.known: dict[str, tuple[Any, ...] | None] = {}
        """What was asked under which id; None where nobody can tell any more."""
        self.rows: list[Row] = []

    def ask(self, command: c.Command) -> str:
        """Return `accepted`, `repeated` or the name of the refusal; change what an accepted command changes."""
        name = command.meta.command_id
        if name in self.known:
            return "repeated" if self.known[name] in (None, asked_for(command)) else "CommandIdReused"
        try:
            self.decide(command)
        except No as no:
            return str(no)
        self.known[name] = asked_for(command)
        return "accepted"

    def decide(self, command: Any) -> None:
        """Judge first, change last: a refusal leaves everything as it was."""
        match command:
            case c.InitialiseProject():
                raise No("AlreadyExists")
            case c.ChangePolicy():
                self._change_policy(command)
            case c.GrantRole() | c.RevokeRole():
                self._change_roles(command)
            case c.RotateKey():
                refuse_if(not command.reason.strip(), "ReasonMissing")
            case c.RedactPayload():
                self._redact(command)
            case c.ReviewLog():
                refuse_if(command.last > len(self.rows), "NotFound")
                refuse_if(not 1 <= command.first <= command.last, "InvalidInput")
            case c.RaiseAlert():
                refuse_if(not 1 <= command.threshold <= command.times or command.seconds < 1, "InvalidInput")
            case c.RememberDirective():
                self._remember(command)
            case c.ForgetDirective():
                self._forget(command)
            case c.DraftDocument() | c.EditDocument():
                self._write(command)
            case _:
                self._go_on(command)

    def recorded(self, row: Row) -> None:
        """Take note of the next position, and of what stands there."""
        self.rows.append(row)
        position, phase = len(self.rows), self.phases.get(row.phase)
        if phase is None:
            return
        if row.topic in ("phase.opened", "phase.retitled"):
            phase.titled = position
        if row.step is None:
            return
        paper = phase.papers[row.step]
        if row.topic == "phase.document_drafted":
            paper.drafted = position
            if row.step == Step.TASKS:
                for number in phase.listed.get(paper.iteration, {}):
                    phase.titles[number] = phase.titles[number][0], position
        elif row.topic == "phase.document_rejected":
            paper.asked.append(position)
        elif row.topic == "phase.step_reopened":
            paper.asked = [position]

    def _remember(self, command: c.RememberDirective) -> None:
        if command.phase is not None:
            refuse_if(command.phase != command.phase.lower(), "InvalidInput")
            refuse_if(command.phase not in self.phases, "NotFound")
            refuse_if(self.phases[command.phase].archived, "PhaseArchived")
        refuse_if(not command.text.strip(), "InvalidInput")
        self.remembered += 1
        self.directives[self.remembered] = command.meta.by.kind

    def _forget(self, command: c.ForgetDirective) -> None:
        refuse_if(not command.reason.strip(), "ReasonMissing")
        refuse_if(not 1 <= command.number <= self.remembered, "NotFound")
        refuse_if(command.number not in self.directives, "NothingChanged")
        bound = self._binds(command)
        refuse_if(bound and self.directives[command.number] == ActorKind.HUMAN, "PolicyNeedsPerson")
        del self.directives[command.number]

    def _redact(self, command: c.RedactPayload) -> None:
        bound = self._binds(command)
        refuse_if(bound, "PolicyNeedsPerson")
        position = command.position
        refuse_if(not 1 <= position <= len(self.rows), "NotFound")
        row = self.rows[position - 1]
        refuse_if(not row.has_text, "NothingChanged")
        phase = self.phases.get(row.phase)
        papers = list(phase.papers.values()) if phase else []
        latest = any(paper.drafted == position for paper in papers)
        refuse_if(latest and phase is not None and not phase.archived, "LatestTextStays")
        refuse_if(not command.reason.strip(), "ReasonMissing")
        row.has_text = False
        self.known[row.command_id] = None
        if phase is not None and phase.titled == position:
            phase.title = title_from(row.phase)
        for paper in papers:
            paper.open_feedback = [
                () if at == position else said for at, said in zip(paper.asked, paper.open_feedback, strict=True)
            ]

    def _go_on(self, command: Any) -> None:
        """Judge a command about a phase that must exist; what ran out is written down only if it is accepted."""
        refuse_if(command.phase != command.phase.lower(), "InvalidInput")
        refuse_if(command.phase not in self.phases, "NotFound")
        phase = self.phases[command.phase]
        with self._ran_out(phase, command):
            RULES[type(command)](self, phase, command)

    @contextmanager
    def _ran_out(self, phase: Phase, command: Any) -> Iterator[None]:
        """Look at a phase as it is by now; a refusal leaves it as it was written down."""
        now = microseconds(command.meta.at)
        before = {step: (paper.state, paper.ratify) for step, paper in phase.papers.items()}
        for paper in phase.papers.values():
            ends = {S.AWAITING_APPROVAL: paper.expires, S.APPROVED: paper.ratify}.get(paper.state)
            if ends is not None and now >= ends:
                paper.state, paper.ratify = S.EXPIRED, None
        try:
            yield
        except No:
            for step, (state, ratify) in before.items():
                phase.papers[step].state, phase.papers[step].ratify = state, ratify
            raise

    def _change_policy(self, command: c.ChangePolicy) -> None:
        bound = self._binds(command)
        refuse_if(bound, "PolicyNeedsPerson")
        given = {name: value for name, value in command._asdict().items() if name in vars(self.policy)}
        for table in ("approvers", "approver_roles"):
            changed = {**(getattr(self.policy, table) or {}), **(given.pop(table) or {})}
            given[table] = {step: value for step, value in changed.items() if value}
        wanted = replace(self.policy, **{name: value for name, value in given.items() if value is not None})
        refuse_if(any(not 1 <= number <= 50 for number in (wanted.approvers or {}).values()), "InvalidInput")
        wanted.approvers, wanted.approver_roles = wanted.approvers or None, wanted.approver_roles or None
        if wanted.request_expiry_seconds == 0:
            wanted.request_expiry_seconds = None
        refuse_if(not 1 <= wanted.minimum_approvers <= 50, "InvalidInput")
        if wanted.break_glass_seconds == 0:
            wanted.break_glass_seconds = None
        for seconds in (wanted.request_expiry_seconds, wanted.break_glass_seconds):
            refuse_if(seconds is not None and not 1 <= seconds <= 366 * 86400, "InvalidInput")
        for step in SCORED:
            percent = getattr(wanted, f"minimum_quality_{step}") or None
            setattr(wanted, f"minimum_quality_{step}", percent)
            refuse_if(percent is not None and not 1 <= percent <= 100, "InvalidInput")
        refuse_if(wanted == self.policy, "NothingChanged")
        self.policy = wanted

    def _change_roles(self, command: c.GrantRole | c.RevokeRole) -> None:
        bound = self._binds(command)
        refuse_if(bound, "PolicyNeedsPerson")
        refuse_if(command.role != command.role.lower(), "InvalidInput")
        members = dict(self.policy.members or {})
        held = members.pop(command.role, [])
        if isinstance(command, c.GrantRole):
            refuse_if(command.name in held, "NothingChanged")
            members[command.role] = sorted([*held, command.name])
        else:
            refuse_if(command.name not in held, "NotFound")
            if held != [command.name]:
                members[command.role] = [name for name in held if name != command.name]
        self.policy.members = members or None

    def _write(self, command: c.DraftDocument | c.EditDocument) -> None:
        refuse_if(command.phase != command.phase.lower(), "InvalidInput")
        phase = self.phases.get(command.phase)
        refuse_if(phase is None and command.step != Step.SPEC, "NotFound")
        refuse_if(isinstance(command, c.EditDocument) and not command.text.strip(), "InvalidInput")
        phase = phase or Phase(title=title_from(command.phase))
        with self._ran_out(phase, command):
            self._write_in(phase, command)
        self.phases[command.phase] = phase

    def _write_in(self, phase: Phase, command: c.DraftDocument | c.EditDocument) -> None:
        is_edit, step = isinstance(command, c.EditDocument), command.step
        paper = phase.papers[step]
        refuse_if(phase.archived, "PhaseArchived")
        refuse_if(paper.state == S.APPROVED, "StepAlreadyApproved")
        refuse_if(phase.gap(step), "StepNotApproved")
        tasks: list[dict[str, Any]] = []
        if isinstance(command, c.DraftDocument):
            phase.title = command.title or phase.title
            answers = [words for feedback in paper.open_feedback for words in feedback]
            fields = command.fields
            if "tasks" in fields:
                tasks = chores.numbered(phase, fields["tasks"], self.rows)
                fields = {**fields, "tasks": tasks}
            text = plain_text(step, fields, title=phase.title, iteration=paper.iteration + 1, answers=answers)
        else:
            text = normalised(command.text)
            tasks = chores.by_hand(phase, text, self.rows) if step == Step.TASKS else []
        digest = digest_of(text, step)
        same = digest == paper.digest and paper.state not in (S.REOPENED, S.STALE)
        refuse_if(is_edit and same, "NothingChanged")
        if paper.broke:
            phase.unsettle_after(step)
        phase.papers[step] = Paper(
            S.AWAITING_APPROVAL, paper.iteration + 1, text, digest, command.meta.by.name, self._expiry(command)
        )
        if step == Step.TASKS:
            chores.list_tasks(phase, paper.iteration + 1, tasks)

    def _expiry(self, command: Any) -> int | None:
        seconds = self.policy.request_expiry_seconds
        return None if seconds is None else microseconds(command.meta.at) + seconds * 1_000_000

    def _request(self, phase: Phase, command: c.RequestApproval) -> None:
        refuse_if(phase.archived, "PhaseArchived")
        paper = phase.papers[command.step]
        refuse_if(paper.state not in (S.AWAITING_APPROVAL, S.EXPIRED), "NothingToJudge")
        paper.state, paper.expires = S.AWAITING_APPROVAL, self._expiry(command)

    def _approve(self, phase: Phase, command: c.ApproveDocument) -> None:
        forced = command.forced or command.break_glass
        paper = self._judged(phase, command, even_expired=forced)
        refuse_if(self._binds(command), "PolicyForbids")
        refuse_if(forced and bool(paper.broke), "PolicyForbids")
        refuse_if(command.break_glass and self.policy.break_glass_seconds is None, "BreakGlassUnknown")
        refuse_if(phase.gap(command.step), "StepNotApproved")
        refuse_if(forced and not command.reason.strip(), "ReasonMissing")
        self._count(paper, command)

    def _reject(self, phase: Phase, command: c.RejectDocument) -> None:
        paper = self._judged(phase, command)
        refuse_if(not "".join(command.feedback).strip(), "ReasonMissing")
        paper.state = S.REJECTED
        paper.open_feedback.append(command.feedback)
        if paper.broke:
            phase.unsettle_after(command.step)
        paper.ratify, paper.broke = None, ""

    def _reconfirm(self, phase: Phase, command: c.ReconfirmDocument) -> None:
        paper = phase.papers[command.step]
        self._refuse_unseen(paper, command)
        refuse_if(phase.archived, "PhaseArchived")
        refuse_if(paper.state != S.STALE or not paper.was_approved, "NotReconfirmable")
        refuse_if(phase.gap(command.step), "StepNotApproved")
        refuse_if(self._binds(command), "PolicyForbids")
        refuse_if(command.break_glass and self.policy.break_glass_seconds is None, "BreakGlassUnknown")
        self._refuse_other(paper, command)
        refuse_if(not command.reason.strip(), "ReasonMissing")
        self._count(paper, command)

    def _judged(self, phase: Phase, command: Any, *, even_expired: bool = False) -> Paper:
        paper = phase.papers[command.step]
        self._refuse_unseen(paper, command)
        refuse_if(phase.archived, "PhaseArchived")
        refuse_if(paper.state == S.EXPIRED and not even_expired, "RequestExpired")
        waits = paper.state in (S.AWAITING_APPROVAL, S.EXPIRED) or paper.ratify is not None
        refuse_if(not waits, "NothingToJudge")
        self._refuse_other(paper, command)
        return paper

    def _refuse_unseen(self, paper: Paper, command: Any) -> None:
        refuse_if(bool(paper.digest) and command.seen not in (None, paper.digest), "VerdictIsStale")

    def _refuse_other(self, paper: Paper, command: Any) -> None:
        refuse_if(command.iteration not in (None, paper.iteration), "VerdictIsStale")
        refuse_if(command.digest not in (None, paper.digest), "VerdictIsStale")
        refuse_if(command.meta.by.name in (*paper.approvals, paper.broke), "AlreadyJudged")

    def _binds(self, command: Any) -> bool:
        """Tell whether only people may approve and none asks; force changes nothing about that."""
        return self.policy.agents_may_not_approve and command.meta.by.kind != ActorKind.HUMAN

    def _count(self, paper: Paper, command: Any) -> None:
        by: Actor = command.meta.by
        forced = command.forced or command.break_glass
        broken = self.policy.author_may_not_approve and by.name == paper.author
        role = (self.policy.approver_roles or {}).get(command.step)
        broken = broken or (role is not None and by.name not in (self.policy.members or {}).get(role, []))
        refuse_if(broken and not forced, "PolicyForbids")
        # No text that the machine writes has a part that is asked for.
        incomplete = command.step in SCORED and getattr(self.policy, f"minimum_quality_{command.step}") is not None
        refuse_if(incomplete and not forced, "QualityTooLow")
        enough = len(paper.approvals) + 1 >= self._needed(command.step)
        aside = broken or incomplete or not enough or paper.state == S.EXPIRED
        if forced and aside and self.policy.break_glass_seconds is not None:
            paper.ratify = microseconds(command.meta.at) + self.policy.break_glass_seconds * 1_000_000
            paper.broke = by.name
        else:
            paper.approvals.append(by.name)
            if forced or enough:
                paper.ratify, paper.broke = None, ""
        if forced or enough:
            paper.state, paper.was_approved = S.APPROVED, False
            if command.step == Step.TASKS:
                phase = self.phases[command.phase]
                phase.worked_on = paper.iteration if paper.iteration in phase.listed else 0

    def _needed(self, step: Step) -> int:
        return (self.policy.approvers or {}).get(step, self.policy.minimum_approvers)

    def _reopen(self, phase: Phase, command: c.ReopenStep) -> None:
        refuse_if(phase.archived, "PhaseArchived")
        paper = phase.papers[command.step]
        refuse_if(paper.state != S.APPROVED, "StepNotApprovedYet")
        refuse_if(not command.reason.strip(), "ReasonMissing")
        paper.state, paper.approvals, paper.open_feedback = S.REOPENED, [], [(command.reason,)]
        paper.ratify, paper.broke = None, ""
        phase.handed_off = False
        phase.unsettle_after(command.step)

    def _hand_off(self, phase: Phase, command: c.HandOff) -> None:
        refuse_if(phase.archived, "PhaseArchived")
        refuse_if(phase.handed_off, "NothingChanged")
        papers = phase.papers.values()
        ready = all(paper.state == S.APPROVED and paper.ratify is None for paper in papers) and not any(phase.blockers)
        refuse_if(not ready or not all(self.phases[on].handed_off for on in phase.waits_for), "NotReadyForHandoff")
        phase.handed_off = True

    def _archive(self, phase: Phase, command: c.ArchivePhase) -> None:
        refuse_if(phase.archived, "PhaseArchived")
        refuse_if(not command.reason.strip(), "ReasonMissing")
        phase.archived = True

    def _retitle(self, phase: Phase, command: c.RetitlePhase) -> None:
        refuse_if(phase.archived, "PhaseArchived")
        phase.title = command.title

    def _depend(self, phase: Phase, command: c.AddDependency) -> None:
        self._refuse_closed(phase)
        refuse_if(command.on in phase.waits_for, "NothingChanged")
        refuse_if(command.on == command.phase or command.phase in self._all_below(command.on), "DependencyCycle")
        refuse_if(command.on not in self.phases, "NotFound")
        phase.waits_for.append(command.on)

    def _all_below(self, name: str) -> set[str]:
        direct = self.phases[name].waits_for if name in self.phases else []
        return {*direct}.union(*(self._all_below(on) for on in direct))

    def _undepend(self, phase: Phase, command: c.RemoveDependency) -> None:
        self._refuse_closed(phase)
        refuse_if(command.on not in phase.waits_for, "NothingChanged")
        phase.waits_for.remove(command.on)

    def _block(self, phase: Phase, command: c.BlockPhase) -> None:
        self._refuse_closed(phase)
        phase.blockers.append(True)

    def _unblock(self, phase: Phase, command: c.UnblockPhase) -> None:
        refuse_if(phase.archived, "PhaseArchived")
        number = int(command.blocker[1:]) - 1
        refuse_if(not 0 <= number < len(phase.blockers), "NotFound")
        refuse_if(not phase.blockers[number], "NothingChanged")
        phase.blockers[number] = False

    def _work(self, phase: Phase, command: Any) -> None:
        refuse_if(phase.archived, "PhaseArchived")
        phase.chores = chores.after(phase, command)

    def _refuse_closed(self, phase: Phase) -> None:
        refuse_if(phase.archived, "PhaseArchived")
        refuse_if(phase.handed_off, "PhaseHandedOff")


def title_from(phase: str) -> str:
    """Return the title of a phase that nobody gave one, or whose title was erased."""
    return phase[5:].capitalize()


RULES: dict[type, Callable[[Engine, Phase, Any], None]] = {
    c.RequestApproval: Engine._request,
    c.ApproveDocument: Engine._approve,
    c.RejectDocument: Engine._reject,
    c.ReconfirmDocument: Engine._reconfirm,
    c.ReopenStep: Engine._reopen,
    c.HandOff: Engine._hand_off,
    c.ArchivePhase: Engine._archive,
    c.RetitlePhase: Engine._retitle,
    c.AddDependency: Engine._depend,
    c.RemoveDependency: Engine._undepend,
    c.BlockPhase: Engine._block,
    c.UnblockPhase: Engine._unblock,
    c.StartTasks: Engine._work,
    c.CompleteTasks: Engine._work,
    c.ReopenTasks: Engine._work,
    c.AssignTasks: Engine._work,
    c.SyncTasks: Engine._work,
}
