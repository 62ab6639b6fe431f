"""What the library is compared with: the plain way that such a generator is usually written, and the SDK alone.

The plain way asks for one text after the other, then for the pictures under a semaphore, and leaves retries to the
SDK. The bare loops do the least that anybody must: send the same requests, read the answers, put them on the disk.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import uuid
from pathlib import Path
from typing import Any

import openai

from datagen_lib.models import CategoriesWire, Category, ItemsWire, response_format
from datagen_lib.prompts import CATEGORIES, ITEMS, categories_request, items_request

BATCH = 20
Settings = dict[str, Any]


def _client(settings: Settings, deployment: str, *, max_retries: int) -> openai.AsyncAzureOpenAI:
    return openai.AsyncAzureOpenAI(
        azure_endpoint=settings["azure_openai_endpoint"],
        azure_deployment=settings[deployment],
        api_key=settings["azure_openai_api_key"],
        api_version=settings["azure_openai_api_version"],
        max_retries=max_retries,
        timeout=600,
    )


# -- the plain way -----------------------------------------------------------------------------------------------------


async def plain(settings: Settings, folder: Path) -> int:
    """The whole job, one stage after the other; returns how many pictures the SDK gave up on."""
    (folder / "images").mkdir()
    retries = settings.get("max_retries", 5)
    async with _client(settings, "azure_openai_gpt5_deployment", max_retries=retries) as client:
        names = await _ask(client, CATEGORIES.system(), categories_request(CATEGORIES, 20), CategoriesWire)
        categories = [Category(**entry) for entry in names["categories"]]
        items: list[dict[str, str]] = []
        while len(items) < settings["target_count"]:
            count = min(BATCH, settings["target_count"] - len(items))
            used = [item["name"] for item in items]
            user = items_request(ITEMS, count, categories=categories, used=used)
            items += (await _ask(client, ITEMS.system(), user, ItemsWire))["items"]
            _write(folder / "catalog.json", json.dumps(items, indent=2).encode())
    if settings.get("dry_run"):
        return 0
    places = asyncio.Semaphore(settings["parallel_image_requests"])
    async with _client(settings, "azure_openai_image_deployment", max_retries=retries) as client:

        async def draw(item: dict[str, str]) -> bool:
            async with places:
                try:
                    await _draw(client, item["imagePrompt"], folder / "images")
                except openai.RateLimitError:
                    return False
                return True

        drawn = await asyncio.gather(*map(draw, items))
    return drawn.count(False)


async def _ask(client: openai.AsyncAzureOpenAI, system: str, user: str, wire: Any) -> Any:
    messages = [{"role": "system", "content": system}, {"role": "user", "content": user}]
    answer = await client.chat.completions.create(
        model="gpt-5", messages=messages, response_format=response_format(wire)
    )
    return json.loads(answer.choices[0].message.content or "")


async def _draw(client: openai.AsyncAzureOpenAI, prompt: str, folder: Path) -> None:
    answer = await client.images.generate(prompt=prompt, size="1024x1024", quality="medium", output_format="png")
    assert answer.data is not None
    _write(folder / f"{uuid.uuid4()}.png", base64.b64decode(answer.data[0].b64_json or ""))


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all, as the library writes: beside it, flushed, renamed."""
    temporary = path.with_name(f".{path.name}")
    with temporary.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


# -- the SDK alone -----------------------------------------------------------------------------------------------------


async def bare_pictures(settings: Settings, folder: Path, *, count: int) -> None:
    """So many pictures, PARALLEL_IMAGE_REQUESTS at a time."""
    numbers = iter(range(count))
    async with _client(settings, "azure_openai_image_deployment", max_retries=0) as client:

        async def work() -> None:
            for number in numbers:
                await _draw(client, f"Photorealistic LEGO-style minifigure, keeper {number}, yellow coat", folder)

        async with asyncio.TaskGroup() as group:
            for _ in range(settings["parallel_image_requests"]):
                group.create_task(work())


async def bare_items(settings: Settings, folder: Path, *, count: int) -> None:
    """So many items from streamed answers, PARALLEL_TEXT_REQUESTS at a time."""
    categories = [Category(name=f"Harbour Theme {number}", slug=f"harbour-theme-{number}") for number in range(20)]
    user = items_request(ITEMS, BATCH, categories=categories)
    batches = iter(range(0, count, BATCH))
    async with _client(settings, "azure_openai_gpt5_deployment", max_retries=0) as client:
        with (folder / "items.jsonl").open("wb") as file:

            async def work() -> None:
                for _ in batches:
                    items = json.loads(await _stream(client, user))["items"]
                    file.write(b"".join(json.dumps(item).encode() + b"\n" for item in items))
                    file.flush()
                    os.fsync(file.fileno())

            async with asyncio.TaskGroup() as group:
                for _ in range(settings.get("parallel_text_requests", 4)):
                    group.create_task(work())


async def _stream(client: openai.AsyncAzureOpenAI, user: str) -> str:
    stream = await client.chat.completions.create(
        model="gpt-5",
        messages=[{"role": "system", "content": ITEMS.system()}, {"role": "user", "content": user}],
        response_format=response_format(ItemsWire),
        stream=True,
        stream_options={"include_usage": True},
    )
    pieces = [chunk.choices[0].delta.content or "" async for chunk in stream if chunk.choices]
    return "".join(pieces)
