"""Sign the log as it is, and prove to that whatever somebody wants to take away of it."""

from domain.errors import NotFound
from domain.phase_ids import checked, stream_of
from domain.unknown import unknown_phase
from usecases.evidence import Exporter
from usecases.evidence_events import Selection
from usecases.project import Project
from usecases.signed_head import keys_of, signed_head
from usecases.trail import Filters, scope_of


def exporter(project: Project, filters: Filters, *, withhold: bool, phases: list[str]) -> Exporter:
    """Sign the log as it is, and return what exports it. Nothing is signed for a selection that holds nothing."""
    wanted = scope_of(project, None, filters).wanted
    for phase in phases:
        if stream_of(checked(phase)) not in project.log.heads([stream_of(phase)])[1]:
            raise unknown_phase(project.log, phase)
    selection = Selection(filters.phase, wanted.first, wanted.last or 0, withhold, tuple(sorted(set(phases))))
    _refuse_nothing(project, selection)
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
