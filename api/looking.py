"""Looking for something: words, what has to be known, whether a text is the approved one, and phases to take away."""

from typing import Annotated, Literal

from fastapi import Query
from starlette.responses import Response

from adapters.workspace import receipt_name
from api.answering import answer
from api.asking import Reader
from api.bodies import MARKDOWN, file_body, pieces_body
from api.parts import part
from api.words import PhaseId, TextOf
from domain.digest import digest_of
from domain.phase_ids import checked
from domain.steps import Step
from projections.searchable import TextKind
from usecases.context import context
from usecases.export import export
from usecases.export_formats import ExportFormat, written
from usecases.gate_answer import gate
from usecases.package import package
from usecases.receipts import receipt_of
from usecases.search import search

router = part(tags=["looking"])
EXPORTS = {
    ExportFormat.JSON: "application/json",
    ExportFormat.YAML: "application/yaml",
    ExportFormat.MARKDOWN: MARKDOWN,
    ExportFormat.CSV: "text/csv; charset=utf-8",
}
"""The type of an export in each form."""
Q = Annotated[list[str], Query(description='All of them must stand in a text; "as a phrase".', examples=["latency"])]
OfPhase = Annotated[str | None, Query(description="Only what is about this phase.")]
OfKind = Annotated[TextKind | None, Query(description="Only texts of this kind.")]
Limit = Annotated[int, Query(ge=1, le=10_000, description="At most so many, the latest.")]
Level = Annotated[str, Query(description="0 none, 1 critical, 2 warnings, 3 standard, 4 all.", examples=["3"])]
Budget = Annotated[str | None, Query(description="Tokens: 2k, 5k or a number.", examples=["5k"])]
Drafts = Annotated[bool, Query(description="Also the latest texts that nobody has approved.")]
Form = Annotated[Literal["json", "md"], Query(alias="format", description="md is the page as people read it.")]
ExportForm = Annotated[ExportFormat, Query(alias="format", description="JSON, YAML, Markdown, or CSV by steps.")]
Phases = Annotated[list[str] | None, Query(alias="phase", description="Phases; without one, all of them.")]
OfDigest = Annotated[
    str | None, Query(description="The digest of your text; without one, what lies beside the service.")
]


@router.get("/search", summary="Words in anything that was written")
def search_texts(ask: Reader, q: Q, phase: OfPhase = None, kind: OfKind = None, limit: Limit = 100) -> Response:
    """Return the texts that hold all the words, the latest first. Erased texts are not found."""
    return answer("search", search(ask.project, q, ask.at, phase=phase, kind=kind, limit=limit))


@router.get("/context", summary="What has to be known now")
def what_to_know(
    ask: Reader,
    level: Level = "3",
    budget: Budget = None,
    phase: OfPhase = None,
    drafts: Drafts = False,
    form: Form = "json",
) -> Response:
    """Return directives, blockers, feedback, verdicts and approved documents, the most important first."""
    found = context(ask.project, ask.at, level=level, budget=budget, phase=phase, drafts=drafts)
    if form == "md":
        return file_body(found.page.encode(), "context.md", MARKDOWN)
    return answer("context", found.data)


@router.get("/phases/{phase}/package", summary="One page for the implementer")
def package_of(ask: Reader, phase: PhaseId, form: Form = "json") -> Response:
    """Return documents with links and digests, tasks and constraints; the same phase gives the same bytes."""
    found = package(ask.project, phase, ask.at)
    if form == "md":
        return file_body(found.page, found.data["file"], MARKDOWN)
    return answer("phase.package", found.data)


@router.get("/export", summary="State and documents of phases")
def export_phases(ask: Reader, phases: Phases = None, form: ExportForm = ExportFormat.JSON) -> Response:
    """Return phases with their documents in one file; the same log gives the same bytes."""
    text = written(export(ask.project, phases or (), ask.at), form)
    return pieces_body([text], f"phases.{form}", EXPORTS[form])


@router.get("/phases/{phase}/{step}/gate", summary="Whether a text is exactly the approved one")
def gate_by_digest(ask: Reader, phase: PhaseId, step: Step, digest: OfDigest = None) -> Response:
    """Answer only when it is: any other text is refused with 422 GATE_CLOSED. Ticked boxes do not matter."""
    return answer("gate", gate(ask.project, checked(phase), step, digest=digest, at=ask.at))


@router.post("/phases/{phase}/{step}/gate", summary="Whether this text is exactly the approved one")
def gate_by_text(ask: Reader, phase: PhaseId, step: Step, words: TextOf) -> Response:
    """As above, for a text that is sent; nothing is recorded."""
    return answer("gate", gate(ask.project, checked(phase), step, digest=digest_of(words.text, step), at=ask.at))


@router.get("/phases/{phase}/{step}/receipt", summary="The receipt of an approval")
def receipt(ask: Reader, phase: PhaseId, step: Step) -> Response:
    """Return what proves the approval without the store: commit it beside the document, for `orch gate --receipt`."""
    return file_body(
        receipt_of(ask.project, checked(phase), step, ask.at), receipt_name(step), "text/plain; charset=utf-8"
    )
