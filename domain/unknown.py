"""A name the log has never seen, and the nearest one it has."""

from domain import hints, phase_ids
from domain.errors import NotFound
from domain.event_log import EventLog
from domain.steps import Step


def unknown_phase(log: EventLog, phase: str) -> NotFound:
    """Return the refusal for a phase the log has never seen, with the nearest name it has seen."""
    from difflib import get_close_matches

    known = [phase_ids.phase_of(stream) or "" for stream in log.heads_below(phase_ids.PREFIX)[1]]
    near = get_close_matches(phase, known, n=1, cutoff=0.7)
    hint = f" Did you mean {near[0]}?" if near else ""
    fix = (f"orch status {near[0]}",) if near else (hints.draft(phase, Step.SPEC),)
    return NotFound(f"There is no phase {phase}.{hint}", fix=fix)
