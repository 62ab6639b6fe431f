"""The model behind the deployments: it writes texts in one thread and draws pictures in a few."""

from __future__ import annotations

import asyncio
import json
import os
from collections import Counter, deque
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from . import wire
from .calls import Call
from .faults import Faults
from .schema import fit
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

    async def complete(self, call: Call, kind: str, faults: Faults) -> wire.Completion:
        """The text that answers the call.

        Args:
            call: a request that passed the checks.
            kind: of the fault that spoils the answer, or "".
            faults: that may spoil items, and where the draws come from.
        """
        body = call.body
        asked = json.dumps([body["messages"], body.get("response_format")], sort_keys=True).encode()
        count, draw = (body.get("n") or 1, faults.draw("answer", "text", call.number))
        texts = []
        for _ in range(count):
            # the same request again gets another answer, as from a model; a new server starts over
            seed = self._seed + self._asked[asked]
            self._asked[asked] += 1
            texts.append(spoil_text(kind, await self._text(call, kind, seed, faults), draw))
        refused = "I'm sorry, but I can't help with that request." if kind == "refusal" else None
        finish = {"length": "length", "answer-filter": "content_filter"}.get(kind, "stop")
        return wire.Completion(
            texts=[""] * count if refused else texts,
            refusal=refused,
            finish=finish,
            prompt_tokens=wire.tokens(asked.decode()),
            effort=body.get("reasoning_effort") or "medium",
            limit=body.get("max_completion_tokens"),
        )

    async def _text(self, call: Call, kind: str, seed: int, faults: Faults) -> str:
        wanted = call.body.get("response_format") or {"type": "text"}
        messages = call.body["messages"]
        if wanted["type"] == "text" and "json" not in json.dumps(messages).lower():
            return "This is the offline stand-in. Ask it for categories or items of the catalogue, as JSON."
        schema = wanted["json_schema"]["schema"] if wanted["type"] == "json_schema" else None
        write = self._write or _writer()
        loop = asyncio.get_running_loop()
        answer: dict[str, Any] = {}
        if schema is None or {"categories", "items"} & (schema.get("properties") or {}).keys():
            answer = await loop.run_in_executor(self._writers, lambda: write(messages, schema, seed=seed))
        if schema is not None:
            answer = fit(answer, schema, schema)
        answer = spoil_answer(kind, answer, faults.draw("answer", "text", call.number))
        if rules := faults.on_items(call):
            answer = json.loads(json.dumps(answer))
            if spoil_items(answer, rules, faults, call, list(self._names)):
                call.fault = "+".join(filter(None, [call.fault, *(rule.kind for rule in rules)]))
        self._names.extend(str(item.get("name")) for item in answer.get("items") or () if isinstance(item, dict))
        return json.dumps(answer, ensure_ascii=False)

    async def pictures(self, body: Mapping[str, Any], kind: str) -> list[bytes]:
        """The pictures that a request asks for; of half the size where `kind` is "wrong-size"."""
        return await asyncio.gather(*(self._picture(body, index, kind) for index in range(body.get("n") or 1)))

    async def _picture(self, body: Mapping[str, Any], index: int, kind: str) -> bytes:
        draw = self._draw or _artist()
        prompt = body["prompt"] if index == 0 else f"{body['prompt']}, take {index + 1}"

        def work() -> bytes:
            return draw(prompt, 512) if kind == "wrong-size" else wire.as_asked(draw(prompt, 1024), body)

        async with self._easels:
            return await asyncio.get_running_loop().run_in_executor(self._artists, work)


def _writer() -> Write:
    from offline_model.writing.writer import answer

    return answer


def _artist() -> Draw:
    from offline_model.figure import render

    return render
