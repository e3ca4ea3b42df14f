"""What the service tells of its log as it is: rows and hashes, for whoever reads or checks them on another machine."""

from typing import Any, TypedDict


class LogSpeaker(TypedDict):
    """Whoever shows the token: nothing else is believed of who asks."""

    name: str
    kind: str
    scopes: list[str]


class LogAnswer(TypedDict):
    """Which log this is and how long; `reads` is the version of the forms in which rows are sent."""

    origin: str
    orch: str
    reads: int
    position: int
    recorded_at: int | None
    notes: dict[str, str]
    by: LogSpeaker


class LogHeadsAnswer(TypedDict):
    """Heads as of one moment, each as [stream, version, position, facts]; facts are canonical JSON as it is stored."""

    position: int
    recorded_at: int | None
    rows: list[list[Any]]


class LogToldAnswer(TypedDict):
    """What events say: where each stands, when and by whom it was recorded, its facts and its texts.

    [stream, version, position, recorded_at, clock, topic, command_id, [name, kind], facts, texts, erased, occurred_at]
    """

    rows: list[list[Any]]


class LogRowsAnswer(TypedDict):
    """Events as they are stored, column by column in the order that was asked for; go on while there is `more`.

    Envelope and payload are text, salt and leaf base64. `upto` is the position that the answer was limited to,
    `after` the position (of a stream: the version) to go on after.
    """

    columns: list[str]
    rows: list[list[Any]]
    after: int
    upto: int
    more: bool


class LogMomentAnswer(TypedDict):
    """A place in the log, and what time it was there, µs since the epoch."""

    position: int
    recorded_at: int | None
    next_recorded_at: int | None


class LogTreeAnswer(TypedDict):
    """The RFC 6962 tree over the first `size` entries; hashes are base64."""

    size: int
    frontier: list[str]


class LogHashesAnswer(TypedDict):
    """Hashes one after the other in base64; null for a tile that is not full."""

    hashes: str | None


class LogCommandsAnswer(TypedDict):
    """Recorded commands as [command_id, first, last], ordered by id."""

    rows: list[list[Any]]
    more: bool


class LogCommandAnswer(TypedDict):
    """What a command recorded; null where nothing is known of it."""

    first: int | None
    last: int | None
    recorded_at: int | None


class LogSnapshotsAnswer(TypedDict):
    """The positions of kept snapshots."""

    positions: list[int]


class LogSnapshotAnswer(TypedDict):
    """The lines of a snapshot as they are kept; null where there is none."""

    position: int | None
    lines: Any


class KeptCheckpointRow(TypedDict):
    """A checkpoint that the service keeps."""

    size: int
    kept_at: int


class LogCheckpointsAnswer(TypedDict):
    """The checkpoints that the service keeps: no proof of anything, whoever asks for proof holds one of their own."""

    rows: list[KeptCheckpointRow]


class LogCheckpointAnswer(TypedDict):
    """A signed note, in base64."""

    size: int
    note: str


KINDS: dict[str, tuple[str, Any]] = {
    "log_itself": ("log", LogAnswer),
    "log_heads": ("log.heads", LogHeadsAnswer),
    "log_told": ("log.told", LogToldAnswer),
    "log_rows": ("log.rows", LogRowsAnswer),
    "log_moment": ("log.moment", LogMomentAnswer),
    "log_tree": ("log.tree", LogTreeAnswer),
    "log_tile": ("log.tile", LogHashesAnswer),
    "log_hashes": ("log.hashes", LogHashesAnswer),
    "log_commands": ("log.commands", LogCommandsAnswer),
    "log_command": ("log.command", LogCommandAnswer),
    "log_snapshots": ("log.snapshots", LogSnapshotsAnswer),
    "log_snapshot": ("log.snapshot", LogSnapshotAnswer),
    "log_checkpoints": ("log.checkpoints", LogCheckpointsAnswer),
    "log_checkpoint": ("log.checkpoint", LogCheckpointAnswer),
}
"""The kinds of the answers, by the ids of their operations."""
