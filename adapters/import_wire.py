"""What is claimed of a phase of elsewhere, as JSON carries it to the service that takes it over."""

from typing import Any

from domain.commands import ImportPhase
from domain.errors import InvalidInput
from domain.import_claims import (
    BlockerThere,
    Claim,
    DependencyThere,
    TextThere,
    TitleThere,
    UnblockedThere,
    VerdictThere,
)

KINDS: dict[str, type[Claim]] = {
    "text": TextThere,
    "verdict": VerdictThere,
    "blocker": BlockerThere,
    "unblocked": UnblockedThere,
    "dependency": DependencyThere,
    "title": TitleThere,
}
"""What each kind of claim is called."""
MOST = 4 * 1024 * 1024
"""Bytes of a body that a service takes."""


def words_of(command: ImportPhase) -> dict[str, Any]:
    """Return what an import says, without who asks. Raises `InvalidInput` for more than a service takes at once."""
    names = {kind: name for name, kind in KINDS.items()}
    claims = [{"claim": names[type(claim)], **claim._asdict()} for claim in command.claims]
    size = sum(len(claim.text.encode()) for claim in command.claims if isinstance(claim, TextThere))
    if size > MOST:
        raise InvalidInput(
            f"The texts of {command.phase} have {size:,} bytes, and a service takes {MOST:,} at once: import it on the"
            " machine of the log.",
            fix=("unset ORCHESTRATOR_URL",),
        )
    return {
        "title": command.title,
        "importer": command.importer,
        "source": command.source,
        "name_there": command.name_there,
        "claims": claims,
        "began_at": command.began_at,
        "left_out": list(command.left_out),
        "imported_from": command.imported_from,
    }
