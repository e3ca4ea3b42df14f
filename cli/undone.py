"""What a recovery gives back to people who have lost it: tokens, roles and keys that were revoked after T."""

import shlex
import sys
from collections.abc import Sequence

from cli.screen import clean, one_line, paint
from projections.undone_revocations import UndoneRevocation


def warn_of(rows: Sequence[UndoneRevocation], *, promoted: bool) -> None:
    """Say on stderr what opens again, and how it is closed once the recovered log takes writes."""
    when = "" if promoted else " once it is promoted"
    for row in rows:
        print(f"{paint('!', 'yellow', stream=sys.stderr)} {one_line(_sentence(row))}", file=sys.stderr)
        line = again(row)
        if line is not None:
            print(f"  → {clean(line)}{when}", file=sys.stderr)


def again(row: UndoneRevocation) -> str | None:
    """Return the command that revokes it once more; a promoted log has a new key by itself."""
    reason = ["--reason", f"Revoked before the recovery, at {row['recorded_at']}"]
    match row["kind"]:
        case "token":
            return shlex.join(["orch", "token", "revoke", row["name"], *reason])
        case "role":
            return shlex.join(["orch", "role", "revoke", row["name"], row["role"] or "", *reason])
    return None


def _sentence(row: UndoneRevocation) -> str:
    since = f"at position {row['position']}"
    match row["kind"]:
        case "token":
            return f"The token {row['name']} was revoked {since}, and opens the service again in what is recovered."
        case "role":
            return f"{row['name']} lost the role {row['role']} {since}, and holds it again in what is recovered."
    return f"The key {row['name']} was replaced {since}, and speaks for what is recovered until it is promoted."
