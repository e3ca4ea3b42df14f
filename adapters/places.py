"""Where a project's things lie on disk."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from adapters.settings import EARLY, NOBODYS, Source, chosen, file_of_settings, is_named, refuse_weaker
from adapters.settings_file import early_in
from domain.errors import InvalidInput, NotFound
from domain.steps import Step

FOLDER = ".orch"
MARK = "database"
"""The file beside the keys that says which log in a database a folder belongs to."""
JOINED = "joined"
"""The file that says which log in a database a folder joined, so that its key is in another one."""
COPY = "service"
"""The file that says of which log a folder is a copy that a service is asked about."""
ELSEWHERE = "elsewhere"
"""The file that says what has to be set to find the store of a folder, where that is not in `.orch`."""
SOME_DATABASE = "postgresql://user@host/database"
NAME_IT = f"export ORCHESTRATOR_DATABASE_URL={SOME_DATABASE}"


class Places(NamedTuple):
    """The folders and files of one project."""

    root: Path
    state: Path
    """The store, its keys and everything that is not for git: `.orch`, or what the setting `state_dir` says."""
    templates: Path
    """The project's own templates."""
    settings: Path
    """The file of settings: `.orch/config.toml`, or the one that was named. It need not be there."""
    timeout_ms: int
    """How long a command waits for other writers."""
    database: str | None = None
    """The address of the PostgreSQL database that holds the log; None where it is a file."""
    cache: str | None = None
    """The address of a Redis server that keeps what was read before; None where there is none."""
    url: str | None = None
    """The address of the service that the project is worked on through; None where its log is opened here."""
    is_copy: bool = True
    """Whether documents are kept in the root: elsewhere a service is asked, and nothing is left behind."""
    rival: str | None = None
    """What names another log beside that service: nobody is asked until one of the two is taken back."""
    cures: tuple[str, ...] = ("unset ORCHESTRATOR_URL",)
    """The commands after one of which no service is named, or no other log."""

    @property
    def log(self) -> Path:
        """The event log."""
        return self.state / "log.db"

    @property
    def address(self) -> str:
        """Where the log is: the path of its file, or the address of its database."""
        if self.url is not None:
            return self.url
        if self.database is None or (self.log.is_file() and not (self.state / MARK).exists()):  # a recovered store
            return str(self.log)
        return self.database

    @property
    def keys(self) -> Path:
        """The signing keys."""
        return self.state / "keys"

    @property
    def checkpoints(self) -> Path:
        """The checkpoints this project signed."""
        return self.state / "checkpoints"

    @property
    def drills(self) -> Path:
        """What restoring backups for trial has found, a line each."""
        return self.state / "drills.jsonl"

    @property
    def backups_asked(self) -> Path:
        """Which backups were made under which key."""
        return self.state / "backups-asked.json"

    def phase(self, phase: str) -> Path:
        """The folder of one phase."""
        return self.root / "dev" / phase

    def document(self, phase: str, step: Step) -> Path:
        """The document of one step."""
        return self.phase(phase) / f"{step}.md"


def places_of(
    root: Path,
    *,
    env: Mapping[str, str] = os.environ,
    flags: Mapping[str, str] = NOBODYS,
    reads_file: bool = True,
) -> Places:
    """Return the places of the project at a root, as the settings `state_dir` and `template_dir` say.

    A relative one is relative to the root, wherever the command is typed. A file of settings that cannot be read can
    be left alone: then the defaults hold.
    """
    refuse_weaker(env)
    file = file_of_settings(root, env=env, flags=flags)
    named = is_named(env=env, flags=flags)
    values = chosen(EARLY, lambda: early_in(file, named=named) if reads_file else {}, env=env, flags=flags, file=file)
    state, own = (root / str(values[name].value) for name in ("state_dir", "template_dir"))
    timeout_ms = int(str(values["operation_timeout_ms"].value))
    database, cache, url = (values[name].value for name in ("database_url", "cache_url", "url"))
    service: dict[str, Any] = {}
    for path in (root, state, own, file):
        try:
            str(path).encode()
        except UnicodeEncodeError:
            # SQLite takes paths in UTF-8 only, and no JSON answer could name the file.
            raise InvalidInput(f"The path {path} is not valid UTF-8; rename the folder.") from None
    if url is not None:
        from adapters.rival_logs import cures, rival_of

        rival = rival_of(values, root, flags=flags)
        service = {"rival": rival, "cures": cures(values["url"], rival, flags=flags)}
    return Places(
        root=root,
        state=state.absolute(),
        templates=own.absolute(),
        settings=file.absolute(),
        timeout_ms=timeout_ms,
        database=None if database is None else str(database),
        cache=None if cache is None else str(cache),
        url=None if url is None else str(url),
        **service,
    )


def find(start: Path, *, env: Mapping[str, str] = os.environ, flags: Mapping[str, str] = NOBODYS) -> Places:
    """Return the places of the project around a folder: the nearest one upwards that holds `.orch/log.db`.

    Where `state_dir` puts the store elsewhere, `.orch` alone marks the root: from every folder below it
    the documents are the same files, or the gate would look for an edit in the wrong place.
    """
    if "\x00" in str(env.get("ORCHESTRATOR_STATE_DIR", "")):
        raise InvalidInput("ORCHESTRATOR_STATE_DIR holds a NUL character.")
    for folder in (start, *start.parents):
        if (folder / FOLDER / "log.db").is_file() or _is_moved(folder, env, flags):
            return places_of(folder, env=env, flags=flags)
        if (folder / FOLDER / COPY).is_file():
            raise NotFound(
                f"{folder} is a copy of what a service has, and no setting says where that is.",
                fix=("export ORCHESTRATOR_URL=https://orch.example.org",),
            )
        if (folder / FOLDER / MARK).is_file():
            raise NotFound(
                f"The log of {folder} is in a PostgreSQL database, and no setting says in which.",
                fix=(NAME_IT,),
            )
        if (folder / FOLDER / ELSEWHERE).is_file():
            from adapters.moved_stores import refuse_forgotten

            refuse_forgotten(folder)
        if (folder / FOLDER / "keys").is_dir():  # to begin another log here, or to go on upwards, would be wrong
            from adapters.way_back import way_back

            back = way_back(folder, file_of_settings(folder, env=env, flags=flags), env=env, flags=flags)
            raise NotFound(
                f"The log of {folder} is gone: {folder / FOLDER / 'log.db'} is not there, but its keys are.",
                fix=(back, "orch doctor"),
            )
    around = places_of(start, env=env, flags=flags)
    if around.url is not None:
        return around._replace(is_copy=False, state=_kept_of(around.url, env))
    raise NotFound(f"There is no project here or above ({start}).", fix=("orch init",))


def left_of(start: Path, *, env: Mapping[str, str] = os.environ, flags: Mapping[str, str] = NOBODYS) -> Places:
    """Return the places of the project around a folder even where its log is gone: `.orch` alone marks the root.

    Where nothing is left of it, that folder is the root.
    """
    return places_of(project_root(start), env=env, flags=flags)


def project_root(start: Path) -> Path:
    """Return the nearest folder upwards that holds `.orch`, or else the folder itself."""
    return next((folder for folder in (start, *start.parents) if (folder / FOLDER).is_dir()), start)


def _is_moved(root: Path, env: Mapping[str, str], flags: Mapping[str, str]) -> bool:
    """Tell whether this is the root of a project whose store lies elsewhere."""
    if not (root / FOLDER).is_dir():
        return False
    file = file_of_settings(root, env=env, flags=flags)
    named = is_named(env=env, flags=flags)
    values = chosen(
        ["state_dir", "database_url", "url"], lambda: early_in(file, named=named), env=env, flags=flags, file=file
    )
    return any(value.source is not Source.DEFAULT for value in values.values())


def _kept_of(url: str, env: Mapping[str, str]) -> Path:
    """Return the folder for what is made from the log of a service where no project is around: a cache."""
    from hashlib import sha256

    cache = env.get("XDG_CACHE_HOME") or f"{env.get('HOME') or '/nonexistent'}/.cache"
    return Path(cache) / "nss-orchestrator" / sha256(url.encode()).hexdigest()[:16]
