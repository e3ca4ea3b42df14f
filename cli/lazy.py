"""A command group that builds only the command that was asked for."""

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from importlib import import_module
from inspect import cleandoc
from typing import Any, ClassVar, NamedTuple

import click
import typer
from typer.core import TyperGroup


class Entry(NamedTuple):
    """Where a command lives, and its line in the list of commands."""

    place: str
    """`module:function`, or `module:group` of another lazy group."""
    help: str
    hidden: bool = False
    at_the_log: str = ""
    """Why it is done where the log is, and never through a service; empty for what may be asked from afar."""


class NoSuchName(click.UsageError):
    """A command that does not exist; `near` is the nearest one that does, or empty."""

    def __init__(self, name: str, near: str, context: click.Context) -> None:
        hint = f" Did you mean '{near}'?" if near else ""
        super().__init__(f"There is no command '{name[:50]}'.{hint}", context)
        self.name, self.near = name, near


def load(place: str) -> Any:
    """Return what a `module:name` of our own table names."""
    module, name = place.split(":")
    return getattr(import_module(module), name)


class LazyGroup(TyperGroup):
    """Imports a command's module when the command is used. Subclasses fill `entries`."""

    entries: ClassVar[Mapping[str, Entry]] = {}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the table: the order of the work."""
        return [name for name, entry in self.entries.items() if not entry.hidden]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Build one command."""
        entry = self.entries.get(cmd_name)
        if entry is None:
            return None
        found = load(entry.place)
        return built_group(cmd_name, found) if isinstance(found, type) else built(cmd_name, found)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Refuse an unknown command with the nearest one that exists."""
        if args and args[0] not in self.entries and not args[0].startswith("-"):
            near = get_close_matches(args[0], self.list_commands(ctx), n=1)
            raise NoSuchName(args[0], "".join(near), ctx)
        found = super().resolve_command(ctx, args)
        entry = self.entries.get(found[0] or "")
        if entry is not None and entry.at_the_log and "--help" not in args:
            from cli.elsewhere import refuse_through_a_service

            refuse_through_a_service(entry.at_the_log)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands from the table, without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, self.entries[name].help) for name in self.list_commands(ctx)])


def built(name: str, function: Callable[..., None]) -> click.Command:
    """Return the click command of one function."""
    app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    app.command(name)(function)
    command = typer.main.get_command(app)
    command.name = name
    return command


def built_group(name: str, group: type[LazyGroup]) -> click.Command:
    """Return a lazy group as a click command; what its class says of itself is its help."""
    return group(name=name, help=cleandoc(group.__doc__ or ""), no_args_is_help=True, rich_markup_mode=None)
