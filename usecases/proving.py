"""What shows somebody else that an event is in the log, or that one log grew out of another."""

from typing import NamedTuple, TypedDict

from adapters.envelope import entry_of
from adapters.proof_files import tlog_proof
from domain.errors import InvalidInput, NotFound
from domain.proofs import consistency_proof, inclusion_proof
from domain.tree_ranges import range_root_of
from usecases.project import Project
from usecases.reads import moment_then
from usecases.signed_head import keys_of, signed_head

FILES = ("entry", "proof.tlog-proof", "vkey")


class ProofAnswer(TypedDict):
    """An inclusion proof (RFC 6962): hashes in hex, the lowest first; `index` counts from 0."""

    position: int
    index: int
    size: int
    root: str
    topic: str
    leaf: str
    proof: list[str]
    folder: str
    files: list[str]


class ConsistencyAnswer(TypedDict):
    """A consistency proof (RFC 6962) between the trees of two sizes: hashes in hex."""

    old: int
    new: int
    old_root: str
    new_root: str
    proof: list[str]


class Proof(NamedTuple):
    """A proof, and the files that show it to somebody else."""

    data: ProofAnswer
    files: dict[str, bytes]


def inclusion(project: Project, position: int, *, folder: str, at: str | None = None) -> Proof:
    """Sign the log as it is, or as it was at a moment, and prove an event to that; the files are meant for a folder."""
    then = None if at is None else moment_then(project, at)[0].position
    record = next(project.log.records(position, position), None)
    if record is None or (then is not None and position > then):
        size = project.log.moment().position if then is None else then
        fix = (f"orch audit prove {size or position} -o proof",) if size or then is not None else ("orch init",)
        ends = "The log ends" if then is None else "By then the log ended"
        raise NotFound(f"{ends} at position {size}; there is no position {position}.", fix=fix)
    head = signed_head(project, then)
    proof = inclusion_proof(position - 1, head.size, range_root_of(project.log))
    key = keys_of(project).current
    if then is None:
        project.checkpoints.keep(head.size, head.note)
    files = {
        "proof.tlog-proof": tlog_proof(position - 1, proof, head.note),
        "entry": entry_of(record.position, record.recorded_at, record.clock, record.envelope),
        "vkey": f"{key}\n".encode(),
    }
    data: ProofAnswer = {
        "position": position,
        "index": position - 1,
        "size": head.size,
        "root": head.root.hex(),
        "topic": record.topic,
        "leaf": record.leaf.hex(),
        "proof": [each.hex() for each in proof],
        "folder": folder,
        "files": sorted(files),
    }
    return Proof(data, files)


def consistency(project: Project, old: int, new: int) -> ConsistencyAnswer:
    """Prove that the log of so many events grew out of the one of fewer."""
    size = project.log.moment().position
    fix = (f"orch audit prove --between 1 {size}",)
    if not 1 <= old <= new:
        raise InvalidInput(f"Two sizes from 1 to {size} are needed, the older first; got {old} and {new}.", fix=fix)
    if new > size:
        raise NotFound(f"The log ends at position {size}; it never had {new} events.", fix=fix)
    range_root = range_root_of(project.log)
    proof = consistency_proof(old, new, range_root)
    return {
        "old": old,
        "new": new,
        "old_root": range_root(0, old).hex(),
        "new_root": range_root(0, new).hex(),
        "proof": [each.hex() for each in proof],
    }
