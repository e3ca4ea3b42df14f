"""orch recover documents: what the documents of one phase were at a moment, as files, proven."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import orjson
import typer

from cli.answers import answer
from cli.arguments import PhaseId
from cli.backup_options import FromBackups, Identities, Moment, path_of
from cli.new_names import renaming
from cli.options import Asked, plain
from cli.screen import clean, one_line, paint
from domain.errors import Damaged, NotFound

if TYPE_CHECKING:
    from domain.event_log import Head, Record
    from usecases.recover_answers import DocumentsAnswer, DocumentThen
    from usecases.recover_sources import Source

Out = Annotated[
    Path,
    typer.Option("--out", metavar="DIR", parser=path_of, help="The folder to make; there may be none yet."),
]


@plain
def documents(
    asked: Asked, phase: PhaseId, to: Moment, out: Out, from_backups: FromBackups = None, identity: Identities = None
) -> None:
    """Write the documents of one phase as they were at T, and its state file, to a new folder. Nothing else changes.

    Every event up to T is held against the tree first, so the texts are those that were recorded.

    Example: orch recover documents st01-audio-engine --to position:9 --out old

    Next: orch edit st01-audio-engine spec
    """
    from adapters.new_folders import new_folder, refuse_existing
    from cli.recover_sources import outside, source_of
    from usecases.recover_moments import moment_to, resolution

    with renaming(out):
        refuse_existing(out.absolute())
    with source_of(from_backups, identity) as source:
        new = outside(out, source.places)
        moment = moment_to(source, to)
        head, records = _phase_at(source, phase, moment.position)
        with new_folder(new) as part:
            found = _written(part, phase, head, records)
        data: DocumentsAnswer = {**resolution(source, to, moment), "phase": phase, "out": str(new), "documents": found}
    answer("recover.documents", data, as_json=asked.json, show=lambda: _show(data))


def _phase_at(source: "Source", phase: str, position: int) -> "tuple[Head, list[Record]]":
    """Return the head of a phase at a position and its events, after the tree of all events has been compared."""
    from adapters.codec import decode
    from adapters.stored_events import restored
    from cli.progress import watched
    from domain.merkle import grow, root_of
    from domain.phase_ids import checked, stream_of
    from projections.heads import heads_from

    stream = stream_of(checked(phase))
    frontier: list[bytes] = []
    records = []
    redacted = source.redactions()
    for at, event in enumerate(watched(source.events(position), position), 1):
        record, _ = restored(at, event)
        grow(frontier, at - 1, record.leaf)
        if record.stream == stream:
            records.append(record._replace(salt=None, payload=None) if at in redacted else record)
    wrong = source.contradicts(position, root_of(frontier))
    if wrong is not None:
        raise Damaged(wrong)
    if not records:
        raise NotFound(f"There was no phase {phase} at that moment.", fix=("orch list", f"orch history {phase}"))
    return heads_from((record, decode(record)) for record in records)[stream], records


def _written(folder: Path, phase: str, head: "Head", records: "list[Record]") -> "list[DocumentThen]":
    """Write the files, and return what each document was; the text of one that was erased is not there."""
    from adapters.envelope import told
    from domain.phase_state import PhaseState
    from domain.steps import STEPS
    from projections.document_text import document_text, place_of_latest
    from projections.file_text import file_text
    from projections.state_file import state_file
    from usecases.release import VERSION

    tellings = {(record.stream, record.version): told(record) for record in records}
    state = PhaseState.from_facts(head.facts)
    found: list[DocumentThen] = []
    for step in STEPS:
        place = place_of_latest(head, step)
        if place is None:
            continue
        document = document_text(phase, tellings[place])
        if document["text"] is not None:
            text = file_text(document["text"], step, state)
            (folder / f"{step}.md").write_text(text, encoding="utf-8", newline="\n")
        found.append(
            {
                "step": step,
                "iteration": document["iteration"],
                "state": state.documents[step].state,
                "digest": document["digest"],
                "file": None if document["text"] is None else f"{step}.md",
            }
        )
    state_text = orjson.dumps(state_file(head, tellings, version=VERSION), option=orjson.OPT_INDENT_2)
    (folder / "phase-state.json").write_bytes(state_text + b"\n")
    return found


def _show(data: "DocumentsAnswer") -> None:
    from shlex import quote

    moment, phase = data["as_of"], data["phase"]
    print(f"{paint('✓', 'green')} {phase} as of position {moment['position']}, recorded {moment['recorded_at']}")
    for each in data["documents"]:
        where = each["file"] or "erased: the text is gone for good"
        print(f"  {each['step']:<9} iteration {each['iteration']}, {each['state'].replace('_', ' ')}: {where}")
        print(f"            {one_line(each['digest'])}")
    print()
    there = [each["step"] for each in data["documents"] if each["file"]]
    if there:
        step = there[-1]
        copy = f"cp {quote(data['out'])}/{step}.md dev/{phase}/{step}.md && orch edit {phase} {step}"
        print(f"  {paint('go on with one', 'dim')} {clean(copy)}")
