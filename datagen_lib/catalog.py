"""The reading side: the catalogue as pandas tables. Takes no lock and changes nothing, so it may run beside a run."""

from __future__ import annotations

import json
import math
import struct
import unicodedata
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from .errors import FolderError
from .settings import Settings, found, project_root
from .store import Store

NEIGHBOURS = 60  # names that one rare trigram leads to, at most
_PNG = b"\x89PNG\r\n\x1a\n"


def output_folder(given: str | Path | None = None) -> Path:
    """The folder of a catalogue: the one given, else OUTPUT_DIR; a relative one counts from the project's root."""
    value = given or found().get("output_dir", (Settings.model_fields["output_dir"].default, ""))[0]
    return (project_root() / Path(value).expanduser()).resolve()


def load_catalog(dir: str | Path | None = None) -> pd.DataFrame:  # noqa: A002 - the word that a caller looks for
    """All items of a folder, those of a run that is not finished too, one a row in order of acceptance.

    Args:
        dir: the output folder; None: OUTPUT_DIR, else data_seed.

    Returns:
        Columns productId, name, description, category (categorical, in the order of categories.json, empty ones too),
        filename, imagePrompt, image_path (where the picture is or would be), has_image (bool), image_size (Int64, in
        pixels; NA without a picture), name_words, description_length, prompt_length (Int64, in words and characters),
        then whatever fields a person has added.

    Raises:
        FolderError: the folder holds no catalogue.
        InvalidCatalogue: a file breaks the contract; names the line.
    """
    root = output_folder(dir)
    store = Store.peek(root)
    if not store.items and not (root / "catalog.json").exists() and not (root / "catalog.partial.json").exists():
        raise FolderError(
            f"{root} holds no catalogue",
            hint="Make one first (python -m data_generator, or notebook 02), or name another folder.",
        )
    frame = pd.DataFrame([item.model_dump(by_alias=True) for item in store.items])
    for name in ("productId", "name", "description", "filename", "imagePrompt"):
        frame[name] = (frame[name] if name in frame else pd.Series([], dtype="str")).astype("str")
    names = [category.name for category in store.categories]
    frame["category"] = pd.Categorical(frame.get("category", []), categories=names)
    paths = [store.image_path(item) for item in store.items]
    sizes = [_png_size(path) for path in paths]
    measured: dict[str, pd.Series[Any]] = {
        "image_path": pd.Series([str(path) for path in paths], dtype="str"),
        "has_image": pd.Series([size is not None for size in sizes], dtype="bool"),
        "image_size": pd.Series(sizes, dtype="Int64"),
        "name_words": frame["name"].str.split().map(len).astype("Int64"),
        "description_length": frame["description"].str.len().astype("Int64"),
        "prompt_length": frame["imagePrompt"].str.len().astype("Int64"),
    }
    stored = ["productId", "name", "description", "category", "filename", "imagePrompt"]
    added = [name for name in frame.columns if name not in stored and name not in measured]
    return frame.assign(**dict(measured))[[*stored, *measured, *added]]


def _png_size(path: Path) -> int | None:
    """The width in pixels of the PNG at `path`, from its header; None where there is none."""
    try:
        with path.open("rb") as file:
            header = file.read(24)
    except OSError:
        return None
    if len(header) < 24 or header[:8] != _PNG:
        return None
    return int(struct.unpack(">I", header[16:20])[0])


def coverage(catalogue: pd.DataFrame) -> pd.DataFrame:
    """Items and pictures by category, in the categories' order, those without an item too.

    Returns:
        Index category; columns items and images, both Int64.
    """
    grouped = catalogue.groupby("category", observed=False)["has_image"]
    return pd.DataFrame({"items": grouped.size(), "images": grouped.sum()}).astype("Int64")


def missing_images(catalogue: pd.DataFrame) -> pd.DataFrame:
    """The items without a picture: productId, name, category, imagePrompt."""
    columns = ["productId", "name", "category", "imagePrompt"]
    return catalogue.loc[~catalogue["has_image"], columns].reset_index(drop=True)


def rejected_items(dir: str | Path | None = None) -> pd.DataFrame:  # noqa: A002 - as above
    """What the rules refused: when, name, rules and reasons (each joined by "; "), newest last."""
    records = [
        {
            "when": record.get("when"),
            "name": record["item"].get("name", "") if isinstance(record.get("item"), dict) else "",
            "rules": "; ".join(record.get("rules", [])),
            "reasons": "; ".join(record.get("reasons", [])),
        }
        for record in _lines(output_folder(dir) / "rejected_items.jsonl")
    ]
    return _dated(pd.DataFrame(records, columns=["when", "name", "rules", "reasons"]))


def failed_images(dir: str | Path | None = None) -> pd.DataFrame:  # noqa: A002 - as above
    """The pictures that the last run could not make: productId, name, prompt, reason, attempts (Int64), when."""
    columns = ["productId", "name", "prompt", "reason", "attempts", "when"]
    frame = pd.DataFrame(list(_lines(output_folder(dir) / "failed_images.log")), columns=columns)
    return _dated(frame.astype({"attempts": "Int64"}))


def _dated(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(when=pd.to_datetime(frame["when"], utc=True))


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    """The JSON objects of a log, one a line; a line that a kill has torn is left out."""
    if not path.exists():
        return
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            record = json.loads(line)
        except ValueError:
            continue
        if isinstance(record, dict):
            yield record


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
