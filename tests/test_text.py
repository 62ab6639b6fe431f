"""Text from outside is shown, never obeyed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datagen_lib.errors import CallRejected, SettingsError
from datagen_lib.text import opening, plain

UNSEEN = {
    "a\x00b": r"a\x00b",
    "\x1b[2Jgone": r"\x1b[2Jgone",
    "\x9b31mred": r"\x9b31mred",
    "\u202egnp.exe": r"\u202egnp.exe",
    "\u2066x\u2069": r"\u2066x\u2069",
    "zero\u200bwidth": r"zero\u200bwidth",
    "half \ud83d": r"half \ud83d",
    "line\u2028end": r"line\u2028end",
    "\r\n": r"\r\n",
    "\U000e0041": r"\U000e0041",
}


@pytest.mark.parametrize(("raw", "shown"), UNSEEN.items())
def test_what_can_t_be_seen_is_spelt_out(raw: str, shown: str) -> None:
    """Controls, escapes, direction overrides, invisible characters and lone surrogates become their escapes."""
    assert plain(raw) == shown


@pytest.mark.parametrize("text", ["Größe – ✓", "नमस्ते क्‍ष", "می‌خواهم", "👩‍🚀 in space", "12\u00a0000", "全角\u3000文字"])
def test_ordinary_text_stays(text: str) -> None:
    """Letters of every script with their joiners, emoji and wide blanks are left alone."""
    assert plain(text) == text


@given(st.text(st.characters()))
def test_nothing_unseen_is_left(text: str) -> None:
    """Whatever comes in, what goes out can be printed and encoded, and is the same when made plain again."""
    shown = plain(text)

    assert all(one.isprintable() or one in "\u200c\u200d" or one.isspace() for one in shown)
    assert not {"\n", "\r", "\t", "\x1b"} & set(shown)
    assert plain(shown) == shown
    shown.encode()


def test_a_message_of_several_lines_keeps_them() -> None:
    """Line feeds that a message has on purpose stay, in every error's text; escapes in it do not."""
    assert plain("a\n\tb\x07", lines=True) == "a\n\tb\\x07"
    assert str(SettingsError(["A is bad", "B is \x1b[1mworse"])).splitlines()[1:] == [
        "  - A is bad",
        r"  - B is \x1b[1mworse",
    ]
    assert str(CallRejected("it said \u202e", hint="look\x00")) == "it said \\u202e\n  → look\\x00"


def test_a_secret_is_hidden_before_the_cut() -> None:
    """The opening of a text is cut after masking, so that half a secret never stands at its end."""
    secret = "s3cret" * 10

    def mask(text: str) -> str:
        return text.replace(secret, "***")

    assert opening(f"  {'x' * 60} {secret} and on", length=70, mask=mask) == "x" * 60 + " *** and o…"
    assert opening("short\n") == "short"
