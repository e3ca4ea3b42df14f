"""The documents' own words, and a project's own ones: looked at, tried and compared."""

from difflib import unified_diff
from pathlib import Path

from adapters.template_files import PARTS, SUFFIX, TemplateFile, mistakes, template_file, template_files
from domain.errors import NotFound
from domain.steps import STEPS, Step
from usecases.template_answers import (
    CheckedTemplate,
    TemplateAnswer,
    TemplateCheckAnswer,
    TemplateDiffAnswer,
    TemplateListAnswer,
    TemplateRow,
)


def templates(folder: Path) -> TemplateListAnswer:
    """Return every template, the project's own in that folder before those of the program."""
    return {"folder": str(folder), "rows": [_row(file) for file in template_files(folder)]}


def template(folder: Path, name: str, *, built_in: bool) -> TemplateAnswer:
    """Return a template with its text, as it is used for the next document."""
    file = template_file(folder, name)
    if built_in:
        if file.built_in is None:
            raise NotFound(f"The program has no template {file.name!r}.", fix=(f"orch template show {file.name}",))
        file = file._replace(own=None)
    return {**_row(file), "text": file.text}


def tried(folder: Path, name: str | None) -> TemplateCheckAnswer:
    """Render the documents with sample data, and return which of them can be."""
    steps = _steps(folder, name)
    found = {mistake.step: mistake.message for mistake in mistakes(folder, steps)}
    by_name = {file.name: file for file in template_files(folder)}
    rows: list[CheckedTemplate] = [
        {
            "step": step,
            "name": f"{step}{SUFFIX}",
            "source": _row(by_name[f"{step}{SUFFIX}"])["source"],
            "ok": step not in found,
            "message": found.get(step),
        }
        for step in steps
    ]
    return {"ok": not found, "rows": rows}


def compared(folder: Path, name: str) -> TemplateDiffAnswer:
    """Return what a template of the project says differently from the program's."""
    file = template_file(folder, name)
    if file.own is None or file.built_in is None:
        whose = "the project has none of its own" if file.own is None else "the program has none"
        raise NotFound(f"There is nothing to compare: of {file.name} {whose}.", fix=("orch template list",))
    old, new = file.built_in.splitlines(), file.own.splitlines()
    lines = list(unified_diff(old, new, f"built-in:{file.name}", f"project:{file.name}", lineterm=""))
    return {"name": file.name, "lines": lines}


def _steps(folder: Path, name: str | None) -> tuple[Step, ...]:
    """Return the steps whose documents a template is part of; of a part that is all."""
    if name is None or name in PARTS:
        return STEPS
    if name in list(Step):
        return (Step(name),)
    file = template_file(folder, name)
    stem = file.name.removesuffix(SUFFIX)
    return (Step(stem),) if stem in list(Step) else STEPS


def _row(file: TemplateFile) -> TemplateRow:
    stem = file.name.removesuffix(SUFFIX)
    own = file.own is not None or file.unreadable is not None
    return {
        "name": file.name,
        "step": Step(stem) if stem in list(Step) else None,
        "source": "project" if own else "built-in",
        "digest": file.digest,
        "differs": own and file.own != file.built_in,
        "unreadable": file.unreadable,
    }
