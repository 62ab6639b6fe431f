"""From a prompt to a picture: `render(prompt, size)` draws the figure that the prompt describes."""

import hashlib
import io
import random

from PIL import Image, ImageDraw


def render(prompt: str, size: int = 1024) -> bytes:
    """Draw `prompt` as a PNG of `size` x `size` pixels; the same prompt always gives the same picture."""
    rng = random.Random(
        int.from_bytes(hashlib.sha256(prompt.encode()).digest()[:8], "big")
    )

    def hue() -> str:
        return f"hsl({rng.randrange(360)}, {rng.randrange(45, 80)}%, {rng.randrange(35, 65)}%)"

    image = Image.new("RGB", (256, 256), f"hsl({rng.randrange(360)}, 35%, 85%)")
    draw = ImageDraw.Draw(image)
    draw.ellipse((52, 212, 204, 244), fill=hue())
    legs, top = hue(), hue()
    for x in (104, 132):
        draw.rounded_rectangle((x, 180, x + 22, 228), 8, fill=legs)
    draw.rounded_rectangle((92, 122, 166, 196), 18, fill=top)
    draw.rounded_rectangle((72, 128, 92, 180), 9, fill=top)
    draw.rounded_rectangle((166, 128, 186, 180), 9, fill=top)
    draw.rounded_rectangle(
        (90, 60, 168, 126),
        22,
        fill=rng.choice(("#f6c22c", "#e8b088", "#8a5636", "#f0c8a0")),
    )
    draw.rounded_rectangle((86, 44, 172, 76), 14, fill=hue())
    for x in (112, 140):
        draw.ellipse((x, 86, x + 8, 96), fill="#23201f")
    draw.arc((114, 94, 144, 114), 20, 160, fill="#23201f", width=3)
    out = io.BytesIO()
    image.resize((size, size), Image.Resampling.BICUBIC).save(
        out, "PNG", compress_level=1, compress_type=3
    )
    return out.getvalue()
