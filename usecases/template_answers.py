"""The shapes of what the commands about templates answer with `--json`."""

from typing import TypedDict

from domain.steps import Step


class TemplateRow(TypedDict):
    """One template. `step` is None for a part; `differs` tells whether an own one says something else."""

    name: str
    step: Step | None
    source: str
    digest: str
    differs: bool
    unreadable: str | None


class TemplateListAnswer(TypedDict):
    """Every template, and the folder of the project's own ones."""

    folder: str
    rows: list[TemplateRow]


class TemplateAnswer(TemplateRow):
    """One template with its text."""

    text: str


class CheckedTemplate(TypedDict):
    """Whether the document of a step can be rendered; `message` names file and line of what is wrong."""

    step: Step
    name: str
    source: str
    ok: bool
    message: str | None


class TemplateCheckAnswer(TypedDict):
    """The steps that were tried."""

    ok: bool
    rows: list[CheckedTemplate]


class EjectedAnswer(TypedDict):
    """The files that are the project's own now."""

    files: list[str]


class TemplateDiffAnswer(TypedDict):
    """The lines of a unified diff from the program's template to the project's; empty where both say the same."""

    name: str
    lines: list[str]


class CacheAnswer(TypedDict):
    """How many compiled templates were thrown away, and how many documents can be rendered again."""

    forgotten: int
    compiled: int
