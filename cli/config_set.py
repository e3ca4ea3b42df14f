"""orch config set: change one setting in the file of settings."""

import os
import sys
from pathlib import Path
from typing import Annotated, Any, Optional, TypedDict

import typer

from adapters.settings import Setting, Source, file_of_settings, value_in
from adapters.settings_file import settings_of
from cli.answers import answer
from cli.config import words_of
from cli.config_names import names, setting_of
from cli.given import flags
from cli.options import Asked, plain
from cli.project import here
from cli.screen import clean, one_line, paint
from domain.errors import InvalidInput

Name = Annotated[str, typer.Argument(metavar="NAME", help="A setting; see orch config show.", autocompletion=names)]
Words = Annotated[
    Optional[str],  # noqa: UP045  # Typer reads Optional at every release we allow
    typer.Argument(metavar="[VALUE]", help="Its value; a list has commas in it."),
]
Unset = Annotated[bool, typer.Option("--unset", help="Take it out of the file: the default holds again.")]


class ConfigSetAnswer(TypedDict):
    """What the file said before and says now, null where it says nothing, and what holds now, and why."""

    file: str
    name: str
    before: Any
    value: Any
    changed: bool
    in_force: Any
    source: Source
    where: str | None


@plain
def set_config(asked: Asked, name: Name, value: Words = None, unset: Unset = False) -> None:
    """Set a setting in .orch/config.toml, or in the file that --config names; comments and order in it stay.

    The value is judged before anything is written. Settings are no events: they are about this machine.

    Example: orch config set backup.retention_days 90

    Next: orch config check
    """
    setting = setting_of(name)
    if unset is (value is not None):
        line = f"orch config set {setting.name}"
        raise InvalidInput("Give a value, or --unset.", fix=(f"{line} {_sample(setting)}", f"{line} --unset"))
    from adapters.places import root_of
    from adapters.settings_edit import change

    given = flags()
    path = file_of_settings(root_of(here()), flags=given).absolute()
    said = None if value is None else value_in(setting, value, setting.name)
    before, changed = change(path, setting, said)
    now = settings_of([setting.name], path, flags=given)[setting.name]
    data: ConfigSetAnswer = {
        "file": str(path),
        "name": setting.name,
        "before": before,
        "value": said,
        "changed": changed,
        "in_force": now.value,
        "source": now.source,
        "where": now.where,
    }
    answer("config.set", data, as_json=asked.json, show=lambda: _show(data))
    _warn(setting, now.source, now.where, path)


def _sample(setting: Setting) -> str:
    value = setting.default
    return "VALUE" if value in (None, []) else str(value).lower() if isinstance(value, bool) else str(value)


def _warn(setting: Setting, source: Source, where: str | None, path: Path) -> None:
    """Say on stderr what somebody may not expect of what was set."""
    from adapters.places import root_of

    sentences = []
    if source in (Source.FLAG, Source.ENVIRONMENT):
        sentences.append(f"{where} is stronger than the file, and holds as long as it is there")
    if not setting.is_read:
        sentences.append(f"nothing obeys {setting.name} yet: it is for the service")
    if setting.name == "state_dir" and source is Source.FILE:
        folder = root_of(here()) / str(settings_of(["state_dir"], path, flags=flags())["state_dir"].value)
        if not (folder / "log.db").is_file():
            sentences.append(f"there is no log in {folder} yet: move the store there, or begin one with orch init")
    for sentence in sentences:
        print(f"{paint('!', 'yellow', stream=sys.stderr)} {one_line(sentence)}", file=sys.stderr)


def _show(data: ConfigSetAnswer) -> None:
    if not data["changed"]:
        print(f"{clean(data['file'])} says so already; nothing was written")
        return
    mark = paint("✓", "green")
    if data["value"] is None:
        print(f"{mark} {data['name']} is taken out of {clean(os.path.relpath(data['file']))}")
    else:
        print(f"{mark} {data['name']} is {one_line(words_of(data['value']))} in {clean(os.path.relpath(data['file']))}")
