"""Everything a log says held against everything else it says, and against what an auditor holds."""

from collections.abc import Sequence

from adapters.signed_notes import VerifierKey
from domain.errors import Damaged, InvalidInput, NotFound
from projections.verification import AbandonedRange, Coverage, Findings, Verification, gaps, limits, verdict_of
from usecases.documents_on_disk import documents_on_disk
from usecases.held import held, kept
from usecases.project import Project
from usecases.signed_head import keys_of
from usecases.verifying import Options, Verifier


def verification(
    project: Project, notes: Sequence[tuple[str, bytes]], vkeys: list[str], options: Options
) -> Verification:
    """Verify a project, and what an auditor holds against it."""
    first = options.first
    for key in vkeys:
        VerifierKey.parse(key)
    findings = Findings()
    verifier = Verifier(project.log, findings, options, address=None if project.far else project.places.address)
    if first > max(1, verifier.size):
        raise NotFound(
            f"The log ends at position {verifier.size}; there is no position {first}.", fix=("orch audit verify",)
        )
    keys = vkeys or _keys(project)
    left: list[AbandonedRange] = []
    lineage = verifier.forks.lineage
    good, bad = held(notes, keys, origin=project.log.origin, findings=findings, lineage=lineage, abandoned=left)
    files_here = project.checkpoints
    own = kept(files_here, _keys(project), origin=project.log.origin, lineage=lineage, findings=findings)
    with project.metering(verifier.size - first + 1, "events") as progress:
        verifier.run([one.checkpoint.size for one in (*good, *own)], done=progress.advance)
    told = [(one, verifier.hold(one)) for one in good]
    kept_ones = [verifier.hold(one) for one in own]
    covered = max((one.checkpoint.size for one, holds in told if holds), default=0)
    rows, size = verifier.rows, verifier.size
    coverage = Coverage(first, size, options.envelopes_only, rows.erased, covered, own_keys=not vkeys, abandoned=left)
    coverage = coverage._replace(carried=verifier.redacted.carried, given=len(notes), owner=_owner(project))
    return {
        "verdict": verdict_of(findings, coverage),
        "origin": project.log.origin,
        "range": {"first": first, "last": size},
        "size": size,
        "root": verifier.root.hex(),
        "events": rows.events,
        "payloads": rows.payloads,
        "erased": rows.erased,
        "commands": verifier.commands.count,
        "streams": len(rows.last),
        "keys": keys,
        "checkpoints": [*(one.told(holds=holds) for one, holds in told), *bad],
        "covered": covered,
        "kept_checkpoints": len(kept_ones),
        "abandoned": left,
        "first_problem": findings.first,
        "problems": findings.problems,
        "problem_counts": dict(findings.counts),
        "not_proved": [*gaps(coverage), *limits(coverage)],
        "documents": documents_on_disk(project.files, verifier.kept.heads or {}, project.log),
    }


def _owner(project: Project) -> str:
    """Return what somebody does who could rewrite the log: nothing in the log itself would show that."""
    if project.far:
        return "runs the service, or what its log is in,"
    return "owns this file" if project.places.database is None else "owns this database or its server"


def _keys(project: Project) -> list[str]:
    """Return the keys that the log itself names, without those that are none."""
    found = []
    try:
        keys = keys_of(project)
        for key in (keys.current, *keys.replaced):
            VerifierKey.parse(str(key))
            found.append(key)
    except (Damaged, NotFound, InvalidInput):  # the verification itself finds out what is wrong with the heads
        pass
    return found
