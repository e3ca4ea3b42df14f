"""What each operation answers with: the kinds that the command line prints, by the ids of the operations."""

from typing import Any

from api.bodies import MARKDOWN
from projections.phase_export import Export
from projections.verification import Verification
from usecases import answers, audit_answers, schemas, template_answers
from usecases.checkpointing import CheckpointAnswer
from usecases.context import ContextAnswer
from usecases.gate_answer import GateAnswer
from usecases.log_answers import KINDS as OF_THE_LOG
from usecases.log_keys import KeyAnswer
from usecases.package import PackageAnswer
from usecases.proving import ConsistencyAnswer, ProofAnswer
from usecases.recover_answers import LossAnswer
from usecases.redaction_answers import RedactionAnswer
from usecases.search import SearchAnswer
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
READ_BY_POST = frozenset({"gate_by_text", "check_schema", "verify", "sign_checkpoint", "evidence"})
"""Operations that take a body and record nothing."""
