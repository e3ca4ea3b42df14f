"""What a verification found: the verdict, what was checked, what differs, and what is not proved."""

from collections import Counter
from collections.abc import Sequence
from typing import Literal, NamedTuple, TypedDict

from projections.counts import counted

Verdict = Literal["verified", "incomplete", "damaged"]
MOST_PROBLEMS = 100
"""Problems told one by one; all are counted."""
MOST_CHARACTERS = 200
DERIVED = frozenset(("command", "head", "tile root", "time of the tree", "beyond the tree", "checkpoint"))
"""What differs as a consequence when a row differs: rows are named first."""


class Problem(TypedDict):
    """One thing that differs from what it has to be; `position` is None where it has no place in the log."""

    position: int | None
    what: str
    expected: str | None
    found: str | None


class HeldCheckpoint(TypedDict):
    """A checkpoint that the auditor brought, and whether the log still has that history."""

    file: str
    size: int | None
    root: str | None
    signed_by: list[str]
    holds: bool


class AbandonedRange(TypedDict):
    """Events of a log that was left: a checkpoint in `file` covers them, the log that is verified never had them."""

    file: str
    origin: str
    first: int
    last: int
    fork: int


class DocumentOnDisk(TypedDict):
    """A document whose file is not the recorded text: somebody edited it, or removed it."""

    document: str
    state: Literal["differs", "missing", "unreadable"]
    recorded: str
    found: str | None


class Documents(TypedDict):
    """The documents on disk against their recorded digests. They are made from the log and no part of the verdict."""

    checked: int
    other: list[DocumentOnDisk]


class Range(TypedDict):
    first: int
    last: int


class Verification(TypedDict):
    """The answer of a verification. Hashes are in hex; keys are verifier keys, C2SP signed-note."""

    verdict: Verdict
    origin: str
    range: Range
    size: int
    root: str
    events: int
    payloads: int
    erased: int
    commands: int
    streams: int
    keys: list[str]
    checkpoints: list[HeldCheckpoint]
    covered: int
    kept_checkpoints: int
    """Those that lie beside the log; each was held against it, and proves nothing."""
    abandoned: list[AbandonedRange]
    first_problem: Problem | None
    problems: list[Problem]
    problem_counts: dict[str, int]
    not_proved: list[str]
    documents: Documents


class Coverage(NamedTuple):
    """How much a verification looked at."""

    first: int
    size: int
    envelopes_only: bool
    erased: int
    covered: int
    """Events that the largest checkpoint held by the auditor covers, where it holds."""
    own_keys: bool
    """The checkpoints were checked with keys that the log itself names."""
    abandoned: Sequence[AbandonedRange] = ()
    carried: int = 0
    """Erased texts of a recovered store whose redactions it obeys and does not record."""
    given: int = 0
    """Checkpoints that the auditor gave, whether they hold or not."""
    owner: str = "owns this file"
    """What somebody does who could have rewritten the log without a trace in it."""


class Findings:
    """Collects what differs: all is counted, a hundred are kept, and the first bad position."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.problems: list[Problem] = []
        self.first: Problem | None = None

    def note(self, position: int | None, what: str, expected: object = None, found: object = None) -> None:
        """Note one thing that differs."""
        problem: Problem = {"position": position, "what": what, "expected": _shown(expected), "found": _shown(found)}
        self.counts[what] += 1
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(problem)
        if self.first is None or _place(problem) < _place(self.first):
            self.first = problem


def verdict_of(findings: Findings, coverage: Coverage) -> Verdict:
    """Return the verdict: damaged, or verified as far as an auditor's checkpoint reaches."""
    if findings.counts:
        return "damaged"
    return "incomplete" if gaps(coverage) else "verified"


def gaps(coverage: Coverage) -> list[str]:
    """Return what keeps a verification from being complete, a sentence each."""
    told = []
    if coverage.first > 1:
        told.append(
            f"Positions 1 to {coverage.first - 1} were not looked at: their hashes were taken from the log as they are,"
            " and versions, commands and heads were not compared."
        )
    if coverage.envelopes_only:
        told.append("Envelopes only: no free text was compared with what its envelope commits to.")
    if coverage.erased:
        told.append(f"The free text of {counted(coverage.erased, 'event')} was erased; only its commitment is left.")
    if coverage.carried:
        told.append(
            f"{counted(coverage.carried, 'event')} of these lost it to a redaction that this recovered store obeys,"
            " and does not record."
        )
    told += [in_words(each) for each in coverage.abandoned]
    if coverage.given and not coverage.covered:
        told.append("No checkpoint that was given holds or counts: nothing from outside speaks for this log.")
    elif coverage.covered < coverage.size and not coverage.covered:
        told.append(f"No checkpoint held elsewhere was given: whoever {coverage.owner} could have rewritten all of it.")
    elif coverage.covered < coverage.size:
        told.append(
            f"No checkpoint given covers positions {coverage.covered + 1} to {coverage.size}:"
            f" whoever {coverage.owner} could have rewritten them."
        )
    return told


def in_words(left: AbandonedRange) -> str:
    """Return what became of the events that a checkpoint from beyond a fork covers."""
    places = f"position {left['first']}" if left["first"] == left["last"] else f"{left['first']} to {left['last']}"
    were = "was" if left["first"] == left["last"] else "were"
    places = places if were == "was" else f"positions {places}"
    return f"{left['file']}: {places} of {left['origin']} {were} abandoned by the fork at {left['fork']}."


def limits(coverage: Coverage) -> list[str]:
    """Return what no verification of a local log proves."""
    told = [
        "Who acted is what a local name claimed; the log proves that the claim was recorded, not who made it.",
        "The recorded time is that of the machine that held the log.",
        "What was asked under a command id (its fingerprint) is no part of the tree.",
    ]
    if coverage.covered and coverage.own_keys:
        told.append("The checkpoints were checked with keys that this log names; give keys of your own.")
    return told


def _place(problem: Problem) -> tuple[bool, bool, int]:
    position = problem["position"]
    return (position is None, problem["what"] in DERIVED, position or 0)


def _shown(value: object) -> str | None:
    if value is None:
        return None
    text = value.hex() if isinstance(value, bytes) else str(value)
    return text if len(text) <= MOST_CHARACTERS else f"{text[:MOST_CHARACTERS]}…"
