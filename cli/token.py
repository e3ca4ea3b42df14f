"""orch token: who may use the service, for what, and until when."""

import sys
from shlex import quote
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Optional

import typer

from adapters.actor import refuse_guessed_kind
from cli.answers import answer
from cli.arguments import Reason
from cli.lazy import Entry, LazyGroup
from cli.options import Asked, reading, writing
from cli.project import opened
from cli.screen import one_line, paint, print_table
from cli.typed import typed
from cli.writes import report
from domain.errors import InvalidInput
from usecases.tokens import tokens

if TYPE_CHECKING:
    from domain.actors import Actor

Name = Annotated[str, typer.Argument(metavar="NAME", help="Who acts with it: the actor of everything done with it.")]
Id = Annotated[str, typer.Argument(metavar="ID", help="The twelve digits after orch_ in the token.")]
Kind = Annotated[str, typer.Option("--kind", help="What acts with it: human, agent or service.")]
Days = Annotated[int, typer.Option("--days", min=1, max=366, help="How long it lives.")]
Scopes = Annotated[
    Optional[list[str]],  # noqa: UP045  # Typer reads Optional at every release we allow
    typer.Option("--scope", help="read, write, approve, audit, recover, admin or metrics; give it once for each."),
]
USUAL = ("read", "write")


class TokenCommands(LazyGroup):
    """Who may use the service that orch serve starts, for what, and until when.

    Example: orch token list
    """

    entries: ClassVar[dict[str, Entry]] = {
        "create": Entry("cli.token:create", "Issue a token; its secret is shown this once."),
        "list": Entry("cli.token:list_tokens", "The tokens: whose they are, what they may do, when last used."),
        "revoke": Entry("cli.token:revoke", "Revoke a token; it opens nothing from then on."),
    }


@writing
def create(
    asked: Asked, name: Name, kind: Kind = "human", scope: Scopes = None, days: Days = 90, reason: Reason = ""
) -> None:
    """Issue a token that lets NAME use the service. Its secret is shown this once; the log keeps its SHA-256.

    The secret alone is on stdout: TOKEN=$(orch token create grace) takes it. Without --scope it may read and write.
    Give every agent one of its own, with --kind agent.

    Example: orch token create grace --scope read --scope approve --days 30

    Next: orch serve
    """
    again = typed(_typed(one_line(name), kind, scope, days), {"--reason": reason})
    refuse_guessed_kind(asked.actor_kind, command=again)
    with opened(to_write=True) as project:
        from adapters.access_tokens import new_token
        from domain.actors import actor
        from domain.commands import IssueToken

        to = actor(name, kind, fix=(_typed("ada", kind, scope, days),))
        scopes = _scopes(scope or USUAL, to)
        made = new_token()
        command = IssueToken(project.meta(asked), to, scopes, days * 86_400, made.id, made.sha256, reason)
        receipt, answered = project.decide(command)
        secret = None if receipt.repeated else answered.get("secret", made.secret)
        beside = {"secret": secret}
        report(project, asked, receipt, then="orch serve", kind="token.created", beside_it=beside, aside=True)
    if asked.json:
        return
    if secret is None:
        print("Its secret was shown when it was issued; issue another where it is lost.", file=sys.stderr)
    else:
        print(secret)


@writing
def revoke(asked: Asked, token: Id, reason: Reason = "") -> None:
    """Revoke a token: it opens nothing from now on. What was done with it stays done.

    Example: orch token revoke 0b8f3a52c1d2 --reason "It was in a log"

    Next: orch token list
    """
    refuse_guessed_kind(asked.actor_kind, command=typed(f"orch token revoke {one_line(token)}", {"--reason": reason}))
    with opened(to_write=True) as project:
        from domain.commands import RevokeToken

        receipt = project.handle(RevokeToken(project.meta(asked), token, reason))
        report(project, asked, receipt, then="orch token list")


@reading
def list_tokens(asked: Asked) -> None:
    """List the tokens in the order they were issued: whose they are, what they may do, when each was last used.

    Example: orch token list

    Next: orch token revoke ID
    """
    with opened() as project:
        data = tokens(project, asked.at)
    rows = data["rows"]

    def show() -> None:
        if not rows:
            return print("There is no token yet. Begin with: orch token create ada")
        table = [
            (
                row["id"],
                _who(row["actor"]),
                ", ".join(row["scopes"]),
                row["expires_at"][:16].replace("T", " "),
                paint(row["state"], "green" if row["state"] == "active" else "red"),
                (row["last_used_at"] or "never")[:16].replace("T", " "),
            )
            for row in rows
        ]
        print_table(table, head=("ID", "ACTS AS", "SCOPES", "EXPIRES (UTC)", "STATE", "LAST USED"))
        return None

    answer("token.list", data, as_json=asked.json, show=show)


def _who(actor: Any) -> str:
    return one_line(actor["name"]) + ("" if actor["kind"] == "human" else f" ({actor['kind']})")


def _typed(name: str, kind: str, scopes: list[str] | None, days: int) -> str:
    words = {"--kind": "" if kind == "human" else kind, "--scope": scopes or [], "--days": days}
    return typed(f"orch token create {quote(name)}", words)


def _scopes(words: "list[str] | tuple[str, ...]", to: "Actor") -> Any:
    from domain import hints
    from domain.access_token import Scope

    known = list(Scope)
    for word in words:
        if word not in known:
            raise InvalidInput(
                f"A scope is one of {', '.join(known)}; got {word[:40]!r}.",
                fix=(hints.token(to, USUAL),),
            )
    return tuple(map(Scope, words))
