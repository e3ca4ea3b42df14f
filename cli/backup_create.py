"""orch backup create: add what is new to the backups."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from cli.answers import answer
from cli.asked_there import asked_there, refuse_there
from cli.backup_options import RecipientWords, To
from cli.backup_project import target_of
from cli.options import Asked, plain
from cli.project import opened
from cli.screen import clean, paint
from usecases.project import Project

if TYPE_CHECKING:
    from usecases.backup_answers import BackupMade

Full = Annotated[bool, typer.Option("--full", help="Begin a new copy with everything, not only what is new.")]


@plain
def create(asked: Asked, to: To = None, recipient: RecipientWords = None, full: Full = False) -> None:
    """Add what is new to the backups, sealed by a signed checkpoint. Nothing new is no mistake.

    With --recipient, or the setting backup.recipients, backups are encrypted; otherwise they are plain text. A service
    makes its own, as its settings say, and a full one only where the newest copy lacks something.

    Example: orch backup create --to backups

    Next: orch backup verify
    """
    why = "its own settings say where its backups go, and who can read them"
    refuse_there({"--to": to, "--recipient": recipient}, why, "orch backup create")
    data = asked_there("POST", "/backups", body={"full": full})
    if data is None:
        with opened() as project:
            data = made_now(project, to, recipient, full=full)
    for warning in data.get("warnings", ()):
        say(warning)
    answer("backup.made", data, as_json=asked.json, show=lambda: show_made(data))


def made_now(project: Project, to: str | None, recipient: list[str] | None, *, full: bool = False) -> "BackupMade":
    """Add what is new, and keep the checkpoint that seals it."""
    from usecases.backup_making import backed_up
    from usecases.backup_places import author_of

    author = author_of(project, recipient)
    return backed_up(project, target_of(project.places, to), author, full=full)


def say(sentence: str) -> None:
    """Print a warning."""
    print(paint(clean(sentence), "yellow", stream=sys.stderr), file=sys.stderr)


def show_made(data: "BackupMade") -> None:
    """Print what was added, in words."""
    where = f"{clean(data['folder'])} ({data['copy']})"
    if data["first"] is None:
        print(f"nothing is new: {where} holds all {data['last']} events")
        return
    how = f"encrypted to {len(data['recipients'])}" if data["encrypted"] else "plain text"
    print(f"{paint('✓', 'green')} positions {data['first']} to {data['last']} are in {where}")
    print(f"  {data['events']:,} events, {data['bytes']:,} bytes in {len(data['files'])} files, {how}")
    print(f"  root {data['root']}")
