"""Where no documents are kept: a service is asked, and nothing is left behind in whatever folder that is typed in."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from adapters.workspace import Workspace
from domain.errors import InvalidInput
from domain.steps import Step


class NoWorkspace(Workspace):
    """Has no documents. Whoever needs one on disk is told how to get there."""

    keeps = False

    @contextmanager
    def locked(self, phase: str, *, ended: Callable[[], bool] = lambda: False) -> Iterator[None]:
        """Hold nothing: there are no files that others could write."""
        del phase, ended
        yield

    def read_bytes(self, phase: str, step: Step) -> bytes | None:
        """Return None: there is no file."""
        del phase, step
        return None

    def read_receipt(self, phase: str, step: Step) -> bytes | None:
        """Return None: there is no file."""
        del phase, step
        return None

    def remove_receipt(self, phase: str, step: Step) -> bool:
        """Remove nothing."""
        del phase, step
        return False

    def write(self, phase: str, name: str, text: str) -> Path:
        """Refuse to leave files where nobody asked for a copy."""
        del phase, name, text
        self.refuse()

    def write_beside(self, name: str, text: str) -> Path:
        """Refuse, as `write`."""
        del name, text
        self.refuse()

    def refuse(self) -> NoReturn:
        """Say how documents come to be kept here."""
        raise InvalidInput(
            f"No documents are kept in {self._places.root}: it is no copy of the project at {self._places.url}.",
            fix=("orch init",),
        )
