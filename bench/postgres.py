"""The log in PostgreSQL: against plain inserts into the same server, commits that are shared, and `orch status`."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from threading import Thread
from time import monotonic
from typing import Any

import psycopg

from adapters.postgres_log import PostgresLog
from adapters.postgres_schema import make_log
from adapters.postgres_writes import APPEND, answers_in, request_of
from adapters.shared_commits import Answers, Portion
from bench.measured import Measured, seconds
from bench.processes import PHASE, against_python, draft, run_orch
from domain.event_log import Decision, EventLog, Receipt
from tests.adapters.log_entries import decision
from tests.postgres_server import running

COMMANDS = 8_000
"""A thousand for each of eight: with few, the beginning of their sessions is most of what is measured."""
ROUNDS = 5
THREADS, EACH = 32, 25
ADDRESS = "ORCHESTRATOR_DATABASE_URL"
TABLE = """
CREATE TABLE raw (
    position bigserial PRIMARY KEY, recorded_at bigint, stream text, version bigint, topic text, command_id text,
    envelope bytea, salt bytea, payload bytea, UNIQUE (stream, version)
)
"""
INSERT = """
INSERT INTO raw (recorded_at, stream, version, topic, command_id, envelope, salt, payload)
VALUES (1, %s, %s, 'phase.retitled', %s, %s, %s, %s)
"""
ENVELOPE, SALT, PAYLOAD = b"e" * 500, b"s" * 32, b"p" * 400
CONTEXT = get_context("spawn")


def postgres(folder: Path) -> Iterator[Measured]:
    """Measure durable appends of one event each: every command is a transaction of its own, from its own process."""
    with running(folder / "server", fsync=True) as server:
        url = server.make("bench")
        make_log(url, "example.org/bench", timeout_s=10)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(TABLE.encode())
        for writers, budget in ((1, 0.5), (8, 0.35)):
            rates: dict[Callable[..., None], list[float]] = {_ours: [], _raw: []}
            for turn in range(ROUNDS):
                for work, found in rates.items():
                    found.append(_rate(work, url, writers, f"{work.__name__}-{writers}-{turn}"))
            ours, raw = median(rates[_ours]), median(rates[_raw])
            detail = f"{ours:,.0f} / {raw:,.0f} a second"
            name = f"PostgreSQL: commands a second / raw inserts, {writers} writer{'s' if writers > 1 else ''}"
            yield Measured(name, ours / raw, budget, detail, at_least=True)
        yield _shared(url)
        server.make("status")
        yield _status(folder / "project", server.setting("status"))


class _CommitEach(PostgresLog):
    """A log whose session shares no commit with others, as `PostgresLog` would."""

    def _write(self, batch: list[Portion]) -> list[Answers]:
        wait_ms = str(self._wait_ms).encode()
        return [answers_in(self._line.call(APPEND, (wait_ms, request_of(decisions))), decisions) for decisions in batch]


def _shared(url: str) -> Measured:
    """Measure threads that share one log, and so their commits, against the same threads with a commit for each."""
    with ExitStack() as stack:
        logs = [stack.enter_context(_CommitEach.open(url)) for _ in range(THREADS)]
        shared_log = stack.enter_context(PostgresLog.open(url))
        pairs = []
        for turn in range(ROUNDS):
            apart = seconds(_threads(logs, f"apart-{turn}"))
            pairs.append((apart, seconds(_threads([shared_log] * THREADS, f"shared-{turn}"))))
    apart, shared = (median(found) for found in zip(*pairs, strict=True))
    rates = [THREADS * EACH / took for took in (shared, apart)]
    detail = "{:,.0f} / {:,.0f} a second".format(*rates)
    name = f"PostgreSQL: commands a second of {THREADS} threads, commits shared / one each"
    return Measured(name, apart / shared, 4, detail, at_least=True)


def _threads(logs: Sequence[PostgresLog], name: str) -> Callable[[], None]:
    """Return what has a thread for each log append decisions that were made before."""
    made = [_made(f"{name}-{number}", EACH) for number in range(THREADS)]

    def work() -> None:
        threads = [Thread(target=_append, args=pair) for pair in zip(logs, made, strict=True)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    return work


def _status(project: Path, url: str) -> Measured:
    """Measure the command that is run most, its connection included."""
    project.mkdir()
    before = os.environ.get(ADDRESS)
    os.environ[ADDRESS] = url
    try:
        run_orch(project, "init", "--host", "example.org")
        draft(project, PHASE)
        name = "orch status PHASE with the log in PostgreSQL / python -c pass"
        return against_python(project, name, 22, lambda: run_orch(project, "status", PHASE))
    finally:
        del os.environ[ADDRESS]
        os.environ |= {ADDRESS: before} if before else {}


def _rate(work: Callable[..., None], url: str, writers: int, name: str) -> float:
    start, told = CONTEXT.Barrier(writers), CONTEXT.Queue()
    processes = [
        CONTEXT.Process(target=work, args=(url, f"{name}-{number}", COMMANDS // writers, start, told))
        for number in range(writers)
    ]
    for process in processes:
        process.start()
    times: list[tuple[float, float]] = [told.get(timeout=120) for _ in processes]
    for process in processes:
        process.join()
    return COMMANDS / (max(ended for _, ended in times) - min(began for began, _ in times))


def _ours(url: str, name: str, commands: int, start: Any, told: Any) -> None:
    """Append decisions that were made before."""
    made = _made(name, commands)
    with PostgresLog.open(url) as log:
        log.moment()
        start.wait()
        began = monotonic()
        _append(log, made)
        told.put((began, monotonic()))


def _made(name: str, commands: int) -> list[Decision]:
    return [
        decision(f"phase:{name}", after=number, text="p" * 400, command_id=f"{name}-{number}", read={"policy": 0})
        for number in range(commands)
    ]


def _append(log: EventLog, made: list[Decision]) -> None:
    for each in made:
        (answer,) = log.append([each])
        assert isinstance(answer, Receipt), answer


def _raw(url: str, name: str, commands: int, start: Any, told: Any) -> None:
    """Insert rows of the same size."""
    with psycopg.connect(url, autocommit=True, prepare_threshold=None) as connection:
        connection.execute("SELECT 1")
        start.wait()
        began = monotonic()
        for number in range(commands):
            connection.execute(INSERT.encode(), (name, number, f"{name}-{number}", ENVELOPE, SALT, PAYLOAD))
        told.put((began, monotonic()))
