"""What the units of a project say: its places and settings, in the words of systemd."""

import os
from pathlib import Path
from typing import NamedTuple

from adapters.places import Places, find
from adapters.settings import Source, Value, is_database_url, is_named, variable_of
from adapters.settings_file import settings_of
from adapters.stores import open_log
from adapters.unit_words import argument, checked_path, checked_words, hidden, literal, quoted
from adapters.workspace import Workspace
from cli.backup_project import target_of
from cli.given import flags
from cli.project import here
from usecases.backup_places import logs_of
from usecases.project import Project
from usecases.signed_head import keys_of

CALLED = ("oidc.issuer", "security.webhook_url", "tracing.endpoint")
"""Whom the service calls on the network, where one is named."""
ASKED = (
    *(
        "memory_limit_mb",
        "state_dir",
        "template_dir",
        "backup.dir",
        "log.dir",
        "backup.recipients",
        "checkpoints.timestamp_url",
    ),
    *CALLED,
)
GIVEN = ("identity", "held", "env_file")
"""Files that an option names, and a unit reads."""
SAID_ALONG = ("state_dir", "template_dir", "backup.dir", "log.dir")
"""Paths that an option or a variable says here: the units have to be told, too."""


class Wishes(NamedTuple):
    """What the options of the command said; names are names."""

    project: Path | None
    user: str
    group: str
    verify_user: str
    program: Path
    port: int
    env_file: Path | None
    identity: Path | None
    held: Path | None


class Deployment(NamedTuple):
    """What fills the units in, and what somebody has to be told."""

    project: Path
    backups: str
    memory_mb: int
    values: dict[str, object]
    warnings: list[str]


def deployment(wishes: Wishes) -> Deployment:
    """Return what the units of a project say. Raises what opening the project raises."""
    places = find(wishes.project.absolute() if wishes.project else here(), flags=flags())
    with open_log(places, read_only=True) as log:
        vkey = keys_of(Project(places, log, Workspace(places))).current
    settings = settings_of(ASKED, places.settings, flags=flags())
    backups = target_of(places, None).where
    in_bucket = "://" in backups
    in_database = is_database_url(places.address)
    on_network = in_database or bool(settings["checkpoints.timestamp_url"].value)
    encrypted, memory_mb = bool(settings["backup.recipients"].value), int(str(settings["memory_limit_mb"].value))
    documents, logs = places.root / "dev", logs_of(places, flags())
    program = checked_path(Path(os.path.abspath(wishes.program)), "--orch")
    for path, what in (
        (places.root, "The project's folder"),
        (places.state, "The folder of the store"),
        (logs, "log.dir"),
    ):
        checked_path(path, what)
    checked_words(backups, "backup.dir")
    identity, held, env_file = (_given(wishes, name) for name in GIVEN)
    values: dict[str, object] = {
        "orch": argument(str(program)),
        "port": wishes.port,
        "user": wishes.user,
        "group": wishes.group,
        "verify_user": wishes.verify_user,
        "project": literal(str(places.root)),
        "state": quoted(str(places.state)),
        "documents": quoted(str(documents)),
        "logs": None if logs.is_relative_to(places.state) else quoted(str(logs)),
        "backups": None if in_bucket else quoted(backups),
        "backups_path": "" if in_bucket else f" {quoted(backups)}",
        "backup_umask": None if in_bucket else "0027",
        "to": "",
        "from_": "",
        "verify_from": f" --from {argument(backups)}",
        "vkey": argument(vkey),
        "memory_mb": memory_mb,
        "environment": [quoted(line) for line in _said_along(places, settings)],
        "environment_file": literal(str(env_file)) if env_file else None,
        "verify_environment": [],
        "verify_environment_file": literal(str(env_file)) + ".verify" if env_file and in_bucket else None,
        "identity_option": " --identity %d/identity" if identity else "",
        "identity_credential": f"LoadCredential={quoted(f'identity:{identity}')}" if identity else "",
        "held_option": " --against %d/held" if held else "",
        "held_credential": f"LoadCredential={quoted(f'held:{held}')}" if held else "",
        "database": in_database,
        "restores": bool(identity) or not encrypted,
        "serve_network": on_network or any(settings[name].value for name in CALLED),
        "backup_network": on_network or in_bucket,
        "verify_network": in_bucket,
    }
    warnings = _warnings(wishes, places, backups, program, encrypted=encrypted)
    return Deployment(places.root, backups, memory_mb, values, warnings)


def _given(wishes: Wishes, name: str) -> Path | None:
    path: Path | None = getattr(wishes, name)
    return None if path is None else checked_path(Path(os.path.abspath(path)), _option(name))


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _said_along(places: Places, settings: dict[str, Value]) -> list[str]:
    """Return what a unit has to be told that no file of the project says; a password is never among it."""
    lines = []
    for name in SAID_ALONG:
        if settings[name].source in (Source.FLAG, Source.ENVIRONMENT):
            words = str(settings[name].value)
            address = words if "://" in words else str((places.root / words).absolute())
            lines.append(f"{variable_of(name)}={checked_words(address, name)}")
    if is_named(env=os.environ, flags=flags()):
        lines.append(f"{variable_of('config')}={checked_path(places.settings, '--config')}")
    return lines


def _warnings(wishes: Wishes, places: Places, backups: str, program: Path, *, encrypted: bool) -> list[str]:
    told = []
    lies = {
        "the project": places.root,
        "the store": places.state,
        "the program": program,
        "the log folder": logs_of(places, flags()),
    }
    for what, path in (lies if "://" in backups else lies | {"the backup folder": Path(backups)}).items():
        if setting := hidden(path):
            told.append(f"{what} is at {path}, which {setting}= hides from the units: move it, to /srv or /opt.")
    for name in GIVEN:
        file = _given(wishes, name)
        if file is not None and not os.path.isfile(file):
            told.append(f"there is no file at {file}, as {_option(name)} says: a unit that needs it does not start.")
    if not program.is_file():
        told.append(f"there is no program at {program}; --orch FILE names another one.")
    if "://" not in backups and Path(backups).is_relative_to(places.state):
        told.append(
            f"the backups go to {backups}, in the store itself: {wishes.verify_user} cannot read them there"
            " (orch config set backup.dir /var/backups/orchestrator)."
        )
    if encrypted and wishes.identity is None:
        told.append(
            "the backups are encrypted and no --identity opens them: drills fail, and verification goes less deep."
        )
    if settings_of(["database_url"], places.settings, flags=flags())["database_url"].source is Source.ENVIRONMENT:
        told.append("a variable says where the database is: say it to the units, too, in the file of --env-file.")
    return told
