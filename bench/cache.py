"""All heads of a log in PostgreSQL through a cache against reading them, in this process and in whole commands."""

import os
from collections.abc import Iterator
from pathlib import Path
from subprocess import DEVNULL, run

from adapters.cached_heads import CachedHeads
from adapters.places import FOLDER, MARK
from adapters.postgres_log import PostgresLog
from adapters.postgres_schema import make_log
from bench.many_phases import filled
from bench.measured import Measured, side_by_side
from bench.processes import ORCH
from tests.postgres_server import as_url, running
from tests.redis_server import PROGRAM, redis_server

ORIGIN = "example.org/cache"
SIZES = (100, 10_000)
ROUNDS = 11


def cache(folder: Path) -> Iterator[Measured]:
    """Measure on one machine, through sockets; nothing is promised, and docs/postgresql.md says when it pays."""
    if PROGRAM is None:
        return
    with running(folder / "cache-server") as server, redis_server() as redis:
        for phases in SIZES:
            url = server.make(f"phases{phases}")
            make_log(url, ORIGIN, timeout_s=10)
            with PostgresLog.open(url) as log:
                filled(log, phases)
                cached = CachedHeads(log, redis.url)
                cached.read()
                took, plain = side_by_side(cached.read, log.all_heads, rounds=ROUNDS)
                assert cached.was_hit, cached.trouble
            detail = f"{took * 1000:.1f} ms / {plain * 1000:.1f} ms"
            yield Measured(
                f"PostgreSQL: all heads from the cache / from the log, {phases:,} phases", took / plain, None, detail
            )
            yield _dashboard(folder / f"cached{phases}", as_url(url), redis.url, phases)


def _dashboard(root: Path, database: str, cache_url: str, phases: int) -> Measured:
    (root / FOLDER).mkdir(parents=True)
    (root / FOLDER / MARK).write_text(f"{ORIGIN}\n")
    without = os.environ | {"ORCHESTRATOR_DATABASE_URL": database}
    without.pop("PYTHONDONTWRITEBYTECODE", None)  # as in bench.processes

    def orch(env: dict[str, str]) -> None:
        run([ORCH, "dashboard"], cwd=root, env=env, check=True, stdout=DEVNULL, stderr=DEVNULL, stdin=DEVNULL)

    took, plain = side_by_side(
        lambda: orch(without | {"ORCHESTRATOR_CACHE_URL": cache_url}), lambda: orch(without), rounds=ROUNDS
    )
    detail = f"{took * 1000:.0f} ms / {plain * 1000:.0f} ms"
    return Measured(f"PostgreSQL: orch dashboard with a cache / without, {phases:,} phases", took / plain, None, detail)
