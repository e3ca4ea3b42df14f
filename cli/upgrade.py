"""orch upgrade: bring the log of an older version of orch up to this one."""

import sys
from typing import TYPE_CHECKING, Annotated, TypedDict

import typer

from adapters.settings import is_database_url
from cli.answers import answer
from cli.backup_options import Identities, RecipientWords, To
from cli.given import flags
from cli.options import Asked, plain
from cli.project import here
from cli.screen import clean, paint
from cli.upgrade_backup import BackupBefore
from domain.errors import InvalidInput

if TYPE_CHECKING:
    from pathlib import Path

    from adapters.places import Places

LARGE = 64 * 1024 * 1024
"""Writing a smaller file anew takes less than a second or two."""


class UpgradeAnswer(TypedDict):
    """The schema that the log had, and the one it has now; the same where there was nothing to do.

    `backup` was made before; `checked` says that events, tree and state were compared and are the same.
    """

    log: str
    before: int
    after: int
    upgraded: bool
    backup: BackupBefore | None
    checked: bool


WithBackup = Annotated[
    bool, typer.Option("--with-backup", help="Back up and verify that first; check afterwards, and go back if need be.")
]


@plain
def upgrade(
    asked: Asked,
    with_backup: WithBackup = False,
    to: To = None,
    recipient: RecipientWords = None,
    identity: Identities = None,
) -> None:
    """Change the schema of the log to the one of this version. Every event stays as it is; a file is written anew.

    Until then an older log can be read, and a write on it is refused. Safe to repeat, and to run several at once. With
    --with-backup, events, tree and state are compared before and after; exit 8 says that the log is as it was.

    Example: orch upgrade --with-backup --to backups

    Next: orch audit verify
    """
    from adapters.places import find

    if (to or recipient or identity) and not with_backup:
        raise InvalidInput(
            "--to, --recipient and --identity are about the backup: that needs --with-backup.",
            fix=("orch upgrade --with-backup",),
        )
    places = find(here(), flags=flags())
    backup = _backed_up(to, recipient, identity) if with_backup else None
    where, before, after = _upgraded(places, checked=with_backup)
    upgraded = before != after
    data: UpgradeAnswer = {
        "log": where,
        "before": before,
        "after": after,
        "upgraded": upgraded,
        "backup": backup,
        "checked": upgraded and with_backup,
    }

    def show() -> None:
        if backup:
            told = f"positions 1 to {backup['last']} are in {clean(backup['folder'])} ({backup['copy']})"
            print(f"{paint('✓', 'green')} {told}, {backup['verdict']}")
        if upgraded:
            print(f"{paint('✓', 'green')} {clean(where)}: schema {before} became {after}")
        else:
            print(f"{paint('✓', 'green')} {clean(where)} has schema {after}; there is nothing to do")
        if data["checked"]:
            print(f"{paint('✓', 'green')} the same events, tree and state as before")

    answer("upgrade", data, as_json=asked.json, show=show)


def _backed_up(to: str | None, recipient: list[str] | None, identity: "list[Path] | None") -> "BackupBefore":
    from cli.upgrade_backup import backup_before

    return backup_before(to, recipient, identity)


def _upgraded(places: "Places", *, checked: bool) -> tuple[str, int, int]:
    """Upgrade the log wherever it is; return where that is, and its schema before and after."""
    if is_database_url(places.address):
        from adapters.postgres_connection import named
        from adapters.postgres_schema import upgrade_tables
        from adapters.stores import open_log

        open_log(places, read_only=True).close()  # which refuses a database that holds another log
        before, after = upgrade_tables(places.address, timeout_s=places.timeout_ms / 1000, checked=checked)
        return named(places.address), before, after
    from adapters.sqlite_upgrade import upgrade_log

    done = upgrade_log(places.log, begins=_say_when_it_takes_long, checked=checked)
    return str(places.log), done.before, done.after


def _say_when_it_takes_long(size: int) -> None:
    if size > LARGE and sys.stderr.isatty():
        print(f"The log's {size / 1e6:,.0f} MB are written anew; other commands wait.", file=sys.stderr)
