"""orch policy: the rules about verdicts."""

from typing import Annotated, Any, ClassVar, Optional

import typer

from adapters.actor import refuse_guessed_kind
from cli.answers import answer
from cli.arguments import Reason
from cli.lazy import Entry, LazyGroup
from cli.options import Asked, plain, writing
from cli.project import opened
from cli.screen import print_table
from cli.writes import report
from domain.errors import InvalidInput, NotFound
from domain.policy_state import PolicyState

STREAM = "policy"
AuthorMayNot = Annotated[
    Optional[bool],  # noqa: UP045  # Typer reads Optional at every release we allow
    typer.Option("--author-may-not-approve/--author-may-approve", help="Must another person than the author approve?"),
]
Approvers = Annotated[
    Optional[int],  # noqa: UP045  # as above
    typer.Option("--minimum-approvers", help="How many people must approve."),
]
AgentsMayNot = Annotated[
    Optional[bool],  # noqa: UP045  # as above
    typer.Option("--agents-may-not-approve/--agents-may-approve", help="Must approvers be people?"),
]
Expiry = Annotated[
    Optional[int],  # noqa: UP045  # as above
    typer.Option("--request-expiry", metavar="SECONDS", min=0, help="How long a request stays open; 0: for ever."),
]


class PolicyCommands(LazyGroup):
    """Show or change the rules about verdicts."""

    entries: ClassVar[dict[str, Entry]] = {
        "show": Entry("cli.policy:show_policy", "The rules in force."),
        "set": Entry("cli.policy:set_policy", "Put other rules in force."),
    }


@plain
def show_policy(asked: Asked) -> None:
    """Show the rules in force and the version that verdicts record.

    Next: orch policy set --minimum-approvers 2
    """
    with opened() as project:
        head = project.log.heads([STREAM])[1].get(STREAM)
    if head is None:
        raise NotFound("The log holds no project yet.", fix=("orch init",))
    rules = PolicyState.from_facts(head.facts).to_facts()
    data = {**rules, "version": head.version}
    answer("policy", data, as_json=asked.json, show=lambda: print_table(_rows(data)))


@writing
def set_policy(
    asked: Asked,
    author_may_not_approve: AuthorMayNot = None,
    minimum_approvers: Approvers = None,
    agents_may_not_approve: AgentsMayNot = None,
    request_expiry: Expiry = None,
    reason: Reason = "",
) -> None:
    """Put other rules in force for every verdict from now on.

    Next: orch policy show
    """
    rules = (author_may_not_approve, minimum_approvers, agents_may_not_approve, request_expiry)
    if all(rule is None for rule in rules):
        raise InvalidInput("Name at least one rule to change.", fix=("orch policy set --minimum-approvers 2",))
    refuse_guessed_kind(asked.actor_kind, command=f"orch policy set {_options(*rules)}")
    with opened(to_write=True) as project:
        from domain.commands import ChangePolicy

        command = ChangePolicy(project.meta(asked), *rules, reason)
        report(project, asked, project.handle(command))


def _rows(data: dict[str, Any]) -> list[tuple[str, str]]:
    words = {"True": "yes", "False": "no", "None": "off"}
    return [(name.replace("_", " "), words.get(str(value), str(value))) for name, value in data.items()]


def _options(
    author_may_not: bool | None, approvers: int | None, agents_may_not: bool | None, expiry: int | None
) -> str:
    """Return the options as they were typed."""
    typed = [
        None if author_may_not is None else f"--author-may-{'not-' if author_may_not else ''}approve",
        None if approvers is None else f"--minimum-approvers {approvers}",
        None if agents_may_not is None else f"--agents-may-{'not-' if agents_may_not else ''}approve",
        None if expiry is None else f"--request-expiry {expiry}",
    ]
    return " ".join(option for option in typed if option)
