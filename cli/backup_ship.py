"""orch backup ship: keep the backups as new as the log."""

from time import monotonic, time_ns
from typing import Annotated, TypedDict

import typer

from cli.answers import answer
from cli.backup_create import say
from cli.backup_options import RecipientWords, To
from cli.backup_project import target_of
from cli.beginning import not_begun_anew
from cli.numbers import Seconds
from cli.options import Asked, plain
from cli.project import opened
from cli.screen import clean, paint
from cli.stopping import Stop, stopped_by_signals
from domain.errors import Unavailable
from usecases.backup_making import warn, warn_of_plain
from usecases.backup_places import author_of, logs_of

Follow = Annotated[bool, typer.Option("--follow/--once", help="Go on until SIGTERM or Ctrl-C, or ship once.")]
Interval = Annotated[
    float,
    typer.Option(
        "--interval", metavar="S", click_type=Seconds(0.05, 3600.0), help="Seconds between two looks at the log."
    ),
]
PATIENCE = 10
"""After an attempt that failed, wait that many times the interval."""


class Shipped(TypedDict):
    """What was shipped while it ran; `slowest_seconds` is the longest that one shipment took."""

    folder: str
    last: int
    events: int
    segments: int
    bytes: int
    failed: int
    slowest_seconds: float
    seconds: float


@plain
@not_begun_anew
def ship(
    asked: Asked, to: To = None, recipient: RecipientWords = None, follow: Follow = False, interval: Interval = 0.25
) -> None:
    """Add what is new to the backups, again and again with --follow: at most the interval and a moment behind.

    A target that is not there for a while is tried again. SIGTERM and Ctrl-C end it between two shipments.

    Example: orch backup ship --to backups --once

    Next: orch backup list
    """
    told = Shipped(folder="", last=0, events=0, segments=0, bytes=0, failed=0, slowest_seconds=0.0, seconds=0.0)
    began = monotonic()
    with stopped_by_signals() as stop:
        ship_until(stop, Shipping(to, recipient, told), follow=follow, interval=interval)
    told["seconds"] = round(monotonic() - began, 3)
    answer("backup.shipped", told, as_json=asked.json, show=lambda: _show(told))


class Shipping:
    """The tail of a log on its way to a target."""

    def __init__(self, to: str | None, recipient: list[str] | None, told: Shipped) -> None:
        from adapters.backup_writing import BackupWriter

        self._recipient = recipient
        self._told = told
        with opened() as project:
            storage = target_of(project.places, to)
            author = author_of(project, recipient)
            warn(project, storage, encrypted=bool(author.recipients.words), say=say)
        self._writer = BackupWriter(storage, author)
        told["folder"] = storage.where

    def once(self) -> None:
        """Ship what is new. Raises `Unavailable` where that is for another time."""
        from adapters.backup_files import archive_of
        from usecases.backup_adding import add_new

        began = monotonic()
        told = self._told
        with opened() as project:
            if told["last"] and told["last"] == project.log.moment().position:
                return
            self._writer.author = author_of(project, self._recipient)  # a key may have been rotated
            files = (
                None
                if told["last"]
                else archive_of(project.places, logs_of(project.places, project.given), now_ns=time_ns())
            )
            with self._writer.turn():
                if not told["last"]:
                    warn_of_plain(self._writer, say=say)
                made = add_new(project.log, self._writer, files=files)
            told["last"] = self._writer.last
        if made:
            told["segments"] += len(made)
            told["events"] += sum(m.last - m.first + 1 for m in made)
            told["bytes"] += sum(m.segment.size for m in made)
            told["slowest_seconds"] = max(told["slowest_seconds"], round(monotonic() - began, 3))

    def failed(self, error: Unavailable) -> None:
        """Say why a shipment failed; it is tried again."""
        self._told["failed"] += 1
        say(f"not shipped, trying again: {error.message}")


def ship_until(stop: Stop, shipping: Shipping, *, follow: bool, interval: float) -> None:
    """Ship once, or until somebody says stop."""
    if not follow:
        shipping.once()
        return
    while not stop.is_set():
        try:
            shipping.once()
            stop.wait(interval)
        except Unavailable as error:
            shipping.failed(error)
            stop.wait(interval * PATIENCE)


def _show(told: Shipped) -> None:
    print(f"{paint('✓', 'green')} {clean(told['folder'])} holds positions 1 to {told['last']}")
    print(f"  {told['events']:,} events in {told['segments']} segments, {told['bytes']:,} bytes")
