"""The closed registry of everything that may stand in the log. Topics never change; new ones are added."""

from domain import document_events as documents
from domain import phase_events as phases
from domain import task_events as tasks
from domain.access_token import TokenIssued, TokenRevoked
from domain.directive_events import DirectiveForgotten, DirectiveRemembered
from domain.events import DomainEvent
from domain.import_events import Imported, VerdictImported
from domain.ledger_events import Alerted, Forked, KeyRotated, PayloadRedacted, Recovered, Reviewed
from domain.policy import PolicyChanged, RoleGranted, RoleRevoked
from domain.project import ProjectInitialised
from domain.restore_point import PointNamed

EVENTS: tuple[type[DomainEvent], ...] = (
    ProjectInitialised,
    DirectiveRemembered,
    DirectiveForgotten,
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
    Alerted,
    Forked,
    Recovered,
    PointNamed,
    Imported,
    VerdictImported,
    tasks.TasksNumbered,
    tasks.TaskStarted,
    tasks.TaskCompleted,
    tasks.TaskReopened,
    tasks.TaskAssigned,
    RoleGranted,
    RoleRevoked,
    TokenIssued,
    TokenRevoked,
)
TOPICS: dict[str, type[DomainEvent]] = {event.TOPIC: event for event in EVENTS}
