"""What a text may not say: brand and franchise words, "LEGO" alone, what identifies a person; and what only looks so.

Texts are read in their legible form (`spelling.legible`), so that an odd hyphen, blank or letter hides nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from .spelling import legible

_BEFORE, _AFTER = r"(?<![^\W\d_])", r"(?![^\W\d_])"  # no letter there: a digit or an underscore ends a word too
_BETWEEN = r"[\s\-'._]{0,3}"  # "Star Wars", "Star-Wars", "StarWars"
_SENTENCE = re.compile(r"[.!?;\n]")
_WORD = re.compile(r"[^\W\d_]++")
_NEAR = 4  # words on either side


@dataclass(frozen=True)
class Word:
    """A forbidden word that also has an innocent meaning.

    Attributes:
        spelling: the word; a blank, hyphen or apostrophe in it may be typed as any of them, or left out.
        cased: whether only a capital letter makes a name of it ("marvel" is a verb).
        brand: words near it that make it the brand whatever its case and its other neighbours.
        innocent: words near it that make it innocent.
        before: words that make it innocent right after it ("marvel at").
        solid: whether a hyphen within makes other words of it (a "micro-soft" brush).
    """

    spelling: str
    cased: bool = False
    brand: tuple[str, ...] = ()
    innocent: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    solid: bool = False


FORBIDDEN: tuple[str | Word, ...] = (
    "logo", "trademark", "trademarked", "official", "officially", "copyrighted", "celebrity", "celebrities",
    "Star Wars", "Jedi", "Darth Vader", "Spider-Man", "DC Comics", "Superman", "Wonder Woman", "Harry Potter",
    "Hogwarts", "Disney", "Pixar", "Pokemon", "Pikachu", "Nintendo", "Super Mario", "Minecraft", "Fortnite",
    "Lord of the Rings", "Indiana Jones", "Jurassic Park", "James Bond", "Star Trek", "Ninjago", "Duplo", "Playmobil",
    "Legoland", "Hello Kitty", "Coca-Cola", "Adidas", "Ferrari", "Lamborghini", "Apple Inc",
    Word(
        "Mc-Donald's", brand=("burger", "fries", "arches", "restaurant", "meal"),
        innocent=("farm", "farmer", "clan", "tartan", "highland"),
    ),
    Word("Microsoft", solid=True),
    Word(
        "Marvel", cased=True, before=("at", "over", "of"),
        brand=("comic", "hero", "heroes", "superhero", "superheroes", "universe", "studio", "movie", "film", "avenger"),
    ),
    Word("Avengers", cased=True, brand=("assemble", "marvel", "superhero", "superheroes")),
    Word(
        "Transformers", cased=True, brand=("autobot", "decepticon", "robot", "movie", "toy"),
        innocent=(
            "electric", "electrical", "power", "voltage", "substation", "grid", "coil", "current", "copper", "winding",
            "cable", "wire", "line", "engineer", "technician", "electrician", "utility", "energy", "insulator",
        ),
    ),
    Word(
        "Nike", brand=("shoe", "sneaker", "trainer", "swoosh", "cap", "shirt", "jersey", "sportswear", "brand", "sock"),
        innocent=(
            "goddess", "athena", "athene", "winged", "wing", "samothrace", "temple", "zeus", "styx", "greek", "titan",
            "titaness", "myth", "mythology", "mythical", "olympus", "statue", "sculpture", "deity", "pallas",
        ),
    ),
    Word(
        "Barbie", brand=("doll", "dreamhouse", "pink"),
        innocent=("shrimp", "prawn", "grill", "sausage", "barbecue", "snag", "aussie", "tongs", "sizzling", "steak"),
    ),
    Word(
        "Batman", brand=("cape", "mask", "gotham", "robin", "cowl"),
        innocent=("officer", "army", "regiment", "orderly", "servant", "colonel", "captain", "major", "brigadier"),
    ),
    # in two words only with a capital: a super man is no hero; last, because the first word that fits is the one judged
    *(Word(two, cased=True) for two in ("Super-Man", "Bat-Man", "Mine-Craft", "Poke-Mon", "Ninja-Go", "Play-Mobil")),
)  # fmt: skip
"""Whole words in any case, however spelt. A plural or possessive is the word; a longer word that holds it is not."""


class Forbidden:
    """Finds the forbidden words of a text."""

    def __init__(self, words: Sequence[str | Word] = FORBIDDEN) -> None:
        self._words = [word if isinstance(word, Word) else Word(word) for word in words]
        spelt = "|".join(f"({_pattern(word)})" for word in self._words)
        self._pattern = re.compile(f"{_BEFORE}(?:{spelt})(?:'?s)?{_AFTER}", re.IGNORECASE)

    def find(self, text: str) -> str | None:
        """The first forbidden word in `text` (a legible one), as it is written there, or None."""
        for found in self._pattern.finditer(text):
            if not _is_innocent(self._words[(found.lastindex or 1) - 1], text, found):
                return found.group()
        return None


@lru_cache(maxsize=16)
def forbidden(words: tuple[str | Word, ...]) -> Forbidden:
    """The finder of these words, compiled once."""
    return Forbidden(words)


def _pattern(word: Word) -> str:
    """A hyphen may stand between any two letters, a blank or an apostrophe too where the spelling has a break."""
    parts = [part for part in re.split(r"[\s\-']", legible(word.spelling)) if part]
    within = "" if word.solid else "-?"
    return _BETWEEN.join(within.join(re.escape(letter) for letter in part) for part in parts)


def _is_innocent(word: Word, text: str, found: re.Match[str]) -> bool:
    if not (word.cased or word.innocent or word.before):
        return False
    start, end = max(0, found.start() - 100), found.end() + 100
    behind = _SENTENCE.split(text[start : found.start()])[-1]
    ahead = _SENTENCE.split(text[found.end() : end])[0]
    following = [one.lower() for one in _WORD.findall(ahead)[:_NEAR]]
    beside = {one.lower().removesuffix("s") for one in _WORD.findall(behind)[-_NEAR:]}
    beside |= {one.removesuffix("s") for one in following}
    if beside & {one.removesuffix("s") for one in word.brand}:
        return False
    return (
        (word.cased and found.group().islower())
        or following[:1] in [[one] for one in word.before]
        or bool(beside & {one.removesuffix("s") for one in word.innocent})
    )


# -- LEGO, and persons -------------------------------------------------------------------------------------------------

_BARE_LEGO = re.compile(rf"{_BEFORE}l\.?e\.?g\.?o(?:'?s)?{_AFTER}(?!-style{_AFTER})", re.IGNORECASE)
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]++@[\w-]++\.\w")
_URL = re.compile(r"https?://|\bwww\.|(?<![\w-])[\w-]++\.(?:com|org|net|io|dev|edu|gov|co\.uk)\b", re.IGNORECASE)
_NUMBER = re.compile(r"(?<![\w./#-])\+?\(?\d[\d\s()./-]{5,60}")
_DATE = re.compile(r"\d{4}[./-]\d{1,2}[./-]\d{1,2}|\d{1,2}[./-]\d{1,2}[./-]\d{4}")
_YEARS_OR_SIZES = re.compile(r"[12]\d{3}(?:[\s-]{1,3}[12]\d{3}){0,12}")
_THOUSANDS = re.compile(r"[1-9]\d{0,2}(?:[ .]\d{3}){1,12}(?:\.\d{1,2})?(?: ?- ?[1-9]\d{0,2}(?:[ .]\d{3}){1,12})?")
_ROUND_OR_EXACT = re.compile(r"\d{1,3}00 ?- ?\d{1,4}00|\d{1,3}\.\d{5,40}")
_ONE_BY_ONE = re.compile(r"\d(?:[\s./-]{1,3}\d){1,60}")
_BOOK = re.compile(r"97[89][ -]?\d[\d -]{8,14}")
_LABEL = re.compile(  # a number of this kind, however it is grouped, is no phone's
    r"\b(?:serial|model|part|lot|batch|item|unit|registration|inventory|edition|hull|tail|engine|badge|isbn|issn|patent|sn"
    r"|catalogue?|locker|plate|stamped|engraved|marked|numbered|tag|ticket|bib|barcode|sku|vin|imo|formation|locomotive)"
    r"(?:\s(?:number|no|nr|code|id))?[.:#\s]{0,3}$",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"\b(?:number|no|nr|code|id|type|mark|ref|reference)[.:#\s]{0,3}$", re.IGNORECASE)
_SUBSCRIBER = re.compile(r"(?:\d{3}[-. ])?\d{3}[-. ]\d{4}")
_PHONE_WORDS = re.compile(
    r"\b(?:phone|telephone|tel|mobile|fax|whatsapp|hotline|dial|call)(?:\s(?:me|us|at|on|no|number|now)){0,2}[\s.:#]{0,3}$",
    re.IGNORECASE,
)


def bare_lego(text: str) -> str | None:
    """The first "LEGO" outside "LEGO-style", as it is written, or None."""
    found = _BARE_LEGO.search(text)
    return found.group() if found else None


def personal_data(text: str) -> str | None:
    """What in `text` (a legible one) identifies a person, in words, or None."""
    if _EMAIL.search(text):
        return "an e-mail address"
    if _URL.search(text):
        return "a URL"
    return "a phone number" if any(_is_phone(text, found) for found in _NUMBER.finditer(text)) else None


def _is_phone(text: str, found: re.Match[str]) -> bool:
    """Whether a run of digits is a phone's: seven in groups, or ten in a row, and no date, count or serial number."""
    number, before = found.group().rstrip(" ()./-\t\n"), text[max(0, found.start() - 40) : found.start()]
    if text[found.start() + len(number) :][:1].isalpha():
        return False
    digits = sum(char.isdigit() for char in number)
    if digits < (10 if number.isdigit() else 7):
        return False
    if number.startswith(("+", "(")) or _PHONE_WORDS.search(before):
        return True
    if _LABEL.search(before) or (_NUMBERED.search(before) and not _SUBSCRIBER.fullmatch(number)):
        return False
    innocent = (_DATE, _YEARS_OR_SIZES, _THOUSANDS, _ROUND_OR_EXACT, _ONE_BY_ONE, _BOOK)
    return not any(pattern.fullmatch(number) for pattern in innocent)
