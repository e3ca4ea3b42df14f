"""Decide an import: what of a folder's claims is new here, and whether this phase may take it over."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from domain import commands as c
from domain import dependencies, task_drafts
from domain.digest import digest_of, normalised
from domain.errors import InvalidInput, NothingChanged, PhaseHandedOff, PhaseNotImported, Refusal
from domain.event_log import EventLog, Told
from domain.import_claims import BlockerThere, Claim, DependencyThere, TextThere, UnblockedThere
from domain.import_events import Imported
from domain.phase import Phase
from domain.read_set import ReadSet
from domain.steps import STEPS, Step
from domain.tasks import Listed

DRAFTED = "phase.document_drafted"


class Known(NamedTuple):
    """What earlier imports of a phase took over."""

    keys: frozenset[str] = frozenset()
    blockers: dict[str, str] = {}  # noqa: RUF012  # nobody changes the default
    written_here: frozenset[Step] = frozenset()


def take_over(command: c.ImportPhase, read: ReadSet, log: EventLog) -> Phase:
    """Return the phase with everything that is new taken over. Raises `NothingChanged` where nothing is."""
    by, at = command.meta.by, command.meta.at
    phase = read.find_phase(command.phase)
    if phase is None:
        known = Known()
        phase = Phase.open(command.phase, title=command.title, by=by, at=at)
    else:
        known = _known(phase, command, log)
    new = list(_new(phase, command.claims, known))
    if not new and phase.version > 1:
        raise NothingChanged(
            f"{command.phase}: everything in {command.source} was imported before.",
            fix=(f"orch history {command.phase}",),
        )
    if phase.version > 1:  # that nothing is new is said of any phase, that it takes no more only where something is
        phase.note_expiry(by=by, at=at)
        phase.refuse_when_archived()
        if phase.state.handed_off:
            raise PhaseHandedOff(command.phase)
    numbers = dict(known.blockers)
    for claim in new:
        if isinstance(claim, BlockerThere):
            count = len(phase.state.blockers) + len(numbers) - len(known.blockers)
            numbers[claim.key] = f"B{count + 1}"
    _refuse_unknown_blockers(new, numbers)
    phase.take_over(
        new,
        importer=command.importer,
        source=command.source_digest,
        began_at=command.began_at,
        items=[f"{x.key}={numbers[x.key]}" if isinstance(x, BlockerThere) else x.key for x in new],
        blockers=numbers,
        written_here=known.written_here,
        tasks=_tasks(new, phase, log),
        path=command.imported_from,
        left_out=command.left_out,
        policy=read.policy().state,
        by=by,
        at=at,
    )
    return phase


def _refuse_unknown_blockers(claims: Sequence[Claim], numbers: Mapping[str, str]) -> None:
    """Refuse the end of a blocker that nobody has heard of."""
    for claim in claims:
        if isinstance(claim, UnblockedThere) and claim.blocker not in numbers:
            raise InvalidInput(f"The claim {claim.key} ends the blocker {claim.blocker}, which no claim names.")


def _tasks(new: Sequence[Claim], phase: Phase, log: EventLog) -> tuple[Listed, ...]:
    """Return which tasks the last tasks document lists: none where its numbers are in disorder, as in some folders."""
    texts = [claim.text for claim in new if isinstance(claim, TextThere) and claim.step is Step.TASKS]
    try:
        return task_drafts.listed_in_text(normalised(texts[-1]), phase, log) if texts else ()
    except Refusal:  # of a text that is no longer ours to correct; its next iteration has to be in order
        return ()


def refuse_cycles(command: c.ImportPhase, phase: Phase, read: ReadSet) -> None:
    """Refuse dependencies on phases that do not exist, or that lead back."""
    claimed = {claim.on for claim in command.claims if isinstance(claim, DependencyThere)}
    for on in phase.state.depends_on:
        if on in claimed:
            dependencies.refuse_cycle(command.phase, on, read)


def _known(phase: Phase, command: c.ImportPhase, log: EventLog) -> Known:
    """Return what came from the same place before. Raises `PhaseNotImported` for a phase that came from elsewhere."""
    told = log.told([(phase.id, version) for version in range(1, phase.version + 1)])
    imports = [
        it.facts
        for it in told.values()
        if it.topic == Imported.TOPIC
        and (it.facts["importer"], it.facts["source"]) == (command.importer, command.source_digest)
    ]
    if not imports:
        raise PhaseNotImported(command.phase, source=command.source, name=command.name_there)
    items = [item.partition("=") for facts in imports for item in facts["items"]]
    return Known(
        keys=frozenset(key for key, _, _ in items),
        blockers={key: number for key, _, number in items if number},
        written_here=frozenset(step for step in STEPS if _is_ours(phase, step, told)),
    )


def _is_ours(phase: Phase, step: Step, told: dict[tuple[str, int], Told]) -> bool:
    drafted = phase.state.documents[step].drafted
    return bool(drafted) and told[phase.id, drafted].facts["source"] != "imported"


def _new(phase: Phase, claims: Sequence[Claim], known: Known) -> Iterator[Claim]:
    """Yield the claims nobody took over yet; a text that says what the one before it says is none."""
    latest = {step: phase.state.documents[step].digest for step in STEPS}
    for claim in claims:
        if claim.key in known.keys:
            continue
        if isinstance(claim, TextThere):
            digest = digest_of(claim.text, claim.step)
            if digest == latest[claim.step]:
                continue
            latest[claim.step] = digest
        yield claim
