"""The documents that a log holds, as files."""

from collections.abc import Iterator

from adapters.stores import opened_at
from domain.phase_ids import PREFIX
from domain.phase_state import PhaseState
from domain.steps import STEPS
from projections.document_text import document_text, place_of_latest
from projections.file_text import file_text


def texts_in(address: str) -> Iterator[tuple[str, str]]:
    """Yield `PHASE/STEP.md` and the latest text of every document; erased ones are left out."""
    with opened_at(address, read_only=True) as log:
        for stream, head in log.heads_below(PREFIX)[1].items():
            phase = stream.removeprefix(PREFIX)
            for step in STEPS:
                place = place_of_latest(head, step)
                text = document_text(phase, log.told([place])[place])["text"] if place else None
                if text is not None:
                    yield f"{phase}/{step}.md", file_text(text, step, PhaseState.from_facts(head.facts))
