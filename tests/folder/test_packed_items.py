"""Items are packed in memory, and come back as they were."""

from __future__ import annotations

import json
import sys
import zlib

import pytest
from factories import entry, item
from hypothesis import given, settings
from hypothesis import strategies as st

from datagen_lib.folder import items as items_module
from datagen_lib.folder.items import BLOCK, Items
from datagen_lib.models import UNCHECKED, CatalogItem

MANY = [item(number) for number in range(2 * BLOCK + 5)]
PACKED = Items(MANY)


@given(start=st.integers(-600, 600), stop=st.integers(-600, 600), step=st.sampled_from([1, 2, 7, -1, -3]))
def test_they_are_a_list(start: int, stop: int, step: int) -> None:
    """Any slice, from either end and in any steps, is the slice of the list that they came from."""
    assert PACKED[start:stop:step] == MANY[start:stop:step]


@pytest.mark.parametrize("at", [0, BLOCK - 1, BLOCK, 2 * BLOCK, len(MANY) - 1, -1, -BLOCK, -len(MANY)])
def test_each_has_its_place(at: int) -> None:
    """An item is found by its place, whether it is packed already or not."""
    assert PACKED[at] == MANY[at]


@pytest.mark.parametrize("at", [len(MANY), -len(MANY) - 1])
def test_beyond_the_end_there_is_none(at: int) -> None:
    """A place that there is not is an error, as in a list."""
    with pytest.raises(IndexError):
        PACKED[at]


def test_they_are_compared_with_any_list() -> None:
    """They equal a list of the same items, and no other."""
    assert PACKED == MANY
    assert MANY == PACKED
    assert MANY[1:] != PACKED
    assert Items() == []
    assert list(PACKED) == MANY
    assert MANY[BLOCK] in PACKED


@pytest.mark.parametrize("count", [0, 1, BLOCK, BLOCK + 1])
def test_they_are_written_as_an_array(count: int) -> None:
    """Their pieces are a JSON array, one item a line."""
    text = b"".join(Items(MANY[:count]).pieces())

    assert [found["productId"] for found in json.loads(text)] == [one.product_id for one in MANY[:count]]
    assert text.count(b"\n") == max(3, count + 2)


@settings(deadline=None)
@given(text=st.text(st.characters(exclude_categories=()), min_size=20, max_size=60), added=st.integers() | st.text())
def test_any_text_comes_back(text: str, added: int | str) -> None:
    """Quotes, backslashes, line ends, half characters and fields of others come back; names are found unread."""
    tricky = text + '","filename":"' + text
    one = CatalogItem.model_validate(entry(1, description=tricky, added=added), context=UNCHECKED)
    found = Items([one])

    assert found[0] == one
    assert list(found.ids()) == [one.product_id]
    assert list(found.filenames()) == [one.filename]


def test_they_take_little_memory() -> None:
    """A catalogue's items take less than half of the bytes of its file."""
    items = Items(MANY[: 2 * BLOCK])

    assert sum(map(sys.getsizeof, items.blocks)) < len(b"".join(items.pieces())) / 2


def test_what_is_the_same_is_in_memory_once() -> None:
    """Of two catalogues that differ in their end only, the blocks before it are the same objects."""
    longer = Items([*MANY, item(10_000)], like=PACKED.blocks)
    other = Items(MANY[1:], like=PACKED.blocks)

    assert all(one is two for one, two in zip(longer.blocks, PACKED.blocks, strict=True))
    assert other == MANY[1:]


def test_without_the_fast_packer_they_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the fast packer has no build, the standard library's does the same."""
    monkeypatch.setattr(items_module, "codec", zlib)
    slow = Items(MANY)

    assert slow == MANY
    assert slow[BLOCK - 1] == MANY[BLOCK - 1]
