"""What a log may say: no secret, no control character, nothing without end."""

from typing import Any

import pytest

from adapters.access_tokens import new_token
from adapters.log_words import LONGEST, UNSAFE, safe, safe_value, told_error

TOKEN = new_token()


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("Authorization: Bearer abc.def-ghi", "Authorization: Bearer ***"),
        ("basic YWRhOnNlY3JldA==", "basic ***"),
        ("postgresql://orch:hunter2@db.example.org/x", "postgresql://***@db.example.org/x"),
        ("postgresql://db/x?password=hunter2", "postgresql://db/x?***"),
        ("host=db password=hunter2 user=orch", "host=db password=*** user=orch"),
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_***"),
        ("https://example.org/a/b?token=xyz#frag", "https://example.org/a/b?***"),
        ("eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", "***"),
        ("one\nline\x1b[31m\u202e", "one\\u000aline\\u001b[31m\\u202e"),
        ("Grace Ü. 愛", "Grace Ü. 愛"),
    ],
)
def test_what_looks_like_a_secret_or_a_control_is_not_said(said: str, told: str) -> None:
    assert safe(said) == told


def test_a_token_of_ours_is_named_by_its_id() -> None:
    assert safe(f"shown: {TOKEN.secret}") == f"shown: orch_{TOKEN.id}_***"


def test_what_is_long_is_cut() -> None:
    assert len(safe("x" * 10_000)) == LONGEST + 1


def test_whatever_lies_within_is_safe_and_the_unknown_is_told_by_its_type() -> None:
    found: Any = safe_value({"a\n": [{"b": TOKEN.secret}, 1, None, True], "c": object(), "d": b"x"})
    assert found == {"a\\u000a": [{"b": f"orch_{TOKEN.id}_***"}, 1, None, True], "c": "object", "d": "bytes"}
    assert not UNSAFE.search(str(found))


def test_an_error_is_told_by_its_kind_and_its_places_and_never_by_its_words() -> None:
    try:
        try:
            raise KeyError("the text of a document")
        except KeyError as cause:
            raise RuntimeError("postgresql://orch:hunter2@db") from cause
    except RuntimeError as error:
        found = told_error(error)
    assert [each["error"] for each in found] == ["KeyError", "RuntimeError"]
    assert "adapters/test_log_words.py" in str(found) and "hunter2" not in str(found) and "document" not in str(found)
