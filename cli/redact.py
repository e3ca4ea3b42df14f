"""orch audit redact: erase the free text of an event, and the copies of it that are within reach."""

import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import click
import typer

from adapters.actor import refuse_guessed_kind
from cli.answers import answer
from cli.arguments import Reason
from cli.options import Asked, writing
from cli.project import opened
from cli.redaction_copies import Copies, beyond_reach, remove_copies, remove_derived
from cli.screen import clean, one_line, paint
from domain.errors import CommandIdReused, InvalidInput, ReasonMissing, Unavailable
from domain.phase_ids import phase_of
from usecases.project import Project

if TYPE_CHECKING:
    from cli.redaction_answers import RedactionAnswer
    from domain.event_log import Receipt, Record
    from projections.outcomes import Outcome
    from projections.redactions import ErasedText
    from projections.same_text import SameText

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
        with _held(project, record):
            receipt = _recorded(project, asked, position, reason)
            result = _outcome(project, receipt)
            if record is None or result["redacted"] != position:  # the id of another command, whose fingerprint is gone
                raise CommandIdReused(asked.command_id)
            still_there = _still_there(project, record, reason)
            copies = _without_copies(project, record, receipt)
        _scrub(project, receipt)
        found: RedactionAnswer = {
            **result,
            "erased": _what(record),
            "removed": copies.removed,
            "still_there": still_there,
            "out_of_reach": copies.out_of_reach,
        }
    if receipt.repeated:
        print("The text was erased before; nothing was recorded now.", file=sys.stderr)
    answer("audit.redaction", found, as_json=asked.json, show=lambda: _show(found))


def _refuse_unsure(asked: Asked, position: int, reason: str, *, yes: bool) -> None:
    """Refuse what says neither why nor that it is meant."""
    words = ["orch", "audit", "redact", str(position)]
    if not reason.strip():
        raise ReasonMissing("A redaction", command=shlex.join(words[1:]), example="why the text has to go")
    words += ["--reason", reason, "--yes"]
    refuse_guessed_kind(asked.actor_kind, command=shlex.join(words))
    if not yes and not _is_terminal():
        kind = ["--actor-kind", asked.actor_kind] if asked.actor_kind else []
        raise InvalidInput(
            "What is erased never comes back; away from a terminal --yes has to say that it is meant.",
            fix=(shlex.join([*words, *kind]),),
        )


def _is_terminal() -> bool:
    """Tell whether somebody can read a question and answer it."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def _ask(project: Project, asked: Asked, record: "Record", reason: str) -> None:
    """Show what would go, and ask; what is refused anyway is refused before anybody has to think about it."""
    from domain.commands import RedactPayload
    from domain.read_set import ReadSet
    from domain.redaction import redact as decide

    decide(RedactPayload(project.meta(asked), record.position, reason), ReadSet(project.log), project.log)
    print(f"This erases for good the text of position {record.position}:", file=sys.stderr)
    print(f"  {_in_words(_what(record))}", file=sys.stderr)
    click.confirm("Erase it?", abort=True, err=True)


@contextmanager
def _held(project: Project, record: "Record | None") -> Iterator[None]:
    """Hold the files of the phase that an event belongs to, if it does."""
    phase = phase_of(record.stream) if record is not None else None
    if phase is None:
        yield
        return
    with project.files.locked(phase):
        yield


def _recorded(project: Project, asked: Asked, position: int, reason: str) -> "Receipt":
    """Record the redaction, or find the one that was recorded before: what is left of the text may still have to go."""
    from domain.commands import RedactPayload
    from usecases.reads import redactions_in

    before = redactions_in(project).get(position)
    if before is not None and project.log.receipt(asked.command_id) is None:
        made = next(project.log.records(before["position"], before["position"]))
        known = project.log.receipt(made.command_id)
        if known is not None:
            return known[0]
    return project.handle(RedactPayload(project.meta(asked), position, reason))


def _still_there(project: Project, record: "Record", reason: str) -> "list[SameText] | None":
    """Look for the erased text in all that was said about the same phase."""
    from adapters.envelope import told
    from projections.same_text import pieces_of, same_text

    if record.payload is None:
        return None
    gone = told(record)
    quoted = project.log.told([(record.stream, version) for version in gone.facts.get("answers", ())])
    pieces = pieces_of([each.texts for each in (gone, *quoted.values()) if each.texts is not None])
    happenings = (told(other) for other in project.log.stream(record.stream))
    return list(same_text(pieces, happenings, erased=record.position, reason=shlex.quote(reason)))


def _without_copies(project: Project, record: "Record", receipt: "Receipt") -> Copies:
    from adapters.envelope import told

    phase = phase_of(record.stream)
    try:
        if phase is None:
            removed = [project.files.named(path) for path in remove_derived(project, record.position)]
            return Copies(removed, beyond_reach(project, None, record.position))
        return remove_copies(project, phase, told(record), record.position)
    except Unavailable as error:
        error.message = f"The redaction is recorded at position {receipt.last}, but copies are left: {error.message}"
        raise


def _scrub(project: Project, receipt: "Receipt") -> None:
    try:
        project.log.scrub()
    except Unavailable as error:
        error.message = f"The redaction is recorded at position {receipt.last}, but not finished: {error.message}"
        raise


def _outcome(project: Project, receipt: "Receipt") -> "Outcome":
    from adapters.codec import decode
    from projections.outcomes import outcome

    return outcome([(record, decode(record)) for record in project.log.records(receipt.first, receipt.last)])


def _what(record: "Record") -> "ErasedText":
    from adapters.envelope import envelope_of, told
    from projections.redactions import erased_text

    size = (envelope_of(record).get("payload") or {}).get("size", 0)
    return erased_text(told(record), stream=record.stream, phase=phase_of(record.stream), size=size)


def _in_words(what: "ErasedText") -> str:
    place = " ".join(part for part in (what["phase"] or what["stream"], what["step"]) if part)
    iteration = f" iteration {what['iteration']}" if what["iteration"] else ""
    by = f"{what['by']['name']} ({what['by']['kind']})"
    return one_line(
        f"{what['topic']}: {place}{iteration}, by {by} at {what['recorded_at'][:19]}Z, {what['size']} bytes"
    )


def _show(found: "RedactionAnswer") -> None:
    from projections.outcomes import sentence

    print(f"{paint('✓', 'green')} {one_line(sentence(found))}")
    actor = found["actor"]
    lines = [
        ("text", _in_words(found["erased"])),
        ("by", f"{one_line(actor['name'])} ({actor['kind']}; a local name is a claim, not a proof)"),
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
