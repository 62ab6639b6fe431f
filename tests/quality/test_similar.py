"""Texts that read alike are found, however many there are."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from datagen_lib.quality.similar import alike

WORDS = [first + last for first in "bcdfglmnprst" for last in ("arlow", "ekin", "ostra", "umber", "ilvan", "anter")]


def names(count: int, seed: int = 1) -> list[str]:
    rng = random.Random(seed)
    return [" ".join(rng.sample(WORDS, 4)).title() for _ in range(count)]


def test_the_same_text_in_another_case_is_found() -> None:
    """Case, width and blanks do not hide a repeated name."""
    pairs = alike(["Old Lamp Keeper", "Sea Cook", "OLD  lamp keeper", "Ｏｌｄ Lamp Keeper"], at_least=0.9)

    assert {(pair.one, pair.other) for pair in pairs} == {(0, 2), (0, 3), (2, 3)}
    assert all(pair.similarity == 1.0 for pair in pairs)


def test_every_planted_pair_is_found_among_thousands() -> None:
    """In 3,000 names each of 100 that differ in their last letters from another is found."""
    listed = names(3_000)
    planted = {(at, 3_000 + at) for at in range(100)}
    listed += [f"{name}s" for name in listed[:100]]
    found = {(pair.one, pair.other) for pair in alike(listed, at_least=0.75)}

    assert planted <= found


def test_texts_that_share_little_are_no_pair() -> None:
    """Descriptions about different things do not read alike."""
    texts = [
        "A baker who rises before dawn. Her oven is never cold.",
        "This astronaut repairs antennas in orbit. A wrench floats beside him.",
        "The gardener waters her roses at noon. She wears a straw hat.",
    ]

    assert alike(texts, at_least=0.5, pieces=5) == []


def test_a_crowd_of_one_text_costs_little() -> None:
    """Ten thousand times the same name: pairs are found, and not all fifty million of them."""
    pairs = alike(["Old Lamp Keeper"] * 10_000, at_least=0.9)

    assert 10_000 <= len(pairs) <= 100_000


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=40), max_size=30))
def test_any_text_is_compared(texts: list[str]) -> None:
    """No text, however odd, ends in an error; each pair is of two texts, in order, at most once."""
    pairs = alike(texts, at_least=0.8)

    assert all(0 <= pair.one < pair.other < len(texts) and 0.8 <= pair.similarity <= 1 for pair in pairs)
    assert len({pair[:2] for pair in pairs}) == len(pairs)
