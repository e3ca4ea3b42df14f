"""Sign the log as it is, and prove to that whatever somebody wants to take away of it."""

from pathlib import Path
from typing import BinaryIO, Protocol

from domain.errors import NotFound
from domain.phase_ids import checked, stream_of
from domain.unknown import unknown_phase
from usecases.audit_answers import PackageTold
from usecases.evidence_events import Selection
from usecases.project import Project
from usecases.signed_head import keys_of, signed_head
from usecases.trail import Filters, scope_of


class Export(Protocol):
    """Writes one package, and knows then what it holds."""

    def write(self, file: BinaryIO, beside: Path) -> None:
        """Write the package. What has to be put aside meanwhile lies, without a name, in the folder `beside`."""

    def told(self) -> PackageTold:
        """Return what the package holds."""


def exporter(project: Project, filters: Filters, *, withhold: bool, phases: list[str]) -> Export:
    """Return what exports the log, which is signed as it is. Nothing is signed for a selection that holds nothing."""
    wanted = scope_of(project, None, filters).wanted
    for phase in phases:
        if stream_of(checked(phase)) not in project.log.heads([stream_of(phase)])[1]:
            raise unknown_phase(project.log, phase)
    selection = Selection(filters.phase, wanted.first, wanted.last or 0, withhold, tuple(sorted(set(phases))))
    _refuse_nothing(project, selection)
    if project.far is not None:
        from usecases.evidence_far import FarExporter

        return FarExporter(project, project.far, selection, open_end=filters.until is None)
    from usecases.evidence import Exporter

    head = signed_head(project)
    if filters.until is None:
        selection = selection._replace(last=head.size)
    project.checkpoints.keep(head.size, head.note)
    return Exporter(project, head, keys_of(project), selection)


def _refuse_nothing(project: Project, selection: Selection) -> None:
    if selection.phase is None:
        holds = selection.first <= selection.last
    else:
        records = project.log.stream(stream_of(selection.phase), upto=selection.last)
        holds = any(selection.has(record) for record in records)
    if not holds:
        of = f" of {selection.phase}" if selection.phase else ""
        only = f" --phase {selection.phase}" if selection.phase else ""
        raise NotFound(f"There is no event{of} in that range; nothing to export.", fix=(f"orch audit trail{only}",))
