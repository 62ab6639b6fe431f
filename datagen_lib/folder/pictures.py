"""Pictures: how one gets into the folder, and what state the one that lies there is in.

Each PNG says which item it belongs to, who made it and, as a hash, from which prompt. So a picture whose prompt was
edited is known as stale. Every picture that the library opens, it opens here.
"""

from __future__ import annotations

import errno
import hashlib
import io
import stat
import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, NamedTuple

from datagen_lib.errors import DatagenError, TransientError, UnusablePicture

from . import png
from .avif import Odd, largest_side
from .kinds import kind_of

if TYPE_CHECKING:
    from PIL.Image import Image

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "AVIF")
"""What a picture may be. Pillow knows others, and opens one of them, PostScript, by running a program."""

MOST_PIXELS = 4096  # in width and height; four times what is asked for, 64 MiB decoded
LEAST_SIZE = 64  # pixels; what IMAGE_SIZE may be at least
GIT_LFS = b"version https://git-lfs"  # how a file begins that stands for one that was not fetched
LARGEST_FILE = 64 * 2**20  # bytes
_MARKS_END = 4096  # bytes from the file's start; ours take some 300
_AVIF_BRANDS = {b"avif", b"avis", b"mif1", b"msf1"}
_MOST_SCANS = 100  # of a JPEG; a progressive one has about ten, and each is another walk over all pixels
_USUAL = 2048 * 2048  # pixels; larger ones are decoded one at a time

ImageState = Literal["current", "stale", "missing", "unreadable"]

_one_large = threading.Lock()


class BadPicture(ValueError):
    """The bytes are no picture that is taken: `problem` says of which kind the trouble is, the text says what it is."""

    def __init__(self, what: str, problem: Literal["kind", "size", "damaged"]) -> None:
        super().__init__(what)
        self.problem = problem


def warm_up() -> None:
    """Load the picture library, while the first call is under way."""
    import_module("PIL.PngImagePlugin")


def open_picture(source: str | Path | bytes) -> Image:
    """The picture at a path, or in bytes, decoded: its first frame, of at most MOST_PIXELS by MOST_PIXELS.

    Raises:
        OSError: the file can't be read.
        BadPicture: it is none of FORMATS, too large, or does not decode.
    """
    data = source if isinstance(source, bytes) else _read(Path(source))
    if len(data) > LARGEST_FILE:
        raise BadPicture("it is a file of more than 64 MiB", "size")
    return _decoded(data, _large_ones_refused)


def _read(path: Path, most: int = LARGEST_FILE + 1) -> bytes:
    """The file's first `most` bytes."""
    if not stat.S_ISREG(path.stat().st_mode):  # opening a pipe would wait for ever
        raise OSError(errno.EINVAL, "it is not a file")
    with path.open("rb") as file:
        return file.read(most)


def _decoded(data: bytes, check: Callable[[int, int], None]) -> Image:
    """The picture in `data`; `check` sees its width and height before any pixel is decoded."""
    from PIL import Image, UnidentifiedImageError

    if data.startswith(b"\xff\xd8") and data.count(b"\xff\xda") > _MOST_SCANS:
        raise BadPicture(f"it is a JPEG of more than {_MOST_SCANS} scans", "damaged")
    try:
        if data[4:8] == b"ftyp" and data[8:12] in _AVIF_BRANDS:
            _check_avif(data)
        picture = Image.open(io.BytesIO(data), formats=FORMATS)
        check(*picture.size)
        picture.load()
    except UnidentifiedImageError as error:
        raise BadPicture(f"it is {kind_of(data).name}", "kind") from error
    except (BadPicture, DatagenError):
        raise
    except Image.DecompressionBombError as error:
        raise BadPicture("it has far too many pixels", "size") from error
    except Exception as error:
        # On hostile bytes a decoder may raise anything: struct.error, IndexError, MemoryError, its own.
        raise BadPicture(f"it does not decode ({error})", "damaged") from error
    return picture


def _check_avif(data: bytes) -> None:
    try:
        side = largest_side(data)
    except Odd as error:
        raise BadPicture(f"it is an AVIF, but {error}", "kind") from error
    _large_ones_refused(side, side)


def _large_ones_refused(width: int, height: int) -> None:
    if max(width, height) > MOST_PIXELS:
        raise BadPicture(f"it has {width}x{height} pixels; at most {MOST_PIXELS}x{MOST_PIXELS} are taken", "size")


# -- answers ---------------------------------------------------------------------------------------------------------


def checked_png(data: bytes, *, size: int) -> bytes:
    """The bytes of a whole PNG of `size` x `size` pixels, scaled down or converted where the picture needs it.

    A PNG that is right as it is stays as it is, byte for byte: its pixels are unpacked and counted, but not decoded,
    which would say no more and cost three times that.

    Raises:
        TransientError: the bytes are cut or damaged.
        UnusablePicture: they are no picture, or one of another shape: not square, too small, or far too large.
    """

    def check(width: int, height: int) -> None:
        if width != height or width < size:
            raise _wrong_size(data, width, height, size)
        _large_ones_refused(width, height)

    try:
        if not png.is_png(data):
            return _converted(data, check, size)
        header = png.read_header(data)
        check(header.width, header.height)
        sound = png.sound_png(data)
        if header.has_palette:
            _check_palette(sound)
        return sound if header.width == size else _converted(sound, check, size)
    except png.Damaged as error:
        raise TransientError(f"the picture's bytes are broken: {error}") from error
    except BadPicture as error:
        if error.problem == "damaged":
            raise TransientError(f"the picture's bytes are broken: {error}") from error
        raise UnusablePicture(
            f"the answer is not a picture that is taken: {error}", fault=error.problem, paid=data
        ) from error


def _wrong_size(data: bytes, width: int, height: int, size: int) -> UnusablePicture:
    if width == height and width >= LEAST_SIZE:
        hint = f"Set IMAGE_SIZE={width}, if that is what this model draws, and pictures of that size are kept."
    else:
        hint = ""
    return UnusablePicture(
        f"the picture has {width}x{height} pixels, not {size}x{size}", fault="size", paid=data, hint=hint
    )


def _check_palette(sound: bytes) -> None:
    """See that no pixel names a colour that the palette lacks: that takes the pixels themselves."""
    entries = png.palette_entries(png.whole_chunks(sound))
    _, highest = _decoded(sound, _large_ones_refused).getextrema()
    if not isinstance(highest, int | float) or highest >= entries:
        raise png.Damaged("a pixel in it has a colour that its palette lacks")


def _converted(data: bytes, check: Callable[[int, int], None], size: int) -> bytes:
    """The picture as a PNG of `size` x `size` pixels, eight bits a sample, with its colour profile."""
    from PIL import Image

    with ExitStack() as turn:

        def admit(width: int, height: int) -> None:
            check(width, height)
            if width * height > _USUAL:
                turn.enter_context(_one_large)

        picture = _decoded(data, admit)
        if picture.mode.startswith("I;16"):
            picture = picture.point(lambda value: value / 256).convert("L")
        if picture.mode not in {"L", "LA", "RGB", "RGBA"}:
            picture = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
        if picture.width != size:
            picture = picture.resize((size, size), Image.Resampling.LANCZOS)
        buffer = io.BytesIO()
        picture.save(buffer, "PNG", compress_level=6)
        return buffer.getvalue()


# -- pictures on disk ------------------------------------------------------------------------------------------------


def prompt_hash(prompt: str) -> str:
    """What a PNG remembers of the prompt that made it."""
    return hashlib.sha256(prompt.encode(errors="surrogatepass")).hexdigest()[:32]


def marked_png(picture: bytes, marks: dict[str, str]) -> list[bytes | memoryview]:
    """A whole PNG with `marks` in it, in pieces, not encoded again; texts of others under our keys are left out."""
    return png.marked(picture, marks)


def read_marks(path: Path) -> dict[str, str]:
    """The marks of a PNG: productId, promptHash, provider, generation; fewer in one made elsewhere or before.

    Raises:
        OSError: the file can't be read.
        ValueError: it holds no PNG.
    """
    head = _read(path, _MARKS_END)
    if not head or not png.is_png(head):
        raise BadPicture("it is not a PNG", "kind")
    return png.marks_of(head)


class Look(NamedTuple):
    """What is known of a picture on disk: its state, why it can't be read where it can't, and its marks."""

    state: ImageState
    why: str = ""
    marks: Mapping[str, str] = MappingProxyType({})


def image_state(path: Path, prompt: str) -> ImageState:
    """Whether `path` is a whole PNG, and one that was made from `prompt`; one without a mark counts as current."""
    return look_at(path, prompt).state


def look_at(path: Path, prompt: str) -> Look:
    """The picture's state. One that is there and can't be read is "unreadable", never "missing": it was paid for.

    So is an empty file, and one whose stub says that it lies in iCloud only: both wait for a sync service.
    """
    try:
        if (data := _read(path)) == b"":
            return Look("unreadable", "the file is empty; a sync service may still have to bring it")
        if data.startswith(GIT_LFS):
            return Look("unreadable", "it is a pointer of Git LFS; git lfs pull brings the picture")
        if len(data) > LARGEST_FILE:
            return Look("unreadable", "the file is larger than any picture")
        png.whole_chunks(data)
    except (FileNotFoundError, NotADirectoryError):
        if path.with_name(f".{path.name}.icloud").exists():
            return Look("unreadable", "it lies in iCloud only")
        if path.is_symlink():
            return Look("unreadable", "it is a link, and what it leads to is not there")
        return Look("missing")
    except OSError as error:
        return Look("unreadable", error.strerror or str(error))
    except png.Damaged:
        return Look("missing")
    marks = png.marks_of(data)
    return Look(made_from(marks.get("promptHash", ""), prompt), marks=marks)


def made_from(mark: str, prompt: str) -> ImageState:
    """Whether a whole picture with this hash in its marks was made from `prompt`; one without a mark is current."""
    return "current" if mark in {"", prompt_hash(prompt)} else "stale"
