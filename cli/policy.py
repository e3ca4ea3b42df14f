"""orch policy: the rules about verdicts."""

from collections.abc import Mapping
from shlex import quote
from typing import Annotated, Any, ClassVar, Optional

import typer

from adapters.actor import refuse_guessed_kind
from cli.answers import answer
from cli.arguments import Reason
from cli.lazy import Entry, LazyGroup
from cli.options import Asked, reading, writing
from cli.project import opened
from cli.screen import one_line, print_table
from cli.writes import report
from domain.errors import InvalidInput
from usecases.rules import policy

STREAM = "policy"
SET = "orch policy set"
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
ResearchQuality = Annotated[
    Optional[int],  # noqa: UP045  # as above
    typer.Option("--minimum-quality-research", metavar="PERCENT", min=0, help="How complete research must be; 0: any."),
]
PlanQuality = Annotated[
    Optional[int],  # noqa: UP045  # as above
    typer.Option("--minimum-quality-plan", metavar="PERCENT", min=0, help="How complete a plan must be; 0: any."),
]
TasksQuality = Annotated[
    Optional[int],  # noqa: UP045  # as above
    typer.Option("--minimum-quality-tasks", metavar="PERCENT", min=0, help="How complete tasks must be; 0: any."),
]


BreakGlass = Annotated[
    Optional[int],  # noqa: UP045  # as above
    typer.Option(
        "--break-glass", metavar="SECONDS", min=0, help="How long an approval by force waits for another; 0: for good."
    ),
]
StepApprovers = Annotated[
    Optional[list[str]],  # noqa: UP045  # as above
    typer.Option("--approvers", metavar="STEP=N", help="How many must approve this step; 0: as many as the others."),
]
StepRoles = Annotated[
    Optional[list[str]],  # noqa: UP045  # as above
    typer.Option("--approver-role", metavar="STEP=ROLE", help="The role its approvers must hold; STEP= for none."),
]


class PolicyCommands(LazyGroup):
    """Show or change the rules about verdicts.

    Example: orch policy show
    """

    entries: ClassVar[dict[str, Entry]] = {
        "show": Entry("cli.policy:show_policy", "The rules in force."),
        "set": Entry("cli.policy:set_policy", "Put other rules in force."),
    }


@reading
def show_policy(asked: Asked) -> None:
    """Show the rules in force and the version that verdicts record.

    Example: orch policy show

    Next: orch policy set --minimum-approvers 2
    """
    with opened() as project:
        data = policy(project, asked.at)
    answer("policy", data, as_json=asked.json, show=lambda: print_table(_rows(data)))


@writing
def set_policy(
    asked: Asked,
    author_may_not_approve: AuthorMayNot = None,
    minimum_approvers: Approvers = None,
    agents_may_not_approve: AgentsMayNot = None,
    request_expiry: Expiry = None,
    minimum_quality_research: ResearchQuality = None,
    minimum_quality_plan: PlanQuality = None,
    minimum_quality_tasks: TasksQuality = None,
    approvers: StepApprovers = None,
    approver_role: StepRoles = None,
    break_glass: BreakGlass = None,
    reason: Reason = "",
) -> None:
    """Put other rules in force for every verdict from now on.

    Example: orch policy set --minimum-approvers 2 --approver-role plan=lead

    Next: orch policy show
    """
    rules: dict[str, Any] = {
        "author_may_not_approve": author_may_not_approve,
        "minimum_approvers": minimum_approvers,
        "agents_may_not_approve": agents_may_not_approve,
        "request_expiry_seconds": request_expiry,
        "minimum_quality_research": minimum_quality_research,
        "minimum_quality_plan": minimum_quality_plan,
        "minimum_quality_tasks": minimum_quality_tasks,
        "approvers": _numbers(approvers),
        "approver_roles": _table(approver_role, "--approver-role spec=lead"),
        "break_glass_seconds": break_glass,
    }
    if all(rule is None for rule in rules.values()):
        raise InvalidInput("Name at least one rule to change.", fix=("orch policy set --minimum-approvers 2",))
    refuse_guessed_kind(asked.actor_kind, command=f"orch policy set {_options(rules)}")
    with opened(to_write=True) as project:
        from domain.commands import ChangePolicy

        command = ChangePolicy(project.meta(asked), **rules, reason=reason)
        report(project, asked, project.handle(command))


def _numbers(typed: list[str] | None) -> dict[str, int] | None:
    table = _table(typed, "--approvers spec=2")
    if table is None:
        return None
    wrong = next((number for number in table.values() if not number.isdecimal() or len(number) > 3), None)
    if wrong is not None:
        raise InvalidInput(f"A number of approvers is needed; got {wrong[:40]!r}.", fix=(f"{SET} --approvers spec=2",))
    return {step: int(number) for step, number in table.items()}


def _table(typed: list[str] | None, example: str) -> dict[str, str] | None:
    """Return what `STEP=VALUE` was typed for each step."""
    if not typed:
        return None
    pairs = [each.partition("=") for each in typed]
    for step, equals, _ in pairs:
        if not equals:
            raise InvalidInput(f"STEP=VALUE is needed; got {step[:40]!r}.", fix=(f"{SET} {example}",))
    return {step: value for step, _, value in pairs}


def _rows(data: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(name.replace("_", " "), one_line(_words(value))) for name, value in data.items()]


def _words(value: object) -> str:
    if isinstance(value, dict):
        held = (f"{name}: {', '.join(each) if isinstance(each, list) else each}" for name, each in value.items())
        return "; ".join(held) or "none"
    return {"True": "yes", "False": "no", "None": "off"}.get(str(value), str(value))


def _options(rules: Mapping[str, Any]) -> str:
    """Return the options as they were typed."""
    typed = []
    for name, value in rules.items():
        option = name.replace("_seconds", "").replace("_", "-")
        if isinstance(value, bool):
            typed.append(f"--{option if value else option.replace('may-not', 'may')}")
        elif isinstance(value, dict):
            option = option.removesuffix("s") if name == "approver_roles" else option
            typed += [f"--{option} {quote(f'{step}={each}')}" for step, each in value.items()]
        elif value is not None:
            typed.append(f"--{option} {value}")
    return " ".join(typed)
