"""An export as JSON, YAML, CSV or one Markdown file: every form of the same data, and always the same bytes."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Any

import orjson

from adapters.markdown import cell, closed, inline
from projections.document_text import DocumentText
from projections.phase_export import Export, ExportedPhase, StepRow, step_rows
from projections.redactions import in_words
from usecases.audit_formats import as_csv
from usecases.safe_text import UNSAFE_IN_JSON, json_of


class ExportFormat(StrEnum):
    """How an export is written."""

    JSON = "json"
    YAML = "yaml"
    MARKDOWN = "md"
    CSV = "csv"


SUFFIXES = {".json": "json", ".yaml": "yaml", ".yml": "yaml", ".md": "md", ".markdown": "md", ".csv": "csv"}
KIND, VERSION = "export", 1


def written(export: Export, form: ExportFormat) -> str:
    """Return the whole text of an export."""
    match form:
        case ExportFormat.JSON:
            return json_of(_document(export)) + "\n"
        case ExportFormat.YAML:
            return _yaml(orjson.loads(orjson.dumps(_document(export))))
        case ExportFormat.CSV:
            return "".join(as_csv(step_rows(export["phases"]), list(StepRow.__annotations__)))
        case ExportFormat.MARKDOWN:
            return "\n".join(_bundle(export)) + "\n"


def _document(export: Export) -> dict[str, Any]:
    return {"ok": True, "kind": KIND, "version": VERSION, "data": export}


def _yaml(document: dict[str, Any]) -> str:
    """Return YAML that a reader of 1.1 and one of 1.2 take for the same: texts of several lines as blocks."""
    import yaml

    base: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)

    class Dumper(base):  # type: ignore[misc]  # PyYAML's stubs do not know which of the two it is
        """Ours alone: a representer would otherwise hold for every YAML this process writes."""

    def text(dumper: Any, value: str) -> Any:
        style = "|" if "\n" in value else None
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)

    Dumper.add_representer(str, text)
    plain = not UNSAFE_IN_JSON.search(
        orjson.dumps(document).decode()
    )  # what hides or reorders text is written as an escape
    return str(yaml.dump(document, Dumper=Dumper, sort_keys=False, allow_unicode=plain, width=1_000_000))


def _bundle(export: Export) -> Iterator[str]:
    """Yield the lines of one Markdown file. The documents are in it as they were recorded, to the byte."""
    phases, moment = export["phases"], export["as_of"]
    when = f", recorded {moment['recorded_at']}" if moment["recorded_at"] else ""
    yield from ("# Phases", "", f"As of position {moment['position']}{when}.", "", "## Contents", "")
    for phase in phases:
        yield f"- [{phase['phase']}](#{_anchor(phase)}): {_one_line(phase['title'])}"
        yield from (f"  - [{d['step']}](#{_anchor(phase, d)})" for d in phase["documents"])
    for phase in phases:
        yield from ("", f'<a id="{_anchor(phase)}"></a>', "", f"# {phase['phase']}: {_one_line(phase['title'])}", "")
        yield from _steps(phase)
        for document in phase["documents"]:
            yield from ("", "---", "", f'<a id="{_anchor(phase, document)}"></a>', "", _text(document))


def _steps(phase: ExportedPhase) -> Iterator[str]:
    yield from ("| Step | State | Iteration | Verdict by | Digest |", "| --- | --- | --- | --- | --- |")
    for row in step_rows([phase]):
        marks = [name for name in ("self_approval", "automatic", "forced") if row[name]]
        mark = f" ({', '.join(marks).replace('_', '-')})" if marks else ""
        verdict = f"{row['verdict_by']} {row['verdict_at']}{mark}" if row["verdict_by"] else ""
        cells = (row["step"], row["state"].replace("_", " "), row["iteration"] or "", verdict, row["digest"] or "")
        yield f"| {' | '.join(_escaped(cell(each)) for each in cells)} |"
    if phase["depends_on"]:
        yield from ("", f"Waits for {', '.join(phase['depends_on'])}.")


def _text(document: DocumentText) -> str:
    if document["text"] is None:
        erased = f"{document['step']} iteration {document['iteration']}: {in_words(document['erased_by'])}"
        return f"*{_one_line(erased)}*\n\n`{document['digest']}`"
    return closed(document["text"].rstrip("\n"))


def _anchor(phase: ExportedPhase, document: DocumentText | None = None) -> str:
    return f"phase-{phase['phase']}" + (f"-{document['step']}" if document else "")


def _one_line(words: str) -> str:
    return _escaped(inline(words))


def _escaped(words: str) -> str:
    return words.replace("<", r"\<")
