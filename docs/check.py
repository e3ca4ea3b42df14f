"""Check the documents: links lead somewhere, every decision names the tests that hold it, the index is complete."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#{1,6} +(.+?) *$", re.MULTILINE)
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
ADR_NAME = re.compile(r"(\d{4})-[a-z0-9]+(-[a-z0-9]+)*\.md")
SECTIONS = ("Context", "Decision", "Consequences", "Confirmation")
TEST_FILE = re.compile(r"`(tests/[\w/.-]+\.\w+)`")
TEST_NAME = re.compile(r"`(test_\w+)`")


def main() -> int:
    """Print what is wrong; 1 if anything is."""
    complaints = [*check(ROOT), *_generated()]
    for complaint in complaints:
        print(complaint)
    print(f"docs: {len(complaints) or 'no'} complaints")
    return 1 if complaints else 0


def _generated() -> Iterator[str]:
    """Yield a sentence where the page of the service is not what the service says of itself."""
    from docs.api import PAGE, page

    if PAGE.read_text("utf-8") != page():
        yield f"{PAGE.name} is not what the service says of itself: python -m docs.api"


def check(root: Path) -> Iterator[str]:
    """Yield a sentence for everything that is wrong with the documents below a root."""
    documents = [*sorted(root.glob("*.md")), *sorted((root / "docs").rglob("*.md"))]
    decisions = sorted(p for p in (root / "docs" / "adr").glob("*.md") if p.name != "README.md")
    if not documents or not decisions:
        yield f"{root} has no documents or no decisions: nothing was checked"
    for document in documents:
        for problem in _broken_links(document, root):
            yield f"{document.relative_to(root)}: {problem}"
    for decision in decisions:
        for problem in _decision(decision, root):
            yield f"{decision.relative_to(root)}: {problem}"
    yield from _index(root / "docs" / "adr" / "README.md", decisions)


def _broken_links(document: Path, root: Path) -> Iterator[str]:
    for target in LINK.findall(FENCE.sub("", document.read_text("utf-8"))):
        if re.match(r"[a-z]+:", target):
            continue
        place, _, anchor = target.partition("#")
        found = (document.parent / place).resolve() if place else document
        if not found.is_relative_to(root.resolve()) or not found.exists():
            yield f"the link to {target} leads nowhere"
        elif anchor and found.suffix == ".md" and anchor not in _anchors(found):
            yield f"the link to {target} names no heading there"


def _anchors(document: Path) -> set[str]:
    """Return the anchors of a document's headings, formed as GitHub forms them."""
    headings = HEADING.findall(FENCE.sub("", document.read_text("utf-8")))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def _decision(decision: Path, root: Path) -> Iterator[str]:
    if not ADR_NAME.fullmatch(decision.name):
        yield "the name is not NNNN-title-with-dashes.md"
    parts = re.split(r"^## +(.+?) *$", decision.read_text("utf-8"), flags=re.MULTILINE)
    sections = dict(zip(parts[1::2], parts[2::2], strict=True))
    for section in SECTIONS:
        if not sections.get(section, "").strip():
            yield f"the section {section} is missing or empty"
    confirmation = sections.get("Confirmation", "")
    files, names = TEST_FILE.findall(confirmation), TEST_NAME.findall(confirmation)
    if not files and not names:
        yield "Confirmation names no test"
    for file in files:
        if not (root / file).is_file():
            yield f"Confirmation names {file}, which does not exist"
    for name in names:
        if not any(f"def {name}(" in path.read_text("utf-8") for path in (root / "tests").rglob("*.py")):
            yield f"Confirmation names {name}, which no test is called"


def _index(index: Path, decisions: list[Path]) -> Iterator[str]:
    listed = set(LINK.findall(index.read_text("utf-8"))) if index.is_file() else set()
    for number, decision in enumerate(decisions, 1):
        if not decision.name.startswith(f"{number:04d}-"):
            yield f"docs/adr/{decision.name}: number {number:04d} would be next"
        if decision.name not in listed:
            yield f"docs/adr/README.md does not list {decision.name}"


if __name__ == "__main__":
    sys.exit(main())
