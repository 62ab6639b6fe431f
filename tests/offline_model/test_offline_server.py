"""The offline stand-in, from outside: over HTTP, by the SDK and by hand."""

from __future__ import annotations

import asyncio
import base64
import gc
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, TypeVar

import httpx2
import jsonschema
import openai
import pytest
from PIL import Image
from pydantic import BaseModel

from offline_model import Call, Fault, Faults, Server, __main__, start
from offline_model.server.exchange import Exchange
from offline_model.server.faults import KINDS
from offline_model.server.quota import Quota
from offline_model.server.thread import listen

T = TypeVar("T")
# Nothing here speaks TLS, and to load the certificates takes longer than a test.
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
HTTP = httpx2.Client(trust_env=False, verify=NO_TLS)
VERSION = "2025-04-01-preview"
CHAT = "/openai/deployments/gpt-5/chat/completions"
PICTURE = "/openai/deployments/gpt-image-1/images/generations"
MESSAGES: Any = [
    {"role": "system", "content": "Answer in JSON."},
    {"role": "user", "content": "Return exactly 4 items."},
]


class ItemWire(BaseModel):
    name: str
    description: str
    category: str
    imagePrompt: str  # noqa: N815 - the field's name on the wire


class ItemsWire(BaseModel):
    items: list[ItemWire]


def write(messages: Any, schema: Any, *, seed: int) -> dict[str, Any]:
    """A tiny writer: four of what the last message asks for."""
    if "categories" in str(messages):
        return {"categories": [{"name": f"Theme {n}", "slug": f"theme-{n}"} for n in range(6)]}
    return {
        "items": [
            {
                "name": f"Figure {seed} {n}",
                "description": f"A calm figure with the number {n}. It stands on a baseplate.",
                "category": "Theme 1",
                "imagePrompt": f"Photorealistic LEGO-style figure, number {n}, clean background",
            }
            for n in range(4)
        ]
    }


def draw(prompt: str, size: int) -> bytes:
    """A tiny renderer: one colour, made from the prompt."""
    out = BytesIO()
    Image.new("RGB", (size, size), (len(prompt) % 256, 90, 120)).save(out, "PNG", compress_level=1)
    return out.getvalue()


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    """Starts servers with the tiny writer and renderer, and stops them."""
    servers: list[Server] = []

    def begin(**options: Any) -> Server:
        servers.append(start(**{"write": write, "draw": draw, **options}))
        return servers[-1]

    yield begin
    for server in servers:
        server.stop()


@pytest.fixture
def server(serve: Callable[..., Server]) -> Server:
    return serve()


@pytest.fixture(scope="module")
def shared() -> Iterator[Server]:
    """One server for the tests that only ask and change nothing."""
    with start(write=write, draw=draw) as server:
        yield server


def azure(server: Server, deployment: str = "gpt-5", **options: Any) -> openai.AsyncAzureOpenAI:
    return openai.AsyncAzureOpenAI(
        **{
            "azure_endpoint": server.url,
            "azure_deployment": deployment,
            "api_key": server.key,
            "api_version": VERSION,
            "max_retries": 0,
            "http_client": openai.DefaultAsyncHttpxClient(trust_env=False, verify=NO_TLS),
            **options,
        }
    )


def v1(server: Server, path: str = "/openai/v1") -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(
        base_url=server.url + path,
        api_key=server.key,
        max_retries=0,
        http_client=openai.DefaultAsyncHttpxClient(trust_env=False, verify=NO_TLS),
    )


def run(client: openai.AsyncOpenAI, use: Callable[[Any], Awaitable[T]]) -> T:
    """What `use(client)` brings; the client is closed."""

    async def go() -> T:
        async with client:
            return await use(client)

    return asyncio.run(go())


@pytest.fixture(scope="module", autouse=True)
def _close() -> Iterator[None]:
    yield
    HTTP.close()


def post(server: Server, path: str, body: Any, **options: Any) -> httpx2.Response:
    options = {"params": {"api-version": VERSION}, "headers": {"api-key": server.key}, **options}
    return HTTP.post(server.url + path, json=body, **options)


def chat(server: Server, **options: Any) -> httpx2.Response:
    return post(server, CHAT, {"messages": MESSAGES, **options})


def picture(server: Server, **options: Any) -> httpx2.Response:
    return post(server, PICTURE, {"prompt": "a figure", **options})


def ask(client: Any, **options: Any) -> Any:
    return client.chat.completions.create(**{"model": "gpt-5", "messages": MESSAGES, **options})


async def streamed(client: Any, **options: Any) -> list[Any]:
    return [chunk async for chunk in await ask(client, stream=True, **options)]


def text_of(chunks: list[Any]) -> str:
    return "".join(delta.content or "" for delta in deltas_of(chunks))


def deltas_of(chunks: list[Any]) -> list[Any]:
    """The deltas of those chunks that have one; a note of the content filter has none."""
    return [choice.delta for chunk in chunks for choice in chunk.choices if choice.delta]


async def arrived(server: Server, count: int) -> None:
    """Wait until the server has so many requests on record."""
    while len(server.calls) < count:  # noqa: ASYNC110 - the server lives in another thread
        await asyncio.sleep(0.005)


def settled(server: Server) -> list[Call]:
    """The record, once no call is under way."""
    while any(call.ended is None for call in server.calls):
        time.sleep(0.005)
    return server.calls


def offline_threads() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.name.startswith("offline-")}


# --- starting and stopping -------------------------------------------------------------------------------------------


def test_takes_connections_as_soon_as_it_has_started_and_none_once_it_has_stopped() -> None:
    """`start` returns when connections are taken; `stop` may be called twice, refuses new ones, leaves no thread."""
    before = offline_threads()
    server = start(write=write, draw=draw)
    address = ("127.0.0.1", int(server.url.rsplit(":", 1)[1]))
    socket.create_connection(address, timeout=5).close()
    answered = chat(server).status_code, picture(server).status_code
    server.stop()
    server.stop()

    assert answered == (200, 200)
    assert not server.running
    assert offline_threads() == before
    with pytest.raises(OSError, match=r"refused|10061"):
        socket.create_connection(address, timeout=5)


def test_each_server_has_a_port_and_a_key_of_its_own(serve: Callable[..., Server]) -> None:
    """By default neither the port nor the key of one server is another's."""
    one, two = serve(), serve()

    assert one.url != two.url
    assert one.key != two.key
    assert one.key not in repr(one)


def test_starts_and_stops_inside_a_running_loop_and_from_another_thread() -> None:
    """The caller's loop and thread do not matter."""

    async def within() -> int:
        server = start(write=write, draw=draw)
        async with azure(server) as client:
            await ask(client)
        await asyncio.to_thread(server.stop)
        return len(server.calls)

    made: list[Server] = []
    thread = threading.Thread(target=lambda: made.append(start(write=write, draw=draw)))
    thread.start()
    thread.join()

    assert asyncio.run(within()) == 1
    with made[0] as server:
        assert chat(server).status_code == 200


def test_stopping_ends_what_is_under_way() -> None:
    """A hung call, a slow stream and a slow picture all end when the server stops, and no thread stays."""
    before = offline_threads()
    server = start(write=write, draw=draw, text_latency=60, image_latency=60)
    server.faults.add("hang", nth=[1], route="text")

    async def go() -> list[Any]:
        async with azure(server) as client, azure(server, "gpt-image-1") as artist:
            calls = [asyncio.create_task(ask(client))]
            await arrived(server, 1)
            calls += [asyncio.create_task(streamed(client)), asyncio.create_task(artist.images.generate(prompt="x"))]
            await arrived(server, 3)
            await asyncio.to_thread(server.stop)
            return await asyncio.gather(*calls, return_exceptions=True)

    ends = asyncio.run(go())

    assert all(isinstance(end, Exception) for end in ends)
    assert offline_threads() == before


def test_drawing_for_nobody_ends_in_silence(caplog: pytest.LogCaptureFixture) -> None:
    """Clients that leave, and a server that stops, while pictures are drawn or wait to be: nothing is logged."""
    go_on = threading.Event()

    def slow(prompt: str, size: int) -> bytes:
        go_on.wait(10)
        return draw(prompt, size)

    before = offline_threads()
    server = start(write=write, draw=slow)

    async def go() -> list[Any]:
        async with azure(server, "gpt-image-1") as leaver, azure(server, "gpt-image-1") as stayer:
            leaving = [leaver.images.generate(prompt="x", n=3, timeout=0.1) for _ in range(4)]
            gone = await asyncio.gather(*leaving, return_exceptions=True)
            staying = [asyncio.create_task(stayer.images.generate(prompt="x", n=3)) for _ in range(4)]
            await arrived(server, 8)
            stopping = asyncio.create_task(asyncio.to_thread(server.stop))
            ends = await asyncio.gather(*staying, return_exceptions=True)
            go_on.set()
            await stopping
            return [*gone, *ends]

    ends = asyncio.run(go())
    gc.collect()

    assert [type(end) for end in ends] == [openai.APITimeoutError] * 4 + [openai.APIConnectionError] * 4
    assert [call.left for call in server.calls[:4]] == [True] * 4
    assert caplog.records == []
    assert offline_threads() == before


def test_is_quiet_and_leaves_signals_alone(capfd: pytest.CaptureFixture[str], serve: Callable[..., Server]) -> None:
    """Serving, failing and stopping write nothing to the terminal and install no signal handler."""
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    server = serve(faults=Faults(Fault("cut", nth=[1]), Fault("cut-body", nth=[2]), Fault("500", nth=[3])))
    for _ in range(2):
        with pytest.raises(httpx2.TransportError):
            chat(server)
    chat(server)
    post(server, "/nowhere", {})
    server.stop()

    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before
    assert capfd.readouterr() == ("", "")


def test_a_port_in_use_is_an_oserror(server: Server) -> None:
    """`start` raises at once, in the caller, where the port is taken."""
    with pytest.raises(OSError, match=r"in use|10048"):
        start(port=int(server.url.rsplit(":", 1)[1]))

    assert server.running


def test_small_writes_are_not_held_back() -> None:
    """The listening socket names its protocol: only then does asyncio turn off Nagle's algorithm, and its 40 ms."""
    with listen(0) as listener:
        assert listener.proto == socket.IPPROTO_TCP


# --- the SDK ---------------------------------------------------------------------------------------------------------


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


# --- the API description ---------------------------------------------------------------------------------------------


def members(required: str, **properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": required.split(), "properties": properties}


STRING, WHOLE = {"type": "string"}, {"type": "integer", "minimum": 0}
NULLABLE = {"type": ["string", "null"]}
FINISH = ["stop", "length", "tool_calls", "content_filter", "function_call"]
FILTERED = {
    "type": "object",
    "properties": {
        name: members("filtered severity", filtered={"type": "boolean"}, severity={"enum": ["safe", "medium"]})
        for name in ("hate", "self_harm", "sexual", "violence")
    },
}
USAGE = members(
    "prompt_tokens completion_tokens total_tokens",
    prompt_tokens=WHOLE,
    completion_tokens=WHOLE,
    total_tokens=WHOLE,
    prompt_tokens_details=members("cached_tokens", cached_tokens=WHOLE),
    completion_tokens_details=members("reasoning_tokens", reasoning_tokens=WHOLE),
)
COMPLETION = members(
    "id created model object choices usage",
    id=STRING,
    created=WHOLE,
    model=STRING,
    object={"const": "chat.completion"},
    usage=USAGE,
    choices={
        "type": "array",
        "items": members(
            "finish_reason index message logprobs",
            finish_reason={"enum": FINISH},
            index=WHOLE,
            logprobs={"type": "null"},
            content_filter_results=FILTERED,
            message=members("role content refusal", role={"const": "assistant"}, content=NULLABLE, refusal=NULLABLE),
        ),
    },
)
CHUNK = members(
    "id created model object choices",
    id=STRING,
    created=WHOLE,
    model=STRING,
    object={"const": "chat.completion.chunk"},
    usage={"anyOf": [USAGE, {"type": "null"}]},
    choices={
        "type": "array",
        "items": members(
            "delta finish_reason index",
            delta=members("", role={"const": "assistant"}, content=NULLABLE, refusal=NULLABLE),
            finish_reason={"enum": [*FINISH, None]},
            index=WHOLE,
        ),
    },
)
IMAGES = members(
    "created data usage",
    created=WHOLE,
    data={"type": "array", "items": members("b64_json", b64_json={"type": "string", "pattern": "^[A-Za-z0-9+/]+=*$"})},
    background=STRING,
    output_format={"enum": ["png", "jpeg"]},
    quality={"enum": ["low", "medium", "high"]},
    size={"enum": ["1024x1024", "1024x1536", "1536x1024"]},
    usage=members(
        "total_tokens input_tokens output_tokens input_tokens_details",
        total_tokens=WHOLE,
        input_tokens=WHOLE,
        output_tokens=WHOLE,
        input_tokens_details=members("text_tokens image_tokens", text_tokens=WHOLE, image_tokens=WHOLE),
    ),
)
ERROR = members(
    "error", error={**members("message", code=STRING, message=STRING, param=STRING, type=STRING), "minProperties": 2}
)


def events(response: httpx2.Response) -> list[Any]:
    """The JSON of each event of a stream, without the closing [DONE]."""
    lines = [line.removeprefix("data: ") for line in response.text.split("\n\n") if line]
    assert lines.pop() == "[DONE]"
    return [json.loads(line) for line in lines]


@pytest.mark.parametrize("fault", [None, "length", "refusal", "answer-filter"])
def test_completions_hold_to_the_api_description(serve: Callable[..., Server], fault: str | None) -> None:
    """The members that clients rely on are there, with their types, plain and in every chunk that carries text."""
    server = serve(faults=Faults(Fault(fault)) if fault else None)
    plain, stream = chat(server), chat(server, stream=True, stream_options={"include_usage": True})

    jsonschema.validate(plain.json(), COMPLETION)
    assert plain.headers["content-type"] == "application/json"
    assert stream.headers["content-type"].startswith("text/event-stream")
    for chunk in events(stream):
        if chunk["object"]:
            jsonschema.validate(chunk, CHUNK)
        else:
            assert chunk["choices"] == [] or "delta" not in chunk["choices"][0]


def test_pictures_hold_to_the_api_description(shared: Server) -> None:
    """The same for pictures."""
    jsonschema.validate(picture(shared, n=2, quality="medium").json(), IMAGES)


def test_errors_hold_to_the_api_description(serve: Callable[..., Server]) -> None:
    """Every error is an object with a message, and with strings only where the description has strings."""
    server = serve()
    answers = [post(server, CHAT, {}), post(server, PICTURE, {"prompt": "x", "style": "vivid"}), post(server, "/x", {})]
    for kind in ("401", "403", "404", "408", "410", "429", "500", "503", "content-filter", "insufficient-quota"):
        server.faults.clear()
        server.faults.add(kind)
        answers += [chat(server), picture(server)]

    for answer in answers:
        assert answer.status_code >= 400
        assert answer.headers["apim-request-id"]
        jsonschema.validate(answer.json(), ERROR)


# --- what is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("headers", [{}, {"api-key": "wrong"}, {"Authorization": "Bearer wrong"}, {"api-key": "né"}])
def test_a_wrong_key_is_refused_and_kept_out_of_the_record(server: Server, headers: dict[str, str]) -> None:
    """401 in the service's words, on both routes; the record says that the key was wrong, not what it was."""
    raw = {name: value.encode("utf-8") for name, value in headers.items()}
    answers = [post(server, path, {}, headers=raw) for path in (CHAT, PICTURE)]

    assert [answer.status_code for answer in answers] == [401, 401]
    assert all(answer.json()["error"]["code"] == "401" for answer in answers)
    for call in server.calls:
        assert (call.key_ok, call.number, call.status) == (False, 0, 401)
        assert "wrong" not in repr(call)


def test_the_right_key_is_kept_out_of_the_record_too(server: Server) -> None:
    """Whether it came as api-key or as a bearer token."""
    post(server, CHAT, {"messages": MESSAGES})
    post(server, CHAT, {"messages": MESSAGES}, headers={"authorization": f"bearer {server.key}"})

    assert [call.key_ok for call in server.calls] == [True, True]
    assert server.key not in repr(server.calls)


def test_every_request_is_on_record(server: Server) -> None:
    """Method, path, query, headers, body, status and times of what came, refused or not."""
    chat(server)
    picture(server, size="9x9")
    HTTP.get(server.url + "/openai/models", headers={"api-key": server.key})
    first, second, third = server.calls

    assert (first.method, first.path, first.query) == ("POST", CHAT, {"api-version": VERSION})
    assert first.headers["content-type"] == "application/json"
    assert first.body == {"messages": MESSAGES}
    assert [(call.route, call.number, call.status) for call in server.calls] == [
        ("text", 1, 200),
        ("image", 1, 400),
        ("", 0, 404),
    ]
    assert second.body["size"] == "9x9"
    assert all(call.ended is not None and call.ended >= call.started for call in (first, second, third))


def test_only_the_deployments_that_exist_are_found(serve: Callable[..., Server]) -> None:
    """Another name is a 404, and one of the wrong model a 400, on the deployment and the v1 routes."""
    server = serve(text_deployments=["writer"], image_deployments=["artist"])
    body = {"messages": MESSAGES}
    unknown = post(server, CHAT, body), post(server, "/openai/v1/chat/completions", {**body, "model": "x"}, params={})
    swapped = (
        post(server, "/openai/deployments/artist/chat/completions", body),
        post(server, "/openai/deployments/writer/images/generations", {"prompt": "x"}),
    )
    found = post(
        server, f"/openai/deployments/{server.settings['AZURE_OPENAI_GPT5_DEPLOYMENT']}/chat/completions", body
    )

    assert [(answer.status_code, answer.json()["error"]["code"]) for answer in unknown] == [
        (404, "DeploymentNotFound")
    ] * 2
    assert [(answer.status_code, answer.json()["error"]["code"]) for answer in swapped] == [
        (400, "OperationNotSupported")
    ] * 2
    assert found.status_code == 200


def schema_format(schema: dict[str, Any]) -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": {"name": "items", "strict": True, "schema": schema}}


PLAIN_SCHEMA = {"type": "object", "properties": {}, "required": [], "additionalProperties": False}


@pytest.mark.parametrize(
    ("path", "version", "extra", "status"),
    [
        (CHAT, None, {}, 404),
        (CHAT, "yesterday", {}, 404),
        (CHAT, "2024-13-45", {}, 404),
        (CHAT, "2024-06-01", {}, 200),
        (CHAT, "2024-06-01", {"response_format": schema_format(PLAIN_SCHEMA)}, 400),
        (CHAT, "2024-08-01-preview", {"response_format": schema_format(PLAIN_SCHEMA)}, 200),
        (CHAT, "2024-10-21", {"response_format": schema_format(PLAIN_SCHEMA)}, 200),
        (CHAT, "2024-10-21", {"reasoning_effort": "low"}, 400),
        (CHAT, "2024-12-01-preview", {"reasoning_effort": "low"}, 200),
        (PICTURE, "2024-10-21", {}, 400),
        (PICTURE, "2025-04-01-preview", {}, 200),
        ("/openai/v1/chat/completions", None, {"model": "x", "reasoning_effort": "low"}, 200),
        ("/openai/v1/chat/completions", "preview", {"model": "x"}, 200),
        ("/openai/v1/chat/completions", "2024-10-21", {"model": "x"}, 400),
        ("/openai/v1/images/generations", "v1", {"model": "x"}, 200),
    ],
)
def test_an_api_version_has_the_features_of_its_date(
    shared: Server, path: str, version: str | None, extra: dict[str, Any], status: int
) -> None:
    """json_schema, reasoning_effort and gpt-image each need a version; without a known one nothing is found."""
    body = {"prompt": "x"} if "images" in path else {"messages": MESSAGES}
    answer = post(shared, path, {**body, **extra}, params={"api-version": version} if version else {})

    assert answer.status_code == status


def test_an_old_version_is_told_which_one_has_structured_outputs(shared: Server) -> None:
    """The service's own hint names the version."""
    answer = post(
        shared,
        CHAT,
        {"messages": MESSAGES, "response_format": schema_format(PLAIN_SCHEMA)},
        params={"api-version": "2024-06-01"},
    )

    assert "2024-08-01-preview" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("body", "param", "code"),
    [
        ({"temperature": 0.2}, "temperature", "unsupported_value"),
        ({"top_p": 0.5}, "top_p", "unsupported_value"),
        ({"presence_penalty": 0.1}, "presence_penalty", "unsupported_parameter"),
        ({"frequency_penalty": 0.1}, "frequency_penalty", "unsupported_parameter"),
        ({"max_tokens": 100}, "max_tokens", "unsupported_parameter"),
        ({"logprobs": True}, "logprobs", "unsupported_parameter"),
        ({"top_logprobs": 2}, "top_logprobs", "unsupported_parameter"),
        ({"logit_bias": {"1": 1}}, "logit_bias", "unsupported_parameter"),
        ({"stop": "x"}, "stop", "unsupported_parameter"),
        ({"reasoning_effort": "extreme"}, "reasoning_effort", "unsupported_value"),
        ({"verbosity": "loud"}, "verbosity", "invalid_value"),
        ({"max_completion_tokens": 0}, "max_completion_tokens", "invalid_value"),
        ({"max_completion_tokens": "many"}, "max_completion_tokens", "invalid_type"),
        ({"n": 129}, "n", "invalid_value"),
        ({"stream_options": {"include_usage": True}}, "stream_options", None),
        ({"colour": "red"}, "colour", None),
        ({"messages": []}, "messages", "missing_required_parameter"),
        ({"messages": ["hello"]}, "messages[0]", "invalid_type"),
        ({"messages": [{"role": "robot", "content": "x"}]}, "messages[0].role", "invalid_value"),
        ({"messages": [{"role": "user"}]}, "messages[0].content", "invalid_type"),
        ({"messages": [{"role": "user", "content": ["x"]}]}, "messages[0].content", "invalid_type"),
        ({"response_format": {"type": "yaml"}}, "response_format.type", "invalid_value"),
        ({"response_format": {"type": "json_schema"}}, "response_format.json_schema", "missing_required_parameter"),
        (
            {"response_format": {"type": "json_schema", "json_schema": {"name": "no blanks", "schema": {}}}},
            "response_format.json_schema.name",
            "invalid_value",
        ),
        (
            {"messages": [{"role": "user", "content": "x"}], "response_format": {"type": "json_object"}},
            "messages",
            None,
        ),
    ],
)
def test_what_a_gpt_5_deployment_refuses_is_refused(
    shared: Server, body: dict[str, Any], param: str, code: str | None
) -> None:
    """400 that names the parameter and the kind of mistake."""
    answer = chat(shared, **body)

    assert answer.status_code == 400
    assert (answer.json()["error"].get("param"), answer.json()["error"].get("code")) == (param, code)


def test_defaults_and_nulls_are_taken(shared: Server) -> None:
    """A null is as good as no parameter, and the default temperature is the only one."""
    answer = chat(
        shared, temperature=1, top_p=None, max_tokens=None, stop=None, response_format={"type": "json_object"}
    )

    assert answer.status_code == 200


def leaf(**extra: Any) -> dict[str, Any]:
    return {**PLAIN_SCHEMA, "properties": {"name": {"type": "string", **extra}}, "required": ["name"]}


@pytest.mark.parametrize(
    ("schema", "why"),
    [
        (leaf(minLength=3), "'minLength' is not permitted"),
        (leaf(pattern="x"), "'pattern' is not permitted"),
        (leaf(format="uuid"), "'format' is not permitted"),
        (leaf(default="x"), "'default' is not permitted"),
        ({**leaf(), "required": []}, "Missing 'name'"),
        ({**leaf(), "additionalProperties": True}, "'additionalProperties' is required"),
        ({"type": "array", "items": {"type": "string"}}, 'type: "object"'),
        ({**leaf(), "properties": {"name": {"type": "array"}}}, "array schema missing items"),
        (
            {**leaf(), "properties": {"name": {"type": "array", "items": {"type": "string"}, "maxItems": 3}}},
            "'maxItems' is not permitted",
        ),
        ({**leaf(), "properties": {"name": {}}}, "must have a 'type' key"),
        ({**leaf(), "properties": {"name": {"$ref": "#/$defs/Nobody"}}}, "can't be resolved"),
        ({**leaf(), "$defs": {"Other": {"type": "object"}}}, "'additionalProperties' is required"),
        (
            {**leaf(), "properties": {"name": {"anyOf": [{"type": "number", "minimum": 1}]}}},
            "'minimum' is not permitted",
        ),
        (
            {
                **PLAIN_SCHEMA,
                "properties": {f"p{n}": {"type": "null"} for n in range(101)},
                "required": [f"p{n}" for n in range(101)],
            },
            "more than 100 properties",
        ),
    ],
)
def test_a_strict_schema_may_use_only_what_structured_outputs_know(
    shared: Server, schema: dict[str, Any], why: str
) -> None:
    """The message says where the schema breaks which rule."""
    answer = chat(shared, response_format=schema_format(schema))

    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == "response_format"
    assert why in answer.json()["error"]["message"]


def test_nesting_has_a_limit_and_recursion_is_allowed(shared: Server) -> None:
    """More than five levels are refused; a schema that refers to itself is not."""

    def nested(levels: int) -> dict[str, Any]:
        inner = {"type": "string"} if levels == 1 else nested(levels - 1)
        return {**PLAIN_SCHEMA, "properties": {"in": inner}, "required": ["in"]}

    tree = {**PLAIN_SCHEMA, "properties": {"children": {"type": "array", "items": {"$ref": "#/$defs/Tree"}}}}
    tree["required"] = ["children"]
    root = {
        **PLAIN_SCHEMA,
        "properties": {"root": {"$ref": "#/$defs/Tree"}},
        "required": ["root"],
        "$defs": {"Tree": tree},
    }

    assert chat(shared, response_format=schema_format(nested(4))).status_code == 200
    assert chat(shared, response_format=schema_format(nested(6))).status_code == 400
    assert chat(shared, response_format=schema_format(root)).status_code == 200


@pytest.mark.parametrize(
    ("body", "param", "code"),
    [
        ({"response_format": "b64_json"}, "response_format", "unknown_parameter"),
        ({"style": "vivid"}, "style", "unknown_parameter"),
        ({"size": "512x512"}, "size", "invalid_value"),
        ({"size": "1792x1024"}, "size", "invalid_value"),
        ({"quality": "hd"}, "quality", "invalid_value"),
        ({"output_format": "webp"}, "output_format", "invalid_value"),
        ({"output_compression": 50}, "output_compression", "invalid_value"),
        ({"n": 11}, "n", "invalid_value"),
        ({"n": True}, "n", "invalid_type"),
        ({"model": "my-pictures"}, "model", "invalid_value"),
        ({"prompt": None}, "prompt", "missing_required_parameter"),
        ({"prompt": "  "}, "prompt", "invalid_value"),
        ({"prompt": "x" * 32_001}, "prompt", "string_above_max_length"),
        ({"stream": True}, "stream", "unsupported_parameter"),
    ],
)
def test_what_a_gpt_image_deployment_refuses_is_refused(
    shared: Server, body: dict[str, Any], param: str, code: str
) -> None:
    """400 that names the parameter and the kind of mistake."""
    answer = picture(shared, **body)

    assert answer.status_code == 400
    assert (answer.json()["error"]["param"], answer.json()["error"]["code"]) == (param, code)


def test_the_model_in_a_picture_request_is_a_real_name_or_the_v1_deployment(shared: Server) -> None:
    """The deployment route takes a real model's name; the v1 route needs a name, and takes any."""
    v1_route = "/openai/v1/images/generations"

    assert picture(shared, model="gpt-image-1").status_code == 200
    assert post(shared, v1_route, {"prompt": "x", "model": "my-pictures"}, params={}).status_code == 200
    assert post(shared, v1_route, {"prompt": "x"}, params={}).status_code == 400


def test_a_body_that_is_no_json_object_is_refused(shared: Server) -> None:
    """400, whatever it is."""
    options: Any = {"headers": {"api-key": shared.key}, "params": {"api-version": VERSION}}
    answers = [HTTP.post(shared.url + CHAT, content=content, **options) for content in (b"", b"{", b"[1]", b"\xff")]

    assert [answer.status_code for answer in answers] == [400] * 4


def test_a_failure_of_its_own_is_a_500_on_the_record(serve: Callable[..., Server]) -> None:
    """A writer that raises is seen by the client as the service's failure, and in the record with its traceback."""

    def broken(*_: Any, **__: Any) -> dict[str, Any]:
        raise LookupError("no words")

    server = serve(write=broken)
    answer = chat(server)

    assert answer.status_code == 500
    assert "no words" in answer.json()["error"]["message"]
    assert "LookupError" in server.calls[0].error


# --- quota -----------------------------------------------------------------------------------------------------------


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_fixed_window_starts_afresh() -> None:
    """The share of a minute passes in each window; what was refused in one does not count in the next."""
    clock = Clock()
    quota = Quota(12, window=10, kind="fixed", clock=clock)
    first = [quota.take() for _ in range(5)]
    clock.now += 9
    waits = quota.take()
    clock.now += 1

    assert (quota.share, quota.window) == (2, 10)
    assert first == [None, None, 10, 10, 10]
    assert waits == 1
    assert [quota.take() for _ in range(3)] == [None, None, 10]


@pytest.mark.parametrize(("counts", "after"), [(True, 10.0), (False, 4.0)])
def test_a_sliding_window_looks_back(counts: bool, after: float) -> None:
    """A refused request uses up quota or not, as it is set, and the wait that it names is enough."""
    clock = Clock()
    quota = Quota(12, window=10, kind="sliding", count_refused=counts, clock=clock)
    taken = []
    for _ in range(3):
        taken.append(quota.take())
        clock.now += 2
    second = quota.take()
    clock.now += 100
    rested = quota.take()
    quota.take()
    wait = quota.take()
    assert wait is not None
    clock.now += wait

    assert taken[:2] == [None, None]
    assert taken[2] == (8.0 if counts else 6.0)
    assert second == (8.0 if counts else after)
    assert rested is None
    assert quota.take() is None


def test_a_small_quota_gets_a_longer_window() -> None:
    """Nine a minute over ten seconds are one every 6.7 s, not two."""
    clock = Clock()
    quota = Quota(9, window=10, clock=clock)
    passed = 0
    for _ in range(600):
        passed += quota.take() is None
        clock.now += 0.1

    assert passed == 9


@pytest.mark.parametrize("options", [{"text_rpm": 0}, {"image_rpm": -1}, {"text_rpm": 5, "window": 0}])
def test_a_quota_must_be_more_than_nothing(options: dict[str, Any]) -> None:
    """Zero is no limit that anything could pass."""
    before = offline_threads()
    with pytest.raises(ValueError, match="more than 0"):
        start(**options)

    assert offline_threads() == before


def test_over_quota_the_answer_is_the_service_s_429(serve: Callable[..., Server]) -> None:
    """Its text with the word quota in a link, its code, both Retry-After headers and the counts; the other route goes
    on."""
    server = serve(text_rpm=1, image_rpm=60, window=60)
    first, second, other = chat(server), chat(server), picture(server)
    error = second.json()["error"]

    assert (first.status_code, second.status_code, other.status_code) == (200, 429, 200)
    assert error["code"] == "RateLimitReached"
    assert "ChatCompletions_Create" in error["message"]
    assert "quotaincrease" in error["message"]
    assert 0 < int(second.headers["retry-after"]) <= 60
    assert 0 < int(second.headers["retry-after-ms"]) <= 60_000
    assert first.headers["x-ratelimit-limit-requests"] == "1"
    assert first.headers["x-ratelimit-remaining-requests"] == "0"
    assert other.headers["x-ratelimit-remaining-requests"] == "59"
    assert other.headers["x-ratelimit-remaining-tokens"] == "59000"
    assert server.calls[1].fault == "quota"


@pytest.mark.parametrize(("headers", "left"), [("unknown", "-1"), ("off", None)])
def test_the_counts_may_be_unknown_or_absent(serve: Callable[..., Server], headers: str, left: str | None) -> None:
    """As they are on some deployments."""
    answer = chat(serve(text_rpm=60, rate_headers=headers))

    assert answer.headers.get("x-ratelimit-remaining-requests") == left
    assert ("x-ratelimit-limit-requests" in answer.headers) == (headers != "off")


def test_without_a_limit_there_are_no_counts(shared: Server) -> None:
    """No limit, no x-ratelimit header; the request's id and the region are always there."""
    headers = chat(shared).headers

    assert not [name for name in headers if name.startswith("x-ratelimit")]
    assert headers["apim-request-id"]
    assert headers["x-ms-region"]


# --- faults of a call ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "error", "codes"),
    [
        ("429", openai.RateLimitError, {"429", "RateLimitReached"}),
        ("429-bare", openai.RateLimitError, {"429", "RateLimitReached"}),
        ("429-long", openai.RateLimitError, {"429", "RateLimitReached"}),
        ("insufficient-quota", openai.RateLimitError, {"insufficient_quota"}),
        ("401", openai.AuthenticationError, {"401"}),
        ("403", openai.PermissionDeniedError, {"Forbidden"}),
        ("404", openai.NotFoundError, {"DeploymentNotFound"}),
        ("408", openai.APIStatusError, {"Timeout"}),
        ("410", openai.APIStatusError, {"ModelDeprecated"}),
        ("500", openai.InternalServerError, {"InternalServerError"}),
        ("503", openai.InternalServerError, {"ServiceUnavailable"}),
        ("content-filter", openai.BadRequestError, {"content_filter"}),
        ("cut", openai.APIConnectionError, {None}),
    ],
)
def test_a_fault_of_a_call_shows_in_the_sdk_as_it_should(
    serve: Callable[..., Server], kind: str, error: type[openai.APIError], codes: set[str | None]
) -> None:
    """For text, streamed text and pictures: the SDK's exception, the status and the code."""
    server = serve(faults=Faults(Fault(kind)))
    raised = []
    for deployment, use in (
        ("gpt-5", ask),
        ("gpt-5", streamed),
        ("gpt-image-1", lambda c: c.images.generate(prompt="x")),
    ):
        with pytest.raises(error) as caught:
            run(azure(server, deployment), use)
        raised.append(caught.value)

    assert {one.code for one in raised} <= codes
    if kind[:3].isdigit():
        assert {getattr(one, "status_code", None) for one in raised} == {int(kind[:3])}
    assert [call.fault for call in server.calls] == [kind] * 3


@pytest.mark.parametrize(
    ("fault", "seconds", "milliseconds"),
    [
        (Fault("429"), "1", "1000"),
        (Fault("429", retry_after=0.25), "1", "250"),
        (Fault("429-bare"), None, None),
        (Fault("429-long"), "86400", "86400000"),
        (Fault("503", retry_after=7), "7", None),
        (Fault("503"), None, None),
    ],
)
def test_retry_after_is_as_the_fault_says(
    serve: Callable[..., Server], fault: Fault, seconds: str | None, milliseconds: str | None
) -> None:
    """In both headers, in one, or in none."""
    headers = chat(serve(faults=Faults(fault))).headers

    assert (headers.get("retry-after"), headers.get("retry-after-ms")) == (seconds, milliseconds)


def test_5xx_is_each_of_them_and_not_always_json(serve: Callable[..., Server]) -> None:
    """500, 502, 503 and 504 all come; a gateway's 502 is a web page."""
    server = serve(faults=Faults(Fault("5xx")))
    answers = [chat(server) for _ in range(24)]

    assert {answer.status_code for answer in answers} == {500, 502, 503, 504}
    for answer in answers:
        assert ("html" in answer.headers["content-type"]) == (answer.status_code == 502)


@pytest.mark.parametrize("code", ["moderation_blocked", "contentFilter", "content_policy_violation", "content-filter"])
def test_a_refused_picture_has_one_of_the_filter_s_codes(serve: Callable[..., Server], code: str) -> None:
    """400 with the code; where it tells more, in `inner_error`."""
    server = serve(faults=Faults(Fault(code, when=lambda call: "dragon" in call.body["prompt"])))
    refused, drawn = picture(server, prompt="a dragon"), picture(server, prompt="a knight")
    error = refused.json()["error"]

    assert (refused.status_code, error["code"]) == (400, code.replace("-", "_"))
    if "inner_error" in error:
        assert error["inner_error"]["content_filter_results"]["violence"]["filtered"] is True
    assert drawn.status_code == 200


def test_a_filtered_prompt_tells_what_was_caught(serve: Callable[..., Server]) -> None:
    """For text it is `innererror` with `content_filter_result`."""
    error = chat(serve(faults=Faults(Fault("content-filter")))).json()["error"]

    assert error["innererror"]["code"] == "ResponsibleAIPolicyViolation"
    assert error["innererror"]["content_filter_result"]["violence"] == {"filtered": True, "severity": "medium"}


def test_a_hung_call_lasts_until_the_client_leaves(serve: Callable[..., Server]) -> None:
    """The client's own timeout ends it; the record says that the client left."""
    server = serve(faults=Faults(Fault("hang")))
    with pytest.raises(openai.APITimeoutError):
        run(azure(server, timeout=0.1), ask)
    [hung] = settled(server)

    assert (hung.status, hung.left, hung.fault) == (None, True, "hang")


def test_an_answer_may_stall_half_way(serve: Callable[..., Server]) -> None:
    """Plain, streamed or a picture: some of it comes, and the client's own timeout has to end it."""
    server = serve(faults=Faults(Fault("stall")))
    for deployment, use in (
        ("gpt-5", ask),
        ("gpt-5", streamed),
        ("gpt-image-1", lambda c: c.images.generate(prompt="x")),
    ):
        with pytest.raises((openai.APITimeoutError, httpx2.TimeoutException)):
            run(azure(server, deployment, timeout=0.1), use)

    assert [(call.status, call.left) for call in settled(server)] == [(200, True)] * 3


def test_a_client_that_gives_up_early_costs_no_drawing(serve: Callable[..., Server]) -> None:
    """A picture is drawn when its time comes near, so one that nobody waits for is never drawn."""
    drawn: list[str] = []

    def note(prompt: str, size: int) -> bytes:
        drawn.append(prompt)
        return draw(prompt, size)

    server = serve(draw=note, image_latency=30)
    with pytest.raises(openai.APITimeoutError):
        run(azure(server, "gpt-image-1", timeout=0.1), lambda c: c.images.generate(prompt="late"))
    settled(server)
    server.image_latency = 0.0
    picture(server, prompt="now")

    assert drawn == ["now"]
    assert server.calls[0].left


# --- faults of an answer ---------------------------------------------------------------------------------------------


def test_a_connection_may_end_in_the_middle(serve: Callable[..., Server]) -> None:
    """Of a plain answer, of a picture, and of a stream whose first half arrives."""
    server = serve(faults=Faults(Fault("cut-body")))
    got: list[str] = []

    async def read(client: Any) -> None:
        async for chunk in await ask(client, stream=True):
            got.append(text_of([chunk]))  # noqa: PERF401 - what came before the error is the point

    for deployment, use in (("gpt-5", ask), ("gpt-image-1", lambda c: c.images.generate(prompt="x"))):
        with pytest.raises(openai.APIConnectionError):
            run(azure(server, deployment), use)
    with pytest.raises((httpx2.TransportError, openai.APIConnectionError)):
        run(azure(server), read)

    assert 100 < len("".join(got)) < len(json.dumps(write("", None, seed=0)))


def test_a_stream_may_break_off_with_an_error_event(serve: Callable[..., Server]) -> None:
    """The SDK raises an APIError without a status; a call that is not streamed gets a 500."""
    server = serve(faults=Faults(Fault("stream-error")))
    with pytest.raises(openai.APIError) as caught:
        run(azure(server), streamed)

    assert not isinstance(caught.value, openai.APIStatusError)
    assert chat(server).status_code == 500


def content(server: Server, **options: Any) -> tuple[str, str]:
    choice = chat(server, **options).json()["choices"][0]
    return choice["message"]["content"], choice["finish_reason"]


@pytest.mark.parametrize(
    ("kind", "finish"),
    [
        ("malformed", "stop"),
        ("truncated", "stop"),
        ("length", "length"),
        ("answer-filter", "content_filter"),
        ("prose", "stop"),
        ("fence", "stop"),
    ],
)
def test_spoilt_text_is_no_json(serve: Callable[..., Server], kind: str, finish: str) -> None:
    """Whatever the draw: it can't be parsed, something of the answer is in it, and the reason is the fault's."""
    server = serve(faults=Faults(Fault(kind)))
    for _ in range(12):
        text, reason = content(server)

        assert reason == finish
        assert '{"items": [{"name": "Figure' in text
        with pytest.raises(ValueError, match=r".+"):
            json.loads(text)


def test_spoilt_text_is_the_same_when_it_is_streamed(serve: Callable[..., Server]) -> None:
    """A truncated stream ends with the reason that a plain answer has."""
    server = serve(faults=Faults(Fault("length")))
    chunks = run(azure(server), streamed)

    assert [c.choices[0].finish_reason for c in chunks if c.choices and c.choices[0].finish_reason] == ["length"]
    with pytest.raises(ValueError, match=r".+"):
        json.loads(text_of(chunks))


def test_the_sdk_sees_length_and_filter_as_its_own_errors(serve: Callable[..., Server]) -> None:
    """`parse` raises for both ends, and gives None for a refusal."""
    server = serve(faults=Faults(Fault("length", nth=[1]), Fault("answer-filter", nth=[2]), Fault("refusal", nth=[3])))

    async def parse(client: Any) -> Any:
        return await client.chat.completions.parse(model="gpt-5", messages=MESSAGES, response_format=ItemsWire)

    with pytest.raises(openai.LengthFinishReasonError):
        run(azure(server), parse)
    with pytest.raises(openai.ContentFilterFinishReasonError):
        run(azure(server), parse)
    message = run(azure(server), parse).choices[0].message

    assert (message.parsed, message.content) == (None, None)
    assert message.refusal


def test_a_refusal_is_streamed_as_one(serve: Callable[..., Server]) -> None:
    """In deltas of their own kind, without content."""
    chunks = run(azure(serve(faults=Faults(Fault("refusal")))), streamed)

    assert text_of(chunks) == ""
    assert "".join(delta.refusal or "" for delta in deltas_of(chunks)).startswith("I'm sorry")


THEMES: Any = [{"role": "user", "content": "Return exactly 6 categories as JSON."}]


def test_a_wrong_count_is_too_few_or_too_many(serve: Callable[..., Server]) -> None:
    """Both happen; the rows are still whole."""
    server = serve(faults=Faults(Fault("wrong-count")))
    counts = {len(json.loads(content(server, messages=THEMES)[0])["categories"]) for _ in range(20)}

    assert 6 not in counts
    assert min(counts) < 6 < max(counts)


def test_duplicate_categories_differ_in_case_at_most(serve: Callable[..., Server]) -> None:
    """As many as asked for, but not as many different ones."""
    server = serve(faults=Faults(Fault("duplicate-categories")))
    names = [row["name"] for row in json.loads(content(server, messages=THEMES)[0])["categories"]]

    assert len(names) == 6
    assert len({name.casefold() for name in names}) == 4


def breaks_a_rule(item: dict[str, str]) -> bool:
    words = json.dumps([item["description"], item["imagePrompt"]]).lower()
    return (
        not 3 <= len(item["name"]) <= 80
        or len(item["name"].split()) > 6
        or len(item["description"]) < 20
        or item["category"] != "Theme 1"
        or not item["imagePrompt"].startswith("Photorealistic LEGO-style")
        or len(item["imagePrompt"]) > 260
        or any(word in words for word in ("logo", "trademark", "@"))
    )


def test_rule_breaking_is_a_share_of_the_items(serve: Callable[..., Server]) -> None:
    """About three in ten items break a rule, the others are untouched, and several rules are broken."""
    server = serve(faults=Faults(Fault("rule-breaking", rate=0.3)))
    items = [item for _ in range(60) for item in json.loads(content(server)[0])["items"]]
    bad = [item for item in items if breaks_a_rule(item)]

    assert 0.2 < len(bad) / len(items) < 0.4
    assert len({field for item in bad for field in item if item[field] not in str(write("", None, seed=0))}) >= 3


def test_repeated_names_were_given_out_before(serve: Callable[..., Server]) -> None:
    """In the same answer or in an earlier one, sometimes in another case."""
    server = serve(faults=Faults(Fault("repeated-names", rate=0.3)))
    names = [item["name"].casefold() for _ in range(40) for item in json.loads(content(server)[0])["items"]]
    again = sum(count - 1 for count in Counter(names).values())

    assert 0.15 < again / len(names) < 0.45


def test_a_spoilt_picture_is_what_its_fault_says(serve: Callable[..., Server]) -> None:
    """Half the bytes, another format, or another size."""
    server = serve()
    got: dict[str, list[bytes]] = {}
    for kind in ("image-cut", "not-png", "wrong-size"):
        server.faults = Faults(Fault(kind))
        answers = [picture(server).json() for _ in range(8)]
        got[kind] = [base64.b64decode(answer["data"][0]["b64_json"]) for answer in answers]
    whole = draw("a figure", 1024)

    assert set(got["image-cut"]) == {whole[: len(whole) // 2]}
    assert {data[:3] for data in got["not-png"]} == {b"GIF", b"<!D"}
    assert {Image.open(BytesIO(data)).size for data in got["wrong-size"]} == {(512, 512)}


# --- which calls -----------------------------------------------------------------------------------------------------


def struck(faults: Faults, server: Server, calls: int = 40) -> list[str]:
    """The faults of so many calls for text."""
    server.faults = faults
    before = len(server.calls)
    for _ in range(calls):
        chat(server)
    return [call.fault for call in server.calls[before:]]


def test_faults_depend_on_the_seed_and_the_number_alone(serve: Callable[..., Server]) -> None:
    """The same seed strikes the same calls of another server; another seed strikes others."""
    rules = (Fault("429", rate=0.2), Fault("500", rate=0.2), Fault("malformed", rate=0.3))
    one = struck(Faults(*rules, seed=1), serve())

    assert one == struck(Faults(*rules, seed=1), serve())
    assert one != struck(Faults(*rules, seed=2), serve())
    assert {"429", "500", "malformed", ""} == set(one)


def test_rates_are_shares_and_do_not_overlap(serve: Callable[..., Server]) -> None:
    """Each kind strikes about its own share of 2000 calls, whatever stands before it."""
    server = serve()
    chat(server)
    call = server.calls[0]
    faults = Faults(Fault("429", rate=0.1), Fault("5xx", rate=0.05), Fault("cut", rate=0.04))
    kinds: Counter[str] = Counter()
    for call.number in range(2000):
        fault = faults.pick("call", call)
        kinds[fault.kind if fault else ""] += 1

    assert kinds["429"] == pytest.approx(200, rel=0.25)
    assert kinds["5xx"] == pytest.approx(100, rel=0.3)
    assert kinds["cut"] == pytest.approx(80, rel=0.35)


def test_a_fault_can_be_aimed(serve: Callable[..., Server]) -> None:
    """At numbered calls, at requests that a predicate picks, at so many calls, at one route."""
    server = serve()
    numbered = struck(Faults(Fault("500", nth=[2, 3])), server, 4)
    bounded = struck(Faults(Fault("500", times=2)), server, 4)
    picked = struck(Faults(Fault("500", when=lambda call: call.number % 2 == 0)), server, 4)
    routed = struck(Faults(Fault("500", route="image")), server, 2)

    assert numbered == ["", "500", "500", ""]
    assert bounded == ["500", "500", "", ""]
    assert picked == ["", "500", "", "500"]
    assert routed == ["", ""]
    assert picture(server).status_code == 500


def test_faults_change_while_it_runs(server: Server) -> None:
    """`add` and `clear` take effect with the next call."""
    before = chat(server).status_code
    server.faults.add("503", route="text")
    during = chat(server).status_code
    server.faults.clear()

    assert (before, during, chat(server).status_code) == (200, 503, 200)


def test_a_line_of_text_says_the_same(serve: Callable[..., Server]) -> None:
    """Route, kind, rate and numbers, as the command takes them."""
    faults = Faults.parse("text:500@1+3, image:cut=0.5,429=0.25,")

    assert struck(faults, serve(), 3)[0::2] == ["500", "500"]


@pytest.mark.parametrize("text", ["42=0.1", "429=lots", "429=1.5", "429@one", "text:not-png", "radio:429"])
def test_a_line_that_makes_no_sense_is_named(text: str) -> None:
    """The message quotes the part that can't be read."""
    with pytest.raises(ValueError, match=r"can't read the fault") as caught:
        Faults.parse(f"500=0.1,{text}")

    assert repr(text) in str(caught.value)


# --- pace ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The moments that the server waits for, in place of waiting."""
    moments: list[float] = []

    async def until(_self: Exchange, moment: float) -> None:
        moments.append(moment)

    monkeypatch.setattr(Exchange, "until", until)
    return moments


def test_a_stream_is_paced_evenly_over_its_latency(serve: Callable[..., Server], waits: list[float]) -> None:
    """The text's deltas are due at even steps, the last of them when the latency is over."""
    server = serve(text_latency=30)
    chat(server, stream=True)
    steps = [after - before for before, after in pairwise(waits)]
    began = server.calls[0].started

    assert len(waits) > 20
    assert max(steps) - min(steps) == pytest.approx(0, abs=1e-6)
    assert waits[-1] - began == pytest.approx(30, abs=5)


def test_a_latency_may_be_a_spread(serve: Callable[..., Server], waits: list[float]) -> None:
    """Each call draws its own between the two ends, the same again from the same seed."""
    drawn = []
    for _ in range(2):
        server = serve(text_latency=(1000, 2000))
        waits.clear()
        for _ in range(6):
            chat(server)
        drawn.append([round(moment - call.started, -1) for moment, call in zip(waits, server.calls, strict=True)])

    assert drawn[0] == drawn[1]
    assert all(990 <= latency <= 2010 for latency in drawn[0])
    assert len(set(drawn[0])) > 3


# --- the command -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--faults", "42=0.1"], "unknown fault '42'"),
        (["--port", "70000"], "is no port"),
        (["--text-rpm", "0"], "above 0"),
        (["--image-latency", "9-3"], "nor a spread"),
        (["--text-latency", "soon"], "nor a spread"),
    ],
)
def test_the_command_says_what_is_wrong(capsys: pytest.CaptureFixture[str], arguments: list[str], said: str) -> None:
    """Exit code 2 and one message, no traceback."""
    try:
        code: Any = __main__.main(["--port", "0", *arguments])
    except SystemExit as exc:
        code = exc.code
    err = capsys.readouterr().err

    assert code == 2
    assert said in err
    assert "Traceback" not in err


def test_the_command_says_that_its_port_is_in_use(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2, and what to do instead."""
    port = server.url.rsplit(":", 1)[1]

    assert __main__.main(["--port", port]) == 2
    assert f"port {port} is in use" in capsys.readouterr().err


def test_the_command_prints_the_settings_and_serves(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """For .env, for bash and for PowerShell; with them a client gets what the flags ask for."""
    before = offline_threads()
    seen: list[Any] = []

    def meanwhile(server: Server, _asked: threading.Event) -> None:
        seen.append(dict(server.settings))
        seen.extend(chat(server) for _ in range(2))

    monkeypatch.setattr(__main__, "_wait", meanwhile)
    arguments = ["--port", "0", "--key", "it's", "--seed", "7", "--faults", "text:503@1", "--image-latency", "10-60"]
    code = __main__.main(arguments)
    out = capsys.readouterr().out

    assert code == 0
    for name, value in seen[0].items():
        assert f"\n{name}={value}\n" in out
    assert "export AZURE_OPENAI_ENDPOINT=http://127.0.0.1:" in out
    assert "AZURE_OPENAI_API_KEY='it'\"'\"'s'" in out
    assert "$env:AZURE_OPENAI_API_KEY='it''s'" in out
    assert [answer.status_code for answer in seen[1:]] == [503, 200]
    assert offline_threads() == before


@pytest.mark.skipif(os.name == "nt", reason="a console's Ctrl-C can't be sent to one process there")
@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_the_command(sign: signal.Signals) -> None:
    """Exit code 0, nothing on stderr."""
    root = Path(__file__).parents[2]
    command = [sys.executable, "-m", "datagen_lib.offline", "--port", "0"]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        for line in process.stdout:
            if "any OpenAI-compatible client" in line:
                break
        process.send_signal(sign)
        rest, err = process.communicate(timeout=20)

    assert "http://127.0.0.1:" in first
    assert "Stopped." in rest
    assert (process.returncode, err) == (0, "")


def test_every_fault_is_explained_in_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    """The list of faults in --help is the list in force."""
    with pytest.raises(SystemExit):
        __main__.main(["--help"])
    out = capsys.readouterr().out

    assert all(kind in out and KINDS[kind].what in out for kind in KINDS)
