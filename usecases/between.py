"""Two moments of one phase: as they were typed, in their order, and not before the phase was opened."""

import shlex
from time import time_ns

from domain.errors import InvalidInput, NotFound
from domain.event_log import Moment
from domain.phase_ids import checked, stream_of
from domain.steps import Step
from domain.unknown import unknown_phase
from projections.state_diff import Instant
from usecases.moments import resolved
from usecases.project import Project


def between(
    project: Project, at: str | None, phase: str, since: str | None, until: str | None, *, step: Step | None = None
) -> tuple[Instant, Instant]:
    """Return the two moments; the first is the opening of the phase and the second is now, unless named.

    `step` belongs to the commands that a refusal offers.
    """
    command = ["orch", "diff", phase, *([step.value] if step else [])]
    log = project.log
    if stream_of(checked(phase)) not in log.heads([stream_of(phase)])[1]:
        raise unknown_phase(log, phase)
    opening = next(iter(log.stream(stream_of(phase)))).position
    end = Instant(log.moment(), time_ns() // 1000) if at is None else _instant(project, at)
    new = end if until is None else min(_instant(project, until), end, key=_order)
    old = _at(log.moment(opening)) if since is None else _instant(project, since)
    for typed, instant in ((since or until or at, old), (until or at, new)):
        if instant.moment.position < opening:
            raise NotFound(
                f"{phase} was not open yet at {typed}: it was opened at position {opening}.",
                fix=(shlex.join([*command, "--from", f"position:{opening}"]),),
            )
    if _order(old) > _order(new):
        raise InvalidInput(
            f"The first moment is the earlier one, the second the later; got position {old.moment.position} and then"
            f" {new.moment.position}.",
            fix=(_turned(command, since, until),),
        )
    return old, new


def _instant(project: Project, typed: str) -> Instant:
    moment, time = resolved(typed, project.log)
    return _at(moment) if time is None else Instant(moment, time)


def _at(moment: Moment) -> Instant:
    return Instant(moment, moment.recorded_at or 0)


def _order(instant: Instant) -> tuple[int, int]:
    return instant.moment.position, instant.now_us


def _turned(command: list[str], since: str | None, until: str | None) -> str:
    """Return the command with its moments the other way round."""
    words = [*command]
    for option, value in (("--from", until), ("--to", since)):
        words += [] if value is None else [option, value]
    return shlex.join(words)
