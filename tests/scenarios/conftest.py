"""The same `orch` as the tests of single commands have."""

from tests.cli.conftest import orch, project

__all__ = ["orch", "project"]
