"""Answers that mean harm: what a model writes is refused by a rule, logged in plain letters, and ends no run."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from conftest import Command
from factories import THEMES, figure
from fakes.service import Answer, Request, Service, chunk, events
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datagen_lib.models import CatalogItem, Category
from datagen_lib.spelling import name_keys, shop_slugs
from datagen_lib.stages.categories import new_category

RAW = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069\ud800-\udfff\U000e0000-\U000e007f]")


def deep(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = {"a": [value]}
    return value


HOSTILE: dict[str, tuple[Any, str]] = {
    "a NUL": (figure("Nul \x00 Sailor"), "control-characters"),
    "an escape": (figure("Red \x1b[31m Sailor"), "control-characters"),
    "an override": (figure("Rolias \u202e Sailor"), "control-characters"),
    "isolates": (figure("Sailor Two", description="It is \u2066here\u2069. It waits."), "control-characters"),
    "tags": (figure("Sailor \U000e0041\U000e0042"), "control-characters"),
    "zero width": (figure("Sai\u200blor"), "control-characters"),
    "a long name": (figure("n" * 50_000), "text-length"),
    "a long category": (figure("Sailor Three", category="c" * 50_000), "text-length"),
    "a long prompt": (figure("Sailor Four", imagePrompt="Photorealistic " * 3_000), "text-length"),
    "an address that never ends": (figure("Sailor Five", description="a." * 20_000), "text-length"),
    "an endless name": (figure("n" * 2**19), "shape"),
    "deep nesting": (figure("Sailor Six", description=deep(10)), "shape"),
    "a huge number": (figure("Sailor Seven", description=10**400), "personal-data"),
    "markup": (figure("<script>alert(1)</script> www.example.com"), "personal-data"),
    "no object": ("Sailor", "shape"),
    "nothing": ({}, "shape"),
}


def serving(items: list[Any]) -> Callable[[Request], Answer]:
    """A service that answers with these items once, then with good ones."""
    served: list[int] = []

    def script(request: Request) -> Answer:
        schema = request.body["response_format"]["json_schema"]["schema"]
        if "categories" in schema["properties"]:
            found: dict[str, Any] = {"categories": THEMES}
        else:
            served.append(1)
            found = {"items": items if len(served) == 1 else [figure(f"Good {len(served)} {n}") for n in range(20)]}
        return events(chunk(json.dumps(found)), chunk(finish_reason="stop"))

    return script


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_item_is_refused_by_a_rule(command: Command, kind: str) -> None:
    """It is refused under its rule's name, the item beside it is kept, and no call is made for it but the next batch's;
    nothing that it held reaches a file or the terminal raw."""
    bad, rule = HOSTILE[kind]
    with Service(serving([bad, figure("Sea Cook")])) as service:
        command.use(service)
        result = command("--dry-run", "--target-count", "2", "--batch-size", "2")
        texts = len(service.requests)

    assert result.code == 0, result.said
    assert texts == 3
    assert command.folder.catalogue[0]["name"] == "Sea Cook"
    (line,) = command.folder.rejected
    assert rule in line["rules"]
    assert not RAW.search(result.said)
    for path in command.folder.path.glob("*.json*"):
        text = path.read_text(encoding="utf-8")
        assert not RAW.search(text), path
        assert path.suffix != ".jsonl" or not re.search(r"\\u(?!0009|000a)[0-9a-f]{4}", text.replace("\\\\", "")), path
        assert len(text) < 30_000


@pytest.mark.parametrize("options", [[], ["--no-validate"]])
def test_half_a_character_is_left_out(command: Command, options: list[str]) -> None:
    """Half of a surrogate pair, which no file could hold, costs no call and no item: the item is kept without it."""
    halves = [figure("Half \ud83d Sailor"), figure("Sea Cook", description="It is \udc00 here. It waits for a ship.")]
    with Service(serving(halves)) as service:
        command.use(service)
        result = command("--dry-run", "--target-count", "2", "--batch-size", "2", *options)

    assert result.code == 0, result.said
    assert [item["name"] for item in command.folder.catalogue] == ["Half Sailor", "Sea Cook"]
    assert len(service.requests) == 2


def test_look_alikes_are_repeats_and_marks_are_not(command: Command) -> None:
    """A used name in letters of another alphabet is refused as repeated; names that differ in a vowel sign are two."""
    named = [figure(name) for name in ("Sea Cook", "Ѕеа Сооk", "कमल नाविक", "कमला नाविक", "பால் மாலுமி", "பல் மாலுமி")]
    with Service(serving(named)) as service:
        command.use(service)
        result = command("--dry-run", "--target-count", "5", "--batch-size", "5")

    assert result.code == 0, result.said
    assert [item["name"] for item in command.folder.catalogue] == [named[n]["name"] for n in (0, 2, 3, 4, 5)]
    assert [line["rules"] for line in command.folder.rejected] == [["name-repeated"]]


def test_nothing_but_hostile_items_stops_the_run(command: Command) -> None:
    """A service that only ever writes such items is asked three times, then the run says so: no retry storm."""
    bad = [figure(f"Red \x1b[31m Sailor {n}") for n in range(2)]
    item = events(chunk(json.dumps({"items": bad})), chunk(finish_reason="stop"))
    good = serving([])

    def script(request: Request) -> Answer:
        return good(request) if "categories" in json.dumps(request.body["response_format"]) else item

    with Service(script) as service:
        command.use(service)
        command.set(PARALLEL_TEXT_REQUESTS="1")
        result = command("--dry-run", "--target-count", "2", "--batch-size", "2")

    assert result.code == 1
    assert len(service.requests) == 1 + 3
    assert "Traceback" not in result.said


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Sea Cooks", "Ѕеа Сооks"),
        ("Zone ½", "Zone ¼"),
        ("Sea Folk", "Sea-Folk"),
        ("Café Folk", "Caf Folk"),
        ("Sea & Sky", "Sea Sky"),
    ],
)
def test_categories_that_the_shop_can_t_tell_apart_are_one(one: str, other: str) -> None:
    """A category that looks like another, or gets its slug in the shop, is left out."""
    first = new_category({"name": one, "slug": "first"}, [])
    assert first is not None

    assert new_category({"name": other, "slug": "second"}, [first]) is None


@pytest.mark.parametrize(
    "name",
    [
        "Polar\x00 Folk",
        "Polar \u202eFolk",
        "Half \ud83d Folk",
        "n" * 2**20,
        "Polar\u200b Folk",
        "Po\ufe0flar Folk",
        "\u3164 \u3164",
    ],
)
def test_hostile_categories_are_left_out(name: str) -> None:
    """What can't be seen, written or stored is no category's name, however long it is."""
    assert new_category({"name": name, "slug": "s" * 2**20}, []) is None


def test_a_hostile_slug_is_derived_anew() -> None:
    """A slug that is no slug never reaches the file."""
    made = new_category({"name": "Polar Folk", "slug": "../\x00\ud800" * 1000}, [])

    assert made == Category(name="Polar Folk", slug="polar-folk")


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(ANY | st.fixed_dictionaries({}, optional=dict.fromkeys(figure(""), ANY)), min_size=1, max_size=4))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_comes_the_catalogue_is_valid(command: Command, answered: list[Any]) -> None:
    """Of any answer only valid items are kept, and the next run loads them."""
    with Service(serving([*answered, figure("Sea Cook")])) as service:
        command.use(service)
        command.folder.path.mkdir(exist_ok=True)
        for path in command.folder.path.glob("*.*"):
            path.unlink()
        result = command("--dry-run", "--target-count", "2", "--batch-size", "4")
        again = command("--dry-run", "--target-count", "2")

    assert (result.code, again.code) == (0, 0), result.said
    assert all(CatalogItem.model_validate(item) for item in command.folder.catalogue)


@given(st.lists(st.text(st.characters(), max_size=70), max_size=12))
def test_categories_stay_apart_whatever_comes(names: list[str]) -> None:
    """No two categories share a folded name, a look, or a slug of the shop's."""
    known: list[Category] = []
    for name in names:
        if category := new_category({"name": name}, known):
            known.append(category)

    for keys in (name_keys, shop_slugs):
        every = [key for category in known for key in keys(category.name)]
        assert len(every) == len(set(every))
