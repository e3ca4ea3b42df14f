"""Places in the log to come back to, and the way back: as far as it changes nothing of what is served."""

from pathlib import Path
from typing import Annotated, Any

from fastapi import Query, Request
from pydantic import Field
from starlette.responses import Response

from api.answering import answer, handled
from api.asking import Key, PresentRecoverer, Recoverer, RecoveryReader, refuse_files, unquoted
from api.heavy import long_work
from api.outside import line_outside, name_of, outside, rows_outside
from api.parts import part
from api.progressing import long_answer
from api.words import Text, Words
from domain.commands import NamePoint
from domain.restore_point import stream_of
from usecases.command_ids import checked_id
from usecases.going_back import losses
from usecases.meters import Metering
from usecases.points import points
from usecases.project import Project
from usecases.recover_answers import RecoveryVerification
from usecases.recovered_stores import plan_to, recovered_to, verified_store

To = Annotated[str, Query(description="The moment to go back to.", examples=["position:5"])]
FromBackups = Annotated[bool, Query(description="Take the events from the backups alone.")]
router = part(prefix="/recover", tags=["recovery"])


class Point(Words):
    """A name for a position, or for the end of the log as it is now."""

    name: Annotated[str, Field(examples=["before-release"])]
    position: Annotated[int | None, Field(ge=1)] = None
    reason: Text = ""


class Recovery(Words):
    """The moment to recover to."""

    to: Annotated[str, Field(description="RFC 3339, position:N, point:NAME or now.", examples=["position:5"])]
    from_backups: Annotated[bool, Field(description="Take the events from the backups alone.")] = False


class RecoveredStore(Words):
    """A store that was recovered here, as `out` named it."""

    store: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$", examples=["0b8f3a52c1d20b8f"])]


@router.get("/points", summary="The restore points")
def list_points(ask: RecoveryReader) -> Response:
    """Return the restore points in the order of the log."""
    return answer("recover.points", points(ask.project, ask.at))


@router.get("/diff", summary="What going back would lose")
def losses_of(ask: PresentRecoverer, to: To) -> Response:
    """Return, phase by phase, what would be lost by going back to a moment; nothing is changed."""
    refuse_files(to)
    with long_work():
        return answer("recover.diff", losses(ask.project, to))


@router.get("/plan", summary="What going back would do")
async def plan_of(ask: PresentRecoverer, request: Request, to: To, from_backups: FromBackups = False) -> Response:
    """Return which position that is, where its events are, what is lost after it and how long it would take."""
    refuse_files(to)

    def work(metering: Metering) -> Response:
        project = ask.project._replace(metering=metering)
        found = plan_to(project, to, from_backups=from_backups)
        sources = [
            {**each, "where": name_of(each["where"])} for each in rows_outside(found["sources"], project, "problem")
        ]
        data = {**found, "source": {**found["source"], "where": ""}, "sources": sources}
        return answer("recover.plan", {**data, "checkpoints": [Path(each).name for each in found["checkpoints"]]})

    return await long_answer(request, work)


@router.post("/run", summary="Recover the log as it was")
async def recover(ask: PresentRecoverer, request: Request, words: Recovery, key: Key = None) -> Response:
    """Make a store that holds the log as it was at a moment, and verify it; `out` is its name beside the store.

    What is served stays as it is. The same Idempotency-Key makes it once.
    """
    refuse_files(words.to)
    own = checked_id(unquoted(key))

    def work(metering: Metering) -> Response:
        project = ask.project._replace(metering=metering)
        found, repeated = recovered_to(project, words.to, own, from_backups=words.from_backups)
        told = _told(found["verification"], project)
        place, source = line_outside(found["place"], project), {**found["source"], "where": ""}
        response = answer("recover.run", {**found, "place": place, "source": source, "verification": told})
        if repeated:
            response.headers["Idempotent-Replayed"] = "true"
        return response

    return await long_answer(request, work)


@router.post("/verify", summary="Check a recovered store")
async def verify_recovered(ask: PresentRecoverer, request: Request, words: RecoveredStore) -> Response:
    """Check every event of it, and that it is a prefix of the log that is served; `verdict` says how it is."""

    def work(metering: Metering) -> Response:
        found = verified_store(ask.project._replace(metering=metering), words.store)
        return answer("recover.verification", _told(found, ask.project))

    return await long_answer(request, work)


@router.post("/points", summary="Give a place in the log a name")
def name_point(ask: Recoverer, words: Point) -> Response:
    """Name a position. It is an event like any other, and never moves; a repeated request names what it named."""
    stream = stream_of(words.name)
    position = words.position
    if position is None:
        known = ask.project.log.heads([stream])[1].get(stream) if ask.project.log.receipt(ask.command_id) else None
        position = int(known.facts["position"]) if known else ask.project.log.moment().position
    return handled(ask, NamePoint(ask.meta(stream=stream), words.name, position, words.reason), stream=stream)


def _told(found: RecoveryVerification, project: Project) -> dict[str, Any]:
    """Return a verification without the places of this machine."""
    first, prefix = found["first_problem"], found["prefix_of"]
    return {
        **found,
        "prefix_of": {**prefix, "where": name_of(prefix["where"])} if prefix else None,
        "checkpoints": rows_outside(found["checkpoints"], project, "file"),
        "first_problem": rows_outside([first], project, "expected", "found")[0] if first else None,
        "problems": rows_outside(found["problems"], project, "expected", "found"),
        "not_proved": [outside(each, project) for each in found["not_proved"]],
    }
