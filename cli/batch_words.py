"""The words of a batch's command: read once, then said for each phase."""

import shlex
from typing import NamedTuple
from uuid import NAMESPACE_URL, uuid5

import click

from cli.batch_phases import EXAMPLE, STEM
from cli.given import flags
from cli.lazy import NoSuchName
from cli.options import Asked
from domain.errors import InvalidInput

PHASE = "phase"
PLACE = "{}"
"""Where the phase goes, when it is not the first argument."""
BATCHS_OWN = {"--json": "--json", "--command-id": "--command-id status-of-two"}
"""Options that go behind orch batch, as they are written there."""


class Template(NamedTuple):
    """A command with a place for the phase."""

    verb: tuple[str, ...]
    rest: tuple[str, ...]
    options: frozenset[str]
    """The shared options that the command takes."""

    def for_phase(self, phase: str, asked: Asked, *, as_json: bool) -> list[str]:
        """Return the words for one phase. Its command id follows from the batch's, so that a batch can be repeated."""
        rest = [phase if word == PLACE else word for word in self.rest]
        words = [*_settings(), *self.verb, *self._shared(phase, asked, as_json=as_json)]
        return [*words, *rest] if PLACE in self.rest else [*words, phase, *rest]

    def _shared(self, phase: str, asked: Asked, *, as_json: bool) -> list[str]:
        given = {
            "--actor": asked.actor,
            "--actor-kind": asked.actor_kind,
            "--command-id": str(uuid5(NAMESPACE_URL, f"orch:batch:{asked.command_id}:{phase}")),
        }
        words = ["--json"] if as_json else []
        for option, value in given.items():
            if value and option in self.options and option not in self.rest:
                words += [option, value]
        return words


def template_of(command: str) -> Template:
    """Return what a line such as `approve spec` says. Raises `InvalidInput` for what takes no phase."""
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise InvalidInput(f"--command cannot be read: {str(error).lower()}.", fix=(EXAMPLE,)) from None
    if words[:1] == ["orch"]:
        del words[0]
    if not words:
        raise InvalidInput("--command says nothing.", fix=(EXAMPLE,))
    verb, found = _resolved(words)
    names = {parameter.name for parameter in found.params if isinstance(parameter, click.Argument)}
    line = " ".join(verb)
    if PHASE not in names or verb == ["batch"]:
        raise InvalidInput(f"orch {line} takes no PHASE, so a batch cannot run it for each.", fix=(EXAMPLE,))
    for own, words_of_it in BATCHS_OWN.items():
        if any(word == own or word.startswith(f"{own}=") for word in words):
            raise InvalidInput(
                f"{own} goes behind orch batch itself, not into --command.", fix=(f"{EXAMPLE} {words_of_it}",)
            )
    options = frozenset(option for parameter in found.params for option in parameter.opts)
    return Template(tuple(verb), tuple(words[len(verb) :]), options)


def _resolved(words: list[str]) -> tuple[list[str], click.Command]:
    """Return the words that name the command, and the command."""
    from cli.main import program

    command, verb, rest = program(), list[str](), words
    context = click.Context(command, info_name="orch")
    while isinstance(command, click.Group):
        if not rest:
            raise InvalidInput(f"orch {' '.join(verb)} is a group of commands; name one of them.", fix=(EXAMPLE,))
        try:
            name, found, rest = command.resolve_command(context, rest)
        except click.UsageError as error:
            near = error.near if isinstance(error, NoSuchName) else ""
            fix = f"{STEM} {shlex.quote(shlex.join([*verb, near]))}" if near else EXAMPLE
            raise InvalidInput(error.format_message(), fix=(fix,)) from None
        assert found is not None and name is not None  # click leaves them out only while it completes words
        command, verb = found, [*verb, name]
        context = click.Context(command, info_name=name, parent=context)
    return verb, command


def _settings() -> list[str]:
    """Return the options before the command, as they were given to the batch."""
    return [word for name, value in flags().items() for word in (f"--{name.replace('_', '-')}", value)]
