"""orch diff PHASE: the state of a phase at two moments."""

from typing import Any

from cli.answers import answer
from cli.options import Asked
from cli.project import opened
from cli.replay_words import said, step_words, words_of
from cli.screen import one_line, paint
from domain.steps import STEPS
from projections.state_diff import ApprovalWithdrawn, Side, StateChange, StateDiff, VerdictGiven
from usecases.diff import state_changes

NAMES = {"depends_on": "waits for", "blockers": "blocked by"}


def answer_state_diff(asked: Asked, phase: str, since: str | None, until: str | None) -> None:
    """Answer with what changed in a phase between two moments."""
    with opened() as project:
        found = state_changes(project, phase, since, until, asked.at)
    answer("phase.state_diff", found, as_json=asked.json, show=lambda: _show(found))


def _show(found: StateDiff) -> None:
    old, new = found["old"], found["new"]
    print(f"{paint(found['phase'], 'bold')}  {_moment(old)} → {_moment(new)}")
    print()
    for step in STEPS:
        changes = [each for each in found["changes"] if each["what"].startswith(f"steps.{step}.")]
        if not changes:
            print(paint(f"{step:<11} {step_words(old['state'], step)}, unchanged", "dim"))
        for number, change in enumerate(changes):
            _show_change("" if number else step.value, change)
    for change in found["changes"]:
        if not change["what"].startswith("steps."):
            _show_change(NAMES.get(change["what"], words_of(change["what"])), change, named=True)
    undone = [
        f"{each['task']}  {each['before']} → {each['after'] or 'unlisted'}" for each in found["tasks"] if each["undone"]
    ]
    _show_list("Tasks undone", undone)
    _show_list("Verdicts given", [_given(each) for each in found["verdicts"]])
    _show_list("Approvals withdrawn", [_withdrawn(each) for each in found["withdrawn"]])
    if not found["changes"]:
        print("\nNothing is different.")


def _show_change(name: str, change: StateChange, *, named: bool = False) -> None:
    fact = change["what"].rpartition(".")[2]
    what = "" if named else f"{words_of(fact)}: "
    where = ", ".join(map(str, change["positions"]))
    cause = f"at {where}" if where else "by the clock"
    before, after = said(fact, change["before"]), said(fact, change["after"])
    print(f"{name:<11} {what}{before} → {paint(after, 'yellow')}  {paint(cause, 'dim')}")


def _show_list(title: str, lines: list[str]) -> None:
    if lines:
        print(f"\n{paint(title, 'bold')}")
        print("\n".join(lines))


def _given(verdict: VerdictGiven) -> str:
    kinds = ("forced", verdict["forced"]), ("own text", verdict["self_approval"]), ("automatic", verdict["automatic"])
    marks = [words for words, holds in kinds if holds]
    marks += ["more approvals needed"] if verdict["final"] is False else []
    mark = f" ({', '.join(marks)})" if marks else ""
    what = f"{verdict['outcome']} {verdict['step']} iteration {verdict['iteration']}{mark}"
    return f"{_where(verdict)}  {what}  {paint(one_line(said('digest', verdict['digest'])), 'dim')}"


def _withdrawn(event: ApprovalWithdrawn) -> str:
    verdict = f", verdict at {event['verdict']}" if event["verdict"] else ""
    names = one_line(", ".join(event["approvals"]))
    return f"{_where(event)}  {one_line(event['summary'])}: {event['step']} was approved by {names}{verdict}"


def _where(row: Any) -> str:
    who = one_line(f"{row['actor']['name']} ({row['actor']['kind']})")
    return f"{row['position']:>7}  {row['recorded_at'][:19].replace('T', ' ')}  {who}"


def _moment(side: Side) -> str:
    time = (side["recorded_at"] or "")[:19].replace("T", " ")
    return f"position {side['position']} ({time})"
