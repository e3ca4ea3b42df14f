"""What many heads name is asked for at once: over a network each question takes its time."""

import pytest

from adapters.envelope import told
from adapters.log_rows import Row
from adapters.postgres_log import PostgresLog
from domain.errors import Damaged
from tests.adapters.log_entries import accepted, decision


def test_a_thousand_events_are_asked_for_in_three_questions(log_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with PostgresLog.open(log_database) as log:
        accepted(log, *(decision(f"phase:{number}", events=2, text=f"words {number}") for number in range(600)))
        wanted = {(record.stream, record.version): told(record) for record in log.records()}
        places = sorted(wanted, reverse=True)
        asked: list[str] = []
        ask = log._line.ask

        def noted(query: str, values: Row | None = None) -> list[Row]:
            asked.append(query)
            return ask(query, values)

        monkeypatch.setattr(log._line, "ask", noted)
        found = log.told(places)
        assert len(asked) == 3
        assert found == wanted and [*found] == places
        assert log.told([]) == {} and log.told([places[0]] * 2) == {places[0]: wanted[places[0]]}
        with pytest.raises(Damaged, match="lacks version 3 of phase:7, which its head names"):
            log.told([("phase:7", 1), ("phase:7", 3)])
