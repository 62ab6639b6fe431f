"""The offline model's text: what it reads in a request, what it writes, and that the painter can draw it."""

from __future__ import annotations

import json
import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import pytest

from datagen_lib import prompts
from datagen_lib.models import Category
from offline_model.figure.scene import scene
from offline_model.figure.vocabulary import words
from offline_model.writing.categories import family
from offline_model.writing.english import fold, head, slug, title
from offline_model.writing.lexicon import load
from offline_model.writing.request import read_request
from offline_model.writing.wish import steer, theme
from offline_model.writing.writer import answer

ITEMS = {"properties": {"items": {"type": "array"}}}
CATEGORIES = {"properties": {"categories": {"type": "array"}}}
OPENING = re.compile(r"Photorealistic LEGO-style (minifigure|figure), ")
TAIL = ", clean background, high detail, vibrant, evenly lit, 1024x1024"
FORBIDDEN = re.compile(
    r"\b(logos?|official|trademarks?|brands?|franchises?|lego(?!-style)|disney|marvel|star wars|barbie|pokemon|batman)\b"
    r"|https?:|www\.|\S+@\S+|\d{3}[ -]?\d{3}",
    re.IGNORECASE,
)


def chat(*lines: str, role: str = "user") -> list[dict[str, Any]]:
    return [{"role": role, "content": "\n".join(lines)}]


def listed(names: list[str]) -> str:
    return "Existing categories: " + json.dumps([{"name": name, "slug": slug(name)} for name in names])


def items(*lines: str, seed: int = 0, categories: list[str] | None = None) -> list[dict[str, str]]:
    return list(answer(chat(listed(categories or pool()), *lines), ITEMS, seed=seed)["items"])


def categories(*lines: str, seed: int = 0) -> list[dict[str, str]]:
    return list(answer(chat(*lines), CATEGORIES, seed=seed)["categories"])


def pool() -> list[str]:
    return [category["name"] for category in load().categories]


@pytest.fixture(scope="module")
def many() -> list[dict[str, str]]:
    """Thousands of items over every category of the pool."""
    return [item for seed in range(20) for item in items("Return exactly 200 items.", seed=seed)]


# ---------------------------------------------------------------------------------------------- what is read


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Return exactly 7 items.", 7),
        ("A catalog of exactly 200 items in all. Now return exactly 12 items.", 12),
        ("Write 5 new items, please", 5),
        ("Some items", 20),
    ],
)
def test_the_last_exact_count_is_the_number_of_items(text: str, count: int) -> None:
    """As many items as the last "exactly N items" says, else as any number of items, else 20."""
    assert len(items(text)) == count


def test_the_schema_says_what_is_asked_for() -> None:
    """The schema's top-level property decides, whatever the words say; without a schema the words do."""
    assert list(answer(chat("Return exactly 3 categories."), ITEMS)) == ["items"]
    assert list(answer(chat("Return exactly 3 items."), CATEGORIES)) == ["categories"]
    assert list(answer(chat("Return exactly 3 categories."), None)) == ["categories"]
    assert list(answer(chat(listed(["Polar Explorers"]), "Return exactly 3 items."), None)) == ["items"]


def test_content_may_be_a_list_of_text_parts() -> None:
    """A message in text parts is read like the same message in one string."""
    text = f"{listed(['Farm Life'])}\nReturn exactly 3 items."
    parts = [{"role": "user", "content": [{"type": "text", "text": line} for line in text.splitlines()]}]

    assert answer(parts, ITEMS) == answer([{"role": "user", "content": text}], ITEMS)


@pytest.mark.parametrize(
    "text",
    [
        'Existing categories: [{"name": "Polar Explorers", "slug": "polar-explorers"}, {"name": "Farm Life"}].',
        'Existing categories: ["Polar Explorers", "Farm Life"]',
        "Existing categories: Polar Explorers, Farm Life",
        "Use these categories:\n- Polar Explorers\n- Farm Life\n",
        'Rules [a, b]. Already used names: x. Existing categories: ["Polar Explorers", "Farm Life"]',
    ],
)
def test_categories_are_found_in_json_and_in_prose(text: str) -> None:
    """Objects, strings, commas and bullets all list the categories, in their order."""
    assert read_request(chat(text, "Return exactly 4 items.")).categories == ("Polar Explorers", "Farm Life")


def test_items_are_spread_evenly_over_the_categories() -> None:
    """No category has more than one item more than another, and the first ones come first."""
    names = ["Polar Explorers", "Farm Life", "Tech Makers"]
    given = [item["category"] for item in items("Return exactly 8 items.", categories=names)]

    assert given == [names[n % 3] for n in range(8)]


def test_names_already_used_do_not_come_again() -> None:
    """Every name of the first answer is avoided in the second, whatever its case, blanks and punctuation."""
    names = ["Ancient Rome"]
    used: list[str] = []
    for seed in range(5):
        told = f"Already used names: {', '.join(name.upper().replace('-', ' ') for name in used)}. Return JSON."
        answered = items(told, "Return exactly 150 items.", categories=names, seed=seed)
        assert not {fold(item["name"]) for item in answered} & {fold(name) for name in used}
        used += [item["name"] for item in answered]

    assert len({fold(name) for name in used}) == 750


def test_the_same_request_has_the_same_answer() -> None:
    """The answer depends on messages and seed alone, also from many threads at once."""
    request = chat(listed(pool()[:5]), "Return exactly 20 items.")
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: json.dumps(answer(request, ITEMS, seed=3)), range(24)))

    assert len(set(answers)) == 1
    assert json.dumps(answer(request, ITEMS, seed=4)) != answers[0]


@pytest.mark.parametrize(
    ("wish", "shows"),
    [
        (
            "All of them at sea.",
            r"harbour|lighthouse|beach|island|ship deck|pier|fjord|reef|ocean|lagoon|kelp|sunken|grotto",
        ),
        ("Set everything in winter.", r"arctic|glacier|ice|snow|ski|fjord"),
        ("Everyone is wearing purple.", r"purple|violet"),
        ("Each of them holding a lantern.", r"lantern"),
    ],
)
def test_a_wish_is_followed(wish: str, shows: str) -> None:
    """A user's own words that the lexicon knows show in nearly all of the image prompts."""
    prompts = [item["imagePrompt"] for item in items(wish, "Return exactly 100 items.")]

    assert sum(bool(re.search(shows, prompt)) for prompt in prompts) >= 80


def trades(answered: list[dict[str, str]]) -> Counter[str]:
    """How often each role comes, by the longest noun that a prompt names."""
    nouns = sorted((role.noun for role in load().roles), key=len, reverse=True)
    return Counter(next(noun for noun in nouns if noun in item["imagePrompt"]) for item in answered)


@pytest.mark.parametrize(
    ("wish", "shows"),
    [
        ("All of them at night.", r"moonlit|starlit|lamplit|candlelit"),
        ("Everything at dawn, please.", r"early-morning"),
        ("Make it evening.", r"sunset-lit|golden-hour|lamplit"),
        ("In the rain.", r"rainy|rain-soaked"),
        ("In ancient Rome.", r"colosseum|temple|castle|ruins|pyramids|throne|western town|longhouse"),
        ("Set it all in space.", r"space|moon|Mars|planet|observatory|rocket|lunar"),
    ],
)
def test_a_wish_of_time_or_place_changes_times_and_places_only(wish: str, shows: str) -> None:
    """It shows wherever it can be seen, and the roles are as many and as mixed as without it."""
    answered, plain = items(wish, "Return exactly 40 items."), items("Return exactly 40 items.")

    assert sum(bool(re.search(shows, item["imagePrompt"])) for item in answered) >= 22
    assert max(trades(answered).values()) <= 4
    assert abs(len(trades(answered)) - len(trades(plain))) <= 8
    assert [item["category"] for item in answered] == [item["category"] for item in plain]


def test_a_wish_of_time_is_in_the_words_too() -> None:
    """No name says another hour than the one that was wished for."""
    answered = items("All of them at night.", "Return exactly 100 items.")

    assert not [item["name"] for item in answered if re.search(r"Dawn|Morning|Sunset|Daybreak|Summer", item["name"])]
    assert sum(bool(re.search(r"moon|star|lamp|candle|night|dark", i["description"])) for i in answered) >= 80


def test_a_wish_for_a_role_keeps_the_categories() -> None:
    """Everyone is a pirate, and a pirate of the farm stands on the farm."""
    answered = items("All pirates.", "Return exactly 40 items.", categories=["Farm Life", "Castle Life"])
    farm = [item["imagePrompt"] for item in answered if item["category"] == "Farm Life"]

    assert trades(answered).keys() <= {"pirate", "pirate captain", "buccaneer"}
    assert len(farm) == 20
    assert not any(re.search(r"island|ship deck|harbour|lagoon", prompt) for prompt in farm)


def test_only_women_scientists() -> None:
    """A wish for women and for a trade gives both, in every category."""
    answered = items("Only women scientists, please.", "Return exactly 60 items.")
    trades = {role.noun for role in load().roles if "scientist" in role.tags}

    assert all(any(trade in item["imagePrompt"] for trade in trades) for item in answered)
    assert not any(re.search(r"\b(he|his|him)\b", item["description"].lower()) for item in answered)


def test_the_kits_own_prompts_carry_no_wish() -> None:
    """What the generator always says steers nothing; the count, categories and used names in it are read."""
    known = [Category(name="Farm Life", slug="farm-life"), Category(name="Kitchen Masters", slug="kitchen-masters")]
    asked = prompts.items_request(prompts.ITEMS, 5, categories=known, used=["Red-Hat Baker", "Calm Chef"])
    request = read_request([*chat(prompts.ITEMS.system(stricter=True), role="system"), *chat(asked)])
    more = read_request(chat(prompts.categories_request(prompts.CATEGORIES, 4, known=["Farm Life", "Ancient Rome"])))

    assert (request.wants, request.count, request.categories) == ("items", 5, ("Farm Life", "Kitchen Masters"))
    assert request.avoid == {"redhatbaker", "calmchef"}
    assert (more.wants, more.count, more.avoid) == ("categories", 4, {"farmlife", "ancientrome"})
    assert steer(request.wish) == steer(more.wish) == steer("return")


def test_facets_steer_some_of_the_items() -> None:
    """Settings drawn for variety come far more often than without them."""
    plain = items("Return exactly 200 items.")
    steered = items("For variety, draw on: rooftop, beach, cheerful.", "Return exactly 200 items.")
    count = [
        sum("rooftop" in i["imagePrompt"] or "beach" in i["imagePrompt"] for i in each) for each in (plain, steered)
    ]

    assert count[1] > 2 * count[0]


@pytest.mark.parametrize(
    ("category", "fits"),
    [
        ("Jazz Musicians", r"guitar|violin|trump|drum|sing|disc jockey|rock star|maestro|minstrel|dancer|jazz"),
        ("Quantum Plumbers", r"plumber"),
        ("Dinosaur World", r"Dinosaur|dinosaur|World|citizen|villager|tourist|volunteer|storyteller"),
        ("Ärzte und Pfleger", r"\w"),
        ("123", r"\w"),
        ("Doctor Doctors of the Very Long Named Category", r"\w"),
        ("Singers Singers", r"singer"),
        ("Robot Mechanics", r"robot mechanic"),
        ("Pirate Cooks", r"pirate"),
        ("Night Watch", r"moonlit|starlit|lamplit|candlelit"),
    ],
)
def test_unknown_categories_have_fitting_items(category: str, fits: str) -> None:
    """A category of the user's own gets roles that the words of its name mean, else general figures."""
    answered = items("Return exactly 20 items.", categories=[category])

    assert {item["category"] for item in answered} == {category}
    assert all(re.search(fits, f"{item['name']} {item['imagePrompt']}", re.IGNORECASE) for item in answered)
    assert len({item["name"] for item in answered}) == 20


# ------------------------------------------------------------------------------------------- what is written


def test_twenty_categories_of_different_kinds() -> None:
    """Twenty by default, of two or three words, with kebab-case slugs, each of another family."""
    answered = categories("Return exactly 20 categories.")
    families = {c["name"]: family(c) for c in load().categories}

    assert len({c["name"] for c in answered}) == len({c["slug"] for c in answered}) == 20
    assert all(2 <= len(c["name"].split()) <= 3 and c["name"].istitle() for c in answered)
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", c["slug"]) and len(c["slug"]) <= 64 for c in answered)
    assert len({families[c["name"]] for c in answered}) == 20


def test_missing_categories_are_new_ones() -> None:
    """Asked again with those already chosen, other categories come; the pool has 60 and more, and goes on past that."""
    chosen: list[str] = []
    for _ in range(5):
        told = f"Already chosen, do not repeat or overlap: {', '.join(chosen)}." if chosen else ""
        chosen += [c["name"] for c in categories(told, "Return exactly 20 categories.")]

    assert len({fold(name) for name in chosen}) == 100
    assert len(pool()) >= 60


def test_categories_follow_a_wish() -> None:
    """A wish for the sea puts the categories of the sea first."""
    answered = categories("All about the sea.", "Return exactly 5 categories.")

    assert (
        len(
            {c["name"] for c in answered}
            & {"Harbour Folk", "Deep Sea Divers", "Friendly Pirates", "Beach Holiday", "Mermaid Lagoon"}
        )
        >= 4
    )


def test_every_item_keeps_the_rules(many: list[dict[str, str]]) -> None:
    """Lengths, opening, tail and forbidden words are right in thousands of items."""
    for item in many:
        name, description, prompt = item["name"], item["description"], item["imagePrompt"]
        assert 3 <= len(name) <= 80, name
        assert 2 <= len(name.split()) <= 6, name
        assert 20 <= len(description) <= 1200, description
        assert 2 <= len(re.findall(r"[.!?](?: |$)", description)) <= 4, description
        assert OPENING.match(prompt), prompt
        assert prompt.endswith(TAIL), prompt
        assert 160 <= len(prompt) <= 230, prompt
        assert not FORBIDDEN.search(f"{name}\n{description}"), item
        assert not FORBIDDEN.search(prompt.removesuffix(TAIL)), item
        assert "lego" not in f"{name} {description}".lower()


def test_every_item_is_good_english(many: list[dict[str, str]]) -> None:
    """Articles, agreement and capitals are right, no word comes twice in a row, no field of a sentence is left open."""
    wrong = re.compile(
        r"\b[Aa] (?!uni|use|one|eu)[aeiou]|\b[Aa]n (?!hour|honest)[^aeiou\W]|\b[Aa]n? (?:[a-z-]+ )?(?:blue overalls|chainmail)\b"
        r"|\b(they|They) (is|has|wears|holds|carries)\b|(?<!helps )(?<!help )\b(he|she|it|He|She|It) (are|have|wear|hold|carry)\b"
        r"|\b(\w+) \5\b|[{}*]|HAIR|  | [.,]|[.!?] [a-z]|^[a-z]"
    )
    found = [match.group(0) + " | " + text for item in many if (match := wrong.search(text := item["description"]))]

    assert not found, found[:5]
    assert all(item["name"] == title(item["name"]) for item in many)


def test_a_description_names_what_the_prompt_shows(many: list[dict[str, str]]) -> None:
    """The clothes, the tool, the companion and the face of a prompt are all in the words of its description."""
    for item in many:
        shown = OPENING.sub("", item["imagePrompt"]).removesuffix(TAIL).split(", ")
        place = [part for part in shown if part.endswith(" backdrop")]
        things = [re.sub(r"^holding (an? )?|^an? | in hand$", "", part) for part in shown[1:] if part not in place]
        things = [part for part in things if not re.match(r"((old|young) )?(wo)?man\b", part) and " and " not in part]
        lower = item["description"].lower()
        assert all(thing in lower for thing in things), (things, item)


def test_a_batch_does_not_repeat_itself(many: list[dict[str, str]]) -> None:
    """Neighbours differ in role, quality and how they begin; the openings of all are of many shapes."""
    firsts = [" ".join(item["description"].split()[:2]) for item in many]
    roles = {role.noun for role in load().roles}
    subjects = [max((r for r in roles if r in item["imagePrompt"].split(", ")[1]), key=len) for item in many]

    assert sum(a == b for a, b in pairwise(subjects)) <= len(many) * 0.01
    assert len(set(firsts)) > 300
    assert max(Counter(d.split()[0] for d in firsts).values()) < len(many) * 0.4


def test_most_prompts_have_a_place_and_some_have_none(many: list[dict[str, str]]) -> None:
    """Between a half and nine tenths of the figures stand somewhere; the others have the plain studio."""
    share = sum(" backdrop" in item["imagePrompt"] for item in many) / len(many)

    assert 0.5 < share < 0.9


def test_names_stay_new_past_a_large_catalogue() -> None:
    """Of 20,000 names in 20 categories, asked for in batches that know the last 100, at most 2 % come twice."""
    names = [c["name"] for c in categories("Return exactly 20 categories.", seed=1)]
    made: list[str] = []
    for _ in range(1000):
        told = f"Already used names: {', '.join(made[-100:])}" if made else ""
        made += [item["name"] for item in items(told, "Return exactly 20 items.", categories=names)]

    assert len({fold(name) for name in made}) >= 0.98 * len(made) == 0.98 * 20_000


def test_the_lexicon_holds_far_more_than_a_hundred_thousand_names() -> None:
    """One shape of name alone, a quality and a kind of a role, makes 100,000; towns multiply that."""
    lexicon = load()
    kinds = sum(len(role.kinds) for role in lexicon.roles)
    towns = len(lexicon.towns["first"]) * len(lexicon.towns["town"])

    assert kinds * len(lexicon.qualities) > 100_000
    assert len(lexicon.roles) * len(lexicon.qualities) * towns > 10_000_000


# ------------------------------------------------------------------------------------------------ the lexicon


def test_every_line_of_the_lexicon_is_used_and_complete() -> None:
    """What roles, kits and categories name exists, and nothing that exists is named by none."""
    lexicon = load()
    tools = {tool for role in lexicon.roles for tool in role.tools}
    props = {prop for kit in lexicon.kits.values() for prop in kit.props}

    assert tools == lexicon.tools.keys()
    assert props <= lexicon.props.keys()
    assert {role.kit for role in lexicon.roles} == lexicon.kits.keys()
    assert all(len(role.tasks) >= 2 and role.kinds and role.tools for role in lexicon.roles)
    assert all(lexicon.poses[kind] for kind in lexicon.props.values())
    assert not [task for role in lexicon.roles for task in role.tasks if re.match(r"(never|always|not|to)\b", task)]
    assert all(len(theme(name).roles) >= 3 for name in pool())


def test_the_painter_uses_what_the_prompts_name() -> None:
    """Of the nouns of 200 prompts, the scene uses at least nine in ten."""
    named = drawn = 0
    for item in items("Return exactly 200 items.", seed=11):
        used = scene(item["imagePrompt"]).used
        shown = OPENING.sub("", item["imagePrompt"]).removesuffix(TAIL)
        for part in re.split(r", | with | and ", shown):
            noun = words(head(re.sub(r" (backdrop|in hand)$", "", part)))
            named += 1
            drawn += bool(used & set(noun))

    assert named > 1000
    assert drawn >= 0.9 * named
