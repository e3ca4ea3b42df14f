"""Over HTTP: fifty specs at the same moment beside fifty raw commits, and what fifty writers wait for."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from bench.measured import Measured, seconds
from bench.store import Raw
from tests.reliability.service_client import Load, asked
from tests.reliability.service_process import new_home, serving

AT_ONCE = 50
ROUNDS = 9
DRAFTS = 1_000


def service(folder: Path) -> Iterator[Measured]:
    """Measure a service in a process of its own, asked by another process: every spec durable, with its document."""
    (folder / "served").mkdir()
    home = new_home(folder / "served")
    with ExitStack() as stack:
        running = stack.enter_context(serving(home))
        raw = Raw(folder / "beside.db")
        asked(Load(running.client.port, home.token, AT_ONCE, drafts=200, prefix="warm"))
        together, commits = [], []
        for turn in range(ROUNDS):
            came = asked(Load(running.client.port, home.token, AT_ONCE, together=True, prefix=f"round-{turn}"))
            assert came.statuses == {"200": AT_ONCE}
            together.append(came.seconds)
            commits.append(seconds(raw.fifty_times_one))
        took, fifty = median(together), median(commits)
        detail = f"{took * 1000:.0f} ms; fifty raw commits {fifty * 1000:.1f} ms"
        yield Measured("HTTP: 50 concurrent specs / fifty raw commits", took / fifty, None, detail)
        came = asked(Load(running.client.port, home.token, AT_ONCE, drafts=DRAFTS, prefix="steady"))
        assert came.statuses == {"200": DRAFTS}
        detail = f"p50 {came.p50_ms:.0f} ms, p99 {came.p99_ms:.0f} ms, {came.total / came.seconds:.0f} a second"
        yield Measured("HTTP: 50 writers, p99 / p50", came.p99_ms / came.p50_ms, None, detail)
