"""The fields of a document, from a file, from options, or from both."""

from collections.abc import Mapping, Sequence
from typing import BinaryIO

from adapters import input_rules as rules
from adapters.input_cleaning import clean_text, cleaned, without_empty
from adapters.input_flags import FLAGS, Flag, Split
from adapters.input_lines import LineOf, line_finder, nowhere
from domain.errors import InvalidInput
from domain.steps import Step


def fields_for(
    step: Step, *, flags: Mapping[str, object], file: str | None = None, stdin: BinaryIO | None = None
) -> dict[str, object]:
    """Return the fields of a step in canonical form: the file's first, then the options' over them.

    `flags` has what the command line was given, by `Flag.name`; None and empty values count as not given.
    Nothing given at all is an empty dict. Raises InvalidInput.
    """
    given = {flag.name: value for flag in FLAGS[step] if (value := _value(flag, flags.get(flag.name))) is not None}
    structured = any(flag.split is Split.JSON and flag.name in given for flag in FLAGS[step])
    line_of: LineOf = nowhere
    if file is None:
        fields: dict[str, object] = {}
    else:
        from adapters.input_files import read_text

        source = read_text(file, stdin=stdin)
        fields = cleaned(source.parsed(), source.name)
        overlaid = {flag.field for flag in FLAGS[step] if flag.name in given}
        line_of = line_finder(source.text, source.form, besides=overlaid)
    _lay_over(step, fields, given)
    if file is not None or structured:
        # pydantic costs more than the rest of the command together: plain options are checked without it.
        from adapters.input_judging import judge

        from_options = [flag.option for flag in FLAGS[step] if flag.split is Split.JSON and flag.name in given]
        judge(step, fields, rules.source_name(file) if file else from_options[0], line_of=line_of)
        fields = without_empty(fields)
        if file is not None and not fields:
            raise InvalidInput(f"{rules.source_name(file)} fills in no field; fill in at least one.")
    return fields


def judged_fields(step: Step, value: object, source: str, *, line_of: LineOf = nowhere) -> dict[str, object]:
    """Return fields in canonical form, as the model of their step accepts them. Raises InvalidInput."""
    from adapters.input_judging import judge

    fields = cleaned(value, source)
    judge(step, fields, source, line_of=line_of)
    return without_empty(fields)


def split_list(words: str | Sequence[str]) -> list[str]:
    r"""Return the items between commas; `\,` is a comma inside an item. Empty items are left out."""
    items: list[str] = []
    for text in [words] if isinstance(words, str) else words:
        item = ""
        characters = iter(text)
        for c in characters:
            if c == "\\":
                following = next(characters, "")
                item += following if following == "," else c + following
            elif c == ",":
                items.append(item)
                item = ""
            else:
                item += c
        items.append(item)
    return [item for item in map(str.strip, items) if item]


def _value(flag: Flag, words: object) -> object:
    """Return the value of one option, or None when it was not given."""
    if words is None or words in ("", (), []):
        return None
    if flag.split is Split.LIST:
        given = [str(word) for word in words] if isinstance(words, list | tuple) else [str(words)]
        return split_list([clean_text(word, flag.option) for word in given]) or None
    text = clean_text(str(words), flag.option)
    if not text:
        return None
    match flag.split:
        case Split.LINE:
            return text
        case Split.NUMBER:
            return _number(text, flag.option)
        case Split.JSON:
            return _json(text, flag)
        case _:
            return text


def _number(text: str, option: str) -> int | float:
    """Return a number above zero; a whole one as an int."""
    try:
        number = float(text) if text.isascii() and len(text) <= 20 else 0.0
    except ValueError:
        number = 0.0
    if not 0 < number <= rules.HOURS_LIMIT:
        raise InvalidInput(f"{option} takes numbers above 0 and up to {rules.HOURS_LIMIT}; got {rules.shown(text)}.")
    return int(number) if number.is_integer() else number


def _json(text: str, flag: Flag) -> object:
    from adapters.input_files import SIZE_LIMIT, parsed

    if len(text) > SIZE_LIMIT:
        raise InvalidInput(f"{flag.option} is longer than {SIZE_LIMIT // 2**20} MiB.")
    value = parsed(text, "json", flag.option)
    return cleaned({flag.field: value}, flag.option).get(flag.field)


def _lay_over(step: Step, fields: dict[str, object], given: dict[str, object]) -> None:
    if step is Step.TASKS:
        _tasks(fields, given)
        return
    for flag in FLAGS[step]:
        if flag.name in given:
            fields[flag.field] = _shaped(flag, given[flag.name])


def _shaped(flag: Flag, value: object) -> object:
    """Return the value as its field has it; refuse what the model would refuse."""
    try:
        match flag.field, value:
            case "title", str():
                return rules.title(value)
            case "type", str():
                return _spec_type(value)
            case "dependencies", list():
                return list(rules.distinct([rules.phase_id(item) for item in value]))
            case "primary_sources", list():
                return [_source(item) for item in value]
            case (("core_components" | "key_features"), list()):
                return [{"name": name} for name in rules.distinct(value)]
            case _:
                return value
    except ValueError as error:
        raise InvalidInput(f"{flag.option} {error}.") from None


def _spec_type(word: str) -> str:
    for known in rules.SPEC_TYPES:
        if known.lower() == word.lower():
            return known
    raise ValueError(f"is one of {', '.join(rules.SPEC_TYPES)}; got {rules.shown(word)}")


def _source(words: str) -> dict[str, str]:
    if words.startswith(("https://", "http://")):
        return {"type": "web", "title": words, "url": words}
    return {"title": words}


def _tasks(fields: dict[str, object], given: dict[str, object]) -> None:
    """Lay titles, hours and people over the fields: `--hours` pairs with the tasks in their order."""
    titles, hours = given.get("tasks"), given.get("hours")
    if isinstance(titles, list):
        if len(titles) > rules.TASK_LIMIT:
            raise InvalidInput(f"--tasks takes up to {rules.TASK_LIMIT} tasks; got {len(titles)}.")
        fields["tasks"] = [{"id": f"T{at:03d}", "title": title} for at, title in enumerate(titles, 1)]
    if isinstance(hours, list):
        tasks = fields.get("tasks")
        if not isinstance(tasks, list):
            raise InvalidInput('--hours belongs to tasks; give them too, like --tasks "First,Second" --hours "4,6".')
        if len(hours) != len(tasks):
            raise InvalidInput(f"--hours has {len(hours)} numbers for {len(tasks)} tasks; give one for each.")
        for task, number in zip(tasks, hours, strict=True):
            if isinstance(task, dict):
                task["estimated_hours"] = _number(number, "--hours")
    if "developers" in given or "hours_per_day" in given:
        before = fields.get("resource_allocation", {})
        people: dict[str, object] = {name: given[name] for name in ("developers", "hours_per_day") if name in given}
        _refuse_people(people)
        fields["resource_allocation"] = {**before, **people} if isinstance(before, dict) else people


def _refuse_people(people: Mapping[str, object]) -> None:
    developers, hours = people.get("developers"), people.get("hours_per_day")
    if developers is not None and (not isinstance(developers, int) or developers > rules.DEVELOPERS_LIMIT):
        raise InvalidInput(f"--developers takes a whole number up to {rules.DEVELOPERS_LIMIT}; got {developers}.")
    if isinstance(hours, int | float) and hours > 24:
        raise InvalidInput(f"--hours-per-day takes up to 24; got {hours}.")
