"""From a prompt to a picture: `render(prompt, size)` draws the figure that the prompt describes.

`scene` reads the prompt (vocabulary, director). `compose` draws the scene from the asset pack (layers, tone, prints,
faces) before its backdrop. Pure: no global random numbers, nothing kept but caches of what never changes. So any number
of threads may draw at once.
"""

import io

from PIL import Image

from .compose import paint
from .scene import scene

__all__ = ["deciding_words", "render"]


def render(prompt: str, size: int = 1024) -> bytes:
    """Draw `prompt` as a PNG of `size` x `size` pixels, 256 to 2048; the same prompt always gives the same pixels.

    Raises ValueError for another size.
    """
    if not 256 <= size <= 2048:
        raise ValueError(f"a picture has 256 to 2048 pixels a side, not {size}")
    image = paint(scene(prompt))
    if size != image.width:
        image = image.resize((size, size), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    image.save(out, "PNG", compress_level=1, compress_type=3)  # run lengths: the smallest of the fast ways
    return out.getvalue()


def deciding_words(prompt: str) -> frozenset[str]:
    """The words of `prompt` that decide something in its picture, lower-case."""
    return scene(prompt).used
