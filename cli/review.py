"""orch audit review: record that an auditor looked at a range of the log."""

import shlex
from typing import Annotated, Optional

import typer

from adapters.actor import refuse_guessed_kind
from cli.audit_filters import TIMES
from cli.options import Asked, writing
from cli.project import opened
from cli.reviews import in_words
from cli.writes import report
from projections.reviews import unreviewed
from usecases.reviews import reviews_at

Since = Annotated[
    Optional[str],  # noqa: UP045  # Typer reads Optional at every release we allow
    typer.Option("--from", metavar="T", help=f"From a time on: {TIMES}; otherwise behind the last reviewed position."),
]
Until = Annotated[
    Optional[str],  # noqa: UP045  # as above
    typer.Option("--to", metavar="T", help=f"Up to a time: {TIMES}; otherwise the end of the log as it is now."),
]
Comments = Annotated[str, typer.Option("--comments", help="What you looked at, and what you found.")]


@writing
def review(asked: Asked, since: Since = None, until: Until = None, comments: Comments = "") -> None:
    """Record that you have reviewed a range of the log, with the root of the tree that you saw.

    The range is verified first: nobody signs for a log that is damaged (exit 6).

    Example: orch audit review --comments "Every verdict is by a person"

    Next: orch audit reviews
    """
    refuse_guessed_kind(asked.actor_kind, command=_typed(since, until))
    with opened(to_write=True) as project:
        from usecases.reviewing import reviewed

        receipt = reviewed(project, project.meta(asked), since, until, comments)
        rows = reviews_at(project, receipt.last)
        gaps = in_words(unreviewed(rows, receipt.last))
        report(project, asked, receipt, also=[("to review", gaps)], then="orch audit reviews")


def _typed(since: str | None, until: str | None) -> str:
    words = ["orch", "audit", "review"]
    for option, value in (("--from", since), ("--to", until)):
        words += [] if value is None else [option, value]
    return shlex.join(words)
