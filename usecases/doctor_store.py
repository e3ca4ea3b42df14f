"""What `orch doctor` asks the store: whether it opens, its clock, its checkpoints, its documents."""

from collections.abc import Iterator, Mapping
from pathlib import PurePath
from time import time_ns

from adapters.checkpoint_files import CheckpointFiles
from adapters.places import NAME_IT
from adapters.sqlite_log import SqliteLog
from adapters.stores import AnyLog, attached_to, open_log
from adapters.way_back import way_back
from adapters.workspace import Workspace
from domain.errors import Damaged, DocumentEdited, NotFound
from domain.event_log import Head
from domain.phase_ids import PREFIX, stream_of
from domain.phase_state import PhaseState
from domain.steps import Step
from projections.counts import counted
from projections.coverage import coverage
from usecases.ages import age_in_words
from usecases.documents_on_disk import documents_on_disk
from usecases.gate import iteration_with
from usecases.moments import resolved
from usecases.patient import Found, Patient
from usecases.project import Project

PATIENCE_S = 5.0
SKEW_US = 1_000_000
"""The log may be ahead of the clock so far: commands that follow each other quickly are."""


def store(patient: Patient) -> Iterator[Found]:
    """Open the store, for reading."""
    places = patient.places
    if places.database is None and not places.log.exists() and attached_to(places) is not None:
        patient.unavailable = True
        raise NotFound("The log is in a PostgreSQL database, and no setting says in which.", fix=(NAME_IT,))
    if places.database is None and not places.log.exists() and not places.keys.exists():
        patient.unavailable = True
        raise NotFound(f"There is no log at {places.log}, and no key: nothing was begun here.", fix=("orch init",))
    try:
        log = patient.log = open_log(places, read_only=True, timeout_s=PATIENCE_S)
    except NotFound as error:
        if places.database is not None:
            patient.unavailable = True
            raise
        back = (way_back(places.root, places.settings, flags=patient.given),)
        raise Damaged(
            f"{error.message.removesuffix('.')}, although its key is there: put it back.", fix=back
        ) from error
    size = log.moment().position
    said = f"The log can be read (schema {log.schema_version}, {counted(size, 'event')})."
    yield Found("ok", said)
    if places.cache is not None:
        yield from _cache(places.cache, log)
    if not isinstance(log, SqliteLog) and (off := log.careless()):
        yield Found(
            "warning",
            f"The server runs with {' and '.join(off)} off: a command that it has answered can be lost with its power.",
            (f"ALTER SYSTEM SET {off[0]} = on; SELECT pg_reload_conf();",),
        )


def _cache(url: str, log: AnyLog) -> Iterator[Found]:
    from usecases.doctor_cache import looked_at

    yield looked_at(url, log)


def clock(patient: Patient) -> Iterator[Found]:
    """Hold the last recorded time against this machine's clock."""
    if patient.log is None:
        yield patient.not_looked_at()
        return
    last, now = patient.log.moment().recorded_at or 0, time_ns() // 1000
    skew = patient.figures["clock_skew_us"] = max(0, last - now)
    if skew > SKEW_US:
        ahead = age_in_words(skew // 1_000_000)
        yield Found(
            "warning",
            f"The last recorded time is {ahead} ahead of this machine's clock; new events are numbered after it.",
            ("timedatectl status", "orch audit trail"),
        )
    else:
        yield Found("ok", "The clock is not behind the last recorded time.")


def checkpoints(patient: Patient) -> Iterator[Found]:
    """Count what no checkpoint covers, and hold the last one against the log."""
    if patient.log is None:
        yield patient.not_looked_at()
        return
    last = CheckpointFiles(patient.places.checkpoints).last()
    covered = coverage(
        patient.log.moment().position,
        size=last.size if last else 0,
        kept_at=last.kept_at if last else None,
        now=time_ns() // 1000,
    )
    uncovered, age = covered["uncovered"], covered["age_seconds"]
    patient.figures["uncovered_events"] = uncovered
    if last is None and patient.ended:
        yield patient.not_looked_at()
        return
    if last is None or age is None:
        yield Found("warning", f"No checkpoint covers any of the {uncovered} events.", ("orch audit checkpoint",))
        return
    patient.figures["checkpoint_age_seconds"] = age
    resolved(f"checkpoint:{last.path}", patient.log)  # refuses one of another history
    said = f"The last checkpoint is {age_in_words(age)} old and fits the log"
    if uncovered:
        yield Found("warning", f"{said}; {counted(uncovered, 'event')} came after it.", ("orch audit checkpoint",))
    else:
        yield Found("ok", f"{said}; it covers everything.")


def documents(patient: Patient) -> Iterator[Found]:
    """Compare the documents on disk with the log."""
    if patient.log is None:
        yield patient.not_looked_at()
        return
    yield from documents_of(patient, patient.log.heads_below(PREFIX)[1])


def documents_of(patient: Patient, heads: Mapping[str, Head]) -> Iterator[Found]:
    """Compare the documents of these phases with the log."""
    assert patient.log is not None
    found = documents_on_disk(Workspace(patient.places), heads, patient.log)
    missing = [other for other in found["other"] if other["state"] == "missing"]
    if len(missing) > 1:
        yield Found("warning", f"{len(missing)} documents are missing.", ("orch rebuild",))
    if not found["other"]:
        yield Found("ok", f"{counted(found['checked'], 'document')} on disk looked at, as recorded.")
    for other in found["other"]:
        path = PurePath(other["document"])
        phase, step = path.parent.name, Step(path.stem)
        checkout = f"orch checkout {phase} {step}"
        held = str(other["found"])
        if other["state"] == "differs" and (older := iteration_with(project_of(patient), phase, step, held)):
            yield Found(
                "warning",
                f"{path} holds iteration {older}, which is not the latest: what recorded that one was cut off.",
                ("orch follow --once", checkout),
            )
        elif other["state"] == "differs":
            refused = DocumentEdited(phase, step, path=str(path), approved=_is_approved(heads, phase, step))
            yield Found("warning", refused.message, refused.fix)
        elif other["state"] == "missing":
            if len(missing) == 1:
                yield Found("warning", f"{path} is missing.", (checkout,))
        else:
            yield Found("warning", f"{other['found']}", (checkout,))


def _is_approved(heads: Mapping[str, Head], phase: str, step: Step) -> bool:
    return step in PhaseState.from_facts(heads[stream_of(phase)].facts).completed


def project_of(patient: Patient) -> Project:
    """Return the project whose log has been opened."""
    assert patient.log is not None
    return Project(patient.places, patient.log, Workspace(patient.places))
