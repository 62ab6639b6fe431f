"""The shape of an answer with pictures, and pictures in the shape that was asked for."""

from __future__ import annotations

import base64
import io
import time
from collections.abc import Mapping, Sequence
from typing import Any

from .checks_images import SIZES
from .completion import tokens
from .refusals import PROMPT_SAFE, SAFE

_IMAGE_TOKENS = {
    (1024, 1024): {"low": 272, "medium": 1056, "high": 4160},
    (1024, 1536): {"low": 408, "medium": 1584, "high": 6240},
    (1536, 1024): {"low": 400, "medium": 1568, "high": 6208},
}


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
