"""Install a wheel alone in a fresh environment, away from the checkout, and use it: what `make wheel` runs."""

import json
import os
import sys
import venv
from pathlib import Path
from subprocess import run
from tempfile import TemporaryDirectory

PHASE = "st01-audio-engine"


def main(wheel: Path) -> None:
    """Stop with a traceback at the first thing that does not work."""
    with TemporaryDirectory(prefix="orch-wheel-") as name:
        folder = Path(name)
        venv.create(folder / "env", with_pip=True)
        here = folder / "project"
        here.mkdir()
        _run(here, folder / "env/bin/python", "-m", "pip", "install", "--quiet", str(wheel.resolve()))
        orch = folder / "env/bin/orch"
        version = _run(here, orch, "--version").strip()
        if version != f"orch {wheel.name.split('-')[1]}":
            sys.exit(f"{wheel.name} says that it is {version!r}")
        _run(here, orch, "init", "--host", "example.org")
        _run(here, orch, "spec", PHASE, "--objectives", "Round trip below 10 ms")
        _run(here, orch, "approve", PHASE, "spec")
        state = json.loads(_run(here, orch, "status", PHASE, "--json"))["data"]["steps"]["spec"]["state"]
        if state != "approved":
            sys.exit(f"the approved spec is {state}")
        if not (here / "dev" / PHASE / "spec.md").is_file():
            sys.exit("the spec was recorded, but its file is missing")
        _run(here, orch, "audit", "export", "-o", "evidence.zip")
        _run(here, folder / "env/bin/python", "-m", "zipfile", "-e", "evidence.zip", str(folder / "evidence"))
        said = _run(folder / "evidence", folder / "env/bin/python", "-I", "verify.py")
        if "VERIFIED" not in said:
            sys.exit(f"the evidence package is not verified:\n{said}")
    print(f"{wheel.name} works alone: {version}, a spec drafted and approved, its evidence exported and verified")


def _run(here: Path, *words: str | Path) -> str:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ORCHESTRATOR_", "PYTHON"))}
    environment = kept | {"ORCHESTRATOR_ACTOR": "ada", "ORCHESTRATOR_ACTOR_KIND": "human"}
    done = run(words, cwd=here, env=environment, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, words))} answered {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    main(Path(sys.argv[1]))
