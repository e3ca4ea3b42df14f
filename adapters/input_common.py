"""What the models of the five documents share: texts, stories, risks, and strictness."""

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from adapters import input_rules as rules

Text = Annotated[str, StringConstraints(min_length=1)]
Texts = Annotated[list[Text], Field(min_length=1)]
Title = Annotated[
    str,
    StringConstraints(min_length=1),
    AfterValidator(rules.title),
    Field(json_schema_extra={"maxLength": rules.TITLE_LIMIT}),
]
PhaseId = Annotated[
    str,
    StringConstraints(min_length=1),
    AfterValidator(rules.phase_id),
    Field(json_schema_extra={"pattern": "^[a-z0-9]+(-[a-z0-9]+)*$", "maxLength": 100}),
]
Day = Annotated[str, AfterValidator(rules.day), Field(json_schema_extra={"format": "date"})]
Level = Literal["high", "medium", "low"]
Hours = Annotated[float, Field(gt=0, le=rules.HOURS_LIMIT)]


class Part(BaseModel):
    """A part of a document: unknown fields are refused and nothing is converted in silence."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class UserStory(Part):
    """What somebody wants and what for."""

    role: Text = Field(description="Who wants it: 'guitarist who monitors through the engine'.")
    want: Text = Field(description="What they want to do.")
    benefit: Text | None = Field(None, description="What it is good for.")


class Risk(Part):
    """What may go wrong, how bad that would be, and what is done about it."""

    risk: Text = Field(description="What may go wrong.")
    impact: Level | None = Field(None, description="How bad it would be.")
    mitigation: Text | None = Field(None, description="What is done about it.")


def refuse_twice(names: Iterable[str], what: str) -> None:
    """Raise ValueError when a name is used for two things."""
    seen = set()
    for name in names:
        if name in seen:
            raise ValueError(f"two {what} are called {rules.shown(name)}")
        seen.add(name)


def refuse_unknown(edges: Iterable[tuple[str, Iterable[str]]], known: Iterable[str], what: str) -> None:
    """Raise ValueError when somebody depends on something that is not there."""
    known = list(known)
    names = set(known)
    for name, needs in edges:
        for need in needs:
            if need not in names:
                hint = rules.nearest(need, known)
                raise ValueError(f"{rules.shown(name)} depends on {rules.shown(need)}, which is no {what} here; {hint}")
