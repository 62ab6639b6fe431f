"""Texts that read alike: pairs above a similarity, found in time near-linear in the number of texts.

The measure is the Jaccard similarity of sets of character pieces: 1 for the same text, 0 for none shared. Candidates
come from MinHash signatures cut into bands (Broder 1997; Leskovec, Rajaraman, Ullman: Mining of Massive Datasets,
chapter 3): two texts that are 0.6 alike share a band with a chance of 99 %, and are then compared exactly.
"""

from __future__ import annotations

import unicodedata
import zlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

ROWS, BANDS = 4, 32  # of the signature: 1 - (1 - s^4)^32 is the chance to meet at similarity s
BUCKET = (
    50  # texts with the same band that are all compared with each other; in a larger crowd, each with the next NEAR
)
NEAR = 5
FEW = 300  # texts up to which each is compared with each
DOUBT = 0.15  # by which a similarity estimated from signatures may be too low
CHUNK = 4096  # texts signed at once: bounds the memory


Signatures = npt.NDArray[np.uint32]
Pairs = npt.NDArray[np.intp]


class Pair(NamedTuple):
    """Two texts by their places in the list, and how alike they are (0 to 1)."""

    one: int
    other: int
    similarity: float


def alike(texts: Sequence[str], *, at_least: float, pieces: int = 3) -> list[Pair]:
    """Pairs of texts at least so alike, the most alike first.

    Args:
        texts: names, descriptions, prompts.
        at_least: the similarity from which a pair counts, 0.5 to 1.
        pieces: letters of a piece; 3 suits names, 5 whole sentences.
    """
    found = []
    for one, other in _candidates(texts, at_least, pieces):
        first, second = _hashes(texts[one], pieces), _hashes(texts[other], pieces)
        shared = len(first & second)
        similarity = shared / max(1, len(first) + len(second) - shared)
        if similarity >= at_least:
            found.append(Pair(one, other, round(similarity, 3)))
    return sorted(found, key=lambda pair: (-pair.similarity, pair.one, pair.other))


def _candidates(texts: Sequence[str], at_least: float, pieces: int) -> Iterable[tuple[int, int]]:
    """The pairs worth comparing: all of a short list's, else those that share a band."""
    if len(texts) <= FEW:
        return combinations(range(len(texts)), 2)
    signatures = np.concatenate([_signed(part, pieces) for part in _chunks(texts)])
    near = [pairs for band in range(BANDS) if len(pairs := _meeting(signatures, band, at_least - DOUBT))]
    return ((int(one), int(other)) for one, other in np.unique(np.concatenate(near), axis=0)) if near else ()


def _chunks(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(texts), CHUNK):
        yield texts[start : start + CHUNK]


def _hashes(text: str, pieces: int) -> frozenset[int]:
    """The hashed pieces of each word, padded so that its beginning counts, as databases do it."""
    words = unicodedata.normalize("NFKC", text).casefold().split()
    pad = " " * (pieces - 1)
    return frozenset(
        zlib.crc32(f"{pad}{word} "[at : at + pieces].encode("utf-8", "replace"))
        for word in words
        for at in range(len(word) + 1)
    )


def _signed(texts: Sequence[str], pieces: int) -> Signatures:
    """A MinHash signature for each text: shape (texts, ROWS * BANDS)."""
    rng = np.random.default_rng(7)
    factors = rng.integers(1, 2**31, ROWS * BANDS, dtype=np.uint32) * np.uint32(2) + np.uint32(1)
    offsets = rng.integers(0, 2**32, ROWS * BANDS, dtype=np.uint32)
    # a text without a piece counts as one of its own kind, so that each signature has a least hash
    sets = [np.fromiter(_hashes(text, pieces) or {0}, dtype=np.uint32) for text in texts]
    starts = np.cumsum([0, *(len(hashes) for hashes in sets[:-1])])
    everything = np.concatenate(sets)
    # multiplied modulo 2**32: the overflow is meant
    columns = [
        np.minimum.reduceat(everything * factor + offset, starts)
        for factor, offset in zip(factors, offsets, strict=True)
    ]
    return np.stack(columns, axis=1)


def _meeting(signatures: Signatures, band: int, at_least: float) -> Pairs:
    """The pairs of texts that are the same in this band, and alike by their whole signatures: shape (pairs, 2)."""
    part = signatures[:, band * ROWS : (band + 1) * ROWS]
    order = np.lexsort(part.T)
    ordered = part[order]
    same = np.all(ordered[1:] == ordered[:-1], axis=1)
    runs = np.concatenate([[0], np.cumsum(~same)])  # which crowd each text of the order is in
    crowd = np.bincount(runs)[runs] > BUCKET
    found: list[Pairs] = []
    for step in range(1, BUCKET):
        meets = runs[step:] == runs[:-step]
        if step > NEAR:
            meets &= ~crowd[:-step]
        if not meets.any():
            break
        pairs = np.sort(np.stack([order[:-step][meets], order[step:][meets]], axis=1), axis=1)
        estimate = np.mean(signatures[pairs[:, 0]] == signatures[pairs[:, 1]], axis=1)
        found.append(pairs[estimate >= at_least])
    return np.concatenate(found) if found else np.empty((0, 2), dtype=np.intp)
