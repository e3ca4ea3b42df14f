"""What going back to a moment of this very log would lose; nothing is changed."""

from domain.errors import NotFound
from projections.moments import as_of
from projections.recovery_loss import going_back
from usecases.moments import resolved
from usecases.project import Project
from usecases.reads import decoded
from usecases.recover_answers import LossAnswer


def losses(project: Project, to: str) -> LossAnswer:
    """Return, phase by phase, what was recorded after a moment."""
    moment, _ = resolved(to, project.log)
    if moment.position == 0:
        raise NotFound(
            f"{to} is before the first event of this log; there is nothing to recover.",
            fix=("orch recover run --to position:1 --out recovered",),
        )
    size = project.log.moment().position
    return {
        "to": to,
        "as_of": as_of(moment),
        "splits_command": moment.recorded_at is not None and moment.next_recorded_at == moment.recorded_at,
        "source": {"kind": "store", "where": "", "origin": project.log.origin, "size": size},
        "rows": list(going_back(decoded(project.log.records(1, size)), moment.position)),
    }
