"""One row of the replay as a screen of any size: who did what, the state after it with its changes marked, the keys."""

from cli.replay_words import Fact, facts, place, remarks, time_of, who
from cli.screen import COLOURS, cut, one_line, paint, width
from projections.replay import ReplayRow

KEYS = "space next · b back · g go to · s next verdict · q quit · ? help"
HELP = (
    ("space, Enter, →, n", "the next event"),
    ("b, ←", "the event before"),
    ("g, a number, Enter", "the event at that position, or the first one behind it"),
    ("s", "the next verdict: approved, reconfirmed or rejected"),
    ("q", "quit"),
    ("?", "this help; any key leaves it"),
)
MARK = "▸ "
FEWEST_REMARKS = 1


def frame(row: ReplayRow, *, last: int, size: tuple[int, int], message: str) -> list[str]:
    """Return exactly as many lines as the window has, none wider than it. A message stands in place of the keys."""
    columns, height = size
    where = f"position {row['position']} of {last}"
    head = [
        _painted(_apart(place(row), where, columns), "bold"),
        _painted(cut(f"{time_of(row)} UTC  {who(row)}", columns), "dim"),
        "",
        *wrapped(one_line(row["summary"]), columns)[:2],
    ]
    state = ["", *_table(facts(row), columns)]
    room = max(height - len(head) - len(state) - 2, FEWEST_REMARKS)
    said = _fitted([line for words in remarks(row) for line in wrapped(f"  {words}", columns)], room, columns)
    return _filled([*head, *said, *state], height, _foot(message, columns))


def help_frame(size: tuple[int, int]) -> list[str]:
    """Return the keys as a screen."""
    columns, height = size
    lines = [cut(f"{keys:<20}{what}", columns) for keys, what in HELP]
    return _filled([_painted("Keys", "bold"), "", *lines], height, "")


def wrapped(text: str, columns: int) -> list[str]:
    """Return a text in lines of at most so many columns, broken between words where that can be."""
    lines = [""]
    indent = " " * (len(text) - len(text.lstrip(" ")))
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines[-1].strip() else f"{lines[-1]}{word}" if word else f"{lines[-1]} "
        if width(longer) <= columns:
            lines[-1] = longer
            continue
        rest = f"{indent}{word}"
        if lines[-1].strip():
            lines.append("")
        while width(rest) > columns:
            piece = _beginning(rest, columns)
            lines[-1] = piece
            lines.append("")
            rest = rest[len(piece) :]
        lines[-1] = rest
    return lines


def _beginning(text: str, columns: int) -> str:
    """Return as many characters as fit, at least one."""
    taken = 1
    while taken < len(text) and width(text[: taken + 1]) <= columns:
        taken += 1
    return text[:taken]


def _fitted(lines: list[str], room: int, columns: int) -> list[str]:
    if len(lines) <= room:
        return lines
    return [*lines[: room - 1], cut(f"  … {len(lines) - room + 1} more lines: orch history shows them", columns)]


def _table(found: list[Fact], columns: int) -> list[str]:
    names = max((width(fact.name) for fact in found), default=0)
    return [_line(fact, names, columns) for fact in found]


def _line(fact: Fact, names: int, columns: int) -> str:
    mark = MARK if fact.was is not None else " " * len(MARK)
    was = "" if fact.was is None else f"  ← was {fact.was}" if fact.was else "  ← changed"
    line = cut(f"{mark}{fact.name}{' ' * (names - width(fact.name))}  {fact.value}{was}", columns)
    return _painted(line, "yellow") if fact.was is not None else line


def _apart(left: str, right: str, columns: int) -> str:
    """Return both ends of one line; the right one stays whole as long as it can."""
    left = cut(left, max(columns - width(right) - 2, 0))
    return cut(f"{left}{' ' * max(columns - width(left) - width(right), 2)}{right}", columns)


def _foot(message: str, columns: int) -> str:
    return _painted(cut(message, columns), "cyan") if message else _painted(cut(KEYS, columns), "dim")


def _filled(lines: list[str], height: int, foot: str) -> list[str]:
    body = lines[: height - 1]
    return [*body, *[""] * (height - 1 - len(body)), foot]


def _painted(text: str, colour: str) -> str:
    assert colour in COLOURS
    return paint(text, colour) if text else text
