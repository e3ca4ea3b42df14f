"""The handoff package as one Markdown file, as GitHub shows it: the same phase gives the same bytes."""

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from adapters.markdown import cell, inline

if TYPE_CHECKING:
    from projections.handoff_package import HandoffPackage

HEADING = re.compile(r"^( {0,3})(#{1,6})(?=[ \t])", re.MULTILINE)


def page(found: "HandoffPackage", *, origin: str, root: str, links: Mapping[str, str]) -> str:
    """Return the file. `root` is the hex RFC 6962 root of the log up to the package's position."""
    lines = [f"# Handoff: {inline(found['title'])}", "", f"Phase `{found['phase']}`. {_standing(found)}"]
    if found["comments"]:
        lines += ["", f"> {inline(found['comments'])}"]
    lines += ["", "## Documents", "", *_documents(found["documents"], links)]
    lines += ["", "Each is approved as exactly this text. To check one: `orch show " + found["phase"] + " STEP`."]
    lines += ["", "## Tasks", ""]
    lines += found["tasks"] or ["The tasks document has no boxes to tick; read it whole."]
    lines += ["", "## Constraints", "", *(_constraints(found) or ["No section of the documents names any."])]
    if found["depends_on"]:
        lines += ["", "## Rests on", "", *(f"- `{on}`" for on in found["depends_on"])]
    lines += ["", "## Where this comes from", ""]
    lines += [
        f"- Log: `{origin}`",
        f"- Position: {found['position']}, the last event of this phase",
        f"- Root of the log up to there (RFC 6962): `{root}`",
        "- Digests are over the normalised text: UTF-8, LF, one final newline; a ticked box counts as an empty one.",
    ]
    return "\n".join(line.rstrip() for line in "\n".join(lines).split("\n")) + "\n"


def _standing(found: "HandoffPackage") -> str:
    by = found["handed_off_by"]
    if by is None:
        return "All five documents are approved; **it has not been handed off yet**."
    return f"Handed off by {inline(by['name'])} ({by['kind']}) at {found['handed_off_at']}."


def _documents(documents: Iterable[Any], links: Mapping[str, str]) -> list[str]:
    rows = ["| Step | Iteration | Approved by | At | Digest |", "|---|---|---|---|---|"]
    for document in documents:
        step = document["step"].value
        link = f"[{step}]({links[step]})" + (" (text erased)" if document["erased"] else "")
        by, at = _approval(document)
        rows.append(f"| {link} | {document['iteration']} | {by} | {at} | `{document['digest']}` |")
    return rows


def _approval(document: Any) -> tuple[str, str]:
    claim = document["claim"]
    if claim:
        return f"**imported claim** of {cell(claim['by'] or 'nobody named')} ({claim['importer']})", claim["at"]
    names = ", ".join(f"{cell(by['name'])} ({by['kind']})" for by in document["approved_by"])
    return names + (" **by force**" if document["forced"] else ""), document["approved_at"]


def _constraints(found: "HandoffPackage") -> list[str]:
    lines: list[str] = []
    for constraint in found["constraints"]:
        body = HEADING.sub(lambda match: match[1] + "#" * min(6, len(match[2]) + 2), constraint["text"])
        lines += [f"### {inline(constraint['heading'])} (from {constraint['step'].value})", "", body, ""]
    return lines[:-1]
