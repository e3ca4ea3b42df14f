"""orch status: where a phase stands."""

from collections.abc import Mapping
from contextlib import suppress
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from cli.answers import answer
from cli.arguments import phases_known
from cli.options import Asked, reading
from cli.project import opened
from cli.quality import quality_in_words
from cli.screen import clean, one_line, paint, print_table, state
from domain.digest import digest_of
from domain.errors import InvalidInput, Refusal
from domain.steps import Step
from projections.counts import counted
from usecases.ages import age_in_words
from usecases.project import Project
from usecases.status import status as status_at

if TYPE_CHECKING:
    from projections.coverage import Coverage
    from projections.phase_status import PhaseStatus

Phase = Annotated[
    Optional[str],  # noqa: UP045  # Typer reads Optional at every release we allow
    typer.Argument(metavar="[PHASE]", help="A phase; without one, all of them.", autocompletion=phases_known),
]


class Form(StrEnum):
    """How much of a phase is told."""

    DETAILED = "detailed"
    COMPACT = "compact"
    TIMELINE = "timeline"


FormName = Annotated[Form, typer.Option("--format", help="detailed; compact: one line; timeline: what happened.")]


@reading
def status(asked: Asked, phase: Phase = None, form: FormName = Form.DETAILED) -> None:
    """Show where a phase stands, what blocks it and the next command.

    Example: orch status st01-audio-engine

    Next: orch why PHASE
    """
    if form is Form.TIMELINE:
        from cli.history import answer_history

        if phase is None:
            raise InvalidInput("The timeline is of one phase; name it.", fix=("orch list",))
        return answer_history(asked, phase)
    if phase is None:
        from cli.listing import answer_list

        return answer_list(asked)
    with opened() as project:
        found = status_at(project, phase, asked.at)

        def show() -> None:
            if form is Form.COMPACT:
                return _show_compact(found)
            _show(found)
            if asked.at is None:
                _show_edited(project, found)
            _show_coverage(found["checkpoint"])
            return None

        answer("phase.status", found, as_json=asked.json, show=show)
    return None


def _show_compact(found: "PhaseStatus") -> None:
    done = f"{len(found['completed_steps'])}/{len(found['steps'])}"
    blocked = [paint("blocked", "red")] if any(not each["resolved"] for each in found["blockers"]) else []
    following = [clean(command) for command in found["next_commands"][:1]]
    action = found["next_action"].replace("_", " ")
    print("  ".join([paint(found["phase"], "bold"), one_line(found["title"]), done, action, *blocked, *following]))


def _show(found: "PhaseStatus") -> None:
    erased = paint(" (its own title was erased)", "dim") if found["title_erased"] else ""
    print(f"{paint(found['phase'], 'bold')}  {one_line(found['title'])}{erased}")
    print()
    rows = [_row(name, step) for name, step in found["steps"].items()]
    print_table(rows, head=("STEP", "STATE", "ITERATION", "VERDICT", "DIGEST"))
    print()
    _show_quality(found["steps"])
    for blocker in found["blockers"]:
        if not blocker["resolved"]:
            print(f"{paint('blocked', 'red')}   {blocker['id']} {one_line(blocker['description'] or '[erased]')}")
    if found["depends_on"]:
        print(f"waits for {', '.join(found['depends_on'])}")
    tasks = found["tasks"]
    if tasks["total"]:
        begun = "".join(f", {tasks[name]} {name}" for name in ("started", "ready") if tasks[name])
        print(f"tasks     {tasks['done']} of {tasks['total']} done{begun}")
    for name in ("handed_off", "archived"):
        closing = found[name]
        if closing:
            when = closing["at"][:16].replace("T", " ")
            print(f"{name.replace('_', ' '):<11}by {one_line(closing['by']['name'])} {when}")
    print(f"next      {found['next_action'].replace('_', ' ')}")
    for line in found["next_commands"]:
        print(f"          {clean(line)}")


def _show_quality(steps: Mapping[str, Any]) -> None:
    for name, step in steps.items():
        if step["quality"]:
            print(f"quality   {name} {quality_in_words(step['quality'])}")


def _show_edited(project: Project, found: "PhaseStatus") -> None:
    """Name the documents on disk that say something else than was recorded."""
    for name, step in found["steps"].items():
        with suppress(Refusal):  # what is no text at all is said when somebody decides about it
            text = project.files.read(found["phase"], Step(name))
            if text is not None and digest_of(text, Step(name)) != step["digest"]:  # type: ignore[index]  # a step
                path = project.files.shown(found["phase"], Step(name))
                print(paint(f"on disk   {path} is not the recorded text: orch edit or orch checkout", "yellow"))


def _show_coverage(covered: "Coverage") -> None:
    age = covered["age_seconds"]
    if age is None:
        said = "none yet: orch audit checkpoint"
    elif covered["uncovered"]:
        said = f"{counted(covered['uncovered'], 'event')} since the last one, which is {age_in_words(age)} old"
    else:
        said = f"covers everything; {age_in_words(age)} old"
    print(paint(f"checkpoint {said}", "dim"))


def _row(name: str, step: Any) -> tuple[str, ...]:
    iteration = str(step["iteration"]) if step["iteration"] else ""
    return (name, state(step["state"]), iteration, _verdict(step), step["digest"][:23] if step["digest"] else "")


def _verdict(step: Any) -> str:
    if step["verdict_by"]:
        marks = [
            (_under_glass(step["break_glass"]), bool(step["break_glass"])),
            ("forced", step["forced"]),
            ("own text", step["self_approval"]),
            ("automatic", step["automatic"]),
        ]
        said = ", ".join(words for words, holds in marks if holds)
        mark = f" ({said})" if said else ""
        return f"{one_line(step['verdict_by']['name'])} {step['verdict_at'][:16].replace('T', ' ')}{mark}"
    if step["claim"]:
        by, at = one_line(step["claim"]["by"] or "nobody named"), step["claim"]["at"][:16].replace("T", " ")
        return f"claim of {by} {at} ({step['claim']['importer']})"
    if step["break_glass"]:
        return _under_glass(step["break_glass"], by=one_line(step["break_glass"]["by"]))
    approvals = step["approvals"]
    return f"{approvals['given']} of {approvals['needed']}" if approvals["given"] else ""


def _under_glass(glass: Any, *, by: str = "") -> str:
    """Return until when others have to approve what was approved by force."""
    if not glass:
        return ""
    whose = f"break-glass of {by}" if by else "break-glass"
    return f"{whose} {'overdue since' if glass['overdue'] else 'until'} {glass['until'][:16].replace('T', ' ')}"
