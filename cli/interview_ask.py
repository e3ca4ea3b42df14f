"""Ask one question until there is an answer that its field can hold."""

from collections.abc import Sequence
from enum import Enum
from typing import Any

from adapters.editor import edited
from adapters.inputs import judged_fields
from cli.interview_questions import Question, Shape
from cli.interview_talk import ask, say, shown
from domain.errors import InvalidInput, Refusal
from domain.steps import Step

KEYS = "Enter keeps or goes on · a number takes a suggestion · - none · < back · ! editor · ? why · Ctrl-D leave"
NAME = "This answer"
"""What a refusal calls what was typed."""


class Way(Enum):
    """Where to go instead of onward."""

    BACK = "<"


def answer_to(step: Step, question: Question, before: Any, suggestions: Sequence[Any]) -> Any:
    """Return the answer, None for none, or `Way.BACK`. `before` is the answer so far. Raises `Left`."""
    for each in [before] if isinstance(before, str) else before or ():
        say(f"    {shown(each)}", "dim")
    for number, each in enumerate(suggestions, 1):
        say(f"   {number}) {shown(each)}", "cyan")
    while True:
        found = _typed(step, question, before, suggestions)
        if found is None or found is Way.BACK:
            return found
        try:
            return _judged(step, question, found)
        except InvalidInput as error:
            say(f"  {error.message}", "yellow")


def _typed(step: Step, question: Question, before: Any, suggestions: Sequence[Any]) -> Any:
    """Return what is typed: a line, or items up to an empty line, of which the first replaces those of before."""
    items: list[Any] = []
    while True:
        words = ask(f"  {question.parts[0].ask}: " if question.parts else "  > ")
        match words:
            case "":
                return items or before
            case "-":
                return None
            case "<":
                return Way.BACK
            case "!":
                return _from_editor(question, items or before) or before
            case "?":
                _explain(question)
                continue
        item = _item(question, words, suggestions)
        if item is None:
            continue
        if question.shape is Shape.LINE:
            return item
        try:
            _judged(step, question, [item])
        except InvalidInput as error:
            say(f"  {error.message}", "yellow")
        else:
            items.append(item)


def _item(question: Question, words: str, suggestions: Sequence[Any]) -> Any:
    """Return the suggestion of that number, or an item whose first part was typed; None where it is asked for again."""
    if suggestions and words.isascii() and words.isdecimal():
        if len(words) < 4 and 0 < int(words) <= len(suggestions):
            return suggestions[int(words) - 1]
        say(f"  There is no suggestion {words[:20]}; ! opens an editor, where it can be written as a text.", "yellow")
        return None
    if not question.parts:
        return words
    first, *others = question.parts
    item = {first.name: words}
    for part in others:
        while (said := ask(f"    {part.ask}: ")) in ("?", "!"):
            _explain(question)
        if said == "<":
            return None
        if said not in ("", "-"):
            item[part.name] = said
    return item


def _explain(question: Question) -> None:
    say(f"  {question.why}", "dim")
    say(f"  {KEYS}", "dim")


def _from_editor(question: Question, value: Any) -> Any:
    """Return an answer after it was edited: a text, a line for each item, or YAML where items have parts."""
    import yaml

    from adapters.input_files import parsed

    try:
        if question.parts:
            text = yaml.safe_dump(value, allow_unicode=True, sort_keys=False) if value else ""
            return parsed(edited(text, suffix=".yaml"), "yaml", NAME)
        if question.shape is Shape.LINE:
            return edited(value or "", suffix=".txt").strip()
        lines = edited("\n".join(map(str, value or ())), suffix=".txt").splitlines()
        return [line for line in lines if line.strip()]
    except Refusal as error:
        say(f"  {error.message}", "yellow")
        return value


def _judged(step: Step, question: Question, value: Any) -> Any:
    """Return an answer as the field has it. Raises `InvalidInput` as for a file."""
    return judged_fields(step, {question.field: value}, NAME).get(question.field)
