"""A row of the replay in words: what was said, the state after it, and what changed."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from cli.screen import one_line
from domain.steps import StepState
from projections.differences import Value
from projections.phase_facts import PhaseFacts
from projections.replay import ReplayRow

SHORT = 23
"""Characters of a digest or a key that are shown: enough to tell two apart."""
STEPS = "steps."
Plain = Callable[[str], str]


class Fact(NamedTuple):
    """One line of a state: safe and without line breaks."""

    name: str
    value: str
    was: str | None = None
    """What it was before this event, where that changed it; empty where a word would say too little."""


def facts(row: ReplayRow) -> list[Fact]:
    """Return the state after an event, a line for each fact, the five steps first."""
    were = _were(row)
    phase = row["phase_state"]
    if phase is None:
        streams = ("policy_state", "ledger_state", "project_state", "point_state", "token_state")
        others = [row[name] for name in streams]  # type: ignore[literal-required]  # the names above
        state: Mapping[str, Any] = next((each for each in others if each), {})
        return [Fact(words_of(name), said(name, value), were.get(name)) for name, value in state.items()]
    steps = [Fact(name, step_words(phase, name), were.get(name)) for name in phase["steps"]]
    rest = {
        "title": one_line(phase["title"] or "") + (" (erased)" if phase["title_erased"] else ""),
        "blockers": ", ".join(phase["blockers"]) or "none",
        "depends_on": ", ".join(phase["depends_on"]) or "none",
        "handed_off": said("handed_off", phase["handed_off"]),
        "archived": said("archived", phase["archived"]),
        "work": work_words(phase),
    }
    names = {"blockers": "blocked by", "depends_on": "waits for", "handed_off": "handed off"}
    return [*steps, *(Fact(names.get(name, name), value, were.get(name)) for name, value in rest.items())]


def remarks(row: ReplayRow) -> list[str]:
    """Return what was said beside the event, and say plainly where a text was erased."""
    spoken = [f"“{one_line(words)}”" for words in (row["reason"], row["comments"]) if words]
    erased = ["(its text was erased)"] if row["erased"] else []
    return [*spoken, *(f"– {one_line(point)}" for point in row["feedback"]), *erased]


def place(row: ReplayRow) -> str:
    """Return where it happened: the phase and its step, else the stream."""
    return "/".join(part for part in (row["phase"], row["step"]) if part) or row["stream"]


def who(row: ReplayRow) -> str:
    """Return who did it, and what acts under that name."""
    return one_line(f"{row['actor']['name']} ({row['actor']['kind']})")


def time_of(row: ReplayRow) -> str:
    """Return when it was recorded, to the second."""
    return row["recorded_at"][:19].replace("T", " ")


def lines(row: ReplayRow, dim: Plain) -> Iterator[str]:
    """Yield a row as lines of text: what happened, what was said, what changed, and the state after it."""
    yield f"{row['position']:>7}  {time_of(row)}  {who(row)}  {place(row)}: {one_line(row['summary'])}"
    for remark in remarks(row):
        yield f"{'':9}{remark}"
    for change in row["changes"] if row["phase"] or row["version"] > 1 else ():  # else the state says as much
        what = words_of(change["what"].removeprefix(STEPS))
        name = change["what"].rpartition(".")[2]
        yield f"{'':9}{what}: {said(name, change['before'])} → {said(name, change['after'])}"
    yield dim(f"{'':9}" + " · ".join(f"{fact.name} {fact.value}" for fact in facts(row) if _tells(fact)))


def said(name: str, value: object) -> str:
    """Return the value of a fact in words."""
    if isinstance(value, dict):
        return ", ".join(f"{words_of(key)} {said(key, inner)}" for key, inner in value.items())
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(one_line(str(each)) for each in value) or "none"
    if value is None:
        return "the one the log began with" if name == "key" else "none"
    if name in ("handed_off", "archived", "verdict", "last_erased"):
        return f"position {value}"
    if name == "state":
        return words_of(str(value))
    text = one_line(str(value))
    return f"{text[:SHORT]}…" if name in ("digest", "root") and len(text) > SHORT else text


def step_words(phase: PhaseFacts, name: str) -> str:
    """Return where a step stands in a few words."""
    step = phase["steps"][name]  # type: ignore[literal-required]  # the names are its own
    if not step["iteration"]:
        return words_of(step["state"])
    parts = [f"{words_of(step['state'])}, iteration {step['iteration']}"]
    if step["state"] is StepState.AWAITING_APPROVAL and step["approvals"]:
        parts.append(f"approved by {said('approvals', step['approvals'])}")
    if step["verdict"]:
        parts.append(f"verdict at {step['verdict']}")
    if step["stale_because"]:
        parts.append(f"because of {step['stale_because']}")
    return ", ".join(parts)


def work_words(phase: PhaseFacts) -> str:
    """Return how far the tasks are in a few words."""
    tasks = phase["work"]
    if not tasks["listed"]:
        return "none"
    done = f"{len(tasks['done'])} of {len(tasks['listed'])} done"
    return f"{done}, {len(tasks['started'])} started" if tasks["started"] else done


def words_of(name: str) -> str:
    """Return the name of a fact or a state as words."""
    return name.replace("_", " ").replace(".", " ")


def _were(row: ReplayRow) -> dict[str, str]:
    """Return what changed facts were, by the line that shows them: a step, or the name of a fact."""
    found: dict[str, list[str]] = {}
    for change in row["changes"]:
        line, _, name = change["what"].removeprefix(STEPS).partition(".")
        found.setdefault(line, []).append(_was(name or line, change["before"]))
    return {line: ", ".join(words for words in were if words) for line, were in found.items()}


def _was(name: str, before: Value) -> str:
    """Return what a step or fact was; of a step only the state and the iteration are worth a line."""
    if name in ("digest", "approvals", "verdict", "expires_at", "stale_because", "title_erased"):
        return ""
    return f"iteration {before}" if name == "iteration" else said(name, before)


def _tells(fact: Fact) -> bool:
    return fact.name != "title" and fact.value not in ("none", "")
