"""Decide a draft: from fields through a template, or from a text written by hand."""

from domain import commands as c
from domain import hints, phase_ids, task_drafts
from domain.basis import RESTS_ON, Basis
from domain.derived import derived
from domain.digest import digest_of, normalised
from domain.document_events import Source
from domain.documents import Document
from domain.errors import InvalidInput, NotFound
from domain.event_log import EventLog, Told
from domain.phase import Phase
from domain.quality import quality_of
from domain.read_set import ReadSet
from domain.steps import Step
from domain.templates import Templates


def draft(command: c.DraftDocument, read: ReadSet, log: EventLog, templates: Templates) -> Phase:
    """Render and record the next iteration; a spec opens the phase it names."""
    by, at = command.meta.by, command.meta.at
    phase = read.find_phase(command.phase)
    told: dict[tuple[str, int], Told] = {}
    bases: list[Basis] = []
    if phase is None:
        if command.step is not Step.SPEC:
            raise NotFound(
                f"There is no phase {command.phase}: a phase begins with its spec.",
                fix=(hints.draft(command.phase, Step.SPEC),),
            )
        title = command.title or phase_ids.title_from(command.phase)
        phase = Phase.open(command.phase, title=title, by=by, at=at)
    else:
        phase.note_expiry(by=by, at=at)
        before = phase.may_draft(command.step)
        rests_on = _rests_on(phase, command.step)
        wanted = (phase.state.titled, *before.feedback, *(document.drafted for _, document in rests_on))
        told = log.told([(phase.id, version) for version in wanted])
        bases = [_basis(step, document, told[phase.id, document.drafted]) for step, document in rests_on]
        title = (told[phase.id, phase.state.titled].texts or {}).get("title") or phase_ids.title_from(command.phase)
        if command.title and command.title != title:
            title = command.title
            phase.retitle(title, by=by, at=at)
    fields = (
        command.fields if command.step is not Step.TASKS else task_drafts.numbered_fields(command.fields, phase, log)
    )
    document = phase.state.documents[command.step]
    answers = [words for version in document.feedback for words in _feedback(told[phase.id, version])]
    found = derived(command.step, fields, phase=command.phase, bases=bases)
    if command.step in RESTS_ON and not command.fields and not found:
        raise InvalidInput(
            f"{command.phase}: neither spec nor plan says anything that a {command.step} could be derived from.",
            fix=(hints.draft(command.phase, command.step),),
        )
    rendered = templates.render(
        command.step,
        fields,
        phase=command.phase,
        title=title,
        iteration=document.iteration + 1,
        answers=answers,
        derived=found,
    )
    phase.draft(
        command.step,
        digest=digest_of(rendered.text, command.step),
        text=rendered.text,
        fields=fields,
        source=Source.RENDERED,
        template=rendered.template,
        template_digest=rendered.template_digest,
        derived_from=found.get("sources", ()),
        quality=quality_of(command.step, fields),
        policy=read.policy().state,
        by=by,
        at=at,
        tasks=task_drafts.listed_in_fields(fields) if command.step is Step.TASKS else (),
    )
    return phase


def edit(command: c.EditDocument, read: ReadSet, log: EventLog) -> Phase:
    """Record a text written by hand as the next iteration; a spec opens the phase it names."""
    by, at = command.meta.by, command.meta.at
    if command.step is Step.SPEC:
        phase = read.find_phase(command.phase)
        phase = phase or Phase.open(command.phase, title=phase_ids.title_from(command.phase), by=by, at=at)
    else:
        phase = read.phase(command.phase)
    from domain.sections import fields_of_text  # few drafts need it

    text = normalised(command.text)
    if not text.strip():
        raise InvalidInput(f"{command.phase}: an empty text is no {command.step}.")
    phase.note_expiry(by=by, at=at)
    phase.may_draft(command.step)  # whether its tasks are in order is of no interest before
    phase.draft(
        command.step,
        digest=digest_of(text, command.step),
        text=text,
        fields={},
        source=Source.EDITED,
        template="",
        template_digest="",
        quality=quality_of(command.step, fields_of_text(command.step, text)),
        policy=read.policy().state,
        by=by,
        at=at,
        tasks=task_drafts.listed_in_text(text, phase, log) if command.step is Step.TASKS else (),
    )
    return phase


def _rests_on(phase: Phase, step: Step) -> list[tuple[Step, Document]]:
    """Return the approved documents that a step is derived from."""
    return [(each, phase.state.documents[each]) for each in RESTS_ON.get(step, ())]


def _basis(step: Step, document: Document, told: Told) -> Basis:
    """Return what a document says: its fields, of an edited one its sections, nothing where it was erased."""
    from domain.sections import fields_of_text  # as above

    texts = told.texts or {"fields": {}, "text": ""}
    fields = texts["fields"] or fields_of_text(step, texts["text"])
    return Basis(step, document.iteration, document.digest, fields)


def _feedback(told: Told) -> list[str]:
    """Return what a rejection or a reopening asked for; nothing where it was erased, or nobody kept it."""
    texts = told.texts or {}
    found = texts.get("feedback") or [texts.get("reason") or texts.get("comments") or ""]
    return [words for words in found if words]
