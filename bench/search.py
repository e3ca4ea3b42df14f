"""Search in a project of 10,000 phases: the first index, and then what one question takes. `python -m bench.search`."""

import random
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from time import process_time

from adapters.places import places_of
from adapters.sqlite_log import SqliteLog
from adapters.workspace import Workspace
from cli.project import Project
from cli.search import found_in
from cli.search_following import bring_up_to_date, index_held, path_of
from domain.actors import Actor
from domain.digest import digest_of
from domain.document_events import Source
from domain.event_log import Decision
from domain.phase import Phase
from domain.policy_state import PolicyState
from domain.steps import Step
from projections.words import phrases

PHASES = 10_000
WORDS = 700
"""Words of a document: about five kilobytes."""
BATCH = 250
ROUNDS = 21
QUERIES = ("w17", "w17 w311", '"w17 w18"', "common", "needle4711", "absent")


def main() -> None:
    """Print what it takes."""
    with tempfile.TemporaryDirectory(dir="build", prefix="bench-") as name:
        places = places_of(Path(name), env={})
        places.state.mkdir()
        with SqliteLog.create(places.log, "example.org/load") as log:
            fill(log)
            project = Project(places, log, Workspace(places))
            with index_held(places) as index:
                first = worked(lambda: bring_up_to_date(index, log))
            size = path_of(places).stat().st_size
            print(f"{log.moment().position:,} events, the first index: {first:.1f} s, {size / 1e6:.0f} MB")
            for query in QUERIES:
                for phase in (None, "st4711-load"):
                    took = [
                        worked(
                            lambda q=query, p=phase: found_in(  # type: ignore[misc]  # bound now
                                project, phrases(q), upto=log.moment().position, kind=None, phase=p, limit=20
                            )
                        )
                        for _ in range(ROUNDS)
                    ]
                    times = f"median {median(took) * 1e3:.1f} ms, most {max(took) * 1e3:.1f} ms"
                    print(f"{query!r} in {phase or 'all phases'}: {times}")


def worked(work: Callable[[], object]) -> float:
    """Return the seconds of processor time that it took: others may be at work on the machine."""
    start = process_time()
    work()
    return process_time() - start


def fill(log: SqliteLog) -> None:
    """Draft a document in each of the phases."""
    dice = random.Random(1)  # noqa: S311  # the same documents every time
    at, by = datetime(2026, 11, 24, 12, tzinfo=UTC), Actor("ada")
    vocabulary = [f"w{n}" for n in range(20_000)]
    decisions = []
    for number in range(PHASES):
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
        if len(decisions) == BATCH:
            log.append(decisions)
            decisions = []
            print(f"\r{number + 1:,} phases", end="", file=sys.stderr)
    log.append(decisions)
    print(file=sys.stderr)


if __name__ == "__main__":
    main()
