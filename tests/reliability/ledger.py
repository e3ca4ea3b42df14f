"""What the reliability tests share: a real project's log, its checks, and how long to try."""

import os
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from adapters.codec import decode
from adapters.envelope import canonical, commitment, entry_of, envelope_of
from adapters.sqlite_log import SqliteLog
from adapters.templates import JinjaTemplates
from domain.actors import Actor
from domain.commands import Command, DraftDocument, InitialiseProject, Meta, RequestApproval
from domain.event_log import EventLog, Receipt
from domain.handler import handle
from domain.merkle import grow, leaf_hash, root_of
from domain.steps import Step
from projections.heads import heads_from

LONG = os.environ.get("RELIABILITY") == "long"
TEMPLATES = JinjaTemplates(None)
ADA = Actor("ada")


def new_log(folder: Path) -> Path:
    """Make a log that holds a project, and return its path."""
    path = folder / "log.db"
    with SqliteLog.create(path, "example.org/reliability") as log:
        carry_out(log, InitialiseProject(meta(), log.origin, "key", "reliability"))
    return path


def meta(command_id: str = "") -> Meta:
    """Return who asks, with an id of its own unless one is given."""
    return Meta(command_id or str(uuid4()), ADA, datetime.now(UTC))


def carry_out(log: EventLog, command: Command) -> Receipt:
    """Handle a command as the command line does."""
    return handle(command, log=log, templates=TEMPLATES)


def draft(phase: str, command_id: str = "") -> DraftDocument:
    """Return a command that opens a phase, or drafts its next spec."""
    return DraftDocument(meta(command_id), phase, Step.SPEC, {"objectives": ["be there after the crash"]})


def request(phase: str, command_id: str = "") -> RequestApproval:
    """Return the smallest command there is."""
    return RequestApproval(meta(command_id), phase, Step.SPEC)


def check(log: EventLog) -> set[str]:
    """Check everything a log promises about itself, and return the ids of its commands.

    Positions without gaps, recorded time that grows with every command, versions without gaps, commitments,
    leaves, tree, tiles, and heads that a fresh fold confirms.
    """
    frontier: list[bytes] = []
    versions: dict[str, int] = {}
    commands: dict[str, int] = {}
    last = 0
    leaves = []
    records = list(log.records())
    for number, record in enumerate(records, 1):
        assert record.position == number
        if record.command_id in commands:
            assert commands[record.command_id] == record.recorded_at == last, "one command, one place, one time"
        assert record.recorded_at > last or record.command_id in commands
        commands[record.command_id] = last = record.recorded_at
        assert record.version == versions.get(record.stream, 0) + 1
        versions[record.stream] = record.version
        envelope = envelope_of(record)
        assert (envelope["stream"], envelope["version"]) == (record.stream, record.version)
        if record.payload is not None and record.salt is not None:
            assert envelope["payload"]["sha256"] == commitment(record.salt, record.payload)
        leaf = leaf_hash(entry_of(number, record.recorded_at, record.clock, record.envelope))
        assert leaf == record.leaf
        leaves.append(leaf)
        grow(frontier, number - 1, leaf)
    tree = log.tree()
    assert (tree.size, tree.frontier, tree.root) == (len(records), tuple(frontier), root_of(frontier))
    for number in range(len(leaves) // 256):
        assert log.tile(0, number) == b"".join(leaves[number * 256 : number * 256 + 256])
    folded = heads_from((record, decode(record)) for record in records)
    kept = log.heads_below("")[1]
    assert {s: canonical(h.facts) for s, h in folded.items()} == {s: canonical(h.facts) for s, h in kept.items()}
    assert {s: (h.version, h.position) for s, h in folded.items()} == {
        s: (h.version, h.position) for s, h in kept.items()
    }
    return set(commands)
