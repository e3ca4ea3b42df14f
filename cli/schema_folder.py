"""orch schema write, compare: the schemas as files, for those who check what this program prints by themselves."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Optional, TypedDict

import typer

from adapters.new_files import new_file
from cli import exits
from cli.answers import answer
from cli.options import Asked, plain
from cli.screen import clean, one_line, paint
from cli.settings_here import path_here, setting_here
from domain.errors import FilesUnavailable

Dir = Annotated[
    Optional[Path],  # noqa: UP045  # Typer reads Optional at every release we allow
    typer.Option("--dir", metavar="DIR", help="This folder, not that of the setting schema_dir."),
]


class SchemaFilesAnswer(TypedDict):
    """The files of a folder: written, differing from what this version prints, missing, or none of ours."""

    folder: str
    written: list[str]
    differing: list[str]
    missing: list[str]
    unknown: list[str]


@plain
def write_schemas(asked: Asked, folder: Dir = None) -> None:
    """Write every schema as a file, below input, output, event and state. Those that are right already stay.

    Example: orch schema write

    Next: orch schema compare
    """
    to = _folder(folder)
    written = []
    try:
        for name, text in _texts():
            path = to / name
            if not path.is_file() or path.read_bytes() != text.encode():
                path.parent.mkdir(parents=True, exist_ok=True)
                with new_file(path, replace=True) as opened:
                    opened.write(text.encode())
                written.append(name)
    except OSError as error:
        raise FilesUnavailable(f"{error.filename or to}: {error.strerror or error}.") from error
    data: SchemaFilesAnswer = {"folder": str(to), "written": written, "differing": [], "missing": [], "unknown": []}

    def show() -> None:
        print(f"{paint('✓', 'green')} {len(written)} schemas written to {clean(str(to))}")

    answer("schema.files", data, as_json=asked.json, show=show)


@plain
def compare_schemas(asked: Asked, folder: Dir = None) -> None:
    """Compare the files that orch schema write once wrote with what this version prints. Nothing is written.

    Exit 2 says that some differ: whoever relies on them should look at what is new.

    Example: orch schema compare

    Next: orch schema write
    """
    data = compared(folder)
    answer("schema.files", data, as_json=asked.json, show=lambda: _show(data))
    if data["differing"] or data["missing"]:
        raise typer.Exit(exits.USAGE)


def compared(folder: Path | None) -> SchemaFilesAnswer:
    """Return how the files of a folder, or of the setting, differ from what this version prints."""
    held = _folder(folder)
    differing, missing = [], []
    texts = dict(_texts())
    for name, text in texts.items():
        try:
            if (held / name).read_bytes() != text.encode():
                differing.append(name)
        except (FileNotFoundError, NotADirectoryError):
            missing.append(name)
        except OSError as error:
            raise FilesUnavailable(f"{held / name}: {error.strerror}.") from error
    found = sorted(str(path.relative_to(held)) for path in held.glob("*/*.json")) if held.is_dir() else []
    return {
        "folder": str(held),
        "written": [],
        "differing": differing,
        "missing": missing,
        "unknown": [name for name in found if name not in texts],
    }


def _folder(given: Path | None) -> Path:
    if given is not None:
        return given.absolute()
    return path_here(setting_here("schema_dir")).absolute()


def _texts() -> Iterator[tuple[str, str]]:
    """Yield every schema: the name of its file and its text."""
    from adapters import event_schemas, input_schemas
    from cli import output_schemas
    from usecases.schemas import STATES

    for name in input_schemas.NAMES:
        yield f"input/{name}.json", input_schemas.written(name)
    for kind in output_schemas.KINDS:
        yield f"output/{kind}.json", output_schemas.written(kind)
    for topic in event_schemas.NAMES:
        yield f"event/{topic}.json", event_schemas.written(topic)
    for name in STATES:
        yield f"state/{name}.json", output_schemas.state_written(name)


def _show(data: SchemaFilesAnswer) -> None:
    for what in ("differing", "missing", "unknown"):
        for name in data[what]:
            print(f"{paint('✗', 'red')} {what}  {one_line(name)}")
    if not (data["differing"] or data["missing"]):
        print(f"{paint('✓', 'green')} {clean(data['folder'])} says what this version prints")
    else:
        print("  → orch schema write")
