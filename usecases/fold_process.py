"""What runs in the process that folds a log for another one: `python -m usecases.fold_process`."""

from hashlib import sha256
from typing import Any

from adapters.sqlite_log import SqliteLog
from usecases.beside_process import carry_out, say
from usecases.fold_here import COLUMNS, FoldHere

RAW = COLUMNS.index("envelope")


def folded(log: SqliteLog, last: int) -> dict[str, Any]:
    """Return the heads after an event, and the SHA-256 of every envelope up to it, a line for each."""
    fold, read = FoldHere(), sha256()
    for page in log.pages(COLUMNS, 1, last):
        fold.add_page(page)
        read.update(b"".join([row[RAW] + b"\n" for row in page]))
        for position, stored in fold.kept():
            say([position, stored.hex()])
    return {"heads": [list(head) for head in fold.heads().values()], "read": read.hexdigest()}


if __name__ == "__main__":
    carry_out(folded, damaged=None)
