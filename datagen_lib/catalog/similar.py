"""Names that read alike, as a table."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from datagen_lib.quality.similar import alike


def similar_names(names: Iterable[str], *, at_least: float = 0.6, most: int | None = None) -> pd.DataFrame:
    """Pairs of names that read alike, the most alike first.

    The measure is the Jaccard similarity of the sets of character trigrams: 1 for the same name, 0 for names that
    share none. Up to 300 names each is compared with each; of more, nearly every pair is found (quality/similar.py).

    Args:
        names: the names.
        at_least: the similarity from which a pair counts.
        most: the number of pairs to return at most; None for all.

    Returns:
        Columns name, other, similarity (0 to 1).
    """
    listed = list(names)
    pairs = [(listed[one], listed[other], similarity) for one, other, similarity in alike(listed, at_least=at_least)]
    pairs.sort(key=lambda pair: (-pair[2], pair[0], pair[1]))
    return pd.DataFrame(pairs[:most], columns=["name", "other", "similarity"])
