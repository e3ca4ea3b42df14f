"""The versions of a file that git keeps: when each was written, and by whom it says.

The repository is somebody else's: nothing of its configuration may run a program or reach the network.
"""

import os
import re
import subprocess
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from adapters.import_files import LARGEST
from domain.times import microseconds

MOST_VERSIONS = 200
SECONDS = 30
SAFE = (
    "--no-pager", "--no-replace-objects", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null",
    "-c", "protocol.allow=never", "-c", "log.showSignature=false", "-c", "core.alternateRefsCommand=",
)  # fmt: skip


COMMIT = re.compile(rb"([0-9a-f]{40,64})\0([^\0]*)\0([^\0]*)\0[\n\0]([^\0]+)\0")
"""One commit as it is listed: id, date, author, and the name of the file in it, which nothing but NUL can end."""


class Version(NamedTuple):
    """One text of a file; `at` is the author's date in µs since the epoch."""

    commit: str
    at: int
    author: str
    text: str


class Versions(NamedTuple):
    """The versions of a file, the oldest first, and how many older or unreadable ones are left out."""

    found: list[Version]
    left_out: int = 0


class Git:
    """Asks git about files in one folder; silent where there is no git or no repository."""

    def __init__(self, root: Path) -> None:
        self._root = root
        shown = self._ask("rev-parse", "--show-prefix") if root.is_dir() else None
        self._prefix = None if shown is None else shown.decode("utf-8", "surrogateescape").rstrip("\n")

    def versions(self, path: str) -> Versions:
        """Return the versions of a file that the current branch knows, also from when it had another name."""
        if self._prefix is None or "\n" in self._prefix + path:
            return Versions([])
        form = "--format=%H%x00%aI%x00%an"
        plain = ("--no-ext-diff", "--no-textconv", "--no-color", "-z", "--name-only")
        merges = "-c"  # those that made another text of both sides
        count = f"--max-count={MOST_VERSIONS + 1}"
        listed = self._ask("log", "--follow", merges, *plain, form, count, "HEAD", "--", f":(literal){path}")
        commits = [_words(line) for line in COMMIT.finditer(listed or b"")][::-1]
        cut = len(commits) > MOST_VERSIONS
        words = commits[1:] if cut else commits
        texts = self._texts([f"{commit}:{name}" for commit, _, _, name in words])
        found = [
            Version(commit, at, author, text)
            for (commit, date, author, _), text in zip(words, texts, strict=True)
            if text is not None and (at := _microseconds(date)) is not None
        ]
        return Versions(found, left_out=cut + sum(text is None for text in texts))

    def _texts(self, names: list[str]) -> list[str | None]:
        """Return the texts of blobs; None for one that is not there, too large, or no UTF-8."""
        if not names:
            return []
        askable = [name if "\n" not in name else "" for name in names]  # asked by line: "" is said to be missing
        asked = "".join(f"{name}\n" for name in askable).encode("utf-8", "surrogateescape")
        sizes = (self._ask("cat-file", "--batch-check=%(objecttype) %(objectsize)", stdin=asked) or b"").splitlines()
        wanted = [_is_small(line) for line in sizes] if len(sizes) == len(names) else [False] * len(names)
        some = "".join(f"{name}\n" for name, want in zip(names, wanted, strict=True) if want)
        data = self._ask("cat-file", "--batch=%(objectsize)", stdin=some.encode("utf-8", "surrogateescape")) or b""
        texts: list[str | None] = []
        at = 0
        for want in wanted:
            text = None
            if want and (end := data.find(b"\n", at)) > 0 and data[at:end].isdigit():
                size = int(data[at:end])
                text, at = _decoded(data[end + 1 : end + 1 + size]), end + 2 + size
            texts.append(text)
        return texts

    def _ask(self, *words: str, stdin: bytes = b"") -> bytes | None:
        env = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        env |= {"GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
        try:
            done = subprocess.run(
                ["git", *SAFE, *words],
                cwd=self._root,
                env=env,
                input=stdin,
                capture_output=True,
                timeout=SECONDS,
                check=False,
            )
        except (OSError, ValueError, subprocess.SubprocessError):
            return None
        return done.stdout if done.returncode == 0 else None


class NoGit(Git):
    """The history of files that came without one: whatever looks like a repository among them is not asked."""

    def __init__(self) -> None:
        self._prefix = None


def _words(found: re.Match[bytes]) -> tuple[str, str, str, str]:
    """Return commit, date, author and the name that the file had then, from the root of the repository."""
    commit, date, author, name = found.groups()
    return commit.decode(), date.decode(), author.decode("utf-8", "replace"), name.decode("utf-8", "surrogateescape")


def _is_small(line: bytes) -> bool:
    kind, _, size = line.partition(b" ")
    return kind == b"blob" and size.isdigit() and int(size) <= LARGEST


def _decoded(data: bytes) -> str | None:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None


def _microseconds(date: str) -> int | None:
    try:
        return microseconds(datetime.fromisoformat(date))
    except (ValueError, TypeError, OverflowError):
        return None
