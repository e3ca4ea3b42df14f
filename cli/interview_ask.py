"""Ask one question until there is an answer that its field can hold."""

from collections.abc import Sequence
from enum import Enum
from typing import Any

from adapters.editor import edited
from cli.interview_questions import Question, Shape
from cli.interview_talk import ask, say, shown
from domain.errors import InvalidInput, Refusal
from domain.steps import Step

KEYS = "Enter keeps or goes on · a number takes a suggestion · - none · < back · ! editor · ? why · Ctrl-D leave"


class Way(Enum):
    """Where to go instead of onward."""

    BACK = "<"


def answer_to(step: Step, question: Question, before: Any, suggestions: Sequence[Any]) -> Any:
    """Return the answer, None for none, or `Way.BACK`. `before` is the answer so far. Raises `Left`."""
    _show(before, suggestions)
    while True:
        found = (_line if question.shape is Shape.LINE else _items)(step, question, before, suggestions)
        if found is None or found is Way.BACK:
            return found
        try:
            return _judged(step, question.field, found)
        except InvalidInput as error:
            say(f"  {error.message}", "yellow")


def _show(before: Any, suggestions: Sequence[Any]) -> None:
    for each in [before] if isinstance(before, str) else before or ():
        say(f"    {shown(each)}", "dim")
    for number, each in enumerate(suggestions, 1):
        say(f"   {number}) {shown(each)}", "cyan")


def _line(step: Step, question: Question, before: Any, suggestions: Sequence[Any]) -> Any:
    while True:
        words = ask("  > ")
        match words:
            case "":
                return before
            case "-":
                return None
            case "<":
                return Way.BACK
            case "?":
                _explain(question)
            case "!":
                return _from_editor(str(before or "")) or before
            case _:
                return _taken(words, suggestions) or words


def _items(step: Step, question: Question, before: Any, suggestions: Sequence[Any]) -> Any:
    """Gather items: the first of them replaces those of before, an empty line ends."""
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
            case "?":
                _explain(question)
            case "!" if not question.parts:
                kept = items or before or []
                return [line for line in _from_editor("\n".join(map(str, kept))).splitlines() if line.strip()] or None
            case _:
                item = _taken(words, suggestions) or _whole(question, words)
                try:
                    _judged(step, question.field, [item])
                except InvalidInput as error:
                    say(f"  {error.message}", "yellow")
                else:
                    items.append(item)


def _whole(question: Question, words: str) -> Any:
    """Return an item of which the first part was typed; the others may be left out."""
    if not question.parts:
        return words
    first, *others = question.parts
    item = {first.name: words}
    for part in others:
        said = ask(f"    {part.ask}: ")
        if said not in ("", "-"):
            item[part.name] = said
    return item


def _taken(words: str, suggestions: Sequence[Any]) -> Any:
    number = int(words) if words.isascii() and words.isdecimal() and len(words) < 4 else 0
    return suggestions[number - 1] if 0 < number <= len(suggestions) else None


def _explain(question: Question) -> None:
    say(f"  {question.why}", "dim")
    say(f"  {KEYS}", "dim")


def _from_editor(text: str) -> str:
    try:
        return edited(text, suffix=".txt").strip()
    except Refusal as error:
        say(f"  {error.message}", "yellow")
        return text


def _judged(step: Step, field: str, value: Any) -> Any:
    """Return an answer as the field has it. Raises `InvalidInput` as for a file."""
    from adapters.input_cleaning import cleaned
    from adapters.input_judging import judge

    fields = cleaned({field: value}, "This answer")
    judge(step, fields, "This answer")
    return fields.get(field)
