"""Reads the stored files, and says by line what is wrong with one that a person has edited."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, NoReturn

from pydantic import ValidationError

from datagen_lib.errors import FolderError, InvalidCatalogue
from datagen_lib.models import UNCHECKED, CatalogItem, Category
from datagen_lib.spelling import fold, unique_slug

from .disk import read_bytes

MAX_DEPTH = 32  # levels of a field that a person added
DEEPEST = 64  # levels of a whole file; what reads deeper can't be written back
MAX_DIGITS = 300  # of a whole number, as many as a float can have


def parse_json(text: bytes | str) -> Any:
    """The value that a JSON text holds, with bounds: no NaN, no number beyond a float, no endless nesting.

    Raises:
        ValueError: it is no such text (json.JSONDecodeError, which knows the line, where the grammar is broken).
    """
    text = text.decode("utf-8-sig") if isinstance(text, bytes) else text
    try:
        value = _DECODER.decode(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if _deeper(value, DEEPEST):
        raise ValueError(f"it is nested more than {DEEPEST} levels deep")
    return value


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is not a number in JSON")


def _float(digits: str) -> float:
    value = float(digits)
    if math.isinf(value):
        raise ValueError(f"the number {digits[:20]} is too large")
    return value


def _int(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise ValueError(f"the number {digits[:20]}... is too large")
    return int(digits)


_DECODER = json.JSONDecoder(parse_constant=_no_number, parse_float=_float, parse_int=_int)


def read_json(path: Path, *, default: Any, strict: bool = True) -> Any:
    """The JSON in `path`, or `default` where there is no such file (or, not `strict`, where it holds no JSON).

    Raises:
        InvalidCatalogue: it holds no JSON; names the line.
        FolderError: it can't be read.
    """
    try:
        content = read_bytes(path)
        return default if content is None else parse_json(content)
    except (FolderError, ValueError) as error:
        if not strict:
            return default
        if isinstance(error, FolderError):
            raise
        raise _no_json(path, error) from error


def _no_json(path: Path, error: ValueError) -> InvalidCatalogue:
    if isinstance(error, UnicodeDecodeError):
        return InvalidCatalogue(f"{path} is not UTF-8 text", hint="Save it as UTF-8.")
    where, reason = "", str(error)
    if isinstance(error, json.JSONDecodeError):
        where, reason = f", line {error.lineno}, column {error.colno}", f"{error.msg}; it is not valid JSON"
    return InvalidCatalogue(f"{path}{where}: {reason}", hint="Mend that line, or put a backup back in its place.")


def read_categories(path: Path) -> list[Category]:
    """The categories in `path`; a list of plain names from an older generator is taken too, slugs derived.

    Raises:
        InvalidCatalogue: the file breaks the contract; names the line.
    """
    entries = read_json(path, default=[])
    if isinstance(entries, dict):
        entries = entries.get("categories", entries)
    if not isinstance(entries, list):
        raise InvalidCatalogue(f"{path}, line 1: holds no JSON array of categories")
    categories: list[Category] = []
    for index, entry in enumerate(entries):
        try:
            given = {"name": entry} if isinstance(entry, str) else dict(entry)
            taken = [category.slug for category in categories]
            if not given.get("slug"):
                given["slug"] = unique_slug("", str(given["name"]), taken)
            category = Category.model_validate(given)
            if category.slug in taken or any(fold(category.name) == fold(other.name) for other in categories):
                raise ValueError(f"{category.name!r} is there twice")
        except (ValidationError, ValueError, TypeError, KeyError) as error:
            raise _invalid(path, index, entry, error) from error
        categories.append(category)
    return categories


def read_items(path: Path, *, validate: bool = True) -> list[CatalogItem]:
    """The items in `path`; none where there is no such file.

    Raises:
        InvalidCatalogue: the file breaks the contract; names the line.
    """
    return _items(path, read_json(path, default=[]), validate=validate)


def _items(path: Path, entries: Any, *, validate: bool) -> list[CatalogItem]:
    if not isinstance(entries, list):
        raise InvalidCatalogue(f"{path}, line 1: holds no JSON array of items")
    items: list[CatalogItem] = []
    names: set[str] = set()
    ids: set[str] = set()
    for index, entry in enumerate(entries):
        try:
            item = entry_of(entry, validate=validate)
            # Some file systems know no case: two ids that differ in nothing else would share a picture.
            if item.product_id.lower() in ids:
                raise ValueError(f"the productId {item.product_id} is there twice")
            if fold(item.name) in names:
                raise ValueError(f"the name {item.name!r} is there twice")
        except (ValidationError, ValueError, TypeError) as error:
            raise _invalid(path, index, entry, error) from error
        names.add(fold(item.name))
        ids.add(item.product_id.lower())
        items.append(item)
    return items


def read_partial(path: Path, *, validate: bool = True) -> tuple[list[CatalogItem], int | None]:
    """The items in a catalogue that still grows, and how many bytes of it to keep when appending.

    Where the file is valid JSON in another layout (of another generator, or saved by an editor), that length is None:
    it is to be written anew. A last line that a kill has torn is left out.

    Raises:
        InvalidCatalogue: something is broken that no kill breaks; names the line.
    """
    content = read_bytes(path)
    if content is None:
        return [], 0
    try:
        entries = parse_json(content)
    except ValueError:
        return _torn(path, content, validate=validate)
    items = _items(path, entries, validate=validate)
    ours = content.startswith(b"[\n") and content.endswith(b"\n]\n") and content.count(b"\n") == len(items) + 2
    return items, len(content) - len(b"\n]\n") if ours and items else None


def _torn(path: Path, content: bytes, *, validate: bool) -> tuple[list[CatalogItem], int]:
    lines = content.split(b"\n")
    items: list[CatalogItem] = []
    position = good = len(lines[0])
    if lines[0].strip() not in {b"[", b""} or (lines[0].strip() == b"" and len(content.strip()) > 0):
        raise InvalidCatalogue(f"{path}, line 1: is not valid JSON", hint="Mend or remove the file, then run again.")
    for number, raw in enumerate(lines[1:], start=2):
        line = raw.rstrip(b"\r").rstrip(b",")
        start, position = position + 1, position + 1 + len(raw)
        if line.strip() in {b"", b"]"}:
            continue
        try:
            items.append(entry_of(parse_json(line), validate=validate))
        except (ValueError, TypeError) as error:
            if any(later.strip() not in {b"", b"]"} for later in lines[number:]):
                raise InvalidCatalogue(
                    f"{path}, line {number}: {_reason(error)}", hint="Mend or delete that line, then run again."
                ) from error
            break
        good = start + len(line)
    return items, good


def line_of_item(path: Path, product_id: str) -> int | None:
    """The line on which the item with this id starts, or None where `path` does not hold it."""
    entries = read_json(path, default=[], strict=False)
    for index, entry in enumerate(entries if isinstance(entries, list) else []):
        if isinstance(entry, dict) and entry.get("productId") == product_id:
            return _line_of(path, index)
    return None


def entry_of(entry: Any, *, validate: bool) -> CatalogItem:
    """The item that a stored entry holds, its types, id and file name always checked: a file name becomes a path."""
    if _deeper(entry, MAX_DEPTH):
        raise ValueError(f"a field is nested more than {MAX_DEPTH} levels deep")
    return CatalogItem.model_validate(entry, context=None if validate else UNCHECKED)


def _deeper(value: Any, levels: int) -> bool:
    if not isinstance(value, dict | list):
        return False
    return levels == 0 or any(
        _deeper(inner, levels - 1) for inner in (value.values() if isinstance(value, dict) else value)
    )


def _invalid(path: Path, index: int, entry: Any, error: Exception) -> InvalidCatalogue:
    named = f" ({entry['name']!r})" if isinstance(entry, dict) and isinstance(entry.get("name"), str) else ""
    return InvalidCatalogue(
        f"{path}, line {_line_of(path, index)}: entry {index + 1}{named}: {_reason(error)}",
        hint="Mend that entry by hand, or put a backup back in its place, then run again.",
    )


def _reason(error: Exception) -> str:
    if isinstance(error, ValidationError):
        details = error.errors(include_url=False)
        return "; ".join(
            f"{'.'.join(str(part) for part in detail['loc']) or 'entry'}: {detail['msg'].removeprefix('Value error, ')}"
            for detail in details
        )
    return f"lacks {error}" if isinstance(error, KeyError) else str(error)


def _line_of(path: Path, index: int) -> int:
    """The line on which entry `index` of the JSON array in `path` starts."""
    text = (read_bytes(path) or b"").decode("utf-8-sig")
    decoder = json.JSONDecoder()
    position = text.index("[") + 1
    for _ in range(index):
        position = decoder.raw_decode(text, _skip(text, position))[1]
    return text.count("\n", 0, _skip(text, position)) + 1


def _skip(text: str, position: int) -> int:
    while position < len(text) and text[position] in " \t\r\n,":
        position += 1
    return position
