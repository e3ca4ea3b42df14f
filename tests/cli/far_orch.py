"""`orch` in a copy of a project whose log is behind a service, for tests that know nothing of it."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from shutil import copy, copytree, move

import pytest

from tests.cli.behind_service import TOKEN, URL, Behind, as_somebody
from tests.cli.conftest import Answer

STATE = Path(".orch")


class FarOrch:
    """Runs `orch` in the current folder: the first `init` makes the project that the service has, and a copy here."""

    def __init__(
        self,
        behind: Behind,
        asked: Callable[[Sequence[str]], Answer],
        env: pytest.MonkeyPatch,
        folders: pytest.TempPathFactory,
        stack: ExitStack,
    ) -> None:
        self._behind, self._asked, self._env, self._folders, self._stack = behind, asked, env, folders, stack
        self._is_beside = False

    def __call__(self, *words: str) -> Answer:
        """Run a command, as whoever its words or the environment name."""
        said, name, kind = as_somebody(words)
        if self._is_beside:
            return self._asked(words)
        if self._behind.served is None:
            if said[:1] in (["init"], ["setup"]) and "--help" not in said:
                return self._begun(words)
            return self._asked(said)
        self._env.setenv(TOKEN, self._behind.token(name, kind))
        answered = self._asked(said)
        if answered.status == 2 and "done where the log is" in answered.out + answered.err:
            with self._env.context() as there:  # what is done there is typed there
                there.chdir(self._behind.served)
                there.delenv(URL)
                return self._asked(words)
        return answered

    @contextmanager
    def beside_the_log(self) -> Iterator[None]:
        """Let commands in the block work on a file in the current folder."""
        self._is_beside = True
        try:
            yield
        finally:
            self._is_beside = False

    def move_behind(self) -> None:
        """Let the service have the project in the current folder, which becomes a copy of it."""
        folder = self._folders.mktemp("served")
        if STATE.is_dir():
            move(STATE, folder / STATE)
            if Path("dev").is_dir():
                copytree("dev", folder / "dev")
            self._serve(folder, "ada", "human")
            if (folder / STATE / "config.toml").is_file():
                copy(folder / STATE / "config.toml", STATE)

    def _begun(self, words: Sequence[str]) -> Answer:
        folder = self._folders.mktemp("served")
        with self._env.context() as there:
            there.chdir(folder)
            answered = self._asked(words)
        if answered.status == 0:
            self._serve(folder, *as_somebody(words)[1:])
        return answered

    def _serve(self, folder: Path, name: str, kind: str) -> None:
        self._stack.enter_context(self._behind.serving(folder))
        self._env.setenv(URL, self._behind.url)
        self._env.setenv(TOKEN, self._behind.token(name, kind))
        made = self._asked(["init"])
        assert made.status == 0, made
