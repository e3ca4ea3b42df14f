"""Hypothesis asks for anything, in any order, of the real engine and of the plain model."""

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from domain import commands as c
from domain.actors import Actor
from domain.handler import handle
from domain.ledger_events import AlertKind
from domain.phase_events import BlockerType
from domain.project_state import Level
from domain.steps import STEPS, Step, StepState
from tests.facts import ADA, FIELDS, GRACE, LINUS
from tests.plain_templates import PlainTemplates
from tests.properties.engine_model import SCORED
from tests.properties.engine_state import Paper
from tests.properties.engine_task_rules import (
    BY_HAND,
    PHASES,
    TASKS,
    EngineTaskRules,
    some_actor,
    some_phase,
    some_reason,
)

TEXTS = ("# one\n", "# two\r\n", "- [ ] box\n", "- [x] box\n", " \n", BY_HAND)

some_step = st.sampled_from((None, None, None, *STEPS))
"""None stands for the step that the phase has come to."""
some_naming = st.sampled_from(
    ("nothing", "nothing", "latest", "latest", "iteration before", "other digest", "other seen")
)

some_ending = st.sampled_from(("ratify", "reject", "ask", "draft", "force"))
some_force: st.SearchStrategy[dict[str, Any]] = st.sampled_from(({}, {}, {"forced": True}, {"break_glass": True}))


class EngineMachine(EngineTaskRules):
    """Every command there is, and everything that happens around them."""

    def step_of(self, phase: str, step: Step | None) -> Step:
        papers = self.model.phases[phase].papers if phase in self.model.phases else {}
        here = (s for s in STEPS if s not in papers or papers[s].state != StepState.APPROVED)
        return step or next(here, Step.TASKS)

    def paper(self, phase: str, step: Step) -> Paper:
        return self.model.phases[phase].papers[step] if phase in self.model.phases else Paper()

    def naming(self, how: str, paper: Paper) -> dict[str, Any]:
        """Return which text a verdict says it judged."""
        other = "sha256:1:" + "0" * 64
        found: dict[str, dict[str, Any]] = {
            "nothing": {},
            "latest": {"iteration": paper.iteration, "digest": paper.digest, "seen": paper.digest or None},
            "iteration before": {"iteration": max(paper.iteration - 1, 1)},
            "other digest": {"digest": other},
            "other seen": {"seen": other},
        }
        return found[how]

    @initialize(
        by=some_actor,
        progress=st.tuples(*[st.integers(0, 13)] * len(PHASES)),
        number=st.sampled_from((1, 2)),
        expiry=st.sampled_from((None, 60, 3600)),
        glass=st.sampled_from((None, 60, 3600)),
    )
    def begin(self, by: Actor, progress: tuple[int, ...], number: int, expiry: int | None, glass: int | None) -> None:
        """Begin with phases that have come some way: chance alone would hardly leave the first step."""
        made = c.InitialiseProject(self.meta(by), "host/project", "host/project+00000000+AAAA", "Audio")
        receipt = handle(made, log=self.log, templates=PlainTemplates())
        assert (receipt.first, receipt.last) == (1, 2)
        self.read_on()
        for phase, times in zip(PHASES, progress, strict=True):
            self.go_on(phase, times)
        self.change_policy(ADA, None, number, None, expiry, glass)

    @rule(
        by=some_actor,
        author=st.sampled_from((None, True, False)),
        number=st.sampled_from((None, None, 0, 1, 1, 2, 3)),
        agents=st.sampled_from((None, True, False)),
        expiry=st.sampled_from((None, None, -1, 0, 60, 3600)),
        glass=st.sampled_from((None, None, None, -1, 0, 60, 3600)),
    )
    def change_policy(
        self,
        by: Actor,
        author: bool | None,
        number: int | None,
        agents: bool | None,
        expiry: int | None,
        glass: int | None,
    ) -> None:
        self.ask(c.ChangePolicy(self.meta(by), author, number, agents, expiry, break_glass_seconds=glass))

    @rule(by=some_actor, step=st.sampled_from(SCORED), percent=st.sampled_from((0, 0, 80, 101)))
    def ask_for_quality(self, by: Actor, step: Step, percent: int) -> None:
        rules: dict[str, Any] = {f"minimum_quality_{step}": percent}
        self.ask(c.ChangePolicy(self.meta(by), **rules))

    @rule(
        by=some_actor,
        step=st.sampled_from(STEPS),
        number=st.sampled_from((0, 1, 2, 51)),
        role=st.sampled_from(("", "", "lead")),
    )
    def ask_for_approvers(self, by: Actor, step: Step, number: int, role: str) -> None:
        self.ask(c.ChangePolicy(self.meta(by), approvers={step.value: number}, approver_roles={step.value: role}))

    @rule(by=some_actor, name=st.sampled_from(("ada", "grace")), role=st.sampled_from(("lead", "lead", "Lead")))
    def grant_role(self, by: Actor, name: str, role: str) -> None:
        self.ask(c.GrantRole(self.meta(by), name, role))

    @rule(by=some_actor, name=st.sampled_from(("ada", "grace")))
    def revoke_role(self, by: Actor, name: str) -> None:
        self.ask(c.RevokeRole(self.meta(by), name, "lead"))

    @rule(
        phase=some_phase,
        step=some_step,
        by=some_actor,
        title=st.sampled_from((None, None, "Sound")),
        tasks=st.sampled_from((None, *TASKS)),
        new=st.booleans(),
    )
    def draft(
        self,
        phase: str,
        step: Step | None,
        by: Actor,
        title: str | None,
        tasks: list[dict[str, Any]] | None,
        new: bool,
    ) -> None:
        here = self.step_of(phase, step)
        fields = FIELDS if tasks is None or here is not Step.TASKS else {**FIELDS, "tasks": tasks}
        self.ask(c.DraftDocument(self.meta(by, new=new), phase, here, fields, title))

    @rule(phase=some_phase, step=some_step, by=some_actor, text=st.sampled_from((None, *TEXTS)))
    def edit(self, phase: str, step: Step | None, by: Actor, text: str | None) -> None:
        here = self.step_of(phase, step)
        same = self.paper(phase, here).text
        self.ask(c.EditDocument(self.meta(by), phase, here, same if text is None else text))

    @rule(phase=some_phase, step=some_step, by=some_actor)
    def request(self, phase: str, step: Step | None, by: Actor) -> None:
        self.ask(c.RequestApproval(self.meta(by), phase, self.step_of(phase, step)))

    @rule(
        phase=some_phase,
        step=some_step,
        by=some_actor,
        naming=some_naming,
        force=some_force,
        reason=some_reason,
        new=st.booleans(),
    )
    def approve(
        self, phase: str, step: Step | None, by: Actor, naming: str, force: dict[str, Any], reason: str, new: bool
    ) -> None:
        here = self.step_of(phase, step)
        paper = self.paper(phase, here)
        if paper.approvals and not new:
            by = Actor(paper.approvals[0])
        named = self.naming(naming, paper)
        self.ask(c.ApproveDocument(self.meta(by, new=new), phase, here, **named, **force, reason=reason))

    @rule(
        phase=some_phase,
        step=some_step,
        by=some_actor,
        naming=some_naming,
        feedback=st.sampled_from((("vague",), ("long", "slow"), ("vague", " "), (), (" ",))),
    )
    def reject(self, phase: str, step: Step | None, by: Actor, naming: str, feedback: tuple[str, ...]) -> None:
        here = self.step_of(phase, step)
        named = self.naming(naming, self.paper(phase, here))
        self.ask(c.RejectDocument(self.meta(by), phase, here, feedback, **named))

    @rule(
        phase=st.sampled_from(PHASES),
        times=st.integers(0, 4),
        late=st.booleans(),
        by=st.sampled_from((GRACE, LINUS, LINUS, ADA)),
        what=some_ending,
    )
    def emergency(self, phase: str, times: int, late: bool, by: Actor, what: str) -> None:
        """Break the glass, go on for a while, and judge it, or ask again: chance alone would hardly get that far."""
        self.ask(c.ChangePolicy(self.meta(ADA), author_may_not_approve=True, break_glass_seconds=60))
        here = self.step_of(phase, None)
        self.ask(c.DraftDocument(self.meta(ADA), phase, here, FIELDS))
        self.ask(c.ApproveDocument(self.meta(ADA), phase, here, break_glass=True, reason="at night"))
        self.go_on(phase, times)
        if late or what in ("ask", "draft"):
            self.time_passes(60, 0)
        self.end_emergency(phase, by, what)

    @rule(
        phase=st.sampled_from(PHASES),
        by=some_actor,
        what=some_ending,
    )
    def end_emergency(self, phase: str, by: Actor, what: str) -> None:
        """Judge what was approved under break-glass, ask again for its approval, or write it anew."""
        papers = self.model.phases[phase].papers if phase in self.model.phases else {}
        step = next((s for s, paper in papers.items() if paper.broke), None)
        if step is None:
            return
        commands: dict[str, Any] = {
            "ratify": lambda meta: c.ApproveDocument(meta, phase, step),
            "reject": lambda meta: c.RejectDocument(meta, phase, step, ("not needed",)),
            "ask": lambda meta: c.RequestApproval(meta, phase, step),
            "draft": lambda meta: c.DraftDocument(meta, phase, step, FIELDS),
            "force": lambda meta: c.ApproveDocument(meta, phase, step, forced=True, reason="once more"),
        }
        before = self.answers["accepted"]
        self.ask(commands[what](self.meta(by)))
        if self.answers["accepted"] > before:
            self.endings[what] += 1

    @rule(phase=some_phase, step=st.sampled_from(STEPS), by=some_actor, reason=some_reason)
    def reopen(self, phase: str, step: Step, by: Actor, reason: str) -> None:
        self.ask(c.ReopenStep(self.meta(by), phase, step, reason))

    @rule(phase=some_phase, step=some_step, by=some_actor, naming=some_naming, force=some_force, reason=some_reason)
    def reconfirm(
        self, phase: str, step: Step | None, by: Actor, naming: str, force: dict[str, Any], reason: str
    ) -> None:
        here = self.step_of(phase, step)
        named = self.naming(naming, self.paper(phase, here))
        self.ask(c.ReconfirmDocument(self.meta(by), phase, here, reason, **named, **force))

    @rule(phase=some_phase, by=some_actor)
    def hand_off(self, phase: str, by: Actor) -> None:
        self.ask(c.HandOff(self.meta(by), phase))

    @rule(phase=some_phase, by=some_actor, reason=st.sampled_from(("over", " ", " ", " ")))
    def archive(self, phase: str, by: Actor, reason: str) -> None:
        self.ask(c.ArchivePhase(self.meta(by), phase, reason))

    @rule(phase=some_phase, by=some_actor)
    def retitle(self, phase: str, by: Actor) -> None:
        self.ask(c.RetitlePhase(self.meta(by), phase, "Sound"))

    @rule(phase=some_phase, by=some_actor, on=st.sampled_from((*PHASES * 2, "st09-new")), remove=st.booleans())
    def depend(self, phase: str, by: Actor, on: str, remove: bool) -> None:
        waits_for = self.model.phases[phase].waits_for if phase in self.model.phases else []
        if remove:
            self.ask(c.RemoveDependency(self.meta(by), phase, waits_for[0] if waits_for else on))
        else:
            self.ask(c.AddDependency(self.meta(by), phase, on))

    @rule(phase=some_phase, by=some_actor)
    def block(self, phase: str, by: Actor) -> None:
        self.ask(c.BlockPhase(self.meta(by), phase, BlockerType.VALIDATION_ERROR, "in the way"))

    @rule(phase=some_phase, by=some_actor, number=st.integers(1, 2))
    def unblock(self, phase: str, by: Actor, number: int) -> None:
        self.ask(c.UnblockPhase(self.meta(by), phase, f"B{number}"))

    @rule(phase=st.sampled_from(PHASES), times=st.integers(1, 12))
    def go_on(self, phase: str, times: int) -> None:
        """Do what the phase waits for, again and again: chance alone would never reach a handoff."""
        for n in range(times):
            here = self.step_of(phase, None)
            paper, by = self.paper(phase, here), (ADA, GRACE, LINUS)[n % 3]
            if paper.state in (StepState.AWAITING_APPROVAL, StepState.EXPIRED):
                self.ask(c.ApproveDocument(self.meta(by), phase, here))
            elif paper.state == StepState.STALE and paper.was_approved:
                self.ask(c.ReconfirmDocument(self.meta(by), phase, here, "it holds"))
            elif paper.state == StepState.APPROVED:
                self.ask(c.HandOff(self.meta(by), phase))
            else:
                fields = {**FIELDS, "tasks": TASKS[n % len(TASKS)]} if here is Step.TASKS else FIELDS
                self.ask(c.DraftDocument(self.meta(by), phase, here, fields))

    @rule(number=st.integers(0, 40), by=some_actor, how=st.sampled_from(("now", "then", "reuse", "begin again")))
    def repeat(self, number: int, by: Actor, how: str) -> None:
        """Repeat a command, perhaps long after the state has moved on; or use its id for another one."""
        if how == "begin again" or not self.asked:
            self.ask(c.InitialiseProject(self.meta(by), "host/other", "key", "Other"))
            return
        command, first = self.asked[number % len(self.asked)]
        if how == "reuse":
            self.ask(c.RetitlePhase(command.meta._replace(by=by), PHASES[0], "Reused"))
            return
        at = self.now if how == "now" else command.meta.at
        again: Any = command._replace(meta=command.meta._replace(at=at))
        self.ask(again)
        assert handle(again, log=self.log, templates=PlainTemplates()) == first._replace(repeated=True)

    @rule(seconds=st.sampled_from((1, 59, 60, 3600, 3600, -3600)), jump=st.sampled_from((0, 1, -3600, 365 * 86400)))
    def time_passes(self, seconds: int, jump: int) -> None:
        """Let time pass for people; the clock of the store may do something else."""
        self.now += timedelta(seconds=seconds)
        self.store_clock += (seconds + jump) * 1_000_000

    @rule(by=some_actor, reason=some_reason, key=st.sampled_from(("host/project+00000001+BBBB", "key")))
    def rotate_key(self, by: Actor, reason: str, key: str) -> None:
        self.ask(c.RotateKey(self.meta(by), key, reason))

    @rule(
        by=some_actor,
        phase=st.sampled_from((None, None, *PHASES, "st09-new", "Bad-Id")),
        level=st.sampled_from(Level),
        text=st.sampled_from(("no clicks", "no clicks", "mind the gap", " ")),
    )
    def remember(self, by: Actor, phase: str | None, level: Level, text: str) -> None:
        self.ask(c.RememberDirective(self.meta(by), text, level, phase))

    @rule(by=some_actor, number=st.integers(0, 4), reason=some_reason)
    def forget(self, by: Actor, number: int, reason: str) -> None:
        self.ask(c.ForgetDirective(self.meta(by), number, reason))

    @rule(
        back=st.integers(-2, 60),
        by=some_actor,
        reason=some_reason,
        where=st.sampled_from(("back", "back", "latest", "feedback", "title")),
    )
    def redact(self, back: int, by: Actor, reason: str, where: str) -> None:
        """Erase a text: of any position, of the latest of a paper, of feedback, of a title."""
        position = len(self.model.rows) - back
        papers = [paper for phase in self.model.phases.values() for paper in phase.papers.values() if paper.drafted]
        if where == "title" and self.model.phases:
            position = [phase.titled for phase in self.model.phases.values()][back % len(self.model.phases)]
        elif where == "latest" and papers:
            position = papers[back % len(papers)].drafted
        elif where == "feedback" and (asked := [at for paper in papers for at in paper.asked]):
            position = asked[back % len(asked)]
        self.ask(c.RedactPayload(self.meta(by), position, reason))

    @rule(by=some_actor, first=st.integers(-1, 3), last=st.integers(-1, 80))
    def review(self, by: Actor, first: int, last: int) -> None:
        self.ask(c.ReviewLog(self.meta(by), first, last))

    @rule(by=some_actor, kind=st.sampled_from(AlertKind), times=st.integers(0, 3), threshold=st.integers(0, 2))
    def raise_alert(self, by: Actor, kind: AlertKind, times: int, threshold: int) -> None:
        self.ask(c.RaiseAlert(self.meta(by), kind, times, threshold, 60, "192.0.2.1"))

    @rule()
    def another_process_goes_on(self) -> None:
        self.log = self.open_again()
