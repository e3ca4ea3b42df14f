"""Decide a draft: from fields through a template, or from a text written by hand."""

from domain import commands as c
from domain import hints, phase_ids
from domain.digest import digest_of, normalised
from domain.document_events import Source
from domain.errors import InvalidInput, NotFound
from domain.event_log import EventLog, Told
from domain.phase import Phase
from domain.read_set import ReadSet
from domain.steps import Step
from domain.templates import Templates


def draft(command: c.DraftDocument, read: ReadSet, log: EventLog, templates: Templates) -> Phase:
    """Render and record the next iteration; a spec opens the phase it names."""
    by, at = command.meta.by, command.meta.at
    phase = read.find_phase(command.phase)
    told: dict[tuple[str, int], Told] = {}
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
        told = log.told([(phase.id, phase.state.titled), *((phase.id, v) for v in before.feedback)])
        title = (told[phase.id, phase.state.titled].texts or {}).get("title") or phase_ids.title_from(command.phase)
        if command.title and command.title != title:
            title = command.title
            phase.retitle(title, by=by, at=at)
    document = phase.state.documents[command.step]
    answers = [words for version in document.feedback for words in _feedback(told[phase.id, version])]
    rendered = templates.render(
        command.step,
        command.fields,
        phase=command.phase,
        title=title,
        iteration=document.iteration + 1,
        answers=answers,
    )
    phase.draft(
        command.step,
        digest=digest_of(rendered.text, command.step),
        text=rendered.text,
        fields=command.fields,
        source=Source.RENDERED,
        template=rendered.template,
        template_digest=rendered.template_digest,
        policy=read.policy().state,
        by=by,
        at=at,
    )
    return phase


def edit(command: c.EditDocument, read: ReadSet) -> Phase:
    """Record a text written by hand as the next iteration; a spec opens the phase it names."""
    by, at = command.meta.by, command.meta.at
    if command.step is Step.SPEC:
        phase = read.find_phase(command.phase)
        phase = phase or Phase.open(command.phase, title=phase_ids.title_from(command.phase), by=by, at=at)
    else:
        phase = read.phase(command.phase)
    text = normalised(command.text)
    if not text.strip():
        raise InvalidInput(f"{command.phase}: an empty text is no {command.step}.")
    phase.draft(
        command.step,
        digest=digest_of(text, command.step),
        text=text,
        fields={},
        source=Source.EDITED,
        template="",
        template_digest="",
        policy=read.policy().state,
        by=by,
        at=at,
    )
    return phase


def _feedback(told: Told) -> list[str]:
    """Return what a rejection or a reopening asked for; nothing where it was erased, or nobody kept it."""
    texts = told.texts or {}
    found = texts.get("feedback") or [texts.get("reason") or texts.get("comments") or ""]
    return [words for words in found if words]
