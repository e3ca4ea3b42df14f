"""orch deploy: what a machine needs to run the service, written as files."""

from typing import ClassVar

from cli.lazy import Entry, LazyGroup


class DeployCommands(LazyGroup):
    """What a machine needs to run the service.

    Example: orch deploy systemd --out units
    """

    entries: ClassVar[dict[str, Entry]] = {
        "systemd": Entry("cli.deploy_systemd:systemd", "Write hardened units: service, backups, drills, verification."),
    }
