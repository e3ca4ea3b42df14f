"""What each operation answers with: the kinds that the command line prints, by the ids of the operations."""

from typing import Any

from adapters.drills import Drill
from api.bodies import MARKDOWN
from projections.phase_export import Export
from projections.verification import Verification
from usecases import answers, audit_answers, schemas, template_answers
from usecases.backup_answers import BackupList, BackupMade, BackupVerification
from usecases.backup_freshness import BackupFreshness
from usecases.batch_answers import BatchAnswers
from usecases.checkpointing import CheckpointAnswer
from usecases.context import ContextAnswer
from usecases.gate_answer import GateAnswer
from usecases.importing import ImportAnswer
from usecases.log_answers import KINDS as OF_THE_LOG
from usecases.log_keys import KeyAnswer
from usecases.package import PackageAnswer
from usecases.patient import DoctorAnswer
from usecases.proving import ConsistencyAnswer, ProofAnswer
from usecases.rebuilding import RebuildAnswer
from usecases.recover_answers import LossAnswer, PlanAnswer, RecoveryAnswer, RecoveryVerification
from usecases.redaction_answers import RedactionAnswer
from usecases.search import SearchAnswer
from usecases.settings_shown import ConfigAnswer
from usecases.workflow_answer import WorkflowAnswer

OUTCOME = "command.outcome"
KINDS: dict[str, tuple[str, Any]] = {
    "list_phases": ("phase.list", answers.ListAnswer),
    "status_of": ("phase.status", answers.StatusAnswer),
    "history_of": ("phase.history", answers.HistoryAnswer),
    "why_not": ("phase.why", answers.WhyAnswer),
    "phase_progress": ("phase.progress", answers.PhaseProgressAnswer),
    "whole_progress": ("progress", answers.ProgressAnswer),
    "what_next": ("next", answers.NextAnswer),
    "whole": ("dashboard", answers.DashboardAnswer),
    "list_tasks": ("task.list", answers.TaskListAnswer),
    "state_diff": ("phase.state_diff", answers.StateDiffAnswer),
    "text_diff": ("phase.diff", answers.DiffAnswer),
    "show_policy": ("policy", answers.PolicyAnswer),
    "list_roles": ("role.list", answers.RoleListAnswer),
    "list_tokens": ("token.list", answers.TokenListAnswer),
    "create_token": ("token.created", answers.TokenCreatedAnswer),
    "list_reviews": ("audit.reviews", answers.ReviewsAnswer),
    "list_points": ("recover.points", answers.PointsAnswer),
    "trail": ("audit.trail", answers.TrailAnswer),
    "show": ("phase.document", answers.DocumentAnswer),
    "search_texts": ("search", SearchAnswer),
    "what_to_know": ("context", ContextAnswer),
    "package_of": ("phase.package", PackageAnswer),
    "export_phases": ("export", Export),
    "gate_by_digest": ("gate", GateAnswer),
    "gate_by_text": ("gate", GateAnswer),
    "replay_phase": ("audit.replay", audit_answers.ReplayAnswer),
    "replay_log": ("audit.replay", audit_answers.ReplayAnswer),
    "list_exceptions": ("audit.exceptions", audit_answers.ExceptionsAnswer),
    "count_population": ("audit.population", audit_answers.PopulationAnswer),
    "draw_sample": ("audit.sample", audit_answers.SampleAnswer),
    "show_key": ("audit.key", KeyAnswer),
    "prove": ("audit.proof", ProofAnswer),
    "prove_growth": ("audit.consistency", ConsistencyAnswer),
    "sign_checkpoint": ("audit.checkpoint", CheckpointAnswer),
    "verify": ("audit.verification", Verification),
    "workflow": ("workflow.run", WorkflowAnswer),
    "redact": ("audit.redaction", RedactionAnswer),
    "losses_of": ("recover.diff", LossAnswer),
    "plan_of": ("recover.plan", PlanAnswer),
    "recover": ("recover.run", RecoveryAnswer),
    "verify_recovered": ("recover.verification", RecoveryVerification),
    "list_backups": ("backup.list", BackupList),
    "backup_status": ("backup.status", BackupFreshness),
    "create_backup": ("backup.made", BackupMade),
    "verify_backups": ("backup.verification", BackupVerification),
    "drill_backups": ("backup.drill", Drill),
    "doctor": ("doctor", DoctorAnswer),
    "import_files": ("import", ImportAnswer),
    "batch": ("batch.answers", BatchAnswers),
    "show_config": ("config", ConfigAnswer),
    "rebuild": ("rebuild", RebuildAnswer),
    "list_templates": ("template.list", template_answers.TemplateListAnswer),
    "check_templates": ("template.check", template_answers.TemplateCheckAnswer),
    "show_template": ("template", template_answers.TemplateAnswer),
    "diff_template": ("template.diff", template_answers.TemplateDiffAnswer),
    "list_schemas": ("schema.list", schemas.SchemaListAnswer),
    "show_schema": ("schema", schemas.SchemaAnswer),
    "check_schema": ("schema.check", schemas.SchemaCheckAnswer),
    **OF_THE_LOG,
}
"""What operations answer with, by their ids; the others answer with the outcome of a command."""
FILES: dict[str, tuple[str, ...]] = {
    "what_to_know": (MARKDOWN,),
    "package_of": (MARKDOWN,),
    "export_phases": ("application/yaml", MARKDOWN, "text/csv; charset=utf-8"),
    "receipt": ("text/plain; charset=utf-8",),
    "proof_file": ("text/plain; charset=utf-8",),
    "evidence": ("application/zip",),
}
"""Operations that answer with a file, and its types: beside their answer in JSON, or instead of one."""
SAME_AS_JSON = frozenset({"application/yaml"})
"""Types whose files say what the answer in JSON says."""
ONLY_FILES = frozenset({"receipt", "proof_file", "evidence"})
READ_BY_POST = frozenset(
    {
        *("gate_by_text", "check_schema", "verify", "sign_checkpoint", "evidence", "rebuild"),
        "batch",
        *("create_backup", "verify_backups", "drill_backups", "recover", "verify_recovered"),
    }
)
"""Operations that take a body and record nothing themselves."""
TOLD_MEANWHILE = frozenset(
    {
        *("doctor", "rebuild", "create_backup", "verify_backups", "drill_backups"),
        *("plan_of", "recover", "verify_recovered"),
    }
)
"""Long work of which is told how far it is, where an event stream is taken."""
