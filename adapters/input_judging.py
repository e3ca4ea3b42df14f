"""Judge fields by the model of their step, and say what is wrong in one sentence."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, get_args

from adapters.input_lines import LineOf, nowhere
from adapters.input_models import model_of
from adapters.input_rules import nearest, plain, shown
from domain.errors import InvalidInput
from domain.steps import Step

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

KINDS = {
    "string_type": "must be text",
    "list_type": "must be a list",
    "model_type": "must be a table of fields",
    "dict_type": "must be a table of fields",
    "int_type": "must be a whole number",
    "float_type": "must be a number",
    "string_too_short": "is empty; fill it in or take it out",
    "too_short": "is empty; fill it in or take it out",
    "string_pattern_mismatch": "must look like T001",
}


def judge(step: Step, fields: dict[str, object], source: str, *, line_of: LineOf = nowhere) -> None:
    """Refuse fields that the model of the step does not accept; say the first problem and count the others."""
    judge_by(model_of(step), fields, source, top=step.value, fix=(f"orch schema show {step}",), line_of=line_of)


def judge_by(
    model: Any, fields: dict[str, object], source: str, *, top: str, fix: Sequence[str], line_of: LineOf = nowhere
) -> None:
    """Refuse fields that a model does not accept. `top` names the whole in words, `line_of` knows where a field is."""
    from pydantic import ValidationError

    try:
        model.model_validate(fields)
    except ValidationError as error:
        problems = error.errors(include_url=False)
        # A name that is not known comes first: what is missing is mostly what was misspelt.
        problems.sort(key=lambda problem: problem["type"] != "extra_forbidden")
        others = len(problems) - 1
        more = "" if not others else f" (and {others} more problem{'s' if others > 1 else ''})"
        line = line_of(problems[0]["loc"]) if problems[0]["loc"] else None
        where = f"{source}, line {line}" if line else source
        sentence = f"{where}: {_sentence(problems[0], model, top)}{more}"
    else:
        return
    raise InvalidInput(sentence if sentence.endswith("?") else sentence + ".", fix=fix)


def _sentence(problem: "ErrorDetails", model: Any, top: str) -> str:
    place, kind, given = path_of(problem["loc"]), problem["type"], problem["input"]
    match kind:
        case "extra_forbidden":
            name = str(problem["loc"][-1])
            known = _fields_at(model, problem["loc"][:-1])
            return f"{path_of(problem['loc'][:-1]) or top} has no field {shown(name)}; {nearest(name, known)}"
        case _ if given is None and isinstance(problem["loc"][-1], int):
            return f"{place} is empty; fill it in or take it out"
        case _ if kind == "missing" or given is None:
            return f"{place} is missing"
        case "literal_error":
            expected = problem["ctx"]["expected"].replace("'", "").replace(" or ", ", ")
            return f"{place} is one of {expected}; got {shown(given)}"
        case "value_error":
            words = str(problem["ctx"]["error"])
            return f"{place} {words}" if place else words
        case "string_type" if isinstance(given, int | float):
            return f"{place} must be text; put {shown(given)} in quotes"
        case _ if kind in KINDS:
            return f"{place or 'the top'} {KINDS[kind]}" + ("" if "empty" in KINDS[kind] else f"; got {shown(given)}")
        case _:
            words = problem["msg"].removeprefix("Input ").removeprefix("Value ")
            return f"{place or 'the top'} {words[:1].lower()}{words[1:]}; got {shown(given)}"


def path_of(place: tuple[int | str, ...]) -> str:
    """Return a place as people write it: `tasks[3].dependencies[0]`."""
    text = ""
    for part in place:
        text += f"[{part}]" if isinstance(part, int) else f".{part[:60]}" if text else part[:60]
    return plain(text)


def _fields_at(model: Any, place: tuple[int | str, ...]) -> list[str]:
    for part in place:
        if isinstance(part, str):
            field = next(f for name, f in model.model_fields.items() if part in (name, f.alias))
            model = _model_in(field.annotation)
    return [field.alias or name for name, field in model.model_fields.items()]


def _model_in(annotation: Any) -> Any:
    """Return the model inside `Annotated[list[Model], ...] | None`."""
    if hasattr(annotation, "model_fields"):
        return annotation
    return next((found for inner in get_args(annotation) if (found := _model_in(inner))), None)
