"""What was read to decide one command, and at which version: checked again under the lock."""

from collections.abc import Mapping

from domain import phase_ids
from domain.access_token import AccessToken, TokenState
from domain.access_token import stream_of as token_stream
from domain.errors import AlreadyExists, Conflict, NotFound
from domain.event_log import EventLog, Head
from domain.ledger import STREAM as LEDGER
from domain.ledger import Ledger
from domain.ledger_state import LedgerState
from domain.phase import Phase
from domain.phase_state import PhaseState
from domain.policy import STREAM as POLICY
from domain.policy import Policy
from domain.policy_state import PolicyState
from domain.project import STREAM as PROJECT
from domain.project import Project
from domain.project_state import ProjectState
from domain.unknown import unknown_phase


class ReadSet:
    """Reads heads and remembers their versions in `expects`; 0 stands for a stream that does not exist."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self.expects: dict[str, int] = {}
        self._known: dict[str, Head | None] = {}

    def _head(self, stream: str) -> Head | None:
        """Return a head, the same for a whole command; the policy, which most commands need, comes with the first."""
        if stream not in self._known:
            asked = {stream, POLICY} - self._known.keys()
            heads = self._log.heads(sorted(asked))[1]
            self._known.update({each: heads.get(each) for each in asked})
        head = self._known[stream]
        self.expects[stream] = head.version if head else 0
        return head

    def refuse_others(self, seen: Mapping[str, int]) -> None:
        """Refuse to decide where somebody else was first: a stream is at another version than was looked at."""
        for stream, version in seen.items():
            head = self._head(stream)
            found = head.version if head else 0
            if found != version:
                raise Conflict(stream, read=version, found=found)

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

    def project(self) -> Project:
        """Return the project of this log."""
        head = self._head(PROJECT)
        if head is None:
            raise NotFound("The log holds no project yet.", fix=("orch init",))
        return Project.restore(head.stream, head.version, ProjectState.from_facts(head.facts))

    def token(self, token: str) -> AccessToken:
        """Return a token, or refuse an id that the log has never seen."""
        head = self._head(token_stream(token))
        if head is None:
            raise NotFound(f"There is no token {token}.", fix=("orch token list",))
        return AccessToken.restore(head.stream, head.version, TokenState.from_facts(head.facts))

    def refuse_known_token(self, token: str) -> None:
        """Refuse an id that is another token's: chance has to choose again."""
        if self._head(token_stream(token)) is not None:
            raise AlreadyExists(f"There is a token {token} already.", fix=("orch token list",))

    def ledger(self) -> Ledger:
        """Return the ledger; it stands at version 0 while nothing has happened to it."""
        head = self._head(LEDGER)
        version, state = (head.version, LedgerState.from_facts(head.facts)) if head else (0, LedgerState())
        return Ledger.restore(LEDGER, version, state)
