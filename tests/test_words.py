"""What a text may not say, as people spell it, and what only looks like it."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datagen_lib import rules as rules_module
from datagen_lib import spelling, words
from datagen_lib.errors import SettingsError
from datagen_lib.models import LIMITS, OPENINGS, TAIL, ItemDraft, Length
from datagen_lib.rules import ITEM_RULES, LONGEST_READ, RULES, Given, Rules, Violation
from datagen_lib.spelling import fold, legible, name_keys, shop_slugs, tidy, units, unseen
from datagen_lib.words import FORBIDDEN, Word, bare_lego, forbidden, personal_data

KNOWN = {fold("Polar Explorers"): "Polar Explorers"}


def draft(**changes: Any) -> ItemDraft:
    fields = {
        "name": "Harbour Pilot",
        "description": "A calm pilot who knows every rock. The brass telescope is older than the harbour.",
        "category": "Polar Explorers",
        "image_prompt": f"{OPENINGS[0]}, a harbour pilot in a yellow coat, {TAIL}",
    }
    return ItemDraft(**fields | changes)


def hard(item: ItemDraft, rules: Rules = RULES) -> set[str]:
    return {violation.rule for violation in rules.check_item(item, KNOWN) if violation.hard}


@pytest.mark.parametrize(
    "said",
    [
        "Spiderman", "Spider Man", "Spider\u2011Man", "Spider\u2013Man", "Spider_Man", "SPIDER  MAN", "Star-Wars", "StarWars",
        "Star\u00a0Wars", "McDonald\u2019s", "McDonald\u02bcs", "McDonalds", "Coca Cola", "Ｍａｒｖｅｌ", "ＤＩＳＮＥＹ",
        "Dis\u200bney", "Dis\u00adney", "Mine-craft", "Pokémon", "Pokemon", "Mínecraft", "𝐃𝐢𝐬𝐧𝐞𝐲", "ᴅɪsɴᴇʏ",
        "Мarvеl", "Ηogwarts", "Nіntendо", "l\u043eg\u043e", "offi\u0441ial", "Disney2", "Marvel's", "Marvel Comics",
        "marvel superheroes", "Nike shoes", "nike", "the goddess in Nike shoes", "Transformers", "Avengers", "Barbie doll",
        "Batman", "batman", "superman", "Bat-man", "Legoland", "Jedi’s", "Bat Man", "Super Man", "Super-man", "Mine Craft", "Mc Donald’s", "McDonald‘s", "Lego\u00adland",
        "Star Wars™", "HARRY\u2009POTTER",
    ],
)  # fmt: skip
def test_a_forbidden_word_is_found_as_people_spell_it(said: str) -> None:
    """Other hyphens, blanks, apostrophes, widths, accents, unseen characters and look-alike letters hide nothing."""
    assert forbidden(FORBIDDEN).find(legible(f"A fan of {said}, they say")) is not None


@pytest.mark.parametrize(
    "said",
    [
        "electrical transformers", "transformers", "Transformers hum behind the substation fence",
        "She repairs electrical Transformers", "the goddess Nike", "Nike, goddess of victory", "a winged Nike statue",
        "Temple of Athena Nike", "people marvel at it", "Marvels at the stars", "a marvel of gears", "an apple",
        "analogous", "apology", "prologue", "unofficial", "avengers of the sea", "a shrimp on the barbie",
        "the officer's batman", "Harry, potter of the village", "Hello, kitty", "a spider, man", "Super marionettes",
        "the logistics of a star", "a micro-soft brush", "disneyesque", "a super man", "a bat man", "fine mine craft", "on old McDonald’s farm", "Ducati", "duplicate",
    ],
)  # fmt: skip
def test_an_innocent_word_passes(said: str) -> None:
    """A common noun, a verb, a goddess and a longer word are no brand."""
    assert forbidden(FORBIDDEN).find(legible(said)) is None


@pytest.mark.parametrize(
    "said",
    ["LEGO", "Ｌｅｇｏ", "LEGO™ set", "l\u0435g\u043e", "LE\u200bGO", "lego² set", "L.E.G.O. set", "LEGO-styled"],
)
def test_bare_lego_is_found_as_people_spell_it(said: str) -> None:
    """The name alone is found in other widths, letters and with marks."""
    assert bare_lego(legible(f"It is {said} here"))


@pytest.mark.parametrize(
    "typed", ["LEGO\u2011style", "LEGO\u2010style", "LEGO–style", "LEGO−style", "LEGO style", "LEGO - style", "Lego-Style",
              "lego\u00a0style", "LEGO\u00ad-style", "LEGO－style"]
)  # fmt: skip
def test_lego_style_is_put_right(typed: str) -> None:
    """However its hyphen is typed, "LEGO-style" becomes the one spelling that the rules ask for, and is not refused."""
    prompt = tidy(f"Photorealistic {typed} minifigure, a harbour pilot, {TAIL}")

    assert prompt.startswith(OPENINGS[0])
    assert hard(draft(image_prompt=prompt, description=tidy(f"A {typed} figure of a pilot. It waits."))) == set()


def test_leg_o_mutton_sleeves_are_no_lego() -> None:
    """A sleeve that is named like it is not it."""
    assert bare_lego("leg-o'-mutton sleeves, a leg of lamb, allegory") is None


@pytest.mark.parametrize(
    "said",
    [
        "10 000 000 stars", "they call it 10 000 000 years", "1 234 567 grains", "10.000.000", "serial number 4711-0815-22", "Serial No. 123-4567",
        "model no. 20 24 08 15", "SN-4711-0815-22", "#4711-0815-22", "part number 00 123 456", "2024-08-15", "15.08.2024",
        "1914 1918 1939", "1024 1024", "ISBN 978-3-16-148410-0", "3000-4000 metres", "10 000 - 20 000 years", "a latitude of 51.476852", "stamped 4711-0815", "number 4711-0815-2", "15/08/2024", "1 2 3 4 5 6 7", "978-3-16-148410-0", "10 000 000.50 crowns", "locomotive No. 01 150 994",
    ],
)  # fmt: skip
def test_counts_dates_and_serial_numbers_are_no_phones(said: str) -> None:
    """Thousands, years, dates and labelled numbers identify nobody."""
    assert personal_data(legible(f"Here {said} is seen")) is None


@pytest.mark.parametrize(
    "said", ["555\u2011010\u20119999", "５５５－０１０－９９９９", "phone number 555-0199", "call 555 010 999", "her number 555-0199", "David 555-0199", "the casino 555 0199", "555/010-9999", "555.010.9999", "(030) 90 18 20", "06 12 34 56 78", "tel. 10 000 000",
             "ａda＠example.com", "ada@exаmple.com", "ada\u200b@example.com", "example．com"]
)  # fmt: skip
def test_personal_data_is_found_as_people_spell_it(said: str) -> None:
    """A number, address or URL in other characters is still one."""
    assert personal_data(legible(f"Ask {said} for it"))


def test_rules_can_be_passed_in() -> None:
    """Other words, limits and rules than the library's, each given by itself."""

    def no_hats(item: ItemDraft, _: Given) -> Any:
        if "hat" in item.name.split():
            yield Violation("no-hats", "the name speaks of a hat")

    item = draft(name="A red hat")

    assert hard(item) == set()
    assert hard(item, Rules(items=(*ITEM_RULES, no_hats))) == {"no-hats"}
    assert hard(item, Rules(forbidden=(*FORBIDDEN, Word("red", innocent=("wine",))))) == {"forbidden-word"}
    assert hard(item, Rules(limits=type(LIMITS)(name=Length(3, 8)))) == {"name-length"}


def test_rules_are_never_wider_than_the_contract() -> None:
    """Limits that the next run would refuse to load are refused before anything is made."""
    with pytest.raises(SettingsError, match="name is 1-200 characters, the contract allows 3-80"):
        Rules(limits=type(LIMITS)(name=Length(1, 200)))


# -- what can't be seen ------------------------------------------------------------------------------------------------

UNSEEN = [
    "\x00", "\x07", "\x1b", "\x7f", "\x9b", "\u00ad", "\u061c", "\u180e", "\u200b", "\u200c", "\u200d", "\u200e", "\u200f",
    "\u202a", "\u202e", "\u2060", "\u2066", "\u2069", "\ufeff", "\ufe0f", "\u034f", "\u115f", "\u3164", "\uffa0", "\u2800",
    "\ufff9", "\ufffd", "\ue000", "\U000f0000", "\U000e0001", "\U000e0041", "\U000e0100", "\U0001d173", "\u0378",
    "\uffff", "\ud800", "\udfff",
]  # fmt: skip


@pytest.mark.parametrize("char", UNSEEN, ids=lambda char: f"U+{ord(char):04X}")
@pytest.mark.parametrize("field", ["name", "description", "image_prompt"])
def test_what_can_t_be_seen_is_refused(char: str, field: str) -> None:
    """Controls, overrides, zero-width, private, unassigned, tag and surrogate characters are refused in every text."""
    good = getattr(draft(), field)
    item = draft().model_copy(update={field: f"{good[:5]}{char}{good[5:]}"})

    assert "control-characters" in hard(item)
    assert {violation.rule for violation in RULES.check_category(f"Polar{char} Folk")} == {"control-characters"}


@pytest.mark.parametrize(
    "text", ["Café Folk", "नमस्ते क्ष\u200dत्र", "می\u200cخواهم", "ภาษาไทย", "தமிழ்", "👩\u200d🚀 pilot", "☂\ufe0f keeper", "Zoë’s – “boat”", "١٢٣ ؀"]
)  # fmt: skip
def test_what_is_seen_passes(text: str) -> None:
    """Accents, other scripts with their joiners, emoji and typographic marks are ordinary text."""
    assert unseen(text) is None


def test_stacked_accents_are_refused() -> None:
    """Four accents on one letter climb over the line above."""
    assert unseen("Z\u0300\u0301\u0302\u0303algo")
    assert unseen("Việt Nam \u0061\u0302\u0301") is None


# -- names and slugs ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [("कमल", "कमला"), ("किताब", "कतब"), ("ปลา", "ปล"), ("பால்", "பல"), ("Sea Cook", "Séa Cook"), ("가나", "가니")],
)
def test_marks_make_another_name(one: str, other: str) -> None:
    """A vowel sign of Hindi, Thai or Tamil, like an accent, makes a name another one."""
    assert fold(one) != fold(other)
    assert name_keys(one).isdisjoint(name_keys(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Sea Cook", "Ѕеа Сооk"),
        ("Copper Cat", "Соррer Саt"),
        ("Tania", "Τаnіа"),
        ("Sea Cook", "Sea\u200b Co\ufe0fok"),
        ("Ada", "Аԁа"),
    ],
)
def test_a_look_alike_is_no_new_name(one: str, other: str) -> None:
    """A name with letters of another alphabet in place of its own looks the same, and is."""
    assert name_keys(one) & name_keys(other)


@pytest.mark.parametrize(
    ("one", "other"), [("Zone ½", "Zone ¼"), ("Zone ½", "Zone"), ("Zone é", "Zone è"), ("Café Folk", "Caf Folk"), ("Sea & Sky", "Sea Sky")]
)  # fmt: skip
def test_names_of_one_shop_slug_are_one(one: str, other: str) -> None:
    """Two names that the shop would give one slug, with or without decomposing them, can't both be categories."""
    assert shop_slugs(one) & shop_slugs(other)


def test_lengths_count_utf_16_units() -> None:
    """An emoji is two characters in the shop's columns: 79 letters and an emoji are one too many."""
    assert units("n" * 78 + "🚀") == 80
    assert hard(draft(name="n" * 78 + "🚀")) == set()
    assert hard(draft(name="n" * 79 + "🚀")) == {"name-length"}


# -- bounds ------------------------------------------------------------------------------------------------------------


def steps(work: Callable[[], object]) -> int:
    """Calls of functions, Python's and the interpreter's own, that `work` makes."""
    count = 0

    def trace(*_: object) -> None:
        nonlocal count
        count += 1

    sys.setprofile(trace)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


@given(
    st.sampled_from(["n", "a ", "-", ".", "1 ", "(1", "é", "l-", "a.", "@", "lego ", "\u0301", "\ud800", "1-", "x@x."]),
    st.sampled_from(["name", "description", "category", "image_prompt"]),
    st.integers(LONGEST_READ + 1, 200_000),
)
@settings(max_examples=60, deadline=None)
def test_a_long_text_is_refused_before_anything_reads_it(piece: str, field: str, length: int) -> None:
    """However long a text is, judging it takes no more steps than one just too long: lengths come before patterns."""
    item = draft().model_copy(update={field: piece * (length // len(piece) + 1)})
    short = draft().model_copy(update={field: piece * (LONGEST_READ // len(piece) + 1)})

    assert "text-length" in hard(item)
    assert steps(lambda: RULES.check_item(item, KNOWN)) <= steps(lambda: RULES.check_item(short, KNOWN)) + 10


@pytest.mark.parametrize("module", [rules_module, spelling, words], ids=lambda module: module.__name__)
def test_no_pattern_backtracks(module: ModuleType) -> None:
    """Every repeat in a pattern is bounded or possessive, so that no text makes it try again and again."""
    found = [value for value in vars(module).values() if isinstance(value, re.Pattern)]
    found += [forbidden(FORBIDDEN)._pattern] if module is words else []

    assert found
    for pattern in found:
        assert not re.search(
            r"(?<!\\)(?:[*+]|,\})(?![+}\]])", re.sub(r"\[(?:\\.|[^\]])*\]|\\.|[*+]\+", "", pattern.pattern)
        ), pattern
