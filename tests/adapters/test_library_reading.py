"""A projection written for the library, and run by the library's own runner, follows our log."""

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Thread
from time import sleep
from typing import Any

import pytest
from eventsourcing.dispatch import singledispatchmethod
from eventsourcing.persistence import NotSupportedError, ProgrammingError, Tracking
from eventsourcing.popo import POPOTrackingRecorder
from eventsourcing.projection import Projection, ProjectionRunner
from eventsourcing.sqlite import SQLiteTrackingRecorder

from adapters.codec import decode
from adapters.library_application import LogMapper, OrchestratorLog
from adapters.library_reading import LogRecorder, record_in
from adapters.places import find
from adapters.postgres_log import PostgresLog
from adapters.sqlite_log import SqliteLog
from adapters.stores import open_log
from domain.commands import InitialiseProject, RedactPayload
from domain.document_events import ApprovalRequested, DocumentDrafted
from domain.errors import UnknownEvent
from domain.event_log import EventLog
from domain.phase import Phase
from tests.cli.conftest import Orch, orch, project
from tests.memory_log import MemoryLog
from tests.reliability.ledger import carry_out, draft, meta, new_log, request

__all__ = ["orch", "project"]  # fixtures

PATIENCE_S = 30.0


class Drafts(POPOTrackingRecorder):
    """A view: how often each phase was drafted and asked about. A repeat would count twice."""

    def __init__(self) -> None:
        super().__init__()
        self.drafts: Counter[str] = Counter()
        self.requests: Counter[str] = Counter()
        self.texts: dict[str, str | None] = {}

    def count(self, counter: Counter[str], phase: str, tracking: Tracking) -> None:
        with self._database_lock:
            self._assert_tracking_uniqueness(tracking)
            self._insert_tracking(tracking)
            counter[phase] += 1


class CountDrafts(Projection[Drafts]):
    """What somebody would write who knows the library, and nothing of ours but the events."""

    topics = (DocumentDrafted.TOPIC, ApprovalRequested.TOPIC)

    @singledispatchmethod
    def process_event(self, domain_event: Any, tracking: Tracking) -> None:
        raise AssertionError(f"{domain_event} was not asked for")

    @process_event.register
    def _(self, domain_event: DocumentDrafted, tracking: Tracking) -> None:
        self.view.texts[domain_event.originator_id] = domain_event.text
        self.view.count(self.view.drafts, domain_event.originator_id, tracking)

    @process_event.register
    def _(self, domain_event: ApprovalRequested, tracking: Tracking) -> None:
        self.view.count(self.view.requests, domain_event.originator_id, tracking)


class KeptDrafts(SQLiteTrackingRecorder):
    """The same in a file, to be there when the runner is not."""

    def construct_create_table_statements(self) -> list[str]:
        return [
            *super().construct_create_table_statements(),
            "CREATE TABLE IF NOT EXISTS drafts (phase TEXT, iteration INTEGER)",
        ]

    def add(self, phase: str, iteration: int, tracking: Tracking) -> None:
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking)
            cursor.execute("INSERT INTO drafts VALUES (?, ?)", (phase, iteration))

    def rows(self) -> list[tuple[str, int]]:
        with self.datastore.transaction(commit=False) as cursor:
            cursor.execute("SELECT phase, iteration FROM drafts ORDER BY rowid")
            return [tuple(row) for row in cursor.fetchall()]


class KeepDrafts(Projection[KeptDrafts]):
    topics = (DocumentDrafted.TOPIC,)

    @singledispatchmethod
    def process_event(self, domain_event: Any, tracking: Tracking) -> None:
        raise AssertionError(f"{domain_event} was not asked for")

    @process_event.register
    def _(self, domain_event: DocumentDrafted, tracking: Tracking) -> None:
        self.view.add(domain_event.originator_id, domain_event.iteration, tracking)


@pytest.fixture(params=["sqlite", "postgres"])
def began(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Orch:
    """Return `orch` in a project whose log is in a file, or in a database."""
    run: Orch = request.getfixturevalue("orch")
    if request.param == "postgres":
        monkeypatch.setenv("ORCHESTRATOR_DATABASE_URL", request.getfixturevalue("database"))
    assert run("init", "--host", "example.org").status == 0
    return run


def opened() -> EventLog:
    return open_log(find(Path.cwd()), read_only=False)


def test_the_librarys_own_runner_follows_while_commands_are_written(began: Orch, tmp_path: Path) -> None:
    began("spec", "st01-x", "--objectives", "before anybody followed")
    runner = ProjectionRunner(
        application_class=OrchestratorLog,
        projection_class=CountDrafts,
        view_class=Drafts,
        env={"PROJECT_FOLDER": str(tmp_path / "dev")},
    )
    with runner, closing(opened()) as log:
        runner.wait(log.moment().position, timeout=PATIENCE_S)
        assert runner.view.drafts == runner.view.requests == {"phase:st01-x": 1}
        assert "before anybody followed" in (runner.view.texts["phase:st01-x"] or "")
        for number in range(1, 11):
            receipt = carry_out(log, draft("st02-y"))
            runner.wait(receipt.last, timeout=PATIENCE_S)
            assert runner.view.drafts["phase:st02-y"] == number, "as soon as it was written"
        carry_out(log, draft("st01-x"))
        assert runner.app.name == log.origin, "what is tracked says of which log it is"
        runner.wait(log.moment().position, timeout=PATIENCE_S)
        assert runner.view.requests == {"phase:st01-x": 2, "phase:st02-y": 10}


def test_a_view_in_a_file_goes_on_where_it_was(began: Orch, tmp_path: Path) -> None:
    env = {
        "PROJECT_FOLDER": str(tmp_path),
        "KEEPDRAFTS_PERSISTENCE_MODULE": "eventsourcing.sqlite",
        "KEEPDRAFTS_SQLITE_DBNAME": str(tmp_path / "view.db"),
    }
    for turn in range(1, 4):
        with closing(opened()) as log:
            carry_out(log, draft("st01-x"))
            with ProjectionRunner(
                application_class=OrchestratorLog, projection_class=KeepDrafts, view_class=KeptDrafts, env=env
            ) as runner:
                receipt = carry_out(log, draft("st01-x"))
                runner.wait(receipt.first, timeout=PATIENCE_S)  # what has no topic of its own is not tracked
                assert runner.view.rows() == [("phase:st01-x", number) for number in range(1, turn * 2 + 1)]


def test_an_event_of_a_newer_version_stops_the_runner_loudly(
    project: Orch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project("spec", "st01-x", "--objectives", "x")
    monkeypatch.setattr("adapters.codec.TOPICS", {})
    with (
        pytest.raises(UnknownEvent),
        ProjectionRunner(
            application_class=OrchestratorLog,
            projection_class=CountDrafts,
            view_class=Drafts,
            env={"PROJECT_FOLDER": str(tmp_path)},
        ) as runner,
    ):
        runner.run_forever(timeout=PATIENCE_S)


# the recorder, on any log


class Silence:
    """A log that tells nothing: whoever follows has to look."""

    def wait(self, seconds: float) -> bool:
        sleep(min(seconds, 0.01))
        return True

    def close(self) -> None:
        """There is nothing to let go of."""


@pytest.fixture(params=["sqlite", "postgres", "memory"])
def log(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[EventLog]:
    if request.param == "memory":
        memory = MemoryLog()
        carry_out(memory, InitialiseProject(meta(), memory.origin, "key", "reading"))
        yield memory
    elif request.param == "postgres":
        with PostgresLog.open(request.getfixturevalue("log_database")) as there:
            carry_out(there, InitialiseProject(meta(), there.origin, "key", "reading"))
            yield there
    else:
        with SqliteLog.open(new_log(tmp_path)) as made:
            yield made


@pytest.fixture
def recorder(log: EventLog) -> LogRecorder:
    for phase in ("st01-x", "st02-y"):
        carry_out(log, draft(phase))
        carry_out(log, request(phase))
    return LogRecorder(log, Silence)


def test_notifications_are_the_positions_in_order(recorder: LogRecorder, log: EventLog) -> None:
    last = log.moment().position
    assert recorder.max_notification_id() == last

    def ids(*words: Any, **more: Any) -> list[int]:
        return [found.id for found in recorder.select_notifications(*words, **more)]

    everything = list(range(1, last + 1))
    assert ids(None, 100) == ids(0, 100) == ids(1, 100) == ids(-3, 100) == everything
    assert ids(2, 3) == [2, 3, 4] and ids(2, 3, inclusive_of_start=False) == [3, 4, 5]
    assert ids(3, 100, 5) == [3, 4, 5] and ids(last + 1, 10) == []
    drafted = [record.position for record in log.records() if record.topic == DocumentDrafted.TOPIC]
    assert (
        ids(1, 100, topics=[DocumentDrafted.TOPIC]) == drafted
        and ids(1, 1, topics=[DocumentDrafted.TOPIC]) == drafted[:1]
    )


def test_an_empty_log_has_no_notification() -> None:
    recorder = LogRecorder(MemoryLog(), Silence)
    assert recorder.max_notification_id() is None and recorder.select_notifications(1, 10) == []


def test_a_notification_holds_the_whole_record(recorder: LogRecorder, log: EventLog) -> None:
    for record, notification in zip(log.records(), recorder.select_notifications(1, 100), strict=True):
        assert record_in(notification) == record
        assert LogMapper().to_domain_event(notification) == decode(record)
        assert (notification.originator_id, notification.originator_version) == (record.stream, record.version)


def test_of_an_erased_text_nothing_is_left(recorder: LogRecorder, log: EventLog) -> None:
    (first, *_) = recorder.select_notifications(1, 1, topics=[DocumentDrafted.TOPIC])
    carry_out(log, draft("st01-x"))
    carry_out(log, RedactPayload(meta(), first.id, "a secret"))
    (notification,) = recorder.select_notifications(first.id, 1)
    event = LogMapper().to_domain_event(notification)
    assert isinstance(event, DocumentDrafted) and event.text is None and event.digest
    assert b"be there after the crash" in first.state and b"be there after the crash" not in notification.state


def test_the_events_of_one_stream(recorder: LogRecorder) -> None:
    def versions(**words: Any) -> list[int]:
        return [found.originator_version for found in recorder.select_events("phase:st01-x", **words)]

    assert versions() == [1, 2, 3, 4]
    assert versions(gt=1, lte=3) == [2, 3] and versions(desc=True, limit=2) == [4, 3] and versions(limit=1) == [1]


def test_a_subscription_yields_what_is_there_and_what_comes_and_ends_when_it_is_told(
    recorder: LogRecorder, log: EventLog
) -> None:
    seen: list[int] = []
    subscription = recorder.subscribe(gt=2)

    def read() -> None:
        with subscription:
            seen.extend(found.id for found in subscription)

    thread = Thread(target=read)
    thread.start()
    last = 0
    for _ in range(10):
        last = carry_out(log, request("st01-x")).last
        while not seen or seen[-1] < last:
            sleep(0.001)
            assert thread.is_alive()
    subscription.stop()
    thread.join(PATIENCE_S)
    assert not thread.is_alive() and seen == list(range(3, last + 1))


def test_a_view_of_another_log_and_a_misspelt_topic_are_refused(recorder: LogRecorder) -> None:
    with pytest.raises(ProgrammingError, match="another log"):
        recorder.subscribe(gt=10_000)
    for ask in (recorder.subscribe, lambda topics: recorder.select_notifications(1, 10, topics=topics)):
        with pytest.raises(ProgrammingError, match="DocumentDrafted"):
            ask(topics=["domain.document_events:DocumentDrafted"])


def test_nothing_is_written_this_way(project: Orch, tmp_path: Path) -> None:
    project("spec", "st01-x", "--objectives", "x")
    with OrchestratorLog({"PROJECT_FOLDER": str(tmp_path)}) as app:
        phase: object = app.repository.get("phase:st01-x")
        assert isinstance(phase, Phase) and phase.version == 3
        phase.retitle("Other", by=meta().by, at=meta().at)
        with pytest.raises(NotSupportedError):
            app.save(phase)
        assert [item.id for item in app.notification_log["1,3"].items] == [1, 2, 3]
