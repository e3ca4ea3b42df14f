"""What an agent or a colleague must know now, the most important first; the texts are read when they are wanted."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple, TypedDict

from domain.documents import Document
from domain.event_log import Head
from domain.phase_state import PhaseState
from domain.policy_state import PolicyState
from domain.project_state import Level, ProjectState
from domain.steps import STEPS, Step, StepState
from domain.tasks import Progress, TaskState
from domain.times import rfc3339
from projections.people import Person, person
from projections.places import Place, Tellings, in_stream, words
from projections.task_list import texts_of
from projections.ways import standing

PROJECT = "project"
WAITING = (StepState.AWAITING_APPROVAL, StepState.EXPIRED)


class ContextKind(StrEnum):
    """What a row is."""

    DIRECTIVE = "directive"
    BLOCKER = "blocker"
    FEEDBACK = "feedback"
    VERDICT = "verdict"
    """Something that waits for a verdict: named, without its text."""
    TASKS = "tasks"
    """What is left to do of the tasks in force."""
    DOCUMENT = "document"
    DRAFT = "draft"


class Weight(NamedTuple):
    """From which level on a row is shown, and its place among the others: the lower, the earlier."""

    level: int
    rank: int


WEIGHTS: Mapping[ContextKind | Level, Weight] = {
    Level.CRITICAL: Weight(1, 0),
    ContextKind.BLOCKER: Weight(1, 1),
    ContextKind.FEEDBACK: Weight(2, 2),
    Level.WARNING: Weight(2, 3),
    ContextKind.VERDICT: Weight(2, 4),
    Level.STANDARD: Weight(3, 5),
    ContextKind.TASKS: Weight(3, 6),
    ContextKind.DOCUMENT: Weight(3, 7),
    ContextKind.DRAFT: Weight(3, 8),
    Level.DETAIL: Weight(4, 9),
}


class Candidate(NamedTuple):
    """Something worth knowing, as heads tell of it: where its text is, and where the verdict on it."""

    kind: ContextKind
    weight: Weight
    name: str
    """The number of a directive, the id of a blocker; empty for what a step names."""
    level: Level | None
    phase: str | None
    step: Step | None
    iteration: int | None
    digest: str | None
    place: Place
    verdict: int = 0
    sentence: str = ""
    """What there is to say where the text itself is not shown."""
    tasks: tuple[tuple[str, str], ...] = ()
    """The number and the state of every task that is not done, those first that somebody works on."""

    @property
    def places(self) -> list[Place]:
        """The events that its row wants told."""
        return in_stream(self.place[0], (self.place[1], self.verdict))


class ContextRow(TypedDict):
    """One thing worth knowing. `by` and `at` are those of the verdict on a document, else of the event itself."""

    kind: ContextKind
    name: str
    level: Level | None
    phase: str | None
    step: Step | None
    iteration: int | None
    digest: str | None
    position: int
    by: Person
    at: str
    text: str | None


def candidates(
    project: ProjectState, heads: Iterable[Head], *, now_us: int, policy: PolicyState, drafts: bool
) -> list[Candidate]:
    """Return all there is to know, the most important first.

    `heads` are those of the phases in question. Of two things that weigh the same, the one of the phase where
    something happened last comes first, and the later directive.
    """
    found = [
        Candidate(
            ContextKind.DIRECTIVE, WEIGHTS[d.level], str(d.number), d.level, d.phase, *NOWHERE, (PROJECT, d.version)
        )
        for d in reversed(project.directives)
    ]
    for head in sorted(heads, key=lambda head: -head.position):
        found += _of_phase(head, now_us=now_us, policy=policy, drafts=drafts)
    return sorted(found, key=lambda each: each.weight.rank)  # which leaves those of one rank in their order


NOWHERE: tuple[None, None, None] = (None, None, None)
"""Of what belongs to no step: neither step nor iteration nor digest."""


def row_of(candidate: Candidate, told: Tellings) -> ContextRow:
    """Return a row with its text: None where that was erased. `told` holds at least the candidate's places."""
    event = told[candidate.place]
    said = told[candidate.place[0], candidate.verdict] if candidate.verdict else event
    return {
        "kind": candidate.kind,
        "name": candidate.name,
        "level": candidate.level,
        "phase": candidate.phase,
        "step": candidate.step,
        "iteration": candidate.iteration,
        "digest": candidate.digest,
        "position": event.position,
        "by": person(said.by),
        "at": rfc3339(said.recorded_at),
        "text": candidate.sentence or _text(candidate, told),
    }


def _of_phase(head: Head, *, now_us: int, policy: PolicyState, drafts: bool) -> Iterator[Candidate]:
    state = PhaseState.from_facts(head.facts).at(now_us)
    for blocker in state.open_blockers:
        kind, place = ContextKind.BLOCKER, (head.stream, blocker.version)
        yield Candidate(kind, WEIGHTS[kind], blocker.id, None, state.phase, *NOWHERE, place)
    yield from _open_tasks(head.stream, state)
    for step in STEPS:
        document = state.documents[step]
        for kind, version, verdict in _of_step(document, now_us=now_us, drafts=drafts):
            waits = standing(step, document, now=now_us, policy=policy) if kind is ContextKind.VERDICT else ""
            yield Candidate(
                kind,
                WEIGHTS[kind],
                "",
                None,
                state.phase,
                step,
                document.iteration,
                document.digest,
                (head.stream, version),
                verdict,
                waits,
            )


def _open_tasks(stream: str, state: PhaseState) -> Iterator[Candidate]:
    """Yield what is left to do, where the tasks document is approved and says which tasks there are."""
    document, book = state.documents[Step.TASKS], state.tasks
    if document.state is not StepState.APPROVED or not book.in_force.iteration:
        return
    left = [(number, book.of(number)) for number, *_ in book.in_force.tasks]
    left = [(number, task) for number, task in left if task.state is not TaskState.DONE]
    left.sort(key=lambda each: each[1].state is not TaskState.STARTED)  # which leaves those of one state in their order
    said = tuple((number, _doing(task)) for number, task in left)
    if said:
        kind, place = ContextKind.TASKS, (stream, book.in_force.drafted)
        about = (state.phase, Step.TASKS, document.iteration, document.digest)
        yield Candidate(kind, WEIGHTS[kind], "", None, *about, place, tasks=said)


def _doing(task: Progress) -> str:
    who = task.assignee or task.started_by
    doing = "being worked on" if task.state is TaskState.STARTED else "to do"
    return f"{doing} by {who}" if who else doing


def _of_step(document: Document, *, now_us: int, drafts: bool) -> Iterator[tuple[ContextKind, int, int]]:
    """Yield what a step has to say: its kind, the event that says it, the verdict on it."""
    state = document.state_at(now_us)
    for version in document.feedback:
        yield ContextKind.FEEDBACK, version, 0
    if state is StepState.APPROVED:
        yield ContextKind.DOCUMENT, document.drafted, document.decided
    elif state in WAITING or (state is StepState.STALE and document.was_approved):
        yield ContextKind.VERDICT, document.drafted, 0
    if drafts and document.drafted and state is not StepState.APPROVED:
        yield ContextKind.DRAFT, document.drafted, 0


def _text(candidate: Candidate, told: Tellings) -> str | None:
    event = told[candidate.place]
    if candidate.kind is ContextKind.TASKS:
        titles = {number: text.title for number, text in texts_of(event).items()}
        if event.texts is None:
            return None
        return "\n".join(f"- {number} ({doing}): {titles.get(number, '')}" for number, doing in candidate.tasks)
    if candidate.kind is ContextKind.FEEDBACK:
        points: Sequence[str] = words(event, "feedback") or ()
        return words(event, "reason") or "\n".join(f"- {point}" for point in points) or None
    name = "description" if candidate.kind is ContextKind.BLOCKER else "text"
    found: str | None = words(event, name)
    return found
