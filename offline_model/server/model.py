"""The model behind the deployments: it writes texts in one thread and draws pictures in a few."""

from __future__ import annotations

import asyncio
import json
import os
from collections import Counter, deque
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from .api.asks import Ask
from .api.completion import Choice, Completion, tokens
from .api.fitting import Hints, fit, keys_in, schema_in
from .api.pictures import as_asked
from .api.schema import resolve
from .api.tools import call_of, choose
from .calls import Call
from .faults import Faults
from .spoil import spoil_answer, spoil_items, spoil_text

Write = Callable[..., dict[str, Any]]
"""`write(messages, schema, *, seed) -> object` that the schema describes."""
Draw = Callable[[str, int], bytes]
"""`draw(prompt, size) -> PNG bytes`, size x size; called from several threads."""


class Model:
    """Answers in texts and pictures.

    Args:
        seed: of the texts.
        write: in place of the stand-in's own writer.
        draw: in place of the stand-in's own renderer.
    """

    def __init__(self, *, seed: int, write: Write | None, draw: Draw | None) -> None:
        self._seed, self._write, self._draw = seed, write, draw
        self._asked: Counter[bytes] = Counter()
        self._names: deque[str] = deque(maxlen=2000)
        artists = min(4, os.cpu_count() or 1)
        self._artists = ThreadPoolExecutor(artists, "offline-draw")
        # no more jobs than threads: what still waits is dropped with its call, or with the process
        self._easels = asyncio.Semaphore(artists)
        self._writers = ThreadPoolExecutor(1, "offline-write")

    def close(self) -> None:
        """End the threads, after the picture that each may be drawing."""
        for pool in (self._artists, self._writers):
            pool.shutdown(wait=True, cancel_futures=True)

    async def complete(self, ask: Ask, call: Call, kind: str, faults: Faults) -> Completion:
        """The answer to `ask`.

        Args:
            ask: a request that passed the checks.
            call: its record.
            kind: of the fault that spoils the answer, or "".
            faults: that may spoil items, and where the draws come from.
        """
        asked, draw = ask.meaning, faults.draw("answer", "text", call.number)
        choices = []
        for _ in range(ask.count):
            # the same request again gets another answer, as from a model; a new server starts over
            seed = self._seed + self._asked[asked]
            self._asked[asked] += 1
            choice = await self._choice(ask, call, kind, seed, faults)
            choice.text = spoil_text(kind, choice.text, draw)
            for tool_call in choice.calls:
                tool_call.arguments = spoil_text(kind, tool_call.arguments, draw)
            choices.append(choice)
        refused = "I'm sorry, but I can't help with that request." if kind == "refusal" else None
        return Completion(
            choices=[Choice() for _ in choices] if refused else choices,
            refusal=refused,
            finish={"length": "length", "answer-filter": "content_filter"}.get(kind, "stop"),
            prompt_tokens=tokens(asked.decode()),
            effort=ask.effort,
            limit=ask.limit,
        )

    async def _choice(self, ask: Ask, call: Call, kind: str, seed: int, faults: Faults) -> Choice:
        if ask.offer.tools and (ask.offer.must or ask.told is None):
            hints = Hints(ask.text)
            return Choice(
                calls=[
                    call_of(tool, await self._known(ask, tool.parameters, seed), hints)
                    for tool in choose(ask.offer, ask.text)
                ]
            )
        if ask.form == "text" and ask.told is not None:
            return Choice(f"The tool says: {ask.told[:2000]}")
        if ask.form == "text" and "json" not in json.dumps(ask.messages).lower():
            return Choice("This is the offline stand-in. Ask it for categories or items of the catalogue, as JSON.")
        return Choice(await self._json(ask, call, kind, seed, faults))

    async def _json(self, ask: Ask, call: Call, kind: str, seed: int, faults: Faults) -> str:
        schema = ask.schema or schema_in(ask.words) or keys_in(ask.words)
        answer = await self._known(ask, schema, seed)
        if schema is not None:
            answer = fit(answer, schema, schema, hints=Hints(ask.text))
        if not isinstance(answer, dict):
            return json.dumps(answer, ensure_ascii=False)
        answer = spoil_answer(kind, answer, faults.draw("answer", "text", call.number))
        if rules := faults.on_items(call):
            answer = json.loads(json.dumps(answer))
            if spoil_items(answer, rules, faults, call, list(self._names)):
                call.fault = "+".join(filter(None, [call.fault, *(rule.kind for rule in rules)]))
        self._names.extend(str(item.get("name")) for item in answer.get("items") or () if isinstance(item, dict))
        return json.dumps(answer, ensure_ascii=False)

    async def _known(self, ask: Ask, schema: Mapping[str, Any] | None, seed: int) -> Any:
        """What the writer has for a schema: categories, items, lists of things like items, one such thing, or None."""
        properties = (schema or {}).get("properties") or {}
        graded = "grades" in properties and '"number":' in ask.text  # other grades are anybody's
        if schema is None or graded or {"categories", "items"} & properties.keys():
            return await self._written(ask, schema, seed)
        lists = [key for key, node in properties.items() if _is_like_an_item((node or {}).get("items"), schema, 1)]
        single = _is_like_an_item(schema, schema, 2)
        if not lists and not single:
            return None
        hints = Hints(ask.text)
        counts = {key: hints.count(key) or 1 for key in lists}
        most = max([1, *counts.values()])
        asked = [*ask.messages, {"role": "user", "content": f"Return exactly {most} items."}]
        written = await self._written(replace(ask, messages=asked), {"properties": {"items": {}}}, seed)
        rows = written.get("items") or [{}]
        return {**(rows[0] if single else {}), **{key: rows[:count] for key, count in counts.items()}}

    async def _written(self, ask: Ask, schema: Mapping[str, Any] | None, seed: int) -> dict[str, Any]:
        write = self._write or _writer()
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._writers, lambda: write(ask.messages, schema, seed=seed))

    async def pictures(self, body: Mapping[str, Any], kind: str) -> list[bytes]:
        """The pictures that a request asks for; of half the size where `kind` is "wrong-size"."""
        return await asyncio.gather(*(self._picture(body, index, kind) for index in range(body.get("n") or 1)))

    async def _picture(self, body: Mapping[str, Any], index: int, kind: str) -> bytes:
        draw = self._draw or _artist()
        prompt = body["prompt"] if index == 0 else f"{body['prompt']}, take {index + 1}"

        def work() -> bytes:
            return draw(prompt, 512) if kind == "wrong-size" else as_asked(draw(prompt, 1024), body)

        async with self._easels:
            return await asyncio.get_running_loop().run_in_executor(self._artists, work)


_OF_AN_ITEM = frozenset(["name", "description", "category", "imagePrompt", "image_prompt"])


def _is_like_an_item(node: Any, root: Mapping[str, Any], least: int) -> bool:
    """Whether a schema's objects have at least so many of an item's fields."""
    if isinstance(node, dict) and "$ref" in node:
        node = resolve(str(node["$ref"]), root)
    properties = node.get("properties") if isinstance(node, dict) else None
    return isinstance(properties, dict) and len(_OF_AN_ITEM & properties.keys()) >= least


def _writer() -> Write:
    from offline_model.writing.writer import answer

    return answer


def _artist() -> Draw:
    from offline_model.figure import render

    return render
