"""The shapes of good answers: chat completions, their streams, and images, with plausible usage."""

from __future__ import annotations

import base64
import io
import json
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .checks import SIZES
from .refusals import CAUGHT, PROMPT_SAFE, SAFE

TEXT_MODEL = "gpt-5-2025-08-07"

CHUNK = 16
"""Characters in one content delta: a few tokens."""

_REASONING = {"minimal": 0, "low": 192, "medium": 704, "high": 1984}

_IMAGE_TOKENS = {
    (1024, 1024): {"low": 272, "medium": 1056, "high": 4160},
    (1024, 1536): {"low": 408, "medium": 1584, "high": 6240},
    (1536, 1024): {"low": 400, "medium": 1568, "high": 6208},
}


def tokens(text: str) -> int:
    """About four characters a token."""
    return -(-len(text) // 4)


@dataclass
class Completion:
    """One chat completion, before it is put on the wire.

    Attributes:
        texts: the content of each choice.
        finish: why they end: stop, length or content_filter.
        refusal: said instead of content.
        prompt_tokens: as counted on the request.
        effort: the request's reasoning_effort.
        limit: the request's max_completion_tokens; cuts the texts, finish becomes length.
    """

    texts: list[str]
    prompt_tokens: int
    finish: str = "stop"
    refusal: str | None = None
    effort: str = "medium"
    limit: int | None = None
    id: str = field(default_factory=lambda: f"chatcmpl-{uuid.uuid4().hex[:29]}")
    created: int = field(default_factory=lambda: int(time.time()))

    def __post_init__(self) -> None:
        self.reasoning = _REASONING.get(self.effort, _REASONING["medium"])
        if self.limit is not None and self.reasoning + sum(map(tokens, self.texts)) > self.limit:
            self.reasoning = min(self.reasoning, self.limit)
            room = (self.limit - self.reasoning) * 4
            self.texts, self.finish = [text[:room] for text in self.texts], "length"

    def usage(self) -> dict[str, Any]:
        written = tokens(self.refusal or "") + sum(map(tokens, self.texts)) + self.reasoning
        return {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": written,
            "total_tokens": self.prompt_tokens + written,
            "prompt_tokens_details": {"audio_tokens": 0, "cached_tokens": 0},
            "completion_tokens_details": {
                "accepted_prediction_tokens": 0,
                "audio_tokens": 0,
                "reasoning_tokens": self.reasoning,
                "rejected_prediction_tokens": 0,
            },
        }

    def plain(self) -> dict[str, Any]:
        """The body of an answer that is not streamed."""
        choices: list[dict[str, Any]] = [
            {
                "index": index,
                "finish_reason": self.finish,
                "logprobs": None,
                "message": {
                    "role": "assistant",
                    "content": None if self.refusal is not None else text,
                    "refusal": self.refusal,
                    "annotations": [],
                },
                "content_filter_results": CAUGHT if self.finish == "content_filter" else SAFE,
            }
            for index, text in enumerate(self.texts)
        ]
        return {
            **self._head("chat.completion"),
            "choices": choices,
            "usage": self.usage(),
            "prompt_filter_results": [{"prompt_index": 0, "content_filter_results": PROMPT_SAFE}],
        }

    def events(self, *, include_usage: bool) -> Iterator[tuple[bool, str]]:
        """The data of each server-sent event, in order, with whether it carries text (and so takes time)."""
        tail = {"usage": None} if include_usage else {}
        head = {**self._head("chat.completion.chunk"), **tail}
        nobody = {"id": "", "object": "", "created": 0, "model": ""}
        prompt = {"prompt_index": 0, "content_filter_results": PROMPT_SAFE}
        yield (False, _dump({**nobody, "choices": [], "prompt_filter_results": [prompt], **tail}))
        for index, text in enumerate(self.texts):
            said, member = (text, "content") if self.refusal is None else (self.refusal, "refusal")
            first = {"role": "assistant", "content": "" if self.refusal is None else None, "refusal": None}
            yield False, _dump({**head, "choices": [_delta(index, first)]})
            for start in range(0, len(said), CHUNK):
                yield (True, _dump({**head, "choices": [_delta(index, {member: said[start : start + CHUNK]})]}))
            yield (False, _dump({**head, "choices": [_delta(index, {}, finish=self.finish)]}))
            # the asynchronous filter's verdict comes behind the text and has no delta at all
            offsets = {"check_offset": len(said), "start_offset": 0, "end_offset": len(said)}
            results = CAUGHT if self.finish == "content_filter" else SAFE
            note = {"index": index, "finish_reason": None, "content_filter_results": results}
            yield (False, _dump({**nobody, "choices": [{**note, "content_filter_offsets": offsets}], **tail}))
        if include_usage:
            yield False, _dump({**head, "choices": [], "usage": self.usage()})
        yield False, "[DONE]"

    def _head(self, kind: str) -> dict[str, Any]:
        return {
            "id": self.id,
            "object": kind,
            "created": self.created,
            "model": TEXT_MODEL,
            "system_fingerprint": "fp_offline",
        }


def _delta(index: int, delta: Mapping[str, Any], *, finish: str | None = None) -> dict[str, Any]:
    return {
        "index": index,
        "delta": dict(delta),
        "logprobs": None,
        "finish_reason": finish,
        "content_filter_results": {},
    }


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def images(pictures: Sequence[bytes], body: Mapping[str, Any]) -> dict[str, Any]:
    """The body of an answer with pictures, for a request that passed the checks."""
    size = SIZES[body.get("size") or "auto"]
    quality = body.get("quality") or "auto"
    quality = "high" if quality == "auto" else quality
    asked, made = (tokens(str(body["prompt"])), _IMAGE_TOKENS[size][quality] * len(pictures))
    return {
        "created": int(time.time()),
        "background": "opaque",
        "output_format": body.get("output_format") or "png",
        "quality": quality,
        "size": f"{size[0]}x{size[1]}",
        "data": [
            {
                "b64_json": base64.b64encode(picture).decode("ascii"),
                "content_filter_results": SAFE,
                "prompt_filter_results": PROMPT_SAFE,
            }
            for picture in pictures
        ],
        "usage": {
            "input_tokens": asked,
            "output_tokens": made,
            "total_tokens": asked + made,
            "input_tokens_details": {"text_tokens": asked, "image_tokens": 0},
        },
    }


def as_asked(png: bytes, body: Mapping[str, Any]) -> bytes:
    """A square PNG in the shape and the file format that the request asks for."""
    width, height = SIZES[body.get("size") or "auto"]
    jpeg = body.get("output_format") == "jpeg"
    if width == height and not jpeg:
        return png

    from PIL import Image  # heavy, and needed for these two cases only

    with Image.open(io.BytesIO(png)) as opened:
        picture = opened.convert("RGB")
    if width != height:
        picture = _extended(picture, width, height)
    out = io.BytesIO()
    if jpeg:
        picture.save(out, "JPEG", quality=max(1, min(95, body.get("output_compression") or 95)))
    else:
        picture.save(out, "PNG")
    return out.getvalue()


def _extended(picture: Any, width: int, height: int) -> Any:
    """The picture in the middle of a larger one, its outermost rows or columns drawn out to the edges."""
    from PIL import Image

    across, down = picture.size
    left, top = (width - across) // 2, (height - down) // 2
    whole = Image.new("RGB", (width, height))
    whole.paste(picture.crop((0, 0, across, 1)).resize((across, top or 1)), (left, 0))
    whole.paste(picture.crop((0, down - 1, across, down)).resize((across, top or 1)), (left, height - max(top, 1)))
    if left:
        whole.paste(picture.crop((0, 0, 1, down)).resize((left, height)), (0, 0))
        whole.paste(picture.crop((across - 1, 0, across, down)).resize((left, height)), (width - left, 0))
    whole.paste(picture, (left, top))
    return whole
