"""What the policy makes of one approval: allowed, final, by its own author, or only by force."""

from datetime import datetime
from typing import NamedTuple

from domain import hints
from domain.actors import Actor
from domain.documents import Document
from domain.errors import BreakGlassUnknown, PolicyForbids, QualityTooLow
from domain.policy_state import PolicyState, only_people
from domain.steps import Step
from domain.times import microseconds


class Judgement(NamedTuple):
    """How an approval counts."""

    final: bool
    """It is the last approval that the policy asks for, or force made it so."""
    self_approval: bool
    broke: tuple[str, ...]
    """The policy's rules that force set aside."""

    def also(self, rule: str) -> "Judgement":
        """Return the judgement with one more rule set aside."""
        return self._replace(broke=(*self.broke, rule))


def ratify_by(judgement: Judgement, *, at: datetime, policy: PolicyState) -> int | None:
    """Return when an approval by force has to be ratified, µs since the epoch, or None where it holds for good."""
    seconds = policy.break_glass_seconds
    if seconds is None or not judgement.broke:
        return None
    return microseconds(at) + seconds * 1_000_000


def refuse_bound(step: Step, *, phase: str, by: Actor, forced: bool, policy: PolicyState) -> None:
    """Refuse the approval of an agent or a service whom the policy binds, and offer it no force: that is for people.

    Whoever decides asks this before anything that would advise how to ask better.
    """
    if policy.binds(by):
        also = ", with or without force" if forced else ""
        raise PolicyForbids(phase, step, why=f"{only_people(by)}{also}", command="")


def refuse_unknown_glass(step: Step, *, phase: str, command: str, policy: PolicyState) -> None:
    """Refuse to break a glass that the policy does not know: nobody would have to ratify it."""
    if policy.break_glass_seconds is None:
        raise BreakGlassUnknown(phase, step, command=command)


def judge(
    document: Document, step: Step, *, phase: str, command: str, by: Actor, forced: bool, policy: PolicyState
) -> Judgement:
    """Judge one more approval of a document, or refuse it. Force sets the policy aside and says which rules."""
    broken = policy.broken_by(by, step, author=document.author)
    if broken and not forced:
        rule, why = next(iter(broken.items()))
        role = policy.unheld_role(step) if rule == "approver_role" else None
        raise PolicyForbids(phase, step, why=why, command=command, grants=hints.grant(by.name, role) if role else "")
    lacking = policy.lacking(step, document)
    if lacking:
        if not forced:
            raise QualityTooLow(phase, step, why=lacking, command=command, draft=hints.draft(phase, step))
        broken[f"minimum_quality_{step}"] = lacking
    enough = len(document.approvals) + 1 >= policy.needed(step)
    broke = tuple(broken) if enough or not forced else (*broken, "minimum_approvers")
    self_approval = document.author is not None and document.author.name == by.name
    return Judgement(final=enough or forced, self_approval=self_approval, broke=broke)
