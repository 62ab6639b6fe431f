"""The objects of a list in a text that comes in pieces: found as they end, none lost, whatever comes between."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datagen_lib.service.scanner import DEEPEST_VALUE, LONGEST_VALUE, Scanner, mended

ITEMS = [{"name": 'A "B" \\ {c}, [d]', "n": [1, {"x": "]}"}]}, {"name": "Ünï 🔥", "category": "items"}, {}]
TEXT = json.dumps({"note": "items", "items": ITEMS, "end": {"items": [1]}}, ensure_ascii=False)


def scan(*pieces: str, lenient: bool = False) -> tuple[list[Any], Scanner]:
    scanner = Scanner("items", lenient=lenient)
    return [value for piece in pieces for value in scanner.feed(scanner.joined(piece))], scanner


def cut(text: str, cuts: list[int]) -> list[str]:
    marks = sorted({0, len(text), *(mark for mark in cuts if mark < len(text))})
    return [text[start:end] for start, end in itertools.pairwise(marks)]


@given(st.lists(st.integers(0, len(TEXT)), max_size=40), st.sampled_from([None, 2]))
@settings(deadline=None)
def test_where_the_pieces_end_does_not_matter(cuts: list[int], indent: int | None) -> None:
    """Cut anywhere, the text brings the list's values and not those of another key or level."""
    text = json.dumps(json.loads(TEXT), indent=indent)
    found, scanner = scan(*cut(text, cuts))

    assert found == ITEMS
    assert scanner.whole
    assert not scanner.torn


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**12), 10**12) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(JSON, max_size=6), st.booleans(), st.lists(st.integers(0, 300), max_size=10))
@settings(deadline=None)
def test_any_values_are_found(values: list[Any], ascii_only: bool, cuts: list[int]) -> None:
    """Whatever JSON values the list holds, the scanner finds what a parser of the whole would."""
    text = json.dumps({"items": values, "more": values}, ensure_ascii=ascii_only)

    assert scan(*cut(text, cuts))[0] == values


@given(st.lists(st.sampled_from(['{"items": [', "{", "}", "[", "]", '"', "\\", ",", ":", "a", "1e999", "\ud800", "<think>",
                                 "</think>", "```json\n", " ", "\\ud83d", "9" * 30]), max_size=30), st.booleans())  # fmt: skip
@settings(deadline=None, max_examples=300)
def test_no_text_ends_in_a_traceback(pieces: list[str], lenient: bool) -> None:
    """Whatever the text is, what comes out can be written as a file of JSON."""
    found, _ = scan(*pieces, lenient=lenient)

    json.dumps(found, allow_nan=False).encode()
    json.dumps(found, ensure_ascii=False).encode()


def test_a_value_is_handed_over_with_its_last_bracket() -> None:
    """An object is found before the comma behind it has come."""
    scanner = Scanner("items")

    assert scanner.feed('{"items": [{"a": 1') == []
    assert scanner.feed("}") == [{"a": 1}]
    assert scanner.feed(', {"a": 2}') == [{"a": 2}]


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ('{"items": [{"a": 1}, {"a" 2}, {"a": 3}]}', 1),
        ('{"items": [{"a": 1} and, {"a": 3}]}', 1),
        ('{"items": [{"a": 1}]} I hope that helps.', 1),
        ('Sure! {"items": [{"a": 1}]}', 0),
        ('[{"a": 1}]', 0),
        ('```json\n{"items": [{"a": 1}]}\n```', 0),
        ('"items"', 0),
    ],
)
def test_a_tear_keeps_what_was_before(text: str, kept: int) -> None:
    """Text that is no JSON of the kind says what is wrong with it; whole values before the tear are kept."""
    found, scanner = scan(text)

    assert len(found) == kept
    assert scanner.torn


LENIENT = {
    "as asked": '{"items": [{"a": 1}]}',
    "a bare array": ' [{"a": 1}]',
    "a fence": '```json\n{"items": [{"a": 1}]}\n```\nI hope that helps.',
    "a fence without a name": '```\n[{"a": 1}]\n```',
    "words and a fence": 'Here {it} is: [as asked]\n\n```JSON\n{"items": [{"a": 1}]}\n```',
    "thoughts": '<think>\nLet me see {"items": [7]} ```json [8] ```\n</think>\n\n{"items": [{"a": 1}]}',
    "thoughts without their beginning": 'Hm, {"items": [7]}.</think>{"items": [{"a": 1}]}',
    "thoughts and a fence": '<thinking>Hm.</thinking>\n```json\n[{"a": 1}]```',
}


@given(st.sampled_from(sorted(LENIENT)), st.lists(st.integers(0, 90), max_size=30))
@settings(deadline=None)
def test_other_servers_models_wrap_their_json(form: str, cuts: list[int]) -> None:
    """A code fence, thoughts before it and a bare array are taken where that is allowed, in any pieces."""
    found, scanner = scan(*cut(LENIENT[form], cuts), lenient=True)

    assert found == [{"a": 1}]
    assert not scanner.torn


def test_prose_is_not_searched_for_json() -> None:
    """Braces within prose are no answer, even where much is allowed."""
    found, scanner = scan(*("I would say {" * 20), lenient=True)

    assert found == []
    assert not scanner.opened


@pytest.mark.parametrize(
    "value",
    ['{"a": "' + "x" * LONGEST_VALUE + '"}', "[" * 10**5 + "]" * 10**5, '{"a":' * (DEEPEST_VALUE + 1) + "1" + "}" * (DEEPEST_VALUE + 1),
     "9" * 10**6, '"' + "x" * 10**6 + '"'],
    ids=["long", "nested", "deep", "a number", "a text"],
)  # fmt: skip
def test_a_value_too_long_or_too_deep_costs_only_itself(value: str) -> None:
    """A value beyond the bounds is replaced by a text that says so; those around it are found."""
    found, scanner = scan('{"items": [{"a": 1}, ' + value + ', {"a": 2}]}')

    assert [found[0], found[2]] == [{"a": 1}, {"a": 2}]
    assert "no items entry" in found[1]
    assert scanner.whole


def test_numbers_out_of_bounds_become_texts() -> None:
    """A number that no file of JSON could hold becomes a text."""
    assert scan('{"items": [{"a": 1e999, "b": NaN, "c": ' + "9" * 5000 + "}, -Infinity]}")[0] == [
        {"a": "1e999", "b": "NaN", "c": "9" * 25},
        "-Infinity",
    ]


def test_halves_of_a_pair_find_each_other() -> None:
    """A pair of surrogates split between pieces becomes its character; a lone half goes, in escapes as well."""
    found, _ = scan('{"items": ["a\ud83d', '\udd25b", "c\ud83d', 'd", "\\ud83dx\\ud83d\\udd25", {"\\udd25k": 1}]}')

    assert found == ["a🔥b", "cd", "x🔥", {"k": 1}]
    assert mended("plain ü") == "plain ü"
