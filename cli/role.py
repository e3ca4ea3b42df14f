"""orch role: who holds which role. The policy says which role the approvers of a step must hold."""

import sys
from shlex import quote
from typing import Annotated, ClassVar

import typer

from adapters.actor import refuse_guessed_kind
from cli.answers import answer
from cli.arguments import Reason
from cli.lazy import Entry, LazyGroup
from cli.options import Asked, reading, writing
from cli.project import opened
from cli.screen import one_line, paint, print_table
from cli.writes import report
from usecases.rules import roles

Name = Annotated[str, typer.Argument(metavar="NAME", help="Somebody, by the name that commands are recorded with.")]
Role = Annotated[str, typer.Argument(metavar="ROLE", help="A role, such as lead.")]
CLAIM = "A local name is a claim, not a proof: whoever can write this store can take any name."


class RoleCommands(LazyGroup):
    """Who holds which role.

    Example: orch role list
    """

    entries: ClassVar[dict[str, Entry]] = {
        "grant": Entry("cli.role:grant", "Give somebody a role."),
        "revoke": Entry("cli.role:revoke", "Take a role from somebody."),
        "list": Entry("cli.role:list_roles", "Who holds which role, and which steps ask for it."),
    }


@writing
def grant(asked: Asked, name: Name, role: Role, reason: Reason = "") -> None:
    """Give somebody a role. It counts for every verdict from now on; a local name is a claim, not a proof.

    Example: orch role grant grace lead --reason "She knows the engine"

    Next: orch policy set --approver-role spec=lead
    """
    _record(asked, name, role, reason, given=True)


@writing
def revoke(asked: Asked, name: Name, role: Role, reason: Reason = "") -> None:
    """Take a role from somebody. Verdicts given before stay what they are.

    Example: orch role revoke ada lead --reason "Another team"

    Next: orch role list
    """
    _record(asked, name, role, reason, given=False)


def _record(asked: Asked, name: str, role: str, reason: str, *, given: bool) -> None:
    verb = "grant" if given else "revoke"
    refuse_guessed_kind(asked.actor_kind, command=f"orch role {verb} {quote(name)} {quote(role)}")
    with opened(to_write=True) as project:
        from domain.commands import GrantRole, RevokeRole

        kind = GrantRole if given else RevokeRole
        receipt = project.handle(kind(project.meta(asked), name, role, reason))
        report(project, asked, receipt, then="orch role list")


@reading
def list_roles(asked: Asked) -> None:
    """Show who holds which role, and which steps ask for it. A local name is a claim, not a proof.

    Example: orch role list

    Next: orch policy show
    """
    with opened() as project:
        data = roles(project, asked.at)
    rows = data["rows"]

    def show() -> None:
        if not rows:
            return print("Nobody holds a role. Begin with: orch role grant ada lead")
        table = [
            (str(row["role"]), one_line(", ".join(row["holders"]) or "nobody"), ", ".join(row["steps"]) or "no step")
            for row in rows
        ]
        print_table(table, head=("ROLE", "HELD BY", "APPROVES"))
        print(paint(CLAIM, "dim", stream=sys.stderr), file=sys.stderr)
        return None

    answer("role.list", data, as_json=asked.json, show=show)
