"""Recoveries by a service: a store beside the one it serves, and the check of such a store."""

import re
from collections.abc import Sequence
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING
from uuid import uuid4

from cli.asked_there import asked_there, refuse_there
from cli.backup_options import SETTING
from cli.from_afar import WHERE
from cli.moment_there import moment_there
from cli.options import typed_line
from usecases.recovered import FOLDER

if TYPE_CHECKING:
    from cli.recover_run import Hints
    from usecases.recover_answers import RecoveryAnswer, RecoveryVerification

ELSEWHERE = "state_dir"
"""What a service calls the folder of its store where that lies outside of its project."""
NAMES_IT = "; there orch config show state_dir names the folder"
NAME = re.compile(r"[0-9a-f]{16}")
"""How a service calls the stores that it makes."""


def made_there(
    to: str, from_backups: str | None, identities: Sequence[Path] | None, documents: Path | None
) -> "tuple[RecoveryAnswer, Hints] | None":
    """Have a store made, and return what is known of it and what comes next; None where the log is opened here."""
    backups = from_backups if from_backups != SETTING else None
    why = "it makes a store beside its own, from its own store or backups, and no key is sent to it"
    named = {"--from-backups": backups, "--identity": identities, "--documents": documents}
    again = f"orch recover run --to {quote(to)}"
    refuse_there(named, why, again, f"{typed_line()} --out recovered", there=f"{typed_line()} --out recovered")
    asked = {"to": moment_there(to), "from_backups": from_backups == SETTING}
    found: RecoveryAnswer | None = asked_there("POST", "/recover/run", body=asked, key=str(uuid4()))
    if found is None:
        return None
    from cli.recover_run import Hints

    place = found.get("place") or f"{ELSEWHERE}/{FOLDER}/{found['out']}"  # a service that is older does not say
    words = quote(place)
    folder = NAMES_IT if place.startswith(f"{ELSEWHERE}/") else ""
    look = f"ORCHESTRATOR_STATE_DIR={words} orch list{WHERE}{folder}"
    promote = (
        f'orch recover promote {words} --reason "why the project goes back"{WHERE}, which is stopped before{folder}'
    )
    return {**found, "place": place, "to": to}, Hints(look, promote)


def verified_there(new: str) -> "RecoveryVerification | None":
    """Have a store verified that a service made; None where the store lies here, or the log is opened here."""
    if not NAME.fullmatch(new) or Path(new, "log.db").is_file():
        return None
    found: RecoveryVerification | None = asked_there("POST", "/recover/verify", body={"store": new})
    return found
