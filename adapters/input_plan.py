"""The fields of a plan."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from adapters import input_rules as rules
from adapters.input_common import Part, Risk, Text, Texts, refuse_twice, refuse_unknown


class Component(Part):
    """One part of the architecture."""

    name: Text = Field(description="What it is called.")
    purpose: Text | None = Field(None, description="What it is for.")
    dependencies: Texts | None = Field(None, description="What it uses: other components or libraries.")


class Link(Part):
    """One thing that uses another."""

    source: Text = Field(alias="from", description="Who uses or sends.")
    target: Text = Field(alias="to", description="Who is used or receives.")


class IntegrationPoint(Link):
    """Where two parts meet."""

    type: Text | None = Field(None, description="How they meet: call, queue, file, HTTP.")


class Place(Part):
    """A directory or a file."""

    path: Text = Field(description="Path from the root of the repository.")
    purpose: Text | None = Field(None, description="What it is for.")


class FileStructure(Part):
    """Directories and files to come."""

    directories: Annotated[list[Place], Field(min_length=1)] | None = Field(None, description="Directories.")
    files: Annotated[list[Place], Field(min_length=1)] | None = Field(None, description="Files.")


class Specification(Part):
    """One technical value that is fixed."""

    name: Text = Field(description="What is fixed: 'Sample rate'.")
    value: Text = Field(description="Its value with its unit: '48 kHz'.")


class ExternalDependency(Part):
    """Something that others make."""

    name: Text = Field(description="What it is called.")
    version: Text | None = Field(None, description="Version or range, in quotes: '1.9'.")
    purpose: Text | None = Field(None, description="What it is for.")


class ImplementationPhase(Part):
    """One stretch of the work."""

    name: Text = Field(description="What it is called.")
    description: Text | None = Field(None, description="What happens in it.")
    deliverables: Texts | None = Field(None, description="What exists at its end.")
    estimated_duration: Text | None = Field(None, description="How long it takes: '2 weeks'.")
    dependencies: Texts | None = Field(None, description="Names of the implementation phases that come first.")


class Plan(Part):
    """How it will be built."""

    architecture_overview: Text | None = Field(None, description="How it is built, in a few paragraphs.")
    core_components: Annotated[list[Component], Field(min_length=1)] | None = Field(
        None, description="The parts it is made of."
    )
    integration_points: Annotated[list[IntegrationPoint], Field(min_length=1)] | None = Field(
        None, description="Where parts meet."
    )
    data_flow: Texts | None = Field(None, description="How data moves, step by step.")
    technical_specifications: Annotated[list[Specification], Field(min_length=1)] | None = Field(
        None, description="Values that are fixed."
    )
    file_structure: FileStructure | None = Field(None, description="Directories and files to come.")
    external_dependencies: Annotated[list[ExternalDependency], Field(min_length=1)] | None = Field(
        None, description="What others make and this uses."
    )
    internal_dependencies: Annotated[list[Link], Field(min_length=1)] | None = Field(
        None, description="Who uses whom inside; no circles."
    )
    environment: Texts | None = Field(None, description="Compilers, machines, services that it needs.")
    implementation_phases: Annotated[list[ImplementationPhase], Field(min_length=1)] | None = Field(
        None, description="Stretches of the work, in order; dependencies make no circles."
    )
    risk_mitigation: Annotated[list[Risk], Field(min_length=1)] | None = Field(
        None, description="Risks and what the plan does about them."
    )
    testing_strategy: Text | None = Field(None, description="How it will be tested.")
    performance_considerations: Texts | None = Field(None, description="What decides whether it is fast enough.")

    @model_validator(mode="after")
    def keeps_its_order(self) -> Self:
        """Refuse names used twice and dependencies that go round in a circle, also through both kinds of them."""
        refuse_twice((c.name for c in self.core_components or ()), "core_components")
        phases = self.implementation_phases or []
        refuse_twice((p.name for p in phases), "implementation_phases")
        needs = {p.name: p.dependencies or [] for p in phases}
        refuse_unknown(needs.items(), needs, "implementation phase")
        rules.refuse_cycle(needs, "implementation_phases")
        internal = [(link.source, link.target) for link in self.internal_dependencies or ()]
        components = [(c.name, need) for c in self.core_components or () for need in c.dependencies or ()]
        for edges, what in (
            (internal, "internal_dependencies"),
            (components, "core_components"),
            ([*components, *internal], "core_components and internal_dependencies"),
        ):
            uses: dict[str, list[str]] = {}
            for source, target in edges:
                uses.setdefault(source, []).append(target)
            rules.refuse_cycle(uses, what)
        return self
