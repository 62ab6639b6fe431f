"""What the painter makes of a prompt: the role, the parts, the colours, the place."""

from __future__ import annotations

import json
from collections import Counter
from itertools import pairwise
from typing import Any

import pytest

from offline_model.figure import backdrop
from offline_model.figure.director import direct
from offline_model.figure.draft import role_of
from offline_model.figure.parts import BROWS, EYES, ICONS, LEGWEAR, MARKS, MOUTHS, PAINTS, PARTS, PRINTS, SLEEVES
from offline_model.figure.reading import read
from offline_model.figure.scene import Scene, scene
from offline_model.figure.vocabulary import vocabulary, words
from offline_model.writing.writer import answer

WORDS = vocabulary()
TABLES = WORDS.tables
OPENING = "Photorealistic LEGO-style minifigure, "
TAIL = ", clean background, high detail, vibrant, evenly lit, 1024x1024"
SLOT_OF = {
    "headgear": "head",
    "hair": "hair",
    "beard": "beard",
    "eyewear": "eyewear",
    "held": "item",
    "back": "back",
    "props": "prop",
    "companions": "pet",
    "rear": "rear",
    "bases": "base",
}
ROLE_LISTS = (*SLOT_OF, "worn", "clothes")


def draw(words: str) -> Scene:
    return scene(OPENING + words + TAIL)


def parts(made: Scene) -> set[str]:
    """Every part of a scene, and its print and backdrop, by their names."""
    single = (made.headgear, made.hair, made.beard, made.eyewear, made.held, made.back, made.prop, made.rear, made.base)
    found = {piece.part for piece in (*single, *made.worn) if piece}
    return {*found, f"print.{made.torso.print}", f"in.{made.backdrop}"}


# ---- the vocabulary


def test_no_phrase_has_two_meanings() -> None:
    """`vocabulary` refuses a file in which a phrase means two things, and ours loads."""
    assert len(WORDS.index) > 10_000


@pytest.mark.parametrize("slot", sorted(SLOT_OF))
def test_every_word_list_leads_to_a_part(slot: str) -> None:
    """Each thing names a part that exists, of the slot in which it is worn, held or stood."""
    wrong = [
        n
        for n, t in TABLES["things"][slot].items()
        if t["part"].split(".")[0] != SLOT_OF[slot] or t["part"] not in PARTS
    ]

    assert not wrong


def test_clothes_lead_to_prints_and_parts() -> None:
    """Clothes name a print, and only body parts to put over it; what is worn is of the body or the neck."""
    clothes, worn = TABLES["things"]["clothes"].values(), TABLES["things"]["worn"].values()

    assert {c["part"] for c in clothes} <= set(PRINTS)
    assert {p for c in clothes for p in c.get("worn", ())} <= {key for key in PARTS if key.startswith("body.")}
    assert all(w["part"] in PARTS and w["part"].split(".")[0] in ("body", "neck") for w in worn)
    assert {c["sleeves"] for c in clothes if "sleeves" in c} <= set(SLEEVES)


def test_every_part_can_be_asked_for() -> None:
    """No part is baked in vain: each one beside the body itself has words that lead to it."""
    own = {"core", "arm", "under"}
    named = {t["part"] for slot in TABLES["things"].values() for t in slot.values()}
    named |= {part for t in TABLES["things"]["clothes"].values() for part in t.get("worn", ())}
    missing = {key for key in PARTS if key.split(".")[0] not in own} - named

    assert not missing


def test_faces_icons_and_places_are_the_painters() -> None:
    """Expressions, marks, icons, poses and places are ones that can be drawn."""
    faces = TABLES["faces"].values()

    assert {f["mouth"] for f in faces if "mouth" in f} <= set(MOUTHS)
    assert {f["brows"] for f in faces if "brows" in f} <= set(BROWS)
    assert {f["eyes"] for f in faces if "eyes" in f} <= set(EYES)
    assert {f["mark"] for f in faces if "mark" in f} <= set(MARKS)
    assert set(TABLES["icons"]) <= set(ICONS)
    assert {f"arm.L-{pose}" for pose in TABLES["poses"]} <= set(PARTS)
    assert set(TABLES["places"]) == set(backdrop.BACKDROPS)


def test_roles_are_many_and_whole() -> None:
    """At least 40 roles; each has clothes, something to hold, a place, and only names, colours and faces that exist."""
    colours = {*TABLES["colours"], *TABLES["materials"]}
    for name, role in TABLES["roles"].items():
        for kind in ROLE_LISTS:
            assert set(role.get(kind, ())) <= set(TABLES["things"][kind]), f"{name}: {kind}"
        assert set(role["places"]) <= set(TABLES["places"]), name
        assert set(role.get("faces", ())) <= set(TABLES["faces"]), name
        assert {c for names in role["palette"].values() for c in names} <= colours, name
        assert all(role[kind] for kind in ("say", "clothes", "held", "places")), name

    assert len(TABLES["roles"]) >= 40


@pytest.mark.parametrize("slot", sorted(TABLES["things"]))
def test_a_phrase_for_the_writer_is_understood_whole(slot: str) -> None:
    """Each phrase that the vocabulary offers for a thing is read as that thing, with no word left over."""
    for name in TABLES["things"][slot]:
        for phrase in WORDS.phrases(slot, name):
            hits = read(f"a figure, {phrase}", WORDS).hits

            assert [(h.kind, h.name) for h in hits] == [(slot, name)], phrase
            assert hits[0].end - hits[0].start == len(words(phrase)), phrase


# ---- roles


@pytest.mark.parametrize("role", sorted(TABLES["roles"]))
def test_a_role_looks_like_itself(role: str) -> None:
    """A prompt that names only the role gets its clothes, headgear and tools, in the studio or at a place it names."""
    habits = TABLES["roles"][role]
    for title in habits["say"]:
        made = draw(f"{title} standing")
        own = {WORDS.thing(kind, n)["part"] for kind in SLOT_OF for n in habits.get(kind, ())}
        prints = {WORDS.thing("clothes", n)["part"] for n in habits["clothes"]}

        assert role_of(read(title, WORDS), WORDS) == role, title
        assert made.torso.print in prints, title
        assert made.headgear is None or made.headgear.part in own, title
        if made.held and not read(title, WORDS).of("held"):
            assert made.held.part in own, title
        assert made.backdrop in {"studio", *(hit.name for hit in read(title, WORDS).of("places"))}, title


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        # what an earlier painter got wrong
        ("tugboat captain in a navy uniform", {"print.uniform", "head.peaked|head.beanie", "in.studio"}),
        ("rock star with an electric guitar", {"item.guitar", "-prop.rocks", "in.studio"}),
        ("volcanologist, orange parka, lava field", {"print.parka", "in.volcano"}),
        ("samurai with a katana", {"head.kabuto", "item.katana", "print.plate|print.kimono", "-head.ninja"}),
        ("shadow ninja with a katana", {"head.ninja", "item.katana", "print.wrap", "-head.kabuto"}),
        ("tennis player with a racket", {"item.racket", "-item.flag"}),
        ("heart surgeon, teal scrubs, surgical mask", {"print.scrubs", "eyewear.facemask", "head.surgical"}),
        ("beekeeper with smoker", {"head.beekeeper", "item.watering-can", "print.jumpsuit"}),
        ("superhero in a cape, city street", {"back.cape", "in.city", "-head.cap"}),
        # the words of a text model
        (
            "deep-space cartographer, translucent bubble helmet, handheld star map tablet, compact thruster pack",
            {"head.bubble", "item.tablet", "back.jetpack", "print.space"},
        ),
        (
            "arctic research biologist studying ice core, subtle snowy backdrop",
            {"head.parka|head.beanie", "print.parka", "item.gem", "in.snow"},
        ),
        ("underwater welder, copper dive helmet, welding torch", {"head.diver", "item.drill", "print.wetsuit"}),
        (
            "lighthouse keeper, yellow raincoat, lantern, white beard",
            {"print.jacket", "item.lantern", "beard.beard-long"},
        ),
        ("medieval falconer, perched falcon, green tunic, feathered cap", {"pet.owl", "print.tunic", "head.elf"}),
        ("opera singer in emerald gown, pearl necklace, red curtain", {"body.gown", "neck.lei", "in.stage"}),
        ("glacier mountaineer, orange down jacket, ice axe", {"print.parka", "item.pickaxe", "in.icecave"}),
        ("robot barista, steaming mug, green apron", {"head.robot", "item.mug", "body.apron"}),
        ("elderly clockmaker, brass loupe, grey beard", {"item.magnifier", "beard.beard-long"}),
        ("pirate with a parrot, ship deck", {"pet.parrot", "print.pirate|print.stripes", "in.sea"}),
        ("forest fairy with gossamer wings, wand", {"back.wings-fairy", "item.wand", "print.dress"}),
        ("wizard with owl, wizard hat, crystal staff", {"pet.owl", "head.wizard", "item.staff", "body.robe"}),
        ("skateboarder, purple hoodie, skateboard, skatepark", {"print.hoodie", "pet.skateboard", "in.skatepark"}),
        ("train driver beside a steam locomotive", {"pet.train", "head.peaked|print.overalls|print.uniform"}),
        ("city firefighter with fire hose", {"head.fire", "item.extinguisher", "print.hivis"}),
        ("baker holding a baguette, bakery background", {"item.baguette", "in.kitchen"}),
        ("gladiator with trident and round shield, arena", {"head.knight", "item.trident", "in.stadium"}),
        ("gamer with headphones and controller", {"head.headphones", "item.gamepad"}),
        ("farmer with a hen, red barn", {"pet.chicken", "in.farm", "head.straw|head.cap|print.overalls|print.flannel"}),
        ("king with golden crown", {"head.crown"}),
        ("marine biologist, coral reef, turtle", {"pet.turtle", "in.underwater"}),
        ("woman in a pink tutu, stage lights", {"body.tutu", "print.dress", "in.stage"}),
        ("child with a teddy bear and a red balloon hat", {"item.teddy"}),
    ],
)
def test_a_prompt_gets_what_it_names(prompt: str, expected: set[str]) -> None:
    """The scene has the parts that the words ask for; "a|b" is one of them, "-a" is none."""
    found = parts(draw(prompt))
    for name in expected:
        if name.startswith("-"):
            assert name[1:] not in found, f"{name} in {found}"
        else:
            assert found & set(name.split("|")), f"no {name} in {found}"


# ---- colours


@pytest.mark.parametrize(
    ("prompt", "where", "colour"),
    [
        ("chef in a red apron", "trim", "red"),
        ("knight with a purple cape", "back", "purple"),
        ("gardener with blue trousers and a yellow shirt", "bottom", "blue"),
        ("gardener with blue trousers and a yellow shirt", "top", "yellow"),
        ("sailor in a navy coat", "top", "navy"),
        ("wizard, robe in deep purple, holding a staff", "top", "deep purple"),
        ("dancer with flowing green cape", "back", "green"),
        ("explorer with orange boots", "shoes", "orange"),
        ("mechanic with white gloves", "glove", "white"),
        ("teal robot", "top", "teal"),
        ("man with short grey hair", "hair", "grey"),
        ("polar explorer, red knit beanie, green parka", "hat", "red"),
        ("polar explorer, red knit beanie, green parka", "top", "green"),
        ("magician on a purple base", "base", "purple"),
        ("racer in a black and yellow racing suit", "trim", "yellow"),
        ("party guest holding a red mug", "item", "red"),
    ],
)
def test_a_colour_goes_to_its_noun(prompt: str, where: str, colour: str) -> None:
    """ "<colour> <noun>" paints that noun and nothing else."""
    assert draw(prompt).paints[where] == TABLES["colours"][colour]


def test_a_metal_brings_its_shine() -> None:
    """A material gives its colour and its finish."""
    held = draw("mechanic with a copper goblet").held

    assert held is not None
    assert (held.colour, held.finish) == (TABLES["materials"]["copper"]["colour"], "metal")


def test_red_hair_is_no_fire_engine() -> None:
    """Hair takes the colour that people mean by the word."""
    assert draw("woman with red hair").hair_colour not in (TABLES["colours"]["red"], "#000000")


# ---- place, face, body


@pytest.mark.parametrize(
    ("prompt", "place"),
    [
        ("detective with magnifier", "studio"),
        ("desert nomad, night sky backdrop", "night"),
        ("ship captain, library background", "library"),
        ("jazz singer, volcano scene, cape", "volcano"),
        ("botanist, pastel green background", "studio"),
    ],
)
def test_the_place_is_the_one_before_the_word_backdrop(prompt: str, place: str) -> None:
    """The phrase before "background" wins; with none and no place named, it is the studio."""
    assert draw(prompt).backdrop == place


def test_a_coloured_background_tints_the_sweep() -> None:
    """ "pastel green background" is the studio's sweep in that green."""
    assert draw("botanist, pastel green background").tint == TABLES["colours"]["pastel green"]


@pytest.mark.parametrize(
    ("prompt", "mouth", "mark"),
    [
        ("grumpy pirate with an eyepatch", "frown", "eyepatch"),
        ("surprised chef with freckles", "o", "freckles"),
        ("laughing clown with painted face", "open", "paint"),
        ("stern viking with a battle scar", "flat", "scar"),
    ],
)
def test_a_face_shows_what_is_said(prompt: str, mouth: str, mark: str) -> None:
    """Words of mood and of the face are drawn."""
    face = draw(prompt).face

    assert face.mouth == mouth
    assert mark in face.marks


def test_an_old_man_is_old() -> None:
    """Age shows in hair and skin; "man" is taken at its word."""
    made = draw("elderly man, librarian")

    assert made.age == "old"
    assert "wrinkles" in made.face.marks
    assert made.face.eyes != "lash"


def test_people_are_varied_and_none_is_rare() -> None:
    """Over 600 prompts each skin tone takes its fair share, women and men are even, and every age is met."""
    titles = [title for role in TABLES["roles"].values() for title in role["say"]]
    made = [draw(f"{titles[i % len(titles)]} number {i}") for i in range(600)]
    skins, fair = Counter(m.skin for m in made), 600 / len(TABLES["skins"])

    assert set(skins) == set(TABLES["skins"])
    assert min(skins.values()) > 0.6 * fair
    assert max(skins.values()) < 1.5 * fair
    assert 0.35 < sum(m.face.eyes == "lash" for m in made) / 600 < 0.65
    assert set(Counter(m.age for m in made)) == {"child", "adult", "old"}


def test_a_skin_tone_is_not_tied_to_a_role() -> None:
    """Within one role all tones occur."""
    assert len({draw(f"village doctor {i}").skin for i in range(80)}) == len(TABLES["skins"])


# ---- the scene as a whole


def offline_prompts(count: int) -> list[str]:
    names = [
        c["name"]
        for c in answer([{"role": "user", "content": "Return exactly 20 categories."}], _asks("categories"))[
            "categories"
        ]
    ]
    listed = json.dumps([{"name": name} for name in names])
    ask = f"Existing categories: {listed}\nReturn exactly {count} items."
    return [item["imagePrompt"] for item in answer([{"role": "user", "content": ask}], _asks("items"))["items"]]


def _asks(field: str) -> dict[str, Any]:
    return {"type": "object", "properties": {field: {"type": "array"}}}


PROMPTS = offline_prompts(200)


def test_a_scene_names_only_what_exists() -> None:
    """Every part, print, icon, pose and colour of 200 scenes is one that the compositor has."""
    for prompt in PROMPTS:
        made = direct(prompt)
        pieces = [name for name in parts(made) if name.split(".")[0] not in ("print", "in")]

        assert set(pieces) <= set(PARTS)
        assert made.torso.print in PRINTS
        assert made.torso.icon in ("", *ICONS)
        assert made.sleeves in SLEEVES
        assert made.legwear in LEGWEAR
        assert {f"arm.R-{made.right}", f"arm.L-{made.left}"} <= set(PARTS)
        assert set(made.paints) == set(PAINTS)
        assert all(len(colour) == 7 and colour.startswith("#") for colour in made.paints.values())


def test_a_closed_helmet_hides_what_is_under_it() -> None:
    """Nobody wears glasses or a beard over a diving helmet."""
    for i in range(60):
        made = draw(f"deep-sea diver {i} with round glasses and a bushy beard, brass diving helmet")

        assert made.eyewear is None
        assert made.beard is None


def test_the_same_prompt_gives_the_same_scene() -> None:
    """A scene is a function of its prompt."""
    assert [direct(p) for p in PROMPTS[:50]] == [direct(p) for p in PROMPTS[:50]]


def test_other_words_give_another_scene() -> None:
    """No two of 200 prompts make the same scene, seeds aside."""
    made = [repr(direct(p)).split("seed=")[0] for p in set(PROMPTS)]

    assert len(set(made)) == len(made)


def test_the_painter_draws_what_the_writer_writes() -> None:
    """Of the words of 200 offline prompts, function words aside, at least nine in ten decide something in the picture."""
    idle = set(words("a an the and or with in on of at by for to from holding hand")) | set(
        words(OPENING + TAIL + " figure")
    )
    drawn = missed = 0
    for prompt in PROMPTS:
        used = direct(prompt).used
        said = [word for word in words(prompt) if word not in idle]
        missed += sum(word not in used for word in said)
        drawn += len(said)

    assert missed / drawn <= 0.10


# ---- backdrops


@pytest.mark.parametrize("name", sorted(backdrop.BACKDROPS))
def test_a_backdrop_is_smooth_and_repeats(name: str) -> None:
    """Each of at least 30 backdrops comes out the same twice, at any size, and without grain."""
    first, again = (backdrop.draw(name, "#c4281c", 7, 256) for _ in range(2))
    backdrop.veil(again, name, 7)
    backdrop.veil(first, name, 7)

    assert first.tobytes() == again.tobytes()
    assert first.size == (256, 256)
    assert len(backdrop.BACKDROPS) >= 30


def test_the_studio_has_no_horizon() -> None:
    """The sweep shows no edge: from row to row it changes by no more than the eye's threshold."""
    image = backdrop.draw("studio", "#f1efea", 1, 256).convert("L")
    column = list(image.crop((20, 0, 21, 256)).tobytes())

    assert max(abs(a - b) for a, b in pairwise(column)) <= 2


@pytest.mark.parametrize(
    ("words", "part"),
    [
        ("cheerful trumpeter, black jacket, jazz club backdrop", "item.trumpet"),
        ("street violinist in a green scarf", "item.violin"),
        ("trumpeter holding a red flag", "item.flag"),
    ],
)
def test_a_title_brings_its_tool(words: str, part: str) -> None:
    """A trumpeter holds a trumpet, unless the prompt puts something else into the hand."""
    held = scene(f"Photorealistic LEGO-style minifigure, {words}").held

    assert held is not None
    assert held.part == part


@pytest.mark.parametrize(
    ("words", "part", "colour"),
    [
        ("polar biologist in a teal parka with a fur-lined hood", "head.parka", "teal"),
        ("airline pilot in a navy uniform with a peaked cap", "head.peaked", "navy"),
        ("airline pilot in a navy uniform with a white peaked cap", "head.peaked", "white"),
    ],
)
def test_a_hood_is_of_the_garments_cloth(words: str, part: str, colour: str) -> None:
    """A hood or a uniform's cap has the colour of the garment where the prompt names none for it."""
    headgear = scene(f"Photorealistic LEGO-style minifigure, {words}").headgear

    assert headgear is not None
    assert (headgear.part, headgear.colour) == (part, vocabulary().tables["colours"][colour])


def test_a_beard_that_is_asked_for_is_seen() -> None:
    """A wizard with a long beard wears no hood that hides it, whatever the dice say."""
    drawn = [scene(f"Photorealistic LEGO-style minifigure, wise old wizard number {n}, long beard") for n in range(20)]

    assert all(one.beard is not None for one in drawn)
    assert {one.headgear.part for one in drawn if one.headgear} == {"head.wizard"}


@pytest.mark.parametrize("words", ["moonlit harbour backdrop", "starlit harbour backdrop", "harbour at night backdrop"])
def test_a_place_may_be_seen_at_night(words: str) -> None:
    """The place stays what it is; the light is the night's, and so are the words that decided it."""
    by_night, by_day = draw(f"baker, {words}"), draw("baker, harbour backdrop")

    assert (by_night.backdrop, by_night.dark, by_day.dark) == ("harbour", True, False)
    assert by_night.diffuse[2] > by_night.diffuse[0]
    assert by_night.used & {"moonlit", "starlit", "night"}


@pytest.mark.parametrize(("words", "place"), [("starry night backdrop", "night"), ("moonlit cave backdrop", "cave")])
def test_what_is_dark_anyway_stays_as_it_is(words: str, place: str) -> None:
    """The night itself, and places without a sky."""
    seen = draw(f"baker, {words}")

    assert (seen.backdrop, seen.dark) == (place, False)


def test_a_moonlit_farm_is_dark() -> None:
    """The same where the vocabulary knows the place and the word backdrop as one phrase."""
    assert draw("farmer, moonlit farm backdrop").dark
