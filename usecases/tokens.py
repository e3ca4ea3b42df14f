"""The tokens of the service as they are now."""

from typing import TYPE_CHECKING

from adapters.token_use import last_used
from domain.access_token import PREFIX
from projections.access_tokens import places, token_rows
from projections.moments import as_of
from usecases.project import Project
from usecases.reads import view_below

if TYPE_CHECKING:
    from usecases.answers import TokenListAnswer


def tokens(project: Project, at: str | None = None) -> "TokenListAnswer":
    """Return the tokens in the order they were issued, with when each was last used on this machine."""
    if project.far is not None:
        found: TokenListAnswer = project.far.get("/tokens", at)  # when one was last used is known there
        return found
    view = view_below(project, PREFIX, at)
    told = project.log.told(places(view.heads.values()))
    used = {name: last_used(project.places, name) for name in (each.removeprefix(PREFIX) for each in view.heads)}
    return {"rows": token_rows(view.heads.values(), told, used, now_us=view.now), "as_of": as_of(view.moment)}
