"""Following the log over HTTP: everything, in order, from where a client left off, and nothing for who may not."""

from asyncio import run
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPResponse
from threading import Event as ThreadingEvent
from threading import Thread
from typing import Any, NamedTuple

import orjson
import pytest

from api.events import _events
from api.service import Followers, Service
from domain.access_token import Scope
from tests.api.served import HERE, PATIENCE, Client, issued, served
from usecases.project import Project

SPEC = {"objectives": ["Round trip below 10 ms"]}


class Event(NamedTuple):
    id: int
    topic: str
    row: dict[str, Any]


@contextmanager
def following(client: Client, path: str = "/events", **headers: str) -> Iterator[HTTPResponse]:
    connection = client.connection()
    sent = {"Authorization": f"Bearer {client.token}", **{k.replace("_", "-"): v for k, v in headers.items()}}
    connection.request("GET", f"/api/v1{path}", None, sent)
    try:
        yield connection.getresponse()
    finally:
        connection.close()


def told(stream: HTTPResponse) -> Iterator[Event]:
    """Yield events until the stream ends."""
    fields: dict[str, str] = {}
    while line := stream.readline():
        words = line.decode().rstrip("\n")
        if words.startswith(":"):
            continue
        if words:
            name, _, value = words.partition(": ")
            fields[name] = value
        elif fields:
            yield Event(int(fields["id"]), fields["event"], orjson.loads(fields["data"]))
            fields = {}


def test_a_follower_hears_what_is_recorded_while_it_listens(client: Client) -> None:
    with following(client) as stream:
        assert stream.status == 200 and stream.headers["content-type"].startswith("text/event-stream")
        assert stream.headers["x-accel-buffering"] == "no", "a proxy is asked to pass each event on as it comes"
        assert stream.readline().startswith(b": the log from position")
        recorded = client.post("/phases/st40-heard/spec", SPEC).data
        events = [next(told(stream)) for _ in recorded["events"]]
    assert [{"position": each.id, "topic": each.topic} for each in events] == recorded["events"]
    assert [each.row for each in events] == client.get("/phases/st40-heard/history").data["rows"]


def test_a_follower_goes_on_where_it_left_off(client: Client) -> None:
    client.post("/phases/st41-again/spec", SPEC)
    whole = client.get("/audit/trail").data["rows"]
    with following(client, "/events?after=9999999", Last_Event_ID="2") as stream:
        heard = told(stream)
        positions = [next(heard).id for _ in range(len(whole) - 2)]
    assert positions == [row["position"] for row in whole[2:]]
    with following(client, "/events?after=0") as stream:
        assert next(told(stream)).topic == "project.initialised"


def test_a_follower_of_one_phase_hears_only_that(client: Client) -> None:
    client.post("/phases/st42-other/spec", SPEC)
    client.post("/phases/st43-mine/spec", SPEC)
    with following(client, "/events?after=0&phase=st43-mine") as stream:
        heard = told(stream)
        assert {next(heard).row["phase"] for _ in range(3)} == {"st43-mine"}


def test_a_token_that_is_revoked_hears_no_more(client: Client, served_project: Project) -> None:
    secret = issued(served_project, Scope.READ)
    with following(client.shows(secret)) as stream:
        stream.readline()
        client.post(f"/tokens/{secret.split('_')[1]}/revoke", {})
        heard = [event.topic for event in told(stream)]
    assert set(heard) <= {"token.revoked"}


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/events?at=position:1", {}),
        ("/events?phase=A%20b", {}),
        ("/events?after=-1", {}),
        ("/events?after=1.5", {}),
        *(
            ("/events", {"Last_Event_ID": word})
            for word in ("x", "", "-1", "+5", "1.5", "0x10", "1e3", "1, 2", "9" * 16, "9" * 5000, "\u00b2", "1\t2")
        ),
    ],
)
def test_a_wrong_beginning_is_refused(path: str, headers: dict[str, str], client: Client) -> None:
    assert client.get(path, **headers).code == "VALIDATION_ERROR"


def test_followers_are_let_go_when_the_service_ends(served_project: Project) -> None:
    heard: list[Event] = []
    begun = ThreadingEvent()
    with served(served_project, HERE) as client:
        holder = client.shows(issued(served_project))

        def listen() -> None:
            with following(holder) as stream:
                stream.readline()
                begun.set()
                heard.extend(told(stream))

        listening = Thread(target=listen)
        listening.start()
        assert begun.wait(PATIENCE)
        assert holder.post("/phases/st44-end/spec", SPEC).status == 200
    listening.join(PATIENCE)
    assert not listening.is_alive()


def test_more_followers_than_there_is_room_for_are_sent_away(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.events.MOST", 1)
    with following(client) as stream:
        stream.readline()
        refused = client.get("/events")
    assert refused.status == 503 and refused.headers["retry-after"]


def test_a_position_that_is_far_away_is_waited_for(client: Client) -> None:
    for path, headers in ((f"/events?after={10**30}", {}), ("/events", {"Last_Event_ID": "9" * 15})):
        with following(client, path, **headers) as stream:
            assert stream.status == 200 and stream.readline().startswith(b": the log from position")


def test_who_began_to_follow_at_the_same_moment_as_too_many_others_is_let_go(
    served_project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of them were asked about before any of them had begun."""
    nothing: Any = None
    monkeypatch.setattr("api.events.MOST", 2)
    followers = Followers()
    service = Service(served_project, nothing, followers, lambda: False, *[nothing] * 3)

    async def heard() -> list[int]:
        secret = f"Bearer {issued(served_project, Scope.READ)}"
        streams = [_events(service, secret, 0, None) for _ in range(5)]
        said = [await anext(stream, b"") for stream in streams]
        found = [followers.count, sum(map(bool, said))]
        for stream in streams:
            await stream.aclose()
        return [*found, followers.count]

    assert run(heard()) == [2, 2, 0]
