"""How fast this installation is, beside what the machine does without it: measured in a project that is thrown away."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, thread_time
from typing import TYPE_CHECKING, NamedTuple

from adapters.raw_work import RawWork, raw_work
from cli.scratch import FIELDS, draft, scratch
from domain.steps import Step
from usecases.project import Project

if TYPE_CHECKING:
    from cli.bench_file import Figure

EVENTS = 200
"""Commands in the scratch log before anything is measured."""
ROUNDS = 5
"""How often all of it is measured; the figure is the middle one, so that a moment's other work does not count."""
DURABLE = 20
"""Commits in a round: each waits for the disk."""


class Work(NamedTuple):
    """Something of ours and what it is held against, each so many times."""

    name: str
    ours: Callable[[int], object]
    beside: Callable[[int], object]
    times: int
    clock: Callable[[], float] = thread_time
    """What waits for no disk is measured in processor time: where others work, too, its turn is waited for."""


def rounds(folder: Path, *, advance: Callable[[], None]) -> "tuple[list[Figure], float]":
    """Measure everything below a folder, of which nothing is left; return it, and the ms of one commit of SQLite.

    `advance` is told after every round.
    """
    with ExitStack() as held:
        name = Path(held.enter_context(TemporaryDirectory(dir=folder, prefix=".bench-")))
        project = held.enter_context(scratch(name))
        raw = held.enter_context(raw_work(name / "raw.db", EVENTS))
        phases = (f"st{number:05}-bench" for number in range(100_000))
        for _ in range(EVENTS):
            draft(project, next(phases))
        works = _works(project, raw, phases)
        for work in works:  # whatever is made once is made before it is measured
            _once(work._replace(times=2))
        found: dict[str, list[tuple[float, float]]] = {work.name: [] for work in works}
        commits = []
        for _ in range(ROUNDS):
            commits.append(_seconds(raw.commit, DURABLE, perf_counter))
            for work in works:
                found[work.name].append(_once(work))
            advance()
        return [_figure(work, found[work.name]) for work in works], round(median(commits) * 1000, 4)


def _works(project: Project, raw: RawWork, phases: Iterator[str]) -> tuple[Work, ...]:
    def append(count: int) -> None:
        for _ in range(count):
            draft(project, next(phases))

    def status(count: int) -> None:
        from usecases.status import status as status_of

        for number in range(count):
            status_of(project, f"st{number % EVENTS:05}-bench", None)

    def fold(count: int) -> None:
        from projections.history import history
        from projections.imports import Imports
        from usecases.reads import decoded

        for _ in history(decoded(project.log.records(1, count)), {}, Imports()):
            pass

    def render(count: int) -> None:
        from domain.derived import derived

        more = derived(Step.SPEC, FIELDS, phase="st01-x")
        for _ in range(count):
            project.templates.render(
                Step.SPEC, FIELDS, phase="st01-x", title="X", iteration=1, answers=(), derived=more
            )

    return (
        Work("append", append, raw.commit_and_compute, DURABLE, perf_counter),
        Work("status", status, raw.read, 100),
        Work("fold", fold, raw.scan, EVENTS),
        Work("render", render, raw.compute, 30),
    )


def _once(work: Work) -> tuple[float, float]:
    """Return the seconds that one of ours and one beside it take."""
    return _seconds(work.ours, work.times, work.clock), _seconds(work.beside, work.times, work.clock)


def _seconds(do: Callable[[int], object], count: int, clock: Callable[[], float]) -> float:
    began = clock()
    do(count)
    return (clock() - began) / count


def _figure(work: Work, found: list[tuple[float, float]]) -> "Figure":
    return {
        "name": work.name,
        "ms": round(median(ours for ours, _ in found) * 1000, 4),
        "beside_ms": round(median(beside for _, beside in found) * 1000, 4),
        "ratio": round(median(ours / beside for ours, beside in found), 3),
    }
