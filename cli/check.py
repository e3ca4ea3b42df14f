"""orch check: whether a deployment is ready, works, and how much it takes."""

from typing import ClassVar

from cli.lazy import Entry, LazyGroup


class CheckCommands(LazyGroup):
    """Whether a deployment is ready, works, and how much it takes.

    Example: orch check pre-deploy
    """

    entries: ClassVar[dict[str, Entry]] = {
        "pre-deploy": Entry(
            "cli.check_before:pre_deploy", "Before it starts: settings, store, templates, disk, speed."
        ),
        "post-deploy": Entry("cli.check_after:post_deploy", "After it started: a phase is drafted, read and archived."),
        "concurrency": Entry("cli.check_concurrency:concurrency", "Fifty specs at once, in a project of their own."),
    }
