"""The shapes of what the audit's reads answer with `--json`."""

from typing import TypedDict

from projections.audit_exceptions import ExceptionKind, ExceptionRow
from projections.audit_population import Population
from projections.audit_sample import SampleRow
from projections.moments import AsOf
from projections.replay import ReplayRow
from projections.verification import Range
from usecases.audit_formats import Format


class ReplayAnswer(TypedDict):
    """Every event of the range with the state after it; `more` when the limit left some out."""

    rows: list[ReplayRow]
    more: bool
    as_of: AsOf


class FileAnswer(TypedDict):
    """The file that was written, and the SHA-256 of its bytes."""

    file: str
    format: Format
    rows: int
    more: bool
    bytes: int
    sha256: str


class PackageCounts(TypedDict):
    """What an evidence package holds; `selected` events were asked for, the others are about keys, policy, erasures."""

    events: int
    selected: int
    texts: int
    withheld: int
    redacted: int
    missing: int
    documents: int
    verdicts: int


class PackageTold(TypedDict):
    """An evidence package: what it is about, and the checkpoint that everything in it is proved to."""

    origin: str
    size: int
    root: str
    key: str
    phase: str | None
    range: Range
    whole: bool
    counts: PackageCounts
    checkpoints: int


class PackageAnswer(PackageTold):
    """The file that was written, and the SHA-256 of its bytes."""

    file: str
    bytes: int
    sha256: str


class ExceptionCount(TypedDict):
    exception: ExceptionKind
    count: int


class ExceptionsAnswer(TypedDict):
    """Whatever went another way than the plain one; every kind is counted, with 0 where there was none."""

    rows: list[ExceptionRow]
    counts: list[ExceptionCount]
    as_of: AsOf


class PopulationAnswer(Population):
    """How many events there are."""

    as_of: AsOf


class SampleAnswer(TypedDict):
    """The events drawn; the same seed, filters and moment draw them again."""

    rows: list[SampleRow]
    seed: str
    algorithm: str
    population: int
    as_of: AsOf
