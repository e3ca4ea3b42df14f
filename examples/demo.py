"""A real phase from init to handoff, with a rejection and a revision on the way: what `make demo` shows."""

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
INPUTS = HERE / "real-time-audio-engine"
PROJECT = HERE.parent / "build" / "demo"
PHASE = "st01-audio-engine"
ORCH = Path(sys.executable).with_name("orch")
FEEDBACK = (
    "The latency objective cannot be measured as written: give a number, the rate and block size, and the method.",
    "Say what must never happen on the audio thread.",
)
COLOUR = sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def main() -> None:
    """Play the story; stop at the first answer that differs from what the story needs."""
    shutil.rmtree(PROJECT, ignore_errors=True)
    PROJECT.mkdir(parents=True)

    chapter("A project: one append-only log, and a rule that nobody approves their own text")
    orch("init --name 'Audio workstation' --host example.org")
    orch("policy set --author-may-not-approve --reason 'four eyes on every document'")

    chapter("Ada drafts the specification; the next step has to wait for its approval")
    orch(f"spec {PHASE} --from {given('spec-first-draft.yaml')}")
    orch(f"research {PHASE} --from {given('research.yaml')}", expect=3)
    orch(f"approve {PHASE} spec", expect=3)

    chapter("Grace rejects it and says why; Ada's second iteration answers her")
    orch(f"reject {PHASE} spec " + " ".join(f"--feedback {shlex.quote(words)}" for words in FEEDBACK), by="grace")
    orch(f"spec {PHASE} --from {given('spec.yaml')}")
    orch(f"approve {PHASE} spec --comments 'Measurable now, and the audio thread has its rules.'", by="grace")

    chapter("The other four documents, each approved before the next begins")
    for step in ("research", "plan", "prd", "tasks"):
        orch(f"{step} {PHASE} --from {given(f'{step}.yaml')}", quiet=True)
        orch(f"approve {PHASE} {step}", by="grace", quiet=True)
    orch(f"handoff {PHASE} --comments 'Ready to build.'")

    chapter("Where the phase stands")
    orch(f"status {PHASE}")

    chapter("What happened, who did it, when and why")
    orch(f"history {PHASE}")

    chapter("The same status as it was just before the rejection")
    orch(f"status {PHASE} --at {before_the_rejection()}")

    chapter("Where the documents lie")
    for path in sorted((PROJECT / "dev" / PHASE).iterdir()):
        print(f"  {path.relative_to(HERE.parent)!s:<52} {path.stat().st_size:>6,} bytes")
    print(f"\nTry it yourself:  cd {PROJECT.relative_to(HERE.parent)}")
    print(f"            then  {os.path.relpath(ORCH, PROJECT)} show {PHASE} spec")


def chapter(title: str) -> None:
    """Print what comes next."""
    print(f"\n\x1b[1;36m── {title}\x1b[0m\n" if COLOUR else f"\n── {title}\n", flush=True)


def given(name: str) -> str:
    """Return the path of an input file as seen from the project."""
    return os.path.relpath(INPUTS / name, PROJECT)


def orch(words: str, *, by: str = "ada", expect: int = 0, quiet: bool = False) -> None:
    """Run one command as somebody, showing it as they would type it."""
    line = f"{by} $ orch {words}"
    print(f"\x1b[1m{line}\x1b[0m" if COLOUR else line, flush=True)
    done = subprocess.run(
        [ORCH, *shlex.split(words)], cwd=PROJECT, env=environment(by), capture_output=True, text=True, check=False
    )
    said = done.stdout + done.stderr
    print(said.splitlines()[0] if quiet and done.returncode == 0 else said.rstrip(), flush=True)
    if not quiet:
        print(flush=True)
    if done.returncode != expect:
        sys.exit(f"The demo stops: exit status {done.returncode}, where {expect} was expected.\n{said}")


def before_the_rejection() -> str:
    """Return the recorded time of the last event before the rejection."""
    asked = subprocess.run(
        [ORCH, "history", PHASE, "--json"], cwd=PROJECT, env=environment("ada"), capture_output=True, check=True
    )
    rows = json.loads(asked.stdout)["data"]["rows"]
    rejected = next(i for i, row in enumerate(rows) if row["topic"] == "phase.document_rejected")
    return str(rows[rejected - 1]["recorded_at"])


def environment(by: str) -> dict[str, str]:
    """Return the environment of somebody at a terminal. Both people of this story are made up."""
    settings = {name: value for name, value in os.environ.items() if not name.startswith("ORCHESTRATOR_")}
    forced = {"FORCE_COLOR": "1"} if COLOUR else {}
    return settings | {"ORCHESTRATOR_ACTOR": by, "ORCHESTRATOR_ACTOR_KIND": "human"} | forced


if __name__ == "__main__":
    main()
