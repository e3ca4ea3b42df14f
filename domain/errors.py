"""Every way we say no.

Refusal
├── Rejected                    a rule says no; nothing was recorded
│   ├── StepNotApproved         an earlier step lacks its approval
│   ├── StepAlreadyApproved     an approved step changes only through reopen
│   ├── NothingToJudge          the step has no document that waits for a verdict
│   ├── VerdictIsStale          the verdict judged another text than the latest
│   ├── AlreadyJudged           the same person judged this iteration before
│   ├── RequestExpired          the request for approval ran out
│   ├── PolicyForbids           the project's policy says no; a person's force overrides it
│   ├── BreakGlassUnknown       force that others ratify needs a policy that says until when
│   ├── QualityTooLow           the project's policy asks for a more complete document; a person's force overrides it
│   ├── PolicyForbidsAutomatic  nobody can approve automatically what they may not approve
│   ├── PolicyNeedsPerson       only a person may change a policy that binds agents
│   ├── LatestTextStays         the text that decisions rest on is drafted anew before it is erased
│   ├── TextErased              nobody can read the text a verdict would be about
│   ├── DocumentEdited          the file on disk is not a recorded text
│   ├── NothingChanged          the command would change nothing
│   ├── StepNotApprovedYet      only an approved step can be reopened
│   ├── NotReconfirmable        only a stale step that was approved can be reconfirmed
│   ├── NotReadyForHandoff      steps, dependencies or blockers stand in the way
│   ├── PhaseNotImported        a phase of that name is here and came from elsewhere
│   ├── StepWrittenHere         an import does not overtake a text that was written here
│   ├── DependencyCycle         phases would wait for each other
│   ├── GateClosed              the checkout does not hold exactly the approved text
│   ├── ReceiptRefused          a receipt does not prove the approval it was shown for
│   ├── TaskWaits               a task begins when those it rests on are done
│   ├── PhaseArchived           an archived phase is read-only
│   ├── PhaseHandedOff          a phase handed off changes only after a step is reopened
│   ├── StoreRecovered          a recovered store takes no writes before it is promoted
│   ├── StoreRetired            a store that was left for a promoted one takes none ever
│   ├── StoreMoved              a log that was moved elsewhere is not written here
│   ├── StoreUnsettled          a log that is still being made in this place is neither read nor written
│   ├── RedactedSince           a recovered store holds texts that were erased after it was made
│   ├── TokenNeedsPerson        only people issue tokens
│   └── AlreadyExists           what should be made is there already
├── InvalidInput                the words were wrong
│   ├── ReasonMissing           the record needs a reason in words
│   ├── TemplateBroken          a template cannot be rendered
│   └── CommandIdReused         the same command id with another content
├── NotFound                    it names something the log has never seen
├── Conflict                    somebody was first; read again
├── Damaged                     the store contradicts itself
│   ├── UnknownEvent            written by a newer version, or not by us
│   └── SignatureRefused        its keys did not sign this text
└── Unavailable                 not now; safe to repeat
    ├── StoreReplaced           another store has the place of the one that is open
    └── HandsNeeded             not before somebody has changed something; waiting helps nobody
        ├── StoreOutdated       the store was made by an older version and can only be read
        ├── PackageMissing      what was asked for needs a package that is not installed
        ├── UpgradeUndone       an upgrade did not hold; the store is as it was
        └── FilesUnavailable    the file system said no
"""

from collections.abc import Sequence
from typing import ClassVar


class Refusal(Exception):
    """A sentence for a person, a stable code for a program, and the commands that would fix it."""

    code: ClassVar[str] = "REFUSED"

    def __init__(self, message: str, *, fix: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.fix = tuple(fix)


class Rejected(Refusal):
    """A rule says no; nothing was recorded."""

    code = "WORKFLOW_VIOLATION"


class InvalidInput(Refusal):
    """The words were wrong."""

    code = "VALIDATION_ERROR"


class NotFound(Refusal):
    """It names something the log has never seen."""

    code = "NOT_FOUND"


class Conflict(Refusal):
    """Somebody was first: what was read to decide has changed since."""

    code = "CONFLICT"

    def __init__(self, stream: str, *, read: int, found: int) -> None:
        self.stream, self.read, self.found = stream, read, found
        super().__init__(
            f"Somebody was first: {stream} is at version {found}, this decision read version {read}."
            " Look again, then repeat the command."
        )


class Damaged(Refusal):
    """The store contradicts itself; do not trust it."""

    code = "STATE_ERROR"


class UnknownEvent(Damaged):
    """An event this version cannot read is refused, never skipped."""

    code = "UNKNOWN_EVENT"


class SignatureRefused(Damaged):
    """A signed text of which nothing may be believed."""

    code = "SIGNATURE_REFUSED"


class Unavailable(Refusal):
    """Not available now; safe to repeat with the same command id."""

    code = "UNAVAILABLE"


class StepNotApproved(Rejected):
    def __init__(self, phase: str, step: str, *, missing: str, state: str, fix: Sequence[str]) -> None:
        super().__init__(
            f"{phase}: {step} cannot start before {missing} is approved ({missing} is {state.replace('_', ' ')}).",
            fix=fix,
        )


class StepAlreadyApproved(Rejected):
    def __init__(self, phase: str, step: str) -> None:
        super().__init__(
            f"{phase}: {step} is approved; an approved document changes only after it is reopened with a reason.",
            fix=(f'orch reopen {phase} {step} --reason "what has to change"',),
        )


class NothingToJudge(Rejected):
    def __init__(self, phase: str, step: str, *, state: str, fix: Sequence[str]) -> None:
        super().__init__(
            f"{phase}: {step} has no document waiting for a verdict (it is {state.replace('_', ' ')}).", fix=fix
        )


class VerdictIsStale(Rejected):
    code = "VERDICT_STALE"

    def __init__(self, phase: str, step: str, *, judged: str, latest: str, on_disk: bool = False) -> None:
        show = f"orch show {phase} {step}"
        super().__init__(
            f"{phase}: the verdict on {step} is for {judged}, but the latest is {latest}.",
            fix=(f"orch checkout {phase} {step}", show) if on_disk else (show,),
        )


class AlreadyJudged(Rejected):
    def __init__(self, phase: str, step: str, *, name: str, iteration: int) -> None:
        super().__init__(
            f"{phase}: {name} has already given a verdict on iteration {iteration} of {step};"
            " the next one must come from another person.",
            fix=(f"orch why {phase} {step}",),
        )


class RequestExpired(Rejected):
    def __init__(self, phase: str, step: str, *, lapsed: str = "") -> None:
        what = f"the approval of {step} under break-glass by {lapsed}" if lapsed else f"the request to approve {step}"
        because = " because nobody ratified it" if lapsed else ""
        super().__init__(
            f"{phase}: {what} has expired{because}; ask again first.",
            fix=(f"orch request {phase} {step}",),
        )


class PolicyForbids(Rejected):
    code = "POLICY_VIOLATION"

    def __init__(self, phase: str, step: str, *, why: str, command: str, grants: str = "") -> None:
        force = (f'orch {command} --force --reason "why the policy is set aside"',) if command else ()
        ways = (grants,) if grants else ()
        super().__init__(f"{phase}: {step}: {why}.", fix=(f"orch why {phase} {step}", *ways, *force))


class BreakGlassUnknown(Rejected):
    code = "POLICY_VIOLATION"

    def __init__(self, phase: str, step: str, *, command: str) -> None:
        super().__init__(
            f"{phase}: {step}: the policy says nothing about break-glass, so nobody would have to ratify it.",
            fix=(
                "orch policy set --break-glass 86400",
                f'orch {command} --force --reason "why the policy is set aside"',
            ),
        )


class PolicyForbidsAutomatic(Rejected):
    code = "POLICY_VIOLATION"

    def __init__(self, phase: str, step: str, *, why: str, fix: Sequence[str]) -> None:
        super().__init__(
            f"{phase}: {step} cannot be approved automatically: {why}. Nothing was recorded; otherwise it is drafted"
            " and waits.",
            fix=fix,
        )


class QualityTooLow(Rejected):
    code = "POLICY_VIOLATION"

    def __init__(self, phase: str, step: str, *, why: str, command: str, draft: str) -> None:
        super().__init__(
            f"{phase}: {step}: {why}.",
            fix=(draft, f'orch {command} --force --reason "why the policy is set aside"'),
        )


class PolicyNeedsPerson(Rejected):
    code = "POLICY_VIOLATION"

    def __init__(self, name: str, kind: str, *, may: str = "change the policy") -> None:
        super().__init__(
            f"{name} acts as {kind}; while only people may approve, only people may {may}.",
            fix=("orch policy show",),
        )


class TokenNeedsPerson(Rejected):
    code = "POLICY_VIOLATION"

    def __init__(self, name: str, kind: str, *, what: str) -> None:
        super().__init__(f"{name} acts as {kind}, which may not {what}.", fix=("orch token list",))


class LatestTextStays(Rejected):
    code = "LATEST_TEXT"

    def __init__(self, phase: str, step: str, *, iteration: int, fix: Sequence[str]) -> None:
        super().__init__(
            f"{phase}: iteration {iteration} is the latest text of {step}; draft it anew, then erase the old one.",
            fix=fix,
        )


class TextErased(Rejected):
    code = "TEXT_ERASED"

    def __init__(self, phase: str, step: str, *, iteration: int, fix: Sequence[str]) -> None:
        super().__init__(f"{phase}: the text of {step} iteration {iteration} was erased; draft it anew.", fix=fix)


class DocumentEdited(Rejected):
    code = "DOCUMENT_EDITED"

    def __init__(self, phase: str, step: str, *, path: str, approved: bool = False) -> None:
        edited = f"{phase}: {path} was edited and is not a recorded iteration of {step}."
        checkout = f"orch checkout {phase} {step}"
        if approved:
            reopen = f'orch reopen {phase} {step} --reason "what has to change"'
            super().__init__(
                f"{edited} Put the approved text back (checkout), or reopen the step to record another (edit).",
                fix=(checkout, reopen),
            )
        else:
            super().__init__(
                f"{edited} Record it as the next iteration (edit), or put the recorded text back (checkout).",
                fix=(f"orch edit {phase} {step}", checkout),
            )


class NothingChanged(Rejected):
    code = "NOTHING_CHANGED"


class StepNotApprovedYet(Rejected):
    def __init__(self, phase: str, step: str, *, state: str, fix: Sequence[str]) -> None:
        super().__init__(
            f"{phase}: only an approved step can be reopened; {step} is {state.replace('_', ' ')}.", fix=fix
        )


class NotReconfirmable(Rejected):
    def __init__(self, phase: str, step: str, *, why: str, fix: Sequence[str]) -> None:
        super().__init__(f"{phase}: {step} cannot be reconfirmed: {why}.", fix=fix)


class NotReadyForHandoff(Rejected):
    def __init__(self, phase: str, *, why: str, fix: Sequence[str], hierarchical: bool = False) -> None:
        super().__init__(f"{phase} cannot be handed off: {why}.", fix=fix)
        if hierarchical:
            self.code = "HIERARCHICAL_VIOLATION"  # type: ignore[misc]  # the cause is another phase


class PhaseNotImported(Rejected):
    code = "ALREADY_EXISTS"

    def __init__(self, phase: str, *, source: str, name: str) -> None:
        from shlex import quote  # only imports need it

        super().__init__(
            f"There is a phase {phase} already, and it was not imported from {source}.",
            fix=(f"orch import . --phase {quote(name)}={phase}-imported", f"orch history {phase}"),
        )


class StepWrittenHere(Rejected):
    def __init__(self, phase: str, step: str, *, read_from: str) -> None:
        super().__init__(
            f"{phase}: {step} was written here since the import; {read_from} does not overtake it.",
            fix=(f"orch history {phase}", f"orch edit {phase} {step}"),
        )


class DependencyCycle(Rejected):
    code = "HIERARCHICAL_VIOLATION"

    def __init__(self, path: Sequence[str], *, removable: Sequence[tuple[str, str]]) -> None:
        super().__init__(
            f"That would make phases wait for each other: {' → '.join(path)}.",
            fix=[f"orch depend {phase} --on {on} --remove" for phase, on in removable[-1:]] or [f"orch why {path[0]}"],
        )


class GateClosed(Rejected):
    code = "GATE_CLOSED"

    def __init__(self, phase: str, step: str, *, why: str, fix: Sequence[str]) -> None:
        super().__init__(f"{phase}: {step} does not pass the gate: {why}.", fix=fix)


class ReceiptRefused(Rejected):
    code = "RECEIPT_REFUSED"

    def __init__(self, phase: str, step: str, *, why: str, fix: Sequence[str] = ()) -> None:
        again = (f"orch gate {phase} {step} --write-receipt",)
        super().__init__(f"{phase}: the receipt of {step} proves nothing here: {why}.", fix=fix or again)


class TaskWaits(Rejected):
    def __init__(self, phase: str, task: str, *, waits_for: Sequence[str], command: str) -> None:
        are = "is" if len(waits_for) == 1 else "are"
        super().__init__(
            f"{phase}: {task} waits for {', '.join(waits_for)}, which {are} not done.",
            fix=(
                f"orch task done {phase} {' '.join(waits_for)}",
                f'orch {command} --force --reason "why it need not wait"',
            ),
        )


class PhaseArchived(Rejected):
    def __init__(self, phase: str) -> None:
        super().__init__(f"{phase} is archived and read-only.", fix=(f"orch history {phase}",))


class PhaseHandedOff(Rejected):
    def __init__(self, phase: str) -> None:
        super().__init__(
            f"{phase} has been handed off; reopen a step to withdraw the handoff first.",
            fix=(f'orch reopen {phase} tasks --reason "what has to change"',),
        )


class StoreRecovered(Rejected):
    code = "STORE_RECOVERED"

    def __init__(self, store: str, *, words: str) -> None:
        from shlex import quote  # most commands never need it

        super().__init__(
            f"{store} was recovered and not promoted; it is for reading. A log must never go on in two places.",
            fix=(f'orch recover promote {quote(words)} --reason "why the project goes back"',),
        )


class StoreRetired(Rejected):
    code = "STORE_RETIRED"

    def __init__(self, store: str, *, left_for: str, to: str | None = None) -> None:
        from shlex import quote  # most commands never need it

        there = () if to is None else (f"export ORCHESTRATOR_DATABASE_URL={quote(to)}", "orch init --yes")
        super().__init__(
            f"{store} was left for {left_for}; it is for reading. A log must never go on in two places.",
            fix=there or ("unset ORCHESTRATOR_STATE_DIR",),
        )


class StoreMoved(Rejected):
    code = "STORE_MOVED"

    def __init__(self, store: str, *, to: str, fix: str) -> None:
        super().__init__(f"The log was moved from {store} to {to}; it goes on there and nowhere else.", fix=(fix,))


class StoreUnsettled(Rejected):
    code = "STORE_UNSETTLED"

    def __init__(self, store: str, *, by: str) -> None:
        super().__init__(f"The log in {store} is not finished: {by} was stopped or is still at work.", fix=(by,))


class RedactedSince(Rejected):
    code = "REDACTED_SINCE"

    def __init__(self, store: str, positions: Sequence[int], *, fix: Sequence[str]) -> None:
        places = f"position{'s' if len(positions) > 1 else ''} {', '.join(map(str, positions))}"
        super().__init__(
            f"{store} still holds the text of {places}, which was erased after it was recovered; promoted, it would"
            " bring that text back. A recovery made now leaves it out.",
            fix=fix,
        )


class AlreadyExists(Rejected):
    code = "ALREADY_EXISTS"


class ReasonMissing(InvalidInput):
    def __init__(self, what: str, *, command: str, option: str = "--reason", example: str) -> None:
        super().__init__(f"{what} needs a reason in words.", fix=(f'orch {command} {option} "{example}"',))


class TemplateBroken(InvalidInput):
    code = "TEMPLATE_ERROR"


class CommandIdReused(InvalidInput):
    code = "COMMAND_ID_REUSED"

    def __init__(self, command_id: str) -> None:
        super().__init__(
            f"The command id {command_id} was used before for another command; a new one needs an id of its own."
        )


class StoreReplaced(Unavailable):
    code = "STORE_REPLACED"

    def __init__(self, store: str) -> None:
        super().__init__(f"{store} was replaced while it was open; nothing was recorded. It has to be opened anew.")


class HandsNeeded(Unavailable):
    """Not before somebody has changed something: a right, a disk, a version."""


class PackageMissing(HandsNeeded):
    """What was asked for needs a package that is not installed."""


class StoreOutdated(HandsNeeded):
    code = "UPGRADE_NEEDED"

    def __init__(self, place: str, *, found: int, needed: int) -> None:
        super().__init__(
            f"{place} was made by an older version of orch (schema {found}); it can be read, and written again once it"
            f" has schema {needed}.",
            fix=("orch upgrade",),
        )


class UpgradeUndone(HandsNeeded):
    code = "UPGRADE_UNDONE"

    def __init__(self, place: str, why: str, *, found: int, needed: int) -> None:
        super().__init__(
            f"The upgrade of {place} to schema {needed} did not hold: {why.rstrip('.')}. It has schema {found} again,"
            " with every event, and works with the version of orch that made it.",
            fix=("orch doctor", "orch backup list"),
        )


class FilesUnavailable(HandsNeeded):
    code = "FILESYSTEM_ERROR"
