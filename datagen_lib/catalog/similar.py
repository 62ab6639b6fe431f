"""Names that read alike."""

from __future__ import annotations

import math
import unicodedata
from collections import Counter, defaultdict, deque
from collections.abc import Iterable

import pandas as pd

NEIGHBOURS = 60  # names that one rare trigram leads to, at most


def similar_names(names: Iterable[str], *, at_least: float = 0.6) -> pd.DataFrame:
    """Pairs of names that read alike, the most alike first.

    The measure is the Jaccard similarity of the sets of character trigrams: 1 for the same name, 0 for names that
    share none. Two sets that similar share one of their few rarest trigrams (prefix filtering: Bayardo, Ma, Srikant,
    2007), so only pairs that do are compared. Where a trigram is among the rarest of more than NEIGHBOURS names, a
    name meets only the newest of them: the work grows with the names and not with their square, and on the offline
    model's names nothing was missed at 5,000.

    Returns:
        Columns name, other, similarity (0 to 1).
    """
    listed = list(names)
    sets = [_trigrams(name) for name in listed]
    frequency = Counter(gram for grams in sets for gram in grams)
    seen: dict[str, deque[int]] = defaultdict(lambda: deque(maxlen=NEIGHBOURS))
    pairs = []
    for index, grams in enumerate(sets):
        rarest = sorted(grams, key=lambda gram: (frequency[gram], gram))
        prefix = rarest[: len(grams) - math.ceil(at_least * len(grams)) + 1]
        for other in {candidate for gram in prefix for candidate in seen[gram]}:
            shared = len(grams & sets[other])
            similarity = shared / (len(grams) + len(sets[other]) - shared)
            if similarity >= at_least:
                pairs.append((listed[other], listed[index], round(similarity, 3)))
        for gram in prefix:
            seen[gram].append(index)
    pairs.sort(key=lambda pair: (-pair[2], pair[0], pair[1]))
    return pd.DataFrame(pairs, columns=["name", "other", "similarity"])


def _trigrams(name: str) -> frozenset[str]:
    """The three-letter pieces of each word, padded so that its beginning counts, as databases do it."""
    words = unicodedata.normalize("NFKC", name).casefold().split()
    return frozenset(f"  {word} "[at : at + 3] for word in words for at in range(len(word) + 1))
