"""Pictures: the same one is found however it was saved again; same shapes in other colours are different."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from datagen_lib.quality.looks import look, look_at_all, same_pictures
from offline_model.figure import render

PROMPTS = [
    f"Photorealistic LEGO-style minifigure, {words}, clean background, high detail, vibrant, evenly lit, 1024x1024"
    for words in (
        "baker, red apron, holding a bread",
        "baker, blue apron, holding a bread",
        "astronaut, white suit, holding a flag",
        "pirate, black hat, holding a map",
    )
]


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("looks")
    for number, prompt in enumerate(PROMPTS):
        (folder / f"{number}.png").write_bytes(render(prompt, 512))
    return sorted(folder.glob("*.png"))


def saved_again(path: Path, kind: str, folder: Path) -> Path:
    """The picture saved in another way."""
    with Image.open(path, formats=["PNG"]) as image:
        picture = image.convert("RGB")
    other = folder / f"{kind}-{path.name}"
    if kind == "jpeg":
        buffer = io.BytesIO()
        picture.save(buffer, "JPEG", quality=40)
        picture = Image.open(buffer, formats=["JPEG"]).convert("RGB")
    elif kind == "small":
        picture = picture.resize((256, 256), Image.Resampling.LANCZOS)
    elif kind == "level":
        picture.save(other, compress_level=1)
        return other
    picture.save(other)
    return other


@pytest.mark.parametrize("kind", ["jpeg", "small", "level"])
def test_the_same_picture_saved_again_is_found(pictures: list[Path], tmp_path: Path, kind: str) -> None:
    """Re-encoded, resized, compressed otherwise: each planted twin is found, and nothing else."""
    paths = [*pictures, *(saved_again(path, kind, tmp_path) for path in pictures)]
    pairs = same_pictures(look_at_all(paths))

    assert {(pair.one, pair.other) for pair in pairs} == {(at, at + len(pictures)) for at in range(len(pictures))}


def test_the_same_figure_in_another_colour_is_another(pictures: list[Path], tmp_path: Path) -> None:
    """A change of colours alone makes a different picture."""
    with Image.open(pictures[0], formats=["PNG"]) as image:
        hue, saturation, value = image.convert("HSV").split()
    Image.merge("HSV", (hue.point(lambda at: (at + 60) % 256), saturation, value)).convert("RGB").save(
        tmp_path / "a.png"
    )

    assert same_pictures(look_at_all([*pictures, tmp_path / "a.png"])) == []


def test_pictures_of_nothing_are_named(tmp_path: Path) -> None:
    """One flat colour, another shape, another size, cut bytes, no file: each is named in words."""
    Image.new("RGB", (64, 64), "navy").save(tmp_path / "flat.png")
    Image.effect_noise((64, 32), 90).convert("RGB").resize((64, 32)).save(tmp_path / "wide.png")
    Image.linear_gradient("L").convert("RGB").save(tmp_path / "small.png")
    (tmp_path / "cut.png").write_bytes((tmp_path / "small.png").read_bytes()[:60])

    flaws = {name: look(tmp_path / f"{name}.png", size=64).flaw for name in ("flat", "wide", "small", "cut", "none")}

    assert "nothing" in flaws["flat"]
    assert "not square" in flaws["wide"]
    assert "256x256 pixels, not 64x64" in flaws["small"]
    assert "can't be read" in flaws["cut"]
    assert "missing" in flaws["none"]


def test_flat_pictures_are_no_pairs(tmp_path: Path) -> None:
    """Two pictures of nothing are flaws, not twins."""
    for name in "ab":
        Image.new("RGB", (64, 64), "navy").save(tmp_path / f"{name}.png")

    assert same_pictures(look_at_all([tmp_path / "a.png", tmp_path / "b.png"])) == []
