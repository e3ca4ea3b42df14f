"""The documents of spec-kit, OpenSpec and Kiro as claims: every version that git keeps, then the file as it is."""

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import NamedTuple

from adapters.import_files import Folder, LeftOut, Unreadable
from adapters.import_git import MOST_VERSIONS, Git
from domain.digest import normalised
from domain.import_claims import TextThere, key_of
from domain.steps import STEPS, Step

Dated = tuple[int, TextThere]
"""When a text is put in the order of a phase: never before an older version of its own file."""


class Documents(NamedTuple):
    claims: list[TextThere]
    left_out: list[LeftOut]
    notes: list[str]


def documents(folder: Folder, git: Git, texts: Mapping[Step, Sequence[PurePosixPath]]) -> Documents:
    """Read the documents of one phase; several files of one step are one text, each under a line that names it."""
    dated: list[Dated] = []
    left_out: list[LeftOut] = []
    notes: list[str] = []
    for step in STEPS:
        read = [(path, text) for path in texts.get(step, ()) if (text := _read(folder, path, left_out)) is not None]
        if len(texts.get(step, ())) == 1 and read:
            dated += _versions(git, step, *read[0], notes)
        elif read:
            dated += _joined(git, step, read)
    dated.sort(key=lambda pair: pair[0])
    return Documents([claim for _, claim in dated], left_out, notes)


LATEST = 1 << 62
"""The place of what nobody dated: after everything else."""


def _read(folder: Folder, path: PurePosixPath, left_out: list[LeftOut]) -> str | None:
    try:
        text = folder.text(path)
    except Unreadable as error:
        left_out.append(LeftOut(str(path), str(error)))
        return None
    if not text.strip():
        left_out.append(LeftOut(str(path), "is empty"))
        return None
    return text


def _versions(git: Git, step: Step, path: PurePosixPath, text: str, notes: list[str]) -> list[Dated]:
    versions = git.versions(str(path))
    if versions.left_out:
        notes.append(
            f"{path}: {versions.left_out} version(s) in git are left out (older than {MOST_VERSIONS}, or no text)"
        )
    dated: list[Dated] = []
    order = 0
    for version in versions.found:
        if not version.text.strip():
            continue
        order = max(order, version.at)
        read_from = f"{path} in commit {version.commit[:12]} by {version.author}"
        key = key_of(step, path.name, normalised(version.text), version.at)
        dated.append((order, TextThere(key, version.at, step, version.text, read_from)))
    if not dated or normalised(dated[-1][1].text) != normalised(text):
        note = "" if not dated else ", not committed"
        dated.append((LATEST, _undated(step, path.name, text, f"{path}{note}")))
    return dated


def _joined(git: Git, step: Step, read: Sequence[tuple[PurePosixPath, str]]) -> list[Dated]:
    """Return one text of several files, dated where git has each of them as it is."""
    parts, times = [], []
    for path, text in read:
        parts.append(f"<!-- {path.parent.name}/{path.name} -->\n\n{normalised(text)}")
        newest = next(reversed(git.versions(str(path)).found), None)
        times.append(newest.at if newest and normalised(newest.text) == normalised(text) else None)
    text = "\n".join(parts)
    read_from = ", ".join(str(path) for path, _ in read)
    at = None if None in times else max(time for time in times if time is not None)
    if at is None:
        return [(LATEST, _undated(step, "joined", text, read_from))]
    return [(at, TextThere(key_of(step, "joined", text, at), at, step, text, read_from))]


def _undated(step: Step, name: str, text: str, read_from: str) -> TextThere:
    return TextThere(key_of(step, name, normalised(text)), None, step, text, read_from)
