"""SECURITY.md: every attacker is there, and the tests it leans on are."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "SECURITY.md").read_text("utf-8")
ATTACKERS = {
    "reads the disk": "test_identity.py",
    "writes the disk": "test_verify_insider.py",
    "administers the database": "test_postgres_insider.py",
    "stolen token": "test_access_token.py",
    "identity provider": "test_oidc_tokens.py",
    "coding agent": "test_break_glass.py",
    "on the network": "test_requests.py",
    "approver from inside": "test_roles.py",
    "operators themselves": "test_promote.py",
}


@pytest.mark.parametrize("who", ATTACKERS)
def test_every_attacker_has_a_section_that_names_what_holds(who: str) -> None:
    sections = dict(re.findall(r"^### (.+?)\n(.*?)(?=^##)", PAGE, re.MULTILINE | re.DOTALL))
    (section,) = [text for title, text in sections.items() if who in title]
    assert ATTACKERS[who] in section and "Held by" in section


def test_every_test_that_is_named_is_there() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)`", PAGE)
    assert len(named) > 20
    for name in named:
        assert "def test_" in (ROOT / name).read_text("utf-8"), name
    assert "To report a weakness" in PAGE and "What is not protected" in PAGE
