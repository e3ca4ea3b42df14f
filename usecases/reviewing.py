"""An auditor signs for a range of the log, once it was held against all that is kept beside it."""

from domain.commands import Meta, ReviewLog
from domain.errors import Damaged
from domain.event_log import Receipt
from domain.ledger import refuse_no_range
from domain.ledger_events import Reviewed
from domain.tree_ranges import range_root_of
from projections.verification import Findings
from usecases.project import Project
from usecases.reads import decoded
from usecases.reviews import reviews_at
from usecases.trail import Filters, scope_of
from usecases.verifying import Options, Verifier

POSITION = "position:"


def reviewed(project: Project, meta: Meta, since: str | None, until: str | None, comments: str) -> Receipt:
    """Record a review of a range; without a beginning, behind the last reviewed position. Nobody signs for damage."""
    before = _recorded_before(project, meta.command_id, since, until)
    first, last = before or _range(project, since, until)
    if before is None:
        refuse_no_range(first, last)
        _refuse_damaged(project, first, last)
    return project.handle(ReviewLog(meta, first, last, comments))


def _range(project: Project, since: str | None, until: str | None) -> tuple[int, int]:
    """Return the first and the last position that are meant."""
    scope = scope_of(project, None, Filters(None, None, None, None, None, since, until, forced=False))
    last = scope.wanted.last or 0
    if since is not None:
        return scope.wanted.first, last
    rows = reviews_at(project, scope.moment.position)
    return max((row["last"] for row in rows), default=0) + 1, last


def _recorded_before(project: Project, command_id: str, since: str | None, until: str | None) -> tuple[int, int] | None:
    """Return the range of a command that is repeated: what was not given as a position was settled the first time."""
    known = project.log.receipt(command_id)
    if known is None:
        return None
    first, last = _range(project, since, until)
    for _, event in decoded(project.log.records(known[0].first, known[0].last)):
        if isinstance(event, Reviewed):
            first = first if since is not None and since.startswith(POSITION) else event.first
            last = last if until is not None and until.startswith(POSITION) else event.last
    return first, last


def _refuse_damaged(project: Project, first: int, last: int) -> None:
    """Hold the rows from the first position on against all that is kept beside them, the root up to the last too."""
    try:
        found, root = _rebuilt(project, first, last)
        if found is None and root != range_root_of(project.log)(0, last):
            found = f"The tree up to position {last} is not the one of its events."
    except Damaged as error:
        found = error.message
    if found is not None:
        raise Damaged(f"{found} Nobody can sign for a damaged log.", fix=("orch audit verify",))


def _rebuilt(project: Project, first: int, last: int) -> tuple[str | None, bytes | None]:
    """Return what is wrong with the log from a position on, and the root up to another one made anew."""
    findings = Findings()
    address = None if project.far else project.places.address
    verifier = Verifier(project.log, findings, Options(first, fold=False), address=address)
    with project.metering(verifier.size - first + 1, "events") as progress:
        verifier.run([last], done=progress.advance)
    problem = findings.first
    if problem is None:
        return None, verifier.roots.get(last)
    at = "" if problem["position"] is None else f" at position {problem['position']}"
    return f"Something differs{at}: {problem['what']}.", None
