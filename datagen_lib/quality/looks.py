"""How pictures look: a small colour fingerprint of each, for finding the same picture twice and pictures of nothing.

A fingerprint is the picture's mean colours in 16 x 16 cells. Two pictures are the same where no cell's mean over its
channels differs by more than SAME levels of 255. Measured on 210 pictures of the offline model: between two different
ones some cell differs by 66 levels at least; JPEG of quality 20, WebP, and halving and doubling the size change no cell
by more than 4. Shrinking to 100 pixels changes none by more than 15. A change of hue by 35 degrees changes one by 23 at
least. A hash of shapes alone (pHash, dHash) calls same-shaped figures of other colours the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from datagen_lib.errors import DatagenError
from datagen_lib.folder.pictures import open_picture

from .similar import Pair

CELLS = 16  # a side
SAME = 20.0  # levels of 255
FLAT = 12.0  # levels between the darkest and the brightest cell, below which there is nothing to see
BLOCK = 2048  # pictures compared with each other at once: bounds the memory
THREADS = 2


@dataclass(frozen=True)
class Look:
    """What is seen of one picture.

    Attributes:
        width: in pixels; 0 where there is no picture.
        height: in pixels; 0 where there is no picture.
        cells: 16 x 16 x 3 mean colours, row by row; empty where there is none.
        flaw: what is wrong with it, in words; "" for nothing.
    """

    width: int = 0
    height: int = 0
    cells: bytes = b""
    flaw: str = ""


def look(path: Path, *, size: int | None = None) -> Look:
    """Look at one picture.

    Args:
        path: the file.
        size: pixels a side that it should have; None for any square.
    """
    from PIL import Image

    try:
        with open_picture(path) as image:
            width, height = image.size
            # first to whole pixels by the nearest larger factor: a box filter over a megapixel takes ten times longer
            small = image.convert("RGB").resize((CELLS, CELLS), Image.Resampling.BOX, reducing_gap=2.0)
    except FileNotFoundError:
        return Look(flaw="is missing")
    except (OSError, SyntaxError, ValueError, DatagenError) as error:
        return Look(flaw=f"can't be read ({error})")
    cells = small.tobytes()
    return Look(width, height, cells, _flaw(width, height, cells, size))


def look_at_all(paths: Sequence[Path], *, size: int | None = None) -> list[Look]:
    """Look at many pictures, some at once."""
    with ThreadPoolExecutor(max_workers=THREADS) as pool:
        return list(pool.map(lambda path: look(path, size=size), paths))


def _flaw(width: int, height: int, cells: bytes, size: int | None) -> str:
    if width != height:
        return f"is not square ({width}x{height})"
    if size is not None and width != size:
        return f"has {width}x{height} pixels, not {size}x{size}"
    levels = np.frombuffer(cells, dtype=np.uint8).reshape(-1, 3).mean(axis=1)
    return "shows nothing (one flat colour)" if np.ptp(levels) < FLAT else ""


def same_pictures(looks: Iterable[Look]) -> list[Pair]:
    """Pairs of pictures that are the same, by their places in the list. A flat one is in no pair.

    Returns:
        Pairs whose similarity is 1 less the largest difference of a cell, as a share of 255.
    """
    seen = [(at, one.cells) for at, one in enumerate(looks) if one.cells and not one.flaw.startswith("shows nothing")]
    if not seen:
        return []
    places = [at for at, _ in seen]
    cells = np.frombuffer(b"".join(data for _, data in seen), dtype=np.uint8).reshape(len(seen), -1)
    found = [Pair(places[one], places[other], round(1 - distance / 255, 3)) for one, other, distance in _near(cells)]
    return sorted(found, key=lambda pair: (-pair.similarity, pair.one, pair.other))


def _near(cells: npt.NDArray[np.uint8]) -> Iterator[tuple[int, int, float]]:
    """The pairs with no cell further apart than SAME: first by their distance overall, then cell by cell."""
    longest = SAME * np.sqrt(cells.shape[1])  # where every channel of every cell is SAME apart
    for start in range(0, len(cells), BLOCK):
        one = cells[start : start + BLOCK].astype(np.float32)
        for other_start in range(start, len(cells), BLOCK):
            other = cells[other_start : other_start + BLOCK].astype(np.float32)
            squares = (one**2).sum(axis=1)[:, None] + (other**2).sum(axis=1)[None] - 2 * one @ other.T
            for row, column in zip(*np.nonzero(squares <= longest**2), strict=True):
                if start + row < other_start + column:
                    gap = np.abs(one[row] - other[column]).reshape(-1, 3).mean(axis=1).max()
                    if gap <= SAME:
                        yield int(start + row), int(other_start + column), float(gap)
