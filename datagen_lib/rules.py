"""What an acceptable category or item is.

A hard rule rejects; a soft one is only counted. A violation has the rule's name and a reason in words, and both are
what `rejected_items.jsonl` and the run report show.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .models import LIMITS, OPENINGS, TAIL, ItemDraft

# Whole words in any case. A plural of a listed word is the word; a longer word that contains it is not.
FORBIDDEN_WORDS = (
    "logo", "trademark", "trademarked", "official", "officially", "copyrighted", "celebrity", "celebrities",
    "Star Wars", "Jedi", "Darth Vader", "Marvel", "Avengers", "Spider-Man", "DC Comics", "Batman", "Superman",
    "Wonder Woman", "Harry Potter", "Hogwarts", "Disney", "Pixar", "Pokemon", "Pokémon", "Pikachu", "Nintendo",
    "Super Mario", "Minecraft", "Fortnite", "Transformers", "Lord of the Rings", "Indiana Jones", "Jurassic Park",
    "James Bond", "Star Trek", "Ninjago", "Duplo", "Playmobil", "Barbie", "Hello Kitty", "Coca-Cola", "Nike",
    "Adidas", "Ferrari", "Lamborghini", "McDonald's", "Microsoft", "Apple Inc",
)  # fmt: skip

_FORBIDDEN = re.compile(
    r"(?<!\w)(" + "|".join(re.escape(word) for word in FORBIDDEN_WORDS) + r")s?(?!\w)", re.IGNORECASE
)
_BARE_LEGO = re.compile(r"(?<!\w)legos?(?!\w)(?!-style\b)", re.IGNORECASE)
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+")
_URL = re.compile(r"https?://|\bwww\.|\b[\w-]+\.(com|org|net|io|dev|edu|gov|co\.uk)\b", re.IGNORECASE)
_PHONE = re.compile(r"(?<![\w.])\+?\(?\d[\d\s().–-]{5,}\d(?!\w)")
_YEARS = re.compile(r"\d{4}\s*[–-]\s*\d{4}")
_SENTENCE_END = re.compile(r"[.!?]+[\"'”’)]*(?=\s|$)")


@dataclass(frozen=True)
class Violation:
    """A broken rule.

    Attributes:
        rule: its name, in kebab-case.
        reason: what is wrong, in words.
        hard: whether it rejects.
    """

    rule: str
    reason: str
    hard: bool = True


def fold(name: str) -> str:
    """The form in which names are compared: NFKC, casefolded, blanks and punctuation gone."""
    return "".join(char for char in unicodedata.normalize("NFKC", name).casefold() if char.isalnum())


def slugify(name: str) -> str:
    """`name` in kebab-case ASCII, at most 64 characters; "category" where nothing is left of it."""
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    slug = "-".join(re.findall(r"[a-z0-9]+", ascii_name.casefold()))
    return slug[: LIMITS.slug].strip("-") or "category"


def unique_slug(wanted: str, name: str, taken: Iterable[str]) -> str:
    """The model's slug where it is kebab-case and new, else one derived from the name; numbered where it is taken."""
    base = wanted if wanted and slugify(wanted) == wanted else slugify(name)
    taken, slug, number = set(taken), base, 2
    while slug in taken:
        suffix = f"-{number}"
        slug, number = base[: LIMITS.slug - len(suffix)].rstrip("-") + suffix, number + 1
    return slug


def tidy(text: str) -> str:
    """`text` with its runs of white space made one blank each."""
    return " ".join(text.split())


def check_category(name: str) -> list[Violation]:
    """What is wrong with a category's name."""
    found = list(_language(name, "name"))
    if not fold(name):
        found.append(Violation("category-name-empty", "the name has no letters"))
    if len(name) > LIMITS.category.most:
        reason = f"the name has {len(name)} characters, at most {LIMITS.category.most} are allowed"
        found.append(Violation("category-name-length", reason))
    if not LIMITS.category_words[0] <= len(name.split()) <= LIMITS.category_words[1]:
        found.append(
            Violation("category-name-words", f"the name has {len(name.split())} words, not 2 or 3", hard=False)
        )
    return found


def check_item(draft: ItemDraft, categories: Mapping[str, Any]) -> list[Violation]:
    """What is wrong with an item.

    Args:
        draft: the item, tidied.
        categories: the known categories by folded name.
    """
    return [violation for rule in _ITEM_RULES for violation in rule(draft, categories)]


def _category(draft: ItemDraft, categories: Mapping[str, Any]) -> Iterator[Violation]:
    if fold(draft.category) not in categories:
        yield Violation("category-unknown", f"there is no category {draft.category[:80]!r}")


def _name(draft: ItemDraft, _: Mapping[str, Any]) -> Iterator[Violation]:
    limit, words = LIMITS.name, len(draft.name.split())
    if not limit.least <= len(draft.name) <= limit.most or not fold(draft.name):
        yield Violation("name-length", f"the name has {len(draft.name)} characters, {limit} are allowed")
    if words > LIMITS.name_words:
        yield Violation("name-words", f"the name has {words} words, at most {LIMITS.name_words} are allowed")
    yield from _language(draft.name, "name")


def _description(draft: ItemDraft, _: Mapping[str, Any]) -> Iterator[Violation]:
    limit, count = LIMITS.description, len(draft.description)
    if not limit.least <= count <= limit.most:
        yield Violation("description-length", f"the description has {count} characters, {limit} are allowed")
    sentences = len(_SENTENCE_END.findall(draft.description))
    if not LIMITS.sentences[0] <= sentences <= LIMITS.sentences[1]:
        yield Violation("description-sentences", f"the description has {sentences} sentences, not 2-4", hard=False)
    yield from _language(draft.description, "description")


def _image_prompt(draft: ItemDraft, _: Mapping[str, Any]) -> Iterator[Violation]:
    prompt = draft.image_prompt
    if not any(re.match(re.escape(opening) + r"(?!\w)", prompt) for opening in OPENINGS):
        yield Violation("prompt-opening", f"the imagePrompt opens with {prompt[:50]!r}, not with {OPENINGS[0]!r}")
    if len(prompt) > LIMITS.prompt:
        yield Violation("prompt-length", f"the imagePrompt has {len(prompt)} characters, at most {LIMITS.prompt}")
    elif len(prompt) > LIMITS.prompt_soft:
        yield Violation("prompt-length-soft", f"the imagePrompt has {len(prompt)} characters", hard=False)
    if TAIL not in prompt:
        yield Violation("prompt-tail", "the imagePrompt lacks the fixed tail", hard=False)
    yield from _language(prompt, "imagePrompt")


def _language(text: str, where: str) -> Iterator[Violation]:
    if word := _FORBIDDEN.search(text):
        yield Violation("forbidden-word", f"{where} says {word.group()!r}")
    if word := _BARE_LEGO.search(text):
        yield Violation("bare-lego", f"{where} says {word.group()!r} outside 'LEGO-style'")
    if _EMAIL.search(text):
        yield Violation("personal-data", f"{where} holds an e-mail address")
    elif _URL.search(text):
        yield Violation("personal-data", f"{where} holds a URL")
    elif any(_is_phone(found.group()) for found in _PHONE.finditer(text)):
        yield Violation("personal-data", f"{where} holds a phone number")


def _is_phone(text: str) -> bool:
    """Seven digits in groups, or ten in a row: a shorter row is a serial number or a count."""
    digits = sum(char.isdigit() for char in text)
    grouped = not text.strip().isdigit()
    return digits >= (7 if grouped else 10) and not _YEARS.fullmatch(text)


_ITEM_RULES: tuple[Callable[[ItemDraft, Mapping[str, Any]], Iterator[Violation]], ...] = (
    _category,
    _name,
    _description,
    _image_prompt,
)
