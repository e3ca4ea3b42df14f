"""The closed registry of everything that may stand in the log. Topics never change; new ones are added."""

from domain import document_events as documents
from domain import phase_events as phases
from domain import task_events as tasks
from domain.events import DomainEvent
from domain.ledger_events import Forked, KeyRotated, PayloadRedacted, Recovered, Reviewed
from domain.policy import PolicyChanged, RoleGranted, RoleRevoked
from domain.project import ProjectInitialised
from domain.restore_point import PointNamed

EVENTS: tuple[type[DomainEvent], ...] = (
    ProjectInitialised,
    PolicyChanged,
    phases.Opened,
    phases.Retitled,
    documents.DocumentDrafted,
    documents.ApprovalRequested,
    documents.ApprovalExpired,
    documents.DocumentApproved,
    documents.DocumentRejected,
    documents.StepReopened,
    documents.DocumentMarkedStale,
    documents.DocumentReconfirmed,
    phases.DependencyAdded,
    phases.DependencyRemoved,
    phases.Blocked,
    phases.Unblocked,
    phases.HandedOff,
    phases.Archived,
    KeyRotated,
    PayloadRedacted,
    Reviewed,
    Forked,
    Recovered,
    PointNamed,
    tasks.TasksNumbered,
    tasks.TaskStarted,
    tasks.TaskCompleted,
    tasks.TaskReopened,
    tasks.TaskAssigned,
    RoleGranted,
    RoleRevoked,
)
TOPICS: dict[str, type[DomainEvent]] = {event.TOPIC: event for event in EVENTS}
