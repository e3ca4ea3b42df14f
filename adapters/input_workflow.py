"""The fields of all five documents of a phase, in one file."""

from pydantic import Field

from adapters.input_common import Part, PhaseId
from adapters.input_plan import Plan
from adapters.input_prd import Prd
from adapters.input_research import Research
from adapters.input_spec import Spec
from adapters.input_tasks import Tasks


class Workflow(Part):
    """What `orch workflow` goes through: a table of fields for each step that it is to draft."""

    phase: PhaseId | None = Field(None, description="The phase it is meant for; another one is refused.")
    spec: Spec | None = Field(None, description="The fields of the spec.")
    research: Research | None = Field(None, description="The fields of the research.")
    plan: Plan | None = Field(None, description="The fields of the plan.")
    prd: Prd | None = Field(None, description="The fields of the PRD.")
    tasks: Tasks | None = Field(None, description="The fields of the tasks.")
