"""Chat completions and pictures of the offline server, as the SDK sees them."""

from __future__ import annotations

import base64
import json
from io import BytesIO
from typing import Any, Literal

import pytest
from fakes.callers import MESSAGES, ItemsWire, ask, azure, chat, draw, picture, run, streamed, text_of, v1
from PIL import Image
from pydantic import BaseModel

from offline_model import Server, start


def test_the_five_settings_are_all_that_the_sdk_needs(server: Server) -> None:
    """An Azure client made from `Server.settings` gets a structured answer and a picture."""
    settings = server.settings
    common = {
        "azure_endpoint": settings["AZURE_OPENAI_ENDPOINT"],
        "api_key": settings["AZURE_OPENAI_API_KEY"],
        "api_version": settings["AZURE_OPENAI_API_VERSION"],
    }
    text, image = settings["AZURE_OPENAI_GPT5_DEPLOYMENT"], settings["AZURE_OPENAI_IMAGE_DEPLOYMENT"]
    parsed = run(
        azure(server, text, **common),
        lambda c: c.chat.completions.parse(
            model=text,
            messages=MESSAGES,
            response_format=ItemsWire,
            reasoning_effort="low",
            verbosity="low",
            max_completion_tokens=9000,
        ),
    )
    drawn = run(azure(server, image, **common), lambda c: c.images.generate(prompt="a figure", quality="low"))

    assert len(parsed.choices[0].message.parsed.items) == 4
    assert base64.b64decode(drawn.data[0].b64_json) == draw("a figure", 1024)
    assert [(call.route, call.deployment) for call in server.calls] == [("text", "gpt-5"), ("image", "gpt-image-1")]


@pytest.mark.parametrize("path", ["/openai/v1", "/v1"])
def test_the_v1_routes_serve_an_openai_client(server: Server, path: str) -> None:
    """With a base URL and a bearer token alone: plain, streamed and pictures."""

    async def all_three(client: Any) -> tuple[Any, list[Any], Any]:
        plain = await client.chat.completions.parse(model="any", messages=MESSAGES, response_format=ItemsWire)
        return plain, await streamed(client), await client.images.generate(model="any-image", prompt="x", n=2)

    plain, chunks, drawn = run(v1(server, path), all_three)

    assert len(plain.choices[0].message.parsed.items) == 4
    assert len(json.loads(text_of(chunks))["items"]) == 4
    assert len(drawn.data) == 2
    assert all(call.key_ok and call.status == 200 for call in server.calls)


def test_a_stream_has_the_shape_of_the_service(shared: Server) -> None:
    """No choices first, role, content in small deltas, finish, a note without a delta, usage last."""
    chunks = run(azure(shared), lambda c: streamed(c, stream_options={"include_usage": True}))
    contents = [c.choices[0].delta.content for c in chunks[2:-3]]

    assert chunks[0].choices == []
    assert chunks[0].prompt_filter_results
    assert chunks[1].choices[0].delta.role == "assistant"
    assert all(0 < len(content) <= 16 for content in contents)
    assert json.loads("".join(contents))["items"]
    assert chunks[-3].choices[0].finish_reason == "stop"
    assert chunks[-2].choices[0].delta is None
    assert chunks[-1].choices == []
    assert chunks[-1].usage.completion_tokens > chunks[-1].usage.completion_tokens_details.reasoning_tokens > 0
    assert all(chunk.usage is None for chunk in chunks[:-1])


def test_a_stream_without_include_usage_has_no_usage(shared: Server) -> None:
    """Usage comes only where it is asked for."""
    chunks = run(azure(shared), streamed)

    assert not any(getattr(chunk, "usage", None) for chunk in chunks)


def test_the_stream_helper_of_the_sdk_parses_it(shared: Server) -> None:
    """The SDK's own accumulating helper ends with the parsed answer."""

    async def use(client: Any) -> Any:
        manager = client.chat.completions.stream(model="gpt-5", messages=MESSAGES, response_format=ItemsWire)
        async with manager as stream:
            return await stream.get_final_completion()

    assert len(run(azure(shared), use).choices[0].message.parsed.items) == 4


class Shape(BaseModel):
    kind: Literal["square", "round"]
    sides: int
    area: float | None
    solid: bool
    nothing: None
    parts: list[Shape]


class Drawer(BaseModel):
    shapes: list[Shape]
    label: str


class ItemWithMore(BaseModel):
    name: str
    rarity: Literal["common", "rare"]
    tags: list[str]


class ItemsWithMore(BaseModel):
    items: list[ItemWithMore]


def test_an_answer_holds_to_the_schema_that_was_sent(shared: Server) -> None:
    """Fields that the writer doesn't know are filled in, those that the schema doesn't know left out, and a schema
    about something else is answered in its own shape."""

    async def use(client: Any) -> list[Any]:
        answers = [
            await client.chat.completions.parse(model="gpt-5", messages=MESSAGES, response_format=wanted)
            for wanted in (ItemsWithMore, Drawer)
        ]
        return [answer.choices[0].message.parsed for answer in answers]

    known, other = run(azure(shared), use)

    assert len(known.items) == 4
    assert all(item.name.startswith("Figure") and item.rarity == "common" for item in known.items)
    assert other.label == "label"
    assert other.shapes[0].kind == "square"


def test_several_choices_come_when_they_are_asked_for(shared: Server) -> None:
    """`n` choices, each another text, plain and streamed."""
    plain = run(azure(shared), lambda c: ask(c, n=3))
    chunks = run(azure(shared), lambda c: streamed(c, n=2))

    assert len({choice.message.content for choice in plain.choices}) == 3
    assert {choice.index for chunk in chunks for choice in chunk.choices} == {0, 1}


def test_the_same_request_again_gets_another_answer(server: Server) -> None:
    """As from a model; the seed of the server says which."""
    bodies = [chat(server).json()["choices"][0]["message"]["content"] for _ in range(2)]

    assert bodies[0] != bodies[1]


def test_max_completion_tokens_cuts_the_answer(shared: Server) -> None:
    """The limit covers reasoning too: what is left of it bounds the text, and finish_reason says so."""
    some = chat(shared, max_completion_tokens=230, reasoning_effort="low").json()
    none = chat(shared, max_completion_tokens=100, reasoning_effort="low").json()

    assert some["choices"][0]["finish_reason"] == "length"
    assert some["usage"]["completion_tokens"] == 230
    assert none["choices"][0]["message"]["content"] == ""
    assert none["usage"]["completion_tokens"] == 100


def test_plain_talk_gets_a_plain_answer(shared: Server) -> None:
    """A question that asks for no JSON is told what this server is for."""
    answer = chat(shared, messages=[{"role": "user", "content": [{"type": "text", "text": "Hello"}]}]).json()

    assert "offline" in answer["choices"][0]["message"]["content"]


@pytest.mark.parametrize(
    ("options", "kind", "size", "tokens"),
    [
        ({}, "PNG", (1024, 1024), 4160),
        ({"quality": "low", "size": "auto"}, "PNG", (1024, 1024), 272),
        ({"quality": "medium", "size": "1024x1024"}, "PNG", (1024, 1024), 1056),
        ({"quality": "high", "output_format": "jpeg", "output_compression": 60}, "JPEG", (1024, 1024), 4160),
        ({"quality": "low", "size": "1024x1536"}, "PNG", (1024, 1536), 408),
        ({"quality": "low", "size": "1536x1024", "n": 2}, "PNG", (1536, 1024), 800),
    ],
)
def test_pictures_come_as_they_were_asked_for(
    shared: Server, options: dict[str, Any], kind: str, size: tuple[int, int], tokens: int
) -> None:
    """Format, size, number and the tokens that they cost follow the request."""
    answer = picture(shared, **options).json()
    pictures = [Image.open(BytesIO(base64.b64decode(one["b64_json"]))) for one in answer["data"]]
    for one in pictures:
        one.load()

    assert [(one.format, one.size) for one in pictures] == [(kind, size)] * options.get("n", 1)
    assert answer["usage"]["output_tokens"] == tokens
    assert answer["usage"]["total_tokens"] == tokens + answer["usage"]["input_tokens"]


def test_the_real_writer_and_renderer_stand_behind_it() -> None:
    """Without substitutes the answer fits the schema and the picture is a whole PNG of 1024 x 1024."""
    request = 'Existing categories: [{"name": "Polar Explorers", "slug": "polar-explorers"}]\nReturn exactly 3 items.'
    messages = [{"role": "system", "content": "Return JSON."}, {"role": "user", "content": request}]
    with start() as server:
        parsed = run(
            azure(server),
            lambda c: c.chat.completions.parse(model="gpt-5", messages=messages, response_format=ItemsWire),
        )
        drawn = picture(server, quality="low").json()
    shown = Image.open(BytesIO(base64.b64decode(drawn["data"][0]["b64_json"])))
    shown.load()

    assert [item.category for item in parsed.choices[0].message.parsed.items] == ["Polar Explorers"] * 3
    assert (shown.format, shown.size) == ("PNG", (1024, 1024))
