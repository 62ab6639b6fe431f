"""Quality scores: good items score high, spoilt ones low, and each part says what it measures."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from datagen_lib.models import OPENINGS, TAIL, CatalogItem
from datagen_lib.quality.score import PARTS, Scorer, score_all

THEMES = {
    "Sea Folk": ("sailor", "harbour", "rope", "anchor", "storm", "gull"),
    "Space Crews": ("astronaut", "station", "helmet", "rocket", "orbit", "crater"),
    "Kitchen Heroes": ("baker", "oven", "apron", "bread", "flour", "ladle"),
    "Mountain Guides": ("climber", "summit", "axe", "glacier", "tent", "ridge"),
}
COLOURS = ("red", "teal", "amber", "violet", "olive", "cream", "navy", "coral", "ochre", "plum")


def item(number: int) -> CatalogItem:
    """An item of a small, varied catalogue, whose prompt speaks of what its description says."""
    category = list(THEMES)[number % len(THEMES)]
    role, place, thing, other, _view, _extra = THEMES[category]
    one, two = COLOURS[number % 10], COLOURS[(number // 4) % 10]
    marks = f"{number:04d}".translate(str.maketrans("0123456789", "abcdefghij"))
    return CatalogItem.model_construct(
        product_id=f"{number:036d}",
        filename=f"{number:036d}.png",
        name=f"{one.title()} {role.title()} {marks.title()}",
        description=f"This {role} from {marks} keeps a {one} {thing} at the {place}. The {two} {other} is never far.",
        category=category,
        image_prompt=f"{OPENINGS[0]}, {role}, {one} {thing}, {two} {other}, {place}, {TAIL}",
    )


ITEMS = [item(number) for number in range(80)]

Spoil = Callable[[CatalogItem, int], CatalogItem]


def shuffled(one: CatalogItem, number: int) -> CatalogItem:
    return one.model_copy(update={"image_prompt": ITEMS[(number + 41) % 80].image_prompt})


def cut(one: CatalogItem, _: int) -> CatalogItem:
    return one.model_copy(update={"description": one.description[: len(one.description) // 3]})


def moved(one: CatalogItem, number: int) -> CatalogItem:
    return one.model_copy(update={"category": list(THEMES)[(number + 1) % len(THEMES)]})


@pytest.mark.parametrize(
    ("spoil", "part", "least"), [(shuffled, "match", 20), (cut, "reading", 40), (moved, "fit", 40)]
)
def test_a_spoilt_item_loses_where_it_is_spoilt(spoil: Spoil, part: str, least: int) -> None:
    """A prompt of another item, a cut description, a wrong category: its part falls, and the total with it."""
    items = [spoil(one, number) if number % 10 == 0 else one for number, one in enumerate(ITEMS)]
    scores = score_all(items, {})
    bad = [score for number, score in enumerate(scores) if number % 10 == 0]
    good = [score for number, score in enumerate(scores) if number % 10]

    def mean(values: list[int]) -> float:
        return sum(values) / len(values)

    assert mean([getattr(one, part) for one in good]) - mean([getattr(one, part) for one in bad]) >= least
    assert mean([one.total for one in good]) > mean([one.total for one in bad]) + 4


def test_soft_rules_cost_points() -> None:
    """Each broken soft rule takes a third of its part."""
    scorer = Scorer(ITEMS)

    assert [scorer.score(ITEMS[0], soft=broken).rules for broken in (0, 1, 2, 3, 4)] == [100, 67, 33, 0, 0]


def test_a_repeated_description_lacks_variety() -> None:
    """Twenty items with one description have fewer words of their own."""
    same = [one.model_copy(update={"description": ITEMS[0].description}) for one in ITEMS[:20]]
    scores = score_all([*same, *ITEMS[20:]], {})

    assert sum(one.variety for one in scores[:20]) < sum(one.variety for one in scores[20:40])


def test_the_total_is_the_mean_of_its_parts() -> None:
    """The score is never one opaque number: its five parts are shown, and it is their mean."""
    for score in score_all(ITEMS[:8], {}):
        assert list(score.parts()) == list(PARTS)
        assert score.total == round(sum(score.parts().values()) / 5)
        assert all(0 <= value <= 100 for value in score.parts().values())


def test_a_catalogue_of_one_has_a_score() -> None:
    """The first item of a catalogue, and one without words, are scored without an error."""
    empty = ITEMS[0].model_copy(update={"name": "", "description": "", "image_prompt": ""})

    assert score_all([ITEMS[0]], {})[0].total > 60
    assert score_all([empty], {})[0].total < 60
