"""The title of a phase, also when its text was erased."""

from typing import NamedTuple

from domain import phase_ids
from domain.phase_state import PhaseState
from projections.places import Place, Tellings


class Title(NamedTuple):
    """A title, and whether it only stands in for one that was erased."""

    words: str
    erased: bool


def title_place(state: PhaseState) -> Place:
    """Return where the title is told."""
    return phase_ids.stream_of(state.phase), state.titled


def title_of(state: PhaseState, told: Tellings) -> Title:
    """Return the title; once it is erased, the one that the phase's name suggests."""
    texts = told[title_place(state)].texts
    if texts is None:
        return Title(phase_ids.title_from(state.phase), erased=True)
    return Title(texts["title"], erased=False)
