"""What `orch doctor` looks at in the backups: whether there are any, how old they are, whether they were tried."""

from collections.abc import Iterator
from contextlib import suppress
from shlex import quote
from time import time_ns
from typing import TYPE_CHECKING

from adapters.drills import age_us, last_drill
from adapters.settings import BY_NAME, Source
from adapters.settings_file import settings_of
from domain.errors import NotFound, Refusal
from domain.lineage import Lineage
from projections.counts import counted
from usecases.ages import age_in_words
from usecases.backup_listing import Known, keys_for, known_to
from usecases.backup_places import storage_of
from usecases.patient import Found, Patient

if TYPE_CHECKING:
    from adapters.stores import AnyLog

DAY_S = 86_400
DRILL_S = 30 * DAY_S
"""Backups that nobody has tried for so long may be none."""
NO_DRILL = ("orch backup drill",)


def backups(patient: Patient) -> Iterator[Found]:
    """Count the events that are in no backup, and how much time would be lost with the disk."""
    from adapters.backup_target import read_target

    log = patient.log
    if patient.ended:
        yield patient.not_looked_at()
        return
    storage = storage_of(patient.places, patient.given)
    where = storage.where
    try:
        target = read_target(storage, () if log is None else keys_for(storage, None, _known(patient, log)))
    except NotFound:
        if log is not None:
            _put_down(patient, log, shipped=0, size=log.moment().position)
        fix = ("orch backup create" if log is not None else "orch backup list --from DIR",)
        yield Found("warning", f"There are no backups at {where}.", fix)
        return
    if log is None:  # now is when it matters what they hold
        last = max((copy.last for copy in target.copies if copy.problem is None), default=0)
        recover = (f"orch recover plan --to now --from-backups {quote(where)}",)
        yield Found(
            "ok" if last else "warning", f"The backups at {where} reach to position {last}.", recover if last else ()
        )
        return
    size = log.moment().position
    whole = target.copies_of(log.origin)
    shipped = min(size, max((copy.last for copy in whole), default=0))
    rpo = _put_down(patient, log, shipped=shipped, size=size)
    if target.listed.origin != log.origin:
        said, lines = _of_another(patient, target.listed.origin, log.origin)
        yield Found("warning", f"{said} None of its {counted(size, 'event')} is in a backup.", lines)
        return
    for copy in target.copies:
        if copy.problem is not None:
            yield Found("warning", f"{copy.name} cannot be restored: {copy.problem.message}", copy.problem.fix)
    made = max((copy.manifests[-1].made_at for copy in whole if copy.manifests), default=None)
    if made is None:
        again = "orch backup create --to ANOTHER" if target.copies else "orch backup create"  # one was cut off, no more
        yield Found("warning", f"No copy at {where} can be restored.", (again,))
        return
    said = f"The last backup is {age_in_words(max(0, time_ns() // 1000 - made) // 1_000_000)} old"
    if size == shipped:
        yield Found("ok", f"{said}; it holds everything.")
    else:
        late = rpo >= DAY_S
        missing = f"{size - shipped} of {size} events are in none, the first of them for {age_in_words(rpo)}"
        yield Found("warning" if late else "ok", f"{said}; {missing}.", ("orch backup create",) if late else ())


def drill(patient: Patient) -> Iterator[Found]:
    """Look when somebody last tried whether the backups bring the log back."""
    if patient.log is None or patient.ended:
        yield patient.not_looked_at()
        return
    known = _known(patient, patient.log)
    lineage = known.signed.lineage if known else Lineage(patient.log.origin)
    last = last_drill(patient.places.drills, lineage)
    if last is None:
        yield _to_try(patient, "Nobody has tried yet whether the backups bring this log back")
        return
    age = patient.figures["drill_age"] = age_us(last, now_us=time_ns() // 1000) // 1_000_000
    tried = f"The last drill, {age_in_words(age)} ago,"
    if not last["passed"]:
        yield _to_try(patient, f"{tried} failed: {str(last['why']).removesuffix('.')}")
        return
    patient.rto_seconds = last["seconds"]
    if age > DRILL_S:
        yield _to_try(patient, f"{tried} passed; the backups have not been tried since")
    else:
        yield Found("ok", f"{tried} passed in {last['seconds']:.1f} s.")


def _to_try(patient: Patient, said: str) -> Found:
    """Return the row of backups that are to be tried; where those of another log are, a drill would fail."""
    from adapters.backup_target import origin_in

    with suppress(Refusal):  # whatever is wrong with that place, the row of the backups says
        if patient.log is not None and origin_in(storage_of(patient.places, patient.given)) != patient.log.origin:
            return Found("warning", f"{said}; there are only those of another log: the row of the backups comes first.")
    return Found("warning", f"{said}.", NO_DRILL)


def _of_another(patient: Patient, other: str, origin: str) -> tuple[str, tuple[str, ...]]:
    """Return the words for a place where the backups of another log are, and what lets the next ones go elsewhere."""
    from adapters.backup_addresses import holds_another, place_of_its_own

    said, _ = holds_another(storage_of(patient.places, patient.given).where, other, origin)
    setting = settings_of(["backup.dir"], patient.places.settings, flags=patient.given)["backup.dir"]
    place = quote(place_of_its_own(str(setting.value), origin))
    lasting = f"orch config set backup.dir {place}"
    if setting.source is Source.ENVIRONMENT:
        lasting = f"export {BY_NAME['backup.dir'].variable}={place}"
    return said, (lasting, "orch backup create")


def _known(patient: Patient, log: "AnyLog") -> Known | None:
    try:
        return known_to(log, patient.places)
    except (Refusal, LookupError, TypeError, ValueError):  # whatever is wrong with the store, the backups are not
        return None


def _put_down(patient: Patient, log: "AnyLog", *, shipped: int, size: int) -> int:
    """Put down what would be lost with the disk, and return it in seconds: the age of the first event in no backup."""
    rpo = 0
    if shipped < size:
        first = next(log.records(shipped + 1, shipped + 1))
        rpo = max(0, time_ns() // 1000 - first.recorded_at) // 1_000_000
    patient.figures |= {"unshipped_events": size - shipped, "rpo_seconds": rpo}
    return rpo
