"""The fields of a PRD, the product requirements."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from adapters.input_common import Level, Part, Risk, Text, Texts, UserStory, refuse_twice


class Feature(Part):
    """Something the product does for somebody."""

    name: Text = Field(description="What it is called.")
    description: Text | None = Field(None, description="What it does.")
    user_stories: Annotated[list[UserStory], Field(min_length=1)] | None = Field(
        None, description="Who wants it, and what for."
    )


class RatedFeature(Part):
    """A feature with its impact and complexity."""

    feature: Text = Field(description="Name of the feature.")
    impact: Level = Field(description="How much it matters to the users.")
    complexity: Level = Field(description="How hard it is to build.")


class Milestone(Part):
    """A point in time and what is reached by then."""

    milestone: Text = Field(description="What is reached.")
    when: Text | None = Field(None, description="By when: 'week 3', '2026-12-18'.")


class Prd(Part):
    """What the first release does, for whom, and how its success is measured."""

    mvp_goal: Text | None = Field(None, description="What the first release is for, in one sentence.")
    key_features: Annotated[list[Feature], Field(min_length=1)] | None = Field(
        None, description="What the product does, with user stories."
    )
    feature_matrix: Annotated[list[RatedFeature], Field(min_length=1)] | None = Field(
        None, description="Impact and complexity of each feature; the priority follows from them."
    )
    user_flow: Texts | None = Field(None, description="What a user does, step by step.")
    technical_priorities: Texts | None = Field(None, description="What engineering puts first, in order.")
    success_metrics: Texts | None = Field(None, description="What will be measured, with its target.")
    out_of_scope: Texts | None = Field(None, description="What is left out on purpose.")
    acceptance_criteria: Texts | None = Field(None, description="Checks that decide whether the release is accepted.")
    risks: Annotated[list[Risk], Field(min_length=1)] | None = Field(None, description="What may go wrong.")
    timeline: Annotated[list[Milestone], Field(min_length=1)] | None = Field(None, description="Milestones, in order.")
    dependencies: Texts | None = Field(None, description="What the release needs from others: phases, teams, things.")

    @model_validator(mode="after")
    def names_each_once(self) -> Self:
        """Refuse a feature that is there twice."""
        refuse_twice((f.name for f in self.key_features or ()), "key_features")
        refuse_twice((f.feature for f in self.feature_matrix or ()), "rows of the feature_matrix")
        return self
