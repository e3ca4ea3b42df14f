"""Have an evidence package made where the keys are: a service seals it, and what arrives is looked at here."""

from pathlib import Path
from shutil import copyfileobj
from tempfile import TemporaryFile
from typing import IO, Any, BinaryIO
from zipfile import BadZipFile, ZipFile

import orjson

from domain.errors import Damaged, Unavailable
from usecases.audit_answers import PackageTold
from usecases.evidence_events import Selection
from usecases.project import Far, Project

LATE = "OPERATION_TIMEOUT"


class FarExporter:
    """One export by a service. It is answered as if it had been made here, from what the package says of itself."""

    def __init__(self, project: Project, far: Far, selection: Selection, *, open_end: bool) -> None:
        """`open_end` says that the package goes to wherever the log ends when it is signed."""
        self._far, self._origin = far, project.log.origin
        self._asked = {
            "phase": selection.phase,
            "from": f"position:{selection.first}" if selection.first > 1 else None,
            "to": None if open_end else f"position:{selection.last}",
            "withhold": selection.withhold,
            "withhold_phases": list(selection.withhold_phases),
        }
        self._told: PackageTold | None = None

    def write(self, file: BinaryIO, beside: Path) -> None:
        """Write the package, once it has arrived whole; until then it lies, without a name, in the folder `beside`."""
        with TemporaryFile(dir=beside) as arrived:
            try:
                self._far.fetch("/audit/export", self._asked, arrived)
            except Unavailable as error:
                if error.code == LATE:
                    error.message = f"The service could not pack that much in its time. {error.message}"
                    error.fix = ("orch audit export --from T --to T -o FILE", *error.fix)
                raise
            self._told = _told_by(arrived, self._origin)
            arrived.seek(0)
            copyfileobj(arrived, file)

    def told(self) -> PackageTold:
        """Return what the package holds."""
        assert self._told is not None
        return self._told


def _told_by(file: IO[bytes], origin: str) -> PackageTold:
    """Return what a package says of itself. Raises `Damaged` for what is none, or is about another log."""
    try:
        with ZipFile(file) as package:
            manifest: dict[str, Any] = orjson.loads(package.read("manifest.json"))
            key = package.read("keys/current.vkey").decode().strip()
            older = sum(name.startswith("checkpoints/") for name in package.namelist())
        checkpoint, chosen = manifest["checkpoint"], manifest["selection"]
        told: PackageTold = {
            "origin": manifest["origin"],
            "size": checkpoint["size"],
            "root": checkpoint["root"],
            "key": key,
            "phase": chosen["phase"],
            "range": {"first": chosen["first"], "last": chosen["last"]},
            "whole": (chosen["phase"], chosen["first"], chosen["last"]) == (None, 1, checkpoint["size"]),
            "counts": manifest["counts"],
            "checkpoints": older,
        }
    except (BadZipFile, KeyError, TypeError, ValueError) as error:
        raise Damaged(f"What the service sent is no evidence package: {error}.") from None
    if told["origin"] != origin:
        raise Damaged(f"What the service sent is evidence of {told['origin']!r}, not of {origin}.")
    return told
