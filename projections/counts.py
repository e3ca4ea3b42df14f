"""Numbers with the word they count."""


def counted(number: int, what: str, many: str | None = None) -> str:
    """Return `1 event`, `2 events`; `many` is for words that do not simply get an s."""
    return f"{number:,} {what if number == 1 else many or what + 's'}"
