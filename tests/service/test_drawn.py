"""A picture's answer: found in any entry, field and spelling; what holds none says which fault it has."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any
from urllib.parse import quote

import pytest
from conftest import png
from hypothesis import given
from hypothesis import strategies as st

from datagen_lib.errors import ContentFiltered, DatagenError, TransientError, UnusablePicture
from datagen_lib.service.answers import AnsweredError
from datagen_lib.service.drawn import decoded, read_picture

PICTURE = png("a", 64) + b"\xfb\xff\xfe"  # base64 with + and / in it
B64 = base64.b64encode(PICTURE).decode()


async def fetcher(address: str) -> bytes:
    return f"from {address}".encode()


def drawn(answer: Any) -> bytes:
    body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    return asyncio.run(read_picture(body, fetcher=fetcher).bytes())


SPELLINGS = {
    "plain": B64,
    "in lines": "\n".join(B64[start : start + 76] for start in range(0, len(B64), 76)),
    "in lines of CRLF": "\r\n".join(B64[start : start + 64] for start in range(0, len(B64), 64)) + "\r\n",
    "for addresses": base64.urlsafe_b64encode(PICTURE).decode(),
    "without padding": B64.rstrip("="),
    "too much padding": B64.rstrip("=") + "====",
    "a data address": f"data:image/png;base64,{B64}",
    "a data address in capitals": f" DATA:image/png;charset=x; BASE64,{B64}",
    "a data address, escaped": f"data:image/png;base64,{quote(B64, safe='')}",
    "escaped in small letters": "".join(f"%{ord(char):02x}" if char in "+/=" else char for char in B64),
    "in quotes": json.dumps(B64),
    "as Python shows bytes": repr(B64.encode()),
    "with escaped slashes": B64.replace("/", "\\/"),
    "all at once": "data:image/png;base64," + "\n ".join(base64.urlsafe_b64encode(PICTURE).decode().rstrip("=")),
}


@pytest.mark.parametrize("field", ["b64_json", "url", "b64", "image", "image_url"])
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_base64_is_taken_in_every_spelling(spelling: str, field: str) -> None:
    """Line breaks, the alphabet of addresses, missing padding, a data address, in whichever field: it is the picture."""
    value: Any = {"url": SPELLINGS[spelling]} if field == "image_url" else SPELLINGS[spelling]

    assert drawn({"data": [{field: value}]}) == PICTURE


def test_a_picture_without_json_around_it_is_taken() -> None:
    """Where a server answers with the picture itself, that is it."""
    assert drawn(PICTURE) == PICTURE


@given(st.binary(min_size=1))
def test_any_bytes_come_back(data: bytes) -> None:
    """What was encoded, plainly or for addresses, decodes to the same bytes, with and without padding."""
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        text = encode(data).decode()
        assert decoded(text) == decoded(text.rstrip("=")) == decoded(f"data:;base64,{text}") == data


GOOD = {"b64_json": B64}


@pytest.mark.parametrize(
    "answer",
    [
        {"data": [{}, {"b64_json": None}, {"url": ""}, GOOD]},
        {"data": [{"b64_json": "no base64!"}, GOOD]},
        {"data": [{"b64_json": "no base64!", "url": f"data:;base64,{B64}"}]},
        {"data": [{"content_filter_results": {"violence": {"filtered": True}}}, GOOD]},
        {"data": [None, "", 7, GOOD]},
        {"data": [GOOD] * 4},
        {"data": GOOD},
        {"data": [B64]},
        {"images": [GOOD]},
        GOOD,
        [{"data": [GOOD]}],
        b"\xef\xbb\xbf \n" + json.dumps({"data": [GOOD]}).encode() + b"[DONE]",
        b"event: image_generation.completed\ndata: " + json.dumps(GOOD).encode() + b"\n\n",
    ],
)
def test_the_picture_is_found_in_whichever_entry_it_stands(answer: Any) -> None:
    """Empty entries, a filter's word on another entry, other fields and a stream's event: the picture is found."""
    assert drawn(answer) == PICTURE


@pytest.mark.parametrize(
    "answer",
    [
        {"data": [{"b64_json": {"data": B64, "mime_type": "image/png"}}]},
        {"artifacts": [{"base64": B64, "finishReason": "SUCCESS"}]},
        {"predictions": [{"bytesBase64Encoded": B64, "mimeType": "image/png"}]},
        {
            "candidates": [
                {"content": {"parts": [{"text": "So"}, {"inlineData": {"mimeType": "image/png", "data": B64}}]}}
            ]
        },
        {"code": 0, "result": {"data": [GOOD]}},
        {"output": [{"type": "reasoning"}, {"type": "image_generation_call", "result": B64}]},
        {"choices": [{"message": {"images": [{"image_url": {"url": f"data:image/png;base64,{B64}"}}]}}]},
        {"choices": [{"message": {"content": f"data:image/png;base64,{B64}"}}]},
    ],
)
def test_a_picture_is_found_wherever_it_stands(answer: Any) -> None:
    """What looks like a picture is one, in the answers of services of other makes too: it is paid for."""
    assert drawn(answer) == PICTURE


def test_an_address_of_a_picture_is_found_wherever_it_stands() -> None:
    """An address that ends as a picture's does is fetched; one that does not, such as a manual's, is not."""
    told = {"help": "https://files.example/manual", "result": {"sample": "https://files.example/a.PNG?sig=1"}}

    assert drawn(told) == b"from https://files.example/a.PNG?sig=1"
    with pytest.raises(UnusablePicture):
        drawn({"help": "https://files.example/manual"})


def test_of_a_stream_the_last_picture_is_taken() -> None:
    """Partial pictures come first in a stream: the whole one comes last."""
    partial = base64.b64encode(png("b", 64)).decode()
    told = [{"type": "image_generation.partial_image", "b64_json": partial}, {"b64_json": B64}]

    assert drawn(b"".join(b"data: %s\n\n" % json.dumps(event).encode() for event in told)) == PICTURE


@pytest.mark.parametrize(
    ("field", "address"),
    [
        ("url", "https://files.example/a.png?sig=1"),
        ("url", "HTTP://files.example/a"),
        ("url", "/pictures/1.png"),
        ("url", "/generated-images/" + "0123456789abcdef" * 4),
        ("url", "pictures/1.png"),
        ("image_url", "pictures/1.png"),
        ("b64_json", "https://files.example/a.png"),
    ],
)
def test_an_address_is_fetched(field: str, address: str) -> None:
    """An address, relative ones too, goes to the fetcher as it is, even out of the field for base64."""
    assert drawn({"data": [{field: f" {address}\n"}]}) == f"from {address}".encode()


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        ({"data": []}, "none"),
        ({"created": 1}, "none"),
        ({"data": [{"revised_prompt": "a policy of safety"}]}, "none"),
        ({"data": [{"b64_json": "ab cd ef!"}]}, "encoding"),
        ({"data": [{"b64_json": "A" * 65}]}, "encoding"),
        (b"<html><title>Sign in</title></html>", "kind"),
        (b"A drawing of a cat", "kind"),
        (b'{"data": [' + b"{}," * 10**6 + b"{}]}", "kind"),
    ],
)
def test_an_answer_without_a_picture_says_which_fault_it_has(answer: Any, fault: str) -> None:
    """A whole answer that holds no picture would come the same way again; what came is there to be put aside."""
    with pytest.raises(UnusablePicture) as raised:
        drawn(answer)

    assert raised.value.fault == fault
    assert 0 < len(raised.value.paid) <= 2**23


@pytest.mark.parametrize(
    "answer",
    [
        {"data": [{"content_filter_results": {"violence": {"filtered": True, "severity": "high"}}}]},
        {"data": [], "prompt_filter_results": [{"content_filter_results": {"sexual": {"filtered": True}}}]},
        {"data": [{"finish_reason": "content_filter"}]},
        {"data": [{"status": "moderation_blocked", "url": None}]},
        {"data": [{"url": ""}], "reason": "It hit the safety system."},
        {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}},
        {"predictions": [{"raiFilteredReason": "Support codes: 29310472"}]},
    ],
)
def test_a_filter_s_verdict_beside_no_picture_is_a_refusal(answer: Any) -> None:
    """Where a filter kept the picture back, the answer is a refusal and nothing that comes by chance."""
    with pytest.raises(ContentFiltered):
        drawn(answer)


def test_an_error_object_is_the_status_that_its_code_says() -> None:
    """HTTP 200 with an error in its body, or in an entry, is that error."""
    for answer in ({"error": {"code": 402, "message": "Pay"}}, {"data": [{"error": {"code": 402, "message": "Pay"}}]}):
        with pytest.raises(AnsweredError) as raised:
            drawn(answer)
        assert raised.value.status == 402


@pytest.mark.parametrize("answer", [b"", b" \n", b'{"data": [{"b64_json": "iVBO', b"[" * 10**6])
def test_a_cut_answer_is_a_passing_failure(answer: bytes) -> None:
    """An empty or cut answer is worth another try."""
    with pytest.raises(TransientError):
        drawn(answer)


@given(st.one_of(st.binary(max_size=80), st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(
        ["data", "b64_json", "url", "error", "code", "usage", "filtered", "output", "image_url"]), inner, max_size=3),
    max_leaves=8).map(lambda value: json.dumps(value).encode())))  # fmt: skip
def test_no_answer_ends_in_a_traceback(body: bytes) -> None:
    """Whatever the body is, what comes out is a picture's place or one of our errors."""
    try:
        place = read_picture(body, fetcher=fetcher)
        assert place.b64 or place.url
        asyncio.run(place.bytes())
    except (DatagenError, AnsweredError):
        pass
