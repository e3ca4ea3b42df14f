"""The tokens of the service as they are now."""

from time import time_ns
from typing import TYPE_CHECKING

from adapters.token_use import last_used
from domain.access_token import PREFIX
from projections.access_tokens import places, token_rows
from projections.moments import as_of
from usecases.project import Project

if TYPE_CHECKING:
    from usecases.answers import TokenListAnswer


def tokens(project: Project) -> "TokenListAnswer":
    """Return the tokens in the order they were issued, with when each was last used on this machine."""
    moment, heads = project.log.heads_below(PREFIX)
    told = project.log.told(places(heads.values()))
    used = {token: last_used(project.places, token) for token in (each.removeprefix(PREFIX) for each in heads)}
    rows = token_rows(heads.values(), told, used, now_us=time_ns() // 1000)
    return {"rows": rows, "as_of": as_of(moment)}
