"""Folders of elsewhere, written by the tests in the layouts of their tools."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from domain.steps import STEPS

BEGAN = "2025-09-01T10:00:00.000Z"


def state(phase: str = "st01-audio-engine", *, modified: str = BEGAN, **more: Any) -> dict[str, Any]:
    """Return what the predecessor writes about a phase; `iterations` and `approvals` name only what there is."""
    found: dict[str, Any] = {
        "phase": phase,
        "phaseTitle": "The Engine",
        "currentStep": "spec",
        "completedSteps": [],
        "blockers": [],
        "nextAction": "start_specification",
        "dependencies": [],
        "metadata": {"created": BEGAN, "lastModified": modified, "orchestratorVersion": "1.0.0"},
        **more,
    }
    found["iterations"] = {step.value: 0 for step in STEPS} | found.get("iterations", {})
    found["approvals"] = {step.value: None for step in STEPS} | found.get("approvals", {})
    return found


def approval(iteration: int = 1, at: str = "2025-09-03T10:00:00.000Z") -> dict[str, Any]:
    return {"timestamp": at, "iteration": iteration, "approved_by": "user", "comments": "fine"}


def predecessor(folder: Path, current: Any, backups: Mapping[int | str, Any] | None = None, **texts: str) -> Path:
    """Write a folder of the predecessor: its state, its backups by their epoch, and its documents."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, found in {f".orch-state.backup.{epoch}.json": it for epoch, it in (backups or {}).items()}.items():
        (folder / name).write_text(found if isinstance(found, str) else json.dumps(found), "utf-8")
    if current is not None:
        (folder / ".orch-state.json").write_text(
            current if isinstance(current, str) else json.dumps(current), encoding="utf-8"
        )
    for step, text in texts.items():
        (folder / f"{step}.md").write_text(text, "utf-8")
    return folder


APPROVED = state(
    modified="2025-09-03T11:00:00.000Z",
    iterations={"spec": 2, "research": 1},
    approvals={"spec": approval(2)},
    currentStep="research",
    completedSteps=["spec"],
    nextAction="await_research_approval",
)
HISTORY: dict[int | str, Any] = {
    1756720800000: state(),
    1756807200000: state(modified="2025-09-02T10:00:00.000Z", iterations={"spec": 1}, nextAction="await_spec_approval"),
    1756893600000: state(modified="2025-09-02T18:00:00.000Z", iterations={"spec": 2}, nextAction="await_spec_approval"),
}


def put(root: Path, files: Mapping[str, str]) -> Path:
    """Write files below a folder."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return root


def committed(root: Path, files: Mapping[str, str], date: str, *, author: str = "Jane") -> None:
    """Write files and commit them with that author's date."""
    put(root, files)
    if not (root / ".git").exists():
        subprocess.run(["git", "init", "-q", str(root)], check=True)
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "more", "--date", date, author=author)


def git(root: Path, *words: str, author: str = "Jane", check: bool = True) -> None:
    """Run git there as that author."""
    who = ["-c", f"user.name={author}", "-c", "user.email=jane@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *who, *words], cwd=root, check=check, capture_output=True)


def signed(root: Path) -> None:
    """Give the latest commit a signature, which whoever is asked to show signatures has to look at."""
    told = subprocess.run(["git", "cat-file", "commit", "HEAD"], cwd=root, check=True, capture_output=True).stdout
    facts, _, words = told.partition(b"\n\n")
    signature = b"gpgsig -----BEGIN PGP SIGNATURE-----\n \n AAAA\n -----END PGP SIGNATURE-----"
    written = ["git", "hash-object", "-t", "commit", "-w", "--stdin"]
    commit = b"\n".join((facts, signature, b"", words))
    name = subprocess.run(written, cwd=root, check=True, capture_output=True, input=commit).stdout.decode().strip()
    git(root, "update-ref", "HEAD", name)


SPEC_KIT = {
    "specs/001-photo-albums/spec.md": "# Spec\n",
    "specs/001-photo-albums/plan.md": "# Plan\n",
    "specs/001-photo-albums/research.md": "# Research\n",
    "specs/001-photo-albums/tasks.md": "# Tasks\n\n- [x] T001 Do\n",
    "specs/001-photo-albums/data-model.md": "# Entities\n",
    "specs/001-photo-albums/contracts/api.yaml": "openapi: 3\n",
    ".specify/memory/constitution.md": "# Principles\n",
}
OPENSPEC = {
    "openspec/project.md": "# Project\n",
    "openspec/specs/auth/spec.md": "# Auth\n",
    "openspec/changes/archive/2025-01-01-old/proposal.md": "# Old\n",
    "openspec/changes/add-dark-mode/proposal.md": "# Why\n",
    "openspec/changes/add-dark-mode/design.md": "# How\n",
    "openspec/changes/add-dark-mode/tasks.md": "- [ ] 1.1 Do\n",
    "openspec/changes/add-dark-mode/specs/theme/spec.md": "## ADDED Requirements\n",
    "openspec/changes/add-dark-mode/specs/openspec/spec.md": "## MODIFIED Requirements\n",
}
KIRO = {
    ".kiro/steering/product.md": "# Product\n",
    ".kiro/specs/mixer/requirements.md": "# Requirements\n",
    ".kiro/specs/mixer/bugfix.md": "# Bug\n",
    ".kiro/specs/mixer/design.md": "# Design\n",
    ".kiro/specs/mixer/tasks.md": "- [ ] 1. Do\n",
    ".kiro/specs/mixer/spec.json": "{}\n",
}
