"""How large the pictures inside an AVIF really are: its decoder believes each of them, whatever the file says outside.

A file of 2 KB whose box says 1024 pixels and whose picture has 12,000 takes a gigabyte to decode. Sources: ISO/IEC
14496-12 (boxes), AV1 bitstream specification 5.3 to 5.5 (sequence header).
"""

from __future__ import annotations

from collections.abc import Iterator

_PADDED = 64  # bytes: a sequence header is shorter
_MOST_ITEMS = 64
_SEQUENCE_HEADER = 1


class Odd(ValueError):
    """The file is none that a still picture needs."""


def largest_side(data: bytes) -> int:
    """The longest side, in pixels, of the pictures in an AVIF, as they say themselves.

    Raises:
        Odd: it holds a film, too many pictures, or none that says its size.
    """
    if b"moov" in (kind for kind, _ in _boxes(data)):
        raise Odd("it is a film")
    meta = next((body[4:] for kind, body in _boxes(data) if kind == b"meta"), b"")
    inside = dict(_boxes(meta))
    sides = [_side(item) for item in _items(inside.get(b"iloc", b""), data, inside.get(b"idat", b""))]
    if not any(sides):
        raise Odd("no picture in it says its size")
    return max(sides)


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    position = 0
    while position + 8 <= len(data):
        size, start = int.from_bytes(data[position : position + 4]), position + 8
        if size == 1:
            size, start = int.from_bytes(data[start : start + 8]), start + 8
        end = position + size if size else len(data)
        if end < start or end > len(data):
            return
        yield data[position + 4 : position + 8], data[start:end]
        position = end


class _Bits:
    """Reads numbers from the left; beyond the end all is 0."""

    def __init__(self, data: bytes) -> None:
        self._value, self._left = int.from_bytes(data), 8 * len(data)

    def take(self, count: int) -> int:
        self._left -= count
        shifted = self._value >> self._left if self._left >= 0 else self._value << -self._left
        return shifted & ((1 << count) - 1)


def _items(iloc: bytes, data: bytes, idat: bytes) -> Iterator[bytes]:
    """The beginning of each item's bytes (`iloc`: where each lies, in one piece or more)."""
    version, bits = (iloc or b"\0")[0], _Bits(iloc[:65_536])
    bits.take(32)
    offset_size, length_size, base_size, index_size = (8 * bits.take(4) for _ in range(4))
    wide = 32 if version == 2 else 16
    count = bits.take(wide)
    if count > _MOST_ITEMS:
        raise Odd(f"it has more than {_MOST_ITEMS} parts")
    for _ in range(count):
        bits.take(wide)
        place = bits.take(16) & 15 if version else 0
        bits.take(16)
        base, beginning = bits.take(base_size), b""
        source = idat if place == 1 else data
        pieces = bits.take(16)
        if pieces > _MOST_ITEMS:
            raise Odd(f"a part of it lies in more than {_MOST_ITEMS} pieces")
        for _ in range(pieces):
            if version:
                bits.take(index_size)
            start, length = base + bits.take(offset_size), bits.take(length_size)
            beginning += source[start : start + (length or len(source))][: _PADDED * 64]
        yield beginning


def _side(item: bytes) -> int:
    """The longer side that the item's AV1 sequence header names; 0 where it has none."""
    position = 0
    while position < len(item):
        head = item[position]
        position += 2 if head & 4 else 1
        size = len(item) - position
        if head & 2:
            size, position = _leb128(item, position)
        if head >> 3 & 15 == _SEQUENCE_HEADER and not head & 0x80:
            return _sequence_side(_Bits(item[position : position + _PADDED]))
        position += size
    return 0


def _leb128(data: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while position < len(data) and shift < 56:
        byte = data[position]
        value, shift, position = value | (byte & 127) << shift, shift + 7, position + 1
        if byte < 128:
            break
    return value, position


def _sequence_side(bits: _Bits) -> int:
    bits.take(4)  # profile, still_picture
    if bits.take(1):  # reduced_still_picture_header
        bits.take(5)
    else:
        if bits.take(1):
            raise Odd("it keeps time, as a film does")
        delays = bits.take(1)
        for _ in range(bits.take(5) + 1):
            bits.take(12)
            if bits.take(5) > 7:
                bits.take(1)
            if delays and bits.take(1):
                bits.take(4)
    wide, high = bits.take(4) + 1, bits.take(4) + 1
    return max(bits.take(wide), bits.take(high)) + 1
