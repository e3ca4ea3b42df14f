"""orch list: all phases, a line each."""

from cli.answers import answer
from cli.options import Asked, reading
from cli.project import opened
from cli.screen import one_line, paint, print_table, state
from usecases.phase_list import phases


@reading
def list_phases(asked: Asked) -> None:
    """List all phases with their current step and what they wait for.

    Example: orch list --at position:3

    Next: orch status PHASE
    """
    answer_list(asked)


def answer_list(asked: Asked) -> None:
    """Answer with all phases as of now or of a moment."""
    with opened() as project:
        data = phases(project, asked.at)
    rows = data["rows"]

    def show() -> None:
        if not rows:
            print('There is no phase yet. Begin with: orch spec st01-first-phase --objectives "what it must achieve"')
            return
        table = [
            (
                row["phase"],
                one_line(row["title"]),
                f"{len(row['completed_steps'])}/5",
                f"{row['tasks_done']}/{row['tasks_total']}" if row["tasks_total"] else "",
                row["current_step"] or "done",
                state(row["state"]) if row["state"] else "",
                paint("blocked", "red") if row["blocked"] else "",
            )
            for row in rows
        ]
        print_table(table, head=("PHASE", "TITLE", "DONE", "TASKS", "STEP", "STATE", ""))

    answer("phase.list", data, as_json=asked.json, show=show)
