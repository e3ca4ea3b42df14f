"""Sources in APA style, written out for each kind and for what may be missing."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from adapters.citations import apa
from tests.adapters.test_templates import HOSTILE

JOURNAL = {
    "type": "journal",
    "author": "Sha, L., Rajkumar, R., & Lehoczky, J. P.",
    "year": 1990,
    "title": "Priority inheritance protocols: An approach to real-time synchronization",
    "published_in": "IEEE Transactions on Computers, 39(9), 1175–1185",
    "url": "https://doi.org/10.1109/12.57058",
}
BOOK = {
    "type": "book",
    "author": "Herlihy, M., & Shavit, N.",
    "year": 2012,
    "title": "The art of multiprocessor programming",
    "published_in": "Morgan Kaufmann",
}
WEB = {
    "type": "web",
    "author": "Bencina, R.",
    "year": 2011,
    "title": "Real-time audio programming 101: Time waits for nothing",
    "published_in": "Ross Bencina",
    "url": "http://www.rossbencina.com/code/real-time-audio",
    "accessed": "2026-11-03",
}


def without(source: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in source.items() if name not in names}


@pytest.mark.parametrize(
    ("source", "printed"),
    [
        (
            JOURNAL,
            "Sha, L., Rajkumar, R., & Lehoczky, J. P. (1990). Priority inheritance protocols: An approach to real-time"
            " synchronization. *IEEE Transactions on Computers, 39*(9), 1175–1185. <https://doi.org/10.1109/12.57058>",
        ),
        (
            JOURNAL | {"published_in": "Nature, 5, 1–2", "title": "Why?"},
            "Sha, L., Rajkumar, R., & Lehoczky, J. P. (1990). Why? *Nature, 5*, 1–2. <https://doi.org/10.1109/12.57058>",
        ),
        (
            JOURNAL | {"published_in": "Nature"},
            "Sha, L., Rajkumar, R., & Lehoczky, J. P. (1990). Priority inheritance protocols: An approach to real-time"
            " synchronization. *Nature*. <https://doi.org/10.1109/12.57058>",
        ),
        (
            without(JOURNAL, "author", "year", "published_in", "url"),
            "Priority inheritance protocols: An approach to real-time synchronization. (n.d.).",
        ),
        (BOOK, "Herlihy, M., & Shavit, N. (2012). *The art of multiprocessor programming*. Morgan Kaufmann."),
        (
            without(BOOK, "year"),
            "Herlihy, M., & Shavit, N. (n.d.). *The art of multiprocessor programming*. Morgan Kaufmann.",
        ),
        (without(BOOK, "author"), "*The art of multiprocessor programming*. (2012). Morgan Kaufmann."),
        (without(BOOK, "title"), r"Herlihy, M., & Shavit, N. (2012). \[Untitled book\]. Morgan Kaufmann."),
        (BOOK | {"author": "Morgan Kaufmann"}, "Morgan Kaufmann. (2012). *The art of multiprocessor programming*."),
        (
            WEB,
            "Bencina, R. (2011). *Real-time audio programming 101: Time waits for nothing*. Ross Bencina."
            " Retrieved November 3, 2026, from <http://www.rossbencina.com/code/real-time-audio>",
        ),
        (
            without(WEB, "accessed", "published_in"),
            "Bencina, R. (2011). *Real-time audio programming 101: Time waits for nothing*."
            " <http://www.rossbencina.com/code/real-time-audio>",
        ),
        (
            {"type": "web", "title": "https://a.org/x", "url": "https://a.org/x"},
            r"\[Web page\]. (n.d.). <https://a.org/x>",
        ),
        ({"title": "Notes"}, "*Notes*. (n.d.)."),
        ({"title": "What now?", "year": 2001}, "*What now?* (2001)."),
        ({"title": "a", "url": "script"}, "*a*. (n.d.). script"),
        ({"title": "a*b_c`d[e]<f>\\", "url": "<script>"}, r"*a\*b\_c\`d\[e\]\<f>\\*. (n.d.). \<script>"),
        ({"title": "a", "url": "https://x/<b>"}, "*a*. (n.d.). <https://x/%3Cb%3E>"),
    ],
)
def test_a_source_is_printed_as_apa_prints_it(source: dict[str, Any], printed: str) -> None:
    assert apa(source) == printed


@given(
    title=HOSTILE,
    author=st.one_of(st.none(), HOSTILE),
    published=st.one_of(st.none(), HOSTILE),
    url=st.one_of(st.none(), HOSTILE, st.just("https://a.org/>x<script>")),
    kind=st.sampled_from([None, "journal", "web", "book"]),
)
def test_no_words_break_out_of_their_line(**source: Any) -> None:
    source["published_in"] = source.pop("published")
    source["type"] = source.pop("kind")
    tokens = MarkdownIt("commonmark").parse(f"- {apa(source)}\n- next\n")
    assert [token.type for token in tokens].count("list_item_open") == 2
    assert {t.type for t in tokens} <= {
        *("bullet_list_open", "bullet_list_close", "list_item_open", "list_item_close"),
        *("paragraph_open", "paragraph_close", "inline"),
    }


@given(title=HOSTILE)
def test_a_title_stays_in_its_italics(title: str) -> None:
    (line,) = [t for t in MarkdownIt("commonmark").parse(apa({"title": title, "type": "book"})) if t.type == "inline"]
    kinds = [child.type for child in line.children or ()]
    if " ".join(title.split())[:1].isalnum() and " ".join(title.split())[-1:].isalnum():
        assert kinds[0] == "em_open" and kinds.count("em_close") == 1 and "html_inline" not in kinds
