"""The shapes of what the backup commands answer with `--json`."""

from typing import Literal, TypedDict

from adapters.drills import Drill
from projections.moments import AsOf


class BackupMade(TypedDict):
    """What was added to the backups; `first` is None where nothing was new. `last` is all that they hold now.

    `warnings` say what these backups do not protect from.
    """

    folder: str
    copy: str
    first: int | None
    last: int
    events: int
    files: list[str]
    bytes: int
    encrypted: bool
    recipients: list[str]
    root: str
    warnings: list[str]


class SegmentRow(TypedDict):
    """One segment; times are RFC 3339."""

    first: int
    last: int
    recorded_first: str
    recorded_last: str
    made_at: str
    file: str
    bytes: int
    recipients: list[str]


class CopyRow(TypedDict):
    """One copy of the log, the oldest first; `problem` says why it cannot be used."""

    copy: str
    last: int
    recorded_first: str | None
    recorded_last: str | None
    made_at: str | None
    bytes: int
    encrypted: bool
    segments: list[SegmentRow]
    problem: str | None


class BackupList(TypedDict):
    """The copies in a folder. `unshipped` counts events that no backup of this log holds.

    `of_this_log` tells whether they are backups of the log here, or of another one, as of the one that a promotion
    left. Both are None where there is no store.
    """

    folder: str
    origin: str
    rows: list[CopyRow]
    strangers: list[str]
    of_this_log: bool | None
    unshipped: int | None
    drill: Drill | None


class BackupProblem(TypedDict):
    """One thing that is wrong; `copy` is None where it concerns the whole folder."""

    copy: str | None
    what: str


class CheckedCopy(TypedDict):
    """What was checked of a copy; `opened` tells whether its events were, or only the bytes of its files."""

    copy: str
    last: int
    segments: int
    bytes: int
    opened: bool
    texts: int
    erased: int
    root: str | None


class BackupVerification(TypedDict):
    """Whether backups are what was signed. `not_proved` says what this verification cannot tell."""

    verdict: Literal["verified", "incomplete", "damaged"]
    folder: str
    origin: str
    key: str
    rows: list[CheckedCopy]
    problems: list[BackupProblem]
    not_proved: list[str]


class Restored(TypedDict):
    """A new store. `folder` is where: a folder, or a database as people are told.

    `redacted` counts texts left out because a redaction recorded after the moment erased them.
    """

    folder: str
    copy: str
    origin: str
    events: int
    root: str
    redacted: int
    files: list[str]
    seconds: float
    as_of: AsOf
