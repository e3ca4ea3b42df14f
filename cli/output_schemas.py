"""Publish the answers of the commands as JSON Schema: `python -m cli.output_schemas` writes the files."""

import json
from pathlib import Path
from typing import Any, Literal, TypeAlias, TypedDict

from pydantic import TypeAdapter

from adapters.drills import Drill
from cli.audit_answers import (
    ExceptionsAnswer,
    FileAnswer,
    PackageAnswer,
    PopulationAnswer,
    ReplayAnswer,
    SampleAnswer,
)
from cli.audit_tiles import TilesAnswer
from cli.backup_answers import BackupList, BackupMade, BackupVerification, Restored
from cli.backup_prune import Pruned
from cli.backup_ship import Shipped
from cli.batch import BatchAnswer
from cli.check_after import PostDeployAnswer
from cli.check_before import PreDeployAnswer
from cli.check_concurrency import ConcurrencyAnswer
from cli.config import ConfigAnswer
from cli.config_check import ConfigCheckAnswer
from cli.config_set import ConfigSetAnswer
from cli.context import ContextAnswer
from cli.deploy_systemd import DeployedAnswer
from cli.export import ExportFile
from cli.follow import FollowedAnswer, FollowersAnswer
from cli.gate_command import GateAnswer
from cli.health import DoctorAnswer
from cli.import_folder import ImportAnswer
from cli.init import AttachedAnswer
from cli.migrate_answers import MigrateAnswer
from cli.monitor_figures import MonitorAnswer
from cli.package import PackageAnswer as HandoffPackageAnswer
from cli.rebuild import RebuildAnswer
from cli.recover_answers import (
    DocumentsAnswer,
    LossAnswer,
    PlanAnswer,
    RecoveryAnswer,
    RecoveryVerification,
)
from cli.redaction_answers import RedactionAnswer
from cli.salvage_answers import SalvageAnswer
from cli.schema_folder import SchemaFilesAnswer
from cli.search import SearchAnswer
from cli.serve import ServeAnswer
from cli.stamping import StampTold
from cli.template_answers import (
    CacheAnswer,
    EjectedAnswer,
    TemplateAnswer,
    TemplateCheckAnswer,
    TemplateDiffAnswer,
    TemplateListAnswer,
)
from cli.timestamp import TimestampAnswer
from cli.upgrade import UpgradeAnswer
from cli.workflow import WorkflowAnswer
from projections.phase_export import Export
from projections.state_file import StateFile
from projections.verification import Verification
from usecases.answer_shapes import enveloped, twin
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

FOLDER = Path(__file__).parent.parent / "docs" / "schemas" / "output"
STATE_FOLDER = FOLDER.with_name("state")
VERSION = 1
SchemaOf: TypeAlias = Literal["input", "output", "event", "state"]


class CheckoutAnswer(TypedDict):
    """What was put back on disk, and where the replaced text is kept."""

    phase: str
    step: str
    iteration: int | None
    digest: str | None
    document: str | None
    rescued: str | None


class SchemaRow(TypedDict):
    name: str
    of: SchemaOf


class SchemaAnswer(TypedDict):
    """One JSON Schema."""

    name: str
    schema: dict[str, Any]


class SchemaCheckAnswer(TypedDict):
    """A file that is as its schema says; one that is not is refused."""

    name: str
    of: SchemaOf
    file: str


class SchemaListAnswer(TypedDict):
    """The names of all schemas."""

    rows: list[SchemaRow]


class CheckpointAnswer(TypedDict):
    """A signed checkpoint; `note` is what auditors keep. Keys are verifier keys, C2SP signed-note."""

    origin: str
    size: int
    root: str
    note: str
    signed_by: list[str]
    not_signed_by: list[str]
    file: str
    anchor: str | None
    timestamp: StampTold | None


class ProofAnswer(TypedDict):
    """An inclusion proof (RFC 6962): hashes in hex, the lowest first; `index` counts from 0."""

    position: int
    index: int
    size: int
    root: str
    topic: str
    leaf: str
    proof: list[str]
    folder: str
    files: list[str]


class ConsistencyAnswer(TypedDict):
    """A consistency proof (RFC 6962) between the trees of two sizes: hashes in hex."""

    old: int
    new: int
    old_root: str
    new_root: str
    proof: list[str]


class KeyAnswer(TypedDict):
    """The verifier key in force, and those it replaced, the oldest first."""

    key: str
    replaced: list[str]


class Reason(TypedDict):
    """Why not: a stable code, a sentence, and the commands that would fix it."""

    code: str
    message: str
    fix: list[str]


class ErrorAnswer(TypedDict):
    """A refusal or a mistake in the words; the exit status tells which."""

    ok: Literal[False]
    error: Reason


ERROR = "error"
STATES: dict[str, Any] = {"phase-state": StateFile}
"""The files beside the documents, by their names without `.json`."""
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


def schema_of(kind: str) -> dict[str, object]:
    """Return the JSON Schema (draft 2020-12) of everything a command prints with `--json`.

    Fields may be added within a version, so unknown ones are allowed.
    """
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:nss-orchestrator:schema:output:{kind}:{VERSION}",
        **adapter_of(kind).json_schema(),
        "title": f"Answer: {kind}",
    }


def state_schema_of(name: str) -> dict[str, object]:
    """Return the JSON Schema (draft 2020-12) of a state file. Fields may be added within a version."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:nss-orchestrator:schema:state:{name}:{VERSION}",
        **state_adapter_of(name).json_schema(),
        "title": f"File: {name}.json",
    }


def state_adapter_of(name: str, *, closed: bool = False) -> TypeAdapter[Any]:
    """Return what checks a state file; a closed one also refuses fields that no schema names."""
    return TypeAdapter(twin(STATES[name], closed))


def adapter_of(kind: str, *, closed: bool = False) -> TypeAdapter[Any]:
    """Return what checks an answer of that kind; a closed one also refuses fields that no schema names."""
    if kind == ERROR:
        return TypeAdapter(twin(ErrorAnswer, closed))
    return TypeAdapter(enveloped(kind, ANSWERS[kind], closed))


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
