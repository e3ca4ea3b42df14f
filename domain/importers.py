"""Whose folders can be imported."""

from enum import StrEnum


class Importer(StrEnum):
    """Whose folders these were."""

    PREDECESSOR = "orchestrator-1"
    SPEC_KIT = "spec-kit"
    OPENSPEC = "openspec"
    KIRO = "kiro"
