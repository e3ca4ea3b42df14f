"""orch backup prune: let go of copies that are old enough, or of texts that were erased."""

from shlex import join
from time import time_ns
from typing import TYPE_CHECKING, Annotated, Any, Optional, TypedDict

import typer

from adapters.settings_file import settings_of
from cli.answers import answer
from cli.backup_options import Identities, RecipientWords, To
from cli.backup_project import target_of
from cli.given import flags
from cli.options import Asked, plain
from cli.project import opened
from cli.screen import clean, paint
from domain.errors import Damaged, InvalidInput, Refusal, Rejected
from usecases.backup_places import author_of
from usecases.project import Project

if TYPE_CHECKING:
    from adapters.backup_target import Copy, Target
    from adapters.backup_writing import BackupWriter

KeepDays = Annotated[
    Optional[int],  # noqa: UP045  # Typer reads Optional at every release we allow
    typer.Option("--keep-days", metavar="D", min=0, max=36_500, help="Younger copies stay; backup.retention_days."),
]
KeepCopies = Annotated[
    Optional[int],  # noqa: UP045  # as above
    typer.Option("--keep-copies", metavar="N", min=1, max=1000, help="The newest N stay; backup.retention_copies."),
]
Redacted = Annotated[bool, typer.Option("--redacted", help="Rewrite segments that still hold erased texts instead.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do it; without, it is only said what would be done.")]
DAY_US = 86_400 * 1_000_000


class Pruned(TypedDict):
    """What goes and what stays; with `dry_run` nothing was changed. `verified` is the copy that was found whole."""

    folder: str
    dry_run: bool
    removed: list[str]
    rewritten: list[str]
    kept: list[str]
    verified: str | None
    bytes: int


@plain
def prune(
    asked: Asked,
    to: To = None,
    keep_days: KeepDays = None,
    keep_copies: KeepCopies = None,
    redacted: Redacted = False,
    recipient: RecipientWords = None,
    identity: Identities = None,
    yes: Yes = False,
) -> None:
    """Remove copies that are neither young nor among the newest; says what it would do unless --yes.

    A copy begins with orch backup create --full. One that verifies always stays. With --redacted, segments that still
    hold erased texts are written again without them.

    Example: orch backup prune --to backups --keep-days 30 --keep-copies 2

    Next: orch backup create --full
    """
    from adapters.backup_packing import identities_from
    from adapters.backup_target import origin_in
    from adapters.backup_writing import BackupWriter

    if recipient and not redacted:
        raise InvalidInput(
            "--recipient says to whom segments are encrypted that are written again: that needs --redacted.",
            fix=("orch backup prune --redacted --recipient AGE_KEY",),
        )
    identities = identities_from(identity or ())
    with opened() as project:
        storage = target_of(project.places, to)
        origin_in(storage)  # nothing is made where there are no backups
        writer = BackupWriter(storage, author_of(project, recipient))
        with writer.turn():
            target = _target(writer)
            data = (
                _rewritten(project, writer, target, yes=yes)
                if redacted
                else _pruned(project, writer, target, identities, _limits(project, keep_days, keep_copies), yes=yes)
            )
    answer("backup.pruned", data, as_json=asked.json, show=lambda: _show(data))


def _target(writer: "BackupWriter") -> "Target":
    from adapters.backup_target import read_target

    target = read_target(writer.storage, writer.author.keys)
    if target.strangers:
        target.copy()  # refuses
    return target


def _limits(project: Project, days: int | None, copies: int | None) -> tuple[int, int]:
    names = ("backup.retention_days", "backup.retention_copies")
    values = settings_of(names, project.places.settings, flags=flags())
    kept_days, kept_copies = (int(str(values[name].value)) for name in names)
    return kept_days if days is None else days, kept_copies if copies is None else copies


def _pruned(
    project: Project,
    writer: "BackupWriter",
    target: "Target",
    identities: list[Any],
    limits: tuple[int, int],
    *,
    yes: bool,
) -> Pruned:
    days, copies = limits
    before = time_ns() // 1000 - days * DAY_US
    old = [copy for copy in target.copies[:-copies] if not copy.manifests or copy.manifests[-1].made_at <= before]
    kept = [copy for copy in target.copies if copy not in old]
    whole = _whole(target, kept, identities) if old else None
    if old and whole is None:
        raise Rejected(
            "None of the copies that would stay is whole; nothing was removed. Begin a new one first.",
            fix=("orch backup verify", "orch backup create --full"),
        )
    if old and yes:
        writer.remove([copy.name for copy in old])
    return {
        "folder": writer.storage.where,
        "dry_run": not yes,
        "removed": [copy.name for copy in old],
        "rewritten": [],
        "kept": [copy.name for copy in kept],
        "verified": whole,
        "bytes": sum(copy.size for copy in old),
    }


def _whole(target: "Target", copies: "list[Copy]", identities: list[Any]) -> str | None:
    """Return the newest copy that verifies, opened where the keys open it."""
    from adapters.backup_reading import Backups

    for copy in reversed(copies):
        if copy.problem is not None:
            continue
        backups = Backups(target, copy, identities)
        try:
            backups.check_files()
            if backups.can_open:
                for _ in backups.events():
                    pass
        except (Damaged, InvalidInput):
            continue
        return copy.name
    return None


def _rewritten(project: Project, writer: "BackupWriter", target: "Target", *, yes: bool) -> Pruned:
    from usecases.backup_adding import holds_erased, redacted_in, rewrite_redacted

    gone = redacted_in(project.log)
    copies = [copy for copy in target.copies if any(holds_erased(m, gone) for m in copy.manifests)]
    for copy in copies:
        _refuse_to_rewrite(copy, writer, yes=yes)
    size = sum(m.segment.size for copy in copies for m in copy.manifests if holds_erased(m, gone))
    if yes:
        for copy in copies:
            rewrite_redacted(project.log, writer, copy)
    return {
        "folder": writer.storage.where,
        "dry_run": not yes,
        "removed": [],
        "rewritten": [copy.name for copy in copies],
        "kept": [copy.name for copy in target.copies if copy not in copies],
        "verified": None,
        "bytes": size,
    }


def _refuse_to_rewrite(copy: "Copy", writer: "BackupWriter", *, yes: bool) -> None:
    problem: Refusal | None = copy.problem
    if problem is not None:
        raise problem
    if any(manifest.recipients for manifest in copy.manifests) and not writer.author.recipients.words:
        words = ["orch", "backup", "prune", "--to", writer.storage.where, "--redacted", "--recipient", "AGE_KEY"]
        raise InvalidInput(
            f"{copy.name} is encrypted; it would be written again in plain text. Name the age key it is for.",
            fix=(join([*words, "--yes"] if yes else words),),
        )


def _show(data: Pruned) -> None:
    would = "would be" if data["dry_run"] else "were" if len(data["removed"] + data["rewritten"]) > 1 else "was"
    for names, what in ((data["removed"], "removed"), (data["rewritten"], "written again without erased texts")):
        if names:
            print(f"{paint('✓', 'green')} {', '.join(names)} {would} {what} ({data['bytes']:,} bytes)")
    if not data["removed"] and not data["rewritten"]:
        print(f"nothing to prune in {clean(data['folder'])}")
    if data["kept"]:
        print(f"  {', '.join(data['kept'])} stay{'s' if len(data['kept']) == 1 else ''}")
    if data["dry_run"] and (data["removed"] or data["rewritten"]):
        print("  nothing was changed; add --yes")
