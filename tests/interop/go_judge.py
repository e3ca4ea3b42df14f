"""Go's sumdb packages as a judge of notes and proofs; says why where they are missing."""

import json
import os
import subprocess
from base64 import b64decode, b64encode
from pathlib import Path
from shutil import which
from typing import Any

import pytest

SOURCE = Path(__file__).with_name("judge") / "main.go"
PACKAGES = Path("/usr/share/gocode")
"""Where Debian's golang-golang-x-mod-dev puts its sources."""


class Judge:
    """The Go program, built once."""

    def __init__(self, program: Path) -> None:
        self._program = program

    def ask(self, **asked: Any) -> dict[str, Any]:
        """Return its answer. Bytes go as base 64."""
        question = json.dumps(asked, default=lambda value: b64encode(value).decode())
        ran = subprocess.run([self._program], input=question, capture_output=True, text=True, timeout=120)
        assert ran.returncode == 0, ran.stderr
        answer: dict[str, Any] = json.loads(ran.stdout)
        return answer


def built(folder: Path) -> Judge:
    """Build the judge in a folder, or skip the test with the reason."""
    return Judge(compiled(SOURCE, folder))


def compiled(source: Path, folder: Path) -> Path:
    """Build a Go program in a folder, or skip the test with the reason."""
    if which("go") is None:
        pytest.skip("Go is not here (Debian: golang-go)")
    if not (PACKAGES / "src/golang.org/x/mod/sumdb/tlog").is_dir():
        pytest.skip("Go's sumdb packages are not here (Debian: golang-golang-x-mod-dev)")
    go = {"GO111MODULE": "off", "GOPATH": str(PACKAGES), "GOCACHE": str(folder / "cache"), "CGO_ENABLED": "0"}
    program = folder / source.stem
    ran = subprocess.run(
        ["go", "build", "-o", program, source], env={**os.environ, **go}, capture_output=True, text=True, timeout=300
    )
    assert ran.returncode == 0, ran.stderr
    return program


def unpacked(proof: list[str]) -> list[bytes]:
    """Return the hashes of a proof in an answer."""
    return [b64decode(each) for each in proof]
