"""Whether the key that speaks for the log is in this folder, and where it is instead."""

from collections.abc import Iterator
from shlex import quote

from adapters.keys import key_file, load_key
from adapters.put_back import back_to
from adapters.stores import joined_to
from domain.errors import Damaged, NotFound
from projections.log_keys import LogKeys
from usecases.doctor_store import project_of
from usecases.patient import Found, Patient
from usecases.signed_head import keys_of

ROTATE = 'orch audit key rotate --reason "the private key was lost"'


def key(patient: Patient) -> Iterator[Found]:
    """Look whether the log's key is here and can sign."""
    if patient.log is None or patient.ended:
        yield patient.not_looked_at()
        return
    keys = keys_of(project_of(patient))
    try:
        load_key(patient.places.keys, keys.current)
    except NotFound as error:
        why = _elsewhere(patient, patient.log.origin, keys)
        back = back_to(patient.places, patient.log)
        if back:
            yield Found("warning", "The key was put aside when the folder began to follow another log.", back)
        elif why is None:
            yield Found("warning", error.message, (ROTATE,))
        else:
            yield Found("warning", why, (_copied(patient, patient.log.origin, keys.current),))
    except Damaged as error:
        yield Found("damage", error.message, (ROTATE,))
    else:
        yield Found("ok", "The key that speaks for the log is here.")


def _elsewhere(patient: Patient, origin: str, keys: LogKeys) -> str | None:
    """Return why the key is in another folder, where that is so: nothing is lost."""
    places = patient.places
    once = "Another key would end that one: orch audit key rotate is for where it is lost everywhere."
    if joined_to(places) == origin or (places.database is not None and not places.keys.is_dir()):
        began = origin.partition("/")[0]
        return (
            f"This folder joined the log, whose key is in the folder that it was begun in, on {began}, or in the one"
            f" that replaced the key. Sign there, or copy it here. {once}"
        )
    if places.database is not None and any(key_file(places.keys, each).is_file() for each in keys.replaced):
        return (
            "The key that was replaced is here, and the one in force is not: it is in the folder that it was replaced"
            f" in (orch audit trail --topic ledger.key_rotated). Sign there, or copy it here. {once}"
        )
    return None


def _copied(patient: Patient, origin: str, current: str) -> str:
    """Return the line that fetches the key from the machine that has it; in which folder, nobody wrote down."""
    here = key_file(patient.places.keys, current)
    there = f"{origin.partition('/')[0]}:PROJECT/.orch/keys/{here.name}"
    return f"mkdir -p -m 700 {quote(str(here.parent))} && scp -p {quote(there)} {quote(str(here.parent))}"
