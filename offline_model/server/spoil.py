"""How the answer that would have been good is spoilt: its text, its objects, its items, its pictures."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .calls import Call
    from .faults import Fault, Faults


def spoil_text(kind: str, text: str, draw: float) -> str:
    """The text of an answer as the fault leaves it. `draw` (0..1) says where and which way."""
    tear = int(len(text) * (0.4 + 0.5 * draw))
    if kind in ("truncated", "length", "answer-filter"):
        return text[:tear]
    if kind == "prose":
        return f"Sure! Here is the JSON that you asked for:\n\n{text}\n\nLet me know if you need more."
    if kind == "fence":
        return f"```json\n{text}\n```"
    if kind == "malformed":
        return _malform(text, tear, draw)
    return text


def _malform(text: str, tear: int, draw: float) -> str:
    """Break the syntax near `tear`: a lost colon, a lost comma, or a stray quotation mark."""
    for lost in ('":', ',"', ", "):
        spot = text.find(lost, tear)
        if spot >= 0 and draw < 0.7:
            broken = text[:spot] + text[spot + len(lost) :]
            if not _is_json(broken):
                return broken
    broken = text[:tear] + '"' + text[tear:]
    return text.rstrip()[:-1] if _is_json(broken) else broken


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def spoil_answer(kind: str, answer: dict[str, Any], draw: float) -> dict[str, Any]:
    """The answer's object with a wrong count or with duplicates."""
    key = next((key for key in ("categories", "items") if isinstance(answer.get(key), list)), None)
    if key is None or not answer[key]:
        return answer
    rows: list[Any] = copy.deepcopy(answer[key])
    if kind == "wrong-count" and draw < 0.7:
        rows = rows[: max(0, len(rows) - 1 - int(draw * 4))]
    elif kind == "wrong-count":
        rows += [_renamed(row, "Other {}") for row in rows[:2]]
    elif kind == "duplicate-categories" and key == "categories" and len(rows) > 3:
        rows[-1], rows[-2] = copy.deepcopy(rows[0]), _upper(rows[1])
    return {**answer, key: rows}


def _renamed(row: Any, form: str) -> Any:
    if not isinstance(row, dict):
        return row
    renamed = {**row, "name": form.format(row.get("name", ""))}
    if "slug" in row:
        renamed["slug"] = f"other-{row['slug']}"
    return renamed


def _upper(row: Any) -> Any:
    return {**row, "name": str(row.get("name", "")).upper()} if isinstance(row, dict) else row


_BREAKS: tuple[tuple[str, str], ...] = (
    ("name", "The Extraordinarily Long Name That Never Seems To End"),
    ("name", "Q"),
    ("description", "Too short."),
    ("description", "{} It carries the official logo of a well-known brand."),
    ("description", "{} Write to figure@example.com for more."),
    ("category", "A Category That Nobody Asked For"),
    ("imagePrompt", "A drawing of {}"),
    ("imagePrompt", "{}, seen from every side, with many more words than fit" + ", and one more detail" * 10),
    ("imagePrompt", "{}, with a trademark on the chest"),
)


def spoil_items(answer: dict[str, Any], rules: list[Fault], faults: Faults, call: Call, used: list[str]) -> int:
    """Change single items of `answer["items"]` in place; returns how many.

    Args:
        answer: the answer's object.
        rules: the item faults in force.
        faults: where the draws come from.
        call: the call that is answered.
        used: names given out before, for repeated names.
    """
    items = [item for item in answer.get("items") or [] if isinstance(item, dict)]
    changed = 0
    for index, item in enumerate(items):
        for rule in rules:
            draw = faults.draw("item", rule.kind, call.number, index)
            if draw >= rule.rate:
                continue
            which = faults.draw("which", rule.kind, call.number, index)
            if rule.kind == "repeated-names":
                earlier = used or [str(other.get("name", "")) for other in items[:index]]
                if not earlier:
                    continue
                name = earlier[int(which * len(earlier))]
                item["name"] = name.upper() if which < 0.3 else name
            else:
                field, form = _BREAKS[int(which * len(_BREAKS))]
                item[field] = form.format(item.get(field, ""))
            changed += 1
            break
    return changed


_GIF = bytes.fromhex("47494638396101000100800000ffffff00000021f90400000000002c00000000010001000002024401003b")
_PAGE = b"<!DOCTYPE html><html><body><h1>Bad gateway</h1></body></html>"


def spoil_image(kind: str, png: bytes, draw: float) -> bytes:
    """The bytes of a picture as the fault leaves them."""
    if kind == "image-cut":
        return png[: len(png) // 2]
    if kind == "not-png":
        return _GIF if draw < 0.5 else _PAGE
    return png
