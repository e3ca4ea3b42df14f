"""The unit files that come with the program, filled in."""

from collections.abc import Mapping
from importlib.resources import files

SUFFIX = ".j2"
PARTS = ("around.j2", "hardening.j2", "network.j2")
"""What the files have in common."""


def unit_names() -> list[str]:
    """Return the names of the files."""
    held = (entry.name for entry in files("adapters").joinpath("units").iterdir())
    return sorted(name.removesuffix(SUFFIX) for name in held if name.endswith(SUFFIX) and name not in PARTS)


def rendered(name: str, values: Mapping[str, object]) -> str:
    """Return the text of one file. The values are words that `unit_words` has made safe."""
    from jinja2 import DictLoader, Environment, StrictUndefined

    units = files("adapters").joinpath("units")
    names = (*PARTS, f"{name}{SUFFIX}")
    texts = {each: units.joinpath(each).read_text("utf-8") for each in names}
    environment = Environment(  # noqa: S701  # unit files are no HTML
        loader=DictLoader(texts), undefined=StrictUndefined, trim_blocks=True, keep_trailing_newline=True
    )
    environment.globals.update(umask=None, network=False, listens=False)
    text = environment.get_template(f"{name}{SUFFIX}").render(values)
    return "\n".join(line for line in _without_gaps(text)) + "\n"


def _without_gaps(text: str) -> list[str]:
    """Return the lines; of blank ones that follow each other, or stand within a section, none are left but its end."""
    lines: list[str] = []
    for line in text.splitlines():
        if line.strip():
            if line.startswith("[") and lines:
                lines.append("")
            lines.append(line)
    return lines
