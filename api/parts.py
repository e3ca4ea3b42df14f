"""One part of the operations. Its routes are made once, whole: the application takes them as they are.

Included the usual way, FastAPI makes each a second time when it is first asked for, which was a seventh of starting.
"""

from fastapi import APIRouter
from fastapi.routing import APIRoute

from api.description import ROOT


def part(*, tags: list[str], prefix: str = "", root: str = ROOT) -> APIRouter:
    """Return a router for operations below a path."""
    return APIRouter(
        prefix=f"{root}{prefix}",
        tags=[*tags],
        redirect_slashes=False,
        generate_unique_id_function=named,
    )


def named(route: APIRoute) -> str:
    """Return the id of an operation in the description: the name of its function."""
    return route.name
