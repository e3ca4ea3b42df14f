"""orch template: the documents' own words, and a project's own ones."""

from typing import Annotated, Any, ClassVar, Optional

import typer

from adapters.places import Places, find
from adapters.template_files import (
    NAMES,
    SUFFIX,
    eject,
    forget_compiled,
    mistakes,
    template_file,
    template_files,
)
from cli import exits
from cli.answers import answer
from cli.given import flags
from cli.lazy import Entry, LazyGroup
from cli.options import Asked, plain
from cli.project import here, opened
from cli.screen import clean, one_line, paint, print_table
from domain.errors import InvalidInput
from domain.steps import STEPS, Step
from usecases.template_answers import (
    CacheAnswer,
    EjectedAnswer,
    TemplateAnswer,
    TemplateCheckAnswer,
    TemplateDiffAnswer,
    TemplateListAnswer,
    TemplateRow,
)
from usecases.templates import compared, template, templates, tried

PROGRAMS = "templates are programs that the service runs"
COLOURS = {"+": "green", "-": "red", "@": "cyan"}
Name = Annotated[str, typer.Argument(metavar="NAME", help="A step, or the name of a file such as _parts.md.j2.")]
MaybeName = Annotated[
    Optional[str],  # noqa: UP045  # Typer reads Optional at every release we allow
    typer.Argument(metavar="[NAME]", help="A step, or the name of a file; otherwise all."),
]
BuiltIn = Annotated[bool, typer.Option("--built-in", help="The program's, also where the project has its own.")]


class TemplateCommands(LazyGroup):
    """The templates of the documents.

    Example: orch template list
    """

    entries: ClassVar[dict[str, Entry]] = {
        "list": Entry("cli.template:list_templates", "Every template, and whether it is the project's own."),
        "show": Entry("cli.template:show_template", "Print a template."),
        "check": Entry(
            "cli.template:check_templates", "Render them with sample data; name file and line of a mistake."
        ),
        "eject": Entry(
            "cli.template:eject_template", "Copy one into the project, to be changed there.", at_the_log=PROGRAMS
        ),
        "diff": Entry("cli.template:diff_template", "What the project's own one says differently."),
        "rebuild": Entry(
            "cli.template:rebuild_cache",
            "Throw the compiled templates away and compile all again.",
            at_the_log=PROGRAMS,
        ),
    }


@plain
def list_templates(asked: Asked) -> None:
    """List the templates of the documents: the project's own before those of the program.

    Example: orch template list

    Next: orch template eject NAME
    """
    data: TemplateListAnswer = _there("") or templates(_places().templates)

    def show() -> None:
        table = [(one_line(row["name"]), _source(row)) for row in data["rows"]]
        print_table(table, head=("NAME", "SOURCE"))

    answer("template.list", data, as_json=asked.json, show=show)


@plain
def show_template(asked: Asked, name: Name, built_in: BuiltIn = False) -> None:
    """Print the text of a template, as it is used for the next document.

    Example: orch template show spec

    Next: orch template check
    """
    data: TemplateAnswer = _there(f"/{_part(name)}", built_in=built_in) or template(
        _places().templates, name, built_in=built_in
    )
    answer("template", data, as_json=asked.json, show=lambda: print(clean(data["text"]), end=""))


@plain
def check_templates(asked: Asked, name: MaybeName = None) -> None:
    """Render the documents with sample data: all fields at once, and each field alone. Nothing is recorded.

    Exit 2 says that one of them has a mistake; its file and line are named.

    Example: orch template check spec

    Next: orch template diff NAME
    """
    data: TemplateCheckAnswer = _there("/check", **({"name": name} if name else {})) or tried(_places().templates, name)

    def show() -> None:
        for row in data["rows"]:
            mark = paint("✓", "green") if row["ok"] else paint("✗", "red")
            print(
                f"{mark} {row['name']} ({row['source']})" + (f": {one_line(row['message'])}" if row["message"] else "")
            )

    answer("template.check", data, as_json=asked.json, show=show)
    if not data["ok"]:
        raise typer.Exit(exits.USAGE)


@plain
def eject_template(asked: Asked, name: MaybeName = None) -> None:
    """Copy a template of the program into the project's folder, to be changed there. One that is there stays as it is.

    Without NAME all that are not there yet are copied.

    Example: orch template eject research

    Next: orch template check
    """
    places = _places()
    if name is None:
        there = {file.name for file in template_files(places.templates) if file.own is not None or file.unreadable}
        names = [each for each in NAMES if each not in there]
    else:
        names = [f"{name}{SUFFIX}" if name in list(Step) else name]
        if names[0] not in NAMES:
            template_file(places.templates, name)  # says which there are
            raise InvalidInput(f"{name} is the project's own already; the program has none of that name.")
    files = [str(eject(places.templates, each)) for each in names]
    data: EjectedAnswer = {"files": files}

    def show() -> None:
        print("\n".join(map(one_line, files)) or "Every template is the project's own already.")

    answer("template.ejected", data, as_json=asked.json, show=show)


@plain
def diff_template(asked: Asked, name: Name) -> None:
    """Show what a template of the project says differently from the program's.

    Example: orch template diff spec

    Next: orch template check
    """
    data: TemplateDiffAnswer = _there(f"/{_part(name)}/diff") or compared(_places().templates, name)

    def show() -> None:
        for line in data["lines"] or ["Both say the same."]:
            colour = COLOURS.get(line[:1])
            print(paint(clean(line), colour) if colour else clean(line))

    answer("template.diff", data, as_json=asked.json, show=show)


@plain
def rebuild_cache(asked: Asked) -> None:
    """Throw the compiled templates away and compile all again; nothing else depends on them.

    Example: orch template rebuild

    Next: orch template check
    """
    places = _places()
    cache = places.state / "cache"
    forgotten = forget_compiled(cache)
    broken = len(list(mistakes(places.templates, cache=cache)))
    data: CacheAnswer = {"forgotten": forgotten, "compiled": len(STEPS) - broken}

    def show() -> None:
        print(f"{forgotten} thrown away, {data['compiled']} of {len(STEPS)} documents compiled")
        if broken:
            print("  → orch template check")

    answer("template.cache", data, as_json=asked.json, show=show)


def _places() -> Places:
    return find(here(), flags=flags())


def _there(path: str, **query: object) -> Any:
    """Return what a service says of its templates, or None where documents are rendered here."""
    if _places().url is None:
        return None
    from urllib.parse import urlencode

    with opened() as project:
        assert project.far is not None
        asked = urlencode(
            {name: str(value).lower() if isinstance(value, bool) else value for name, value in query.items()}
        )
        return project.far.get(f"/templates{path}" + (f"?{asked}" if asked else ""), None)


def _part(name: str) -> str:
    from urllib.parse import quote

    return quote(name, safe="")


def _source(row: TemplateRow) -> str:
    if row["unreadable"]:
        return paint(one_line(row["unreadable"]), "red")
    if row["source"] == "built-in":
        return "built-in"
    return "project" if row["differs"] else "project, the same as the built-in one"
