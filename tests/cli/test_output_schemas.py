"""The published schemas say what the commands print."""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from cli.output_schemas import FOLDER, KINDS, adapter_of, schema_of, written
from domain.steps import Step, StepState
from tests.authority import Authority
from tests.cli.conftest import Orch
from usecases.schemas import ERROR

pytestmark = pytest.mark.usefixtures("quick_bench")

WRITTEN = r'(?:\b(?:answer|as_json)\(\s*|\bkind(?:: str = |=)(?=[\w"]+\.))"([\w.]+)"'
"""How the kind of an answer stands in the code."""
CLI = Path(__file__).parents[2] / "cli"
READS = {
    "phase.status": ("status", "st01-x"),
    "phase.list": ("list",),
    "task.list": ("task", "list"),
    "phase.history": ("history", "st01-x"),
    "phase.why": ("why", "st01-x"),
    "next": ("next",),
    "dashboard": ("dashboard",),
    "progress": ("progress",),
    "phase.progress": ("progress", "st01-x"),
    "phase.document": ("show", "st01-x", "spec"),
    "phase.checkout": ("checkout", "st01-x", "spec"),
    "command.outcome": ("approve", "st01-x", "spec"),
    "init.attached": ("init",),
    "gate": ("gate", "st01-x", "spec"),
    "workflow.run": ("workflow", "st02-y", "--config", "w.yaml"),
    "batch": ("batch", "--phases", "st01-x,st99-no", "--command", "status"),
    "export": ("export",),
    "export.file": ("export", "-o", "all.json", "--yes"),
    "policy": ("policy", "show"),
    "role.list": ("role", "list"),
    "token.list": ("token", "list"),
    "token.created": ("token", "create", "ada"),
    "config": ("config", "show"),
    "config.check": ("config", "check"),
    "schema.files": ("schema", "write"),
    "config.set": ("config", "set", "max_concurrent", "8"),
    "context": ("context",),
    "doctor": ("doctor",),
    "health": ("health",),
    "monitor": ("monitor", "--once"),
    "schema.list": ("schema", "list"),
    "schema": ("schema", "show", "spec"),
    "schema.check": ("schema", "check", "workflow", "w.yaml"),
    "template.list": ("template", "list"),
    "template": ("template", "show", "spec"),
    "template.check": ("template", "check"),
    "template.ejected": ("template", "eject"),
    "template.diff": ("template", "diff", "spec"),
    "template.cache": ("template", "rebuild"),
    "audit.checkpoint": ("audit", "checkpoint"),
    "audit.timestamp": ("audit", "timestamp", "held.txt", "5.tsr", "--roots", "ca.pem"),
    "audit.key": ("audit", "key", "show"),
    "audit.proof": ("audit", "prove", "1", "-o", "proof"),
    "audit.verification": ("audit", "verify"),
    "audit.consistency": ("audit", "prove", "--between", "1", "2"),
    "audit.trail": ("audit", "trail"),
    "audit.replay": ("replay",),
    "audit.reviews": ("audit", "reviews"),
    "audit.file": ("audit", "trail", "-o", "trail.csv", "--format", "csv", "--yes"),
    "audit.tiles": ("audit", "export", "--tiles", "tiles"),
    "audit.package": ("audit", "export", "-o", "evidence.zip", "--yes"),
    "audit.exceptions": ("audit", "exceptions"),
    "audit.population": ("audit", "population"),
    "audit.sample": ("audit", "sample", "--seed", "s"),
    "audit.redaction": ("audit", "redact", "3", "--reason", "a name", "--yes"),
    "search": ("search", "round"),
    "check.pre_deploy": ("check", "pre-deploy"),
    "check.post_deploy": ("check", "post-deploy", "--yes"),
    "check.concurrency": ("check", "concurrency", "--operations", "2"),
    "bench.baseline": ("bench", "baseline", "--yes"),
    "bench.compare": ("bench", "compare", "--tolerance", "10000"),
    "deploy.systemd": ("deploy", "systemd", "--out", "units"),
    "serve": ("serve", "--check"),
    "upgrade": ("upgrade",),
    "migrate": ("migrate", "--to", "DATABASE"),
    "phase.diff": ("diff", "st01-x", "spec", "--from", "1"),
    "phase.state_diff": ("diff", "st01-x"),
    "rebuild": ("rebuild",),
    "followers": ("follow", "--status"),
    "followers.followed": ("follow", "--once"),
    "backup.made": ("backup", "create"),
    "backup.list": ("backup", "list"),
    "backup.verification": ("backup", "verify"),
    "backup.drill": ("backup", "drill"),
    "backup.pruned": ("backup", "prune"),
    "backup.shipped": ("backup", "ship"),
    "backup.restored": ("backup", "restore", "--out", "new"),
    "recover.points": ("recover", "points"),
    "recover.plan": ("recover", "plan", "--to", "position:4"),
    "recover.diff": ("recover", "diff", "--to", "position:2"),
    "recover.documents": ("recover", "documents", "st01-x", "--to", "now", "--out", "then"),
    "recover.run": ("recover", "run", "--to", "now", "--out", "new"),
    "recover.salvage": ("recover", "salvage", "--out", "new"),
    "recover.verification": ("recover", "verify", "new"),
    "import": ("import", "there"),
    "phase.package": ("package", "st01-x"),
    "version": ("version",),
    ERROR: ("status", "st99-unknown"),
}


IN_FILE = {"migrate", "recover.salvage"}


def by_store(kinds: Iterable[str]) -> list[Any]:
    """Mark the kinds that only a log in a file is asked for."""
    return [pytest.param(kind, marks=[pytest.mark.in_file] if kind in IN_FILE else []) for kind in kinds]


@pytest.mark.parametrize("kind", KINDS)
def test_the_published_file_is_what_the_code_says(kind: str) -> None:
    assert (FOLDER / f"{kind}.json").read_text("utf-8") == written(kind), "run python -m cli.output_schemas"


def test_no_published_file_lacks_its_code() -> None:
    assert {file.stem for file in FOLDER.iterdir()} == set(KINDS)


def test_every_kind_that_a_command_answers_with_is_published() -> None:
    sources = [file.read_text("utf-8") for file in CLI.glob("*.py")]
    answered = {kind for source in sources for kind in re.findall(WRITTEN, source)}
    assert answered == set(KINDS) - {ERROR, "export"}  # which is written in four forms


@pytest.mark.parametrize("kind", by_store(KINDS))
def test_what_a_command_prints_has_every_field_of_its_schema_and_no_other(
    kind: str, drafted: Orch, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert drafted("block", "st01-x", "no sound card").status == 0
    _prepare(kind, drafted)
    if kind == "phase.checkout":
        (Path("dev") / "st01-x" / "spec.md").write_text("# by hand\n", "utf-8")
    if kind.startswith("backup."):
        assert drafted("backup", "create").status == 0
    if kind == "init.attached":
        join_a_database(drafted, request.getfixturevalue("database"), monkeypatch)
    said = drafted(*_words(kind, request), "--json").out
    adapter_of(kind, closed=True).validate_json(said)
    document = json.loads(said)
    assert document.get("kind", ERROR) == kind


@pytest.mark.parametrize("kind", by_store(sorted(set(KINDS) - {"version"})))
def test_a_missing_or_unknown_field_would_be_noticed(
    kind: str, drafted: Orch, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    _prepare(kind, drafted)
    if kind == "init.attached":
        join_a_database(drafted, request.getfixturevalue("database"), monkeypatch)
    if kind.startswith("backup."):
        assert drafted("backup", "create").status == 0
    document: dict[str, Any] = (
        json.loads(drafted(*_words(kind, request), "--json").out) if kind != "phase.checkout" else _checkout()
    )
    part = document["error" if kind == ERROR else "data"]
    closed = adapter_of(kind, closed=True)
    closed.validate_python(document)
    part["unheard_of"] = 1
    adapter_of(kind).validate_python(document)
    with pytest.raises(ValueError, match="unheard_of"):
        closed.validate_python(document)
    del part["unheard_of"], part[next(iter(part))]
    with pytest.raises(ValueError, match="Field required"):
        adapter_of(kind).validate_python(document)


def _words(kind: str, request: pytest.FixtureRequest) -> list[str]:
    return [request.getfixturevalue("database") if word == "DATABASE" else word for word in READS[kind]]


def test_states_and_steps_are_closed_choices_in_the_schema() -> None:
    definitions = schema_of("phase.status")["$defs"]
    assert isinstance(definitions, dict)
    assert definitions["StepState"]["enum"] == list(StepState)
    assert definitions["Steps"]["required"] == list(Step)


def join_a_database(orch: Orch, database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin a log in a database from one folder, and go to another."""
    monkeypatch.setenv("ORCHESTRATOR_DATABASE_URL", database)
    for folder in ("one", "other"):
        Path(folder).mkdir()
        monkeypatch.chdir(folder)
        if folder == "one":
            assert orch("init").status == 0
        monkeypatch.chdir("..")
    monkeypatch.chdir("other")


def _prepare(kind: str, drafted: Orch) -> None:
    """Put the files there that a command of that kind reads."""
    if kind == "role.list":
        assert drafted("role", "grant", "ada", "lead").status == 0
    if kind == "token.list":
        assert drafted("token", "create", "ada").status == 0
    if kind == "gate":
        assert drafted("approve", "st01-x", "spec").status == 0
    if kind == "phase.package":
        for step in ("spec", "research", "plan", "prd", "tasks"):
            path = Path("dev") / "st01-x" / f"{step}.md"
            if step != "spec":
                path.write_text(f"# {step}\n\n- [ ] T001 Do\n", "utf-8")
                assert drafted("edit", "st01-x", step).status == 0
            assert drafted("approve", "st01-x", step).status == 0
    if kind == "import":
        (Path("there") / ".kiro" / "specs" / "mixer").mkdir(parents=True)
        (Path("there") / ".kiro" / "specs" / "mixer" / "design.md").write_text("# Two layers\n", "utf-8")
    if kind == "bench.compare":
        assert drafted("bench", "baseline").status == 0
    if kind == "recover.points":
        assert drafted("recover", "point", "first-draft").status == 0
    if kind == "recover.verification":
        assert drafted("recover", "run", "--to", "now", "--out", "new").status == 0
    if kind in ("workflow.run", "schema.check"):
        Path("w.yaml").write_text("spec:\n  objectives: [small]\n")
    if kind == "template.diff":
        assert drafted("template", "eject", "spec").status == 0
    if kind == "audit.timestamp":
        authority = Authority(Path("authority").absolute())
        note = drafted("audit", "checkpoint").out
        Path("held.txt").write_text(note)
        Path("5.tsr").write_bytes(authority.stamp(note.encode()))
        Path("ca.pem").write_bytes(authority.roots.read_bytes())


def _checkout() -> dict[str, Any]:
    data: dict[str, Any] = dict.fromkeys(("phase", "step"), "x") | dict.fromkeys(
        ("iteration", "digest", "document", "rescued")
    )
    return {"ok": True, "kind": "phase.checkout", "version": 1, "data": data}
