"""Whether a project works: its state is read and folded, a document rendered, a command decided. Nothing stays."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple, NoReturn
from uuid import uuid4

from adapters.shared_commits import SharedCommits
from domain.actors import Actor, ActorKind
from domain.errors import Damaged, Refusal
from domain.event_log import Decision, EventLog
from domain.steps import Step
from usecases.project import Project

FIELDS = {"objectives": ["Find out whether a document can be rendered"]}
FOLDED = 200
"""Events that are folded at the most: somebody asks every few seconds."""
SAYS = {
    "stateManager": "the log cannot be read",
    "templateEngine": "a document cannot be rendered",
    "commandRouting": "a command cannot be decided",
}
SAYS_OF = {"STORE_MOVED": "the log was moved, and goes on in another place"}
"""What some refusals are said to be, whatever part meets them."""


class Sick(Exception):
    """One part does not work; the words are for everybody, and name no place and no text."""

    def __init__(self, part: str, code: str, *, damaged: bool = False) -> None:
        super().__init__(f"{part}: {SAYS_OF.get(code, SAYS[part])} ({code}).")
        self.part, self.code, self.damaged = part, code, damaged


class Part(NamedTuple):
    """One part that is tried, by the name of the deployment guide."""

    name: str
    works: Callable[[Project], None]


def examine(project: Project) -> dict[str, bool]:
    """Try every part, and return that each works. Raises `Sick` for the first that does not."""
    for part in PARTS:
        try:
            part.works(project)
        except Refusal as refusal:
            raise Sick(part.name, refusal.code, damaged=isinstance(refusal, Damaged)) from refusal
        except Exception as error:  # whatever it is, the answer is that it does not work
            raise Sick(part.name, "BUG") from error
    return {part.name: True for part in PARTS}


def _state(project: Project) -> None:
    """Read the head of what was recorded last, and fold its events to the same one."""
    from adapters.codec import decode
    from projections.heads import heads_from

    if isinstance(project.log, SharedCommits):
        project.log.refuse_ended()
    log, last = project.log, project.log.moment().position
    (record,) = log.records(last, last)
    moment, heads = log.heads([record.stream])
    kept = heads[record.stream]
    if kept.version > FOLDED:
        decode(record)
        return
    history = [(each, decode(each)) for each in log.stream(record.stream, upto=moment.position)]
    if heads_from(history)[record.stream].facts != kept.facts:
        raise Damaged("The kept head is not what the events say.")


def _templates(project: Project) -> None:
    rendered = project.templates.render(
        Step.SPEC, FIELDS, phase="health", title="Health", iteration=1, answers=[], derived={}
    )
    if FIELDS["objectives"][0] not in rendered.text:
        raise Damaged("The template leaves out what it was given.")


def _routing(project: Project) -> None:
    """Let a command be decided against the log as it is, up to the moment where it would be recorded."""
    from domain.commands import DraftDocument, Meta
    from domain.handler import handle

    name = f"health-{uuid4().hex}"
    meta = Meta(name, Actor("health", ActorKind.SERVICE), datetime.now(UTC))
    unrecorded = _Unrecorded(project.log)
    try:
        handle(DraftDocument(meta, name, Step.SPEC, FIELDS), log=unrecorded, templates=project.templates)
    except _Decided as decided:
        if not decided.events:
            raise Damaged("The command was decided without an event.") from None


PARTS = (Part("stateManager", _state), Part("templateEngine", _templates), Part("commandRouting", _routing))


class _Decided(Exception):
    def __init__(self, events: Sequence[Any]) -> None:
        self.events = events


class _Unrecorded:
    """The log for a command that is to be decided and not recorded: what is read is the log's, nothing is written."""

    def __init__(self, log: EventLog) -> None:
        self._log = log

    def __getattr__(self, name: str) -> Any:
        return getattr(self._log, name)

    def append(self, decisions: Sequence[Decision]) -> NoReturn:
        """Stop where it would be recorded."""
        raise _Decided([event for decision in decisions for event in decision.events])
