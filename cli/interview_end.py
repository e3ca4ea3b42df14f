"""The end of an interview: look at the answers, change any of them, see the document, record it or leave."""

from collections.abc import Callable
from typing import Any

from adapters.editor import edited
from adapters.inputs import judged_fields
from adapters.interview_files import Kept
from cli.interview_around import Around
from cli.interview_questions import QUESTIONS
from cli.interview_talk import Left, ask, say, shown
from cli.screen import clean
from domain.errors import InvalidInput, Refusal
from domain.steps import Step
from domain.templates import Templates
from domain.trial import try_out

AskOne = Callable[[str, Step, Around, Kept, int], Kept]


MENU = "y record it · a number changes that answer · e editor · p preview · q leave > "


def choose(
    phase: str, step: Step, known: Around, kept: Kept, templates: Templates, *, ask_one: AskOne
) -> tuple[bool, Kept]:
    """Show the answers; tell whether they are to be recorded, and return them, changed or not. Raises `Left`."""
    questions = QUESTIONS[step]
    say()
    for number, question in enumerate(questions, 1):
        value = kept.answers.get(question.field)
        say(f"{number:2}  {question.ask}", "bold")
        for each in value if isinstance(value, list) else [value if value is not None else "—"]:
            say(f"      {shown(each)}")
    names = {question.field for question in questions}
    for name in [name for name in kept.answers if name not in names]:
        say(f"    {name}, as it was before")
    while (words := ask(MENU).lower()) == "p":
        _preview(phase, step, known, kept, templates)
    if words in ("y", "yes"):
        try:
            if judged_fields(step, kept.answers, "These answers") or known.bases:
                return True, kept
            say("Nothing is answered yet.", "yellow")
        except InvalidInput as error:  # each answer fits its field, but not the others
            say(f"  {error.message}", "yellow")
    elif words in ("q", "quit"):
        raise Left
    elif words == "e":
        kept = kept._replace(answers=_from_editor(step, kept.answers))
    elif words.isascii() and words.isdecimal() and len(words) < 4 and 0 < int(words) <= len(questions):
        kept = ask_one(phase, step, known, kept, int(words) - 1)._replace(at=len(questions))
    return False, kept


def _from_editor(step: Step, answers: dict[str, Any]) -> dict[str, Any]:
    """Let all answers be edited as the file that `--from` takes; what is wrong with it is said, and can be mended."""
    import yaml

    from adapters.input_files import Source
    from adapters.input_lines import line_finder

    text = yaml.safe_dump(answers, allow_unicode=True, sort_keys=False) if answers else ""
    while True:
        try:
            text = edited(text, suffix=".yaml")
            source = Source("The edited answers", "yaml", text)
            return judged_fields(step, source.parsed(), source.name, line_of=line_finder(text, source.form))
        except Refusal as error:
            say(f"  {error.message}", "yellow")
            if ask("  Edit it again? [Y/n] ").lower() in ("n", "no"):
                return answers


def _preview(phase: str, step: Step, known: Around, kept: Kept, templates: Templates) -> None:
    """Show the document as it would be recorded, but for the feedback it answers."""
    try:
        text = try_out(
            {step: kept.answers},
            step,
            phase=phase,
            templates=templates,
            bases=known.bases,
            iteration=known.iteration + 1,
        )
    except Refusal as error:
        say(f"  {error.message}", "yellow")
        return
    say()
    say(clean(text))
