"""orch doctor: look at everything that can go wrong around the log, change nothing, name what mends it."""

import os
from typing import Annotated, Optional

import typer

from adapters.places import COPY, FOLDER, find, places_of
from adapters.settings import BY_NAME, file_of_settings, is_database_url
from cli import exits
from cli.answers import answer
from cli.arguments import phases_known
from cli.asked_there import asked_there
from cli.given import flags
from cli.options import Asked, plain
from cli.progress import Progress
from cli.project import here
from cli.screen import clean, one_line, paint
from domain.errors import Refusal
from domain.phase_ids import checked
from usecases.doctoring import CHECKS, examined
from usecases.patient import DoctorAnswer, Patient

COLOURS = {"ok": "green", "warning": "yellow", "damage": "red"}
MARKS = {"ok": "✓", "warning": "!", "damage": "✗"}
SAYS = {
    "fine": "nothing is wrong",
    "warnings": "nothing is damaged; the warnings want a look",
    "damaged": "damage was found: do not trust this store",
    "unavailable": "not everything could be looked at now",
}
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

    Where the project is worked on through a service, that one looks at itself.
    Exit 0: fine, or warnings only. 6: damage was found. 8: not everything could be looked at, or the settings cannot
    be read. It trusts what the project itself holds: orch audit verify --against held.txt need not.

    Example: orch doctor --quick

    Next: orch audit verify
    """
    if phase is not None:
        checked(phase)
    patient = patient_here()
    patient.phase, patient.quick = phase or "", quick
    data = _there(patient) or examined(patient)
    answer("doctor", data, as_json=asked.json, show=lambda: _show(data))
    raise typer.Exit(exits.HEALTH[data["verdict"]])


def _there(patient: Patient) -> DoctorAnswer | None:
    """Return what a service finds that looks at itself, or None where the log is opened here."""
    asked = {"phase": patient.phase, "quick": patient.quick}
    found: DoctorAnswer | None = asked_there("GET", "/doctor", query=asked, places=patient.places)
    if found is None:
        return None
    from cli.from_afar import from_afar

    return {**found, "rows": [{**row, "fix": [from_afar(line) for line in row["fix"]]} for row in found["rows"]]}


def patient_here() -> Patient:
    """Return the project around this folder, even where its settings or its log cannot be found."""
    given = flags()
    start = here()
    try:
        return Patient(find(start, flags=given), refused=None, given=given, metering=Progress)
    except Refusal as refusal:
        root = next((folder for folder in (start, *start.parents) if (folder / FOLDER).is_dir()), None)
        if root is None or (root / FOLDER / COPY).is_file():  # nothing of a copy is a store that could be looked at
            raise
        state = given.get("state_dir") or os.environ.get("ORCHESTRATOR_STATE_DIR") or FOLDER
        variable = BY_NAME["database_url"].variable
        database = os.environ.get(variable, "")
        env = {variable: database} if is_database_url(database) else {}
        said = given | {"state_dir": state, "config": str(file_of_settings(root, flags=given))}
        return Patient(
            places_of(root, env=env, flags=said, reads_file=False), refused=refusal, given=given, metering=Progress
        )


def _show(data: DoctorAnswer) -> None:
    width = max(len(name) for name, _ in CHECKS)
    for row in data["rows"]:
        mark = paint(MARKS[row["level"]], COLOURS[row["level"]])
        print(f"{mark} {row['check'].replace('_', ' '):<{width}}  {one_line(row['message'])}")
        for line in row["fix"]:
            print(f"  {'':<{width}}  → {clean(line)}")
    print()
    print(SAYS[data["verdict"]])
