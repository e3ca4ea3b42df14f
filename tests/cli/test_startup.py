"""What a read may load: the budget of `orch status` is kept by what it does not import."""

import os
import sys
from pathlib import Path
from subprocess import run

import pytest

from tests.cli.conftest import Orch

HEAVY = {"eventsourcing", "pydantic", "jinja2", "cryptography", "yaml", "rich", "asyncio", "tomllib"}
PROBE = (
    "import sys; from cli.edge import run_command; from cli.main import program; run_command(program(), sys.argv[1:])"
)


def loaded_by(*words: str) -> set[str]:
    code = f"{PROBE}; print('\\n'.join(sys.modules), file=sys.stderr)"
    done = run(
        [sys.executable, "-c", code, *words],
        capture_output=True,
        text=True,
        check=True,
        env=dict(os.environ, PYTHONPATH=root()),
    )
    return set(done.stderr.split())


def root() -> str:
    return str(Path(__file__).parents[2])


@pytest.mark.in_file
def test_status_loads_no_event_class_and_nothing_heavy(drafted: Orch) -> None:
    loaded = loaded_by("status", "st01-x")
    assert "typer" in loaded and "apsw" in loaded  # the probe sees what is loaded
    assert {name.split(".")[0] for name in loaded} & HEAVY == set()
    ours = {name for name in loaded if name.split(".")[0] in ("domain", "projections", "adapters", "cli")}
    assert "domain.handler" not in ours and "domain.phase" not in ours


def test_a_draft_from_flags_does_not_load_pydantic(drafted: Orch) -> None:
    loaded = loaded_by("spec", "st02-y", "--objectives", "small")
    assert "typer" in loaded  # the probe sees what is loaded
    assert {name.split(".")[0] for name in loaded} & {"pydantic", "yaml", "cryptography", "rich"} == set()


@pytest.mark.in_file
def test_a_file_of_settings_costs_a_read_only_what_it_needs(drafted: Orch) -> None:
    file = Path(".orch/config.toml")
    file.write_text("# nothing here is about places\n")
    assert {name.split(".")[0] for name in loaded_by("status", "st01-x")} & HEAVY == set()
    file.write_text('state_dir = ".orch"\n')
    loaded = {name.split(".")[0] for name in loaded_by("status", "st01-x")}
    assert "tomllib" in loaded and loaded & (HEAVY - {"tomllib"}) == set()
