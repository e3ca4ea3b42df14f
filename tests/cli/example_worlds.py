"""The projects that the examples of the help are pasted into, one for each stage of the work."""

import shutil
from collections.abc import Callable
from os import SEEK_END
from pathlib import Path
from unittest.mock import patch

from tests.authority import Authority
from tests.cli.import_world import predecessor, state

Run = Callable[..., str]
PHASE = "st01-audio-engine"
APPROVALS = (
    ("spec", ("research", PHASE, "--foundation", "Known since 1960")),
    ("research", ("plan", PHASE, "--components", "Ring buffer,Mixer")),
    ("plan", ("prd", PHASE, "--goal", "Sound without drop-outs")),
    ("prd", ("tasks", PHASE, "--tasks", "Ring buffer,Mixer", "--hours", "4,6")),
)
STAGES = {"spec": "for research", "research": "for a plan", "plan": "for a prd", "prd": "for tasks"}
"""What a project is ready for once this step is approved."""


def make(folder: Path, run: Run, keys: Path) -> None:
    """Make a folder for each stage below `folder`; `run(folder, *words)` runs orch and returns its stdout."""

    def stage(name: str, of: str) -> Path:
        return Path(shutil.copytree(folder / of, folder / name))

    (folder / "nothing").mkdir(parents=True)
    begun = stage("begun", "nothing")
    (begun / "phase.yaml").write_text("spec: {objectives: [Sixteen channels]}\n")
    (begun / "spec.yaml").write_text("objectives: [Sixteen channels]\n")
    predecessor(begun / "legacy" / "st07-legacy", state("st07-legacy"))
    run(begun, "init", "--host", "example.org", "--name", "Audio plug-in")

    run(stage("measured", "begun"), "bench", "baseline")

    drafted = stage("drafted", "begun")
    run(drafted, "spec", PHASE, "--objectives", "Low latency")
    run(drafted, "reject", PHASE, "spec", "--feedback", "How low?")
    run(drafted, "spec", PHASE, "--objectives", "Round trip below 10 ms")

    edited = stage("edited", "drafted")
    with (edited / "dev" / PHASE / "spec.md").open("a") as file:
        file.write("\nMeasured with a loopback cable.\n")

    last = "drafted"
    for step, words in APPROVALS:
        at = stage(STAGES[step], last)
        run(at, "approve", PHASE, step)
        last = stage(f"{words[0]} drafted", STAGES[step]).name
        run(folder / last, *words)
    ready = stage("ready", last)
    _fill(ready, run, Authority(keys))

    ticked = stage("ticked", "ready")
    tasks = ticked / "dev" / PHASE / "tasks.md"
    tasks.write_text(tasks.read_text("utf-8").replace("[ ]", "[x]", 1), "utf-8")

    stale = stage("stale", "ready")
    run(stale, "reopen", PHASE, "spec", "--reason", "A third layer")
    run(stale, "spec", PHASE, "--objectives", "Round trip below 8 ms")
    run(stale, "approve", PHASE, "spec")

    run(stage("recovered", "ready"), "recover", "run", "--to", "point:before-review", "--out", "recovered")

    with (stage("damaged", "ready") / ".orch" / "log.db").open("r+b") as log:
        log.seek(log.seek(0, SEEK_END) // 2)
        log.write(b"\xde\xad\xbe\xef" * 2048)


def _fill(ready: Path, run: Run, authority: Authority) -> None:
    """Let everything be approved, somebody work, and what auditors and operators need be there."""
    run(ready, "approve", PHASE, "tasks")
    run(ready, "task", "start", PHASE, "T001")
    run(ready, "spec", "st02-user-interface", "--objectives", "The latency is shown")
    run(ready, "block", "st02-user-interface", "The screen has not come")
    run(ready, "role", "grant", "ada", "lead")
    with patch("adapters.access_tokens.token_hex", return_value="0b8f3a52c1d2"):  # chance has to be the help's
        run(ready, "token", "create", "builder", "--kind", "agent")
    run(ready, "template", "eject", "spec")
    run(ready, "schema", "write")
    run(ready, "recover", "point", "before-review")
    run(ready, "remember", "Nothing allocates in the audio thread")
    run(ready, "backup", "create", "--to", "backups")
    (ready / "held.txt").write_text(run(ready, "audit", "checkpoint"))
    (ready / "held.tsr").write_bytes(authority.stamp((ready / "held.txt").read_bytes()))
    shutil.copy(authority.roots, ready / "ca.pem")
