"""The sandbox that templates run in: their data, a few filters, no way to anything else."""

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from threading import get_native_id
from types import BuiltinMethodType
from typing import TYPE_CHECKING, Any

from jinja2 import BytecodeCache, StrictUndefined, TemplateNotFound, Undefined
from jinja2.environment import TemplateModule
from jinja2.exceptions import SecurityError
from jinja2.filters import FILTERS
from jinja2.loaders import BaseLoader
from jinja2.runtime import BlockReference, Macro
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.tests import TESTS

from adapters import citations, markdown, mermaid

if TYPE_CHECKING:
    from jinja2.bccache import Bucket
    from jinja2.runtime import Context

    from adapters.templates import Source

# None of them makes much out of little, as `center(10**9)` would, and none reaches into an attribute.
KEPT_FILTERS = frozenset(
    [
        "batch",
        "count",
        "d",
        "default",
        "dictsort",
        "first",
        "int",
        "items",
        "join",
        "last",
        "length",
        "list",
        "lower",
        "map",
        "max",
        "min",
        "reject",
        "rejectattr",
        "reverse",
        "round",
        "select",
        "selectattr",
        "slice",
        "sort",
        "string",
        "sum",
        "title",
        "trim",
        "truncate",
        "unique",
        "upper",
        "capitalize",
    ]
)
OWN_FILTERS = {
    "inline": markdown.inline,
    "cell": markdown.cell,
    "block": markdown.block,
    "table": markdown.table,
    "with_article": markdown.with_article,
    "apa": citations.apa,
    "flowchart": mermaid.flowchart,
    "gantt": mermaid.gantt,
}
METHODS: dict[type, frozenset[str]] = {
    dict: frozenset(("get", "items", "keys", "values")),
    str: frozenset(("startswith", "endswith", "lower", "upper", "strip", "split")),
}
CALLABLE = (Macro, BlockReference, Undefined)
VERSION = "1"
"""Part of a cached template's name: to be raised when the sandbox compiles templates in another way."""


class Sandbox(ImmutableSandboxedEnvironment):
    """Calls macros and harmless methods; a text cannot be multiplied or formatted into a large one."""

    intercepted_binops = frozenset(("*", "**", "%"))

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Return an attribute where that is safe: of the methods of a table or text, and of parts, it is known."""
        kind = type(obj)
        if attribute in METHODS.get(kind, ()):
            return getattr(obj, attribute)
        if kind is TemplateModule and type(found := vars(obj).get(attribute)) is Macro:
            return found
        return super().getattr(obj, attribute)

    def call(__self, __context: "Context", __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805  # Jinja2's names
        """Call what is safe to call; macros and methods, as nearly always, without asking which arguments they want."""
        kind = type(__obj)
        if kind is Macro:
            args = (__context.eval_ctx, *args)
        elif kind is not BuiltinMethodType or __obj.__name__ not in METHODS.get(type(__obj.__self__), ()):
            return super().call(__context, __obj, *args, **kwargs)
        if kwargs:  # what Jinja2 adds inside loops and blocks is for functions that want the context
            kwargs.pop("_block_vars", None)
            kwargs.pop("_loop_vars", None)
        return __obj(*args, **kwargs)

    def is_safe_callable(self, obj: Any) -> bool:
        """Allow macros and the harmless methods of texts and tables; calling what is not there says so itself."""
        if isinstance(obj, CALLABLE):
            return True
        owner = type(getattr(obj, "__self__", None))
        return getattr(obj, "__name__", "") in METHODS.get(owner, frozenset())

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Calculate with numbers of ordinary size only."""
        small = all(isinstance(side, int | float) and abs(side) < 10**9 for side in (left, right))
        if not small or operator == "**":
            raise SecurityError(f"the operator {operator} is for numbers of ordinary size")
        return super().call_binop(context, operator, left, right)


class GivenSources(BaseLoader):
    """Knows the templates that were read before, and nothing else."""

    def __init__(self, sources: "Mapping[str, Source]") -> None:
        self._sources = sources

    def get_source(self, environment: Any, template: str) -> tuple[str, str, None]:
        """Return a template that was read before."""
        source = self._sources.get(template)
        if source is None:
            raise TemplateNotFound(template, f"the part {template!r} must be written out as a name in quotes")
        return source.text, source.shown, None


class CompiledTemplates(BytecodeCache):
    """Compiled templates in a folder that only its owner can write: they are code, so nobody else may put one there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def load_bytecode(self, bucket: "Bucket") -> None:
        """Fill in what is cached, when the folder can be trusted."""
        try:
            if _is_private(self._folder):
                bucket.bytecode_from_string(self._file(bucket).read_bytes())
        except Exception:  # noqa: BLE001 - a damaged cache is no cache: pickle and marshal raise whatever they like
            bucket.reset()

    def dump_bytecode(self, bucket: "Bucket") -> None:
        """Keep what was compiled, when the folder can be trusted."""
        file = self._file(bucket)
        unfinished = file.with_suffix(f".{os.getpid()}-{get_native_id()}")
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            if _is_private(self._folder):
                unfinished.write_bytes(bucket.bytecode_to_string())
                unfinished.replace(file)
        except OSError:
            # Without a cache the next command compiles again; that is all.
            with suppress(OSError):
                unfinished.unlink()

    def _file(self, bucket: "Bucket") -> Path:
        # The checksum is part of the name: two versions of a template do not throw each other out.
        return self._folder / f"{VERSION}-{bucket.key[:16]}-{bucket.checksum}.jinja"


def environment(sources: "Mapping[str, Source]", cache: Path | None) -> Sandbox:
    """Return an environment that knows these templates only."""
    env = Sandbox(
        loader=GivenSources(sources),
        undefined=StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
        bytecode_cache=CompiledTemplates(cache) if cache else None,
    )
    env.globals.clear()
    env.filters = {name: FILTERS[name] for name in KEPT_FILTERS} | OWN_FILTERS
    env.tests = dict(TESTS)
    return env


def _is_private(folder: Path) -> bool:
    """Return whether a folder belongs to us and nobody else can write into it."""
    status = folder.lstat()
    return status.st_uid == os.geteuid() and (status.st_mode & 0o170077) == 0o040000
