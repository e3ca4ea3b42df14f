"""One line of conversation at a terminal: say, ask, and hear that somebody leaves."""

import readline  # line editing, and answers that can be changed where they stand

from cli.screen import one_line, paint


class Left(Exception):  # not an error: a person may leave at any question
    """Somebody pressed Ctrl-C or Ctrl-D, or said so."""


def say(words: str = "", colour: str | None = None) -> None:
    """Print a line for the person."""
    print(paint(words, colour) if colour else words)


def ask(prompt: str, *, given: str = "") -> str:
    """Return the line that is typed, without the white space around it. `given` stands there already, to be changed."""
    while True:
        if given:
            readline.set_startup_hook(lambda: readline.insert_text(given))
        try:
            words = input(prompt)
        except (EOFError, KeyboardInterrupt):
            print()
            raise Left from None
        except UnicodeDecodeError:
            say("  That is no UTF-8; type it again.", "yellow")
            continue
        finally:
            readline.set_startup_hook(None)
        try:
            words.encode()
        except UnicodeEncodeError:  # what came in cannot be written anywhere
            say("  That is no UTF-8; type it again.", "yellow")
            continue
        return words.strip()


def quiet_history() -> None:
    """Keep what is typed out of the history of lines, and completion out of the way."""
    readline.set_auto_history(False)
    readline.parse_and_bind("tab: self-insert")


def shown(value: object) -> str:
    """Return an answer, or a part of one, as one safe line."""
    if isinstance(value, dict):
        return one_line(" · ".join(str(part) for part in value.values()))
    return one_line(str(value))
