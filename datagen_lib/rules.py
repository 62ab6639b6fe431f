"""What an acceptable category or item is.

A hard rule rejects; a soft one is only counted. A violation has the rule's name and a reason in words.
`rejected_items.jsonl` and the run report show both. To add a rule, write a function like those below and put it into
its tuple; to try one in a notebook, pass `Prompts(rules=Rules(items=(*ITEM_RULES, mine)))`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

from pydantic.alias_generators import to_camel

from .errors import SettingsError
from .models import LENGTHS, LIMITS, OPENINGS, TAIL, ItemDraft, Length, Limits, text_fields
from .spelling import fold, legible, units, unseen
from .text import counted
from .words import FORBIDDEN, Word, bare_lego, forbidden, personal_data

LONGEST_READ = 5000  # characters; a longer text is refused before any pattern or folding sees it

_SENTENCE_END = re.compile(r"(?<![.!?…])(?:[.!?…]++[\"'”’)]*+(?=\s|$)|[。！？।॥؟][\"'”’)」]*+)")
_OPENING = re.compile("(?:" + "|".join(re.escape(opening) for opening in OPENINGS) + r")(?!\w)")


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


@dataclass(frozen=True)
class Given:
    """What a rule may look at beside the item: the rules in force, and the known categories by folded name."""

    rules: Rules
    categories: Mapping[str, Any]


ItemRule = Callable[[ItemDraft, Given], Iterator[Violation]]
CategoryRule = Callable[[str, "Rules"], Iterator[Violation]]


# -- an item -----------------------------------------------------------------------------------------------------------


def _category(draft: ItemDraft, given: Given) -> Iterator[Violation]:
    if not readable(draft.category) or fold(draft.category) not in given.categories:
        yield Violation("category-unknown", f"there is no category {draft.category[:80]!r}")


def _lengths(draft: ItemDraft, given: Given) -> Iterator[Violation]:
    limits = given.rules.limits
    for name, contract in LENGTHS.items():
        text, limit = getattr(draft, name), getattr(limits, name, contract)
        # A category's length was judged when it was made.
        if isinstance(text, str) and name != "category" and not _fits(text, limit):
            alias = to_camel(name)
            yield Violation(
                f"{alias}-length", f"the {alias} has {counted(units(text), 'character')}, {limit} are allowed"
            )
    prompt = units(draft.image_prompt)
    if prompt > limits.prompt:
        yield Violation("prompt-length", f"the imagePrompt has {prompt} characters, at most {limits.prompt}")
    elif prompt > limits.prompt_soft:
        yield Violation("prompt-length-soft", f"the imagePrompt has {prompt} characters", hard=False)
    for alias, text in text_fields(draft):
        if not readable(text):
            yield Violation("text-length", f"{alias} has {units(text)} characters, at most {LONGEST_READ} are read")


def _name(draft: ItemDraft, given: Given) -> Iterator[Violation]:
    words, most = len(draft.name.split()), given.rules.limits.name_words
    if words > most:
        yield Violation("name-words", f"the name has {words} words, at most {most} are allowed")
    if readable(draft.name) and not any(char.isalnum() for char in draft.name):
        yield Violation("name-length", "the name has no letters")


def _sentences(draft: ItemDraft, given: Given) -> Iterator[Violation]:
    low, high = given.rules.limits.sentences
    if readable(draft.description):
        sentences = len(_SENTENCE_END.findall(draft.description))
        if not low <= sentences <= high:
            reason = f"the description has {sentences} sentences, not {low}-{high}"
            yield Violation("description-sentences", reason, hard=False)


def _image_prompt(draft: ItemDraft, _: Given) -> Iterator[Violation]:
    prompt = draft.image_prompt
    if not _OPENING.match(prompt):
        opens = prompt[:50].rstrip(" ,")
        yield Violation("prompt-opening", f"the imagePrompt opens with {opens!r}, not with {OPENINGS[0]!r}")
    if TAIL not in prompt:
        yield Violation("prompt-tail", "the imagePrompt lacks the fixed tail", hard=False)


def _texts(draft: ItemDraft, given: Given) -> Iterator[Violation]:
    for alias, text in text_fields(draft):
        if readable(text) and alias != "category":  # a category's name was judged when it was made
            yield from language(text, alias, given.rules)


ITEM_RULES: tuple[ItemRule, ...] = (_category, _lengths, _name, _sentences, _image_prompt, _texts)


# -- a category --------------------------------------------------------------------------------------------------------


def _category_name(name: str, rules: Rules) -> Iterator[Violation]:
    limit, (low, high) = rules.limits.category, rules.limits.category_words
    if units(name) > limit.most:
        reason = f"the name has {counted(units(name), 'character')}, at most {limit.most} are allowed"
        yield Violation("category-name-length", reason)
    elif not any(char.isalnum() for char in name):
        yield Violation("category-name-empty", "the name has no letters")
    if not low <= len(name.split()) <= high:
        reason = f"the name has {len(name.split())} words, not {low} or {high}"
        yield Violation("category-name-words", reason, hard=False)


def _category_text(name: str, rules: Rules) -> Iterator[Violation]:
    if readable(name):
        yield from language(name, "name", rules)


CATEGORY_RULES: tuple[CategoryRule, ...] = (_category_name, _category_text)


# -- every text --------------------------------------------------------------------------------------------------------


def language(text: str, where: str, rules: Rules) -> Iterator[Violation]:
    """What a text may not hold, whichever field it is in."""
    if char := unseen(text):
        name = unicodedata.name(char, "no character at all").lower()
        yield Violation("control-characters", f"{where} holds U+{ord(char):04X} ({name})")
    read = legible(text)
    if word := forbidden(rules.forbidden).find(read):
        yield Violation("forbidden-word", f"{where} says {word!r}")
    if word := bare_lego(read):
        yield Violation("bare-lego", f"{where} says {word!r} outside 'LEGO-style'")
    if person := personal_data(read):
        yield Violation("personal-data", f"{where} holds {person}")


def readable(text: str) -> bool:
    """Whether `text` is short enough to be folded and searched."""
    return len(text) <= LONGEST_READ


def _fits(text: str, limit: Length) -> bool:
    """The upper limit counts as the shop does, in UTF-16 units; the lower one in characters, as the file's schema."""
    return limit.least <= len(text) and units(text) <= limit.most


# -- together ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Rules:
    """The rules of a run.

    Args:
        forbidden: words that no text may say.
        limits: what names and texts may measure; never wider than the contract's, `models.LIMITS`.
        items: the rules of an item, in the order in which they are reported.
        categories: the same of a category.

    Raises:
        SettingsError: a limit is wider than the contract's, so that the next run would refuse what this one keeps.
    """

    forbidden: tuple[str | Word, ...] = FORBIDDEN
    limits: Limits = LIMITS
    items: tuple[ItemRule, ...] = ITEM_RULES
    categories: tuple[CategoryRule, ...] = CATEGORY_RULES

    def __post_init__(self) -> None:
        for field in fields(Limits):
            mine, contract = getattr(self.limits, field.name), getattr(LIMITS, field.name)
            if isinstance(contract, Length) and (mine.least < contract.least or mine.most > contract.most):
                problem = f"Rules(limits=...): {field.name} is {mine} characters, the contract allows {contract}"
                raise SettingsError([problem])

    def check_item(self, draft: ItemDraft, categories: Mapping[str, Any]) -> list[Violation]:
        """What is wrong with an item.

        Args:
            draft: the item, tidied.
            categories: the known categories by folded name.
        """
        given = Given(self, categories)
        return [violation for rule in self.items for violation in rule(draft, given)]

    def check_category(self, name: str) -> list[Violation]:
        """What is wrong with a category's name."""
        return [violation for rule in self.categories for violation in rule(name, self)]


RULES = Rules()
