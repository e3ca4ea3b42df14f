"""Render a document with the values that a test does not care about."""

from pathlib import Path
from typing import Any

from adapters.templates import JinjaTemplates
from domain.derived import derived
from domain.steps import Step
from domain.templates import Rendered


def render(step: Step, fields: dict[str, object], *, overrides: Path | None = None, **more: Any) -> Rendered:
    values: dict[str, Any] = {"phase": "st01-x", "title": "X", "iteration": 1, "answers": []}
    values |= {"derived": derived(step, fields, phase="st01-x")} | more
    return JinjaTemplates(overrides).render(step, fields, **values)
