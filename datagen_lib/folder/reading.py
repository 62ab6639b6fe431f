"""Reads the stored files, and says by line what is wrong with one that a person has edited."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from datagen_lib.errors import InvalidCatalogue
from datagen_lib.models import UNCHECKED, CatalogItem, Category
from datagen_lib.rules import fold, unique_slug


def read_json(path: Path, *, default: Any, strict: bool = True) -> Any:
    """The JSON in `path`, or `default` where there is no such file (or, not `strict`, where it holds none).

    Raises:
        InvalidCatalogue: it holds no JSON; names the line.
    """
    try:
        return json.loads(path.read_bytes().decode("utf-8-sig"))
    except FileNotFoundError:
        return default
    except UnicodeDecodeError as error:
        if not strict:
            return default
        raise InvalidCatalogue(f"{path} is not UTF-8 text", hint="Save it as UTF-8.") from error
    except json.JSONDecodeError as error:
        if not strict:
            return default
        raise InvalidCatalogue(
            f"{path}, line {error.lineno}, column {error.colno}: {error.msg}; it is not valid JSON",
            hint="Mend that line, or put a backup back in its place.",
        ) from error


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
    entries = read_json(path, default=[])
    if not isinstance(entries, list):
        raise InvalidCatalogue(f"{path}, line 1: holds no JSON array of items")
    items: list[CatalogItem] = []
    names: set[str] = set()
    ids: set[str] = set()
    for index, entry in enumerate(entries):
        try:
            item = _item(entry, validate=validate)
            if item.product_id in ids:
                raise ValueError(f"the productId {item.product_id} is there twice")
            if fold(item.name) in names:
                raise ValueError(f"the name {item.name!r} is there twice")
        except (ValidationError, ValueError, TypeError) as error:
            raise _invalid(path, index, entry, error) from error
        names.add(fold(item.name))
        ids.add(item.product_id)
        items.append(item)
    return items


def read_partial(path: Path, *, validate: bool = True) -> tuple[list[CatalogItem], int | None]:
    """The items in a catalogue that is still growing, and how many bytes of it to keep when appending to it.

    Where the file is valid JSON in another layout than ours (another generator's, or saved by an editor), that length
    is None: it is to be written anew. A last line that a kill has torn is left out.

    Raises:
        InvalidCatalogue: something is broken that no kill breaks; names the line.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return [], 0
    try:
        json.loads(content.decode("utf-8-sig"))
    except ValueError:
        return _torn(path, content, validate=validate)
    items = read_items(path, validate=validate)
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
            items.append(_item(json.loads(line), validate=validate))
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


def _item(entry: Any, *, validate: bool) -> CatalogItem:
    """The item, its types, id and file name always checked: a file name becomes a path."""
    return CatalogItem.model_validate(entry, context=None if validate else UNCHECKED)


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
    text = path.read_bytes().decode("utf-8-sig")
    decoder = json.JSONDecoder()
    position = text.index("[") + 1
    for _ in range(index):
        position = decoder.raw_decode(text, _skip(text, position))[1]
    return text.count("\n", 0, _skip(text, position)) + 1


def _skip(text: str, position: int) -> int:
    while position < len(text) and text[position] in " \t\r\n,":
        position += 1
    return position
