"""What a picture may be, what a hostile one can do (nothing), and what is known of one that lies in the folder."""

from __future__ import annotations

import ast
import contextlib
import io
import json
import random
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from conftest import REPOSITORY, chunk, png, whole
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from datagen_lib.errors import TransientError, UnusablePicture
from datagen_lib.folder.pictures import (
    BadPicture,
    checked_png,
    image_state,
    marked_png,
    open_picture,
    prompt_hash,
)

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def noise(size: int = 48) -> bytes:
    buffer = io.BytesIO()
    Image.frombytes("RGB", (size, size), random.Random(3).randbytes(size * size * 3)).save(buffer, "PNG")
    return buffer.getvalue()


NOISE = noise()


def header(
    width: int, height: int, depth: int = 8, colour: int = 0, packing: int = 0, filtering: int = 0, lace: int = 0
) -> bytes:
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, packing, filtering, lace))


def built(
    *chunks: bytes,
    size: int = 48,
    end: bytes = chunk(b"IEND", b""),
    head: bytes | None = None,
    rows: bytes | None = None,
) -> bytes:
    """A grey PNG of `size` with `chunks` between its header and its pixels."""
    pixels = bytes(size * (size + 1)) if rows is None else rows
    return SIGNATURE + (head or header(size, size)) + b"".join(chunks) + chunk(b"IDAT", zlib.compress(pixels, 9)) + end


def saved(kind: str, mode: str = "RGB", size: tuple[int, int] = (64, 64), **options: Any) -> bytes:
    buffer = io.BytesIO()
    Image.new(mode, size, None).save(buffer, kind, **options)
    return buffer.getvalue()


AVIF = saved("AVIF")

# -- one way in --------------------------------------------------------------------------------------------------------


def opens(path: Path) -> Iterator[str]:
    """Where a module opens a picture by itself."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "open":
            owner = ast.unparse(node.func.value).split(".")[-1]
            if "Image" in owner:
                yield f"{path.relative_to(REPOSITORY).as_posix()}: {ast.unparse(node)}"
        elif isinstance(node, ast.ImportFrom) and node.module == "PIL.Image":
            yield from (f"{path.name}: open by name" for alias in node.names if alias.name == "open")


def test_every_picture_is_opened_in_one_place() -> None:
    """Library, tools and benchmarks open pictures through one function, which names the formats it takes."""
    paths = [path for part in ("datagen_lib", "tools", "benchmarks") for path in (REPOSITORY / part).rglob("*.py")]
    found = [place for path in paths for place in opens(path)]

    assert len(paths) > 40
    assert found == ["datagen_lib/folder/pictures.py: Image.open(io.BytesIO(data), formats=FORMATS)"]


def postscript(target: Path) -> bytes:
    """A PostScript program that writes a file where an interpreter runs it."""
    return f"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 64 64\n({target}) (w) file closefile\nshowpage\n".encode()


FOREIGN = {
    "PostScript": postscript(Path("/tmp/never-written")),
    "TIFF": saved("TIFF"),
    "an icon": saved("ICO"),
    "of no kind": saved("PPM"),
    "an SVG drawing": b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64"/>',
    "a web page": b"\n<!DOCTYPE html><html><title>Sign in</title></html>",
    "JSON": b'{"error": {"message": "no"}}',
    "text": b"no picture today\n",
    "a PDF": b"%PDF-1.7\n",
    "a video": b"\0\0\0\x20ftypisom\0\0\2\0",
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_an_answer_of_another_kind_is_refused_by_name(kind: str) -> None:
    """PostScript, TIFF, SVG, a web page: wrong in kind, said so, and the bytes that were paid for are handed on."""
    with pytest.raises(UnusablePicture, match=kind) as caught:
        checked_png(FOREIGN[kind], size=64)

    assert caught.value.fault == "kind"
    assert caught.value.paid == FOREIGN[kind]


@pytest.mark.parametrize("kind", FOREIGN)
def test_a_file_of_another_kind_is_not_opened(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A shared folder's picture that is a program runs none when a notebook shows it: there is no picture."""
    from datagen_lib.notebook.show import thumbnail

    started: list[Any] = []
    monkeypatch.setattr(subprocess, "Popen", lambda *args, **_: started.append(args))
    path = tmp_path / "a.png"
    path.write_bytes(FOREIGN[kind])

    assert thumbnail(path) is None
    assert started == []
    with pytest.raises(BadPicture):
        open_picture(path)


# -- hostile bytes -----------------------------------------------------------------------------------------------------


def swapped(data: bytes, old: bytes, new: bytes) -> bytes:
    """`data` with the body of a chunk changed, and its checksum put right."""
    start = data.index(old) - 4
    end = start + 12 + int.from_bytes(data[start : start + 4])
    return data[:start] + chunk(old, new) + data[end:]


def striped(position: int, value: int, size: int = 48) -> bytes:
    """Rows of a grey picture, one of which has an odd filter byte."""
    rows = bytearray(size * (size + 1))
    rows[position * (size + 1)] = value
    return bytes(rows)


PALETTE = header(48, 48, 8, 3)
BROKEN = {
    "first filter": built(rows=striped(0, 5)),
    "last filter": built(rows=striped(47, 255)),
    "filter of an interlaced row": built(head=header(48, 48, lace=1), rows=b"\6" + bytes(48 * 48 + 90)),
    "interlace method": built(head=header(48, 48, lace=2)),
    "filter method": built(head=header(48, 48, filtering=1)),
    "packing method": built(head=header(48, 48, packing=1)),
    "colour type": built(head=header(48, 48, 8, 5)),
    "depth": built(head=header(48, 48, 3)),
    "depth of the colour type": built(head=header(48, 48, 4, 2)),
    "no palette": built(head=PALETTE),
    "an empty palette": built(chunk(b"PLTE", b""), head=PALETTE),
    "half a colour": built(chunk(b"PLTE", b"abcd"), head=PALETTE),
    "a palette that is too long": built(chunk(b"PLTE", bytes(3 * 257)), head=PALETTE),
    "two palettes": built(chunk(b"PLTE", b"abc") * 2, head=PALETTE),
    "a palette of a grey picture": built(chunk(b"PLTE", b"abc")),
    "a palette after the pixels": built(head=PALETTE, end=chunk(b"PLTE", b"abc") + chunk(b"IEND", b"")),
    "a colour that the palette lacks": built(chunk(b"PLTE", b"abcdef"), head=PALETTE, rows=b"\0\2".ljust(49 * 48, b"\0")),
    "pixels in two places": SIGNATURE + header(48, 48) + chunk(b"IDAT", zlib.compress(bytes(49 * 48))[:9])
    + chunk(b"tEXt", b"a\0b") + chunk(b"IDAT", zlib.compress(bytes(49 * 48))[9:]) + chunk(b"IEND", b""),
    "no pixels": SIGNATURE + header(48, 48) + chunk(b"IEND", b""),
    "too few pixels": built(rows=bytes(49 * 48 - 1)),
    "too many pixels": built(rows=bytes(49 * 48 + 1)),
    "another header": built(header(48, 48)),
    "no header": SIGNATURE + chunk(b"IDAT", zlib.compress(bytes(49 * 48))) + chunk(b"IEND", b""),
    "an end with a body": built(end=chunk(b"IEND", b"x")),
    "no end": built(end=b""),
    "an unknown part that matters": built(chunk(b"ABCD", b"")),
    "a kind that is no name": built(chunk(b"a1b2", b"")),
    "a wrong checksum": built(chunk(b"tIME", bytes(7))[:-1] + b"\0"),
    "a length beyond the end": SIGNATURE + header(48, 48) + b"\x7f\xff\xff\xffIDAT",
    "a hundred thousand empty parts": built(chunk(b"teSt", b"") * 100_000),
    "pixels of another packing": SIGNATURE + header(48, 48) + chunk(b"IDAT", b"\x1f\x8b\x08" + bytes(99)) + chunk(b"IEND", b""),
}  # fmt: skip


@pytest.mark.parametrize("kind", BROKEN)
def test_a_png_that_does_not_decode_is_refused(kind: str) -> None:
    """Every checksum may be right and the picture still be none: it never takes its place."""
    with pytest.raises(TransientError, match="broken"):
        checked_png(BROKEN[kind], size=48)


def test_what_could_harm_a_reader_is_left_out() -> None:
    """A broken animation, texts and profiles that unpack to gigabytes, notes of a wrong shape: the picture stays."""
    bomb = zlib.compress(bytes(80 << 20), 9)
    extra = [
        chunk(b"acTL", struct.pack(">II", 0, 0)),
        chunk(b"fcTL", bytes(3)),
        chunk(b"zTXt", b"Comment\0\0" + bomb),
        chunk(b"iTXt", b"Comment\0\1\0en\0\0" + bomb),
        chunk(b"iCCP", b"profile\0\0" + bomb),
        chunk(b"zTXt", b"Comment\0\7" + zlib.compress(b"a")),
        chunk(b"zTXt", b"Comment\0\0not packed"),
        chunk(b"gAMA", b"ab"),
        chunk(b"cHRM", bytes(31)),
        chunk(b"tRNS", bytes(5)),
    ]

    kept = checked_png(built(*extra) + b"\0more", size=48)

    assert kept == built()
    assert whole(kept)


def test_what_belongs_to_a_picture_stays() -> None:
    """Profile, gamma, transparency, texts and the marks of where a picture comes from (C2PA) stay, byte for byte."""
    data = built(
        chunk(b"gAMA", bytes([0, 0, 177, 143])),
        chunk(b"iCCP", b"profile\0\0" + zlib.compress(b"icc")),
        chunk(b"tRNS", bytes(2)),
        chunk(b"tEXt", b"Software\0gpt-image"),
        chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b"made of bricks")),
        chunk(b"iTXt", b"Title\0\1\0en\0\0" + zlib.compress(b"A chef")),
        chunk(b"iTXt", b"Title\0\0\0en\0\0A chef"),
        chunk(b"caBX", b"jumb" * 50),
    )

    assert checked_png(data, size=48) == data


@pytest.mark.parametrize("lace", [0, 1])
@pytest.mark.parametrize(("depth", "colour", "bits"), [
    (1, 0, 1), (2, 0, 2), (4, 0, 4), (8, 0, 8), (16, 0, 16), (8, 2, 24), (16, 2, 48), (1, 3, 1), (2, 3, 2), (4, 3, 4),
    (8, 3, 8), (8, 4, 16), (16, 4, 32), (8, 6, 32), (16, 6, 64)])  # fmt: skip
@pytest.mark.parametrize("size", [1, 5, 48])
def test_every_form_of_a_png_is_taken(depth: int, colour: int, bits: int, lace: int, size: int) -> None:
    """All fifteen pairs of depth and colour type, interlaced or not, are taken as they are, or scaled."""
    starts = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    passes = [(len(range(x, size, dx)), len(range(y, size, dy))) for x, y, dx, dy in starts] if lace else [(size, size)]
    rows = bytes(sum(high * (1 + (wide * bits + 7) // 8) for wide, high in passes if wide))
    palette = [chunk(b"PLTE", b"abc" * 2**depth)] if colour == 3 else []
    data = built(*palette, head=header(size, size, depth, colour, lace=lace), rows=rows)

    assert checked_png(data, size=size) == data
    assert whole(data)
    if size == 48:
        smaller = open_picture(checked_png(data, size=24))
        assert (smaller.format, smaller.size) == ("PNG", (24, 24))


def test_grey_of_sixteen_bits_keeps_its_brightness() -> None:
    """A grey picture of 16 bits is as bright after scaling as before."""
    half = b"".join(b"\0" + b"\x80\x00" * 48 for _ in range(48))
    smaller = open_picture(checked_png(built(head=header(48, 48, 16), rows=half), size=24))

    assert smaller.convert("L").getextrema() == (128, 128)


def lying(side: int) -> bytes:
    """An AVIF that says it has 64 pixels, and whose picture has `side`."""
    data = saved("AVIF", size=(side, side), speed=10)
    place = data.index(b"ispe") + 8
    return data[:place] + struct.pack(">II", 64, 64) + data[place + 8 :]


def film() -> bytes:
    buffer = io.BytesIO()
    frames = [Image.new("RGB", (64, 64), colour) for colour in ("red", "blue")]
    frames[0].save(buffer, "AVIF", save_all=True, append_images=frames[1:])
    return buffer.getvalue()


@pytest.mark.parametrize("make", [lambda: lying(5000), film, lambda: saved("AVIF")[:150], lambda: saved("AVIF")[:-20]])
def test_an_avif_that_lies_is_refused(make: Callable[[], bytes]) -> None:
    """An AVIF whose picture is larger than it says, a film, and a cut one never take a place; an honest one does."""
    with pytest.raises((UnusablePicture, TransientError)):
        checked_png(make(), size=64)


@given(st.integers(0, 300), st.binary(min_size=1, max_size=8))
@settings(deadline=None, max_examples=200)
def test_no_bytes_of_an_avif_end_in_another_error(position: int, noise: bytes) -> None:
    """Whatever is changed in an AVIF, it is a picture or is refused as one."""
    data = AVIF[:position] + noise + AVIF[position + len(noise) :]
    with contextlib.suppress(UnusablePicture, TransientError):
        checked_png(data, size=64)


MEASURE = """
import json, resource, sys, threading
from pathlib import Path
from tempfile import TemporaryDirectory
from datagen_lib.folder import pictures
pictures.warm_up()
data = Path(sys.argv[1]).read_bytes()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
threads = []
def take():
    try:
        pictures.checked_png(data, size=1024)
        said.append("taken")
    except Exception as error:
        said.append(type(error).__name__)
said = []
for _ in range(3):
    threads.append(threading.Thread(target=take))
    threads[-1].start()
for thread in threads:
    thread.join()
print(json.dumps([said[0], (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024]))
"""


def zeros(megabytes: int) -> bytes:
    """What unpacks to so many megabytes, a thousandth of that long."""
    packer = zlib.compressobj(9, wbits=-15)
    one = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    return b"\x78\xda" + one * megabytes


def jpeg_of_many_scans() -> bytes:
    """A progressive JPEG whose last scan comes a thousand times."""
    data = saved("JPEG", size=(2048, 2048), progressive=True)
    last = data.rindex(b"\xff\xda")
    return data[:last] + data[last:-2] * 1000 + data[-2:]


LARGE: dict[str, tuple[Callable[[], bytes], str]] = {
    "a png that unpacks to 3 GB": (
        lambda: SIGNATURE + header(1024, 1024, 8, 2) + chunk(b"IDAT", zeros(3000)) + chunk(b"IEND", b""),
        "TransientError",
    ),
    "a png of 60,000 pixels": (
        lambda: SIGNATURE + header(60_000, 60_000, 1) + chunk(b"IDAT", zeros(430)) + chunk(b"IEND", b""),
        "UnusablePicture",
    ),
    "the largest png": (lambda: saved("PNG", "RGBA", (4096, 4096), compress_level=1), "taken"),
    "the largest jpeg": (lambda: saved("JPEG", "RGB", (4096, 4096), progressive=True), "taken"),
    "the largest webp": (lambda: saved("WEBP", "RGBA", (4096, 4096), lossless=True, method=0), "taken"),
    "a gif of 30,000 pixels": (
        lambda: saved("GIF", "L", (8, 8)).replace(b"\x08\0\x08\0", struct.pack("<HH", 30_000, 30_000)),
        "UnusablePicture",
    ),
    "a bmp of 30,000 pixels": (
        lambda: saved("BMP", "1", (8, 8)).replace(struct.pack("<ii", 8, 8), struct.pack("<ii", 30_000, 30_000)),
        "UnusablePicture",
    ),
    "a jpeg of many scans": (jpeg_of_many_scans, "TransientError"),
}


@pytest.mark.skipif(sys.platform == "win32", reason="there is no getrusage")
@pytest.mark.parametrize("kind", LARGE)
def test_no_picture_takes_much_memory(kind: str, tmp_path: Path) -> None:
    """Three answers at once, each of them a bomb or as large as is taken, stay below 300 MB over the process's own."""
    make, wanted = LARGE[kind]
    path = tmp_path / "answer"
    path.write_bytes(make())
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(path)], cwd=REPOSITORY, check=True, capture_output=True, text=True
    )
    how, megabytes = json.loads(done.stdout)

    assert how == wanted
    assert megabytes < 300
    assert done.stderr == ""


# -- whole or not -------------------------------------------------------------------------------------------------------


@given(st.integers(0, len(NOISE) - 1))
@settings(deadline=None)
def test_a_picture_cut_anywhere_is_refused(cut: int) -> None:
    """A PNG that lacks any of its last bytes never takes its place."""
    with pytest.raises(TransientError):
        checked_png(NOISE[:cut], size=48)


@pytest.mark.parametrize("keep", [0, 1, 10, 1000, 6000])
def test_a_picture_whose_pixels_are_short_is_refused(keep: int) -> None:
    """A PNG with sound chunks in which pixels are missing does not decode, so it never takes its place."""
    start = NOISE.index(b"IDAT")
    length = int.from_bytes(NOISE[start - 4 : start], "big")
    body = NOISE[start + 4 : start + 4 + length][:keep]
    short = NOISE[: start - 4] + chunk(b"IDAT", body) + chunk(b"IEND", b"")

    with pytest.raises(TransientError):
        checked_png(short, size=48)


@given(st.integers(8, len(NOISE) - 1), st.integers(0, 7))
@settings(deadline=None)
def test_a_picture_with_a_wrong_bit_is_never_taken_for_missing_later(position: int, bit: int) -> None:
    """A picture with one flipped bit is refused at once, or is whole enough to be kept for good: never bought twice."""
    data = bytearray(NOISE)
    data[position] ^= 1 << bit
    try:
        kept = checked_png(bytes(data), size=48)
    except TransientError:
        return
    with TemporaryDirectory() as place:
        path = Path(place) / "picture.png"
        path.write_bytes(b"".join(marked_png(kept, {"productId": "x", "promptHash": prompt_hash("p")})))

        assert image_state(path, "p") == "current"


@pytest.mark.parametrize(
    "kind", ["JPEG", "WEBP", "GIF", "BMP", "AVIF", "PNG-palette", "PNG-alpha", "PNG-grey", "PNG-interlaced", "larger"]
)
def test_any_whole_square_picture_becomes_a_png(kind: str) -> None:
    """A JPEG, a WebP, or a PNG of another colour type or a larger size is kept as a PNG of the size wanted."""
    image = Image.open(io.BytesIO(png("a", 64))).convert("RGB")
    modes = {"PNG-palette": "P", "PNG-alpha": "RGBA", "PNG-grey": "L"}
    image = image.convert(modes[kind]) if kind in modes else image
    image = image.resize((128, 128)) if kind == "larger" else image
    buffer = io.BytesIO()
    image.save(buffer, kind if kind in {"JPEG", "WEBP", "GIF", "BMP", "AVIF"} else "PNG")

    with Image.open(io.BytesIO(checked_png(buffer.getvalue(), size=64))) as kept:
        kept.load()

        assert (kept.format, kept.size) == ("PNG", (64, 64))


@pytest.mark.parametrize("size", [(64, 65), (32, 32), (1, 1), (65, 64)])
def test_a_wrong_shape_is_refused(size: tuple[int, int]) -> None:
    """A picture that is not square, or too small, is no bad luck: it says its size, and hands on its bytes."""
    data = saved("PNG", size=size)

    with pytest.raises(UnusablePicture, match=f"{size[0]}x{size[1]}") as caught:
        checked_png(data, size=64)

    assert (caught.value.fault, caught.value.paid) == ("size", data)


def test_a_bomb_is_refused() -> None:
    """A tiny file that would unpack to gigabytes is refused before it does."""
    huge = png("a", 64).replace((64).to_bytes(4, "big") * 2, (60_000).to_bytes(4, "big") * 2, 1)

    with pytest.raises(TransientError):
        checked_png(huge, size=64)


def test_marks_are_read_back_by_anyone(tmp_path: Path) -> None:
    """The product's id and the prompt's hash stand in text chunks of a PNG that stays valid."""
    path = tmp_path / "a.png"
    path.write_bytes(b"".join(marked_png(NOISE, {"productId": "the-id", "promptHash": prompt_hash("Prömpt")})))
    with Image.open(path) as picture:
        picture.load()
        texts = dict(picture.text)  # type: ignore[attr-defined]

    assert texts == {"productId": "the-id", "promptHash": prompt_hash("Prömpt")}
    assert image_state(path, "Prömpt") == "current"
    assert image_state(path, "Prompt") == "stale"
    assert image_state(tmp_path / "none.png", "Prompt") == "missing"
