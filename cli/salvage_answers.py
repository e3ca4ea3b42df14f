"""The shapes of what a salvage answers with `--json`, and keeps in salvage.json."""

from typing import Literal, TypedDict

from projections.salvage_vouching import By
from usecases.recover_answers import RecoveryVerification


class Stretch(TypedDict):
    """Positions that fared alike. Every known position is in exactly one stretch.

    `file` holds what did not get into the new log; `vouched` is nothing for what is lost, and `witness` is the file
    of the signed checkpoint that vouches, or speaks against it.
    """

    first: int
    last: int
    fate: Literal["saved", "filled", "lost"]
    file: str | None
    vouched: By | None
    witness: str | None


class LostEvent(TypedDict):
    """A position that is lost, and what is known of it nevertheless. Nothing of this is proven."""

    position: int
    stream: str | None
    phase: str | None
    version: int | None
    topic: str | None
    command_id: str | None
    leaf: str | None
    why: str


class LostText(TypedDict):
    """An event whose envelope was saved, and whose free text was not."""

    position: int
    stream: str
    topic: str
    why: str


class Counts(TypedDict):
    """How many positions there are of each kind; `known` is the sum of `saved`, `filled` and `lost`."""

    known: int
    in_log: int
    saved: int
    filled: int
    lost: int
    beside: int
    """Saved or filled, but in files beside the log: they come after the first gap."""
    texts_lost: int
    texts_filled: int


class SalvageAnswer(TypedDict):
    """What was saved of a damaged store, and exactly what was not."""

    out: str
    store: str
    backups: str | None
    origin: str
    counts: Counts
    stretches: list[Stretch]
    lost: list[LostEvent]
    texts_lost: list[LostText]
    texts_filled: list[int]
    erased: list[int]
    """Positions whose text a known redaction erased."""
    held: list[str]
    """Signed checkpoints that the events fit."""
    contradicted: list[str]
    """Signed checkpoints that the events do not fit."""
    files: list[str]
    remarks: list[str]
    verification: RecoveryVerification | None
    """That of the new log; nothing where not even the first event could be saved."""
