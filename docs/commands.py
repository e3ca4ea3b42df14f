"""Write docs/commands.md from the commands' own help: `python -m docs.commands`."""

from collections.abc import Iterator
from pathlib import Path

import click

from cli.main import program

PAGE = Path(__file__).with_name("commands.md")
WIDTH = 100
HEAD = """\
# The commands

Made from the help of every command by `python -m docs.commands`; a test holds that both agree.
"""


def page() -> str:
    """Return the whole page."""
    return "\n".join([HEAD, *(f"## {name}\n\n```text\n{text}\n```\n" for name, text in pages())])


def pages() -> Iterator[tuple[str, str]]:
    """Yield every command and its help."""
    yield from _entries(click.Context(program(), info_name="orch", terminal_width=WIDTH))


def _entries(context: click.Context) -> Iterator[tuple[str, str]]:
    group = context.command
    assert isinstance(group, click.Group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        inner = click.Context(command, info_name=name, parent=context, terminal_width=WIDTH, max_content_width=WIDTH)
        if isinstance(command, click.Group):
            yield from _entries(inner)
        else:
            yield inner.command_path, command.get_help(inner)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
