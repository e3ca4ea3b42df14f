"""The templates of a project: which there are, whether they work, and how to begin with an own one."""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from adapters.new_files import new_file
from adapters.templates import JinjaTemplates, built_in, text_in
from domain.digest import SCHEME
from domain.errors import AlreadyExists, FilesUnavailable, NotFound, TemplateBroken
from domain.steps import STEPS, Step

SUFFIX = ".md.j2"
PARTS = (f"_parts{SUFFIX}", f"_derived{SUFFIX}")
NAMES = (*(f"{step}{SUFFIX}" for step in STEPS), *PARTS)
"""The templates of documents; the others of the program are not for projects to replace."""


class TemplateFile(NamedTuple):
    """One template: the project's own text before the program's."""

    name: str
    own: str | None
    """None where the project has none, or one that cannot be read."""
    built_in: str | None
    unreadable: str | None = None

    @property
    def text(self) -> str:
        """The text that is used."""
        return self.own if self.own is not None else self.built_in or ""

    @property
    def digest(self) -> str:
        """`sha256:` and the hex digest of that text."""
        return "sha256:" + sha256(self.text.encode()).hexdigest()


class Mistake(NamedTuple):
    """What is wrong with the template of a step; the message names file and line."""

    step: Step
    message: str


def template_files(own: Path) -> list[TemplateFile]:
    """Return every template there is: those of the documents, and whatever else the project has."""
    try:
        others = sorted(path.name for path in own.glob("*.j2") if path.name not in NAMES)
    except OSError as error:
        raise FilesUnavailable(f"{own}: {error.strerror}.") from error
    return [_read(own, name) for name in (*NAMES, *others)]


def template_file(own: Path, word: str) -> TemplateFile:
    """Return the template of a step, or of a file by its name. Raises `NotFound`."""
    from difflib import get_close_matches

    name = f"{word}{SUFFIX}" if word in list(Step) else word
    known = [file.name for file in template_files(own)]
    if name not in known:
        near = get_close_matches(word, [*STEPS, *known], n=1)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise NotFound(f"There is no template {word[:60]!r}.{hint}", fix=("orch template list",))
    found = _read(own, name)
    if found.unreadable:
        raise TemplateBroken(found.unreadable)
    return found


def mistakes(own: Path, steps: tuple[Step, ...] = STEPS, *, cache: Path | None = None) -> Iterator[Mistake]:
    """Render each step's document with all fields, and with each field alone; yield the first that goes wrong."""
    from adapters.template_samples import sample
    from domain.basis import RESTS_ON, Basis
    from domain.derived import derived

    for step in steps:
        templates, fields = JinjaTemplates(own, cache), sample(step)
        bases = [Basis(each, 1, f"{SCHEME}{'0' * 64}", sample(each)) for each in RESTS_ON.get(step, ())]
        tried: list[dict[str, Any]] = [fields, *({name: value} for name, value in fields.items())]
        try:
            for iteration, given in enumerate(tried, 1):
                answers = ["What had to change."] if iteration > 1 else []
                templates.render(
                    step,
                    given,
                    phase="st01-sample",
                    title="Sample",
                    iteration=iteration,
                    answers=answers,
                    derived=derived(step, given, phase="st01-sample", bases=bases),
                )
        except TemplateBroken as broken:
            yield Mistake(step, broken.message)


def eject(own: Path, name: str) -> Path:
    """Copy a template of the program into the project. Raises `AlreadyExists`: an own one is never overwritten."""
    text = built_in(name)
    if text is None:
        raise NotFound(f"The program has no template {name[:60]!r} to copy.", fix=("orch template list",))
    try:
        own.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise FilesUnavailable(f"{own}: {error.strerror}.") from error
    try:
        with new_file(own / name, replace=False) as file:
            file.write(text.encode())
    except AlreadyExists:
        raise AlreadyExists(
            f"{name} is the project's own already, in {own}; it is never overwritten.",
            fix=(f"orch template diff {name}",),
        ) from None
    return own / name


def forget_compiled(cache: Path) -> int:
    """Throw compiled templates away and return how many there were; they are made again when they are used."""
    count = 0
    try:
        for path in cache.glob("*.jinja"):
            path.unlink()
            count += 1
    except OSError as error:
        raise FilesUnavailable(f"{cache}: {error.strerror}.") from error
    return count


def _read(own: Path, name: str) -> TemplateFile:
    try:
        return TemplateFile(name, text_in(own, name, f"project:{name}"), _documents(name))
    except TemplateBroken as broken:
        return TemplateFile(name, None, _documents(name), broken.message)


def _documents(name: str) -> str | None:
    return built_in(name) if name in NAMES else None
