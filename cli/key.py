"""orch audit key: the keys that speak for the log."""

import sys
from typing import ClassVar

from cli.answers import answer
from cli.arguments import Reason
from cli.lazy import Entry, LazyGroup
from cli.options import Asked, reading, writing
from cli.project import opened
from cli.screen import clean, paint
from cli.writes import report
from usecases.log_keys import keys, rotated


class KeyCommands(LazyGroup):
    """The keys that speak for the log.

    Example: orch audit key show
    """

    entries: ClassVar[dict[str, Entry]] = {
        "show": Entry("cli.key:show_key", "The verifier key to give to auditors."),
        "rotate": Entry("cli.key:rotate_key", "Replace the key; the next checkpoint carries both signatures."),
    }


@reading
def show_key(asked: Asked) -> None:
    """Print the verifier key: auditors check checkpoints with it. With --at, the one that was in force then.

    Example: orch audit key show

    Next: orch audit checkpoint
    """
    with opened() as project:
        data = keys(project, asked.at)

    def show() -> None:
        print(clean(data["key"]))
        for key in data["replaced"]:
            print(f"{paint('replaced', 'dim', stream=sys.stderr)} {clean(key)}", file=sys.stderr)

    answer("audit.key", data, as_json=asked.json, show=show)


@writing
def rotate_key(asked: Asked, reason: Reason = "") -> None:
    """Make another key and let it speak for the log from now on; the private half of the old one stays in its file.

    Example: orch audit key rotate --reason "The laptop is lost"

    Next: orch audit checkpoint
    """
    with opened(to_write=True) as project:
        report(project, asked, rotated(project, project.meta(asked), reason))
