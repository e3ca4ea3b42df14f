"""A folder follows its log to the one that another folder has promoted in its place."""

from adapters.checkpoint_files import CheckpointFiles
from adapters.keys import key_file
from adapters.log_lineage import left_by
from adapters.log_notes import refuse_elsewhere
from adapters.places import Places
from adapters.retiring import keep_keys
from adapters.stores import AnyLog, attach, attached_to, opened_for
from cli.promoting import fork_of, retired_at
from usecases.moments import resolved


def followed(places: Places) -> AnyLog | None:
    """Let the folder belong to the log in the database, and return it, where that says that it left the folder's own.

    What the folder kept of the old log, keys and checkpoints, goes to where a promotion puts it. Raises `Damaged` where
    one of these checkpoints is of another history than the one both are said to share.
    """
    known = attached_to(places)
    if known is None or places.database is None:
        return None
    log = opened_for(places, places.database, known, read_only=True, timeout_s=places.timeout_ms / 1000)
    try:
        fork = None if log.origin == known else left_by(log, known)
        if fork is None:
            log.close()
            return None
        refuse_elsewhere(log.where, log.noted)
        last = CheckpointFiles(places.checkpoints).last(below=fork.size + 1)
        if last is not None:
            resolved(f"checkpoint:{last.path}", log)
        key = key_file(places.keys, fork_of(log)[1].public_key)
        if places.keys.is_dir() or places.checkpoints.is_dir():
            keep_keys(places.state, retired_at(places, log), key=key.name)
        attach(places, log.origin, joins=not key.is_file(), instead=True)
    except BaseException:
        log.close()
        raise
    return log
