"""Sections and boxes of a Markdown text."""

from hypothesis import given
from hypothesis import strategies as st

from projections.markdown_sections import FENCE, boxes, sections

TEXT = """# Spec

## Requirements

- fast

### Detail

- very

## Risks

- none

```
## Requirements
- [ ] no task
```

### Out of scope:
later
"""


def test_a_section_goes_up_to_the_next_heading_of_its_level() -> None:
    found = sections(TEXT, {"requirements", "out of scope"})
    assert [(section.heading, section.body) for section in found] == [
        ("Requirements", "- fast\n\n### Detail\n\n- very"),
        ("Out of scope", "later"),
    ]


def test_boxes_are_unticked_and_keep_their_depth_and_code_has_none() -> None:
    text = "- [x] **T001** Do\n  * [ ] Part\n\n\t- [X] Deep\n[ ] no list\n"
    assert boxes(TEXT + text) == ["- [ ] **T001** Do", "  - [ ] Part", "    - [ ] Deep"]


def test_a_section_swallows_nothing_below_it() -> None:
    assert sections("# Constraints\n```\ncode", {"constraints"})[0].body == "```\ncode\n```"
    assert sections("# Constraints\nx <!-- y", {"constraints"})[0].body == "x <!-- y\n-->"


LINES = st.sampled_from(["# Constraints", "## a", "```", "~~~~", "x", "- [ ] y", "", "```py"])


@given(st.lists(LINES, max_size=12))
def test_what_is_found_is_in_the_text_and_every_block_of_code_ends(lines: list[str]) -> None:
    for section in sections("\n".join(lines), {"constraints"}):
        assert section.body.split("\n")[0] in lines
        fence = ""
        for line in section.body.split("\n"):
            match = FENCE.fullmatch(line)
            if fence and match and match[1].startswith(fence) and not match[2].strip():
                fence = ""
            elif not fence and match:
                fence = match[1]
        assert not fence
