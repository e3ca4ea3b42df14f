"""The part of Mermaid's grammar that our diagrams use, strictly: what it does not match is not ours."""

import re

# A label holds letters, digits, marks and entity codes, and nothing that the lexers of Mermaid look for.
LABEL = r"(?:[^\W_]|[ ,/…-]|#\d{1,7};)+"
FLOWCHART = re.compile(
    rf'flowchart (?:LR|TD)\n(?:    n\d+\["{LABEL}"\]\n)+(?:    n\d+ --> n\d+\n)*'
    r"(?:    classDef critical stroke-width:4px\n    class n\d+(?:,n\d+)* critical\n)?"
)
MOMENT = r"\d{4}-\d\d-\d\d \d\d:\d\d"
BAR = rf"    [^\W_]{LABEL} :(?:crit, )?(?:milestone, )?T\d{{3,4}}, {MOMENT}, (?:{MOMENT}|0d)\n"
GANTT = re.compile(
    rf"gantt\n    dateFormat YYYY-MM-DD HH:mm\n    axisFormat Day %j\n(?:    section {LABEL}\n(?:{BAR})+)+"
)
FENCED = re.compile(r"^```mermaid\n(.*?)\n```$", re.DOTALL | re.MULTILINE)
ENTITY = re.compile(r"#(\d+);")


def diagrams(text: str) -> list[str]:
    """Return the diagrams of a document."""
    return FENCED.findall(text)


def check(text: str) -> None:
    """Fail unless a diagram is wholly within the grammar and every arrow joins nodes that are there."""
    assert FLOWCHART.fullmatch(text + "\n") or GANTT.fullmatch(text + "\n"), text
    nodes = set(re.findall(r"^    (n\d+)\[", text, re.MULTILINE))
    for source, target in re.findall(r"^    (n\d+) --> (n\d+)$", text, re.MULTILINE):
        assert {source, target} <= nodes


def read(label: str) -> str:
    """Return what a reader sees of a label."""
    return ENTITY.sub(lambda found: chr(int(found[1])), label)
