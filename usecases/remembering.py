"""Directives, which rest on nothing but their number."""

from typing import TYPE_CHECKING

from domain.errors import Conflict
from usecases.project import Project

if TYPE_CHECKING:
    from domain.commands import Command
    from domain.event_log import Receipt

TRIES = 20
"""How often somebody else may be first before we give up: a directive rests on nothing but its number."""


def handled_again(project: Project, command: "Command") -> "Receipt":
    """Handle the command, again where somebody else changed the project meanwhile."""
    for _ in range(TRIES - 1):
        try:
            return project.handle(command)
        except Conflict:
            continue
    return project.handle(command)
