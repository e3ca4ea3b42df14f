"""What has to be known now, the most important first, within a budget of tokens."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple, TypedDict

from domain.errors import InvalidInput
from domain.phase_ids import stream_of
from domain.phase_state import PhaseState
from domain.project_state import ProjectState
from projections.context import PROJECT, Candidate, ContextKind, ContextRow, candidates, row_of
from projections.moments import AsOf, as_of
from projections.tokens import tokens
from usecases.context_page import About, as_much_as_fits, ending, heading, more_of, section
from usecases.project import Project
from usecases.reads import View, view_of_all, view_of_phase

LEVELS = {"none": 0, "critical": 1, "warnings": 2, "standard": 3, "all": 4}
BUDGETS = (2_000, 5_000, 12_000, 20_000)
"""What the levels 1 to 4 get unless another budget is given."""
LARGEST = 10_000_000
CAN_BE_CUT = (ContextKind.DOCUMENT, ContextKind.DRAFT, ContextKind.TASKS)


class ShownRow(ContextRow):
    """One thing worth knowing, and what it takes; of a text that was cut, `text` is the part that is shown."""

    tokens: int
    cut: bool


class LeftOut(TypedDict):
    """How many rows of a kind are not shown, and why: budget, level or erased."""

    kind: ContextKind
    why: str
    count: int


class ContextAnswer(TypedDict):
    """What has to be known, the most important first; `tokens` is the estimate for the page as Markdown."""

    phase: str | None
    level: int
    budget: int
    drafts: bool
    tokens: int
    rows: list[ShownRow]
    left_out: list[LeftOut]
    see: list[str]
    written: str | None
    as_of: AsOf


class Page(NamedTuple):
    """What fitted into the budget."""

    rows: list[ShownRow]
    sections: list[str]
    left: Counter[tuple[ContextKind, str]]


class Context(NamedTuple):
    """What there is to know, and the page that says it."""

    data: ContextAnswer
    page: str


def context(
    project: Project, at: str | None, *, level: str = "3", budget: str | None = None, phase: str | None, drafts: bool
) -> Context:
    """Return what an agent or a colleague must know as of now or of a moment; no file is written."""
    number, size = level_of(level), budget_of(budget, level)
    view = view_of_all(project, at) if phase is None else view_of_phase(project, phase, at, also=[PROJECT])[0]
    about = About(phase, number, size, view.moment.position, as_of(view.moment)["recorded_at"])
    page = _filled(project, about, _candidates(view, phase, drafts=drafts))
    text = _page(about, page)
    data: ContextAnswer = {
        "phase": phase,
        "level": number,
        "budget": size,
        "drafts": drafts,
        "tokens": tokens(text),
        "rows": page.rows,
        "left_out": [{"kind": kind, "why": why, "count": count} for (kind, why), count in page.left.items()],
        "see": more_of(about, page.left),
        "written": None,
        "as_of": as_of(view.moment),
    }
    return Context(data, text)


def _candidates(view: View, phase: str | None, *, drafts: bool) -> list[Candidate]:
    """Return what there is to know of a phase, or of all that are not archived."""
    head = view.heads.get(PROJECT)
    state = ProjectState.from_facts(head.facts) if head else ProjectState("", "", 0)
    if phase is not None:
        state = state._replace(directives=tuple(d for d in state.directives if d.phase in (None, phase)))
        heads = [view.heads[stream_of(phase)]]
    else:
        archived = {name for name, each in view.phases.items() if PhaseState.from_facts(each.facts).archived}
        state = state._replace(directives=tuple(d for d in state.directives if d.phase not in archived))
        heads = [each for name, each in view.phases.items() if name not in archived]
    return candidates(state, heads, now_us=view.now, policy=view.policy, drafts=drafts)


def _filled(project: Project, about: About, known: Sequence[Candidate]) -> Page:
    """Take what fits, in its order, and stop at the first that does not: nothing jumps the queue for being short."""
    wanted = [each for each in known if each.weight.level <= about.level]
    page = Page([], [], Counter((each.kind, "level") for each in known if each.weight.level > about.level))
    worst = (
        page.left
        + Counter((each.kind, "budget") for each in wanted)
        + Counter({(kind, "erased"): 1 for kind in {each.kind for each in wanted}})
    )
    frame = tokens(heading(about)) + tokens(ending(about, about.budget, worst))
    if frame > about.budget:
        raise InvalidInput(
            f"What has to be said in any case takes {frame} tokens; a budget of {about.budget} is too small.",
            fix=(f"orch context --budget {max(BUDGETS[0], frame)}",),
        )
    room = about.budget - frame
    for place, candidate in enumerate(wanted):
        row = row_of(candidate, project.log.told(candidate.places))
        if row["text"] is None:
            page.left[candidate.kind, "erased"] += 1
            continue
        taken = _taken(row, room)
        if taken is not None:
            shown, text = taken
            room -= shown["tokens"]
            page.rows.append(shown)
            page.sections.append(text)
        if taken is None or taken[0]["cut"]:
            page.left.update((each.kind, "budget") for each in wanted[place + (taken is not None) :])
            break
    return page


def _taken(row: ContextRow, room: int) -> tuple[ShownRow, str] | None:
    """Return a row as it fits: whole, cut if it is a document, or not at all."""
    text = section(row, row["text"] or "")
    takes = tokens(text)
    if takes <= room:
        return {**row, "tokens": takes, "cut": False}, text
    part = as_much_as_fits(row, room) if row["kind"] in CAN_BE_CUT else None
    if part is None:
        return None
    return {**row, "text": part[0], "tokens": tokens(part[1]), "cut": True}, part[1]


def _page(about: About, page: Page) -> str:
    body = heading(about) + "".join(page.sections)
    used = tokens(body) + tokens(ending(about, about.budget, page.left))
    return body + ending(about, used, page.left)


def level_of(words: str) -> int:
    """Return the number of a level."""
    found = LEVELS.get(words.lower())
    if found is None and words in {"0", "1", "2", "3", "4"}:
        found = int(words)
    if found is None:
        raise InvalidInput(
            f"A level is 0 (none), 1 (critical), 2 (warnings), 3 (standard) or 4 (all); got {words[:20]!r}.",
            fix=("orch context --level 3",),
        )
    return found


def budget_of(words: str | None, level: str) -> int:
    """Return a budget in tokens; without one, what suits the level."""
    if words is None:
        return BUDGETS[max(level_of(level), 1) - 1]
    number = words.lower().removesuffix("k")
    if number.isascii() and number.isdigit() and len(number) <= 8:
        size = int(number) * (1_000 if words.lower().endswith("k") else 1)
        if 1 <= size <= LARGEST:
            return size
    raise InvalidInput(
        f"A budget is a number of tokens, such as 2k, 5k, 12k, 20k or 8000; got {words[:20]!r}.",
        fix=("orch context --budget 5k",),
    )
