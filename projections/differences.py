"""What differs between two states, each difference named by its way through them."""

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias, TypedDict

Value: TypeAlias = str | int | bool | list[str] | None


class Difference(TypedDict):
    """One fact that changed; `what` leads to it, as in `steps.spec.state`."""

    what: str
    before: Value
    after: Value


def differences(before: Mapping[str, Any], after: Mapping[str, Any], *, inside: str = "") -> Iterator[Difference]:
    """Yield every fact that is another one than before; one that is not there, before or after, is None."""
    for name in {**after, **before}:
        was, now = before.get(name), after.get(name)
        if now == was:  # most are, with all that is in them
            continue
        what = f"{inside}{name}"
        if isinstance(now, Mapping):
            yield from differences(was or {}, now, inside=f"{what}.")
        else:
            yield {"what": what, "before": was, "after": now}
