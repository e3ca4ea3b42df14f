"""The shape of what `orch audit redact` answers with `--json`."""

from projections.outcomes import Outcome
from projections.redactions import ErasedText
from projections.same_text import SameText


class RedactionAnswer(Outcome):
    """What was erased. The outcome is that of the redaction, also where it had been recorded before."""

    erased: ErasedText
    removed: list[str]
    """Files that held exactly the erased text."""
    still_there: list[SameText] | None
    """Events that say the same; None where the text was gone already and could not be looked for."""
    out_of_reach: list[str]
