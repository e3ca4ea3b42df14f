"""Measure the budgets: JSON on stdout, a table for people on stderr. Exit 1 when one does not hold."""

import sys
import tempfile
from pathlib import Path

import orjson

from bench.backups import backups
from bench.cache import cache
from bench.many_phases import many_phases
from bench.measured import Measured
from bench.postgres import postgres
from bench.processes import processes
from bench.recover import recover
from bench.service import service
from bench.store import store
from bench.time_travel import time_travel
from bench.verify import verify

FOLDER = Path("build")
"""On the disk of the project: a memory file system would make a durable commit look free."""


def main() -> int:
    """Run every measurement in one process tree, one after the other."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=FOLDER.absolute(), prefix="bench-") as name:
        Path(name).chmod(0o755)  # servers run elsewhere, and perhaps as somebody else
        results = [
            *processes(Path(name)),
            *store(Path(name)),
            *verify(Path(name)),
            *time_travel(Path(name)),
            *many_phases(Path(name)),
            *backups(Path(name)),
            *recover(Path(name)),
            *postgres(Path(name)),
            *cache(Path(name)),
            *service(Path(name)),
        ]
    print(orjson.dumps([result.document() for result in results], option=orjson.OPT_INDENT_2).decode())
    for result in results:
        print(_line(result), file=sys.stderr)
    return 0 if all(result.holds for result in results) else 1


def _line(result: Measured) -> str:
    budget = "no budget" if result.budget is None else f"{'≥' if result.at_least else '≤'} {result.budget:g}"
    mark = "ok  " if result.holds else "OVER"
    return f"{mark} {result.ratio:7.2f}  ({budget})  {result.name}  [{result.detail}]"


if __name__ == "__main__":
    sys.exit(main())
