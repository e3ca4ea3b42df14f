"""Read a document back by its headings: what an edited text says, as far as its sections tell."""

import re
from collections.abc import Callable, Sequence
from typing import Any

from domain.steps import Step

Lines = Sequence[str]
HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+(.*?)[ \t]*#*[ \t]*")
FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
ITEM = re.compile(r"(?:[-*+]|[0-9]{1,9}[.)])[ \t]+(.*)")
TASK = re.compile(r"[-*+] \[[ xX]\] \*\*(T[0-9]{3,4})\*\* (.*?)(?: \(([^()]*)\))?")
HOURS = re.compile(r"(\d+(?:\.\d+)?) h")
PRIORITY = re.compile(r"(high|medium|low) priority")
CELL_END = re.compile(r"(?<!\\)\|")


def fields_of_text(step: Step, text: str) -> dict[str, Any]:
    """Return the fields that a text has sections for, by the headings of the built-in templates.

    It is for derivations and quality, not for rendering: what has no heading of its own is not found.
    """
    found: dict[str, Any] = {}
    for heading, lines in _sections(text):
        if heading in SECTIONS[step]:
            field, read = SECTIONS[step][heading]
            value = read(lines)
            if value:
                found[field] = value
    return found


def _sections(text: str) -> list[tuple[str, list[str]]]:
    """Return each heading of the second level with the lines below it; headings in code are none."""
    sections: list[tuple[str, list[str]]] = []
    fence = ""
    for line in text.split("\n"):
        opening = FENCE.match(line)
        if opening and not fence:
            fence = opening[1]
        elif opening and opening[1].startswith(fence) and line.strip() == opening[1]:
            fence = ""
        heading = None if fence else HEADING.fullmatch(line)
        if heading and len(heading[1]) <= 2:
            sections.append((heading[2] if len(heading[1]) == 2 else "", []))
        elif sections:
            sections[-1][1].append(line)
    return sections


def _text(lines: Lines) -> str:
    return "\n".join(lines).strip()


def _items(lines: Lines) -> list[str]:
    return [_plain(item[1]) for line in lines if (item := ITEM.fullmatch(line.rstrip())) and item[1]]


def _phase_ids(lines: Lines) -> list[str]:
    return [item.strip("`") for item in _items(lines)]


def _named(field: str) -> Callable[[Lines], list[dict[str, str]]]:
    return lambda lines: [{field: item} for item in _items(lines)]


def _headed(lines: Lines) -> list[dict[str, str]]:
    """Return what has a heading of the third level, without its number."""
    headings = (HEADING.fullmatch(line) for line in lines)
    return [{"name": _plain(re.sub(r"^\d+\. ", "", found[2]))} for found in headings if found and found[2]]


def _table(**columns: str) -> Callable[[Lines], list[dict[str, str]]]:
    """Return what reads a table; `columns` are field = heading."""

    def read(lines: Lines) -> list[dict[str, str]]:
        rows = [_cells(line) for line in lines if line.startswith("|")]
        if len(rows) < 3:
            return []
        names = {heading: field for field, heading in columns.items()}
        keys = [names.get(heading) for heading in rows[0]]
        return [
            {key: value for key, value in zip(keys, row, strict=False) if key and value} for row in rows[2:] if any(row)
        ]

    return read


def _cells(line: str) -> list[str]:
    return [cell.strip().replace("\\|", "|") for cell in CELL_END.split(line.strip().strip("|"))]


def _files(lines: Lines) -> dict[str, Any]:
    rows = _table(path="Path", purpose="Purpose")(lines)
    return {"files": rows} if rows else {}


def _people(lines: Lines) -> dict[str, Any]:
    return {"words": _items(lines)} if _items(lines) else {}


def _tasks(lines: Lines) -> list[dict[str, Any]]:
    tasks: list[dict[str, Any]] = []
    for line in lines:
        if found := TASK.fullmatch(line.rstrip()):
            about = found[3] or ""
            hours, priority = HOURS.search(about), PRIORITY.search(about)
            tasks.append({"id": found[1], "title": found[2]})
            tasks[-1] |= {"estimated_hours": float(hours[1])} if hours else {}
            tasks[-1] |= {"priority": priority[1]} if priority else {}
        elif tasks and (item := re.fullmatch(r"\s+[-*+] (.+)", line)):
            tasks[-1].setdefault("acceptance_criteria", []).append(_plain(item[1]))
    return tasks


def _plain(words: str) -> str:
    """Return words without the backslashes that kept them from beginning a block."""
    words = re.sub(r"^(\d{1,9})\\([.)])", r"\1\2", words.strip()).replace(r"\<!--", "<!--")
    return re.sub(r"^\\(?=[^\w\s])", "", words)


RISKS = _table(risk="Risk", kind="Kind", impact="Impact", mitigation="Mitigation")
SECTIONS: dict[Step, dict[str, tuple[str, Callable[[Lines], Any]]]] = {
    Step.SPEC: {
        "Objectives": ("objectives", _items),
        "User stories": ("user_stories", _named("words")),
        "Requirements": ("requirements", _items),
        "Dependencies": ("dependencies", _phase_ids),
        "Deliverables": ("deliverables", _items),
        "Acceptance criteria": ("acceptance_criteria", _items),
        "Success criteria": ("success_criteria", _items),
        "Risks": ("risks", RISKS),
    },
    Step.RESEARCH: {
        "Technical foundation": ("technical_foundation", _text),
        "Alternatives": ("alternatives", _table(name="Alternative", pros="For", cons="Against")),
        "Risks": ("risks", RISKS),
        "Sources": ("primary_sources", _named("title")),
    },
    Step.PLAN: {
        "Architecture": ("architecture_overview", _text),
        "Core components": ("core_components", _table(name="Component", purpose="Purpose")),
        "Internal dependencies": ("internal_dependencies", _table(source="From", target="Uses")),
        "Integration points": ("integration_points", _table(source="From", target="To", type="How")),
        "Data flow": ("data_flow", _items),
        "Technical specifications": ("technical_specifications", _table(name="What", value="Value")),
        "File structure": ("file_structure", _files),
        "External dependencies": ("external_dependencies", _table(name="Name", version="Version", purpose="Purpose")),
        "Environment": ("environment", _items),
        "Implementation phases": ("implementation_phases", _headed),
        "Testing strategy": ("testing_strategy", _text),
        "Performance considerations": ("performance_considerations", _items),
        "Risk mitigation": ("risk_mitigation", RISKS),
    },
    Step.PRD: {},
    Step.TASKS: {
        "Tasks": ("tasks", _tasks),
        "Resources": ("resource_allocation", _people),
        "Quality gates": ("quality_gates", _items),
        "Risks of the work": ("risk_tasks", RISKS),
        "Definition of done": ("definition_of_done", _items),
    },
}
"""Heading to field, as the built-in templates have them."""
