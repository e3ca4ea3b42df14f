"""The baseline of an installation: a file beside the store, not in the log, because figures are no history."""

import os
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypedDict

import orjson

from adapters.new_files import new_file
from cli.output_file import again_with_yes
from domain.errors import AlreadyExists, FilesUnavailable, InvalidInput, NotFound
from usecases.release import VERSION

NAME = "bench-baseline.json"
AGAIN = ("orch bench baseline --yes",)
LARGEST = 64 * 1024


class Figure(TypedDict):
    """How long one thing takes, in ms, and what it was held against in the same rounds; the ratio is compared."""

    name: str
    ms: float
    beside_ms: float
    ratio: float


class Baseline(TypedDict):
    """The figures of an installation, and what made them."""

    made_at: str
    orch: str
    python: str
    machine: str
    commit_ms: float
    """What one commit of SQLite alone takes here: the disk."""
    rows: list[Figure]


def baseline_of(rows: list[Figure], commit_ms: float) -> Baseline:
    """Return figures with what made them."""
    return {
        "made_at": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "orch": VERSION,
        "python": platform.python_version(),
        "machine": f"{platform.machine()}, {os.cpu_count()} processors, {platform.node()}",
        "commit_ms": commit_ms,
        "rows": rows,
    }


def refuse_taken(path: Path, *, replace: bool) -> None:
    """Refuse to measure for a file that would not be written."""
    if path.exists() and not replace:
        raise AlreadyExists(f"{path} holds a baseline already.", fix=again_with_yes())


def write(path: Path, baseline: Baseline, *, replace: bool) -> None:
    """Write a baseline, whole or not at all."""
    with new_file(path, replace=replace) as file:
        file.write(orjson.dumps(baseline, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


def read(path: Path) -> Baseline:
    """Return the baseline that was written. Raises `NotFound`, and `InvalidInput` for what is none."""
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST)
    except FileNotFoundError:
        raise NotFound(f"There is no baseline at {path}.", fix=("orch bench baseline",)) from None
    except OSError as error:
        raise FilesUnavailable(f"{path}: {error.strerror}.") from error
    try:
        said = orjson.loads(data)
        found: Baseline = {
            "made_at": str(said["made_at"]),
            "orch": str(said["orch"]),
            "python": str(said["python"]),
            "machine": str(said["machine"]),
            "commit_ms": float(said["commit_ms"]),
            "rows": [_figure(row) for row in said["rows"]],
        }
        if not found["rows"]:
            raise ValueError("no figure")
    except (ValueError, TypeError, KeyError):
        raise InvalidInput(f"{path} is no baseline.", fix=AGAIN) from None
    return found


def _figure(row: Any) -> Figure:
    """Return a figure as it was written. Raises `ValueError`, `TypeError`, `KeyError` for anything else."""
    ms, beside_ms, ratio = (float(row[name]) for name in ("ms", "beside_ms", "ratio"))
    if not all(0 < value < float("inf") for value in (ms, beside_ms, ratio)):
        raise ValueError("no time that anything takes")
    return {"name": str(row["name"]), "ms": ms, "beside_ms": beside_ms, "ratio": ratio}
