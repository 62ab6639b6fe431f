"""What lets somebody in is hidden before anything is shown, stored or cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datagen_lib.masking import mask

KEY = "S3cr3t+K3y/ThatNobodyMaySee=="


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"Denied: {KEY}.", "Denied: ***."),
        (f"Authorization: Bearer {KEY}", "Authorization: Bearer ***"),
        ("Bearer eyJhbGciOiJIUzI1NiJ9.abc-def", "Bearer ***"),
        ("https://bob:p@55@host/v1 failed", "https://***@host/v1 failed"),
        ("http://proxy/?user=bob&api-version=2025-04-01", "http://proxy/?user=***&api-version=2025-04-01"),
        ("https://x.blob.core.windows.net/a.png?sv=2024&sig=a%2Fb%3D", "https://x.blob.core.windows.net/a.png?sv=***&sig=***"),
        ("GET /api/chat?code=abc123 failed", "GET /api/chat?code=*** failed"),
        ("/v1?subscription-key=pa55-W0RD", "/v1?subscription-key=***"),
        ("S3cr3t%2BK3y%2FThatNobodyMaySee%3D%3D", "***"),
        ("Is this a question? yes=no", "Is this a question? yes=no"),
    ],
)  # fmt: skip
def test_what_is_hidden(text: str, shown: str) -> None:
    """Keys in any spelling, users in addresses, queries and signatures are hidden; the rest stays."""
    assert mask(text, [KEY]) == shown


def test_a_one_letter_key_hides_nothing_but_itself() -> None:
    """A key of one letter does not turn every word into stars."""
    assert mask("A bad day at a gate; key: a, 'a'", ["a"]) == "A bad day at a gate; key: ***, '***'"
    assert mask("abcd, abcde and abc", ["abcd"]) == "***, abcde and abc"


def test_no_secret_hides_nothing() -> None:
    """An empty secret is none."""
    assert mask("as it was", ["", ""]) == "as it was"


@given(st.text(), st.text(min_size=8))
def test_a_long_key_never_survives(text: str, key: str) -> None:
    """Wherever a long key stands, it is gone afterwards."""
    if "*" not in key:
        assert key not in mask(f"{text}{key}{text}", [key]).replace("***", "")
