"""The JSON Schemas of what goes in, comes out, and is kept."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypedDict

from pydantic import TypeAdapter

from domain.errors import InvalidInput, NotFound
from projections.state_file import StateFile
from usecases.answer_shapes import enveloped, twin

if TYPE_CHECKING:
    from adapters.input_files import Source

VERSION = 1
SchemaOf: TypeAlias = Literal["input", "output", "event", "state"]
STATES: dict[str, Any] = {"phase-state": StateFile}
"""The files beside the documents, by their names without `.json`."""


class SchemaRow(TypedDict):
    name: str
    of: SchemaOf


class SchemaAnswer(TypedDict):
    """One JSON Schema."""

    name: str
    schema: dict[str, Any]


class SchemaCheckAnswer(TypedDict):
    """A file that is as its schema says; one that is not is refused."""

    name: str
    of: SchemaOf
    file: str


class SchemaListAnswer(TypedDict):
    """The names of all schemas."""

    rows: list[SchemaRow]


class Reason(TypedDict):
    """Why not: a stable code, a sentence, and the commands that would fix it."""

    code: str
    message: str
    fix: list[str]


class ErrorAnswer(TypedDict):
    """A refusal or a mistake in the words; the exit status tells which."""

    ok: Literal[False]
    error: Reason


ERROR = "error"


class Schemas:
    """All schemas; the answers are those that one edge gives, by their kinds."""

    def __init__(self, answers: Mapping[str, Any]) -> None:
        self._answers = answers

    def rows(self) -> list[SchemaRow]:
        """Return the names of all schemas."""
        return [{"name": name, "of": of} for name, of in self._all().items()]

    def of(self, name: str) -> SchemaOf:
        """Return what a schema is of; refuse a name that is none."""
        known = self._all()
        if name not in known:
            near = get_close_matches(name[:60], known, n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise NotFound(f"There is no schema {name[:60]!r}.{hint}", fix=("orch schema list",))
        return known[name]

    def schema(self, name: str) -> dict[str, object]:
        """Return one JSON Schema (draft 2020-12)."""
        from adapters import event_schemas, input_schemas

        match self.of(name):
            case "input":
                return input_schemas.schema_of(name)
            case "output":
                return self.schema_of(name)
            case "event":
                return event_schemas.schema_of(name)
            case "state":
                return state_schema_of(name)

    def check(self, name: str, source: "Source") -> SchemaOf:
        """Hold a text against a schema, and return what that is of; refuse it with its first mistake."""
        of = self.of(name)
        if of == "input":
            _judge_input(name, source)
        else:
            self._judge_other(name, of, source)
        return of

    def schema_of(self, kind: str) -> dict[str, object]:
        """Return the JSON Schema (draft 2020-12) of everything a command prints with `--json`.

        Fields may be added within a version, so unknown ones are allowed.
        """
        return {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$id": f"urn:nss-orchestrator:schema:output:{kind}:{VERSION}",
            **self.adapter_of(kind).json_schema(),
            "title": f"Answer: {kind}",
        }

    def adapter_of(self, kind: str, *, closed: bool = False) -> TypeAdapter[Any]:
        """Return what checks an answer of that kind; a closed one also refuses fields that no schema names."""
        if kind == ERROR:
            return TypeAdapter(twin(ErrorAnswer, closed))
        return TypeAdapter(enveloped(kind, self._answers[kind], closed))

    def _all(self) -> dict[str, SchemaOf]:
        from adapters.event_schemas import NAMES as TOPICS
        from adapters.input_schemas import NAMES as INPUTS

        named: tuple[tuple[SchemaOf, Any], ...] = (
            ("input", INPUTS),
            ("output", (*self._answers, ERROR)),
            ("event", TOPICS),
            ("state", STATES),
        )
        return {name: of for of, names in named for name in names}

    def _judge_other(self, name: str, of: "SchemaOf", source: "Source") -> None:
        from pydantic import ValidationError

        from adapters.event_schemas import adapter_of as event_adapter_of
        from adapters.input_files import json_text
        from adapters.input_judging import path_of
        from adapters.input_lines import line_finder

        adapters = {"output": self.adapter_of, "event": event_adapter_of, "state": state_adapter_of}
        try:
            adapters[of](name).validate_json(json_text(source.parsed(), source.name), strict=True)  # type: ignore[operator]  # each takes the name alone
        except ValidationError as error:
            problem = error.errors(include_url=False)[0]
            line = line_finder(source.text, source.form)(problem["loc"])
            where = f"{source.name}, line {line}" if line else source.name
            place = path_of(problem["loc"])
            words = problem["msg"].removeprefix("Input ")
            raise InvalidInput(
                f"{where}: {place + ' ' if place else ''}{words[:1].lower()}{words[1:]}.",
                fix=(f"orch schema show {name}",),
            ) from None


def state_schema_of(name: str) -> dict[str, object]:
    """Return the JSON Schema (draft 2020-12) of a state file. Fields may be added within a version."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:nss-orchestrator:schema:state:{name}:{VERSION}",
        **state_adapter_of(name).json_schema(),
        "title": f"File: {name}.json",
    }


def state_adapter_of(name: str, *, closed: bool = False) -> TypeAdapter[Any]:
    """Return what checks a state file; a closed one also refuses fields that no schema names."""
    return TypeAdapter(twin(STATES[name], closed))


def _judge_input(name: str, source: "Source") -> None:
    from adapters.input_cleaning import cleaned
    from adapters.input_judging import judge_by
    from adapters.input_lines import line_finder
    from adapters.input_schemas import model_named

    fields = cleaned(source.parsed(), source.name)
    fix = (f"orch schema show {name}",)
    judge_by(model_named(name), fields, source.name, top=name, fix=fix, line_of=line_finder(source.text, source.form))
