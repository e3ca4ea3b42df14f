"""Whatever happened: a glance says what the whole state says, and every moment of a phase belongs to one place."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.event_log import EventLog
from domain.phase_glance import glance
from domain.phase_state import PhaseState
from domain.steps import StepState
from domain.tasks import TaskState
from domain.times import microseconds
from projections.spans import place_of, spans
from projections.task_list import outline_places, ready
from tests.facts import NOON
from tests.projections.test_urgent import JUDGED
from tests.properties.test_folds import logs
from tests.stories import told_by

START = microseconds(NOON)


@settings(deadline=None, max_examples=60)
@given(logs())
def test_a_glance_agrees_with_the_whole_state(log: EventLog) -> None:
    for head in log.heads_below("phase:")[1].values():
        state, seen = PhaseState.from_facts(head.facts), glance(head.facts)
        assert (seen.phase, seen.current) == (state.phase, state.current)
        assert tuple(seen.depends_on) == state.depends_on
        assert seen.approved == len(state.completed)
        assert seen.stale == sum(document.state is StepState.STALE for document in state.documents.values())
        assert seen.blockers == len(state.open_blockers)
        assert (seen.handed_off, seen.archived) == (bool(state.handed_off), bool(state.archived))
        assert seen.unrecorded == bool(outline_places(state))
        assert seen.glass == [(s, d.ratify_by) for s, d in state.documents.items() if d.ratify_by is not None]
        if state.current is not None:
            document = state.documents[state.current]
            assert [getattr(seen.document, name) for name in JUDGED] == [getattr(document, name) for name in JUDGED]
        states = [state.tasks.of(number).state for number, *_ in state.tasks.in_force.tasks]
        counted = (len(states), states.count(TaskState.DONE), states.count(TaskState.STARTED))
        assert seen.tasks == (*counted, len(ready(state, state.tasks)))


@settings(deadline=None, max_examples=60)
@given(logs(), st.integers(1, 20_000_000), st.integers(0, 10**12))
def test_the_stretches_of_a_phase_have_no_gaps_and_end_where_it_stands(log: EventLog, gap: int, later: int) -> None:
    """`gap` is between two events and `later` after the last one, in µs."""
    timed = [record._replace(recorded_at=START + record.position * gap) for record in log.records()]
    pairs = list(zip(timed, told_by(log), strict=True))
    now = START + len(timed) * gap + later
    for stream, head in log.heads_below("phase:")[1].items():
        history = [pair for pair in pairs if pair[0].stream == stream]
        found = list(spans(history, now=now))
        for span, following in pairwise(found):
            assert span.ended is not None and span.ending is not None
            # only a phase that was handed off stands nowhere until it is reopened
            assert following.began == span.ended or span.ending.value == "handed_off"
            assert following.place != span.place
        assert all(span.began <= (now if span.ended is None else span.ended) for span in found)
        assert found[0].began == history[0][0].recorded_at
        state = PhaseState.from_facts(head.facts)
        standing = [span.place for span in found if span.ended is None]
        assert standing == [place for place in (place_of(state, now),) if place is not None]
