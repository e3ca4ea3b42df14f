"""orch deploy systemd: hardened units for the service, its backups, drills and a verification from outside."""

import os
import sys
from pathlib import Path
from shlex import quote
from typing import Annotated, Optional, TypedDict

import typer

from adapters.new_files import new_file
from cli.answers import answer
from cli.backup_options import path_of
from cli.options import Asked, plain, typed_with
from cli.output_file import again_with_yes
from cli.screen import clean, one_line, paint
from domain.errors import AlreadyExists, FilesUnavailable, InvalidInput

Folder = Annotated[Path, typer.Option("--out", metavar="DIR", parser=path_of, help="The folder the files go to.")]
ProjectDir = Annotated[
    Optional[Path],  # noqa: UP045  # Typer reads Optional at every release we allow
    typer.Option("--project", metavar="DIR", parser=path_of, help="The project to run; otherwise the one around here."),
]
User = Annotated[str, typer.Option("--user", metavar="NAME", help="Who the service runs as.")]
Group = Annotated[
    Optional[str],  # noqa: UP045  # as above
    typer.Option("--group", metavar="NAME", help="Its group; otherwise that of the user's name."),
]
VerifyUser = Annotated[str, typer.Option("--verify-user", metavar="NAME", help="Who verifies what was shipped.")]
Program = Annotated[
    Optional[Path],  # noqa: UP045  # as above
    typer.Option("--orch", metavar="FILE", parser=path_of, help="The program; otherwise the one that runs now."),
]
Port = Annotated[int, typer.Option("--port", min=1, max=65_535, help="Where the service listens, on this machine.")]
EnvFile = Annotated[
    Optional[Path],  # noqa: UP045  # as above
    typer.Option("--env-file", metavar="FILE", parser=path_of, help="Variables for the units of the service's user."),
]
Identity = Annotated[
    Optional[Path],  # noqa: UP045  # as above
    typer.Option("--identity", metavar="FILE", parser=path_of, help="The age key that opens the backups, for drills."),
]
Held = Annotated[
    Optional[Path],  # noqa: UP045  # as above
    typer.Option("--held", metavar="FILE", parser=path_of, help="A checkpoint held elsewhere, for the verification."),
]
Yes = Annotated[bool, typer.Option("--yes", help="Replace files that are there.")]


class DeployedAnswer(TypedDict):
    """What was written; `unchanged` were so already. `warnings` say what will not run as it is, `next` what to type."""

    folder: str
    written: list[str]
    unchanged: list[str]
    project: str
    user: str
    group: str
    verify_user: str
    backups: str
    memory_limit_mb: int
    warnings: list[str]
    next: list[str]


@plain
def systemd(
    asked: Asked,
    folder: Folder,
    project: ProjectDir = None,
    user: User = "orchestrator",
    group: Group = None,
    verify_user: VerifyUser = "orchestrator-verify",
    program: Program = None,
    port: Port = 8420,
    env_file: EnvFile = None,
    identity: Identity = None,
    held: Held = None,
    yes: Yes = False,
) -> None:
    """Write systemd units for this project: the service, shipping, backups, drills, and a verification by another user.

    Nothing is installed and nothing is started. Limits and places come from the settings; a file that is there and
    says something else is replaced only with --yes.

    Example: orch deploy systemd --out units

    Next: systemd-analyze security --offline=true units/orchestrator.service
    """
    from adapters.unit_files import rendered, unit_names
    from cli.deploy_values import Wishes, deployment

    wishes = Wishes(
        project=project,
        user=_named(user, "--user"),
        group=_named(group or user, "--group"),
        verify_user=_named(verify_user, "--verify-user", "orchestrator-verify"),
        program=program or Path(sys.executable).parent / "orch",
        port=port,
        env_file=env_file,
        identity=identity,
        held=held,
    )
    if wishes.verify_user == wishes.user:
        raise InvalidInput(
            "Who verifies has to be another user than the one who writes.",
            fix=(f"orch deploy systemd --out {quote(str(folder))} --user {user} --verify-user {user[:24]}-verify",),
        )
    found = deployment(wishes)
    texts = {name: rendered(name, found.values) for name in unit_names()}
    to = Path(os.path.abspath(folder))
    written = _written(to, texts, replace=yes)
    data: DeployedAnswer = {
        "folder": str(to),
        "written": written,
        "unchanged": [name for name in texts if name not in written],
        "project": str(found.project),
        "user": wishes.user,
        "group": wishes.group,
        "verify_user": wishes.verify_user,
        "backups": found.backups,
        "memory_limit_mb": found.memory_mb,
        "warnings": found.warnings,
        "next": _next(to),
    }
    answer("deploy.systemd", data, as_json=asked.json, show=lambda: _show(data))


def _named(words: str, option: str, example: str = "orchestrator") -> str:
    """Return the name of a user or group, or refuse it with the same command and a name that could be."""
    from adapters.unit_words import named

    try:
        return named(words, option)
    except InvalidInput as error:
        raise InvalidInput(error.message, fix=(typed_with(words, example),)) from None


def _written(folder: Path, texts: dict[str, str], *, replace: bool) -> list[str]:
    """Write the files that are not there as they should be, all or, where one is in the way, none."""
    try:
        folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        differing = [name for name, text in texts.items() if _held(folder / name) != text.encode()]
        taken = [name for name in differing if (folder / name).exists() or (folder / name).is_symlink()]
        if taken and not replace:
            raise AlreadyExists(
                f"{folder / taken[0]} exists already and says something else; nothing was written.",
                fix=again_with_yes(),
            )
        for name in differing:
            with new_file(folder / name, replace=replace) as opened:
                opened.write(texts[name].encode())
            (folder / name).chmod(0o644)  # systemd reads them for everybody; nothing in them is secret
    except OSError as error:
        raise FilesUnavailable(f"{error.filename or folder}: {error.strerror or error}.") from error
    return differing


def _held(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() and not path.is_symlink() else None


def _next(folder: Path) -> list[str]:
    from shlex import join

    units = [str(folder / f"orchestrator{name}") for name in (".service", "-*.service", "-*.timer")]
    return [
        join(
            ["install", "-D", "-m644", str(folder / "orchestrator.sysusers.conf"), "/etc/sysusers.d/orchestrator.conf"]
        ),
        join(
            ["install", "-D", "-m644", str(folder / "orchestrator.tmpfiles.conf"), "/etc/tmpfiles.d/orchestrator.conf"]
        ),
        "systemd-sysusers && systemd-tmpfiles --create",
        f"install -m644 {' '.join(each.replace(' ', chr(92) + ' ') for each in units)} /etc/systemd/system/",
        "systemctl daemon-reload",
        "systemctl enable --now orchestrator orchestrator-ship orchestrator-backup.timer orchestrator-drill.timer"
        " orchestrator-verify.timer",
    ]


def _show(data: DeployedAnswer) -> None:
    for name in data["written"]:
        print(f"{paint('✓', 'green')} {clean(data['folder'])}/{name}")
    if data["unchanged"]:
        print(f"  {len(data['unchanged'])} files were as they should be")
    for warning in data["warnings"]:
        print(f"{paint('!', 'yellow')} {one_line(warning)}")
    for line in data["next"]:
        print(f"  → {clean(line)}")
