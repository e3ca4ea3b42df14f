"""The security monitor: thresholds over a sliding minute, and what an alert becomes."""

import base64
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook

from adapters.codec import decode
from api.heard import Heard
from api.security import Alert, Monitor, kind_of
from domain.actors import ActorKind
from domain.errors import InvalidInput
from domain.ledger_events import Alerted, AlertKind
from tests.adapters.test_webhooks import SECRET, receiver
from tests.api.served import issued, opened, served
from usecases.project import Project

INVALID, SCHEMA, UNAUTHORISED = AlertKind.INVALID_INPUTS, AlertKind.SCHEMA_VIOLATIONS, AlertKind.UNAUTHORISED_ACCESS
GUIDE = {INVALID: 10, SCHEMA: 5, UNAUTHORISED: 1}


class Clock:
    """A clock that tests move."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def monitor(clock: Clock) -> tuple[Monitor, list[Alert]]:
    raised: list[Alert] = []
    return Monitor(GUIDE, raised.append, clock=clock), raised


@pytest.mark.parametrize(("kind", "threshold"), GUIDE.items())
def test_an_alert_is_raised_at_the_threshold_and_not_before(kind: AlertKind, threshold: int) -> None:
    watch, raised = monitor(Clock())
    for _ in range(threshold - 1):
        watch.note(kind, "203.0.113.7")
    assert raised == []
    watch.note(kind, "203.0.113.8")
    ((found, times, at, seconds, sources),) = raised
    assert (found, times, at, seconds) == (kind, threshold, threshold, 60) and "203.0.113.8 (1)" in sources


def test_what_is_older_than_a_minute_does_not_count() -> None:
    clock = Clock()
    watch, raised = monitor(clock)
    for _ in range(40):
        clock.now += 7  # nine of them in any minute
        watch.note(INVALID, "x")
    assert raised == []
    clock.now += 1
    watch.note(INVALID, "x")
    assert len(raised) == 1


def test_one_that_goes_on_is_told_ever_more_rarely_and_nothing_is_left_out_of_the_count() -> None:
    clock = Clock()
    watch, raised = monitor(clock)
    began, told = clock.now, []
    for _ in range(6 * 3600 * 2):
        before = len(raised)
        watch.note(UNAUTHORISED, "203.0.113.7")
        if len(raised) > before:
            told.append(clock.now - began)
        clock.now += 0.5
    assert told[:6] == [0, 60, 180, 420, 900, 1860] and len(told) < 14
    assert all(later - earlier <= 3601 for earlier, later in pairwise(told))
    assert sum(alert.times for alert in raised) == 1 + int(told[-1] * 2)
    clock.now += 7200
    watch.note(UNAUTHORISED, "x")
    clock.now += 61
    watch.note(UNAUTHORISED, "x")
    assert [alert.times for alert in raised[-2:]] == [1, 1], "after a quiet hour it begins anew"


def test_many_sources_are_not_remembered_for_ever() -> None:
    watch, raised = monitor(Clock())
    for number in range(30_000):
        watch.note(INVALID, f"source-{number}")
    assert len(watch._watched[INVALID]._sources) <= 10_000
    assert len(raised) == 1 and raised[0].sources.endswith("and 5 more")


@pytest.mark.parametrize(
    ("status", "code", "is_schema", "kind"),
    [
        (401, "UNAUTHENTICATED", False, UNAUTHORISED),
        (403, "FORBIDDEN", False, UNAUTHORISED),
        (400, "VALIDATION_ERROR", False, INVALID),
        (400, "VALIDATION_ERROR", True, SCHEMA),
        (404, "NO_SUCH_PATH", False, INVALID),
        (404, "NOT_FOUND", False, None),
        (413, "BODY_TOO_LARGE", False, INVALID),
        (421, "HOST_NOT_ALLOWED", False, INVALID),
        (422, "WORKFLOW_VIOLATION", False, None),
        (409, "CONFLICT", False, None),
        (503, "UNAVAILABLE", False, None),
        (200, "", False, None),
    ],
)
def test_what_counts_as_what(status: int, code: str, is_schema: bool, kind: AlertKind | None) -> None:
    assert kind_of(Heard("r", "t", code=code, is_schema=is_schema), status) is kind


def alerts_in(project: Project, count: int) -> list[Alerted]:
    found: list[Alerted] = []
    for _ in range(500):
        events = [decode(record) for record in project.log.records(1, project.log.moment().position)]
        found = [event for event in events if isinstance(event, Alerted)]
        if len(found) >= count:
            break
        time.sleep(0.02)
    return found


def test_an_alert_is_an_event_a_line_a_number_and_a_message(folder: Path) -> None:
    secret = folder / "hook.secret"
    secret.touch(0o600)
    secret.write_text(SECRET)
    with opened(folder) as project, receiver(500, 200) as (url, seen):
        hook = {"security.webhook_url": url, "security.webhook_secret_file": str(secret)}
        with served(project, settings=hook) as client:
            holder = client.shows(issued(project))
            client.shows(None).get("/phases")
            client.shows("orch_0b8f3a52c1d2_" + "a" * 43).get("/phases")
            for _ in range(5):
                holder.post("/phases/st01-x/spec", {"nonsense": 1})
            for _ in range(10):
                holder.get("/phases?att=1")
            found = alerts_in(project, 3)
            for _ in range(500):
                if sum(int(headers["webhook-id"] != "") for _, headers, _ in seen) >= 4:
                    break
                time.sleep(0.02)
            told = holder.get("/metrics").body.decode()
    by_kind = {event.kind: event for event in found}
    assert by_kind.keys() == {*AlertKind}
    assert {kind: (event.count, event.threshold) for kind, event in by_kind.items()} == {
        kind: (threshold, threshold) for kind, threshold in GUIDE.items()
    }
    assert {event.by.name for event in found} == {"security-monitor"} and found[0].by.kind is ActorKind.SERVICE
    assert by_kind[UNAUTHORISED].sources == "127.0.0.1 (1)" and "token " in (by_kind[SCHEMA].sources or "")
    assert 'orch_security_alerts_total{kind="schema_violations"} 1.0' in told
    assert 'orch_suspicious_requests_total{kind="unauthorised_access"} 2.0' in told
    lines = (folder / ".orch" / "logs" / "combined.log").read_text()
    assert lines.count('"event":"security.alert"') == 3 and SECRET not in lines and url not in lines
    first = [Webhook(SECRET).verify(body, headers) for _, headers, body in seen]
    assert {document["type"] for document in first} == {"security.alert"} and len(first) >= 4
    assert {document["data"]["kind"] for document in first} == {*AlertKind} and first[0]["data"]["position"] > 0


def test_an_attacker_cannot_fill_the_log(folder: Path) -> None:
    with opened(folder) as project, served(project, settings={}) as client:
        before = project.log.moment().position
        for _ in range(300):
            client.shows(None).get("/phases")
        alerts_in(project, 1)
        assert project.log.moment().position == before + 1


@pytest.mark.parametrize(
    "wrong", [{"security.webhook_url": "http://example.org/"}, {"security.webhook_url": "https://example.org/"}]
)
def test_a_hook_that_cannot_be_signed_is_refused_at_the_start(wrong: dict[str, Any], folder: Path) -> None:
    with opened(folder) as project, pytest.raises(InvalidInput), served(project, settings=wrong):
        pass
    assert base64.b64decode(SECRET[6:])
