"""orch check post-deploy: a phase is drafted, read back and archived, in the real store."""

import shlex
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Optional, TypedDict

import click
import typer

from adapters.stores import AnyLog, open_log
from cli.answers import answer
from cli.check_rows import CheckRow, Failed, end_with, has_failed, rows_of, show_rows
from cli.options import Asked, acting
from cli.project import opened
from cli.screen import can_be_asked
from domain.digest import digest_of
from domain.errors import InvalidInput
from domain.steps import Step
from usecases import doctor_files, doctor_store
from usecases.patient import Found, Patient
from usecases.project import Project
from usecases.release import VERSION

if TYPE_CHECKING:
    from domain.commands import Meta

FIELDS = {"objectives": ["Production validation test"]}
WHY = "The deployment was checked with it."

Yes = Annotated[bool, typer.Option("--yes", help="Record it without asking.")]
Url = Annotated[
    Optional[str],  # noqa: UP045  # Typer reads Optional at every release we allow
    typer.Option("--url", metavar="URL", help="The service to ask whether it is healthy: http://127.0.0.1:8420."),
]


class PostDeployAnswer(TypedDict):
    """What was tried; `phase` is what was drafted and archived, its events are at `first` to `last`."""

    works: bool
    rows: list[CheckRow]
    phase: str
    first: int | None
    last: int | None


class _Tried:
    """The phase of this check, and where its events are."""

    def __init__(self, phase: str) -> None:
        self.phase = phase
        self.positions: list[int] = []


@acting
def post_deploy(asked: Asked, url: Url = None, yes: Yes = False) -> None:
    """Draft a spec of a phase of its own, read where it stands, and archive it: in this store, as whoever asks.

    The phase is named test-phase and the time, and stays, archived. Exit 0: it works. 3: something failed.

    Example: orch check post-deploy --yes

    Next: orch list
    """
    _refuse_unsure(asked, yes=yes)
    tried = _Tried(f"test-phase-{datetime.now(UTC):%Y%m%d-%H%M%S-%f}")
    rows = rows_of("program", lambda: [Found("ok", f"This is orch {VERSION}.")])
    with opened(to_write=True) as project, open_log(project.places, read_only=True) as seen:
        patient = Patient(project.places, refused=None, given=project.given)
        patient.log = seen
        rows += rows_of("settings", lambda: doctor_files.settings(patient))
        if url is not None:
            rows += rows_of("service", lambda: _service(url))
        if not has_failed(rows):
            rows += rows_of("spec", lambda: _spec(project, asked, tried))
        if tried.positions:
            rows += rows_of("status", lambda: _status(project, seen, tried))
            rows += rows_of("archive", lambda: _archive(project, asked, tried))
        rows += rows_of("clock", lambda: doctor_store.clock(patient))
    data: PostDeployAnswer = {
        "works": not has_failed(rows),
        "rows": rows,
        "phase": tried.phase,
        "first": min(tried.positions, default=None),
        "last": max(tried.positions, default=None),
    }
    answer("check.post_deploy", data, as_json=asked.json, show=lambda: show_rows(rows))
    end_with(rows)


def _refuse_unsure(asked: Asked, *, yes: bool) -> None:
    """Refuse to record anything that nobody said is meant."""
    if yes:
        return
    if asked.json or not can_be_asked():
        who = [("--actor", asked.actor), ("--actor-kind", asked.actor_kind)]
        words = [word for option, value in who if value for word in (option, value)]
        raise InvalidInput(
            "This records a phase in the real store; away from a terminal --yes has to say that it is meant.",
            fix=(shlex.join(["orch", "check", "post-deploy", *words, "--yes"]),),
        )
    click.confirm("Record a phase in this store, and archive it?", abort=True, err=True)


def _spec(project: Project, asked: Asked, tried: _Tried) -> Iterator[Found]:
    from domain.commands import DraftDocument
    from usecases.writes import recorded

    meta = _meta(project, asked, tried, "spec")
    receipt, _ = recorded(
        project, tried.phase, lambda: DraftDocument(meta, tried.phase, Step.SPEC, FIELDS), writes=Step.SPEC
    )
    tried.positions += [receipt.first, receipt.last]
    yield Found("ok", f"{tried.phase} has a spec, recorded at position {receipt.last}.")


def _status(project: Project, log: AnyLog, tried: _Tried) -> Iterator[Found]:
    """Read the phase as `orch status` does, from the store as somebody else sees it."""
    from domain.phase_ids import stream_of
    from domain.phase_state import PhaseState

    head = log.heads([stream_of(tried.phase)])[1].get(stream_of(tried.phase))
    if head is None:
        raise Failed(f"{tried.phase} was recorded, and is not there.", fix=("orch doctor",))
    spec = PhaseState.from_facts(head.facts).documents[Step.SPEC]
    text = project.files.read(tried.phase, Step.SPEC)
    if text is None or digest_of(text, Step.SPEC) != spec.digest:
        raise Failed(f"The document of {tried.phase} is not what was recorded.", fix=(f"orch doctor {tried.phase}",))
    yield Found("ok", f"{tried.phase} waits for a verdict; its document is what was recorded.")


def _archive(project: Project, asked: Asked, tried: _Tried) -> Iterator[Found]:
    from domain.commands import ArchivePhase
    from usecases.writes import recorded

    meta = _meta(project, asked, tried, "archive")
    receipt, _ = recorded(project, tried.phase, lambda: ArchivePhase(meta, tried.phase, WHY))
    tried.positions.append(receipt.last)
    yield Found("ok", f"{tried.phase} is archived; nothing waits for it.")


def _meta(project: Project, asked: Asked, tried: _Tried, what: str) -> "Meta":
    return project.meta(asked._replace(command_id=f"{tried.phase}-{what}"))


def _service(url: str) -> Iterator[Found]:
    """Ask the service whether it works and takes work."""
    from cli.health_asked import PATH, of_service
    from domain.errors import Refusal

    asked = f"{url.rstrip('/')}{PATH}"
    try:
        data, _ = of_service(url)
    except Refusal as refusal:
        raise Failed(refusal.message, fix=("systemctl status orchestrator",)) from refusal
    if data["error"]:
        raise Failed(f"{asked} says: {data['error']}", fix=("orch health",))
    yield Found("ok", f"{asked} says that the service is {data['status']}.")
