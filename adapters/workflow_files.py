"""Read the file of a workflow: judged as a whole before anything is done with a part of it."""

from shlex import quote
from typing import Any, BinaryIO, NamedTuple

from adapters.input_cleaning import cleaned, without_empty
from adapters.input_files import Source, read_text
from adapters.input_judging import judge_by
from adapters.input_lines import line_finder
from domain.basis import RESTS_ON
from domain.errors import InvalidInput
from domain.steps import STEPS, Step

HELP = ("orch schema show workflow",)


class WorkflowFile(NamedTuple):
    """What a file has for the steps it names."""

    name: str
    """As refusals name it."""
    fields: dict[Step, dict[str, Any]]
    config: str = ""
    """As `--config` names it; empty where the fields came without a file."""


def read_workflow(file: str, *, phase: str, stdin: BinaryIO | None = None) -> WorkflowFile:
    """Return the fields of every step in the file, in canonical form. Raises `InvalidInput`, with line and field."""
    return judged_workflow(read_text(file, stdin=stdin, option="--config"), phase=phase, config=file)


def judged_workflow(source: Source, *, phase: str, config: str = "") -> WorkflowFile:
    """Return the fields of every step in a text that was read. Raises `InvalidInput`, with line and field.

    `config` is the file as a command line names it, where there is one.
    """
    from adapters.input_workflow import Workflow

    fields = cleaned(source.parsed(), source.name)
    judge_by(Workflow, fields, source.name, top="the file", fix=HELP, line_of=line_finder(source.text, source.form))
    if fields.get("phase") not in (None, phase):
        raise InvalidInput(
            f"{source.name} is meant for {fields['phase']}, not for {phase}.",
            fix=(f"orch workflow {fields['phase']} --config {quote(config)}",) if config else (),
        )
    found = {step: without_empty(part) for step in STEPS if isinstance(part := fields.get(step.value), dict)}
    found |= {step: {} for step in RESTS_ON if step.value in fields and step not in found}
    hollow = [step.value for step in STEPS if step.value in fields and not (found.get(step) or step in RESTS_ON)]
    if hollow:
        raise InvalidInput(f"{source.name}: {hollow[0]} fills in no field; fill in at least one.", fix=HELP)
    if not found:
        raise InvalidInput(f"{source.name} has fields for no step; name at least the spec.", fix=HELP)
    return WorkflowFile(source.name, found, config)
