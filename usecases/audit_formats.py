"""Rows of the audit trail as text, JSON, CSV and CloudEvents, a piece at a time."""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any

from projections.audit_trail import TrailRow
from projections.history import HistoryRow
from projections.redactions import in_words
from usecases.safe_text import clean, json_of, one_line

# Spreadsheets take these for the beginning of a formula (OWASP, CSV Injection), the full-width forms included.
FORMULA = re.compile("[=+@\t\r\n\uff1d\uff0b\uff0d\uff20-]")
Plain = Callable[[str], str]
PARTS = {"actor": ("name", "kind"), "erased_by": ("position", "name", "kind", "reason")}
"""The fields that are objects, and what is in them."""


class Format(StrEnum):
    """How rows are written."""

    TEXT = "text"
    JSON = "json"
    CSV = "csv"
    JSONL = "jsonl"


def as_json(kind: str, rows: Iterable[Mapping[str, Any]], rest: Callable[[], Mapping[str, Any]]) -> Iterator[str]:
    """Yield one answer of that kind; `rest` is what else its data has, asked for behind the last row."""
    yield f'{{"ok":true,"kind":{json_of(kind)},"version":1,"data":{{"rows":['
    comma = ""
    for row in rows:
        yield comma + json_of(row)
        comma = ","
    yield "]," + json_of(rest())[1:-1] + "}}\n"


def as_csv(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> Iterator[str]:
    """Yield RFC 4180: a header, then a line each, ended by CR LF. No line break is ever inside a cell."""
    yield csv_head(columns)
    for row in rows:
        yield csv_row(row, columns)


def csv_head(columns: Sequence[str]) -> str:
    """Return the first line of a CSV."""
    return _csv_line(columns)


def csv_row(row: Mapping[str, Any], columns: Sequence[str]) -> str:
    """Return the line of a row."""
    return _csv_line([_cell(_field(row, column)) for column in columns])


def as_cloud_events(rows: Iterable[HistoryRow], origin: str) -> Iterator[str]:
    """Yield CloudEvents 1.0 in structured mode, one JSON document on each line."""
    for row in rows:
        event = {
            "specversion": "1.0",
            "id": f"{origin}/{row['position']}",
            "source": origin,
            "type": row["topic"],
            "time": row["recorded_at"],
            "datacontenttype": "application/json",
            "data": row,
        }
        if row["phase"]:  # an empty subject is not allowed
            event["subject"] = f"{row['phase']}/{row['step']}" if row["step"] else row["phase"]
        yield json_of(event) + "\n"


def as_text(rows: Iterable[TrailRow], *, dim: Plain) -> Iterator[str]:
    """Yield a few lines for each row: who, what, when, where; from which state to which; why; by which bytes."""
    for row in rows:
        yield "".join(f"{line}\n" for line in _lines(row, dim))


def columns_of(row_type: type) -> list[str]:
    """Return the header: the fields of the JSON rows, an actor and a redaction as their parts."""
    fields = row_type.__annotations__  # a TypedDict lists its parents' fields, too
    return [column for name in fields for column in [f"{name}.{part}" for part in PARTS.get(name, ())] or [name]]


def _lines(row: TrailRow, dim: Plain) -> Iterator[str]:
    place = "/".join(part for part in (row["phase"], row["step"]) if part) or row["stream"]
    actor = row["actor"]
    who = f"{actor['name']} ({actor['kind']})"
    erased = f" ({one_line(in_words(row['erased_by']))})" if row["erased"] else ""
    time = row["recorded_at"][:19].replace("T", " ")
    yield f"{row['position']:>7}  {time}  {one_line(who)}  {place}: {one_line(row['summary'])}{erased}"
    if row["to_state"]:
        yield f"{'':9}{_words(row['from_state'] or 'nothing')} → {_words(row['to_state'])}"
    for words in (row["reason"], row["comments"]):
        if words:
            yield f"{'':9}“{one_line(words)}”"
    for point in row["feedback"]:
        yield f"{'':9}– {one_line(point)}"
    digest = f"{row['digest']}  " if row["digest"] else ""
    yield dim(f"{'':9}{one_line(digest)}leaf {row['leaf']}")


def _words(state: str) -> str:
    return state.replace("_", " ")


def _field(row: Mapping[str, Any], column: str) -> Any:
    outer, _, inner = column.partition(".")
    value = row[outer]
    return value[inner] if inner and value is not None else value


def _cell(value: Any) -> str:
    """Return one cell: nothing for None, JSON for lists and objects, and text that no spreadsheet runs."""
    if isinstance(value, str) and value[:1].isalnum() and value.isascii() and value.isprintable():
        return value  # nearly all of them
    if value is None:
        return ""
    if isinstance(value, bool | list | dict):
        return json_of(value)
    if isinstance(value, int):
        return str(value)
    text = str(value)
    quiet = clean(text).replace("\n", "\\u000a").replace("\t", "\\u0009")
    return f"'{quiet}" if FORMULA.match(text) else quiet


def _csv_line(cells: Sequence[str]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(cells)
    return line.getvalue()
