"""The one place where a refusal becomes words and an exit status."""

import sys
from collections.abc import Sequence

import click

from cli import exits
from cli.answers import AnswerLost, StoppedAndAnswered, let_go, refuse, refuse_with
from domain.errors import FilesUnavailable, InvalidInput, Refusal


def run_command(command: click.Command, words: Sequence[str]) -> int:
    """Run a command line and return its exit status. A traceback is shown only with --debug."""
    debug = "--debug" in words
    words = [word for word in words if word != "--debug"]
    as_json = "--json" in words
    try:
        _refuse_broken_text(words)
        status = command.main(args=list(words), prog_name="orch", standalone_mode=False, obj=list(words))
        if status == exits.CANCELLED:  # Typer's word for Ctrl-C
            raise click.Abort
        sys.stdout.flush()
        return status if isinstance(status, int) else exits.DONE
    except AnswerLost as lost:
        let_go(sys.stdout)
        refuse_with(lost, as_json=False)
        return exits.status_of(lost)
    except Refusal as refusal:
        refuse_with(refusal, as_json=as_json)
        return exits.status_of(refusal)
    except click.ClickException as error:
        _refuse_usage(error, command, words, as_json=as_json)
        return exits.USAGE
    except StoppedAndAnswered:
        return exits.CANCELLED
    except (click.Abort, KeyboardInterrupt):
        refuse(
            "CANCELLED",
            "Cancelled. If a command was under way, orch history tells whether it was recorded.",
            (),
            as_json=as_json,
        )
        return exits.CANCELLED
    except (BrokenPipeError, SystemExit):  # click exits by itself when the reader of our output has left
        let_go(sys.stdout)
        return exits.DONE
    except OSError as error:
        if debug:
            raise
        return _refuse_lost(error, as_json=as_json)
    except Exception as error:
        if debug:
            raise
        refuse(
            "BUG",
            f"This is a bug in orch: {type(error).__name__}: {error}",
            ("repeat the command with --debug and report what it prints",),
            as_json=as_json,
        )
        return exits.BUG


def _refuse_lost(error: OSError, *, as_json: bool) -> int:
    """Say what the operating system refused, if only on stderr: it may be stdout itself that takes no more."""
    try:
        sys.stdout.flush()
    except OSError:
        let_go(sys.stdout)
        as_json = False
    lost = FilesUnavailable(f"{error.filename or 'The answer'}: {error.strerror or error}.")
    refuse_with(lost, as_json=as_json)
    return exits.status_of(lost)


def _refuse_broken_text(words: Sequence[str]) -> None:
    """Refuse arguments that are not UTF-8, which could be stored nowhere, or hold a NUL, which no process can pass."""
    for place, word in enumerate(words, 1):
        if not word.isascii() and any("\ud800" <= c <= "\udfff" for c in word):
            raise InvalidInput(f"Argument {place} is not valid UTF-8.")
        if "\x00" in word:
            raise InvalidInput(f"Argument {place} holds a NUL character.")


def _say_how_to_begin() -> None:
    """Say how to make a project where there is none."""
    from adapters.places import find
    from cli.project import here

    try:
        find(here())
    except Refusal as refusal:
        print(file=sys.stderr)
        refuse_with(refusal, as_json=False)


def _refuse_usage(error: click.ClickException, command: click.Command, words: Sequence[str], *, as_json: bool) -> None:
    if isinstance(error, click.exceptions.NoArgsIsHelpError) and not as_json:
        print(error.format_message(), file=sys.stderr)
        _say_how_to_begin()
        return
    from cli.numbers import number_wanted
    from cli.usage import said_of, ways_out

    message = number_wanted(error) or " ".join(part.strip() for part in said_of(error, words).splitlines())
    message = message if message.endswith((".", "?")) else f"{message}."
    refuse("USAGE_ERROR", message, ways_out(error, command, words), as_json=as_json)
