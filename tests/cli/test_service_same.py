"""Every command far from the log prints what it prints beside it, ends with the same status, and records the same."""

import re
from pathlib import Path
from shutil import copytree
from zipfile import ZipFile

import orjson
import pytest

from domain.access_token import Scope
from domain.actors import actor
from tests.api.served import issued, opened
from tests.cli.command_table import entries, named
from tests.cli.conftest import Answer
from tests.cli.import_world import APPROVED, HISTORY, predecessor, put
from tests.cli.test_service_operating import OPERATED
from tests.cli.through_service import Far, begun, beside, far, placeless, worked_on

__all__ = ["begun", "far"]  # fixtures
pytestmark = pytest.mark.in_file
THEN = ("--at", "position:9")
"""What tells how long something takes tells it as of a moment here."""
READS = (
    ("list",), ("status", "st01-x"), ("status",), ("history", "st01-x"), ("show", "st01-x", "spec"),
    ("show", "st01-x", "spec", "--iteration", "1"), ("diff", "st01-x", "spec"), ("diff", "st01-x"),
    ("why", "st01-x"), ("why", "st01-x", "plan"), ("next", *THEN), ("dashboard", *THEN), ("progress", *THEN),
    ("progress", "st01-x", *THEN),
    ("task", "list"), ("policy", "show"), ("role", "list"), ("replay", "st01-x"), ("context",), ("search", "below"),
    ("audit", "trail"), ("audit", "population"), ("audit", "exceptions"), ("audit", "reviews"), ("export", "--all"),
    ("audit", "sample", "--size", "3", "--seed", "7"), ("audit", "prove", "--between", "2", "5"), ("recover", "points"),
    ("audit", "key", "show"), ("list", "--at", "position:5"), ("status", "st01-x", "--at", "position:6"),
    ("status", "st09-none"), ("show", "st01-x", "plan"), ("list", "--at", "yesterday"), ("history", "no phase"),
    ("gate", "st01-x", "spec"), ("gate", "st01-x", "research"), ("gate", "st01-x", "spec", *THEN), ("audit", "verify"),
    ("audit", "key", "show", *THEN), ("audit", "prove", "3", "-o", "proof-then", *THEN), ("recover", "points", *THEN),
    ("token", "list"),
    ("recover", "diff", "--to", "position:6"), ("recover", "diff", "--to", "position:0"),
    ("recover", "documents", "st09-none", "--to", "now", "--out", "then"),
    ("audit", "export"), ("audit", "export", "--phase", "st09-none", "-o", "none.zip"),
    ("audit", "export", "--from", "position:6", "--to", "position:5", "-o", "none.zip"),
    ("template", "show", "spec"), ("template", "show", "none"), ("template", "check"), ("template", "diff", "spec"),
    ("schema", "list"), ("schema", "show", "spec"), ("schema", "check", "spec", "spec.yaml"), ("version",),
    ("package", "st01-x"), ("task", "sync", "st01-x"), ("follow", "--name", "nobody"),
)  # fmt: skip
WRITES = (
    "spec st01-x --objectives a", "spec st01-x --objectives b", "reject st01-x spec --feedback Which",
    "spec st01-x --objectives c", "request st01-x spec", "approve st01-x spec",
    "research st01-x --foundation Known", "approve st01-x research --comments Good",
    "reopen st01-x spec --reason Again", "edit st01-x spec", "checkout st01-x research", "approve st01-x spec",
    "reconfirm st01-x research --reason Holds",
    "plan st01-x --architecture Threads", "approve st01-x plan", "prd st01-x --goal Sound", "approve st01-x prd",
    "tasks st01-x --tasks tasks.json", "approve st01-x tasks",
    "task start st01-x T001", "task assign st01-x T001 --to ada", "task done st01-x T001 --note Done",
    "task reopen st01-x T001 --reason Clicks", "handoff st01-x --comments Begin", "retitle st01-x Engine",
    "spec st02-y --objectives a", "depend st02-y --on st01-x", "block st02-y Waits", "unblock st02-y B1",
    "archive st02-y --reason Over", "remember Never --phase st01-x",
    "policy set --minimum-approvers 2 --reason More", "role grant lin lead", "role revoke lin lead",
    "recover point before", "audit review --to position:5 --comments Seen", "audit redact 5 --reason Named --yes",
    "audit key rotate --reason Lost", "approve st09-none spec", "reopen st02-y spec --reason Late",
)  # fmt: skip
"""What is recorded on both sides, one after the other."""
REFUSED = ("approve st09-none spec", "reopen st02-y spec --reason Late", "checkout st01-x research")
"""What nothing is recorded of, on either side."""
APART = {
    "init": "it makes a copy here, and a log there: test_service.py",
    "setup": "the same as init",
    "board": "the same as dashboard",
    "health": "it is about the service, not the log: test_service.py",
    "monitor": "it is about the service, not the log: test_service.py",
    "config show": "settings are those of the machine on which it is typed",
    "config check": "settings are those of the machine on which it is typed",
    "config set": "settings are those of the machine on which it is typed",
    "deploy systemd": "it writes files for a machine, from no project",
    "completion": "it is about a shell",
    "audit timestamp": "it reads files that the auditor holds, and no project",
    "schema write": "it keeps the program's schemas in a folder, from no project",
    "schema compare": "it looks at a folder, and at no project",
    "template list": "the folder in its answer is told by its name only: below",
    "audit checkpoint": "the file that keeps it is there, and told by its name only: test_service.py",
    "workflow": "it makes up the ids of its commands: test_service.py",
    "batch": "it makes up the ids of its commands: test_service.py",
    "token create": "a secret is never the same twice: below",
    "import": "it has no command id of its own: below",
    "token revoke": "so is the id of a token: below",
}
"""Commands that may run far from the log and are not compared here, each with its reason."""


def test_every_command_is_compared_or_says_why_not() -> None:
    compared = {named(words) for words in READS} | {named(words.split()) for words in (*WRITES, *OPERATED)}
    may_run_far = {name for name, reason in entries() if not reason}
    assert compared | {*APART} == may_run_far and not compared & {*APART}
    assert all(APART.values())


def test_every_refused_command_has_its_reason_in_the_page() -> None:
    page = Path(__file__).parents[2].joinpath("docs/remote.md").read_text()
    rows = re.findall(r"^\| (`orch [^|]+) \| ([^|]+) \|$", page.split("## What is done where the log is")[1], re.M)
    told = {name for names, _ in rows for name in re.findall(r"`orch ([a-z -]+)`", names)}
    refused = {name for name, reason in entries() if reason}
    assert {name for name in refused if name not in told and name.split()[0] not in told} == set()
    assert {name for name in told if not any(f"{each} ".startswith(f"{name} ") for each in refused)} == set()


def test_every_read_prints_what_it_prints_beside_the_log(far: Far) -> None:
    worked_on(far)
    there = far.project.places.root
    for folder in (far.folder, there):
        (folder / "spec.yaml").write_text("objectives: [Round trip below 10 ms]\n")
    (there / ".orch/templates").mkdir()
    (there / ".orch/templates/spec.md.j2").write_text("# {{ phase }}\n")  # it is the service that renders
    for words in READS:
        for form in ((), ("--json",)):
            here = far.orch(*words, *form)
            with beside(far, there):
                local = far.orch(*words, *form)
            assert placeless(here, far) == placeless(local, far), words


@pytest.fixture
def near(far: Far, begun: Path, tmp_path: Path) -> Path:
    """Give a project as the one that is served, and make the folder far from that one a copy."""
    folder = tmp_path / "near"
    copytree(begun, folder)
    with opened(folder) as project:
        issued(project, to=actor("grace", "human"))
    assert far.orch("init").status == 0
    return folder


def test_every_write_records_what_it_records_beside_the_log(far: Far, near: Path) -> None:
    for number, line in enumerate(WRITES):
        words = [*line.split(), "--json", *(() if line.startswith("checkout ") else ("--command-id", f"c{number}"))]
        if line == "edit st01-x spec":
            for folder in (far.folder, near):
                (folder / "dev/st01-x/spec.md").write_text("# By hand\n")
        here = far.orch(*words)
        with beside(far, near):
            local = far.orch(*words)
        assert timeless(here, far.folder) == timeless(local, near), line
        assert (here.status != 0) is (line in REFUSED), (line, here)
    with opened(near) as project:
        ours = [(each.topic, each.stream, each.command_id) for each in project.log.records(5)]
    assert ours == [(each.topic, each.stream, each.command_id) for each in far.project.log.records(5)]
    for file in sorted((near / "dev").rglob("*.md")):
        assert (far.folder / file.relative_to(near)).read_bytes() == file.read_bytes(), file


def test_phases_of_elsewhere_are_taken_over_as_beside_the_log(far: Far, near: Path, tmp_path: Path) -> None:
    legacy = tmp_path / "legacy"
    predecessor(legacy / "st01-audio-engine", APPROVED, HISTORY, spec="# Spec\n\nBelow 9 ms\n", research="# Known\n")
    put(legacy, {"specs/002-albums/spec.md": "# Albums\n", "specs/002-albums/tasks.md": "- [x] T001 Sort them\n"})
    expected = iter((["new"] * 2, ["new"] * 2, ["unchanged"] * 2, ["unchanged", "grown"]))
    for words in (("import",), ("import", "--yes"), ("import", "--yes"), ("import", "--yes")):
        results = next(expected)
        if "grown" in results:
            put(legacy, {"specs/002-albums/plan.md": "# How\n"})
        here = far.orch(*words, str(legacy), "--json")
        with beside(far, near):
            local = far.orch(*words, str(legacy), "--json")
        assert timeless(here, far.folder) == timeless(local, near), words
        assert sorted(row["result"] for row in here.data["phases"]) == sorted(results)
    with opened(near) as project:
        ours = [orjson.loads(each.envelope)["facts"] for each in project.log.records(5)]
    assert ours == [orjson.loads(each.envelope)["facts"] for each in far.project.log.records(5)] and len(ours) > 8
    served = far.project.places.root
    for file in sorted((near / "dev").rglob("*.md")):
        for folder in (far.folder, served):
            assert (folder / file.relative_to(near)).read_bytes() == file.read_bytes(), (folder, file)


def test_claims_of_verdicts_need_the_scope_of_verdicts_far_from_the_log(far: Far, tmp_path: Path) -> None:
    assert far.orch("init").status == 0
    legacy = tmp_path / "legacy"
    predecessor(legacy / "st01-audio-engine", APPROVED, HISTORY, spec="# Spec\n", research="# Known\n")
    far.shows(Scope.READ, Scope.WRITE)
    lacking = far.orch("import", str(legacy), "--yes", "--json")
    assert (lacking.status, lacking.error["code"]) == (3, "FORBIDDEN")
    assert "has no scope approve" in lacking.error["message"] and "approve" in lacking.error["fix"][0]
    assert far.orch("list", "--json").data["rows"] == []
    far.shows(Scope.READ, Scope.WRITE, Scope.APPROVE)
    assert far.orch("import", str(legacy), "--yes").status == 0


def timeless(answer: Answer, folder: Path) -> tuple[int, object, str]:
    """Return an answer without its times, how somebody was known, and hashes that rest on those."""
    document = orjson.loads(answer.out.replace(str(folder), "HERE"))

    def plain(value: object, name: str = "") -> object:
        if isinstance(value, dict):
            left_out = ("authentication", "root", "key", "new_key", "public_key", "signed", "proof")
            return {key: plain(each, key) for key, each in value.items() if key not in left_out}
        if isinstance(value, list):
            return [plain(each) for each in value]
        return "T" if name.endswith("_at") and value is not None else value

    return answer.status, plain(document), answer.err


def test_a_package_is_the_same_file_wherever_it_is_asked_for(far: Far) -> None:
    worked_on(far)
    there = far.project.places.root
    for name, words in {
        "all": (), "phase": ("--phase", "st01-x"), "range": ("--from", "position:3", "--to", "position:6"),
        "shut": ("--withhold-phase", "st01-x"),
    }.items():  # fmt: skip
        here = far.orch("audit", "export", *words, "-o", f"{name}.zip", "--json")
        with beside(far, there):
            local = far.orch("audit", "export", *words, "-o", f"{name}.zip", "--json")
        assert here == local and here.status == 0, name
        assert (far.folder / f"{name}.zip").read_bytes() == (there / f"{name}.zip").read_bytes()
    taken = far.orch("audit", "export", "-o", "all.zip")
    assert taken.status == 3 and "--yes" in taken.err
    assert far.orch("audit", "export", "--tiles", "tiles").status == 0
    with ZipFile(far.folder / "all.zip") as package:
        note = package.read("checkpoint")
    assert (far.folder / "tiles/checkpoint").read_bytes() == note


def test_documents_of_a_moment_are_written_and_proven_far_from_the_log(far: Far) -> None:
    worked_on(far)
    there = far.project.places.root
    words = ("recover", "documents", "st01-x", "--to", "position:6", "--out", "then", "--json")
    here = far.orch(*words)
    with beside(far, there):
        local = far.orch(*words)
    assert placeless(here, far) == placeless(local, far) and here.status == 0
    for name in ("spec.md", "phase-state.json"):
        assert (far.folder / "then" / name).read_bytes() == (there / "then" / name).read_bytes()


def test_tokens_are_issued_and_revoked_far_from_the_log(far: Far) -> None:
    made = far.orch("token", "create", "builder", "--kind", "agent", "--scope", "read", "--json").data
    assert made["secret"].startswith("orch_")
    far.env.setenv("ORCHESTRATOR_TOKEN", made["secret"])
    assert far.orch("list").status == 0
    assert far.orch("token", "create", "other", "--json").error["code"] == "FORBIDDEN"
    far.shows()
    (row,) = [row for row in far.orch("token", "list", "--json").data["rows"] if row["actor"]["name"] == "builder"]
    assert far.orch("token", "revoke", row["id"], "--reason", "Seen").status == 0
    far.env.setenv("ORCHESTRATOR_TOKEN", made["secret"])
    assert "was revoked" in far.orch("list").err


def test_templates_are_those_of_the_service(far: Far) -> None:
    own = far.project.places.templates
    own.mkdir()
    (own / "spec.md.j2").write_text("# Ours: {{ phase }}\n")
    rows = {row["name"]: row["source"] for row in far.orch("template", "list", "--json").data["rows"]}
    assert rows["spec.md.j2"] == "project" and rows["plan.md.j2"] == "built-in"
    assert far.orch("template", "show", "spec").out == "# Ours: {{ phase }}\n"
    assert "Ours" not in far.orch("template", "show", "spec", "--built-in").out
    for words in ("template eject spec", "template rebuild"):
        assert "where the log is" in far.orch(*words.split()).err
