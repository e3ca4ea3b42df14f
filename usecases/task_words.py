"""Numbers of tasks as people write them."""

import re
from collections.abc import Sequence

from domain.phase_ids import checked

TYPED = re.compile(r"[Tt]?([0-9]{1,4})", re.ASCII)


def numbers_in(phase: str, typed: Sequence[str]) -> tuple[str, ...]:
    """Return numbers as documents write them, each once: 1, t1 and T001 are the same task. Refuse a bad phase id."""
    checked(phase)
    found = [f"T{int(match[1]):03d}" if (match := TYPED.fullmatch(word)) else word for word in typed]
    return tuple(dict.fromkeys(found))
