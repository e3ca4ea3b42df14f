"""Receipts: what proves an approval where there is no store. C2SP tlog-proofs, one for each approval that counted.

Every proof carries its entry as the `extra` of the format, and all have one checkpoint. What cannot be written in
another way proves the same as what was written, so nothing else is read.
"""

import re
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from adapters.envelope import envelope_in
from adapters.proof_files import HEADER, tlog_proof
from adapters.signed_notes import VerifierKey, opened
from domain.checkpoints import Checkpoint
from domain.errors import Damaged, InvalidInput, ReceiptRefused, SignatureRefused
from domain.merkle import leaf_hash
from domain.phase_ids import stream_of
from domain.policy import MOST_APPROVERS
from domain.proofs import HASH, verify_inclusion
from domain.steps import Step

APPROVALS = ("phase.document_approved", "phase.document_reconfirmed")
NUMBER = "(0|[1-9][0-9]{0,18})"
PART = re.compile(rf"extra ([A-Za-z0-9+/=]+)\nindex {NUMBER}\n((?:[A-Za-z0-9+/=]{{44}}\n){{0,64}})\n(.+)", re.DOTALL)
ENTRY = re.compile(rb"%b %b %b\n" % ((NUMBER.encode(),) * 3))


class Proof(NamedTuple):
    """That an entry is in the log."""

    place: int
    """The index of its leaf, from 0."""
    entry: bytes
    path: Sequence[bytes]


class Said(NamedTuple):
    """What the entry of an approval says."""

    position: int
    recorded_at: int
    envelope: dict[str, Any]

    @property
    def facts(self) -> dict[str, Any]:
        """The facts of the approval."""
        found: dict[str, Any] = self.envelope["facts"]
        return found


class Proven(NamedTuple):
    """What a receipt proves."""

    approvals: list[Said]
    """The approvals of one iteration; the last one made the step approved."""
    checkpoint: Checkpoint
    signed_by: tuple[str, ...]

    @property
    def digest(self) -> str:
        """The digest of the approved text."""
        found: str = self.approvals[-1].facts["digest"]
        return found

    @property
    def iteration(self) -> int:
        """The approved iteration."""
        found: int = self.approvals[-1].facts["iteration"]
        return found


def written(proofs: Iterable[Proof], note: bytes) -> bytes:
    """Return the receipt of approvals, the last one last."""
    return b"".join(tlog_proof(proof.place, proof.path, note, extra=proof.entry) for proof in proofs)


def proven(data: bytes, *, phase: str, step: Step, vkeys: Sequence[str]) -> Proven:
    """Return what a receipt proves about a step to somebody who trusts these keys. Raises `ReceiptRefused`."""
    try:
        proofs, note = _parsed(data)
        known = opened(note, vkeys)
        checkpoint = Checkpoint.parse(known.text)
        if checkpoint.origin not in {VerifierKey.parse(key).name for key in known.verified}:
            raise InvalidInput("its checkpoint belongs to another log than the key that signed it")
        said = [_said(proof, checkpoint) for proof in proofs]
        _refuse_no_approval(said, phase, step)
    except (InvalidInput, SignatureRefused, Damaged) as error:
        raise ReceiptRefused(phase, step, why=error.message.rstrip(".")) from None
    return Proven(said, checkpoint, known.verified)


def _parsed(data: bytes) -> tuple[list[Proof], bytes]:
    """Return the proofs and the signed note that all of them have."""
    try:
        first, *parts = data.decode().split(f"{HEADER}\n")
    except UnicodeDecodeError:
        raise InvalidInput("it is not UTF-8 text") from None
    if first or not 1 <= len(parts) <= MOST_APPROVERS:
        raise InvalidInput(f"it is not 1 to {MOST_APPROVERS} proofs, each beginning with {HEADER}")
    proofs, notes = [], set()
    for part in parts:
        found = PART.fullmatch(part)
        if found is None:
            raise InvalidInput("it is not written as a tlog-proof with its entry")
        extra, index, hashes, note = found.groups()
        proofs.append(Proof(int(index), _bytes(extra), [_bytes(line) for line in hashes.splitlines()]))
        notes.add(note.encode())
    if len(notes) > 1:
        raise InvalidInput("its proofs lead to different checkpoints")
    note = notes.pop()
    if written(proofs, note) != data:
        raise InvalidInput("it is not written the one way a receipt is written")
    return proofs, note


def _bytes(words: str) -> bytes:
    try:
        return b64decode(words, validate=True)
    except Base64Error:
        raise InvalidInput("it holds what is no base 64") from None


def _said(proof: Proof, checkpoint: Checkpoint) -> Said:
    """Return what an entry says once it is known to be in the tree of the checkpoint."""
    first = ENTRY.match(proof.entry)
    if first is None:
        raise InvalidInput("it holds what is no entry of a log")
    position, recorded_at, _ = map(int, first.groups())
    if position != proof.place + 1 or any(len(each) != HASH for each in proof.path):
        raise InvalidInput(f"the entry says position {position}, the proof says {proof.place + 1}")
    leaf = leaf_hash(proof.entry)
    if not verify_inclusion(proof.place, checkpoint.size, leaf, proof.path, checkpoint.root):
        raise InvalidInput(f"position {position} is not in the log that was signed")
    return Said(position, recorded_at, envelope_in(proof.entry[first.end() :], position))


def _refuse_no_approval(said: list[Said], phase: str, step: Step) -> None:
    """Refuse anything but the whole approval of one iteration of that step."""
    for each in said:
        topic, stream = each.envelope["topic"], each.envelope["stream"]
        if topic not in APPROVALS:
            raise InvalidInput(f"position {each.position} is no approval but {topic}")
        if stream != stream_of(phase) or each.facts["step"] != step:
            raise InvalidInput(f"it is for {stream.partition(':')[2]} {each.facts['step']}")
    *before, last = said
    if not last.facts["final"]:
        raise InvalidInput(f"position {last.position} is one approval of several; more were needed")
    names = {each.envelope["actor"]["id"] for each in said}
    positions = [each.position for each in said]
    together = {(each.envelope["topic"], each.facts["iteration"], each.facts["digest"]) for each in said}
    if any(each.facts["final"] for each in before) or len(names) < len(said) or positions != sorted(positions):
        raise InvalidInput("its approvals are not those of different people, in their order")
    if len(together) > 1:
        raise InvalidInput("its approvals are for different texts")
