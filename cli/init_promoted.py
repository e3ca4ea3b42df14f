"""A folder follows its log to the one that another folder has promoted in its place."""

import sys
from pathlib import Path
from shlex import quote

import click

from adapters.checkpoint_files import CheckpointFiles
from adapters.keys import key_file
from adapters.log_lineage import left_by
from adapters.log_notes import refuse_elsewhere
from adapters.places import NAME_IT, Places
from adapters.retiring import CHECKPOINTS, keep_keys
from adapters.settings import to_paste
from adapters.stores import LOOK, AnyLog, attach, opened_for
from cli.promoting import fork_of, retired_at
from cli.screen import can_be_asked, clean
from domain.errors import InvalidInput
from usecases.moments import resolved


def followed(places: Places, address: str, known: str, *, yes: bool) -> AnyLog | None:
    """Let the folder belong to the log at the address, and return it, where that says that it left the folder's own.

    What the folder kept of the old log, keys and checkpoints, goes to where a promotion puts it. Raises `Damaged` where
    one of these checkpoints is of another history than the one both are said to share.
    """
    log = opened_for(places, address, known, read_only=True, timeout_s=places.timeout_ms / 1000)
    try:
        fork = None if log.origin == known else left_by(log, known)
        if fork is None:
            log.close()
            return None
        refuse_elsewhere(log.where, log.noted)
        key, kept = key_file(places.keys, fork_of(log)[1].public_key), retired_at(places, log)
        _refuse_promoter(places, address, key)
        for folder in (places.checkpoints, kept / CHECKPOINTS):  # there, where following was interrupted
            last = CheckpointFiles(folder).last(below=fork.size + 1)
            if last is not None:
                resolved(f"checkpoint:{last.path}", log)
        if not yes:
            _ask(places, known, log)
        if places.keys.is_dir() or places.checkpoints.is_dir():
            keep_keys(places.state, kept, key=key.name)
        attach(places, log.origin, joins=True, instead=True)
    except BaseException:
        log.close()
        raise
    return log


def _refuse_promoter(places: Places, address: str, key: Path) -> None:
    """Refuse to follow where this folder itself promoted and was stopped: the old log may still take writes."""
    if key.is_file():
        new = quote(to_paste(address))
        raise InvalidInput(
            f"{places.root} promoted this log itself, and was stopped before the old one was ended. The same command"
            " finishes it, while database_url names the old one; where that is gone, as things are.",
            fix=(
                f"{NAME_IT}  # the old one",
                f'orch recover promote {new} --reason "why the project goes on with it" --yes',
            ),
        )


def _ask(places: Places, known: str, log: AnyLog) -> None:
    """Make sure that it is meant: a rehearsal says the same as a promotion, and the log of it is not in force."""
    if not can_be_asked():
        raise InvalidInput(
            f"{places.root} would leave the log {known} and follow {log.origin} in {log.where}; away from a terminal"
            " --yes has to say that it is meant.",
            fix=("orch init --yes", LOOK),
        )
    print(
        f"This folder leaves the log {clean(known)} and follows {clean(log.origin)} in {clean(str(log.where))};"
        " its keys and checkpoints of the one that it leaves go to .orch/retired/.",
        file=sys.stderr,
    )
    click.confirm("Follow it?", abort=True, err=True)
