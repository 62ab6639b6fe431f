"""An answer's bytes become its JSON values, whatever they are called and however they are cut."""

from __future__ import annotations

import itertools
import json
from contextlib import suppress
from typing import Any

import pytest
from fakes.service import chunk
from hypothesis import given, settings
from hypothesis import strategies as st

from datagen_lib.errors import DatagenError, MalformedAnswer, TransientError
from datagen_lib.service.stream import LARGEST_VALUE, ValueReader

ONE, TWO = chunk("Ünï – ✓ 🔥"), chunk('a\n"b"', finish_reason="stop")


def read(*pieces: bytes) -> list[Any]:
    reader = ValueReader()
    found = [value for piece in pieces for value in reader.feed(piece)]
    return [*found, *reader.end()]


def data(value: Any) -> str:
    return f"data: {json.dumps(value, ensure_ascii=False)}"


FORMS = {
    "as the standard has it": f"{data(ONE)}\n\n{data(TWO)}\n\ndata: [DONE]\n\n",
    "without blanks": f"data:{json.dumps(ONE)}\n\ndata:{json.dumps(TWO)}\n\ndata:[DONE]\n\n",
    "ends in CRLF": f"{data(ONE)}\r\n\r\n{data(TWO)}\r\n\r\ndata: [DONE]\r\n\r\n",
    "ends in CR": f"{data(ONE)}\r\r{data(TWO)}\r\rdata: [DONE]\r\r",
    "ends mixed": f"{data(ONE)}\n\r\n{data(TWO)}\r\n\ndata: [DONE]",
    "retry and id alone": f"retry: 3000\n\nid: 7\n\n{data(ONE)}\n\nid\n\n{data(TWO)}\n\n",
    "fields around": f"event: message\nid: 1\n{data(ONE)}\nretry: 1\n\n:\n: ping\nfoo: bar\n{data(TWO)}\n\n",
    "empty data": f"data:\n\n{data(ONE)}\n\ndata: \n\ndata\n\n{data(TWO)}\n\n",
    "pings": f"event: ping\ndata: {{}}\n\ndata: ping\n\n{data(ONE)}\n\nevent: ping\ndata: 7\n\n{data(TWO)}\n\n",
    "a mark first": f"\ufeff{data(ONE)}\n\n{data(TWO)}\n\n",
    "no blank line between": f"{data(ONE)}\n{data(TWO)}\n",
    "no end": f"{data(ONE)}\n\n{data(TWO)}",
    "over several lines": "data: " + json.dumps(ONE, indent=1).replace("\n", "\ndata: ") + f"\n\n{data(TWO)}\n\n",
    "done at once behind": f"{data(ONE)}\n\n{data(TWO)}[DONE]\n\n",
    "more behind the end": f"{data(ONE)}\n\n{data(TWO)}\n\ndata: [DONE]\n\n{data(ONE)}\n\n",
    "bodies in lines": f"{json.dumps(ONE)}\n{json.dumps(TWO)}\n",
    "bodies in a row": f"\n  {json.dumps(ONE)}{json.dumps(TWO)}[DONE]",
    "a body, then an end": f"\ufeff {json.dumps(ONE)}\n\n{data(TWO)}\n\ndata: [DONE]\n\n",
    "a list": json.dumps([ONE, TWO], indent=2),
    "halves of pairs": f"{data(ONE)}\n\n{data(TWO)}\n\n".replace("🔥", "\\ud83d\\udd25"),
}


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig"])
def test_a_body_in_another_encoding_is_read(encoding: str) -> None:
    """A whole body in UTF-16 or UTF-32, with its mark: the same values are found."""
    mark = "" if encoding in {"utf-16", "utf-32", "utf-8-sig"} else "\ufeff"

    assert read((mark + json.dumps([ONE, TWO], ensure_ascii=False)).encode(encoding)) == [ONE, TWO]


def test_an_error_in_plain_words_is_an_error() -> None:
    """An event named error may hold words in place of JSON: they are the message."""
    assert read(b"event: error\ndata: it broke\n\n") == [{"error": {"message": "it broke"}}]


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_stream_brings_its_values(form: str) -> None:
    """All line ends, fields, pings, marks, missing blank lines and glued ends: the same two chunks are found."""
    assert [value for value in read(FORMS[form].encode()) if value] == [ONE, TWO]


@given(st.sampled_from(sorted(FORMS)), st.lists(st.integers(0, 700), max_size=40))
@settings(deadline=None)
def test_where_the_pieces_end_does_not_matter(form: str, cuts: list[int]) -> None:
    """Cut anywhere, in the middle of a character or a line end too, an answer brings the same values."""
    whole = FORMS[form].encode()
    marks = sorted({0, len(whole), *(cut for cut in cuts if cut < len(whole))})
    pieces = [whole[start:end] for start, end in itertools.pairwise(marks)]

    assert read(*pieces) == read(whole) == read(*(bytes([one]) for one in whole))


TOKENS = [b"data: ", b"event: error\n", b"\n", b"\n\n", b"\r", b"{", b"}", b"[", b"]", b'"', b":", b",", b"[DONE]", b"<",
          b"\xef\xbb\xbf", b'{"choices": []}', b'{"error": 7}', b"1e999", b"\\ud800", b"\xff", b"\x00", b"9" * 30]  # fmt: skip


@given(st.lists(st.one_of(st.sampled_from(TOKENS), st.binary(max_size=20)), max_size=30))
@settings(deadline=None, max_examples=300)
def test_no_bytes_end_in_a_traceback(pieces: list[bytes]) -> None:
    """Whatever the bytes are, what comes out is objects or one of our errors."""
    with suppress(DatagenError):
        assert all(isinstance(value, dict) for value in read(*pieces))


def test_an_event_named_error_is_one() -> None:
    """The data of an event named error is an error object, whether or not it says so itself."""
    named = b'event: error\ndata: {"message": "Overloaded", "code": 503}\n\n'
    said = b'event: error\ndata: {"error": {"message": "Overloaded"}}\n\n'

    assert read(named) == [{"error": {"message": "Overloaded", "code": 503}}]
    assert read(said) == [{"error": {"message": "Overloaded"}}]


@pytest.mark.parametrize(
    "torn",
    [b'data: {"choices": [{"del\n\n', b'{"choices": ', b"data: {broken}\n\n", b"[" * 10**6, b'{"a":' * 10**5,
     b'data: {"a": [1, 2}\n\n'],
)  # fmt: skip
def test_a_broken_value_is_a_passing_failure(torn: bytes) -> None:
    """A value that is cut, broken or nested without end is worth another try, and says how the answer began."""
    with pytest.raises(TransientError, match="it begins: "):
        read(torn)


@pytest.mark.parametrize("start", [b"data: ", b'{"a": "', b"", b"data: {}\n"])
def test_one_value_is_bounded(start: bytes) -> None:
    """An event, a line or a body that grows beyond the bound is left there, in any pieces."""
    with pytest.raises(MalformedAnswer, match="larger than"):
        read(start, *([b"x" * 1000] * (LARGEST_VALUE // 1000 + 1)))


def test_numbers_out_of_bounds_become_texts() -> None:
    """Huge and infinite numbers become texts, which no sum and no file stumbles over."""
    numbers = [10**30, float("inf"), float("nan")]
    text = json.dumps({"half": "\ud83d", "numbers": numbers}).encode() + b" "  # the half goes the patient way

    assert read(text) == [{"half": "\ud83d", "numbers": [str(10**30)[:25], "Infinity", "NaN"]}]


def test_what_came_is_shown() -> None:
    """How an answer began is shown on one line: masked before the cut, a page by its title, controls spelt out."""

    def began(content: bytes, **options: Any) -> str:
        reader = ValueReader(**options)
        list(reader.feed(content))
        return reader.began

    secret = "k3y-" + "x" * 60

    assert began(b"") == "it is empty"
    assert began(b"\xef\xbb\xbf\n <!doctype html><html><title>Sign\nin</title>") == "it is a web page: Sign\\nin"
    assert began(b"Sorry,\x1b[2J no") == "it begins: Sorry,\\x1b[2J no"
    assert began(f"{'x' * 50} {secret}".encode(), mask=lambda text: text.replace(secret, "***")).endswith("x ***")
