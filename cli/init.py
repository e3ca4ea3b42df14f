"""orch init: make a folder a project."""

import re
import sys
from contextlib import suppress
from shlex import quote
from socket import gethostname
from typing import Annotated, Optional, TypedDict

import typer

from adapters.durable import sync
from adapters.log_notes import refuse_elsewhere
from adapters.moved_stores import note_elsewhere, refuse_another_place, refuse_forgotten
from adapters.places import FOLDER, NAME_IT, Places, find, places_of
from adapters.stores import AnyLog, attach, attached_to, create_log, file_or_database, open_log, opened_at
from adapters.way_back import way_back
from adapters.workspace import Workspace
from cli.answers import answer
from cli.given import flags
from cli.options import Asked, writing
from cli.project import here
from cli.screen import clean, paint
from cli.writes import report
from domain.errors import AlreadyExists, InvalidInput, NotFound, Refusal, Unavailable
from projections.counts import counted
from usecases.project import Project

NOT_FOR_GIT = """\
# The store and its keys stay out of git; templates and settings may go in.
*
!.gitignore
!config.toml
!templates/
!templates/**
"""
ORIGIN_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,62}[A-Za-z0-9])?", re.ASCII)

Name = Annotated[Optional[str], typer.Option("--name", help="The project's name; otherwise the folder's.")]  # noqa: UP045
Host = Annotated[
    Optional[str],  # noqa: UP045  # Typer reads Optional at every release we allow
    typer.Option("--host", help="The first part of the log's origin; otherwise this machine's name."),
]

Yes = Annotated[
    bool,
    typer.Option("--yes", help="Follow a promoted log without asking; away from a terminal nobody is there to ask."),
]


class AttachedAnswer(TypedDict):
    """A folder that belongs to a log now that was there before."""

    origin: str
    events: int


@writing
def init(asked: Asked, name: Name = None, host: Host = None, yes: Yes = False) -> None:
    """Make this folder a project: one event log, one signing key, nothing else.

    Where ORCHESTRATOR_DATABASE_URL names a PostgreSQL database, the log is made there; one that is there already is
    joined, and the folder belongs to it from then on. A folder whose log was left for a promoted one follows it, after
    a question; away from a terminal --yes has to say that it is meant. Where ORCHESTRATOR_URL names a service, the
    folder becomes a copy of its project: documents are kept here, too, and edited here.

    Example: orch init --name "Audio plug-in"

    Next: orch spec st01-first-phase --objectives "what it must achieve"
    """
    from uuid import uuid4

    from adapters.keys import kept_keys, key_file, make_key
    from domain.commands import InitialiseProject

    places = places_of(here(), flags=flags())
    chosen = host or _host_name()
    if not ORIGIN_HOST.fullmatch(chosen):
        raise InvalidInput(
            f"A host has letters, digits, dots and hyphens; got {chosen[:70]!r}.", fix=("orch init --host example.org",)
        )
    _say_when_inside_another(places)
    if places.url is not None:
        _copy(places, asked, host=host)
        return
    refuse_another_place(places, flags=flags())
    _make_folders(places)
    if _followed(places, asked, yes=yes):
        return
    log = _begun(places, origin=f"{chosen}/{uuid4()}")
    try:
        note_elsewhere(places, flags=flags())
        project = Project(places, log, Workspace(places))
        meta = project.meta(asked)
        known = log.heads(["project"])[1].get("project")
        if places.database is not None:
            is_new_here = attached_to(places) is None
            has_key = known is not None and bool(kept_keys(places.keys, log.origin))  # it was put back
            attach(places, log.origin, joins=is_new_here and known is not None and not has_key)
            if known and is_new_here:
                _report_attached(project, asked)
                return
        key = known.facts["public_key"] if known else make_key(places.keys, log.origin)
        try:
            receipt = project.handle(InitialiseProject(meta, log.origin, key, name or places.root.name or "project"))
        except Refusal as refusal:
            # Where the store failed, the log may hold the key's public half all the same.
            if not known and not isinstance(refusal, Unavailable):
                key_file(places.keys, key).unlink()
            if places.database is None or known or not isinstance(refusal, AlreadyExists):
                raise
            _join_first(project, asked)
            return
        report(project, asked, receipt)
    finally:
        log.close()


def _join_first(project: Project, asked: Asked) -> None:
    """Join the log that another folder began while this one was about to: the key is there."""
    with suppress(OSError):  # a folder that joined has no keys; what else lies there stays
        project.places.keys.rmdir()
    attach(project.places, project.log.origin, joins=True)
    _report_attached(project, asked)


def _copy(places: Places, asked: Asked, *, host: str | None) -> None:
    """Make this folder a copy of the project that a service has: only documents and settings lie in it."""
    from adapters.far_logs import make_copy, reached_log
    from cli.project import project_of

    if host is not None:
        raise InvalidInput("The log is there already, and has its name.", fix=("orch init",))
    places = places._replace(is_copy=(places.root / FOLDER).is_dir())
    with reached_log(places) as log:
        places = places._replace(is_copy=True)
        _make_folders(places)
        make_copy(places, log.origin)
        _report_attached(project_of(places, log, flags()), asked, way="orch checkout PHASE STEP")


def _say_when_inside_another(places: Places) -> None:
    """Say when this will be a project inside a project: commands typed below find the inner one only."""
    try:
        around = find(places.root, flags=flags())
    except Refusal:
        return
    if around.root != places.root and around.is_copy:
        print(
            f"This folder lies inside the project {clean(str(around.root))}; it becomes one of its own.",
            file=sys.stderr,
        )


def _make_folders(places: Places) -> None:
    """Make the folder of the store, and `.orch`: it marks the root also where the store lies elsewhere."""
    try:
        for folder in (places.root / FOLDER, places.state):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            ignore = folder / ".gitignore"
            if not ignore.exists():
                ignore.write_text(NOT_FOR_GIT)
            sync(folder.parent)
    except OSError as error:
        raise Unavailable(f"{places.state}: {error.strerror or error}.") from error


def _followed(places: Places, asked: Asked, *, yes: bool) -> bool:
    """Go on with the log that the folder's own was left for, and tell whether there is one."""
    left = attached_to(places)
    if places.database is None or left is None:
        return False
    from cli.init_promoted import followed

    log = followed(places, places.database, left, yes=yes)
    if log is None:
        return False
    with log:
        _report_attached(Project(places, log, Workspace(places)), asked, left=left)
    return True


def _begun(places: Places, *, origin: str) -> AnyLog:
    """Return the new log, or the one that is there: an interrupted init goes on where it stopped."""
    if places.database is not None:
        return _begun_in_database(places, places.database, origin=origin)
    known = attached_to(places)
    if known is not None:
        raise AlreadyExists(
            f"{places.root} belongs to the log {known} in a PostgreSQL database, and no setting says in which.",
            fix=(NAME_IT,),
        )
    if not places.log.exists():
        if places.state == places.root / FOLDER:
            refuse_forgotten(places.root)
        _refuse_lost(places)
        with suppress(AlreadyExists):  # another init was first; what it made is opened
            create_log(places, origin)
    return open_log(places, read_only=False)


def _begun_in_database(places: Places, address: str, *, origin: str) -> AnyLog:
    """Return the log in the database: made now, or there already, then this folder will be attached to it."""
    if places.log.exists():
        raise AlreadyExists(
            f"{places.root} has a log of its own in {places.log}; a folder belongs to one log.",
            fix=file_or_database(address),
        )
    if attached_to(places) is not None:
        return open_log(places, read_only=False)
    timeout_s = places.timeout_ms / 1000
    try:
        return _joined(address, timeout_s=timeout_s)
    except NotFound:
        pass
    try:
        create_log(places, origin)
    except AlreadyExists:  # somebody else was first
        return _joined(address, timeout_s=timeout_s)
    return opened_at(address, read_only=False, timeout_s=timeout_s)


def _joined(address: str, *, timeout_s: float) -> AnyLog:
    """Open the log that is there. Joining writes nothing: who may only read can join, a standby, a recovered log."""
    with opened_at(address, read_only=True, timeout_s=timeout_s) as log:
        refuse_elsewhere(log.where, log.noted)
        is_begun = bool(log.heads(["project"])[1])
    return opened_at(address, read_only=is_begun, timeout_s=timeout_s)


def _report_attached(project: Project, asked: Asked, *, way: str = "orch rebuild", left: str | None = None) -> None:
    """Say that this folder belongs to a log now that was there before; `left` is the one that it belonged to."""
    moment = project.log.moment()
    data: AttachedAnswer = {"origin": project.log.origin, "events": moment.position}

    def show() -> None:
        print(f"{paint('✓', 'green')} this folder belongs to the log {clean(project.log.origin)} now")
        if left is not None:
            print(f"  it goes on where {clean(left)} was left; what was kept of that one here is in .orch/retired/")
        print(f"  {counted(moment.position, 'event')}; its documents are written by {way}")

    answer("init.attached", data, as_json=asked.json, show=show)


def _refuse_lost(places: Places) -> None:
    """Refuse to begin another log where the keys of one are left: it would take the name of the lost one."""
    if places.keys.is_dir() and any(places.keys.glob("*.pem")):
        raise AlreadyExists(
            f"The keys of a log are in {places.keys}, but the log is gone. Bring it back, or move the folder away.",
            fix=(
                way_back(places.root, places.settings, flags=flags()),
                f"mv {quote(str(places.state))} {quote(f'{places.state}.old')}",
            ),
        )


def _host_name() -> str:
    return re.sub(r"[^A-Za-z0-9.-]+", "-", gethostname())[:64].strip(".-") or "localhost"
