"""Write the page of settings: `python -m docs.settings`."""

from pathlib import Path

from adapters.settings import SETTINGS, Setting
from adapters.settings_examples import what_it_is
from cli.config import words_of

PAGE = Path(__file__).with_name("settings.md")
HEAD = """# Settings

Made by `python -m docs.settings` from the table in `adapters/settings.py`; a test holds that both agree. What each of
them does: `orch config show --help`.

A flag is stronger than the environment, that than the file, that than the default. The file is `.orch/config.toml`,
with the names of the first column, their tables joined with dots; or the one that `--config FILE` or
`ORCHESTRATOR_CONFIG` names. A `.json` file has the names of the third column: the deployment guide's `production.json`
is taken as it stands. `orch config set NAME VALUE` changes a file and keeps its comments; `orch config check` tells
every mistake with its line.

| setting | variable | in JSON | flag | it is | default |
|---|---|---|---|---|---|
"""


def page() -> str:
    """Return the whole page."""
    rows = "".join(_row(setting) for setting in SETTINGS)
    always = "".join(f"- `{setting.name}`: {setting.because}.\n" for setting in SETTINGS if setting.because)
    return f"{HEAD}{rows}\nAlways true; `false` is refused by every command, with the reason:\n\n{always}"


def _row(setting: Setting) -> str:
    words = words_of(setting.default)
    flag = f"`{setting.flag}`" if setting.flag else ""
    return (
        f"| `{setting.name}` | `{setting.variable}` | `{setting.guide}` | {flag} | {what_it_is(setting)} | {words} |\n"
    )


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
