"""What was read to decide one command, and at which version: checked again under the lock."""

from domain import hints, phase_ids
from domain.errors import NotFound
from domain.event_log import EventLog, Head
from domain.phase import Phase
from domain.phase_state import PhaseState
from domain.policy import STREAM as POLICY
from domain.policy import Policy
from domain.policy_state import PolicyState
from domain.steps import Step


class ReadSet:
    """Reads heads and remembers their versions in `expects`; 0 stands for a stream that does not exist."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self.expects: dict[str, int] = {}

    def _head(self, stream: str) -> Head | None:
        head = self._log.heads([stream])[1].get(stream)
        self.expects[stream] = head.version if head else 0
        return head

    def find_phase(self, phase: str) -> Phase | None:
        """Return a phase, or None where the log has never seen it."""
        head = self._head(phase_ids.stream_of(phase_ids.checked(phase)))
        return Phase.restore(head.stream, head.version, PhaseState.from_facts(head.facts)) if head else None

    def phase(self, phase: str) -> Phase:
        """Return a phase, or refuse with the nearest name that exists."""
        found = self.find_phase(phase)
        if found is None:
            raise unknown_phase(self._log, phase)
        return found

    def policy(self) -> Policy:
        """Return the policy in force."""
        head = self._head(POLICY)
        if head is None:
            raise NotFound("The log holds no project yet.", fix=("orch init",))
        return Policy.restore(head.stream, head.version, PolicyState.from_facts(head.facts))


def unknown_phase(log: EventLog, phase: str) -> NotFound:
    """Return the refusal for a phase the log has never seen, with the nearest name it has seen."""
    from difflib import get_close_matches

    known = [phase_ids.phase_of(stream) or "" for stream in log.heads_below(phase_ids.PREFIX)[1]]
    near = get_close_matches(phase, known, n=1)
    hint = f" Did you mean {near[0]}?" if near else ""
    fix = (f"orch status {near[0]}",) if near else (hints.draft(phase, Step.SPEC),)
    return NotFound(f"There is no phase {phase}.{hint}", fix=fix)
