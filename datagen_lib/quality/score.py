"""A quality score for each item, 0 to 100, as the mean of five parts that are shown beside it.

| part | asks | 100 means | 0 means |
|---|---|---|---|
| `rules` | do the soft rules hold? | all do | three or more are broken |
| `match` | does the imagePrompt speak of what the name and description say? | 60 % of its own words are there | none |
| `variety` | are the words other ones than everybody's? | half of them are in few other items | none is |
| `fit` | do the words belong to the category? | they are its own | they are another category's |
| `reading` | does the description read easily? | whole sentences of plain words | a torn or dense text |

Words are compared by their first letters, so that "farmer" and "farming" meet. All parts come from counts over the
catalogue: no call, no model, linear in the items.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from datagen_lib.models import OPENINGS, TAIL, CatalogItem

STEM = 5  # letters by which words are compared
ENOUGH_MATCH = 0.6  # of the prompt's own words stand in name, description or category
ENOUGH_VARIETY = 0.5  # of the words are in few other items
FEW = 0.05  # of the items: a word in fewer is rare
EASY, DENSE = 60.0, 0.0  # Flesch reading ease
SOFT_RULE = 100 / 3  # points that a broken soft rule costs
COLUMNS = 32  # room for categories, made larger where it is full
PARTS = ("rules", "match", "variety", "fit", "reading")

_WORD = re.compile(r"[^\W\d_]{3,}")
_SENTENCE = re.compile(r"[^.!?]+[.!?]+")
_VOWELS = re.compile(r"[aeiouyäöüáéíóúàèìòùâêîôû]+")
# Words that join others, and words of the picture's style: they say nothing of the item.
_EMPTY = frozenset(
    re.findall(
        r"\w+",
        """the and for with his her their its they she him them who that this from into near over under one two all are
        is was has have had can out not but than then too very where when while always every each any some more most
        about between behind beside above below through backdrop background scene setting hand hands holding wearing
        man woman person figure minifigure look looks""",
    )
)


Counts = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Quality:
    """The five parts of one item's score, each 0 to 100."""

    rules: int
    match: int
    variety: int
    fit: int
    reading: int

    @property
    def total(self) -> int:
        """Their mean, 0 to 100."""
        return round(sum(self.parts().values()) / len(PARTS))

    def parts(self) -> dict[str, int]:
        """The parts by name."""
        return {name: getattr(self, name) for name in PARTS}


class Scorer:
    """Scores items against a catalogue, which may grow.

    Args:
        items: the catalogue.
    """

    def __init__(self, items: Iterable[CatalogItem] = ()) -> None:
        self._count = 0
        self._column: dict[str, int] = {}  # of each category, in the arrays below
        self._words: dict[str, Counts] = {}  # items with this word, by category
        self._sums: Counts = np.zeros(COLUMNS)  # words of each category
        for item in items:
            self.add(item)

    def add(self, item: CatalogItem) -> None:
        """Take an item into the catalogue that others are compared with."""
        column = self._column.setdefault(item.category, len(self._column))
        words = _own_words(item)
        if column >= len(self._sums):
            self._widen()
        for word in words:
            counts = self._words.get(word)
            if counts is None:
                counts = self._words[word] = np.zeros(len(self._sums))
            counts[column] += 1
        self._sums[column] += len(words)
        self._count += 1

    def _widen(self) -> None:
        self._sums = np.append(self._sums, np.zeros(COLUMNS))
        self._words = {word: np.append(counts, np.zeros(COLUMNS)) for word, counts in self._words.items()}

    def score(self, item: CatalogItem, *, soft: int, known: bool = True) -> Quality:
        """The item's quality.

        Args:
            item: the item.
            soft: soft rules that it breaks.
            known: whether the item is in the catalogue; it is then not compared with itself.
        """
        words = _own_words(item)
        own = self._column.get(item.category, -1)
        rows = [self._words[word] for word in words if word in self._words]
        counts = np.stack(rows) if rows else np.zeros((0, len(self._sums)))
        sums = self._sums.copy()
        if known:  # not compared with itself
            counts[:, own] -= 1
            sums[own] -= len(words)
        return Quality(
            rules=round(max(0.0, 100 - SOFT_RULE * soft)),
            match=round(100 * min(1.0, _match(item) / ENOUGH_MATCH)),
            variety=_variety(counts.sum(axis=1), len(words), self._count - known),
            fit=_fit(counts[counts.sum(axis=1) > 0], sums, own, len(self._words)),
            reading=_reading(item.description),
        )


def _variety(others: Counts, words: int, items: int) -> int:
    """How many of the words are rare among the others; `others` counts the other items with each known word."""
    if not words:
        return 0
    few = max(1.0, FEW * items)
    rare = words - len(others) + int((others <= few).sum())
    return round(100 * min(1.0, rare / words / ENOUGH_VARIETY))


def _fit(counts: Counts, sums: Counts, own: int, size: int) -> int:
    """How the words' likelihood in their own category compares with the best other one's (naive Bayes).

    Args:
        counts: items with each word, by category; shape (words, categories).
        sums: words of each category.
        own: the item's column, or -1 where its category is new.
        size: words known in all.
    """
    others = np.flatnonzero(sums > 0)
    others = others[others != own]
    if own < 0 or sums[own] <= 0 or not len(counts) or not len(others):
        return 100  # there is nothing to compare with yet
    logs = np.log((counts + 0.5) / (np.maximum(sums, 0) + 0.5 * size)).sum(axis=0)
    margin = (logs[own] - logs[others].max()) / len(counts)  # nats a word
    return round(100 / (1 + math.exp(-12 * (margin + 0.2))))


def score_all(items: Sequence[CatalogItem], soft: Mapping[str, int]) -> list[Quality]:
    """The quality of each item of a whole catalogue; `soft` counts its broken soft rules by productId."""
    scorer = Scorer(items)
    return [scorer.score(item, soft=soft.get(item.product_id, 0)) for item in items]


def _stems(text: str) -> list[str]:
    return [word[:STEM] for word in _WORD.findall(text.casefold()) if word not in _EMPTY]


def _own_words(item: CatalogItem) -> frozenset[str]:
    return frozenset(_stems(f"{item.name} {item.description} {_own_prompt(item.image_prompt)}"))


def _own_prompt(prompt: str) -> str:
    """The prompt without what every prompt says: its opening and its tail."""
    for opening in OPENINGS:
        prompt = prompt.removeprefix(opening)
    return prompt.replace(TAIL, "")


def _match(item: CatalogItem) -> float:
    """The share of the prompt's own words that name, description or category say too."""
    asked = set(_stems(_own_prompt(item.image_prompt)))
    if not asked:
        return 0.0
    return len(asked & set(_stems(f"{item.name} {item.description} {item.category}"))) / len(asked)


def _reading(text: str) -> int:
    """Flesch reading ease between DENSE and EASY, less what an unfinished or missing sentence costs.

    Source: Flesch, A New Readability Yardstick, 1948. Syllables are counted as groups of vowels.
    """
    sentences, words = _SENTENCE.findall(text), re.findall(r"\w+", text)
    if not sentences or not words:
        return 0
    syllables = sum(max(1, len(_VOWELS.findall(word.casefold()))) for word in words)
    ease = 206.835 - 1.015 * len(words) / len(sentences) - 84.6 * syllables / len(words)
    points = 100 * min(1.0, max(0.0, (ease - DENSE) / (EASY - DENSE)))
    torn = 0 if text.rstrip().endswith((".", "!", "?", '"', "”", "’", ")")) else 40
    alone = 30 if len(sentences) < 2 else 0
    return round(max(0.0, points - torn - alone))
