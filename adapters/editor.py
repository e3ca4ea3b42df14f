"""The editor that a person has chosen: VISUAL, else EDITOR, else one that is there."""

import os
import shlex
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from domain.errors import InvalidInput

USUAL = ("sensible-editor", "nano", "vi")
MOST = 4 * 1024 * 1024


def edited(text: str, *, suffix: str, env: Mapping[str, str] = os.environ) -> str:
    """Return a text after a person has edited it. Raises `InvalidInput` where there is no editor or it fails."""
    words = _words(env)
    with TemporaryDirectory(prefix="orch-") as folder:
        path = Path(folder) / f"answer{suffix}"
        path.write_text(text, encoding="utf-8")
        try:
            status = subprocess.run([*words, str(path)], check=False).returncode
        except OSError as error:
            raise InvalidInput(f"The editor {words[0]} cannot be run: {error.strerror}.", fix=FIX) from None
        if status != 0:
            raise InvalidInput(f"The editor {words[0]} ended with status {status}; nothing was taken over.", fix=FIX)
        try:
            data = path.read_bytes()
            if len(data) > MOST:
                raise InvalidInput(f"The text is larger than {MOST // 1024 // 1024} MiB.", fix=FIX)
            return data.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise InvalidInput("The editor left a text that is no UTF-8; nothing was taken over.", fix=FIX) from None
        except OSError as error:
            raise InvalidInput(f"The editor left no text: {error.strerror}.", fix=FIX) from None


FIX = ("export EDITOR=nano",)


def _words(env: Mapping[str, str]) -> list[str]:
    for name in ("VISUAL", "EDITOR"):
        if env.get(name, "").strip():
            try:
                return shlex.split(env[name])
            except ValueError as error:
                raise InvalidInput(f"{name} cannot be read: {error}.", fix=FIX) from None
    found = next((each for each in USUAL if shutil.which(each)), None)
    if found is None:
        raise InvalidInput("There is no editor: neither VISUAL nor EDITOR names one.", fix=FIX)
    return [found]
