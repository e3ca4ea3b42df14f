"""How old something is, in words."""

from projections.counts import counted

UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60))


def age_in_words(seconds: int) -> str:
    """Return an age as people say it: one number, rounded down."""
    for name, length in UNITS:
        count = seconds // length
        if count:
            return counted(count, name)
    return "less than a minute"
