"""orch backup drill: restore the backups for trial, compare with the store, and remember what came of it."""

import typer

from adapters.drills import Drill
from cli import exits
from cli.answers import answer
from cli.asked_there import asked_there, refuse_there
from cli.backup_options import CopyName, From, Identities
from cli.backup_project import target_of
from cli.options import Asked, plain
from cli.project import opened
from cli.screen import clean, one_line, paint


@plain
def drill(asked: Asked, from_: From = None, identity: Identities = None, copy: CopyName = None) -> None:
    """Restore the backups into a scratch store, verify it, compare root and state with the store, record the result.

    A service tries its own; it has no key to those that are encrypted, and takes none.

    Exit 0: the backups bring back what the store holds. 6: they do not.

    Example: orch backup drill --from backups

    Next: orch backup list
    """
    from adapters.backup_packing import identities_from
    from usecases.backup_drilling import drilled

    why = "it tries the backups that its own settings name, and no key is sent to it"
    fix = ("orch backup drill", "orch backup verify --from PLACE --identity FILE")
    refuse_there({"--from": from_, "--identity": identity}, why, *fix)
    found: Drill | None = asked_there("POST", "/backups/drill", body={"copy": copy})
    if found is None:
        identities = identities_from(identity or ())
        with opened() as project:
            found = drilled(project, target_of(project.places, from_), identities, copy)
    answer("backup.drill", found, as_json=asked.json, show=lambda: _show(found))
    raise typer.Exit(exits.DONE if found["passed"] else exits.DAMAGED)


def _show(found: Drill) -> None:
    if found["passed"]:
        print(
            f"{paint('✓', 'green')} the backups bring back positions 1 to {found['position']}, the same state and root"
        )
    else:
        print(f"{paint('✗', 'red')} the drill failed: {one_line(found['why'] or '')}")
    print(f"  {clean(found['folder'])} ({found['copy']}), {found['seconds']:.1f} s")
    if found["unshipped"]:
        print(f"  {found['unshipped']:,} events of the store are in no backup")
