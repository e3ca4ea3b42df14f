"""What an interview asks, in its order."""

from enum import StrEnum
from typing import NamedTuple

from domain.steps import Step


class Shape(StrEnum):
    """What an answer is."""

    LINE = "line"
    ITEMS = "items"
    """Several lines, each an item."""
    PARTS = "parts"
    """Several items, each with the parts that `Question.parts` asks for."""


class Part(NamedTuple):
    """One part of an item: its name among the fields, and how it is asked for."""

    name: str
    ask: str


class Question(NamedTuple):
    """One question; its answer becomes one field."""

    field: str
    ask: str
    why: str
    shape: Shape = Shape.ITEMS
    parts: tuple[Part, ...] = ()


RISKS = (
    Part("risk", "what may go wrong"),
    Part("impact", "how bad that is: high, medium, low"),
    Part("mitigation", "what is done about it"),
)
QUESTIONS: dict[Step, tuple[Question, ...]] = {
    Step.SPEC: (
        Question(
            "title", "What is it called?", "The title of the phase, as people will read it everywhere.", Shape.LINE
        ),
        Question(
            "objectives",
            "What must it achieve?",
            "An objective says what is different when the phase is done, not how that is reached.",
        ),
        Question(
            "user_stories",
            "Why? Who wants what, and what is it good for?",
            "Whoever judges the result later asks whom it was for.",
            Shape.PARTS,
            (Part("role", "who"), Part("want", "wants (to do what)"), Part("benefit", "so that")),
        ),
        Question(
            "requirements",
            "What must hold, so that it can be checked?",
            "A requirement has a number or a yes or no in it: 'round trip below 10 ms', not 'fast'.",
        ),
        Question(
            "acceptance_criteria",
            "How is it measured that it is done?",
            "The checks that decide whether it is accepted, each of which somebody can carry out.",
        ),
        Question(
            "success_criteria",
            "What shows later that it was worth it?",
            "What can be seen weeks after the handoff, by users or in figures.",
        ),
        Question(
            "dependencies",
            "Which phases have to be handed off before?",
            "Their ids. orch depend makes the handoff wait for them; here they are for the reader.",
        ),
        Question("deliverables", "What exists when it is done?", "Files, programs, documents: what is handed over."),
        Question(
            "risks",
            "What may go wrong?",
            "A risk that is written down can be watched; one without a mitigation is a question to the approver.",
            Shape.PARTS,
            RISKS,
        ),
    ),
    Step.PRD: (
        Question("mvp_goal", "What is the first release for?", "One sentence.", Shape.LINE),
        Question(
            "key_features",
            "What does it do?",
            "What a user would name. Left out, they come from the approved spec and plan.",
            Shape.PARTS,
            (Part("name", "feature"), Part("description", "what it does")),
        ),
        Question("user_flow", "What does a user do, step by step?", "The way through the product, in order."),
        Question("success_metrics", "What will be measured, with which target?", "A figure and by when."),
        Question("out_of_scope", "What is left out on purpose?", "What nobody has to look for in the first release."),
        Question("acceptance_criteria", "Which checks decide whether it is accepted?", "Each can be carried out."),
        Question("risks", "What may go wrong?", "For users and for the release.", Shape.PARTS, RISKS),
    ),
}
