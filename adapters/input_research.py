"""The fields of a research document."""

from typing import Annotated, Literal

from pydantic import Field

from adapters.input_common import Day, Part, Risk, Text, Texts


class Citation(Part):
    """A source, printed in APA style."""

    title: Text = Field(description="Title of the work, or its address when there is no title.")
    type: Literal["journal", "web", "book"] | None = Field(None, description="What kind of source it is.")
    author: Text | None = Field(None, description="Authors as APA prints them: 'Sha, L., & Lehoczky, J. P.'.")
    year: Annotated[int, Field(ge=1000, le=2999)] | None = Field(None, description="Year of publication.")
    published_in: Text | None = Field(None, description="Journal with volume and pages, publisher, or site.")
    url: Text | None = Field(None, description="Where it can be read.")
    accessed: Day | None = Field(None, description="The day it was read, like 2026-11-24.")


class Alternative(Part):
    """Another way that was looked at."""

    name: Text = Field(description="What it is called.")
    pros: Texts | None = Field(None, description="What speaks for it.")
    cons: Texts | None = Field(None, description="What speaks against it.")


class ResearchRisk(Risk):
    """A risk, technical or of resources."""

    kind: Literal["technical", "resource"] | None = Field(None, description="Technical, or of resources.")


class Research(Part):
    """What is known, what was compared, and which approach follows from it."""

    primary_sources: Annotated[list[Citation], Field(min_length=1)] | None = Field(
        None, description="First-hand sources: papers, standards, manuals of the things used."
    )
    secondary_sources: Annotated[list[Citation], Field(min_length=1)] | None = Field(
        None, description="Books and articles about them."
    )
    project_sources: Annotated[list[Citation], Field(min_length=1)] | None = Field(
        None, description="Documents and measurements of this project."
    )
    technical_foundation: Text | None = Field(None, description="What is known about the technique.")
    alternatives: Annotated[list[Alternative], Field(min_length=1)] | None = Field(
        None, description="What else was looked at, and what speaks for and against it."
    )
    recommended_approach: Text | None = Field(None, description="The approach to take.")
    justification: Text | None = Field(None, description="Why this one.")
    risks: Annotated[list[ResearchRisk], Field(min_length=1)] | None = Field(None, description="What may go wrong.")
    resource_requirements: Texts | None = Field(None, description="People, machines and time that it takes.")
