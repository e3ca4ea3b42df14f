"""orch audit sample: events drawn by a seed."""

import shlex
from collections.abc import Iterator
from secrets import token_hex
from typing import Annotated, Any, Optional

import typer

from cli.audit_filters import filtered, scope_of
from cli.audit_output import Cut, FormatName, deliver, destination
from cli.options import Asked, reading
from cli.output_file import Output, Yes
from cli.progress import watched
from cli.project import opened
from cli.screen import one_line, paint
from projections.audit_sample import ALGORITHM, SampleRow
from usecases.audit_formats import Format, as_cloud_events, as_csv, as_json, as_text, columns_of
from usecases.auditing import MOST, checked_seed
from usecases.auditing import sample as sample_of
from usecases.trail import Filters

Size = Annotated[int, typer.Option("--n", metavar="N", min=1, max=MOST, help="How many events.")]
Seed = Annotated[
    Optional[str],  # noqa: UP045  # Typer reads Optional at every release we allow
    typer.Option("--seed", metavar="S", help="Decides the draw; one is made up and shown otherwise."),
]


@reading
@filtered
def sample(
    asked: Asked,
    filters: Filters,
    size: Size = 25,
    seed: Seed = None,
    form: FormatName = None,
    output: Output = None,
    yes: Yes = False,
) -> None:
    """Draw events by a seed, so that anybody can draw the same ones again.

    Of all positions that pass the filters, those with the lowest SHA-256 of the text SEED/POSITION are drawn:
    printf '%s/%s' SEED POSITION | sha256sum. The log grows, so name the moment, too: --at position:N.

    Example: orch audit sample --n 5 --seed 2026-11 --at position:9

    Next: orch audit trail
    """
    to = destination(asked, form, output, yes=yes)
    chosen = token_hex(8) if seed is None else checked_seed(seed)
    with opened() as project:
        scope = scope_of(project, asked, filters)
        data = sample_of(project, scope, seed=chosen, size=size, watched=watched)
        origin, state = project.log.origin, project.places.state
    rest = {name: value for name, value in data.items() if name != "rows"}

    def make() -> tuple[Cut[SampleRow], Iterator[str]]:
        rows = Cut(data["rows"], None)
        if to.format is Format.JSON:
            return rows, as_json("audit.sample", rows, lambda: rest)
        if to.format is Format.CSV:
            return rows, as_csv(rows, columns_of(SampleRow))
        if to.format is Format.JSONL:
            return rows, as_cloud_events(rows, origin)
        return rows, _text(rows, rest, painted=to.file is None)

    deliver(asked, to, make, keep_out=state)


def _text(rows: Cut[SampleRow], rest: dict[str, Any], *, painted: bool) -> Iterator[str]:
    yield from as_text(rows, dim=(lambda text: paint(text, "dim")) if painted else str)
    yield f"{rows.count:,} of {rest['population']:,} events: {ALGORITHM}, seed {one_line(rest['seed'])}\n"
    moment = f"--at position:{rest['as_of']['position']}"
    yield f"The same again: the same filters, --seed {shlex.quote(one_line(rest['seed']))} {moment}\n"
