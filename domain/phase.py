"""A phase of work: opened, worked through five documents, handed off, archived."""

from collections.abc import Mapping
from datetime import datetime
from typing import Self

from domain import hints, phase_ids
from domain.actors import Actor
from domain.errors import NotFound, NothingChanged, NotReadyForHandoff, PhaseHandedOff, ReasonMissing
from domain.phase_events import (
    Archived,
    Blocked,
    BlockerType,
    DependencyAdded,
    DependencyRemoved,
    HandedOff,
    Opened,
    Retitled,
    Unblocked,
)
from domain.phase_imports import PhaseImports
from domain.phase_state import PhaseState
from domain.steps import STEPS
from domain.times import microseconds


class Phase(PhaseImports):
    """One unit of work, such as `st01-audio-engine`. Every method decides, or refuses and leaves no event."""

    @classmethod
    def open(cls, phase: str, *, title: str, by: Actor, at: datetime) -> Self:
        """Open a phase that the log has never seen."""
        stream = phase_ids.stream_of(phase_ids.checked(phase))
        return cls.start(
            Opened(originator_id=stream, originator_version=1, timestamp=at, by=by, phase=phase, title=title)
        )

    def retitle(self, title: str, *, by: Actor, at: datetime) -> None:
        """Give the phase another title."""
        self.note_expiry(by=by, at=at)
        self.refuse_when_archived()
        self.happen(Retitled, title=title, by=by, at=at)

    def depend(self, on: str, *, by: Actor, at: datetime) -> None:
        """Wait for another phase before the handoff; the handler has made sure that no cycle results."""
        self.note_expiry(by=by, at=at)
        self._refuse_when_closed()
        if on in self.state.depends_on:
            raise NothingChanged(
                f"{self.state.phase} depends on {on} already.", fix=(f"orch status {self.state.phase}",)
            )
        self.happen(DependencyAdded, on=on, by=by, at=at)

    def undepend(self, on: str, *, by: Actor, at: datetime) -> None:
        """Stop waiting for another phase."""
        self.note_expiry(by=by, at=at)
        self._refuse_when_closed()
        if on not in self.state.depends_on:
            raise NothingChanged(
                f"{self.state.phase} does not depend on {on}.", fix=(f"orch status {self.state.phase}",)
            )
        self.happen(DependencyRemoved, on=on, by=by, at=at)

    def block(self, kind: BlockerType, *, description: str, by: Actor, at: datetime) -> None:
        """Record what stands in the way; blockers are numbered B1, B2 …"""
        self.note_expiry(by=by, at=at)
        self._refuse_when_closed()
        number = f"B{len(self.state.blockers) + 1}"
        self.happen(Blocked, blocker=number, type=kind, description=description, by=by, at=at)

    def unblock(self, blocker: str, *, reason: str, by: Actor, at: datetime) -> None:
        """Record that a blocker is out of the way."""
        self.note_expiry(by=by, at=at)
        self.refuse_when_archived()
        known = {b.id: b for b in self.state.blockers}
        if blocker not in known:
            opened = ", ".join(b.id for b in self.state.open_blockers) or "none"
            raise NotFound(
                f"{self.state.phase} has no blocker {blocker[:20]!r} (open: {opened}).",
                fix=(f"orch status {self.state.phase}",),
            )
        if known[blocker].resolved:
            raise NothingChanged(
                f"{self.state.phase}: {blocker} is resolved already.", fix=(f"orch status {self.state.phase}",)
            )
        self.happen(Unblocked, blocker=blocker, reason=reason, by=by, at=at)

    def hand_off(self, *, dependencies: Mapping[str, PhaseState], comments: str, by: Actor, at: datetime) -> None:
        """Hand the phase over to implementation once everything it rests on is settled.

        `dependencies` holds the state of every phase this one depends on.
        """
        self.note_expiry(by=by, at=at)
        self.refuse_when_archived()
        phase = self.state.phase
        if self.state.handed_off:
            raise NothingChanged(f"{phase} has been handed off already.", fix=(f"orch status {phase}",))
        now = microseconds(at)
        onward = hints.handoff(self.state, now)
        step = self.state.current
        if step is not None:
            document = self.state.documents[step]
            raise NotReadyForHandoff(
                phase,
                why=f"{step} is {document.state.replace('_', ' ')}, not approved",
                fix=(onward,),
            )
        glass = self.state.under_glass
        if glass is not None:
            raise NotReadyForHandoff(
                phase,
                why=hints.unratified(self.state, glass),
                fix=(onward,),
            )
        if self.state.open_blockers:
            blocker = self.state.open_blockers[0]
            raise NotReadyForHandoff(
                phase,
                why=f"it is blocked by {blocker.id} ({blocker.type})",
                fix=(onward,),
            )
        waits_for = next((on for on in self.state.depends_on if not dependencies[on].handed_off), None)
        if waits_for is not None:
            other, remove = dependencies[waits_for], f"orch depend {phase} --on {waits_for} --remove"
            never = " and is archived" if other.archived else ""
            raise NotReadyForHandoff(
                phase,
                why=f"it depends on {waits_for}, which has not been handed off{never}",
                fix=(remove,) if other.archived else (hints.handoff(other, now), remove),
                hierarchical=True,
            )
        digests = tuple(self.state.documents[s].digest for s in STEPS)
        self.happen(HandedOff, digests=digests, comments=comments, by=by, at=at)

    def archive(self, *, reason: str, by: Actor, at: datetime) -> None:
        """Make the phase read-only."""
        self.note_expiry(by=by, at=at)
        self.refuse_when_archived()
        if not reason.strip():
            raise ReasonMissing("Archiving", command=f"archive {self.state.phase}", example="why it ends here")
        self.happen(Archived, reason=reason, by=by, at=at)

    def _refuse_when_closed(self) -> None:
        self.refuse_when_archived()
        if self.state.handed_off:
            raise PhaseHandedOff(self.state.phase)
