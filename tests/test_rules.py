"""The rules: what is an acceptable item or category, by tables and by properties."""

from __future__ import annotations

import re
import string
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datagen_lib.models import OPENINGS, TAIL, Category, ItemDraft
from datagen_lib.rules import RULES
from datagen_lib.spelling import fold, slugify, tidy, unique_slug
from datagen_lib.stages.categories import new_category
from datagen_lib.words import FORBIDDEN, Word

KNOWN = {fold("Polar Explorers"): "Polar Explorers", fold("Café Folk"): "Café Folk"}
PROMPT = f"{OPENINGS[0]}, a harbour pilot in a yellow coat, brass telescope, {TAIL}"
TEXT = "A calm pilot who knows every rock. The brass telescope is older than the harbour."


def broken(**changes: Any) -> dict[str, bool]:
    """The rules that an otherwise good item breaks with these changes, each with whether it is hard."""
    fields = {"name": "Harbour Pilot", "description": TEXT, "category": "Polar Explorers", "image_prompt": PROMPT}
    return {found.rule: found.hard for found in RULES.check_item(ItemDraft(**fields | changes), KNOWN)}


def test_a_good_item_breaks_no_rule() -> None:
    """An item as the prompt asks for it passes."""
    assert broken() == {}


@pytest.mark.parametrize(
    ("changes", "rule", "hard"),
    [
        ({"name": "ab"}, "name-length", True),
        ({"name": "n" * 81}, "name-length", True),
        ({"name": "--- !!!"}, "name-length", True),
        ({"name": "One Two Three Four Five Six Seven"}, "name-words", True),
        ({"description": "d" * 19}, "description-length", True),
        ({"description": "One sentence. " * 90}, "description-length", True),
        ({"description": "Only one sentence about the pilot here."}, "description-sentences", False),
        ({"description": "One is. Two is. Three is. Four is. Five is."}, "description-sentences", False),
        ({"category": "Desert Explorers"}, "category-unknown", True),
        ({"category": ""}, "category-unknown", True),
        ({"image_prompt": PROMPT.replace("Photorealistic", "A photorealistic")}, "prompt-opening", True),
        ({"image_prompt": PROMPT.replace("minifigure", "minifigures")}, "prompt-opening", True),
        ({"image_prompt": PROMPT.replace("minifigure", "figurine")}, "prompt-opening", True),
        ({"image_prompt": PROMPT.lower()}, "prompt-opening", True),
        ({"image_prompt": " " + PROMPT}, "prompt-opening", True),
        ({"image_prompt": ""}, "prompt-opening", True),
        ({"image_prompt": PROMPT + "x" * (261 - len(PROMPT))}, "prompt-length", True),
        ({"image_prompt": PROMPT + "x" * (260 - len(PROMPT))}, "prompt-length-soft", False),
        ({"image_prompt": PROMPT + "x" * (231 - len(PROMPT))}, "prompt-length-soft", False),
        ({"image_prompt": PROMPT.replace("evenly lit", "dark")}, "prompt-tail", False),
    ],
)
def test_each_rule_has_its_name(changes: dict[str, Any], rule: str, hard: bool) -> None:
    """A breach is found under its rule's name, and hard where it rejects."""
    assert broken(**changes)[rule] is hard


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "abc"},
        {"name": "n" * 80},
        {"name": "One Two Three Four Five Six"},
        {"name": "Fire-Fighter's Son"},
        {"description": "Twenty characters ok. Yes."},
        {"description": "It is 3.5 cm tall. It waits!"},
        {"description": "Is it brave? “It is!” It says so."},
        {"category": "polar  explorers"},
        {"category": "Cafe\u0301 Folk"},
        {"image_prompt": PROMPT.replace("minifigure", "figure")},
        {"image_prompt": PROMPT + "x" * (230 - len(PROMPT))},
    ],
)
def test_the_limits_themselves_are_allowed(changes: dict[str, Any]) -> None:
    """What lies on a limit, or is another way to write the same, passes."""
    assert broken(**changes) == {}


@pytest.mark.parametrize("field", ["name", "description", "image_prompt"])
@pytest.mark.parametrize("word", ["logo", "Logos", "LOGO", "official", "trademark", "Star Wars", "Marvel", "celebrity"])
def test_forbidden_words_are_found_everywhere(field: str, word: str) -> None:
    """A forbidden word rejects, in the name, the description and the prompt, in any case and in the plural."""
    good = {"name": "Pilot", "description": TEXT, "image_prompt": PROMPT}[field]

    assert broken(**{field: f"{good} {word}"})["forbidden-word"] is True
    assert broken(**{field: f"{good}, {word}."})["forbidden-word"] is True


@pytest.mark.parametrize(
    "word",
    [
        "analogous",
        "apology",
        "prologue",
        "logistics",
        "unofficial",
        "marvelous",
        "dialogos",
        "monologo",
        "officially-minded?",
    ],
)
def test_longer_words_are_not_the_word(word: str) -> None:
    """A forbidden word within a longer word is no breach: "analogous" is no logo."""
    if word == "officially-minded?":
        assert "forbidden-word" in broken(description=f"{TEXT} {word}")
    else:
        assert "forbidden-word" not in broken(description=f"{TEXT} {word}")


WORDS = [word if isinstance(word, Word) else Word(word) for word in FORBIDDEN]


@given(
    st.sampled_from(WORDS),
    st.sampled_from(["", " ", ",", ".", "“", "(", "-", "\u2019s ", "!"]),
    st.sampled_from(["", " ", ",", ".", "”", ")", "-", "\u2019s", "?"]),
    st.sampled_from([str.upper, str.lower, str.title, str]),
)
def test_word_boundaries(word: Word, before: str, after: str, form: Any) -> None:
    """Each forbidden word is found in any case whatever stands beside it but a letter, and never within a word.

    A word that is a name only with a capital is innocent without one."""
    if form is str.title and "'" in word.spelling:
        return
    spelt = form(word.spelling)

    if not (word.cased and spelt.islower()):
        assert "forbidden-word" in broken(description=f"{TEXT} {before}{spelt}{after} stands here.")
    assert "forbidden-word" not in broken(description=f"{TEXT} x{spelt.replace(' ', 'x')}x stands here.")


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("a LEGO set", True),
        ("LEGO", True),
        ("Legos", True),
        ("lego-like", True),
        ("LEGO bricks in LEGO-style", True),
        ("(LEGO)", True),
        ("a LEGO-style figure", False),
        ("LEGO-style", False),
        ("lego-Style plates", False),
        ("a Legolas of old", False),
        ("allegory", False),
    ],
)
def test_lego_stands_only_in_lego_style(text: str, bare: bool) -> None:
    """ "LEGO" alone rejects; in "LEGO-style", and within other words, it does not."""
    assert ("bare-lego" in broken(description=f"{TEXT} It is {text}.")) is bare


@pytest.mark.parametrize(
    "text",
    [
        "ada@example.com", "first.last+tag@sub.example.co.uk", "+1 (555) 010-9999", "555-0199", "030 901820",
        "+49-30-901820", "5550109999", "https://example.org/x", "http://10.0.0.1", "www.example.net", "example.com",
        "shop.example.org/a",
    ],
)  # fmt: skip
def test_personal_data_rejects(text: str) -> None:
    """E-mail addresses, phone numbers and URLs reject."""
    assert broken(description=f"{TEXT} Ask {text} for it.")["personal-data"] is True
    assert broken(image_prompt=f"{PROMPT}, {text}")["personal-data"] is True


@pytest.mark.parametrize(
    "text",
    [
        "1024x1024", "from 1914 to 1918", "1914-1918", "1914–1918", "1,000,000 stars", "No. 12345", "at 3.14159", "2 of 3",
        "in 1850, 1900 and 1950", "e.g. this", "and/or", "3 x 4 studs", "12:30", "No.5", "ratio 16:9",
    ],
)  # fmt: skip
def test_ordinary_numbers_are_no_personal_data(text: str) -> None:
    """Years, sizes and counts are no phone numbers."""
    assert "personal-data" not in broken(description=f"{TEXT} Here {text} stands.")


# -- names -------------------------------------------------------------------------------------------------------------

NAMES = st.text(max_size=40)


@given(NAMES)
def test_folding_is_stable(name: str) -> None:
    """Folding a folded name changes nothing, and case, blanks and punctuation never matter."""
    assert fold(fold(name)) == fold(name)
    assert fold(f"  {name} - !") == fold(name)
    assert fold(" ".join(name)) == fold(name) or len(unicodedata.normalize("NFKC", name)) != len(name)


@given(st.text(string.ascii_letters + " -'", min_size=1, max_size=30))
def test_case_never_makes_a_new_name(name: str) -> None:
    """A name in capitals, or with hyphens for blanks, is the same name."""
    assert fold(name.upper()) == fold(name.lower()) == fold(name.replace(" ", "-")) == fold(name.replace("'", "’"))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Straße", "STRASSE"),
        ("Ｗｉｄｅ", "wide"),
        ("Café", "Cafe\u0301"),
        ("ﬁre", "FIRE"),
        ("A  B", "a-b"),
        ("Kite-Maker", "kite maker"),
    ],
)
def test_names_that_are_one(one: str, other: str) -> None:
    """NFKC, casefold, blanks and punctuation are folded."""
    assert fold(one) == fold(other)


@given(NAMES)
def test_a_slug_is_kebab_case(name: str) -> None:
    """Whatever a category is called, its slug is kebab-case ASCII of 1 to 64 characters."""
    slug = slugify(name)

    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug)
    assert len(slug) <= 64


@given(st.lists(st.tuples(NAMES, NAMES), max_size=30))
def test_slugs_are_unique(pairs: list[tuple[str, str]]) -> None:
    """However many categories want the same slug, each gets one of its own that fits the contract."""
    taken: list[str] = []
    for wanted, name in pairs:
        slug = unique_slug(wanted, name, taken)

        assert slug not in taken
        assert Category(name="x", slug=slug).slug == slug
        taken.append(slug)


@given(st.text(max_size=80))
def test_tidy_text_is_one_line(text: str) -> None:
    """No line break and no run of blanks survives."""
    tidied = tidy(text)

    assert "\n" not in tidied
    assert "  " not in tidied
    assert tidied == tidied.strip()
    assert tidy(tidied) == tidied


# -- categories --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "rules"),
    [
        ("Polar Explorers", set()),
        ("City Night Workers", set()),
        ("Explorers", {"category-name-words"}),
        ("The Very Long Named Explorers", {"category-name-words"}),
        ("Star Wars Heroes", {"forbidden-word"}),
        ("LEGO Folk", {"bare-lego"}),
        ("!!! ???", {"category-name-empty"}),
        ("Explorer " + "x" * 60, {"category-name-length"}),
    ],
)
def test_categories(name: str, rules: set[str]) -> None:
    """A category's name has 2 or 3 words (soft), fits 64 characters and obeys the language rules."""
    found = RULES.check_category(name)

    assert {violation.rule for violation in found} == rules
    assert all(violation.hard for violation in found if violation.rule != "category-name-words")


@pytest.mark.parametrize(
    "found",
    [None, 5, "Polar Folk", [], {}, {"name": None}, {"name": 5}, {"slug": "a"}, {"name": ""}, {"name": " !! "},
     {"name": "polar FOLK"}, {"name": "Polar-Folk", "slug": "new"}, {"name": "Marvel Heroes", "slug": "heroes"}],
)  # fmt: skip
def test_unusable_categories_are_left_out(found: Any) -> None:
    """What is no category, breaks a rule or repeats one is left out without a fuss."""
    assert new_category(found, [Category(name="Polar Folk", slug="polar-folk")]) is None


@given(
    st.lists(
        st.fixed_dictionaries({"name": st.sampled_from(["Sea Folk", "SEA folk", "Land Folk", "Sky  Folk", "Élan Folk"]) | NAMES},
                              optional={"slug": NAMES | st.none() | st.integers()}),
        max_size=30,
    )
)  # fmt: skip
def test_categories_are_unique_whatever_comes(answers: list[dict[str, Any]]) -> None:
    """Names are unique when folded, slugs are unique and kebab-case, whatever a model answers."""
    known: list[Category] = []
    for answer in answers:
        if category := new_category(answer, known):
            known.append(category)

    assert len({fold(category.name) for category in known}) == len(known)
    assert len({category.slug for category in known}) == len(known)
    for category in known:
        assert Category.model_validate(category.model_dump()) == category
