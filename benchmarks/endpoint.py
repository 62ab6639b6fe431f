"""An endpoint that costs almost nothing, in a process of its own: canned answers, exact latency, an exact quota.

The offline stand-in writes and draws, which takes the CPU that is to be measured. This one does neither, and speaks
just as much HTTP as the SDK needs, so that what is left is the client's. It streams text evenly over its latency, as
the service does.
"""

from __future__ import annotations

import asyncio
import base64
import io
import itertools
import json
import multiprocessing
import random
import re
import struct
import time
import zlib
from collections import deque
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

TAIL = "clean background, high detail, vibrant, evenly lit, 1024x1024"
REASONS = {200: "OK", 429: "Too Many Requests"}


@dataclass(frozen=True)
class Shape:
    """What the endpoint is like.

    Attributes:
        text_latency: seconds of a text call.
        image_latency: seconds of a picture.
        streamed: text comes evenly over its latency; else all at its end.
        piece: characters in one chunk of a streamed text. A token has about four, and services send a few at once.
        quota: image calls accepted in any `window` seconds, 0 for no limit; refused calls do not count.
        window: seconds.
        headers: accepted pictures carry x-ratelimit headers.
        retry_after: what a 429 says of when to come back: in milliseconds, in whole seconds, or nothing.
    """

    text_latency: float = 0.0
    image_latency: float = 0.0
    streamed: bool = True
    piece: int = 20
    quota: int = 0
    window: float = 5.0
    headers: bool = True
    retry_after: Literal["ms", "s", ""] = "ms"


@dataclass(frozen=True)
class Seen:
    """One call as the endpoint saw it: monotonic seconds, and the characters of its prompt."""

    kind: Literal["text", "image"]
    status: int
    start: float
    end: float
    characters: int


class Reached:
    """The way to an endpoint that runs: the settings that lead to it, and the calls that it saw."""

    def __init__(self, port: int, pipe: Connection) -> None:
        self.settings = {
            "azure_openai_endpoint": f"http://127.0.0.1:{port}",
            "azure_openai_api_key": "benchmark",
            "azure_openai_api_version": "2025-04-01-preview",
            "azure_openai_gpt5_deployment": "gpt-5",
            "azure_openai_image_deployment": "gpt-image-1",
        }
        self._pipe = pipe

    def calls(self, kind: str = "") -> list[Seen]:
        """The calls so far, or those of one kind, oldest first."""
        return [call for call in self._ask("calls") if kind in {"", call.kind}]

    def cpu(self) -> float:
        """Seconds of CPU that the endpoint has used."""
        return float(self._ask("cpu"))

    def _ask(self, what: str) -> Any:
        self._pipe.send(what)
        return self._pipe.recv()


@contextmanager
def serving(shape: Shape) -> Iterator[Reached]:
    """Run the endpoint in a process of its own."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(shape, picture(), theirs), daemon=True)
    process.start()
    theirs.close()
    try:
        yield Reached(ours.recv(), ours)
    finally:
        process.terminate()
        process.join()
        ours.close()


@cache
def picture() -> bytes:
    """A PNG of 1024 x 1024 pixels and about 1.4 MB, the size of gpt-image's; noise, since nobody looks at it."""
    noise, wide = random.Random(1), 1365
    rows = b"".join(b"\0" + noise.randbytes(wide) + bytes(3 * 1024 - wide) for _ in range(1024))
    header = struct.pack(">IIBBBBB", 1024, 1024, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 1)), (b"IEND", b""))
    file = io.BytesIO()
    file.write(b"\x89PNG\r\n\x1a\n")
    for kind, body in parts:
        file.write(struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)))
    return file.getvalue()


# -- in the process ----------------------------------------------------------------------------------------------------


def _serve(shape: Shape, image: bytes, pipe: Connection) -> None:
    asyncio.run(_Endpoint(shape, image).run(pipe))


class _Endpoint:
    def __init__(self, shape: Shape, image: bytes) -> None:
        self.shape = shape
        self.calls: list[Seen] = []
        self.numbers = itertools.count(1)
        self.window: deque[float] = deque()
        usage = {"total_tokens": 1116, "input_tokens": 60, "output_tokens": 1056}
        answer = {"created": 1, "data": [{"b64_json": base64.b64encode(image).decode()}], "usage": usage}
        self.image = json.dumps(answer).encode()

    async def run(self, pipe: Connection) -> None:
        server = await asyncio.start_server(self.converse, "127.0.0.1", 0, limit=2**20, backlog=1024)
        pipe.send(server.sockets[0].getsockname()[1])
        while True:
            try:
                what = await asyncio.to_thread(pipe.recv)
            except EOFError:
                return
            pipe.send(time.process_time() if what == "cpu" else self.calls)

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection: request after request, until the client ends it."""
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                found = re.search(rb"content-length: *(\d+)", head, re.IGNORECASE)
                body = json.loads(await reader.readexactly(int(found[1]) if found else 0) or b"{}")
                answer = self.draw() if b"/images/" in head.split(b"\r\n", 1)[0] else self.write(body)
                async for part in answer:
                    writer.write(part)
                    await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def draw(self) -> AsyncIterator[bytes]:
        start = time.monotonic()
        headers: dict[str, str] = {}
        if self.shape.quota:
            while self.window and self.window[0] <= start - self.shape.window:
                self.window.popleft()
            left = self.shape.quota - len(self.window)
            if left <= 0:
                self.calls.append(Seen("image", 429, start, start, 0))
                yield self._refusal(max(0.0, self.window[0] + self.shape.window - start))
                return
            self.window.append(start)
            if self.shape.headers:
                headers["x-ratelimit-limit-requests"] = str(self.shape.quota)
                headers["x-ratelimit-remaining-requests"] = str(left - 1)
        await asyncio.sleep(self.shape.image_latency)
        self.calls.append(Seen("image", 200, start, time.monotonic(), 0))
        yield _response(200, self.image, headers)

    def _refusal(self, wait: float) -> bytes:
        headers = {
            "ms": {"retry-after-ms": str(int(wait * 1000) + 1)},
            "s": {"retry-after": str(int(wait) + 1)},
            "": {},
        }[self.shape.retry_after]
        error = {"error": {"code": "429", "message": "Requests have exceeded the call rate limit. Please retry."}}
        return _response(429, json.dumps(error).encode(), headers)

    async def write(self, body: dict[str, Any]) -> AsyncIterator[bytes]:
        start = time.monotonic()
        text = "\n".join(message["content"] for message in body["messages"])
        count = int(re.findall(r"exactly (\d+)", text)[-1])
        answer = self._items(text, count) if _asks_for_items(body) else self._categories(count)
        usage = {"prompt_tokens": len(text) // 4, "completion_tokens": len(answer) // 4, "total_tokens": 0}
        if body.get("stream"):
            async for part in self._stream(answer, start, usage):
                yield part
        else:
            await asyncio.sleep(self.shape.text_latency)
            message = {"role": "assistant", "content": answer}
            choices = [{"index": 0, "message": message, "finish_reason": "stop"}]
            yield _response(200, _chunk(choices, object="chat.completion", usage=usage))
        self.calls.append(Seen("text", 200, start, time.monotonic(), len(text)))

    async def _stream(self, answer: str, start: float, usage: dict[str, int]) -> AsyncIterator[bytes]:
        pieces = [answer[at : at + self.shape.piece] for at in range(0, len(answer), self.shape.piece)]
        events = [_event([{"index": 0, "delta": {"content": piece}, "finish_reason": None}]) for piece in pieces]
        yield b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n" + _event([])
        if self.shape.streamed and self.shape.text_latency:
            for number, event in enumerate(events, start=1):
                due = start + self.shape.text_latency * number / len(events)
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                yield event
        else:
            await asyncio.sleep(self.shape.text_latency)
            yield b"".join(events)
        stop = _event([{"index": 0, "delta": {}, "finish_reason": "stop"}])
        yield stop + _event([], usage=usage) + _framed(b"data: [DONE]\n\n") + b"0\r\n\r\n"

    def _categories(self, count: int) -> str:
        names = [f"Harbour Theme {number}" for number in itertools.islice(self.numbers, count)]
        return json.dumps({"categories": [{"name": name, "slug": name.lower().replace(" ", "-")} for name in names]})

    def _items(self, text: str, count: int) -> str:
        names = [category["name"] for category in json.loads(text.split("Existing categories: ")[1].splitlines()[0])]
        return json.dumps({"items": [self._item(names[at % len(names)]) for at in range(count)]})

    def _item(self, category: str) -> dict[str, str]:
        number = next(self.numbers)
        return {
            "name": f"Harbour Keeper Number {number}",
            "description": f"A patient keeper who has minded lamp {number} for years. The coat is bright yellow.",
            "category": category,
            "imagePrompt": f"Photorealistic LEGO-style minifigure, keeper {number}, yellow coat, {TAIL}",
        }


def _asks_for_items(body: dict[str, Any]) -> bool:
    return "items" in body["response_format"]["json_schema"]["schema"]["properties"]


def _chunk(choices: Sequence[Any], **more: Any) -> bytes:
    chunk = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "gpt-5", "choices": choices, **more}
    return json.dumps(chunk).encode()


def _event(choices: Sequence[Any], **more: Any) -> bytes:
    return _framed(b"data: " + _chunk(choices, **more) + b"\n\n")


def _framed(data: bytes) -> bytes:
    """One part of an HTTP body whose length nobody knew before."""
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


def _response(status: int, body: bytes, headers: dict[str, str] | None = None) -> bytes:
    lines = [f"HTTP/1.1 {status} {REASONS[status]}", "content-type: application/json", f"content-length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join([*lines, "", ""]).encode() + body
