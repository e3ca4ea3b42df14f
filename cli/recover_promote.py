"""orch recover promote: let the project go on with a recovered store."""

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import click
import typer

from adapters.actor import refuse_guessed_kind
from adapters.settings import is_database_url, to_paste
from adapters.stores import attached_to
from adapters.workspace import Workspace
from cli.arguments import Reason
from cli.given import flags
from cli.options import Asked, writing
from cli.project import here
from cli.recover_verify import New
from cli.screen import can_be_asked, clean, paint
from cli.writes import report
from domain.errors import InvalidInput, ReasonMissing
from usecases.project import Project

if TYPE_CHECKING:
    from adapters.places import Places
    from cli.promoting import Promotion

Yes = Annotated[bool, typer.Option("--yes", help="Do not ask; away from a terminal there is nobody to ask.")]


@writing
def promote(asked: Asked, new: New, reason: Reason = "", yes: Yes = False) -> None:
    """Let the project go on with NEW. The old store is kept, read-only, in .orch/retired/; nothing of it is deleted.

    NEW gets a name and a key of its own: a log must never sign two histories. The first thing it says is which log it
    left, where, why, and who decided that. If this is interrupted, the same command again finishes it.

    Example: orch recover promote recovered --reason "A mistake" --yes

    Next: orch audit checkpoint > held.txt
    """
    from adapters.places import left_of
    from cli.undone import warn_of

    _refuse_unsure(asked, new, reason, yes=yes)
    promotion = _promotion(left_of(here(), flags=flags()), new)
    if not promotion.is_done:
        promotion.refuse_unfit()
        warn_of(promotion.undone_revocations(), promoted=True)
        if not yes:
            _ask(promotion)
        promotion.carry_out(asked, reason)
    promotion.finish()
    places = promotion.places
    with promotion.opened() as log:
        print(clean(promotion.left), file=sys.stderr)
        report(Project(places, log, Workspace(places)), asked, promotion.receipt(log))
    for line in promotion.to_do:
        print(f"→ {clean(line)}", file=sys.stderr)


def _promotion(places: "Places", new: str) -> "Promotion":
    """Return the promotion of what was named: a folder for a log in a file, a database for one in a database."""
    if is_database_url(new):
        from cli.promoting_database import DatabasePromotion

        if attached_to(places) is None and places.log.is_file():
            raise InvalidInput(
                f"The log of {places.root} is a file: recover into a folder and promote that, then migrate.",
                fix=("orch recover run --to now --out recovered", "orch migrate --to postgresql://user@host/database"),
            )
        return DatabasePromotion(places, new)
    from cli.promoting import FolderPromotion

    if places.database is not None or attached_to(places) is not None:
        raise InvalidInput(
            f"The log of {places.root} is in a PostgreSQL database: recover into another one, and promote that.",
            fix=("orch recover run --to now --into postgresql://user@host/recovered",),
        )
    path = Path(new)
    folder = path.absolute().parent.resolve() / path.name
    if places.state.resolve() == folder:
        raise InvalidInput(f"{new} is the store in force.", fix=("unset ORCHESTRATOR_STATE_DIR",))
    return FolderPromotion(places, folder)


def _refuse_unsure(asked: Asked, new: str, reason: str, *, yes: bool) -> None:
    """Refuse what says neither why nor that it is meant."""
    words = ["orch", "recover", "promote", to_paste(new)]
    if not reason.strip():
        raise ReasonMissing("A promotion", command=shlex.join(words[1:]), example="why the project goes back")
    words += ["--reason", reason, "--yes"]
    refuse_guessed_kind(asked.actor_kind, command=shlex.join(words))
    if not yes and not can_be_asked():
        kind = ["--actor-kind", asked.actor_kind] if asked.actor_kind else []
        raise InvalidInput(
            "The project would go on with another store; away from a terminal --yes has to say that it is meant.",
            fix=(shlex.join([*words, *kind]),),
        )


def _ask(promotion: "Promotion") -> None:
    print(
        f"The project goes on with {clean(promotion.new)}; what the store in force holds beyond is left.",
        file=sys.stderr,
    )
    print(f"  {paint('see', 'dim')} orch recover diff --to position:{promotion.size}", file=sys.stderr)
    click.confirm("Promote it?", abort=True, err=True)
