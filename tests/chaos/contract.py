"""What must hold in the folder, and of what was said, after whatever happened to a run."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

from conftest import Folder, Result, calls, whole

from offline_model import Server

Item = dict[str, Any]
AT_ONCE = 4  # PARALLEL_IMAGE_REQUESTS as it is by default
IN_FLIGHT = 2 * AT_ONCE  # pictures that may be asked for, or be on their way to the disk, at a kill
RAW = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def items_on_disk(folder: Folder) -> list[Item]:
    """The accepted items that any reader finds, in order; a last line that a kill has torn is none."""
    final = folder / "catalog.json"
    items: list[Item] = json.loads(final.read_bytes()) if final.exists() else []
    known = {item["productId"] for item in items}
    partial = folder / "catalog.partial.json"
    for line in partial.read_bytes().split(b"\n") if partial.exists() else []:
        try:
            item = json.loads(line.rstrip(b","))
        except ValueError:
            continue
        if isinstance(item, dict) and item["productId"] not in known:
            items.append(item)
    return items


def files_hold(folder: Folder, *, torn: bool = False) -> None:
    """Every file is what its name says; `torn`, a last line may be cut and a temporary file left.

    A kill may leave those, and a disk that takes nothing more, not even the end of a line.
    """
    for name, data in folder.contents().items():
        if name.startswith("unusable/"):  # kept as it came
            continue
        if name.startswith(".writing-"):
            assert torn, f"{name} was left behind"
        elif name.endswith(".png"):
            assert whole(data), f"{name} does not decode"
        elif name.endswith(".json") and not (torn and name == "catalog.partial.json"):
            json.loads(data.decode())
        elif name.endswith((".jsonl", ".log")):
            lines = data.decode(errors="replace").split("\n")
            for line in lines[: -1 if torn else None]:
                assert not line or json.loads(line), name


def nothing_lost(before: Iterable[Item], folder: Folder) -> None:
    """Every item that was accepted before is there, unchanged, in its place."""
    before = list(before)
    assert items_on_disk(folder)[: len(before)] == before


def key_nowhere(key: str, folder: Folder, *said: str) -> None:
    """The key is in no byte that was produced."""
    assert not any(key in text for text in said)
    assert [name for name, data in folder.contents().items() if key.encode() in data] == []


def ended_in_words(result: Result, *words: str) -> None:
    """An exit code of the design, no traceback, nothing that a terminal would obey; the last lines say why."""
    assert result.code in {0, 1, 2, 130}, result.said
    assert "Traceback" not in result.said, result.said
    assert not RAW.search(result.said), result.said
    if result.code != 0:
        last = "\n".join(result.said.strip().splitlines()[-3:])
        assert last, "it ended without a word"
        assert not words or any(word in last for word in words), result.said


def answered(server: Server, since: int = 0) -> Counter[str]:
    """The prompts whose picture reached whoever asked, from the given call on."""
    good = [call for call in calls(server, "image")[since:] if call.status == 200 and call.ended and not call.left]
    return Counter(call.body["prompt"] for call in good if not call.fault)


def goes_on(command: Any, server: Server, *arguments: str, since: int = 0, target: int, lost: int = 0) -> None:
    """The next run completes the folder, and buys again at most `lost` of the pictures answered since a call."""
    before = items_on_disk(command.folder)
    had, bought = len(calls(server, "image")), answered(server, since)
    result = command(*arguments)
    again = Counter(call.body["prompt"] for call in calls(server, "image")[had:]) & bought

    assert result.code == 0, result.said
    nothing_lost(before, command.folder)
    files_hold(command.folder)
    command.folder.check(at_least=target)
    assert again.total() <= lost, f"bought again: {sorted(again)}"
