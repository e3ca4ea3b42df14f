"""What helps against words that orch cannot read: the same line put right, or the example of the command."""

import re
import shlex
from collections.abc import Sequence

import click

from cli.lazy import NoSuchName
from domain.errors import Refusal
from domain.phase_ids import checked

EXAMPLE = re.compile(r"^Example: (orch .*)$", re.MULTILINE)
SAMPLE_PHASE = re.compile(r"\bst\d\d-[a-z-]+\b")
LONGEST = 400
"""Characters of a line that is still worth to be said again."""
PRINTING = {"--help", "--version"}


def ways_out(error: click.ClickException, root: click.Command, words: Sequence[str]) -> tuple[str, ...]:
    """Return the lines that help, the likeliest first; every one can be pasted."""
    context = getattr(error, "ctx", None) or _asked(root, words)
    asked = f"{context.command_path} --help"
    for righted in (_righted(error, words), _without_option(error, root, words)):
        if righted is not None and len(line := shlex.join(["orch", *righted])) <= LONGEST and _reads(root, righted):
            return (line, asked)
    if isinstance(error, NoSuchName) and error.near and isinstance(context.command, click.Group):
        found = context.command.get_command(context, error.near)
        assert found is not None
        context = click.Context(found, info_name=error.near, parent=context)
    if context.parent is None:  # the example of orch itself begins a project, which is not what was asked
        return (asked,)
    return (*_example(context), asked)


def said_of(error: click.ClickException, words: Sequence[str]) -> str:
    """Return what is wrong; an option that cannot have been meant is not named."""
    if isinstance(error, click.NoSuchOption) and not near_option(error, words):
        return error.message
    return error.format_message()


def near_option(error: click.NoSuchOption, words: Sequence[str]) -> str:
    """Return the option that was likely meant, or nothing.

    Whatever followed the wrong one was its value: behind a flag it would be an argument, and be recorded as one.
    """
    found = sorted(error.possibilities or (), key=len)
    params = error.ctx.command.params if error.ctx else []
    takes = {name for each in params if isinstance(each, click.Option) and not each.is_flag for name in each.opts}
    return next((near for near in found if near in takes or not _has_value(error.option_name, words)), "")


def _has_value(option: str, words: Sequence[str]) -> bool:
    """Tell whether words say something with an option: behind `=`, or as the next word."""
    for word, behind in zip(words, (*words[1:], "-"), strict=True):
        name, equals, _ = word.partition("=")
        if name == option:
            return bool(equals) or not behind.startswith("-")
    return False


def _without_option(error: click.ClickException, root: click.Command, words: Sequence[str]) -> list[str] | None:
    """Return the words without an option that there is not, where its value is the argument that is missing."""
    if not isinstance(error, click.NoSuchOption) or error.option_name not in words:
        return None
    place = words.index(error.option_name)
    if not _has_value(error.option_name, words) or _reads(root, [*words[:place], *words[place + 2 :]]):
        return None
    return [*words[:place], *words[place + 1 :]]


def _example(context: click.Context) -> tuple[str, ...]:
    """Return the example of a command, about the phase that was named."""
    found = EXAMPLE.search(context.command.help or "")
    if found is None:
        return ()
    phase = context.params.get("phase")
    try:
        return (SAMPLE_PHASE.sub(checked(phase), found[1], count=1) if phase else found[1],)
    except Refusal:
        return (found[1],)


def _righted(error: click.ClickException, words: Sequence[str]) -> list[str] | None:
    """Return the words with the nearest name that exists, where one is near."""
    if isinstance(error, NoSuchName) and error.near:
        wrong, near = error.name, error.near
    elif isinstance(error, click.NoSuchOption) and near_option(error, words):
        wrong, near = error.option_name, near_option(error, words)
    else:
        return None
    for place, word in enumerate(words):
        name, equals, value = word.partition("=")
        if name == wrong:
            return [*words[:place], f"{near}{equals}{value}", *words[place + 1 :]]
    return None


def _reads(root: click.Command, words: Sequence[str]) -> bool:
    """Tell whether orch reads these words, without doing what they say."""
    if PRINTING & set(words):
        return False
    command, name, rest, context = root, "orch", list(words), None
    try:
        while isinstance(command, click.Group):
            context = click.Context(command, info_name=name, parent=context)
            rest = click.Command.parse_args(command, context, rest)  # its own options, and not yet those behind
            named, found, rest = command.resolve_command(context, rest)
            if found is None:
                return False
            command, name = found, named or name
        command.make_context(name, rest, parent=context)
    except (click.ClickException, click.exceptions.Exit, Refusal):
        return False
    return True


def _asked(root: click.Command, words: Sequence[str]) -> click.Context:
    """Return the command that the words name as far as they name one."""
    context = click.Context(root, info_name="orch")
    for word in words:
        if not isinstance(context.command, click.Group):
            break
        found = context.command.get_command(context, word)
        if found is not None:
            context = click.Context(found, info_name=word, parent=context)
    return context
