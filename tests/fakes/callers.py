"""What the tests of the offline server share: clients of every kind, a tiny writer and a tiny renderer.

The fixtures are known to every test; the functions are imported from here.
"""

from __future__ import annotations

import asyncio
import atexit
import json
import ssl
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from io import BytesIO
from typing import Any, TypeVar

import httpx2
import openai
import pytest
from PIL import Image
from pydantic import BaseModel

from offline_model import Call, Server, start
from offline_model.server.wire.exchange import Exchange

T = TypeVar("T")
# Nothing here speaks TLS, and to load the certificates takes longer than a test.
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
HTTP = httpx2.Client(trust_env=False, verify=NO_TLS)
atexit.register(HTTP.close)
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


def schema_format(schema: dict[str, Any]) -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": {"name": "items", "strict": True, "schema": schema}}


PLAIN_SCHEMA = {"type": "object", "properties": {}, "required": [], "additionalProperties": False}


def events(response: httpx2.Response) -> list[Any]:
    """The JSON of each event of a stream, without the closing [DONE]."""
    lines = [line.removeprefix("data: ") for line in response.text.split("\n\n") if line]
    assert lines.pop() == "[DONE]"
    return [json.loads(line) for line in lines]


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The moments that the server waits for, in place of waiting."""
    moments: list[float] = []

    async def until(_self: Exchange, moment: float) -> None:
        moments.append(moment)

    monkeypatch.setattr(Exchange, "until", until)
    return moments
