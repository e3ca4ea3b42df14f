"""orch audit redact: erase the free text of an event, and the copies of it that are within reach."""

import shlex
import sys
from typing import TYPE_CHECKING, Annotated

import click
import typer

from adapters.actor import refuse_guessed_kind
from cli.answers import answer
from cli.arguments import Reason
from cli.how_known import how_known
from cli.options import Asked, writing
from cli.project import opened
from cli.screen import can_be_asked, clean, one_line, paint
from domain.errors import InvalidInput, ReasonMissing
from usecases.project import Project
from usecases.redacting import redacted, what

if TYPE_CHECKING:
    from domain.event_log import Record
    from projections.redactions import ErasedText
    from usecases.redaction_answers import RedactionAnswer

Position = Annotated[int, typer.Argument(metavar="POSITION", min=1, help="The event whose text goes.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask; away from a terminal there is nobody to ask.")]


@writing
def redact(asked: Asked, position: Position, reason: Reason = "", yes: Yes = False) -> None:
    """Erase the free text of one event for good: in the log, in the files made from it, in what was rescued.

    Its envelope, its digest and every proof stay, and the log says who erased the text and why. The latest text of a
    step is drafted anew first. If this is interrupted, the same command again finishes it.

    Example: orch audit redact 3 --reason "It named a customer" --yes

    Next: orch audit verify
    """
    _refuse_unsure(asked, position, reason, yes=yes)
    with opened(to_write=True) as project:
        record = next(project.log.records(position, position), None)
        if record is not None and record.payload is not None and not yes:
            _ask(project, asked, record, reason)
        receipt, found = redacted(project, project.meta(asked), position, reason)
        known = how_known(project)
    if receipt.repeated:
        print("The text was erased before; nothing was recorded now.", file=sys.stderr)
    answer("audit.redaction", found, as_json=asked.json, show=lambda: _show(found, known=known))


def _refuse_unsure(asked: Asked, position: int, reason: str, *, yes: bool) -> None:
    """Refuse what says neither why nor that it is meant."""
    words = ["orch", "audit", "redact", str(position)]
    if not reason.strip():
        raise ReasonMissing("A redaction", command=shlex.join(words[1:]), example="why the text has to go")
    words += ["--reason", reason, "--yes"]
    refuse_guessed_kind(asked.actor_kind, command=shlex.join(words))
    if not yes and not can_be_asked():
        kind = ["--actor-kind", asked.actor_kind] if asked.actor_kind else []
        raise InvalidInput(
            "What is erased never comes back; away from a terminal --yes has to say that it is meant.",
            fix=(shlex.join([*words, *kind]),),
        )


def _ask(project: Project, asked: Asked, record: "Record", reason: str) -> None:
    """Show what would go, and ask; what is refused anyway is refused before anybody has to think about it."""
    from domain.commands import RedactPayload
    from domain.read_set import ReadSet
    from domain.redaction import redact as decide

    decide(RedactPayload(project.meta(asked), record.position, reason), ReadSet(project.log), project.log)
    print(f"This erases for good the text of position {record.position}:", file=sys.stderr)
    print(f"  {_in_words(what(record))}", file=sys.stderr)
    click.confirm("Erase it?", abort=True, err=True)


def _in_words(what: "ErasedText") -> str:
    place = " ".join(part for part in (what["phase"] or what["stream"], what["step"]) if part)
    iteration = f" iteration {what['iteration']}" if what["iteration"] else ""
    by = f"{what['by']['name']} ({what['by']['kind']})"
    return one_line(
        f"{what['topic']}: {place}{iteration}, by {by} at {what['recorded_at'][:19]}Z, {what['size']} bytes"
    )


def _show(found: "RedactionAnswer", *, known: str) -> None:
    from projections.outcomes import sentence

    print(f"{paint('✓', 'green')} {one_line(sentence(found))}")
    actor = found["actor"]
    lines = [
        ("text", _in_words(found["erased"])),
        ("by", f"{one_line(actor['name'])} ({actor['kind']}; {known})"),
        ("recorded", f"position {found['position']} at {found['recorded_at']}"),
        ("command", found["command_id"]),
        *(("removed", path) for path in found["removed"]),
    ]
    for name, value in lines:
        print(f"  {paint(f'{name:<9}', 'dim')} {clean(value)}")
    for other in found["still_there"] or ():
        place = " ".join(str(part) for part in (other["step"], other["iteration"]) if part)
        where = f"position {other['position']} ({other['topic']}{' ' + place if place else ''})"
        print(f"  {paint('still at ', 'yellow')} {where} says {other['found']} of {other['of']} pieces of it")
        print(f"  → {clean(other['fix'])}")
    if found["still_there"] is None:
        print(f"  {paint('still at ', 'dim')} the text is gone and can no longer be looked for elsewhere")
    for sentence_ in found["out_of_reach"]:
        print(f"  {paint('beyond   ', 'dim')} {clean(sentence_)}")
