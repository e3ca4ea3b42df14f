"""orch doctor: look at everything that can go wrong around the log, change nothing, name what mends it."""

import os
from collections.abc import Callable, Iterable
from typing import Annotated, Optional

import typer

from adapters.places import FOLDER, find, places_of
from adapters.settings import BY_NAME, file_of_settings, is_database_url
from cli import doctor_backups, doctor_events, doctor_files, doctor_glass, doctor_phase, doctor_store, exits
from cli.answers import answer
from cli.arguments import phases_known
from cli.given import flags
from cli.health import DoctorAnswer, Found, HealthRow, Patient, found_from, is_unavailable, verdict_of
from cli.options import Asked, plain
from cli.project import here
from cli.screen import clean, one_line, paint
from domain.errors import NotFound, Refusal
from domain.phase_ids import checked

COLOURS = {"ok": "green", "warning": "yellow", "damage": "red"}
MARKS = {"ok": "✓", "warning": "!", "damage": "✗"}
SAYS = {
    "fine": "nothing is wrong",
    "warnings": "nothing is damaged; the warnings want a look",
    "damaged": "damage was found: do not trust this store",
    "unavailable": "not everything could be looked at now",
}
CHECKS: tuple[tuple[str, Callable[[Patient], Iterable[Found]]], ...] = (
    ("settings", doctor_files.settings),
    ("store", doctor_store.store),
    ("events", doctor_events.events),
    ("permissions", doctor_files.permissions),
    ("file_system", doctor_files.file_system),
    ("disk", doctor_files.disk),
    ("clock", doctor_store.clock),
    ("key", doctor_store.key),
    ("checkpoints", doctor_store.checkpoints),
    ("backups", doctor_backups.backups),
    ("drill", doctor_backups.drill),
    ("documents", doctor_store.documents),
    ("break_glass", doctor_glass.break_glass),
    ("leftovers", doctor_files.leftovers),
)
CHECKS_OF_PHASE: tuple[tuple[str, Callable[[Patient], Iterable[Found]]], ...] = (
    ("store", doctor_store.store),
    ("events", doctor_phase.events),
    ("documents", doctor_phase.documents),
    ("state_file", doctor_phase.state_file),
    ("break_glass", doctor_glass.break_glass),
)
Quick = Annotated[
    bool, typer.Option("--quick", help="Leave out the check of every event: for a look every few minutes.")
]
OnePhase = Annotated[
    Optional[str],  # noqa: UP045  # Typer reads Optional at every release we allow
    typer.Argument(metavar="[PHASE]", help="Look at this phase only.", autocompletion=phases_known),
]


@plain
def doctor(asked: Asked, phase: OnePhase = None, quick: Quick = False) -> None:
    """Look for what is wrong with this project, or with one phase, and name the command that mends it; changes nothing.

    Exit 0: fine, or warnings only. 6: damage was found. 8: not everything could be looked at, or the settings cannot
    be read. It trusts what the project itself holds: orch audit verify --against held.txt need not.

    Example: orch doctor --quick

    Next: orch audit verify
    """
    if phase is not None:
        checked(phase)
    patient = patient_here()
    patient.phase, patient.quick = phase or "", quick
    try:
        rows = [row for name, check in (CHECKS_OF_PHASE if phase else CHECKS) for row in _rows(patient, name, check)]
    finally:
        if patient.log is not None:
            patient.log.close()
    figures = patient.figures
    data: DoctorAnswer = {
        "verdict": verdict_of(rows, unavailable=patient.unavailable),
        "rows": rows,
        "uncovered_events": figures.get("uncovered_events"),
        "checkpoint_age_seconds": figures.get("checkpoint_age_seconds"),
        "clock_skew_us": figures.get("clock_skew_us"),
        "free_bytes": figures.get("free_bytes"),
        "unshipped_events": figures.get("unshipped_events"),
        "rpo_seconds": figures.get("rpo_seconds"),
        "rto_seconds": patient.rto_seconds,
        "drill_age": figures.get("drill_age"),
    }
    answer("doctor", data, as_json=asked.json, show=lambda: _show(data))
    raise typer.Exit(exits.HEALTH[data["verdict"]])


def patient_here() -> Patient:
    """Return the project around this folder, even where its settings or its log cannot be found."""
    given = flags()
    start = here()
    try:
        return Patient(find(start, flags=given), refused=None)
    except Refusal as refusal:
        root = next((folder for folder in (start, *start.parents) if (folder / FOLDER).is_dir()), None)
        if root is None:
            raise
        state = given.get("state_dir") or os.environ.get("ORCHESTRATOR_STATE_DIR") or FOLDER
        variable = BY_NAME["database_url"].variable
        database = os.environ.get(variable, "")
        env = {variable: database} if is_database_url(database) else {}
        said = given | {"state_dir": state, "config": str(file_of_settings(root, flags=given))}
        return Patient(places_of(root, env=env, flags=said, reads_file=False), refused=refusal)


def _rows(patient: Patient, name: str, check: Callable[[Patient], Iterable[Found]]) -> list[HealthRow]:
    """Make one check; whatever it meets is a row, and the next check is made."""
    try:
        found = list(check(patient))
    except Refusal as refusal:
        if patient.phase and isinstance(refusal, NotFound):
            raise
        patient.unavailable |= is_unavailable(refusal)
        found = [found_from(refusal)]
    except OSError as error:
        patient.unavailable = True
        found = [Found("warning", f"{error.filename}: {error.strerror}.")]
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        said = f"The store says something that no version of orch has written ({type(error).__name__}: {error})."
        found = [Found("damage", said, ("orch audit verify",))]
    return [
        {"check": name, "level": each.level, "message": _utf8(each.message), "fix": [_utf8(line) for line in each.fix]}
        for each in found
    ]


def _utf8(text: str) -> str:
    """Return words that can be written; the name of a file may be any bytes."""
    return text.encode("utf-8", "backslashreplace").decode()


def _show(data: DoctorAnswer) -> None:
    width = max(len(name) for name, _ in CHECKS)
    for row in data["rows"]:
        mark = paint(MARKS[row["level"]], COLOURS[row["level"]])
        print(f"{mark} {row['check'].replace('_', ' '):<{width}}  {one_line(row['message'])}")
        for line in row["fix"]:
            print(f"  {'':<{width}}  → {clean(line)}")
    print()
    print(SAYS[data["verdict"]])
