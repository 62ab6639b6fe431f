"""PNG files: whole or not, made from which prompt, and how a picture gets there.

Each PNG says which item it belongs to and, as a hash, which prompt made it, so that a picture whose prompt was edited
is known as stale.
"""

from __future__ import annotations

import hashlib
import io
import struct
import zlib
from importlib import import_module
from pathlib import Path
from typing import Literal

from datagen_lib.errors import TransientError

try:
    from isal import isal_zlib as codec
except ImportError:  # where it has no build: the same, slower
    import zlib as codec  # type: ignore[no-redef]

_HEADER = 8 + 25  # bytes: the signature, and the IHDR chunk, which is always the first
_END = b"\0\0\0\0IEND\xaeB`\x82"
_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # a pixel's, by the PNG's colour type

ImageState = Literal["current", "stale", "missing"]


def warm_up() -> None:
    """Load the picture library, while the first call is under way."""
    import_module("PIL.PngImagePlugin")


def prompt_hash(prompt: str) -> str:
    """What a PNG remembers of the prompt that made it."""
    return hashlib.sha256(prompt.encode()).hexdigest()[:32]


def image_state(path: Path, prompt: str) -> ImageState:
    """Whether `path` is a whole PNG, and one that was made from `prompt`; one without a mark counts as current."""
    from PIL import Image

    try:
        with Image.open(path, formats=["PNG"]) as image:
            made_from = image.info.get("promptHash", "")
            image.verify()  # every chunk's checksum
        with path.open("rb") as file:
            file.seek(-len(_END), io.SEEK_END)
            if file.read() != _END:
                return "missing"
    except (OSError, SyntaxError, ValueError):
        return "missing"
    return "current" if made_from in {"", prompt_hash(prompt)} else "stale"


def read_marks(path: Path) -> dict[str, str]:
    """The marks of a PNG: productId, promptHash, provider, generation; fewer in one made elsewhere or before.

    Raises:
        OSError: the file can't be read.
        ValueError: it holds no PNG.
    """
    from PIL import Image

    try:
        with Image.open(path, formats=["PNG"]) as image:
            return {key: value for key, value in image.info.items() if isinstance(key, str) and isinstance(value, str)}
    except SyntaxError as error:
        raise ValueError(str(error)) from error


def checked_png(data: bytes, *, size: int) -> bytes:
    """The bytes of a whole PNG of `size` x `size` pixels, scaled down or converted where the picture needs it.

    A PNG that is right as it is stays as it is, byte for byte: every chunk's checksum is right, up to the last one, and
    its data unpacks to exactly as many bytes as its pixels need. Decoding would say no more and cost three times that.

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
                if not _unpacks(data):
                    raise TransientError("the picture's pixels are not all there")
                if width == size:
                    return data
        with Image.open(io.BytesIO(data)) as image:
            scaled = image if width == size else image.resize((size, size), Image.Resampling.LANCZOS)
            buffer = io.BytesIO()
            scaled.save(buffer, "PNG", compress_level=6)
            return buffer.getvalue()
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise TransientError(f"the picture's bytes are broken ({error})") from error


def _unpacks(png: bytes) -> bool:
    """Whether the PNG ends as one does and its data unpacks to the size of its pixels. Source: PNG specification."""
    if not png.endswith(_END):
        return False
    width, height, depth, colour, interlaced = struct.unpack(">IIBBxxB", png[16:29])
    unpacker, unpacked, position, view = codec.decompressobj(), 0, _HEADER, memoryview(png)
    while position < len(png):
        (length,) = struct.unpack(">I", view[position : position + 4])
        if png[position + 4 : position + 8] == b"IDAT":
            try:
                unpacked += len(unpacker.decompress(view[position + 8 : position + 8 + length]))
            except codec.error:  # type: ignore[misc]
                return False
        position += 12 + length
    row = 1 + (width * depth * _SAMPLES.get(colour, 0) + 7) // 8
    return unpacker.eof and (bool(interlaced) or unpacked == height * row)


def marked_png(png: bytes, marks: dict[str, str]) -> list[bytes | memoryview]:
    """`png` with text chunks after its header, in pieces, not encoded again. Source: PNG specification, 11.3."""
    chunks = b""
    for key, value in marks.items():
        body = b"tEXt" + key.encode("latin-1") + b"\0" + value.encode("latin-1")
        chunks += struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    return [png[:_HEADER], chunks, memoryview(png)[_HEADER:]]
