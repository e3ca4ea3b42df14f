"""What a role may be called, and which steps rules may name."""

import re
from collections.abc import Mapping

from domain.errors import InvalidInput
from domain.steps import STEPS

PATTERN = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*", re.ASCII)
LIMIT = 50


def checked(role: str) -> str:
    """Return the name of a role, or refuse one that could not be typed everywhere."""
    if len(role) <= LIMIT and PATTERN.fullmatch(role):
        return role
    raise InvalidInput(
        f"A role has lower-case letters, digits and single hyphens, 1 to {LIMIT} of them; got {role[:LIMIT]!r}.",
        fix=("orch role grant ada lead",),
    )


def refuse_unlikely_tables(approvers: Mapping[str, int], roles: Mapping[str, str], *, most: int) -> None:
    """Refuse a number or a role for what is no step, and numbers that no step can ask for."""
    for step in (*approvers, *roles):
        if step not in STEPS:
            raise InvalidInput(
                f"A rule names one of {', '.join(STEPS)}; got {step[:40]!r}.",
                fix=("orch policy set --approvers spec=2",),
            )
    for step, number in approvers.items():
        if not 1 <= number <= most:
            raise InvalidInput(
                f"A step has 1 to {most} approvers, or 0 for as many as the others; got {number} for {step}.",
                fix=("orch policy set --approvers spec=2",),
            )
    for role in roles.values():
        checked(role)
