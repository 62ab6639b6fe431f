"""`python -m tools.contact_sheet`: many pictures on one sheet, to see at a glance what the offline model draws.

Prompts come from a file, one a line, or from the offline writer's catalogue; the sheet is a JPEG.
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from PIL import Image

from datagen_lib.folder.pictures import open_picture
from offline_model.figure import render

SHOW = (
    "astronaut in an orange space suit, clear visor helmet, holding a flag, little rover, moon base background",
    "pastry chef with a tall white toque and a whisk, apron, bakery backdrop",
    "pirate captain with a tricorn hat, eyepatch and spyglass, parrot on a perch, ship deck background",
    "cheerful gardener in a straw hat and green overalls with a watering can, sunflowers, garden background",
    "knight in silver armour with a red plume, sword, small dragon, castle courtyard backdrop",
    "rock star with a red mohawk, leather jacket and electric guitar, stage with lights",
    "scientist in a white lab coat with glasses, flask of green liquid, laboratory backdrop",
    "painter in a blue beret and striped shirt with a palette, easel, clean background",
    "queen in a red gown with a golden crown and cape, throne room",
    "viking with a horned helmet, braided red beard and a round shield, fjord backdrop",
    "airline pilot in a navy uniform with a peaked cap, little plane, airport background",
    "fairy with pink wings and a tutu, star wand, mushroom, enchanted forest backdrop",
    "polar biologist in a teal parka with a fur-lined hood, holding an ice core drill, penguin beside, snowy backdrop",
    "wise old wizard in a purple robe with a long beard, glowing staff, library tower backdrop",
    "friendly robot mechanic with a wrench and a toolbox, workshop background",
    "deep-sea diver in a copper helmet with a trident, coral reef background",
    "explorer in khaki with a fedora and a map, desert dunes background",
    "firefighter in a yellow helmet with an axe and a dalmatian dog, city street background",
    "samurai with a black kabuto and katana, bamboo garden backdrop",
    "beekeeper with a veiled hat and a beehive, meadow background",
    "skateboarder in a green hoodie and a beanie, skateboard, city park background",
    "detective in a brown coat with a magnifying glass, rainy street at night",
    "surgeon in blue scrubs with a face mask and clipboard, hospital background",
    "surfer with long blond hair and a yellow surfboard, tropical beach with palm",
)
"""A fixed choice for the documentation, after the opening words that every prompt has."""
_OPENING = "Photorealistic LEGO-style minifigure: "


def sheet(prompts: Sequence[str], columns: int = 6, cell: int = 256, gap: int = 0) -> Image.Image:
    """The prompts' pictures in rows of `columns`, each `cell` pixels a side."""

    def draw(prompt: str) -> Image.Image:
        return open_picture(render(prompt)).resize((cell, cell), Image.Resampling.LANCZOS)

    rows, step = -(-len(prompts) // columns), cell + gap
    out = Image.new("RGB", (columns * step - gap, rows * step - gap), "white")
    with ThreadPoolExecutor(2) as threads:
        for i, image in enumerate(threads.map(draw, prompts)):
            out.paste(image, (i % columns * step, i // columns * step))
    return out


def save(image: Image.Image, path: Path, kilobytes: int) -> None:
    """As a JPEG of at most so many kilobytes: the best quality that fits."""
    for quality in range(90, 40, -3):
        data = io.BytesIO()
        image.save(data, "JPEG", quality=quality, optimize=True, progressive=True)
        if data.tell() <= kilobytes * 1000:
            break
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.getvalue())


def main() -> None:
    ask = argparse.ArgumentParser(prog="python -m tools.contact_sheet", description=__doc__)
    ask.add_argument("--out", type=Path, default=Path("docs/contact-sheet.jpg"))
    ask.add_argument("--prompts", type=Path, help="a text file with one prompt a line; else a fixed choice")
    ask.add_argument("--columns", type=int, default=6)
    ask.add_argument("--cell", type=int, default=256, help="pixels of a picture's side")
    ask.add_argument("--first", type=int, default=None, help="only so many of the prompts")
    ask.add_argument("--kilobytes", type=int, default=300, help="size of the file at most")
    args = ask.parse_args()
    prompts = args.prompts.read_text("utf-8").splitlines() if args.prompts else [_OPENING + p for p in SHOW]
    save(sheet([p for p in prompts if p.strip()][: args.first], args.columns, args.cell), args.out, args.kilobytes)


if __name__ == "__main__":
    main()
