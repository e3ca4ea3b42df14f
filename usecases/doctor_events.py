"""What `orch doctor` finds in the log itself: every event, the tree, the columns, the heads and the snapshots."""

from collections.abc import Iterator

from usecases.patient import Found, Patient
from usecases.safe_text import one_line
from usecases.way_out import GUARD, mend_of, ways_out

SHOWN = 5
"""Problems that get a row of their own."""


def events(patient: Patient) -> Iterator[Found]:
    """Hold everything that the log says against everything else it says, as `orch audit verify` does."""
    from projections.verification import Findings
    from usecases.verifying import Options, Verifier

    log = patient.log
    if log is None:
        yield patient.not_looked_at()
        return
    if patient.quick:
        yield Found("ok", "Not looked at, as asked; orch audit verify checks every event.")
        return
    findings = Findings()
    verifier = Verifier(log, findings, Options(), address=patient.places.address)
    with patient.metering(verifier.size, "events") as progress:
        verifier.run([], done=progress.advance)
    if not findings.counts:
        said = f"All {verifier.size:,} events, the tree, the heads and the snapshots fit each other"
        yield Found("ok", f"{said}; orch audit verify --against also tells what nobody has rewritten.")
        return
    in_database = patient.places.database is not None
    out = ways_out((), findings.counts.keys(), in_database=in_database)
    guards = [problem for problem in findings.problems if problem["what"] == GUARD]
    for problem in guards:
        said = (problem["found"] or "").partition(": ")[0].capitalize()
        said = f"{said}: whoever owns the tables can change the log, and nothing stops it."
        yield Found("damage", said, (mend_of(problem), "orch audit verify --against held.txt"))
    others = [problem for problem in findings.problems if problem["what"] != GUARD]
    for problem in others[:SHOWN]:
        place = "The log" if problem["position"] is None else f"Position {problem['position']}"
        expected, found = one_line(problem["expected"] or "—"), one_line(problem["found"] or "—")
        yield Found("damage", f"{place}: {problem['what']}: expected {expected}, found {found}.", out)
    left = sum(findings.counts.values()) - len(guards) - min(SHOWN, len(others))
    if left:
        yield Found("damage", f"{left:,} more problems of this kind.", ("orch audit verify",))
