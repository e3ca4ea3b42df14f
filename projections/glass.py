"""How an approval under break-glass is told: while others can still ratify it, and once nobody did in time."""

from domain.documents import Document
from domain.times import rfc3339


def under_glass(what: str, document: Document) -> str:
    """Return that others have to ratify the approval of an iteration, and until when."""
    until = f", to be ratified until {rfc3339(document.ratify_by)}" if document.ratify_by is not None else ""
    return f"{what} is approved under break-glass by {document.broke_glass}{until}"


def lapsed(what: str, document: Document) -> str:
    """Return that the approval of an iteration is void; when is known until the next command writes it down."""
    when = "has expired" if document.ratify_by is None else f"expired at {rfc3339(document.ratify_by)}"
    return f"the approval of {what} under break-glass by {document.broke_glass} {when} because nobody ratified it"
