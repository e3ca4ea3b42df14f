"""What only whoever answers for the log may do: erase a text, replace the key."""

from typing import Annotated

from pydantic import Field
from starlette.responses import Response

from api.answering import answer, recorded
from api.asking import Admin
from api.outside import rows_outside
from api.parts import part
from api.words import MaybeReason, Text, Words, if_wanted
from domain.ledger import STREAM as LEDGER
from usecases.log_keys import rotated
from usecases.redacting import redacted
from usecases.writes import Written

router = part(prefix="/audit", tags=["audit"])


class Redaction(Words):
    """Which text is erased for good, and why."""

    position: Annotated[int, Field(ge=1, examples=[3])]
    reason: Annotated[Text, Field(examples=["It named a customer"])]


@router.post("/redact", summary="Erase the free text of an event")
def redact(ask: Admin, words: Redaction) -> Response:
    """Erase a text for good; its envelope and every proof stay. What copies are out of reach is said."""
    receipt, found = redacted(ask.project, ask.meta(stream=LEDGER), words.position, words.reason)
    (told,) = rows_outside([found], ask.project, "removed", "out_of_reach")
    response = answer("audit.redaction", told)
    if receipt.repeated:
        response.headers["Idempotent-Replayed"] = "true"
    return response


@router.post("/key/rotate", summary="Replace the key that speaks for the log")
def rotate_key(ask: Admin, words: Annotated[MaybeReason, if_wanted(MaybeReason)]) -> Response:
    """Make another key; the next checkpoint carries both signatures. Tell auditors the new one another way."""
    return recorded(ask, Written(rotated(ask.project, ask.meta(stream=LEDGER), words.reason)), stream=LEDGER)
