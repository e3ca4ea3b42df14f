"""orch audit review: record that an auditor looked at a range of the log."""

import shlex
from typing import Annotated, Optional

import typer

from adapters.actor import refuse_guessed_kind
from cli.audit_filters import TIMES, scope_of
from cli.options import Asked, writing
from cli.project import opened
from cli.reviews import in_words
from cli.writes import report
from domain.errors import Damaged
from projections.reviews import unreviewed
from usecases.project import Project
from usecases.reads import decoded
from usecases.reviews import reviews_at
from usecases.trail import Filters

Since = Annotated[
    Optional[str],  # noqa: UP045  # Typer reads Optional at every release we allow
    typer.Option("--from", metavar="T", help=f"From a time on: {TIMES}; otherwise behind the last reviewed position."),
]
Until = Annotated[
    Optional[str],  # noqa: UP045  # as above
    typer.Option("--to", metavar="T", help=f"Up to a time: {TIMES}; otherwise the end of the log as it is now."),
]
Comments = Annotated[str, typer.Option("--comments", help="What you looked at, and what you found.")]
POSITION = "position:"


@writing
def review(asked: Asked, since: Since = None, until: Until = None, comments: Comments = "") -> None:
    """Record that you have reviewed a range of the log, with the root of the tree that you saw.

    The range is verified first: nobody signs for a log that is damaged (exit 6).

    Example: orch audit review --comments "Every verdict is by a person"

    Next: orch audit reviews
    """
    refuse_guessed_kind(asked.actor_kind, command=_typed(since, until))
    with opened(to_write=True) as project:
        from domain.commands import ReviewLog

        meta = project.meta(asked)
        before = _recorded_before(project, asked, since, until)
        first, last = before or _range(project, since, until)
        if before is None and 1 <= first <= last:
            _refuse_damaged(project, first, last)
        receipt = project.handle(ReviewLog(meta, first, last, comments))
        rows = reviews_at(project, receipt.last)
        gaps = in_words(unreviewed(rows, receipt.last))
        report(project, asked, receipt, also=[("to review", gaps)], then="orch audit reviews")


def _range(project: Project, since: str | None, until: str | None) -> tuple[int, int]:
    """Return the first and the last position that are meant."""
    scope = scope_of(project, Asked(), Filters(None, None, None, None, None, since, until, forced=False))
    last = scope.wanted.last or 0
    if since is not None:
        return scope.wanted.first, last
    rows = reviews_at(project, scope.moment.position)
    return max((row["last"] for row in rows), default=0) + 1, last


def _recorded_before(project: Project, asked: Asked, since: str | None, until: str | None) -> tuple[int, int] | None:
    """Return the range of a command that is repeated: what was not given as a position was settled the first time."""
    from domain.ledger_events import Reviewed

    known = project.log.receipt(asked.command_id)
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
    from domain.tree_ranges import range_root_of

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
    from cli.progress import Progress
    from cli.verifying import Options, Verifier
    from projections.verification import Findings

    findings = Findings()
    verifier = Verifier(
        project.log, findings, Options(first, fold=False), address=None if project.far else project.places.address
    )
    with Progress(verifier.size - first + 1) as progress:
        verifier.run([last], done=progress.advance)
    problem = findings.first
    if problem is None:
        return None, verifier.roots.get(last)
    at = "" if problem["position"] is None else f" at position {problem['position']}"
    return f"Something differs{at}: {problem['what']}.", None


def _typed(since: str | None, until: str | None) -> str:
    words = ["orch", "audit", "review"]
    for option, value in (("--from", since), ("--to", until)):
        words += [] if value is None else [option, value]
    return shlex.join(words)
