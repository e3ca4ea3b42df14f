"""How much of something is done, as a bar."""

FULL, EMPTY = "█", "░"


def bar(done: int, total: int, *, cells: int = 10) -> str:
    """Return a bar of so many cells: full only when all is done, empty only when nothing is."""
    if total <= 0:
        return EMPTY * cells
    filled = done * cells // total
    if done and not filled and cells > 1:
        filled = 1
    return FULL * filled + EMPTY * (cells - filled)


def share(done: int, total: int) -> str:
    """Return the numbers behind a bar; percent are rounded down."""
    return f"{done:,} of {total:,} ({done * 100 // total} %)" if total else "none yet"
