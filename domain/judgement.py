"""What the policy makes of one approval: allowed, final, by its own author, or only by force."""

from typing import NamedTuple

from domain import hints
from domain.actors import Actor
from domain.documents import Document
from domain.errors import PolicyForbids, QualityTooLow
from domain.policy_state import PolicyState
from domain.steps import Step


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


def judge(
    document: Document, step: Step, *, phase: str, command: str, by: Actor, forced: bool, policy: PolicyState
) -> Judgement:
    """Judge one more approval of a document, or refuse it. Force sets the policy aside and says which rules."""
    broken = policy.broken_by(by, step, author=document.author)
    if broken and not forced:
        raise PolicyForbids(phase, step, why=next(iter(broken.values())), command=command)
    lacking = policy.lacking(step, document)
    if lacking:
        if not forced:
            raise QualityTooLow(phase, step, why=lacking, command=command, draft=hints.draft(phase, step))
        broken[f"minimum_quality_{step}"] = lacking
    enough = len(document.approvals) + 1 >= policy.needed(step)
    broke = tuple(broken) if enough or not forced else (*broken, "minimum_approvers")
    self_approval = document.author is not None and document.author.name == by.name
    return Judgement(final=enough or forced, self_approval=self_approval, broke=broke)
