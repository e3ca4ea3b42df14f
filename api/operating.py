"""How the project is, for whoever answers for it: what is wrong, which settings hold, and everything made anew."""

from typing import Annotated

from fastapi import Query, Request
from pydantic import Field
from starlette.responses import Response

from api.answering import answer
from api.asking import PresentOverseer
from api.outside import rows_outside, settings_outside
from api.parts import part
from api.progressing import long_answer
from api.words import Words
from domain.phase_ids import checked
from usecases.doctoring import examined
from usecases.meters import Metering
from usecases.patient import Patient
from usecases.rebuilding import rebuilt
from usecases.settings_shown import settings_shown

router = part(tags=["operating"])
OnePhase = Annotated[str | None, Query(description="Look at this phase only.")]
Quick = Annotated[bool, Query(description="Leave out the check of every event.")]


class Rebuild(Words):
    """Whether to compare only."""

    check: Annotated[bool, Field(description="Compare only, and change nothing.")] = False


@router.get("/doctor", summary="What is wrong, and what mends it")
async def doctor(ask: PresentOverseer, request: Request, phase: OnePhase = None, quick: Quick = False) -> Response:
    """Look at the project, or at one phase; `verdict` says how it is, with status 200. Nothing is changed."""
    places = ask.project.places
    name = checked(phase) if phase is not None else ""

    def work(metering: Metering) -> Response:
        patient = Patient(places, refused=None, given=ask.project.given, metering=metering)
        patient.phase, patient.quick = name, quick
        found = examined(patient)
        return answer("doctor", {**found, "rows": rows_outside(found["rows"], ask.project, "message", "fix")})

    return await long_answer(request, work)


@router.get("/config", summary="The settings in force")
def show_config(ask: PresentOverseer) -> Response:
    """Return every setting and where it comes from. Of places only their names are told, of addresses only whose."""
    return answer("config", settings_outside(settings_shown(ask.project.places, ask.project.given)))


@router.post("/rebuild", summary="Make anew what is made from the events")
async def rebuild(ask: PresentOverseer, request: Request, words: Rebuild | None = None) -> Response:
    """Make heads, snapshots, state files, missing documents and the search index anew; edited documents stay."""
    check = words is not None and words.check

    def work(metering: Metering) -> Response:
        return answer("rebuild", rebuilt(ask.project._replace(metering=metering), check=check))

    return await long_answer(request, work)
