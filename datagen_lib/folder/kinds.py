"""What bytes are that are no picture: for a message that says what came, and for the name of the file they go to."""

from __future__ import annotations

from typing import NamedTuple


class Kind(NamedTuple):
    """`name` goes into a sentence after "it is"; `ending` is a file's, with its dot."""

    name: str
    ending: str


_BEGINNINGS: tuple[tuple[bytes, Kind], ...] = (
    (b"\x89PNG", Kind("a PNG", ".png")),
    (b"\xff\xd8\xff", Kind("a JPEG", ".jpg")),
    (b"GIF8", Kind("a GIF", ".gif")),
    (b"BM", Kind("a BMP", ".bmp")),
    (b"II*\0", Kind("a TIFF", ".tif")),
    (b"MM\0*", Kind("a TIFF", ".tif")),
    (b"%!", Kind("PostScript", ".ps")),
    (b"\xc5\xd0\xd3\xc6", Kind("PostScript", ".eps")),
    (b"%PDF", Kind("a PDF", ".pdf")),
    (b"8BPS", Kind("a Photoshop file", ".psd")),
    (b"\0\0\1\0", Kind("an icon", ".ico")),
    (b"\xff\x0a", Kind("a JPEG XL", ".jxl")),
    (b"\0\0\0\x0cJXL ", Kind("a JPEG XL", ".jxl")),
    (b"\0\0\0\x0cjP  ", Kind("a JPEG 2000", ".jp2")),
    (b"\x1f\x8b", Kind("a gzip file", ".gz")),
    (b"PK\3\4", Kind("a zip file", ".zip")),
    (b"\x1aE\xdf\xa3", Kind("a video", ".webm")),
)
_BRANDS = {b"avif": Kind("an AVIF", ".avif"), b"avis": Kind("an AVIF", ".avif")}
_UNKNOWN = Kind("of no kind that is known", ".bin")


def kind_of(data: bytes) -> Kind:
    """What the bytes are, as far as their beginning tells."""
    for beginning, kind in _BEGINNINGS:
        if data.startswith(beginning):
            return kind
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return Kind("a WebP", ".webp")
    if data[4:8] == b"ftyp":
        return _BRANDS.get(data[8:12], Kind(f"a video or a picture of the kind {data[8:12]!r}", ".mp4"))
    return _text_kind(data[:2000]) if data else Kind("empty", ".bin")


def _text_kind(beginning: bytes) -> Kind:
    text = beginning.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if b"<svg" in text and text.startswith(b"<"):
        return Kind("an SVG drawing", ".svg")
    if text.startswith((b"<!doctype html", b"<html")) or b"<html" in text[:500]:
        return Kind("a web page (HTML)", ".html")
    if text.startswith(b"<"):
        return Kind("XML", ".xml")
    if text.startswith((b"{", b"[")):
        return Kind("JSON", ".json")
    if b"\0" in text or not _is_text(beginning):
        return _UNKNOWN
    return Kind("text", ".txt")


def _is_text(beginning: bytes) -> bool:
    """Whether it is UTF-8 without control characters; its last letter may be cut."""
    try:
        text = beginning.decode()
    except UnicodeDecodeError as error:
        if error.start < len(beginning) - 3:
            return False
        text = beginning[: error.start].decode()
    return all(one.isprintable() or one.isspace() for one in text)
