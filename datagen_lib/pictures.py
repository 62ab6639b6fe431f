"""PNG files: whole or not, made from which prompt, and how a picture gets there.

Each PNG says which item it belongs to and, as a hash, which prompt made it, so that a picture whose prompt was edited
is known as stale.
"""

from __future__ import annotations

import hashlib
import io
import struct
import zlib
from pathlib import Path
from typing import Literal

from .errors import TransientError

ImageState = Literal["current", "stale", "missing"]


def prompt_hash(prompt: str) -> str:
    """What a PNG remembers of the prompt that made it."""
    return hashlib.sha256(prompt.encode()).hexdigest()[:32]


def image_state(path: Path, prompt: str) -> ImageState:
    """Whether `path` is a whole PNG, and one that was made from `prompt`; one without a mark counts as current."""
    from PIL import Image

    try:
        with Image.open(path, formats=["PNG"]) as image:
            made_from = image.info.get("promptHash", "")
            image.verify()  # every chunk's checksum, to the end of the file
    except (OSError, SyntaxError, ValueError):
        return "missing"
    return "current" if made_from in {"", prompt_hash(prompt)} else "stale"


def checked_png(data: bytes, *, size: int) -> bytes:
    """The bytes of a whole PNG of `size` x `size` pixels, scaled down or converted where the picture needs it.

    A PNG that is right as it is gets the check that the format has for this: the checksum of every chunk, up to the
    last one. It costs a fiftieth of decoding, which would say nothing more about bytes that came as they were encoded.

    Raises:
        TransientError: the bytes are cut or damaged, no picture, not square, or too small.
    """
    from PIL import Image

    try:
        with Image.open(io.BytesIO(data)) as image:
            width, height = image.size
            if width != height or width < size:
                raise TransientError(f"the picture has {width}x{height} pixels, not {size}x{size}")
            if image.format == "PNG":
                image.verify()
                if width == size:
                    return data
        with Image.open(io.BytesIO(data)) as image:
            scaled = image if width == size else image.resize((size, size), Image.Resampling.LANCZOS)
            buffer = io.BytesIO()
            scaled.save(buffer, "PNG", compress_level=6)
            return buffer.getvalue()
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise TransientError(f"the picture's bytes are broken ({error})") from error


def marked_png(png: bytes, marks: dict[str, str]) -> bytes:
    """`png` with text chunks after its header, without encoding it again. Source: PNG specification, 11.3.4."""
    header = 8 + 25  # the signature, and the IHDR chunk, which is always the first and 25 bytes long
    chunks = b""
    for key, value in marks.items():
        body = b"tEXt" + key.encode("latin-1") + b"\0" + value.encode("latin-1")
        chunks += struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    return png[:header] + chunks + png[header:]
