"""`provenance.jsonl`: who made each item and its picture, in which batch, in how many calls, for how much.

Lines are only added, as things happen, and are not flushed: what a power cut takes is then unknown, and no more.

    {"what": "item", "productId", "provider", "model", "run", "batch", "attempt"}   an item was accepted
    {"what": "call", "items": [productId, ...], "cost_usd"}                         the call that brought them ended
    {"what": "picture", "productId", "provider", "model", "run", "attempts", "cost_usd"}
    {"what": "candidate", ...}   the same for another picture that nobody has chosen yet
    {"what": "chosen", "productId"}                                                 that one took the picture's place
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from datagen_lib.errors import DiskError

from .disk import Disk
from .logs import line_of, read_log

NAME = "provenance.jsonl"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Origin:
    """Where one item comes from; None for what is not known.

    Attributes:
        provider: who made it.
        text_model: deployment or model, as the user calls it.
        image_model: the same of the pictures.
        batch: when its run began, and the batch's number in that run.
        text_attempt: which call for that batch brought it.
        image_attempts: calls that its picture took in the run that made it.
        text_cost_usd: its share of what that call cost, in US dollars.
        image_cost_usd: what those calls cost.
    """

    provider: str | None = None
    text_model: str | None = None
    image_model: str | None = None
    batch: str | None = None
    text_attempt: int | None = None
    image_attempts: int | None = None
    text_cost_usd: float | None = None
    image_cost_usd: float | None = None


def add_origin(disk: Disk, **record: Any) -> None:
    """Add a line; where the disk refuses, that is all that is lost."""
    try:
        disk.append(NAME, line_of(record))
    except DiskError as error:
        log.info("%s is not kept: %s", NAME, error.what)


def origins(root: Path) -> dict[str, Origin]:
    """What is known of each item, by productId; what a person or a kill has spoilt in the file is left out.

    Raises:
        FolderError: the file can't be read.
    """
    found: dict[str, Origin] = {}
    candidates: dict[str, Mapping[str, Any]] = {}
    for record in read_log(root / NAME):
        what, product_id = record.get("what"), record.get("productId")
        if what == "call":
            _share(found, record)
        elif not isinstance(product_id, str):
            continue
        elif what == "item":
            found[product_id] = replace(found.get(product_id, Origin()), **_of_item(record))
        elif what == "candidate":
            candidates[product_id] = record
        elif what in {"picture", "chosen"}:
            made = record if what == "picture" else candidates.pop(product_id, {})
            found[product_id] = replace(found.get(product_id, Origin()), **_of_picture(made))
    return found


def _of_item(record: Mapping[str, Any]) -> dict[str, Any]:
    run, number = _text(record.get("run")), _number(record.get("batch"))
    return {
        "provider": _text(record.get("provider")),
        "text_model": _text(record.get("model")),
        "batch": None if run is None or number is None else f"{run} {number:.0f}",
        "text_attempt": _count(record.get("attempt")),
    }


def _of_picture(record: Mapping[str, Any]) -> dict[str, Any]:
    provider = _text(record.get("provider"))
    return {
        "image_model": _text(record.get("model")),
        "image_attempts": _count(record.get("attempts")),
        "image_cost_usd": _number(record.get("cost_usd")),
        **({"provider": provider} if provider else {}),
    }


def _share(found: dict[str, Origin], record: Mapping[str, Any]) -> None:
    """Split what a call cost over the items that it brought."""
    cost, items = _number(record.get("cost_usd")), record.get("items")
    if cost is None or not isinstance(items, list) or not items:
        return
    for product_id in items:
        if isinstance(product_id, str):
            found[product_id] = replace(found.get(product_id, Origin()), text_cost_usd=cost / len(items))


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _count(value: object) -> int | None:
    number = _number(value)
    return None if number is None or not number.is_integer() or abs(number) > 1e9 else int(number)
