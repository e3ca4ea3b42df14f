"""orch config set: change one setting in the file of settings."""

import os
import sys
from pathlib import Path
from shlex import quote
from typing import Annotated, Any, Optional, TypedDict

import typer

from adapters.settings import SECRETIVE, Setting, Source, Value, chosen, judge_value, shown, value_in
from adapters.settings_examples import EXAMPLES
from cli.answers import answer
from cli.config import words_of
from cli.config_names import names, setting_of
from cli.given import flags
from cli.options import Asked, plain
from cli.screen import clean, one_line, paint
from cli.settings_here import file_here, path_here
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
    from adapters.settings_edit import change

    path = file_here()
    said = None if value is None else _judged(setting, value)
    before, changed = change(path, setting, said)
    now = _in_force(setting, path, said)
    data: ConfigSetAnswer = {
        "file": str(path),
        "name": setting.name,
        "before": _told(setting, before),
        "value": shown(setting.name, said),
        "changed": changed,
        "in_force": shown(setting.name, now.value),
        "source": now.source,
        "where": now.where,
    }
    answer("config.set", data, as_json=asked.json, show=lambda: _show(data))
    _warn(setting, now, path)


def _in_force(setting: Setting, path: Path, said: object) -> Value:
    """Return what holds now, also where the file has mistakes left in other lines."""
    in_file = {} if said is None else {setting.name: said}
    return chosen([setting.name], lambda: in_file, env=os.environ, flags=flags(), file=path)[setting.name]


def _told(setting: Setting, before: object) -> object:
    """Return what the file said, as it may be shown: of an address that is none nobody knows where its password is."""
    try:
        judge_value(setting, before, setting.name)
    except InvalidInput:
        return "something else" if before is not None and setting.kind in SECRETIVE else before
    return shown(setting.name, before)


def _judged(setting: Setting, words: str) -> object:
    """Return what the words say, or refuse them with a line that would be taken."""
    try:
        return value_in(setting, words, setting.name)
    except InvalidInput as error:
        line = f"orch config set {setting.name} {_sample(setting)}"
        raise InvalidInput(error.message, fix=(line, f"orch config show {setting.name}")) from None


def _sample(setting: Setting) -> str:
    return quote(EXAMPLES.get(setting.name) or words_of(setting.default))


def _warn(setting: Setting, now: Value, path: Path) -> None:
    """Say on stderr what somebody may not expect of what was set."""
    from adapters.settings_mistakes import mistakes_in

    sentences = [f"another value is still wrong: {each.what.rstrip('.')}" for each in mistakes_in(path, named=False)]
    if now.source in (Source.FLAG, Source.ENVIRONMENT):
        sentences.append(f"{now.where} is stronger than the file, and holds as long as it is there")
    if setting.name == "state_dir" and now.source is Source.FILE and not (path_here(now) / "log.db").is_file():
        sentences.append(f"there is no log in {path_here(now)} yet: move the store there, or begin one with orch init")
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
