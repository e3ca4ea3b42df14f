"""orch config check: everything that is wrong with the settings, and what they name that is not there."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Literal, Optional, TypedDict

import typer

from adapters.settings import SETTINGS, Setting, Source, Value, chosen, is_named, shown, unread
from adapters.settings_file import settings_in
from cli import exits
from cli.answers import answer
from cli.given import flags
from cli.options import Asked, plain
from cli.screen import clean, one_line, paint
from cli.settings_here import file_here, path_here
from domain.errors import InvalidInput

ELSEWHERE = {"database_url": "~/.pgpass", "cache_url": "the environment"}
"""Where the password of an address is better kept."""
File = Annotated[
    Optional[str],  # noqa: UP045  # Typer reads Optional at every release we allow
    typer.Argument(metavar="[FILE]", help="A .toml file, or a .json file with the guide's names."),
]


class ConfigFinding(TypedDict):
    """One finding; `line` counts from 1 and is null where it is not known or not in the file."""

    severity: Literal["error", "warning"]
    line: int | None
    key: str | None
    what: str


class ConfigCheckAnswer(TypedDict):
    """Whether commands can obey the settings, and everything that was found.

    `beside` are the options and variables that set some of them; they are stronger than the file.
    """

    ok: bool
    file: str
    file_exists: bool
    beside: list[str]
    rows: list[ConfigFinding]


@plain
def check_config(asked: Asked, file: File = None) -> None:
    """Judge a file of settings and the environment: every mistake with its line, not only the first.

    Exit 2 says that commands would refuse them. Warnings are about what nothing reads, and about folders that are not
    there. Nothing is changed, and no address is asked for.

    Example: orch config check

    Next: orch config show
    """
    given = {**flags(), "config": str(Path(file).absolute())} if file else flags()
    path = file_here(given)
    rows = list(_found(path, given))
    wrong = any(row["severity"] == "error" for row in rows)
    data: ConfigCheckAnswer = {
        "ok": not wrong,
        "file": str(path),
        "file_exists": path.exists(),
        "beside": [*_beside(given)],
        "rows": rows,
    }
    answer("config.check", data, as_json=asked.json, show=lambda: _show(data))
    if wrong:
        raise typer.Exit(exits.USAGE)


def _found(path: Path, given: dict[str, str]) -> Iterator[ConfigFinding]:
    from adapters.settings_mistakes import mistakes_in

    named = is_named(env=os.environ, flags=given)
    mistakes = list(mistakes_in(path, named=named))
    for mistake in mistakes:
        yield {"severity": "error", **mistake._asdict()}  # type: ignore[typeddict-item]  # a Mistake has just these
    in_file = {} if mistakes else settings_in(path, named=named)  # read once, for all of them
    for setting in SETTINGS:
        try:
            value = chosen([setting.name], lambda: in_file, env=os.environ, flags=given, file=path)[setting.name]
            yield from _about(setting, value)
        except InvalidInput as error:
            yield {"severity": "error", "line": None, "key": setting.variable, "what": error.message}
    for name in unread(os.environ):
        yield _warning(name, f"nothing reads the variable {name}; {_nearest(name)}")


def _about(setting: Setting, value: Value) -> Iterator[ConfigFinding]:
    """Yield what is worth knowing about a value that somebody said."""
    from adapters.file_systems import is_network, kind_of

    if value.source is Source.DEFAULT:
        return
    name = setting.name
    if name == "backup.recipients":
        yield from _recipients(value)
    if name == "oidc.scopes":
        yield from _scopes(value)
    if name in ELSEWHERE:
        if value.source is Source.FILE and shown(name, value.value) != value.value:
            yield _warning(
                name, f"a password is in the file, which may go into git; {ELSEWHERE[name]} is the place for it"
            )
        return
    folder = path_here(value)
    if name in ("state_dir", "template_dir", "schema_dir", "log.dir") and not folder.is_dir():
        yield _warning(name, f"{name}: there is no folder {folder}")
    elif name == "state_dir" and is_network(kind_of(folder)):
        yield {
            "severity": "error",
            "line": None,
            "key": name,
            "what": f"{name}: {folder} lies on a network file system, whose locks cannot be trusted",
        }
    elif name in ("state_dir", "log.dir") and not os.access(folder, os.W_OK):
        yield _warning(name, f"{name}: {folder} cannot be written by whoever asks")


def _recipients(value: Value) -> Iterator[ConfigFinding]:
    from adapters.backup_packing import recipients_from

    try:
        recipients_from([str(each) for each in value.value] if isinstance(value.value, list) else [])
    except InvalidInput as error:
        yield {"severity": "error", "line": None, "key": "backup.recipients", "what": error.message}


def _scopes(value: Value) -> Iterator[ConfigFinding]:
    from adapters.oidc_rules import scopes_in

    try:
        scopes_in([str(each) for each in value.value] if isinstance(value.value, list) else [])
    except InvalidInput as error:
        yield {"severity": "error", "line": None, "key": "oidc.scopes", "what": error.message}


def _beside(given: Mapping[str, str]) -> Iterator[str]:
    """Yield the options and variables that say something, which is stronger than the file."""
    for setting in SETTINGS:
        if given.get(setting.name):
            yield setting.flag
        elif os.environ.get(setting.variable):
            yield setting.variable


def _nearest(name: str) -> str:
    from adapters.input_rules import nearest

    hint = nearest(name, [setting.variable for setting in SETTINGS])
    return hint if hint.startswith("did you mean") else "orch config show lists those that are read"


def _warning(key: str, what: str) -> ConfigFinding:
    return {"severity": "warning", "line": None, "key": key, "what": what}


def _show(data: ConfigCheckAnswer) -> None:
    for row in data["rows"]:
        mark = paint("✗", "red") if row["severity"] == "error" else paint("!", "yellow")
        line = f"line {row['line']}: " if row["line"] else ""
        print(f"{mark} {line}{one_line(row['what'])}")
    if data["ok"]:
        beside = f", but for what is set by {', '.join(data['beside'])}" if data["beside"] else ""
        words = "holds" if data["file_exists"] else "is not there; the defaults hold"
        print(f"{paint('✓', 'green')} {clean(data['file'])} {words}{beside}")
