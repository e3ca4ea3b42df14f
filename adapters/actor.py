"""Who is acting, as far as this machine can tell: a claim, not a proof."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from domain import actors
from domain.actors import Actor, ActorKind
from domain.errors import InvalidInput


def acting(name: str | None, kind: str | None, *, root: Path, env: Mapping[str, str] = os.environ) -> Actor:
    """Return the actor: the option, ORCHESTRATOR_ACTOR, git's user, or the login name; a person unless said."""
    found = name or env.get("ORCHESTRATOR_ACTOR") or _git_user(root) or _login()
    return actors.actor(found, kind or env.get("ORCHESTRATOR_ACTOR_KIND") or ActorKind.HUMAN)


def refuse_guessed_kind(kind: str | None, *, command: str, env: Mapping[str, str] = os.environ) -> None:
    """Refuse a decision of unknown kind where no terminal speaks for a person: an agent would pass for one."""
    if kind or env.get("ORCHESTRATOR_ACTOR_KIND") or (sys.stdin.isatty() and sys.stdout.isatty()):
        return
    if _is_known_by_token(env):
        return
    raise InvalidInput(
        "Away from a terminal --actor-kind must say what decides: human, agent or service.",
        fix=(f"{command} --actor-kind human", f"{command} --actor-kind agent"),
    )


def _is_known_by_token(env: Mapping[str, str]) -> bool:
    """Tell whether a service decides, which knows the kind of whoever it issued the token to."""
    from adapters.places import find
    from domain.errors import Refusal

    try:
        return find(Path.cwd(), env=env).url is not None
    except (Refusal, OSError):  # whoever opens the project says what is wrong
        return False


def _git_user(root: Path) -> str | None:
    from subprocess import DEVNULL, PIPE, SubprocessError, run

    try:
        found = run(
            ["git", "config", "user.name"],  # git is wherever the user's PATH has it
            cwd=root,
            stdin=DEVNULL,
            stderr=DEVNULL,
            stdout=PIPE,
            timeout=5,
            check=False,
        )
    except (OSError, SubprocessError):
        return None
    return found.stdout.decode(errors="replace").strip() or None


def _login() -> str:
    from getpass import getuser

    try:
        return getuser()
    except (OSError, KeyError):
        raise InvalidInput(
            "Nobody is known here: no --actor, no ORCHESTRATOR_ACTOR, no git user, no login name.",
            fix=("export ORCHESTRATOR_ACTOR=ada",),
        ) from None
