"""A structured answer: its text in whichever field, its errors, its end."""

from __future__ import annotations

from typing import Any

import pytest
from fakes.service import chunk

from datagen_lib.errors import ContentFiltered, MalformedAnswer
from datagen_lib.service.answers import AnsweredError, ObjectReader, count_tokens

TEXT = '{"items": [{"a": 1}, {"a": 2}]}'
BOTH = [{"a": 1}, {"a": 2}]


def read(*chunks: Any, **options: Any) -> list[Any]:
    reader = ObjectReader("items", **options)
    found = [value for one in chunks for value in reader.read(one)]
    reader.end()
    return found


def delta(**part: Any) -> dict[str, Any]:
    return chunk(delta=part)


def message(**part: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "message": {"role": "assistant", **part}, "finish_reason": "stop"}]}


def call(arguments: Any, index: int = 0) -> dict[str, Any]:
    return {"index": index, "id": "c", "type": "function", "function": {"name": "answer", "arguments": arguments}}


THOUGHT = {"type": "thinking", "thinking": [{"type": "text", "text": '{"items": [7]}'}]}


@pytest.mark.parametrize(
    "chunks",
    [
        [delta(content=TEXT[:9]), delta(content=TEXT[9:])],
        [delta(content=[THOUGHT]), delta(content=[{"type": "text", "text": TEXT}])],
        [message(content=[THOUGHT, {"type": "text", "text": TEXT[:9]}, {"type": "text", "text": TEXT[9:]}])],
        [message(content={"items": BOTH})],
        [message(content=None, parsed={"items": BOTH})],
        [{"choices": [{"text": TEXT}]}],
        [delta(content=None, tool_calls=[call(TEXT[:9])]), delta(tool_calls=[call(TEXT[9:]), call('{"x"', 1)])],
        [message(content=None, tool_calls=[call(TEXT)])],
        [message(content="", tool_calls=[call({"items": BOTH})])],
        [message(function_call={"name": "answer", "arguments": TEXT})],
        [delta(role="assistant", content=""), delta(reasoning_content="{[", content=TEXT)],
        [delta(content=TEXT), chunk(delta={}, message={"content": TEXT}, finish_reason="stop")],
        [delta(content=TEXT), {"choices": []}, {"choices": None}, {"choices": ["x"]}, {}],
        [{"choices": [{"delta": {"content": TEXT}}, {"index": 1, "delta": {"content": "another"}}]}],
        [{"choices": [{"index": 1, "delta": {"content": "another"}}, {"index": 0, "delta": {"content": TEXT}}]}],
        [
            {"choices": [{"index": 1, "delta": {"content": TEXT[:9]}}]},
            {"choices": [{"index": 1, "delta": {"content": TEXT[9:]}}]},
        ],
        [{"error": None, **delta(content=TEXT)}],
    ],
)
def test_the_text_is_found_in_whichever_field_it_stands(chunks: list[Any]) -> None:
    """Text in deltas, in parts, in a whole message, in a tool's call, repeated at the end: the objects are found once."""
    assert read(*chunks) == BOTH


@pytest.mark.parametrize(
    ("error", "status"),
    [
        ({"code": 429, "message": "Slow down"}, 429),
        ({"code": "404", "message": "No"}, 404),
        ({"status": 503, "code": "x"}, 503),
        ({"code": "rate_limit_exceeded"}, 429),
        ({"type": "insufficient_quota", "code": None}, 429),
        ({"type": "invalid_request_error", "code": "invalid_api_key"}, 401),
        ({"code": "content_filter"}, 400),
        ({"code": "something new", "message": "It broke"}, 500),
        ({"code": 7, "type": ["x"]}, 500),
        ("It broke", 500),
        (429, 429),
        ("503", 503),
    ],
)
@pytest.mark.parametrize("place", ["chunk", "choice"])
def test_an_error_object_is_the_status_that_its_code_says(error: Any, status: int, place: str) -> None:
    """An error in a chunk or in a choice is raised with its status and its words; objects before it were read."""
    reader = ObjectReader("items")
    assert reader.read(delta(content=TEXT[:20])) == BOTH[:1]

    with pytest.raises(AnsweredError) as raised:
        reader.read({"error": error} if place == "chunk" else {"choices": [{"finish_reason": "error", "error": error}]})

    assert raised.value.status == status
    assert raised.value.body.items() >= (error if isinstance(error, dict) else {"message": str(error)}).items()


def test_an_answer_is_cut_at_the_most_that_is_taken() -> None:
    """Once the most objects are there the reader is full, takes no more, and finds nothing wrong with the answer."""
    reader = ObjectReader("items", most=3)

    assert reader.read(delta(content='{"items": [1, 2, 3, 4, 5,')) == [1, 2, 3]
    assert reader.full
    assert reader.read(delta(content="6, 7,")) == []
    reader.end()


@pytest.mark.parametrize(
    ("chunks", "kind", "said"),
    [
        ([], MalformedAnswer, "it is empty"),
        ([delta(content="Sorry,\n\x1b[2Jno")], MalformedAnswer, r"it begins: Sorry,\\n\\x1b\[2Jno"),
        ([delta(content="Sure! " + TEXT)], MalformedAnswer, "it begins: Sure!"),
        ([delta(content='{"items": []}')], MalformedAnswer, "holds no items; it begins: {"),
        ([delta(content=TEXT[:-1])], MalformedAnswer, "ends too early; it begins: {"),
        ([delta(refusal="I can"), delta(refusal="'t k3y-1")], MalformedAnswer, r"refused: I can't \*\*\*$"),
        ([delta(content=TEXT), chunk(finish_reason="content_filter")], ContentFiltered, "cut the answer"),
        ([delta(content=TEXT[:9]), chunk(finish_reason="length")], MalformedAnswer, "longest allowed length"),
        ([delta(tool_calls=[call("no")])], MalformedAnswer, "it begins: no"),
    ],
)
def test_what_is_wrong_with_an_answer_is_said(chunks: list[Any], kind: type[Exception], said: str) -> None:
    """The message says what is wrong and how the answer began, without secrets and controls."""
    with pytest.raises(kind, match=said):
        read(*chunks, mask=lambda text: text.replace("k3y-1", "***"))


def test_other_servers_may_wrap_their_json() -> None:
    """A fence is taken where the caller allows it, and only there."""
    fenced = delta(content=f"```json\n{TEXT}\n```")

    assert read(fenced, lenient=True) == BOTH
    with pytest.raises(MalformedAnswer):
        read(fenced)


@pytest.mark.parametrize(
    ("usage", "tokens"),
    [
        ({"prompt_tokens": 5, "completion_tokens": 7, "prompt_tokens_details": {"cached_tokens": 2}}, (5, 7, 2)),
        ({"prompt_tokens": 10**4000, "completion_tokens": -1, "prompt_tokens_details": 3}, (0, 0, 0)),
        ({"prompt_tokens": 1e999, "completion_tokens": "7"}, (0, 0, 0)),
        ({}, None),
        ("lots", None),
    ],
)
def test_only_counts_count(usage: Any, tokens: Any) -> None:
    """Token counts of any other kind, or larger than any answer has, are none."""
    assert count_tokens({"usage": usage}) == tokens
