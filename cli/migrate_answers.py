"""What a move of the log answers with `--json`."""

from typing import TypedDict


class MigrateAnswer(TypedDict):
    """Where the log was and is, as people are told, and its tree there (hex RFC 6962).

    `kept` is where the file is that was left; `setting` what was changed in the file of settings; `to_do` what is left
    to whoever owns the environment.
    """

    source: str
    target: str
    origin: str
    events: int
    root: str
    kept: str | None
    setting: str | None
    to_do: list[str]
