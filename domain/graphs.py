"""Circles and order in a graph of names: what comes first, and what can go side by side."""

from collections.abc import Iterable, Mapping, Sequence

from domain.errors import InvalidInput

Needs = Mapping[str, Iterable[str]]
"""Each name with the names that come before it."""


def circle_in(needs: Needs) -> list[str] | None:
    """Return one circle, its first name repeated at the end and every name before one that it needs, or None."""
    from graphlib import CycleError, TopologicalSorter  # only drafts with a graph in them pay for it

    try:
        TopologicalSorter(needs).prepare()
    except CycleError as error:
        found: list[str] = error.args[1][:0:-1]  # graphlib names who is needed before who needs it
    else:
        return None
    known = {name: at for at, name in enumerate(needs)}
    first = found.index(min(found, key=known.__getitem__))
    return [*found[first:], *found[: first + 1]]


def levels(needs: Needs, what: str) -> list[list[str]]:
    """Return the names in groups: each group needs only names of the groups before it.

    Within a group names keep the order they were given in. Raises InvalidInput for a circle; `what` names the edges.
    """
    refuse_circle(needs, what)
    from graphlib import TopologicalSorter

    sorter = TopologicalSorter(needs)
    sorter.prepare()
    names = dict.fromkeys([*needs, *(need for some in needs.values() for need in some)])
    known = {name: at for at, name in enumerate(names)}
    groups: list[list[str]] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready(), key=known.__getitem__)
        groups.append(ready)
        sorter.done(*ready)
    return groups


def refuse_circle(needs: Needs, what: str) -> None:
    """Refuse names that wait for each other, and name them."""
    circle = circle_in(needs)
    if circle:
        raise InvalidInput(f"{what} go round in a circle: {path_in_words(circle)}.")


def path_in_words(names: Sequence[str]) -> str:
    """Return a path as people read it, its middle cut out when it is long."""
    if len(names) > 12:
        names = [*names[:6], "…", *names[-5:]]
    return " → ".join(names)
