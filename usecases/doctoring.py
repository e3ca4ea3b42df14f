"""Look at everything that can go wrong around the log; whatever is met is a row."""

from collections.abc import Callable, Iterable

from domain.errors import NotFound, Refusal
from usecases import doctor_backups, doctor_events, doctor_files, doctor_glass, doctor_key, doctor_phase, doctor_store
from usecases.patient import DoctorAnswer, Found, HealthRow, Patient, found_from, is_unavailable, verdict_of
from usecases.way_out import fitting

CHECKS: tuple[tuple[str, Callable[[Patient], Iterable[Found]]], ...] = (
    ("settings", doctor_files.settings),
    ("store", doctor_store.store),
    ("events", doctor_events.events),
    ("permissions", doctor_files.permissions),
    ("file_system", doctor_files.file_system),
    ("disk", doctor_files.disk),
    ("clock", doctor_store.clock),
    ("key", doctor_key.key),
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


def examined(patient: Patient) -> DoctorAnswer:
    """Return what is wrong with a project, or with one phase, and what mends it; nothing is changed."""
    checks = CHECKS_OF_PHASE if patient.phase else CHECKS
    try:
        rows = [row for name, check in checks for row in _rows(patient, name, check)]
    finally:
        if patient.log is not None:
            patient.log.close()
    figures = patient.figures
    return {
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
    return [_row(patient, name, each) for each in found]


def _row(patient: Patient, name: str, found: Found) -> HealthRow:
    fix = [fitting(line, in_database=patient.places.database is not None) for line in found.fix]
    return {"check": name, "level": found.level, "message": _utf8(found.message), "fix": [_utf8(line) for line in fix]}


def _utf8(text: str) -> str:
    """Return words that can be written; the name of a file may be any bytes."""
    return text.encode("utf-8", "backslashreplace").decode()
