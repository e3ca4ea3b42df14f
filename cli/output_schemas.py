"""Publish the answers of the commands as JSON Schema: `python -m cli.output_schemas` writes the files."""

import json
from pathlib import Path
from typing import Any, TypedDict

from adapters.drills import Drill
from cli.audit_tiles import TilesAnswer
from cli.backup_prune import Pruned
from cli.backup_ship import Shipped
from cli.batch import BatchAnswer
from cli.bench import BaselineAnswer, ComparedAnswer
from cli.check_after import PostDeployAnswer
from cli.check_before import PreDeployAnswer
from cli.check_concurrency import ConcurrencyAnswer
from cli.config_check import ConfigCheckAnswer
from cli.config_set import ConfigSetAnswer
from cli.deploy_systemd import DeployedAnswer
from cli.export import ExportFile
from cli.follow import FollowedAnswer, FollowersAnswer
from cli.health_asked import HealthAnswer
from cli.init import AttachedAnswer
from cli.migrate_answers import MigrateAnswer
from cli.monitor_figures import MonitorAnswer
from cli.salvage_answers import SalvageAnswer
from cli.schema_folder import SchemaFilesAnswer
from cli.serve import ServeAnswer
from cli.timestamp import TimestampAnswer
from cli.upgrade import UpgradeAnswer
from projections.phase_export import Export
from projections.verification import Verification
from usecases.answers import (
    DashboardAnswer,
    DiffAnswer,
    DocumentAnswer,
    HistoryAnswer,
    ListAnswer,
    NextAnswer,
    OutcomeAnswer,
    PhaseProgressAnswer,
    PointsAnswer,
    PolicyAnswer,
    ProgressAnswer,
    ReviewsAnswer,
    RoleListAnswer,
    StateDiffAnswer,
    StatusAnswer,
    TaskListAnswer,
    TokenCreatedAnswer,
    TokenListAnswer,
    TrailAnswer,
    WhyAnswer,
)
from usecases.audit_answers import (
    ExceptionsAnswer,
    FileAnswer,
    PackageAnswer,
    PopulationAnswer,
    ReplayAnswer,
    SampleAnswer,
)
from usecases.backup_answers import BackupList, BackupMade, BackupVerification, Restored
from usecases.checkpointing import CheckpointAnswer
from usecases.context import ContextAnswer
from usecases.gate_answer import GateAnswer
from usecases.importing import ImportAnswer
from usecases.log_keys import KeyAnswer
from usecases.package import PackageAnswer as HandoffPackageAnswer
from usecases.patient import DoctorAnswer
from usecases.proving import ConsistencyAnswer, ProofAnswer
from usecases.rebuilding import RebuildAnswer
from usecases.recover_answers import (
    DocumentsAnswer,
    LossAnswer,
    PlanAnswer,
    RecoveryAnswer,
    RecoveryVerification,
)
from usecases.redaction_answers import RedactionAnswer
from usecases.schemas import ERROR, STATES, SchemaAnswer, SchemaCheckAnswer, SchemaListAnswer, Schemas, state_schema_of
from usecases.search import SearchAnswer
from usecases.settings_shown import ConfigAnswer
from usecases.template_answers import (
    CacheAnswer,
    EjectedAnswer,
    TemplateAnswer,
    TemplateCheckAnswer,
    TemplateDiffAnswer,
    TemplateListAnswer,
)
from usecases.workflow_answer import WorkflowAnswer

FOLDER = Path(__file__).parent.parent / "docs" / "schemas" / "output"
STATE_FOLDER = FOLDER.with_name("state")


class CheckoutAnswer(TypedDict):
    """What was put back on disk, and where the replaced text is kept."""

    phase: str
    step: str
    iteration: int | None
    digest: str | None
    document: str | None
    rescued: str | None


ANSWERS: dict[str, Any] = {
    "phase.status": StatusAnswer,
    "phase.list": ListAnswer,
    "task.list": TaskListAnswer,
    "phase.history": HistoryAnswer,
    "phase.why": WhyAnswer,
    "next": NextAnswer,
    "dashboard": DashboardAnswer,
    "progress": ProgressAnswer,
    "phase.progress": PhaseProgressAnswer,
    "phase.document": DocumentAnswer,
    "phase.checkout": CheckoutAnswer,
    "command.outcome": OutcomeAnswer,
    "init.attached": AttachedAnswer,
    "gate": GateAnswer,
    "workflow.run": WorkflowAnswer,
    "batch": BatchAnswer,
    "export": Export,
    "export.file": ExportFile,
    "policy": PolicyAnswer,
    "role.list": RoleListAnswer,
    "token.list": TokenListAnswer,
    "token.created": TokenCreatedAnswer,
    "config": ConfigAnswer,
    "config.check": ConfigCheckAnswer,
    "config.set": ConfigSetAnswer,
    "context": ContextAnswer,
    "doctor": DoctorAnswer,
    "health": HealthAnswer,
    "monitor": MonitorAnswer,
    "schema.list": SchemaListAnswer,
    "schema": SchemaAnswer,
    "schema.check": SchemaCheckAnswer,
    "schema.files": SchemaFilesAnswer,
    "template.list": TemplateListAnswer,
    "template": TemplateAnswer,
    "template.check": TemplateCheckAnswer,
    "template.ejected": EjectedAnswer,
    "template.diff": TemplateDiffAnswer,
    "template.cache": CacheAnswer,
    "audit.checkpoint": CheckpointAnswer,
    "audit.timestamp": TimestampAnswer,
    "audit.key": KeyAnswer,
    "audit.proof": ProofAnswer,
    "audit.consistency": ConsistencyAnswer,
    "audit.verification": Verification,
    "audit.trail": TrailAnswer,
    "audit.replay": ReplayAnswer,
    "audit.reviews": ReviewsAnswer,
    "audit.file": FileAnswer,
    "audit.tiles": TilesAnswer,
    "audit.package": PackageAnswer,
    "audit.exceptions": ExceptionsAnswer,
    "audit.population": PopulationAnswer,
    "audit.sample": SampleAnswer,
    "audit.redaction": RedactionAnswer,
    "phase.diff": DiffAnswer,
    "phase.state_diff": StateDiffAnswer,
    "search": SearchAnswer,
    "serve": ServeAnswer,
    "migrate": MigrateAnswer,
    "check.pre_deploy": PreDeployAnswer,
    "check.post_deploy": PostDeployAnswer,
    "check.concurrency": ConcurrencyAnswer,
    "bench.baseline": BaselineAnswer,
    "bench.compare": ComparedAnswer,
    "deploy.systemd": DeployedAnswer,
    "upgrade": UpgradeAnswer,
    "rebuild": RebuildAnswer,
    "followers": FollowersAnswer,
    "followers.followed": FollowedAnswer,
    "backup.made": BackupMade,
    "backup.list": BackupList,
    "backup.verification": BackupVerification,
    "backup.restored": Restored,
    "import": ImportAnswer,
    "phase.package": HandoffPackageAnswer,
    "backup.drill": Drill,
    "backup.pruned": Pruned,
    "backup.shipped": Shipped,
    "recover.points": PointsAnswer,
    "recover.plan": PlanAnswer,
    "recover.diff": LossAnswer,
    "recover.run": RecoveryAnswer,
    "recover.salvage": SalvageAnswer,
    "recover.documents": DocumentsAnswer,
    "recover.verification": RecoveryVerification,
    "version": dict[str, str],
}
KINDS = (*ANSWERS, ERROR)
SCHEMAS = Schemas(ANSWERS)
adapter_of, schema_of = SCHEMAS.adapter_of, SCHEMAS.schema_of


def written(kind: str) -> str:
    """Return the text of a schema file."""
    return _text(schema_of(kind))


def state_written(name: str) -> str:
    """Return the text of the schema file of a state file."""
    return _text(state_schema_of(name))


def _text(schema: dict[str, object]) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Write the schema files."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for kind in KINDS:
        (FOLDER / f"{kind}.json").write_text(written(kind), encoding="utf-8")
    STATE_FOLDER.mkdir(parents=True, exist_ok=True)
    for name in STATES:
        (STATE_FOLDER / f"{name}.json").write_text(state_written(name), encoding="utf-8")


if __name__ == "__main__":
    main()
