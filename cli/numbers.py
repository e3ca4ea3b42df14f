"""Numbers on the command line: which there may be, in our words, and never one that is none."""

from math import isnan
from typing import Any

import click


class Seconds(click.FloatRange):
    """A number of seconds. The range of click lets NaN through: it is neither too small nor too large."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the number, or refuse it."""
        found = super().convert(value, param, ctx)
        if isnan(found):
            self.fail(f"{found} is not a number.", param, ctx)
        return found


def number_wanted(error: click.ClickException) -> str | None:
    """Return the sentence about a number that cannot be; None where it was not about a number."""
    param = error.param if isinstance(error, click.BadParameter) else None
    if param is None or not isinstance(param.type, click.types.IntParamType | click.types.FloatParamType):
        return None
    name = param.opts[0] if isinstance(param, click.Option) else param.human_readable_name
    whole = isinstance(param.type, click.types.IntParamType)
    kind = "a whole number" if whole else "a number"
    unit = " of seconds" if isinstance(param.type, Seconds) else ""
    got = error.message.partition(" is not ")[0].strip("'\"")
    return f"{name} has to be {kind}{unit}{_range(param.type)}; got {got[:60]!r}."


def _range(kind: object) -> str:
    least, most = getattr(kind, "min", None), getattr(kind, "max", None)
    if least is None:
        return "" if most is None else f" up to {most:g}"
    return f" from {least:g} on" if most is None else f" from {least:g} to {most:g}"
