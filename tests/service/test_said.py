"""A service's own words survive, whatever shape they come in."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datagen_lib.service.said import read

INNER = {"error": {"message": "WORDS", "code": "x"}}
SHAPES: list[Any] = [
    {"error": {"message": "WORDS", "code": "x"}},
    {"error": "WORDS"},
    {"detail": "WORDS"},
    {"detail": [{"loc": ["body", "stream_options"], "msg": "WORDS"}]},
    {"detail": {"error": {"message": "WORDS"}}},
    {"message": "WORDS"},
    {"code": 1, "msg": "WORDS"},
    {"success": False, "errors": [{"code": 7003, "message": "WORDS"}]},
    {"errors": ["WORDS"]},
    {"errors": {"model": ["WORDS"]}},
    [{"error": {"code": 400, "message": "WORDS"}}],
    ["WORDS"],
    {"error": "invalid", "error_description": "WORDS"},
    {"type": "about:blank", "title": "WORDS", "detail": "more"},
    {"Error": {"Message": "WORDS"}},
    {"fault": {"faultstring": "WORDS", "detail": {"errorcode": "steps.x"}}},
    {"object": "error", "message": {"detail": [{"msg": "WORDS"}]}},
    {"error": {"message": json.dumps(INNER)}},
    {"error": json.dumps(INNER)},
    {"statusCode": 401, "message": "WORDS"},
    {"error": {"code": "x", "innererror": {"message": "WORDS"}}},
    {"odd": "WORDS"},
    {"odd": {"deeply": ["WORDS"]}},
]
BODIES = [
    *(json.dumps(shape).encode() for shape in SHAPES),
    b"WORDS",
    b"\xef\xbb\xbfWORDS",
    b"\xef\xbb\xbf" + json.dumps(INNER).encode(),
    b"data: " + json.dumps(INNER).encode() + b"\n\n",
    json.dumps(json.dumps(INNER)).encode(),
    b"<html><head><title>WORDS</title></head><body>x</body></html>",
    b"<!DOCTYPE html>\n<html><body><center><h1>WORDS</h1></center></body></html>",
    b"<html>WORDS</html>",
]


@pytest.mark.parametrize("body", BODIES, ids=repr)
def test_the_words_are_kept(body: bytes) -> None:
    """Objects, strings, lists, JSON in text, plain text and web pages: the words are found."""
    said = read(body)

    assert "WORDS" in said.text
    assert "{" not in said.text or b"odd" in body or b'"model"' in body


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"error": {"message": "No.", "param": "size"}}, "size"),
        ({"detail": [{"type": "extra_forbidden", "loc": ["body", "max_completion_tokens"], "msg": "Extra"}]}, "max_completion_tokens"),
        ({"error": {"message": "Unknown parameter: 'quality'."}}, "quality"),
        ({"error": {"message": "Unrecognized request argument supplied: reasoning_effort"}}, "reasoning_effort"),
        ({"error": {"message": "Unsupported value: 'stream' does not support true with this model."}}, "stream"),
        ({"error": {"message": "'stream_options' is not supported here"}}, "stream_options"),
        ({"error": {"message": "The prompt is odd."}}, ""),
    ],
)  # fmt: skip
def test_the_parameter_that_is_meant(body: Any, param: str) -> None:
    """It is found where it is named, by its place in the request, or in the words."""
    assert read(json.dumps(body).encode()).param == param


def test_all_codes_are_found() -> None:
    """Codes, types and states of every depth, numbers too."""
    body = {"error": {"code": 400, "type": "a", "status": "B", "innererror": {"code": "c"}}}

    assert read(body).codes == {"400", "a", "B", "c"}


def test_a_filter_names_what_it_saw() -> None:
    """The categories that were hit stand behind the words."""
    body = {"error": {"message": "No.", "innererror": {"content_filter_result": {"hate": {"filtered": True}, "x": 1}}}}

    assert read(body).text == "No. [hate]"


def test_a_page_is_called_one() -> None:
    """HTML is a page; JSON and plain text are none."""
    assert read(b" <!doctype HTML><title>Sign in</title>").is_page
    assert not read(b'{"error": "<html>"}').is_page
    assert not read(b"plain").is_page


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["error", "message", "detail", "code", "loc", "param", "x"]), inner, max_size=4),
)  # fmt: skip


@given(JSON | st.binary(max_size=80))
def test_no_body_breaks_the_reader(body: Any) -> None:
    """Whatever an error's body holds, it is read."""
    read(body)
    read(body if isinstance(body, bytes) else json.dumps(body).encode())


def test_a_body_nested_deeply_is_read() -> None:
    """A thousand levels of objects or lists, in JSON or in text, end in words and not in a traceback."""
    deep: Any = "WORDS"
    for _ in range(900):
        deep = {"error": deep}

    assert read(deep) is not None
    assert read(json.loads('{"x":' * 900 + "1" + "}" * 900)) is not None
    assert read(b"[" * 100_000) is not None
    assert read(b'{"error":' * 50_000) is not None
