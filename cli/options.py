"""The options that many commands share, and how a command is told about them."""

import functools
import inspect
import os
import shlex
import sys
from collections.abc import Callable
from typing import Annotated, Any, NamedTuple, Optional

import click
import typer

from domain.errors import CommandIdReused, HandsNeeded, InvalidInput, Unavailable
from usecases.command_ids import checked_id

Json = Annotated[bool, typer.Option("--json", help="Answer with one JSON document on stdout.")]
At = Annotated[
    Optional[str],  # noqa: UP045  # Typer reads Optional at every release we allow
    typer.Option("--at", metavar="T", help="As of 2026-11-24T14:00:00Z, position:N, checkpoint:FILE or point:NAME."),
]
ActorName = Annotated[
    Optional[str],  # noqa: UP045  # as above
    typer.Option("--actor", metavar="NAME", help="Who does this; otherwise ORCHESTRATOR_ACTOR, git's user, the login."),
]
ActorKindName = Annotated[
    Optional[str],  # noqa: UP045  # as above
    typer.Option("--actor-kind", metavar="KIND", help="human, agent or service; otherwise ORCHESTRATOR_ACTOR_KIND."),
]
CommandId = Annotated[
    Optional[str],  # noqa: UP045  # as above
    typer.Option("--command-id", metavar="ID", help="Makes repeating safe: the same id records once."),
]


class Asked(NamedTuple):
    """What the shared options said."""

    json: bool = False
    at: str | None = None
    actor: str | None = None
    actor_kind: str | None = None
    command_id: str = ""


def reading(function: Callable[..., None]) -> Callable[..., None]:
    """Give a read `--json` and `--at`; the function gets them as its first argument."""
    return _with_options(function, {"json": (Json, False), "at": (At, None)}, Asked)


def plain(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command that has no history `--json` only."""
    return _with_options(function, {"json": (Json, False)}, Asked)


def writing(function: Callable[..., None]) -> Callable[..., None]:
    """Give a write `--json`, the actor and the command id; when the store is not available, say how to repeat."""
    shared = {
        "json": (Json, False),
        "actor": (ActorName, None),
        "actor_kind": (ActorKindName, None),
        "command_id": (CommandId, None),
    }

    @functools.wraps(function)
    def repeatable(asked: Asked, **words: Any) -> None:
        try:
            function(asked, **words)
        except Unavailable as error:
            error.fix = _then(error, _repeat(asked.command_id))
            raise
        except InvalidInput as error:
            if error.code == CommandIdReused.code:  # a service's word for it has the same code, and no class of its own
                error.fix = (*error.fix, _with_another_id())
            raise

    return _with_options(repeatable, shared, _asked_to_write)


def acting(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command that records several things `--json` and the actor; the id of each write follows from its words.

    So the same words are safe to repeat, which is what is said when the store is not available.
    """
    shared = {"json": (Json, False), "actor": (ActorName, None), "actor_kind": (ActorKindName, None)}

    @functools.wraps(function)
    def repeatable(asked: Asked, **words: Any) -> None:
        try:
            function(asked, **words)
        except Unavailable as error:
            error.fix = _then(error, typed_line())
            raise

    return _with_options(repeatable, shared, Asked)


def _then(error: Unavailable, again: str) -> tuple[str, ...]:
    """Return what mends it and the command again; but what mends it alone, where repeating mends nothing."""
    return error.fix if isinstance(error, HandsNeeded) and error.fix else (*error.fix, again)


def _asked_to_write(command_id: str | None, **words: Any) -> Asked:
    return Asked(command_id=checked_id(command_id or os.environ.get("ORCHESTRATOR_COMMAND_ID") or ""), **words)


def _repeat(command_id: str) -> str:
    words = typed()
    if "--command-id" not in words and not any(word.startswith("--command-id=") for word in words):
        words = [*words, "--command-id", command_id]
    return shlex.join(["orch", *words])


def _with_another_id() -> str:
    """Return what was typed without its command id: each new command gets one of its own."""
    words = typed()
    while "--command-id" in words:
        at = words.index("--command-id")
        words = [*words[:at], *words[at + 2 :]]
    kept = [word for word in words if not word.startswith("--command-id=")]
    named_elsewhere = "env -u ORCHESTRATOR_COMMAND_ID " if os.environ.get("ORCHESTRATOR_COMMAND_ID") else ""
    return named_elsewhere + shlex.join(["orch", *kept])


def typed() -> list[str]:
    """Return what was typed after `orch`; a command that runs others gives each its own words."""
    context = click.get_current_context(silent=True)
    words = context.find_root().obj if context else None
    return list(words) if isinstance(words, list) else sys.argv[1:]


def typed_line() -> str:
    """Return the command that was typed."""
    return shlex.join(["orch", *typed()])


def typed_with(wrong: str, right: str) -> str:
    """Return the command that was typed, with another word in the place of a wrong one."""
    return shlex.join(
        ["orch", *(right if word == wrong else word.replace(f"={wrong}", f"={right}") for word in typed())]
    )


def _with_options(
    function: Callable[..., None], shared: dict[str, tuple[Any, Any]], make: Callable[..., Asked]
) -> Callable[..., None]:
    """Put the shared options behind the function's own in the signature that Typer reads."""
    own = list(inspect.signature(function).parameters.values())[1:]
    keyword = inspect.Parameter.KEYWORD_ONLY
    more = [
        inspect.Parameter(name, keyword, default=default, annotation=kind) for name, (kind, default) in shared.items()
    ]

    @functools.wraps(function)
    def command(**words: Any) -> None:
        asked = make(**{name: words.pop(name) for name in shared})
        function(asked, **words)

    parameters = [p.replace(kind=keyword) for p in own] + more
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # how inspect is overridden
    command.__annotations__ = {p.name: p.annotation for p in parameters}
    del command.__wrapped__
    return command
