"""Prove a recovered store: all that a verification can, and that it is a prefix of the log it was taken from."""

from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple, TypeAlias

from adapters.settings import is_database_url
from adapters.stores import opened_at
from domain.errors import Damaged, InvalidInput, NotFound
from domain.event_log import EventLog
from domain.ledger import STREAM as LEDGER
from domain.lineage import Lineage
from domain.project import STREAM as PROJECT
from projections.verification import Findings
from usecases.held import Held, held, notes_in
from usecases.recover_answers import PrefixOf, RecoveryVerification
from usecases.recovered import NO_REDACTION, carried_by, state_digest
from usecases.verifying import Options, Verifier
from usecases.verifying_beside import note_unsound, unsound_in

RootAt: TypeAlias = Callable[[int], bytes | None]


class Parent(NamedTuple):
    """What is known of the log that a store was recovered from."""

    where: str
    origin: str
    size: int
    root_at: RootAt
    keys: Sequence[str]
    """Verifier keys that have spoken for it."""
    checkpoints: Sequence[Path]
    """The checkpoints that it kept."""
    lineage: Lineage | None = None
    """The names it has had, where it can say them."""

    def shares(self, origin: str, size: int) -> int:
        """Return how many events a store of that name and size has to share with it."""
        return (self.lineage.shared_with(origin, size) if self.lineage else 0) or size


def check(
    address: str | Path,
    *,
    parent: Parent | None,
    state: str | None = None,
    fold: bool = True,
    done: Callable[[int], None] = lambda _: None,
) -> RecoveryVerification:
    """Verify the log at an address, and hold it against its parent and the parent's checkpoints where they are known.

    `state` is the digest of a fold of the parent's events, where somebody has folded them; where these were the very
    same events they need not be folded once more.
    """
    with closing(opened_at(str(address), read_only=True)) as log:
        findings = Findings()
        remarks: list[str] = []
        verifier = Verifier(log, findings, Options(fold=fold), address=str(address))
        good = _checkpoints(log, parent, verifier, remarks)
        shared = parent.shares(log.origin, verifier.size) if parent else verifier.size
        verifier.run([*(one.checkpoint.size for one in good), shared], done=done)
        told = [(one, verifier.hold(one)) for one in good]
        prefix = _prefix(verifier, shared, parent, findings, remarks)
        digest = state_digest(verifier.kept.heads or {})
        note_unsound([] if fold else unsound_in(log), findings)
        if state is not None and digest != state:
            findings.note(None, "state", state, digest)
        if prefix is None and not told:
            remarks.append("Nothing from outside this store was there to hold it against.")
        proved = prefix is not None or any(holds for _, holds in told)
        return {
            "verdict": "damaged" if findings.counts else "verified" if proved else "incomplete",
            "store": log.where if is_database_url(str(address)) else str(Path(address).parent),
            "origin": log.origin,
            "size": verifier.size,
            "root": verifier.root.hex(),
            "state": digest,
            "events": verifier.rows.events,
            "payloads": verifier.rows.payloads,
            "erased": verifier.rows.erased,
            "redacted_later": sorted(gone for gone, by in carried_by(log).items() if by != NO_REDACTION),
            "texts_lost": sorted(gone for gone, by in carried_by(log).items() if by == NO_REDACTION),
            "prefix_of": prefix,
            "checkpoints": [one.told(holds=holds) for one, holds in told],
            "first_problem": findings.first,
            "problems": findings.problems,
            "problem_counts": dict(findings.counts),
            "not_proved": remarks,
        }


def keys_known(log: EventLog) -> list[str]:
    """Return the verifier keys that a log names, or none where its heads cannot be read."""
    from adapters.signed_notes import VerifierKey
    from projections.log_keys import log_keys

    found = []
    try:
        heads = log.heads([PROJECT, LEDGER])[1]
        keys = log_keys(heads[PROJECT], heads.get(LEDGER))
        for key in (keys.current, *keys.replaced):
            VerifierKey.parse(key)
            found.append(key)
    except (Damaged, InvalidInput, KeyError):
        pass
    return found


def _checkpoints(log: EventLog, parent: Parent | None, verifier: Verifier, remarks: list[str]) -> list[Held]:
    """Return the kept checkpoints that cover no more than what was recovered, and that a known key signed."""
    if parent is None:
        return []
    doubts, size = Findings(), verifier.size
    lineage = verifier.forks.lineage
    good: list[Held] = []
    keys = list(dict.fromkeys([*parent.keys, *keys_known(log)]))
    for file in parent.checkpoints:
        if file.stem.isdecimal() and int(file.stem) > size:
            continue
        try:
            found, _ = held(notes_in([file]), keys, origin=log.origin, findings=doubts, lineage=lineage)
            good += [one for one in found if one.checkpoint.size <= size]
        except (InvalidInput, NotFound) as error:
            doubts.note(None, "checkpoint", "a signed checkpoint", error.message)
    remarks += [f"A kept checkpoint does not count: {each['found']}" for each in doubts.problems]
    return good


def _prefix(
    verifier: Verifier, shared: int, parent: Parent | None, findings: Findings, remarks: list[str]
) -> PrefixOf | None:
    """Hold the store against its parent: all of it, or what both share where the parent was forked from its log."""
    if parent is None:
        return None
    if not parent.size:
        remarks.append(f"{parent.where} holds no log that can be held against it.")
        return None
    try:
        root = parent.root_at(shared) if shared <= parent.size else None
    except Damaged as error:
        remarks.append(f"{parent.where} cannot tell its root at {shared}: {error.message}")
        return None
    if root is None:
        remarks.append(f"{parent.where} has {parent.size} events and no root at {shared}.")
        return None
    found = verifier.root if shared == verifier.size else verifier.roots.get(shared)
    if root != found:
        findings.note(None, "prefix", f"{root.hex()} at {shared} ({parent.where})", found)
    elif shared < verifier.size:
        remarks.append(f"{parent.where} left that log after {shared} events; nothing there speaks for those beyond.")
        return None
    return {"where": parent.where, "origin": parent.origin, "size": parent.size, "agrees": root == found}
