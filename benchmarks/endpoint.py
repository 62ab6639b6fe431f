"""An endpoint that costs almost nothing, in a process of its own: canned answers, exact latency, an exact quota.

The offline stand-in writes and draws, which takes the CPU that is to be measured. This one does neither, so that what
is left is the client's. It streams text evenly over its latency, as the service does.
"""

from __future__ import annotations

import asyncio
import base64
import io
import itertools
import json
import multiprocessing
import re
import time
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from starlette.requests import Request

TAIL = "clean background, high detail, vibrant, evenly lit, 1024x1024"


@dataclass(frozen=True)
class Shape:
    """What the endpoint is like. Latencies in seconds; `quota` image calls in `window` seconds, 0 for no limit."""

    text_latency: float = 0.0
    image_latency: float = 0.0
    quota: int = 0
    window: float = 5.0
    headers: bool = True


@dataclass(frozen=True)
class Seen:
    """One call as the endpoint saw it: monotonic seconds, and the characters of its prompt."""

    kind: str
    status: int
    start: float
    end: float
    characters: int


@contextmanager
def serving(shape: Shape) -> Iterator[tuple[dict[str, str], Any]]:
    """Run the endpoint in a process; yields the settings that reach it, and a function that returns the calls."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(shape, theirs), daemon=True)
    process.start()
    port = ours.recv()
    settings = {
        "azure_openai_endpoint": f"http://127.0.0.1:{port}",
        "azure_openai_api_key": "benchmark",
        "azure_openai_api_version": "2025-04-01-preview",
        "azure_openai_gpt5_deployment": "gpt-5",
        "azure_openai_image_deployment": "gpt-image-1",
    }

    def calls() -> list[Seen]:
        ours.send("calls")
        return ours.recv()

    try:
        yield settings, calls
    finally:
        process.terminate()
        process.join()


def picture() -> bytes:
    """A PNG of about 1.4 MB, the size of gpt-image's."""
    rng = np.random.default_rng(1)
    coarse = rng.integers(0, 255, (64, 64, 3), dtype=np.uint8)
    smooth = np.asarray(Image.fromarray(coarse).resize((1024, 1024), Image.Resampling.BICUBIC), dtype=np.int16)
    noise = rng.integers(-3, 4, smooth.shape, dtype=np.int16)
    buffer = io.BytesIO()
    Image.fromarray(np.clip(smooth + noise, 0, 255).astype(np.uint8)).save(buffer, "PNG", compress_level=6)
    return buffer.getvalue()


class _Endpoint:
    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.calls: list[Seen] = []
        self.numbers = itertools.count(1)
        self.window: deque[float] = deque()
        self.image = json.dumps(
            {
                "created": 1,
                "data": [{"b64_json": base64.b64encode(picture()).decode()}],
                "usage": {"total_tokens": 1116, "input_tokens": 60, "output_tokens": 1056},
            }
        ).encode()

    async def draw(self, request: Request) -> Response:
        start = time.monotonic()
        await request.body()
        headers = {}
        if self.shape.quota:
            while self.window and self.window[0] <= start - self.shape.window:
                self.window.popleft()
            left = self.shape.quota - len(self.window)
            if left <= 0:
                wait = max(0.0, self.window[0] + self.shape.window - start)
                self.calls.append(Seen("image", 429, start, start, 0))
                error = {"error": {"code": "429", "message": "Requests have exceeded the call rate limit."}}
                return JSONResponse(error, 429, {"retry-after-ms": str(int(wait * 1000) + 1)})
            self.window.append(start)
            if self.shape.headers:
                headers = {
                    "x-ratelimit-limit-requests": str(self.shape.quota),
                    "x-ratelimit-remaining-requests": str(left - 1),
                }
        await asyncio.sleep(self.shape.image_latency)
        self.calls.append(Seen("image", 200, start, time.monotonic(), 0))
        return Response(self.image, media_type="application/json", headers=headers)

    async def write(self, request: Request) -> Response:
        start = time.monotonic()
        body = await request.json()
        text = "\n".join(message["content"] for message in body["messages"])
        count = int(re.findall(r"exactly (\d+)", text)[-1])
        answer = self._items(text, count) if _asks_for_items(body) else self._categories(count)
        return StreamingResponse(self._stream(answer, start, len(text)), media_type="text/event-stream")

    async def _stream(self, answer: str, start: float, characters: int) -> AsyncIterator[bytes]:
        piece = 80 if self.shape.text_latency else 2000
        pieces = [answer[at : at + piece] for at in range(0, len(answer), piece)]
        yield _event([])
        for number, content in enumerate(pieces, start=1):
            due = start + self.shape.text_latency * number / len(pieces)
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            yield _event([{"index": 0, "delta": {"content": content}, "finish_reason": None}])
        self.calls.append(Seen("text", 200, start, time.monotonic(), characters))
        yield _event([{"index": 0, "delta": {}, "finish_reason": "stop"}])
        yield _event([], usage={"prompt_tokens": characters // 4, "completion_tokens": len(answer) // 4})
        yield b"data: [DONE]\n\n"

    def _categories(self, count: int) -> str:
        names = [f"Theme {chr(65 + next(self.numbers) % 26)}{next(self.numbers)}" for _ in range(count)]
        return json.dumps({"categories": [{"name": name, "slug": name.lower().replace(" ", "-")} for name in names]})

    def _items(self, text: str, count: int) -> str:
        names = [category["name"] for category in json.loads(text.split("Existing categories: ")[1].splitlines()[0])]
        items = []
        for at in range(count):
            number = next(self.numbers)
            items.append(
                {
                    "name": f"Harbour Keeper Number {number}",
                    "description": f"A patient keeper who has minded lamp {number} for years. The coat is bright yellow.",
                    "category": names[at % len(names)],
                    "imagePrompt": f"Photorealistic LEGO-style minifigure, keeper {number}, yellow coat, {TAIL}",
                }
            )
        return json.dumps({"items": items})


def _asks_for_items(body: dict[str, Any]) -> bool:
    return "items" in body["response_format"]["json_schema"]["schema"]["properties"]


def _event(choices: list[Any], **more: Any) -> bytes:
    chunk = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "gpt-5", "choices": choices, **more}
    return f"data: {json.dumps(chunk)}\n\n".encode()


def _serve(shape: Shape, pipe: Any) -> None:
    import threading

    import uvicorn

    endpoint = _Endpoint(shape)
    path = "/openai/deployments/{deployment}"
    app = Starlette(
        routes=[
            Route(f"{path}/images/generations", endpoint.draw, methods=["POST"]),
            Route(f"{path}/chat/completions", endpoint.write, methods=["POST"]),
        ]
    )
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", access_log=False))
    threading.Thread(target=server.run, daemon=True).start()
    while not server.started:
        time.sleep(0.01)
    pipe.send(server.servers[0].sockets[0].getsockname()[1])
    while True:
        pipe.recv()
        pipe.send(endpoint.calls)
