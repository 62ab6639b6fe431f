"""The folder's logs, a JSON object a line: pictures that failed, items that were refused."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from datagen_lib.models import CatalogItem

from .disk import Disk, read_bytes
from .reading import parse_json

FAILED = "failed_images.log"
REJECTED = "rejected_items.jsonl"


class Logs:
    """Writes the logs of one folder."""

    disk: Disk

    def start_failures(self) -> None:
        """Begin this run's failed_images.log."""
        self.disk.write(FAILED, b"")

    def log_failure(self, item: CatalogItem, *, reason: str, attempts: int, **more: Any) -> None:
        """Add a picture that could not be made; `more` are further fields of its line."""
        record = {
            "productId": item.product_id,
            "name": item.name,
            "prompt": item.image_prompt,
            "reason": reason,
            "attempts": attempts,
            "when": _now(),
        }
        self.disk.append(FAILED, line_of(record | more))

    def forget_failures(self) -> None:
        """Remove failed_images.log: every picture is there."""
        self.disk.remove(FAILED)

    def end_failures(self) -> None:
        """Remove failed_images.log where nothing failed."""
        if read_bytes(self.disk.path(FAILED)) == b"":
            self.forget_failures()

    def log_rejection(self, item: dict[str, Any], *, rules: list[str], reasons: list[str]) -> None:
        """Add a refused item to rejected_items.jsonl."""
        self.disk.append(REJECTED, line_of({"when": _now(), "rules": rules, "reasons": reasons, "item": item}))


def read_log(path: Path) -> Iterator[dict[str, Any]]:
    """The JSON objects of a log, oldest first; a line that a kill has torn is left out.

    Only a line feed ends a line: U+2028 and U+0085 may stand in a text.

    Raises:
        FolderError: the file can't be read.
    """
    for line in (read_bytes(path) or b"").removeprefix(b"\xef\xbb\xbf").split(b"\n"):
        try:
            record = parse_json(line)
        except ValueError:
            continue
        if isinstance(record, dict):
            yield record


def line_of(record: Mapping[str, Any]) -> bytes:
    """The record as a line of a log, without its line feed."""
    # A lone surrogate has no UTF-8 form; as \udXXX it is valid JSON.
    return json.dumps(record, ensure_ascii=False).encode("utf-8", "backslashreplace")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
