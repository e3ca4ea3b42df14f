"""Make the log as it was at a moment, and prove it."""

from collections.abc import Mapping

from domain.errors import Damaged, Refusal
from domain.event_log import Moment
from projections.undone_revocations import UndoneRevocation
from usecases.meters import Metering, unseen
from usecases.recover_answers import RecoveryVerification
from usecases.recover_checks import check
from usecases.recover_rows import rows_and_fold, without_texts
from usecases.recover_sources import Source
from usecases.recovered import Recovered, state_digest
from usecases.refilling import write_rows
from usecases.safe_text import one_line
from usecases.undone import undone_in


def made(
    address: str,
    source: Source,
    to: str,
    moment: Moment,
    more: Mapping[str, str] | None = None,
    *,
    metering: Metering = unseen,
) -> RecoveryVerification:
    """Make the log at an address and verify it; refuse one in which anything differs."""
    size = moment.position
    redactions = source.redactions()
    note = Recovered(source.kind, source.where, source.origin, source.size, to)
    notes = note.notes(source.carried(size), more)
    with metering(size, "events written") as progress:
        folded: list[str] = []
        with rows_and_fold(source, size) as (pages, fold):
            head = write_rows(
                address,
                source.origin_at(size),
                without_texts(pages, redactions),
                fold,
                notes=notes,
                done=progress.advance,
                folded=lambda heads: folded.append(state_digest(heads)),
            )
    wrong = source.contradicts(size, head.root)
    if wrong is not None:
        raise Damaged(wrong)
    with metering(size, "events verified") as progress:
        # these very envelopes were folded a moment ago: their state is what is compared with the disk
        found = check(address, parent=source.parent(), state=folded[0], fold=False, done=progress.advance)
    if found["verdict"] == "damaged":
        first = found["first_problem"]
        assert first is not None
        place = "" if first["position"] is None else f" at position {first['position']}"
        raise Damaged(
            f"What {source.where} gives for T does not verify: {first['what']}{place}"
            f" (expected {one_line(first['expected'] or '—')}, found {one_line(first['found'] or '—')})."
        )
    return found


def undone_by(source: Source, position: int, found: RecoveryVerification) -> list[UndoneRevocation]:
    """Return what going back undoes, as far as the source can be read beyond T: damage there is why one goes back."""
    try:
        return undone_in(source.records(position + 1))
    except (Refusal, LookupError, TypeError, ValueError) as error:
        why = error.message if isinstance(error, Refusal) else f"{error}"
        found["not_proved"].append(f"What was revoked after T, and is in force again, cannot be told: {why}")
        return []
