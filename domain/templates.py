"""The port to the templates: fields in, text out."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from domain.steps import Step


class Rendered(NamedTuple):
    """A document's text, normalised, and the template it came from."""

    text: str
    template: str
    template_digest: str
    """`sha256:` and the hex digest of the template's source."""


class Templates(Protocol):
    """Whatever turns the fields of a step into its document."""

    def render(
        self,
        step: Step,
        fields: Mapping[str, Any],
        *,
        phase: str,
        title: str,
        iteration: int,
        answers: Sequence[str],
        derived: Mapping[str, Any],
    ) -> Rendered:
        """Render the document of a step; `derived` is what follows from its fields. Raises `TemplateBroken`."""
        ...
