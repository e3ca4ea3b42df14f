"""Reads over 10,000 phases: the whole project at a glance against 100 phases, and what a search takes."""

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from time import process_time

from adapters.places import places_of
from adapters.sqlite_log import SqliteLog
from adapters.workspace import Workspace
from bench.measured import Measured, side_by_side
from bench.processes import run_orch
from domain.actors import Actor
from domain.digest import digest_of
from domain.document_events import Source
from domain.event_log import Decision, EventLog
from domain.phase import Phase
from domain.policy_state import PolicyState
from domain.steps import Step
from projections.words import phrases
from usecases.project import Project
from usecases.search import found_in
from usecases.search_following import bring_up_to_date, file_of, index_held

PHASES = 10_000
FEW = 100
WORDS = 700
"""Words of a document: about five kilobytes."""
BATCH = 250
ROUNDS = 11
SEARCH_S = 0.050
QUERIES = ("w17", "w17 w311", '"w17 w18"', "common", "needle4711", "absent")


def many_phases(folder: Path) -> Iterator[Measured]:
    """Measure whole processes that look at all phases, and searches in this one: in processor time, without waiting."""
    many, few = (_project(folder / f"phases{phases}", phases) for phases in (PHASES, FEW))
    for words in ("dashboard", "next"):
        took, bare = side_by_side(
            lambda w=words: run_orch(many.places.root, w),  # type: ignore[misc]  # bound now
            lambda w=words: run_orch(few.places.root, w),  # type: ignore[misc]  # as above
            rounds=ROUNDS,
        )
        detail = f"{took * 1000:.0f} ms / {bare * 1000:.0f} ms"
        yield Measured(f"orch {words}, {PHASES:,} phases / {FEW} phases", took / bare, 2, detail)
    yield _searches(many)
    many.log.close()
    few.log.close()


def _searches(project: Project) -> Measured:
    """Measure the slowest of some questions, the index being there as after any earlier search."""
    with index_held(project.places) as index:
        first = _worked(lambda: bring_up_to_date(index, project.log))
    upto = project.log.moment().position
    slowest, asked = 0.0, ""
    for query in QUERIES:
        for phase in (None, "st4711-load"):
            took = median(
                _worked(
                    lambda q=query, p=phase: found_in(  # type: ignore[misc]  # bound now
                        project, phrases(q), upto=upto, kind=None, phase=p, limit=20
                    )
                )
                for _ in range(ROUNDS)
            )
            if took > slowest:
                slowest, asked = took, f"{query!r} in {phase or 'all phases'}"
    size = file_of(project.places).path.stat().st_size / 1e6
    detail = (
        f"{slowest * 1000:.1f} ms for {asked}; allowed {SEARCH_S * 1000:.0f} ms; index {first:.1f} s, {size:.0f} MB"
    )
    return Measured(f"orch search, {PHASES:,} phases / what is allowed", slowest / SEARCH_S, 1, detail)


def _worked(work: Callable[[], object]) -> float:
    """Return the seconds of processor time that it took: others may be at work on the machine."""
    start = process_time()
    work()
    return process_time() - start


def _project(root: Path, phases: int) -> Project:
    places = places_of(root, env={})
    places.state.mkdir(parents=True)
    log = SqliteLog.create(places.log, "example.org/load")
    filled(log, phases)
    return Project(places, log, Workspace(places))


def filled(log: EventLog, phases: int) -> None:
    """Draft a document in each of the phases."""
    dice = random.Random(1)  # noqa: S311  # the same documents every time
    at, by = datetime(2026, 11, 24, 12, tzinfo=UTC), Actor("ada")
    vocabulary = [f"w{n}" for n in range(20_000)]
    decisions = []
    for number in range(phases):
        phase = Phase.open(f"st{number}-load", title=f"Load {number}", by=by, at=at)
        text = " ".join([f"common needle{number}", *dice.choices(vocabulary, k=WORDS)])
        phase.draft(
            Step.SPEC,
            digest=digest_of(text, Step.SPEC),
            text=text,
            fields={},
            source=Source.EDITED,
            template="",
            template_digest="",
            policy=PolicyState(),
            by=by,
            at=at,
        )
        decisions.append(Decision(f"load-{number}", "0" * 64, phase.decided(), {phase.id: phase.head()}, {phase.id: 0}))
        if len(decisions) == BATCH or number + 1 == phases:
            log.append(decisions)
            decisions = []
