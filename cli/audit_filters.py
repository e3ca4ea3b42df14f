"""The filters that the audit commands share, and the rows they leave."""

import inspect
from collections.abc import Callable, Iterator
from functools import partial
from typing import Annotated, Any, Optional

import typer

from cli.arguments import phases_known
from cli.options import Asked
from cli.progress import watched
from domain.actors import ActorKind
from domain.steps import Step
from projections.audit_trail import TrailRow
from usecases.project import Project
from usecases.trail import Filters, Scope
from usecases.trail import rows_in as wanted_rows
from usecases.trail import scope_of as scope_at

TIMES = "2026-11-24T14:00:00Z or position:N, included"
FILTERS: dict[str, tuple[Any, Any]] = {
    "actor": (
        Annotated[Optional[str], typer.Option("--actor", metavar="NAME", help="Only by that name.")],  # noqa: UP045  # Typer reads Optional at every release we allow
        None,
    ),
    "kind": (
        Annotated[Optional[ActorKind], typer.Option("--kind", help="Only by people, agents or services.")],  # noqa: UP045  # as above
        None,
    ),
    "phase": (
        Annotated[
            Optional[str],  # noqa: UP045  # as above
            typer.Option("--phase", metavar="PHASE", help="Only that phase.", autocompletion=phases_known),
        ],
        None,
    ),
    "step": (Annotated[Optional[Step], typer.Option("--step", help="Only that step.")], None),  # noqa: UP045  # as above
    "topic": (
        Annotated[
            Optional[str],  # noqa: UP045  # as above
            typer.Option("--topic", metavar="TOPIC", help="Only that topic, or all below it: phase."),
        ],
        None,
    ),
    "since": (
        Annotated[Optional[str], typer.Option("--from", metavar="T", help=f"From a time on: {TIMES}.")],  # noqa: UP045  # as above
        None,
    ),
    "until": (
        Annotated[Optional[str], typer.Option("--to", metavar="T", help=f"Up to a time: {TIMES}.")],  # noqa: UP045  # as above
        None,
    ),
    "forced": (Annotated[bool, typer.Option("--forced", help="Only what set the policy aside.")], False),
}


def filtered(function: Callable[..., None]) -> Callable[..., None]:
    """Give a read the filters; the function gets them as its second argument."""
    first, _, *own = inspect.signature(function).parameters.values()
    keyword = inspect.Parameter.KEYWORD_ONLY
    more = [inspect.Parameter(n, keyword, default=value, annotation=kind) for n, (kind, value) in FILTERS.items()]

    def command(asked: Asked, **words: Any) -> None:
        function(asked, Filters(**{name: words.pop(name) for name in FILTERS}), **words)

    command.__doc__ = function.__doc__
    command.__name__ = function.__name__
    parameters = [first, *more, *(p.replace(kind=keyword) for p in own)]
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # how inspect is overridden
    return command


def scope_of(project: Project, asked: Asked, filters: Filters) -> Scope:
    """Return what is asked for, with times as positions. Refuses names that could only be mistyped."""
    return scope_at(project, asked.at, filters)


def rows_in(project: Project, scope: Scope, *, bar: bool = True) -> Iterator[TrailRow]:
    """Yield the wanted rows, and show how far it is."""
    return wanted_rows(project, scope, watched=partial(watched, wanted=bar))
