"""The PNG format, read with distrust: whole, sound and decodable or not, and the marks in it.

A file's own word is never taken: no length beyond its end, no more pixels unpacked than its header names, no text
unpacked beyond a limit. Source: PNG specification, third edition; the numbers in brackets are its sections.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

try:
    from isal import isal_zlib as codec
except ImportError:  # where it has no build: the same, slower
    import zlib as codec  # type: ignore[no-redef]

SIGNATURE = b"\x89PNG\r\n\x1a\n"
HEADER_END = len(SIGNATURE) + 25  # bytes: IHDR is always the first chunk, and always as long

_PIECE = 1 << 20  # bytes unpacked at a time: the pixels are never all in memory
_FEED = 1 << 16  # bytes handed to the unpacker at a time
_MOST_CHUNKS = 65_536  # 8 KiB each would be half a gigabyte; no encoder writes so many
_MOST_TEXT = 4 << 20  # bytes that a picture's texts and profile may unpack to, in all
_FILTERS = 5  # (9)

_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # a pixel's, by colour type (11.2.1)
_DEPTHS = {0: {1, 2, 4, 8, 16}, 2: {8, 16}, 3: {1, 2, 4, 8}, 4: {8, 16}, 6: {8, 16}}
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))  # (8.1)
_CRITICAL = {b"IHDR", b"PLTE", b"IDAT", b"IEND"}
_TEXTS = {b"tEXt", b"zTXt", b"iTXt"}
_ANIMATION = {b"acTL", b"fcTL", b"fdAT"}
_LENGTHS = {  # bytes of a chunk that decoders read unasked (11.3)
    b"gAMA": 4, b"cHRM": 32, b"sRGB": 1, b"pHYs": 9, b"tIME": 7, b"cICP": 4, b"mDCV": 24, b"cLLI": 8,
}  # fmt: skip
_LENGTHS_BY_COLOUR = {
    b"tRNS": {0: 2, 2: 6},
    b"bKGD": {0: 2, 2: 6, 3: 1, 4: 2, 6: 6},
    b"sBIT": {0: 1, 2: 3, 3: 3, 4: 2, 6: 4},
}


class Damaged(ValueError):
    """The bytes are no PNG that decodes; says why."""


class Chunk(NamedTuple):
    """A chunk as it stands in the file: `whole` is its length, kind, body and checksum."""

    kind: bytes
    body: memoryview
    whole: memoryview


@dataclass(frozen=True)
class Header:
    """What IHDR says (11.2.1)."""

    width: int
    height: int
    depth: int
    colour: int
    interlaced: bool

    @property
    def has_palette(self) -> bool:
        return self.colour == 3

    def passes(self) -> Iterator[tuple[int, int]]:
        """Rows of each pass, and bytes of each row with its filter byte; one pass where nothing is interlaced."""
        for left, top, across, down in _ADAM7 if self.interlaced else ((0, 0, 1, 1),):
            columns, rows = -(-(self.width - left) // across), -(-(self.height - top) // down)
            if columns > 0 and rows > 0:
                yield rows, 1 + (columns * self.depth * _SAMPLES[self.colour] + 7) // 8


def is_png(data: bytes) -> bool:
    """Whether the bytes begin as a PNG does, as far as they go."""
    return data[: len(SIGNATURE)] == SIGNATURE[: len(data)]


def read_header(png: bytes) -> Header:
    """What the picture says of its pixels, before any of them is unpacked.

    Raises:
        Damaged: it says nothing that can be true.
    """
    head = next(_walk(png))
    if head.kind != b"IHDR" or len(head.body) != 13:
        raise Damaged("it does not begin with a header")
    width, height, depth, colour, packing, filtering, interlacing = struct.unpack(">IIBBBBB", head.body)
    if depth not in _DEPTHS.get(colour, ()) or packing or filtering or interlacing > 1 or not width or not height:
        raise Damaged("its header names a form that does not exist")
    return Header(width, height, depth, colour, bool(interlacing))


def whole_chunks(png: bytes) -> list[Chunk]:
    """The chunks of a PNG that is whole: every checksum right, up to its end, which is the file's end.

    Raises:
        Damaged: it is not.
    """
    chunks = list(_walk(png))
    if sum(len(chunk.whole) for chunk in chunks) != len(png) - len(SIGNATURE):
        raise Damaged("more bytes follow its end")
    return chunks


def sound_png(png: bytes) -> bytes:
    """The picture without what could harm a reader: byte for byte as it came where there is nothing of that kind.

    Left out are animations (a catalogue shows stills), and texts and profiles that unpack to too much. So are notes of
    a wrong shape, and whatever follows the end. The pixels are unpacked to see that they are all there, but not kept.

    Raises:
        Damaged: it does not decode.
    """
    header, chunks = read_header(png), list(_walk(png))
    _check_order(chunks, header)
    _check_pixels([chunk.body for chunk in chunks if chunk.kind == b"IDAT"], header)
    entries = palette_entries(chunks)
    room, kept = _MOST_TEXT, [memoryview(SIGNATURE)]
    for chunk in chunks:
        room -= (size := _text_size(chunk, room))
        if size >= 0 and _fits(chunk, header, entries):
            kept.append(chunk.whole)
    return png if sum(map(len, kept)) == len(png) else b"".join(kept)


def palette_entries(chunks: list[Chunk]) -> int:
    """How many colours the palette has; 0 without one."""
    return sum(len(chunk.body) // 3 for chunk in chunks if chunk.kind == b"PLTE")


def _walk(png: bytes) -> Iterator[Chunk]:
    """Its chunks in order, each with its checksum right, up to IEND."""
    if png[: len(SIGNATURE)] != SIGNATURE:
        raise Damaged("it is cut" if is_png(png) else "it is not a PNG")
    view, position = memoryview(png), len(SIGNATURE)
    for _ in range(_MOST_CHUNKS):
        end = position + 12 + int.from_bytes(view[position : position + 4])
        if position + 12 > len(png) or end > len(png):
            raise Damaged("it is cut")
        kind = bytes(view[position + 4 : position + 8])
        if codec.crc32(view[position + 4 : end - 4]) != int.from_bytes(view[end - 4 : end]) or not kind.isalpha():
            raise Damaged("a checksum in it is wrong")
        yield Chunk(kind, view[position + 8 : end - 4], view[position:end])
        if kind == b"IEND":
            return
        position = end
    raise Damaged(f"it has more than {_MOST_CHUNKS:,} parts")


def _check_order(chunks: list[Chunk], header: Header) -> None:
    """Which chunks there must be, and in which order (5.6)."""
    kinds = [chunk.kind for chunk in chunks]
    if unknown := {kind for kind in kinds if kind[:1].isupper()} - _CRITICAL:
        raise Damaged(f"it has parts of an unknown kind ({', '.join(sorted(kind.decode() for kind in unknown))})")
    if kinds.count(b"IHDR") > 1 or chunks[-1].body:
        raise Damaged("its header or its end is wrong")
    data = [index for index, kind in enumerate(kinds) if kind == b"IDAT"]
    if not data or data[-1] - data[0] != len(data) - 1:
        raise Damaged("its pixels are not in one piece")
    palettes = [index for index, kind in enumerate(kinds) if kind == b"PLTE"]
    if len(palettes) != header.has_palette and (header.colour not in {2, 6} or len(palettes) > 1):
        raise Damaged("its palette is missing, or should not be there")
    if palettes:
        size = len(chunks[palettes[0]].body)
        most = 3 << (header.depth if header.has_palette else 8)
        if palettes[0] > data[0] or not 0 < size <= most or size % 3:
            raise Damaged("its palette is wrong")


def _check_pixels(data: list[memoryview], header: Header) -> None:
    """Unpack the pixels, no more of them than the header names; see that each row's filter is one that exists."""
    stream = _Inflated(data)
    for rows, length in header.passes():
        done, total = 0, rows * length
        while done < total:
            piece = stream.read(min(_PIECE, total - done))
            if not piece:
                raise Damaged("its pixels are not all there")
            if max(piece[-done % length :: length], default=0) >= _FILTERS:
                raise Damaged("a row in it has a filter that does not exist")
            done += len(piece)
    if stream.read(1):
        raise Damaged("it has more pixels than its header names")


class _Inflated:
    """The unpacked data, read in pieces."""

    def __init__(self, packed: list[memoryview]) -> None:
        self._feed = (part[start : start + _FEED] for part in packed for start in range(0, len(part), _FEED))
        self._unpacker = codec.decompressobj()
        self._left: bytes | memoryview = b""

    def read(self, most: int) -> bytes:
        """Up to `most` bytes, at least one; none at the end."""
        while not self._unpacker.eof:
            try:
                piece = self._unpacker.decompress(self._left, most)
            except codec.error as error:  # type: ignore[misc]
                raise Damaged("its pixels do not unpack") from error
            self._left = self._unpacker.unconsumed_tail
            if piece:
                return piece
            if not self._left and not self._unpacker.eof:
                part = next(self._feed, None)
                if part is None:
                    raise Damaged("its pixels are cut")
                self._left = part
        return b""


def _text_size(chunk: Chunk, room: int) -> int:
    """Bytes that the chunk's text or profile unpacks to; -1 where that is more than `room`, or does not unpack."""
    body = bytes(chunk.body) if chunk.kind in _TEXTS | {b"iCCP"} else b""
    _, _, rest = body.partition(b"\0")
    if chunk.kind == b"iTXt" and rest[:1] == b"\1":
        rest = rest[1:2] + rest[2:].split(b"\0", 2)[-1]
    elif chunk.kind not in {b"zTXt", b"iCCP"}:
        return len(body) if len(body) <= room else -1
    if rest[:1] != b"\0":  # the one way of packing that there is
        return -1
    unpacker = codec.decompressobj()
    try:
        size = len(unpacker.decompress(rest[1:], room + 1))
    except codec.error:  # type: ignore[misc]
        return -1
    return size if unpacker.eof and size <= room else -1


def _fits(chunk: Chunk, header: Header, entries: int) -> bool:
    """Whether the chunk is part of a still picture and has the shape that its kind has; unknown notes may stay."""
    kind, size = chunk.kind, len(chunk.body)
    if kind == b"tRNS" and header.has_palette:
        return 0 < size <= entries
    if kind in _LENGTHS_BY_COLOUR:
        return size == _LENGTHS_BY_COLOUR[kind].get(header.colour)
    return kind not in _ANIMATION and size == _LENGTHS.get(kind, size)


# -- marks -----------------------------------------------------------------------------------------------------------


def marked(png: bytes, marks: dict[str, str]) -> list[bytes | memoryview]:
    """A whole PNG with `marks` as text chunks right after its header, in pieces, not encoded again (11.3.3).

    Texts under the same keys that the picture came with are left out: they are somebody else's word.
    """
    ours = b""
    for key, value in marks.items():
        body = b"tEXt" + key.encode("latin-1") + b"\0" + value.encode("latin-1")
        ours += struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    keys = {key.lower() for key in marks}
    rest = [chunk for chunk in _walk(png) if chunk.kind != b"IHDR"]
    kept = [chunk.whole for chunk in rest if chunk.kind not in _TEXTS or _keyword(chunk).lower() not in keys]
    if len(kept) == len(rest):
        return [png[:HEADER_END], ours, memoryview(png)[HEADER_END:]]
    return [png[:HEADER_END], ours, *kept]


def marks_of(png: bytes) -> dict[str, str]:
    """The texts that stand right after the header, where only `marked` puts them; of a file's beginning too."""
    marks: dict[str, str] = {}
    with suppress(Damaged):  # where a beginning ends
        for chunk in islice(_walk(png), 1, None):
            if chunk.kind != b"tEXt":
                break
            marks[_keyword(chunk)] = bytes(chunk.body).partition(b"\0")[2].decode("latin-1")
    return marks


def _keyword(chunk: Chunk) -> str:
    return bytes(chunk.body[:80]).partition(b"\0")[0].decode("latin-1").strip()
