"""orch workflow: all steps of a phase from one file, as far as its approvals reach."""

import sys
from typing import Annotated

import typer

from adapters.actor import refuse_guessed_kind
from cli import exits
from cli.answers import answer
from cli.arguments import PhaseId
from cli.options import Asked, acting
from cli.project import opened
from cli.screen import clean, one_line, paint, print_table, state
from domain.phase_ids import checked
from usecases.workflow_answer import WorkflowAnswer, WorkflowRow
from usecases.workflow_run import Run, gone_through

Config = Annotated[
    str,
    typer.Option("--config", metavar="FILE", help="The fields of the steps: YAML, JSON or TOML; - is standard input."),
]
Auto = Annotated[
    bool, typer.Option("--auto-approve", help="Approve in the actor's name, unread; the record says that it was so.")
]


@acting
def workflow(asked: Asked, phase: PhaseId, config: Config, auto_approve: Auto = False) -> None:
    """Draft all steps of a phase from one file, as far as the approvals reach; run it again to go on.

    The file has a table of fields for each step (spec, research, plan, prd, tasks), as orch schema show workflow says.
    All of it is checked before anything is recorded. The run stops at the first step that waits for an approval, and
    the same file goes on from there. A step whose fields changed is drafted anew, unless it is approved.

    With --auto-approve every step is approved in the actor's name, by the rules of the policy: agents may not, nor
    the author where the policy says so. Such approvals are marked, in orch history and orch audit exceptions.

    Example: orch workflow st03-mixer --config phase.yaml

    Next: orch approve PHASE STEP, then the same command again
    """
    checked(phase)
    if auto_approve:
        refuse_guessed_kind(asked.actor_kind, command=f"orch workflow {phase} --config {config} --auto-approve")
    from adapters.workflow_files import read_workflow

    file = read_workflow(config, phase=phase, stdin=sys.stdin.buffer)
    with opened(to_write=True) as project:
        run = Run(
            project,
            lambda command_id: project.meta(asked._replace(command_id=command_id)),
            phase,
            file,
            automatic=auto_approve,
        )
        run.refuse_hopeless()
        gate, refusal = gone_through(run)
        rows = run.rows()
    data: WorkflowAnswer = {"phase": phase, "complete": gate is None, "waits_for": gate, "rows": rows}
    _warn(rows)
    answer("workflow.run", data, as_json=asked.json, show=lambda: _show(data, config))
    if refusal is not None:
        raise typer.Exit(exits.status_of(refusal))


def _warn(rows: list[WorkflowRow]) -> None:
    for row in rows:
        for beside in (row["checkpoint"], row["receipt"]):
            if beside and beside["warning"]:
                warning = one_line(f"{row['step']}: {beside['warning']}")
                print(paint(f"! {warning}", "yellow", stream=sys.stderr), file=sys.stderr)


def _show(data: WorkflowAnswer, config: str) -> None:
    table = [
        (row["step"].value, state(row["state"]), str(row["iteration"] or ""), ", ".join(_did(row)))
        for row in data["rows"]
    ]
    print_table(table, head=("STEP", "STATE", "ITERATION", "THIS RUN"))
    gate = data["waits_for"]
    if gate is None:
        print(f"\nEvery step is approved.\n  {paint('next', 'dim')} orch handoff {data['phase']}")
        return
    print(f"\n{one_line(gate['message'])}")
    for line in (*gate["fix"], f"orch workflow {data['phase']} --config {config}"):
        print(f"  → {clean(line)}")


def _did(row: WorkflowRow) -> list[str]:
    did = [("drafted", row["drafted"]), ("approved automatically", row["approved"])]
    return [f"{what} at position {position}" for what, position in did if position]
