"""The painter: pictures from prompts."""

from __future__ import annotations

import importlib
import io
import json
import random
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from offline_model.figure import faces, ink, layers, prints, render
from offline_model.figure.compose import paint
from offline_model.figure.icons import ICONS
from offline_model.figure.parts import (
    BROWS,
    EYES,
    MARKS,
    MOUTHS,
    PAINTS,
    PARTS,
    PRINTS,
    SLOTS,
    names,
)
from offline_model.figure.parts import (
    ICONS as ICON_NAMES,
)
from offline_model.figure.scene import Face, scene

ROOT = Path(__file__).parents[3]
CHEF = "Photorealistic LEGO-style minifigure of a cheerful chef with a tall white toque and a whisk, kitchen backdrop"
KNIGHT = "Photorealistic LEGO-style minifigure of a stern knight with a sword and red cape, castle courtyard backdrop"


def pixels(png: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(png)) as image:
        return np.asarray(image.convert("RGB"))


def index() -> dict[str, dict[str, object]]:
    data = (resources.files("offline_model") / "data" / "parts.zip").read_bytes()
    with zipfile.ZipFile(io.BytesIO(data)) as pack:
        return dict(json.loads(pack.read("index.json")))


def test_pack_and_list_agree() -> None:
    """The asset pack has a layer for each part of the list, glass apart, and nothing else."""
    wanted = set(PARTS)
    for part in PARTS.values():
        if any(z.finish == "glass" for z in part.zones):
            wanted.add(f"{part.key}@glass")

    assert set(index()) == wanted
    assert layers.names() == wanted


def test_pack_has_a_weight_for_each_further_zone() -> None:
    """Each layer can tell its part's colour zones apart."""
    found = {k: sum(str(c).startswith("w") for c in about["channels"]) for k, about in index().items()}  # type: ignore[attr-defined]
    wanted = {k: sum(z.finish != "glass" for z in p.zones) - 1 for k, p in PARTS.items()}

    assert {k: found[k] for k in wanted} == wanted


def test_the_list_is_sound() -> None:
    """At least 100 parts; every slot has some; every zone has a known paint or a colour."""
    zones = [z for p in PARTS.values() for z in p.zones]

    assert len(PARTS) >= 100
    assert all(names(slot) for slot in SLOTS)
    assert all(z.paint in PAINTS or (z.paint[0] == "#" and int(z.paint[1:], 16) >= 0) for z in zones)


def test_the_baker_has_a_shape_for_each_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The baker's shapes are the parts of the list, zone by zone; told without what a bake needs."""
    monkeypatch.syspath_prepend(str(ROOT))
    shapes = importlib.import_module("offline_model.bake.shapes").SHAPES
    heavy = {"mitsuba", "pyoidn", "embreex", "skimage", "scipy"}

    assert {k: set(zones) for k, zones in shapes.items()} == {k: {z.name for z in p.zones} for k, p in PARTS.items()}
    assert not heavy & set(sys.modules)


def test_a_contact_sheet_has_a_picture_for_each_prompt(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The sheet is rows of pictures, and its file is no larger than asked for."""
    monkeypatch.syspath_prepend(str(ROOT))
    contact_sheet = importlib.import_module("tools.contact_sheet")
    image = contact_sheet.sheet([CHEF, KNIGHT, CHEF], columns=2, cell=100)
    contact_sheet.save(image, tmp_path / "docs" / "sheet.jpg", kilobytes=12)
    tiles = [image.crop((x, y, x + 100, y + 100)).tobytes() for x, y in ((0, 0), (100, 0), (0, 100))]

    assert image.size == (200, 200)
    assert (tmp_path / "docs" / "sheet.jpg").stat().st_size <= 12_000
    assert tiles[0] == tiles[2]
    assert tiles[0] != tiles[1]


@pytest.mark.parametrize("size", [256, 1000, 1024, 2048])
def test_a_picture_has_the_size_that_was_asked_for(size: int) -> None:
    """Any size from 256 to 2048 gives a square RGB PNG of it."""
    with Image.open(io.BytesIO(render(CHEF, size))) as image:
        image.load()

        assert (image.format, image.mode, image.size) == ("PNG", "RGB", (size, size))


@pytest.mark.parametrize("size", [0, 255, 2049])
def test_other_sizes_are_refused(size: int) -> None:
    """A size outside of that raises ValueError, and names the size."""
    with pytest.raises(ValueError, match=str(size)):
        render(CHEF, size)


def test_the_same_prompt_gives_the_same_picture() -> None:
    """A picture depends on its prompt alone: not on what was drawn before, nor on the global dice."""
    first = pixels(render(CHEF))
    random.seed(7)
    np.random.seed(7)
    state = random.getstate()
    other = pixels(render(KNIGHT))

    assert np.array_equal(first, pixels(render(CHEF)))
    assert random.getstate() == state
    assert not np.array_equal(first, other)


def test_threads_do_not_disturb_each_other() -> None:
    """Eight prompts drawn by four threads at once are what one thread draws."""
    prompts = [
        f"{CHEF}, {place}" for place in ("beach", "castle", "night", "forest", "library", "desert", "lab", "snow")
    ]
    alone = [pixels(render(p, 256)) for p in prompts]
    with ThreadPoolExecutor(4) as threads:
        together = list(threads.map(lambda p: pixels(render(p, 256)), prompts))

    assert all(np.array_equal(a, b) for a, b in zip(alone, together, strict=True))


def test_pictures_have_no_grain() -> None:
    """Neighbouring pixels of the studio's sweep differ by at most a step: noise would triple a PNG."""
    image = pixels(render("Photorealistic LEGO-style minifigure of a nurse, clean background")).astype(int)
    corner = image[:160, :160]

    assert np.abs(np.diff(corner, axis=0)).max() <= 2
    assert np.abs(np.diff(corner, axis=1)).max() <= 2


@pytest.mark.slow
def test_no_two_of_200_look_alike() -> None:
    """Among 200 prompts the nearest two pictures differ by at least 12 of 255 (RMSE at 64 pixels)."""
    prompts = _prompts(200)
    with ThreadPoolExecutor(2) as threads:
        images = list(threads.map(lambda p: paint(scene(p)).reduce(16), prompts))
    small = np.stack([np.asarray(i, np.float32).ravel() for i in images])
    square = (small**2).mean(1)
    apart = np.sqrt(np.maximum(square[:, None] + square[None] - 2 * (small @ small.T) / small.shape[1], 0))
    np.fill_diagonal(apart, np.inf)

    assert apart.min() >= 12, prompts[int(apart.min(1).argmin())]


def _prompts(count: int) -> list[str]:
    """Prompts over the vocabulary's roles and places, each role several times."""
    tables = json.loads((resources.files("offline_model") / "data" / "vocabulary.json").read_text("utf-8"))
    rng = random.Random(5)
    roles, places = [list(tables[k].values()) for k in ("roles", "places")]
    held, colours = list(tables["things"]["held"]), list(tables["colours"])
    out = []
    for i in range(count):
        role, place = roles[i % len(roles)]["say"][0], rng.choice(places)["say"][0]
        out.append(
            f"Photorealistic LEGO-style minifigure of a {role} in a {rng.choice(colours)} outfit, "
            f"holding a {rng.choice(held)}, {place} backdrop"
        )
    return out


def test_every_print_draws() -> None:
    """Each torso print draws something of its own with and without a badge, within the area of prints."""
    seen = set()
    for name in PRINTS:
        for icon in ("", "star"):
            art = prints.torso(name, "#2f8a3e", "#f0f0ec", "#c4281c", "#eab98c", icon, random.Random(1))

            assert art.size == (
                round((prints.RIGHT - prints.LEFT) * ink.PER_MM),
                round((prints.TOP - prints.BOTTOM) * ink.PER_MM),
            )
        seen.add(art.tobytes())

    assert len(seen) == len(PRINTS)
    assert set(prints.PRINTS) == set(PRINTS)
    assert set(ICONS) == set(ICON_NAMES)


def test_every_feature_changes_the_face() -> None:
    """Each eye, brow, mouth and mark gives another face."""
    plain = Face("dot", "none", "smile", frozenset(), "#3a2416")
    looks = [Face(e, b, m, frozenset(), "#3a2416") for e in EYES for b in BROWS for m in MOUTHS]
    marked = [Face("dot", "none", "smile", frozenset({mark}), "#3a2416") for mark in MARKS]
    arts = {faces.face("#eab98c", look, "adult").tobytes() for look in [*looks, *marked]}

    assert len(arts) == len(looks) + len(marked)
    assert faces.face("#eab98c", plain, "child").tobytes() != faces.face("#eab98c", plain, "adult").tobytes()


def test_a_colour_word_shows() -> None:
    """A red cape and a blue cape are red and blue where they differ."""
    base = "Photorealistic LEGO-style minifigure of a superhero with a {} cape, clean background"
    scenes = [scene(base.format(c)) for c in ("red", "blue")]

    assert [s.back and s.back.part for s in scenes] == ["back.cape", "back.cape"]
    assert len({s.back.colour for s in scenes if s.back}) == 2


def test_parts_are_lit_not_flat() -> None:
    """A part's light varies over it: it was traced, not filled."""
    for key in ("core.head", "core.torso", "item.guitar", "head.wizard"):
        on = layers.layer(key)
        inside = np.asarray(on.alpha) > 250

        assert on.diffuse[inside].std() > 8, key
        assert on.specular[inside].max() > 60, key


def test_a_place_at_night_is_dark_and_the_figure_still_to_be_seen() -> None:
    """The corners lose most of their light, and more red than blue; what stands in the middle keeps its own."""
    base = "Photorealistic LEGO-style minifigure, baker, white apron, {}harbour backdrop, clean background"
    day, night = (np.asarray(paint(scene(base.format(when))), np.float32) for when in ("", "moonlit "))
    corner = slice(0, 128)

    assert night[corner, corner].mean() < 0.6 * day[corner, corner].mean()
    assert night[corner, corner, 2].mean() > 1.3 * night[corner, corner, 0].mean()
    assert night[300:800, 400:600].mean() > 1.3 * night[corner, corner].mean()
