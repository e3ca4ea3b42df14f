"""orch approve, reject and reconfirm: verdicts on exactly one text."""

from typing import TYPE_CHECKING, Annotated, Optional

import click
import typer

from adapters.actor import refuse_guessed_kind
from cli.arguments import PhaseId, Reason, StepName
from cli.options import Asked, writing
from cli.project import opened
from cli.typed import typed
from cli.writes import carry_out
from domain.errors import InvalidInput
from domain.steps import Step
from usecases.gate import refuse_other_than_latest
from usecases.project import Project

if TYPE_CHECKING:
    from domain.commands import Command
    from domain.document_events import Meaning as MeaningOf

Iteration = Annotated[
    Optional[int],  # noqa: UP045  # Typer reads Optional at every release we allow
    typer.Option("--iteration", min=1, help="Refuse unless this is the latest iteration."),
]
Digest = Annotated[
    Optional[str],  # noqa: UP045  # as above
    typer.Option("--digest", metavar="SHA256:1:…", help="Refuse unless this is the digest of the latest text."),
]
Meaning = Annotated[
    str, typer.Option("--meaning", help="What the signature stands for: approval, review or responsibility.")
]
Comments = Annotated[str, typer.Option("--comments", help="What you want to say beside the verdict.")]
Force = Annotated[
    bool, typer.Option("--force", help="Set the policy aside, as a person; needs --reason and shows in every report.")
]
BreakGlass = Annotated[
    bool, typer.Option("--break-glass", help="Set it aside in an emergency; others must approve the text in time.")
]
Feedback = Annotated[
    Optional[list[str]],  # noqa: UP045  # as above
    typer.Option("--feedback", help="What must change; give it once for every point."),
]
StepMaybe = Annotated[
    Optional[Step],  # noqa: UP045  # as above
    typer.Argument(metavar="STEP", help="spec, research, plan, prd or tasks; it is always named."),
]
StepAsType = Annotated[
    Optional[Step],  # noqa: UP045  # as above
    typer.Option("--type", hidden=True, help="STEP, as the predecessor spells it."),
]
Approved = Annotated[bool, typer.Option("--approved", hidden=True, help="What approve says already.")]
Rejected = Annotated[bool, typer.Option("--rejected", hidden=True, help="Reject instead, with --feedback.")]
FeedbackToo = Annotated[
    Optional[list[str]],  # noqa: UP045  # as above
    typer.Option("--feedback", hidden=True, help="What must change; goes with --rejected."),
]
ForceReason = Annotated[str, typer.Option("--reason", help="Why the policy is set aside; goes with --force.")]

ASIDE = "why the policy is set aside"


@writing
def approve(
    asked: Asked,
    phase: PhaseId,
    step: StepMaybe = None,
    iteration: Iteration = None,
    digest: Digest = None,
    meaning: Meaning = "approval",
    comments: Comments = "",
    force: Force = False,
    break_glass: BreakGlass = False,
    reason: ForceReason = "",
    step_as_type: StepAsType = None,
    approved: Approved = False,
    rejected: Rejected = False,
    feedback: FeedbackToo = None,
) -> None:
    """Approve exactly the text that is on disk; its digest is shown and recorded.

    Example: orch approve st01-audio-engine spec --comments "Clear enough"

    Next: orch status PHASE
    """
    step = _one(step, step_as_type)
    if rejected:
        _refuse_two_verdicts(
            phase,
            step,
            {"--approved": approved, "--force": force, "--break-glass": break_glass, "--reason": bool(reason)},
        )
        return _reject(asked, phase, step, feedback, iteration, digest, comments)
    if feedback:
        raise InvalidInput("Feedback goes with a rejection.", fix=(_rejection(phase, step),))
    named = {"--iteration": iteration, "--digest": digest, "--meaning": _unusual(meaning), "--comments": comments}
    aside = {
        "--force": force,
        "--break-glass": break_glass,
        "--reason": reason or (ASIDE if force or break_glass else ""),
    }
    refuse_guessed_kind(asked.actor_kind, command=typed(f"orch approve {phase} {step}", named | aside))

    def command(project: Project) -> "Command":
        from domain.commands import ApproveDocument

        return ApproveDocument(
            project.meta(asked),
            phase,
            step,
            iteration=iteration,
            digest=digest,
            seen=refuse_other_than_latest(project, asked.command_id, phase, step),
            meaning=_meaning(meaning),
            comments=comments,
            forced=force,
            break_glass=break_glass,
            reason=reason,
        )

    with opened(to_write=True) as project:
        carry_out(project, asked, phase, lambda: command(project), occasion="approval", judged=step)
    return None


@writing
def reject(
    asked: Asked,
    phase: PhaseId,
    step: StepName,
    feedback: Feedback = None,
    iteration: Iteration = None,
    digest: Digest = None,
    comments: Comments = "",
) -> None:
    """Reject a document and say what must change; the next iteration answers it.

    Example: orch reject st01-audio-engine spec --feedback "On which machine?"

    Next: draft the step again, for example orch spec PHASE --from spec.yaml
    """
    _reject(asked, phase, step, feedback, iteration, digest, comments)


def _reject(
    asked: Asked,
    phase: str,
    step: Step,
    feedback: list[str] | None,
    iteration: int | None,
    digest: str | None,
    comments: str,
) -> None:
    given = {"--feedback": feedback, "--iteration": iteration, "--digest": digest, "--comments": comments}
    again = typed(f"orch reject {phase} {step}", given) if feedback else _rejection(phase, step)
    refuse_guessed_kind(asked.actor_kind, command=again)

    def command(project: Project) -> "Command":
        from domain.commands import RejectDocument

        return RejectDocument(
            project.meta(asked),
            phase,
            step,
            feedback=tuple(words for words in feedback or () if words.strip()),
            iteration=iteration,
            digest=digest,
            seen=refuse_other_than_latest(project, asked.command_id, phase, step),
            comments=comments,
        )

    with opened(to_write=True) as project:
        carry_out(project, asked, phase, lambda: command(project))


def _rejection(phase: str, step: Step) -> str:
    return f'orch reject {phase} {step} --feedback "what must change"'


def _one(step: Step | None, as_type: Step | None) -> Step:
    """Return the step, however it was spelled."""
    if step is not None and as_type is not None and step is not as_type:
        raise InvalidInput(f"STEP says {step} and --type says {as_type}; a verdict is about one of them.")
    found = step or as_type
    if found is None:
        context = click.get_current_context()
        (missing,) = [param for param in context.command.params if param.name == "step"]
        raise click.MissingParameter(ctx=context, param=missing, param_hint="'STEP'")
    return found


def _refuse_two_verdicts(phase: str, step: Step, given: dict[str, bool]) -> None:
    for option, is_given in given.items():
        if is_given:
            raise InvalidInput(f"--rejected and {option} do not go together.", fix=(_rejection(phase, step),))


@writing
def reconfirm(
    asked: Asked,
    phase: PhaseId,
    step: StepName,
    reason: Reason = "",
    iteration: Iteration = None,
    digest: Digest = None,
    meaning: Meaning = "approval",
    force: Force = False,
    break_glass: BreakGlass = False,
) -> None:
    """Approve a stale document as it is: a verdict under the full policy, with a reason.

    Example: orch reconfirm st01-audio-engine research --reason "It holds"

    Next: orch status PHASE
    """
    given = {"--reason": reason or "why it still holds", "--iteration": iteration, "--digest": digest}
    given |= {"--meaning": _unusual(meaning), "--force": force, "--break-glass": break_glass}
    refuse_guessed_kind(asked.actor_kind, command=typed(f"orch reconfirm {phase} {step}", given))

    def command(project: Project) -> "Command":
        from domain.commands import ReconfirmDocument

        return ReconfirmDocument(
            project.meta(asked),
            phase,
            step,
            reason=reason,
            iteration=iteration,
            digest=digest,
            seen=refuse_other_than_latest(project, asked.command_id, phase, step),
            meaning=_meaning(meaning),
            forced=force,
            break_glass=break_glass,
        )

    with opened(to_write=True) as project:
        carry_out(project, asked, phase, lambda: command(project), occasion="approval", judged=step)


def _unusual(meaning: str) -> str:
    return "" if meaning == "approval" else meaning


def _meaning(words: str) -> "MeaningOf":
    from domain.document_events import Meaning

    try:
        return Meaning(words)
    except ValueError:
        raise InvalidInput(f"A verdict means {', '.join(Meaning)}; got {words[:40]!r}.") from None
