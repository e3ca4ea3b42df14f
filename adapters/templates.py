"""Render the documents with Jinja2 in a sandbox: a template sees its data and nothing else."""

import os
import re
import stat
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from domain.errors import TemplateBroken
from domain.steps import Step
from domain.templates import Rendered

if TYPE_CHECKING:
    from jinja2 import Template

SOURCE_LIMIT = 256 * 1024
PARTS_LIMIT = 32
OUTPUT_LIMIT = 16 * 1024 * 1024

# Names are flat, so no template reaches outside the two folders; only names written out are followed, so the digest
# covers everything that was rendered.
NAME = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.j2", re.ASCII)
PART = re.compile(r"""\{%[-+]?\s*(?:include|import|from|extends)\s+(?:"([^"\n]*)"|'([^'\n]*)')""")


class Source(NamedTuple):
    """One template file as it was read."""

    name: str
    shown: str
    """`built-in:` or `project:` and its name."""
    text: str


class JinjaTemplates:
    """The templates of the program, and the project's own before them."""

    def __init__(self, overrides: Path | None, cache: Path | None = None) -> None:
        self._overrides = overrides
        self._cache = cache
        self._compiled: dict[str, Template] = {}

    def render(
        self,
        step: Step,
        fields: Mapping[str, Any],
        *,
        phase: str,
        title: str,
        iteration: int,
        answers: Sequence[str],
        derived: Mapping[str, Any],
    ) -> Rendered:
        """Render the document of a step. Raises `TemplateBroken`, naming file and line."""
        from adapters.markdown import tidied

        sources = self._sources(f"{step}.md.j2")
        digest = _digest(tuple(sources))
        template = self._compiled.get(digest) or self._compile(sources)
        self._compiled[digest] = template
        values = {
            "phase": phase,
            "title": title,
            "step": step.value,
            "iteration": iteration,
            "answers": list(answers),
            "d": fields,
            "derived": derived,
        }
        return Rendered(tidied(_generated(template, values, sources[0])), sources[0].shown, digest)

    def _sources(self, name: str) -> list[Source]:
        """Return a template and all the parts it names, the template first, each part once."""
        found = [self._read(name, wanted_by="")]
        names = {name}
        for source in found:
            for part in _parts_in(source.text):
                if part not in names:
                    if len(found) == PARTS_LIMIT:
                        raise TemplateBroken(f"{source.shown} uses more than {PARTS_LIMIT} parts; use fewer.")
                    names.add(part)
                    found.append(self._read(part, wanted_by=source.shown))
        return found

    def _read(self, name: str, *, wanted_by: str) -> Source:
        by = f"{wanted_by}: " if wanted_by else ""
        if not NAME.fullmatch(name):
            raise TemplateBroken(f"{by}the part {name[:100]!a} has no plain name like _parts.md.j2.")
        text = text_in(self._overrides, name, f"project:{name}")
        if text is not None:
            return Source(name, f"project:{name}", text)
        found = _built_in_source(name)
        if found is not None:
            return found
        raise TemplateBroken(f"{by}there is no template {name}.")

    def _compile(self, sources: Sequence[Source]) -> "Template":
        from jinja2 import TemplateSyntaxError

        from adapters.template_sandbox import environment

        try:
            return environment({source.name: source for source in sources}, self._cache).get_template(sources[0].name)
        except TemplateSyntaxError as error:
            file = error.filename or sources[0].shown
            raise TemplateBroken(f"{file}, line {error.lineno}: {_words(error)}.") from None
        except RecursionError:
            raise TemplateBroken(f"{sources[0].shown} is nested too deeply.") from None


@cache
def _built_in_source(name: str) -> Source | None:
    text = built_in(name)
    return None if text is None else Source(name, f"built-in:{name}", text)


@cache  # the program's own files do not change while it runs; the project's may
def built_in(name: str) -> str | None:
    """Return the text of a template of the program, or None where it has none of that name."""
    import templates

    return text_in(Path(str(templates.__file__)).parent, name, f"built-in:{name}")


def text_in(folder: Path | None, name: str, shown: str) -> str | None:
    """Return the text of a template, or None where there is no such file in the folder."""
    if folder is None:
        return None
    path = os.path.join(folder, name)
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)  # waits for no pipe
        try:
            if not stat.S_ISREG(os.fstat(file).st_mode):
                raise TemplateBroken(f"{shown} is not a regular file.")
            if Path(os.path.realpath(path)).parent != Path(os.path.realpath(folder)):
                raise TemplateBroken(f"{shown} is a link to somewhere else; put the template itself there.")
            with os.fdopen(file, "rb", closefd=False) as stream:
                data = stream.read(SOURCE_LIMIT + 1)
        finally:
            os.close(file)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise TemplateBroken(f"{shown} cannot be read: {error.strerror}.") from None
    if len(data) > SOURCE_LIMIT:
        raise TemplateBroken(f"{shown} is larger than {SOURCE_LIMIT // 1024} KiB.")
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise TemplateBroken(f"{shown}: byte {error.start} is not UTF-8; save it as UTF-8.") from None


@lru_cache(maxsize=64)
def _parts_in(text: str) -> list[str]:
    """Return the names of the parts that a template uses."""
    return [match[1] or match[2] or "" for match in PART.finditer(text)]


@lru_cache(maxsize=64)
def _digest(sources: tuple[Source, ...]) -> str:
    """Return the digest of a template's source; of a template with parts, of all of them by name."""
    if len(sources) == 1:
        return "sha256:" + sha256(sources[0].text.encode()).hexdigest()
    whole = sha256()
    for source in (sources[0], *sorted(sources[1:])):
        whole.update(f"{source.name} {sha256(source.text.encode()).hexdigest()}\n".encode())
    return "sha256:" + whole.hexdigest()


def _generated(template: "Template", values: Mapping[str, object], source: Source) -> str:
    pieces: list[str] = []
    size = 0
    try:
        for piece in template.generate(values):
            pieces.append(piece)
            size += len(piece)
            if size > OUTPUT_LIMIT:
                raise TemplateBroken(f"{source.shown} writes more than {OUTPUT_LIMIT // 2**20} MiB.")
    except TemplateBroken:
        raise
    except Exception as error:  # noqa: BLE001 - a template is a program of the user's: whatever it does, it is broken
        file, line = _where(error, source)
        raise TemplateBroken(f"{file}, line {line}: {_words(error)}.") from None
    return "".join(pieces)


def _where(error: BaseException, source: Source) -> tuple[str, int]:
    """Return the innermost place inside a template; Jinja2 rewrites tracebacks to the template's own lines."""
    place = (source.shown, 1)
    trace = error.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if file.startswith(("project:", "built-in:")):
            place = (file, trace.tb_lineno)
        trace = trace.tb_next
    return place


def _words(error: BaseException) -> str:
    if isinstance(error, RecursionError):
        return "it calls itself without end"
    message = str(getattr(error, "message", None) or error) or type(error).__name__
    return "".join(c if c.isprintable() else "?" for c in message)[:200].rstrip(".")
