"""The interview: questions at a terminal, whose answers become the fields of a document."""

from pathlib import Path
from typing import Any

from adapters.interview_files import Kept, file_of, keep, kept_in
from cli.answers import StoppedAndAnswered
from cli.interview_around import Around, around
from cli.interview_ask import KEYS, Way, answer_to
from cli.interview_end import choose
from cli.interview_questions import QUESTIONS
from cli.interview_talk import Left, ask, quiet_history, say
from cli.project import opened
from cli.screen import one_line
from cli.style import Style, style
from domain.errors import InvalidInput
from domain.steps import Step


def interview(phase: str, step: Step, given: dict[str, Any]) -> dict[str, Any]:
    """Return the fields that a person answered and wants recorded. Nothing is recorded here.

    Every answer is kept on disk at once, so that whoever leaves can go on. Raises `StoppedAndAnswered` for who leaves.
    """
    with opened() as project:
        known = around(project, phase, step)
        file = file_of(project.places.state, phase, step)
        templates = project.templates
    quiet_history()
    try:
        kept = _begin(phase, step, known, given, _kept(file, step))
        kept = _ask_from(phase, step, known, kept, file)
        done = False
        while not done:
            done, kept = choose(phase, step, known, kept, templates, ask_one=_ask_one)
            keep(file, kept)
        return dict(kept.answers)
    except Left:
        say(f"Nothing was recorded. Your answers are kept; go on with: orch {step} {phase}{_flag(step)}")
        raise StoppedAndAnswered from None


def _kept(file: Path, step: Step) -> Kept | None:
    try:
        return kept_in(file, step)
    except InvalidInput as error:
        say(error.message, "yellow")
        return None


def _flag(step: Step) -> str:
    return "" if step is Step.SPEC else " --interactive"


def _begin(phase: str, step: Step, known: Around, given: dict[str, Any], kept: Kept | None) -> Kept:
    """Return where to begin: where somebody left, if that is wanted, or with what the document says so far."""
    say(f"{phase}: {step}, iteration {known.iteration + 1}", "bold")
    for point in known.feedback:
        say(f"  to answer: {one_line(point)}", "yellow")
    if kept is not None and kept.answers:
        say(f"{len(kept.answers)} answers are kept from before.")
        if kept.iteration != known.iteration:
            say("Since then somebody has recorded another iteration.", "yellow")
        if ask("Go on with them? [Y/n] ").lower() not in ("n", "no"):
            answers = {**kept.answers, **given}
            return Kept(known.iteration, min(kept.at, len(QUESTIONS[step])), answers)
    if style() is not Style.TERSE:
        say(KEYS, "dim")
    return Kept(known.iteration, 0, {**known.own, **given})


def _ask_from(phase: str, step: Step, known: Around, kept: Kept, file: Path) -> Kept:
    """Ask question after question, and keep every answer."""
    questions = QUESTIONS[step]
    while kept.at < len(questions):
        kept = _ask_one(phase, step, known, kept, kept.at)
        keep(file, kept)
    return kept


def _ask_one(phase: str, step: Step, known: Around, kept: Kept, number: int) -> Kept:
    """Ask one question; the next one is the following, or the one before where somebody wants to go back."""
    question = QUESTIONS[step][number]
    before = kept.answers.get(question.field)
    say()
    chosen = style()
    say(f"{number + 1}/{len(QUESTIONS[step])}  {question.field if chosen is Style.TERSE else question.ask}", "bold")
    if chosen is Style.FRIENDLY:
        say(f"  {question.why}", "dim")
    found = answer_to(step, question, before, known.suggested(phase, question.field, before))
    if found is Way.BACK:
        return kept._replace(at=max(0, number - 1))
    answers = {name: value for name, value in kept.answers.items() if name != question.field}
    if found is not None:
        answers[question.field] = found
    return kept._replace(at=number + 1, answers=answers)
