"""The options that fill a document's fields, as a table: the command line is made from it."""

from enum import StrEnum
from typing import NamedTuple

from domain.steps import Step


class Split(StrEnum):
    """How the words of an option become a value."""

    LINE = "line"
    """One line of text."""
    TEXT = "text"
    """A text that may have paragraphs."""
    LIST = "list"
    """Items between commas; the option may be repeated; `\\,` is a comma inside an item."""
    NUMBER = "number"
    JSON = "json"


class Flag(NamedTuple):
    """One option: its name without dashes, the field it fills, how it is split, and its help."""

    name: str
    field: str
    split: Split
    help: str

    @property
    def option(self) -> str:
        """The option as typed: `--out-of-scope`."""
        return "--" + self.name.replace("_", "-")


FLAGS: dict[Step, tuple[Flag, ...]] = {
    Step.SPEC: (
        Flag("title", "title", Split.LINE, "Title of the phase; made from its id unless given."),
        Flag("type", "type", Split.LINE, "Foundation, Infrastructure, Feature, Integration, Enhancement, ..."),
        Flag(
            "objectives", "objectives", Split.LIST, r"What the phase must achieve: A,B (\, is a comma inside an item)."
        ),
        Flag("requirements", "requirements", Split.LIST, "What must hold, each so that it can be checked: A,B."),
        Flag("dependencies", "dependencies", Split.LIST, "Ids of the phases it needs: st01-x,st02-y."),
        Flag("criteria", "acceptance_criteria", Split.LIST, "How one sees that it is done: A,B."),
    ),
    Step.RESEARCH: (
        Flag("sources", "primary_sources", Split.LIST, "Titles or addresses of primary sources: A,B."),
        Flag("foundation", "technical_foundation", Split.TEXT, "What is known about the technique."),
        Flag("alternatives", "alternatives", Split.JSON, 'What else was looked at: [{"name": "A", "pros": ["fast"]}].'),
        Flag("recommended", "recommended_approach", Split.TEXT, "The approach to take."),
        Flag("justification", "justification", Split.TEXT, "Why this one."),
    ),
    Step.PLAN: (
        Flag("architecture", "architecture_overview", Split.TEXT, "How it is built, in a few sentences."),
        Flag("components", "core_components", Split.LIST, "Names of the core components: A,B."),
        Flag("structure", "file_structure", Split.JSON, 'Files: {"files": [{"path": "src/a.c", "purpose": "..."}]}.'),
        Flag("strategy", "testing_strategy", Split.TEXT, "How it will be tested."),
    ),
    Step.PRD: (
        Flag("goal", "mvp_goal", Split.TEXT, "What the first release is for, in one sentence."),
        Flag("features", "key_features", Split.LIST, "Names of the key features: A,B."),
        Flag("metrics", "success_metrics", Split.LIST, "What will be measured, with its target: A,B."),
        Flag("out_of_scope", "out_of_scope", Split.LIST, "What is left out on purpose: A,B."),
    ),
    Step.TASKS: (
        Flag("tasks", "tasks", Split.LIST, "Titles of the tasks, in order; they become T001, T002, ...: A,B."),
        Flag("hours", "tasks", Split.LIST, "Estimated hours, one for each task in the same order: 4,6."),
        Flag("developers", "resource_allocation", Split.NUMBER, "How many people work on it."),
        Flag("hours_per_day", "resource_allocation", Split.NUMBER, "Hours that each of them works on it per day."),
    ),
}
