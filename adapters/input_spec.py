"""The fields of a spec."""

from typing import Annotated

from pydantic import AfterValidator, Field

from adapters import input_rules as rules
from adapters.input_common import Part, PhaseId, Risk, Texts, Title, UserStory


class MethodologyAlignment(Part):
    """How the phase fits the NSS method."""

    decision_tree_points: Texts | None = Field(None, description="Points of the decision tree that it settles.")
    influence_points: Texts | None = Field(None, description="Where it influences other phases.")
    nss_requirements: Texts | None = Field(None, description="Requirements of the NSS method that it meets.")


class Spec(Part):
    """What a phase must achieve, and how one sees that it has."""

    title: Title | None = Field(None, description="Title of the phase; made from its id unless given.")
    type: rules.SpecType | None = Field(None, description="What kind of phase it is.")
    user_stories: Annotated[list[UserStory], Field(min_length=1)] | None = Field(
        None, description="Who wants what, and what for."
    )
    objectives: Texts | None = Field(None, description="What the phase must achieve.")
    requirements: Texts | None = Field(None, description="What must hold, each so that it can be checked.")
    dependencies: Annotated[list[PhaseId], Field(min_length=1), AfterValidator(rules.distinct)] | None = Field(
        None, description="Ids of the phases that must be handed off first."
    )
    deliverables: Texts | None = Field(None, description="What exists when it is done.")
    acceptance_criteria: Texts | None = Field(None, description="Checks that decide whether it is accepted.")
    success_criteria: Texts | None = Field(None, description="What shows later that it was worth it.")
    methodology_alignment: MethodologyAlignment | None = Field(None, description="How it fits the NSS method.")
    risks: Annotated[list[Risk], Field(min_length=1)] | None = Field(None, description="What may go wrong.")
