"""A package on a machine that has never seen this project: its programs and its README, followed word by word."""

import os
import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from adapters import evidence_verify
from tests.cli.conftest import Orch
from tests.cli.evidence_world import HELD, ZIP, export, kept, unpacked, world

__all__ = ["kept", "world"]  # fixtures

NOWHERE = {"PATH": "/nonexistent"}
OLDER = [path for path in (shutil.which(f"python3.{minor}") for minor in (8, 9, 10, 12, 13, 14)) if path]


def ran(*words: str | Path, cwd: Path, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run a program with an empty environment, or this one."""
    return subprocess.run(words, cwd=cwd, env=env or {}, capture_output=True, text=True, timeout=120, encoding="utf-8")


@pytest.fixture
def alone(world: Orch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an unpacked package in a folder that has nothing else."""
    folder = tmp_path_factory.mktemp("alone")
    shutil.copytree("evidence", folder / "evidence")
    return folder / "evidence"


def test_in_a_bare_python_the_program_checks_its_own_folder(alone: Path) -> None:
    done = ran(sys.executable, "-I", "-S", alone / "verify.py", cwd=Path("/"))
    expected = 0 if shutil.which("openssl") else 7
    assert done.returncode == expected and done.stderr == "", done.stdout + done.stderr
    assert "all of them" in done.stdout and str(Path.cwd()) not in done.stdout
    assert "cryptography" not in done.stdout.split("signatures")[1].split("\n")[0]
    (alone / "documents/st01-x/spec-1.md").write_text("another")
    assert ran(sys.executable, "-I", "-S", alone / "verify.py", cwd=Path("/")).returncode == 6


def test_in_a_fresh_environment_without_packages_it_works_the_same(alone: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "env", with_pip=False)
    done = ran(tmp_path / "env/bin/python", "verify.py", cwd=alone)
    assert done.returncode in (0, 7) and done.stderr == "", done.stdout + done.stderr


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not here")
def test_openssl_checks_signatures_where_cryptography_is_missing(alone: Path) -> None:
    done = ran(sys.executable, "-I", "-S", "verify.py", cwd=alone)
    assert done.returncode == 0 and "signatures checked with openssl" in done.stdout
    note = (alone / "checkpoint").read_text()
    signature = note.rpartition(" ")[2]
    (alone / "checkpoint").write_text(note.replace(signature, signature[:40] + "AAAA" + signature[44:]))
    done = ran(sys.executable, "-I", "-S", "verify.py", cwd=alone)
    assert done.returncode == 6 and "the signature of the key" in done.stdout


def test_without_either_it_says_plainly_that_no_signature_was_checked(alone: Path) -> None:
    done = ran(sys.executable, "-I", "-S", "verify.py", cwd=alone, env=NOWHERE)
    assert done.returncode == 7 and "NOT CHECKED" in done.stdout and "No signature was checked" in done.stdout
    (alone / "events.jsonl").write_text((alone / "events.jsonl").read_text().replace("grace", "heidi"))
    assert ran(sys.executable, "-I", "-S", "verify.py", cwd=alone, env=NOWHERE).returncode == 6


def test_every_python_that_is_here_and_old_enough_runs_it(alone: Path) -> None:
    tried = []
    for python in OLDER:
        works = ran(python, "-c", "pass", cwd=alone, env=dict(os.environ))
        if works.returncode:  # a name for a version that is not installed
            continue
        done = ran(python, "-I", "-S", "verify.py", cwd=alone, env=dict(os.environ))
        assert done.returncode in (0, 7) and done.stderr == "", (python, done.stdout + done.stderr)
        tried.append(python)
    if not tried:
        pytest.skip("no other Python is here")


def test_the_packed_file_can_be_checked_without_unpacking(alone: Path, world: Orch) -> None:
    shutil.copy(ZIP, alone.parent / ZIP)
    shutil.copy(HELD, alone.parent / HELD)
    program = shutil.copy(alone / "verify.py", alone.parent / "verify.py")
    done = ran(sys.executable, program, ZIP, "--against", HELD, cwd=alone.parent)
    assert done.returncode == 0 and "the log grew out of its" in done.stdout, done.stdout


def test_the_program_in_the_package_is_the_one_that_is_tested(alone: Path) -> None:
    assert (alone / "verify.py").read_bytes() == Path(evidence_verify.__file__).read_bytes()
    imported = set(re.findall(r"^(?:    )*(?:from|import) (\w+)", (alone / "verify.py").read_text(), re.MULTILINE))
    assert imported - sys.stdlib_module_names == {"cryptography"}


@pytest.mark.parametrize("where", [">&-", "2>&-", ">/dev/full", "</dev/null >/dev/null"])
def test_wherever_its_words_go_the_exit_status_says_it(alone: Path, where: str) -> None:
    line = f'"{sys.executable}" verify.py {where}'
    done = subprocess.run(["/bin/sh", "-c", line], cwd=alone, capture_output=True, text=True)
    assert done.returncode == 0 and "Traceback" not in done.stderr + done.stdout, done


def test_a_reader_that_leaves_early_sees_no_traceback(alone: Path) -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", f'"{sys.executable}" verify.py | head -n 1'], cwd=alone, capture_output=True, text=True
    )
    assert done.stderr == "" and "VERIFIED" in done.stdout


def commands(readme: str, heading: str) -> list[str]:
    """Return the commands of one section of the README."""
    section = readme.split(f"## {heading}")[1].split("\n## ", maxsplit=1)[0]
    return [
        line[2:] for block in re.findall(r"```console\n(.*?)```", section, re.DOTALL) for line in block.splitlines()
    ]


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not here")
@pytest.mark.parametrize("words", [(), ("--phase", "st01-x")])
def test_the_openssl_commands_of_the_readme_work_as_they_stand(world: Orch, words: tuple[str, ...]) -> None:
    export(world, *words)
    folder = unpacked().absolute()
    typed = commands((folder / "README.md").read_text(), "With OpenSSL, by hand")
    assert len(typed) == 10 and sum("pkeyutl" in each for each in typed) == 2

    def say() -> list[str]:
        said = []
        for command in typed:
            done = subprocess.run(["/bin/sh", "-c", command], cwd=folder, capture_output=True, text=True)
            said.append(done.stdout.strip() if done.returncode == 0 else f"failed: {done.stderr}{done.stdout}")
        return said

    said = say()
    assert [each for each in said if "Verified Successfully" in each] == ["Signature Verified Successfully"] * 2, said
    assert said[3].split(" ")[0] == said[4]  # the manifest is the one that was sealed
    assert said[8].split(" ")[0] in said[9]  # and events.jsonl the one that it lists
    for name in ("checkpoint", "manifest.note"):
        data = (folder / name).read_text()
        (folder / name).write_text(data.replace("\n", "x\n", 1))
        assert sum("Verified Successfully" in each for each in say()) == 1, name
        (folder / name).write_text(data)


def test_the_python_commands_of_the_readme_work_as_they_stand(alone: Path, world: Orch) -> None:
    (alone.parent / "vkey.txt").write_text(world("audit", "key", "show").out)
    shutil.copy(HELD, alone.parent / HELD)
    readme = (alone / "README.md").read_text()
    typed = [*commands(readme, "1. Check it"), *commands(readme, "2. Check the key")]
    assert len(typed) == 3
    for command in typed:
        line = command.replace("python3", f'"{sys.executable}"')
        done = subprocess.run(["/bin/sh", "-c", line], cwd=alone, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
