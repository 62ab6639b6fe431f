"""What an earlier run proved of catalog.json: so a run need not read again each item that it only keeps.

`.catalog.proof` holds a hash of the lines that kept the contract, and what must be known of their items. It counts for
exactly those bytes, be there lines after them or not; a change of one of them, or of the contract, and the items are
read as on the first day. The file may be lost or damaged at any moment.
"""

from __future__ import annotations

import base64
import hashlib
import json
import sys
import unicodedata
from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Self

from datagen_lib.errors import FolderError
from datagen_lib.models import CatalogItem, stored_schema
from datagen_lib.spelling import fold, name_keys
from datagen_lib.version import __version__

from .disk import Disk, read_bytes
from .reading import parse_json

NAME = ".catalog.proof"
MOST_NEW = 4096  # keys that are kept unsorted


class Keys:
    """A set of hashes in 8 bytes each.

    Args:
        packed: they in ascending order, as `packed` gave them.
    """

    def __init__(self, packed: bytes = b"") -> None:
        self._sorted = array("Q", packed)
        if sys.byteorder == "big":
            self._sorted.byteswap()
        self._new: set[int] = set()

    def add(self, key: int) -> None:
        self._new.add(key)
        if len(self._new) >= MOST_NEW:
            self._sort()

    def __contains__(self, key: int) -> bool:
        if key in self._new:
            return True
        at = bisect_left(self._sorted, key)
        return at < len(self._sorted) and self._sorted[at] == key

    def packed(self) -> bytes:
        """The hashes in ascending order, little-endian."""
        self._sort()
        keys = self._sorted[:]
        if sys.byteorder == "big":
            keys.byteswap()
        return keys.tobytes()

    def _sort(self) -> None:
        if not self._new:
            return
        self._sorted = array("Q", sorted([*self._sorted, *self._new]))
        self._new = set()


def _hash(text: str) -> int:
    """Stands for the text; of 100,000 texts any two share it once in four thousand million catalogues."""
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")


@dataclass
class Known:
    """What a run must know of every item without reading it.

    Attributes:
        ids: in lower case, since some file systems know no case.
        names: folded.
        alike: what names look like, where that is another word.
        by_category: how many items each category has.
    """

    ids: Keys = field(default_factory=Keys)
    names: Keys = field(default_factory=Keys)
    alike: Keys = field(default_factory=Keys)
    by_category: Counter[str] = field(default_factory=Counter)

    def has_name(self, name: str) -> bool:
        """Whether an item has this name, folded, or one that looks the same."""
        return any(key in self.names or key in self.alike for key in map(_hash, name_keys(name)))

    def add(self, item: CatalogItem) -> bool:
        """Take an item in; False where there may be one with its id or its name already."""
        product_id, folded = _hash(item.product_id.lower()), _hash(name := fold(item.name))
        new = product_id not in self.ids and folded not in self.names
        self.ids.add(product_id)
        self.names.add(folded)
        for key in () if name.isascii() else name_keys(item.name) - {name}:
            self.alike.add(_hash(key))
        self.by_category[item.category] += 1
        return new

    def may_have(self, item: CatalogItem) -> bool:
        """Whether there may be an item with its id or its name."""
        return _hash(item.product_id.lower()) in self.ids or _hash(fold(item.name)) in self.names


@dataclass(frozen=True)
class Proof:
    """The first `items` lines of catalog.json, by their hash, and what is known of them.

    Attributes:
        items: how many.
        size: bytes of their lines, each with a line feed.
        digest: SHA-256 of those, in hex.
        known: ids, names and categories of the items.
    """

    items: int
    size: int
    digest: str
    known: Known

    @classmethod
    def read(cls, disk: Disk) -> Self | None:
        """The folder's, or None where it has none that holds here."""
        try:
            content = parse_json(read_bytes(disk.path(NAME)) or b"{}")
            keys = [base64.b64decode(content[name], validate=True) for name in ("ids", "names", "alike")]
            counts = Counter({str(name): int(count) for name, count in content["categories"].items()})
            ids, names, alike = map(Keys, keys)
            known = Known(ids, names, alike, counts)
            proof = cls(int(content["items"]), int(content["size"]), str(content["digest"]), known)
            return proof if content["check"] == proof._check() else None
        except (FolderError, ValueError, KeyError, TypeError, AttributeError):
            return None

    def write(self, disk: Disk) -> None:
        """Write it into the folder.

        Raises:
            DiskError: the disk refuses.
        """
        arrays = {name: base64.b64encode(keys).decode() for name, keys in self._keys()}
        document = {"items": self.items, "size": self.size, "digest": self.digest, "check": self._check()}
        document |= {"categories": dict(self.known.by_category), **arrays}
        disk.write(NAME, json.dumps(document, indent=0, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n")

    def _keys(self) -> Iterator[tuple[str, bytes]]:
        for name in ("ids", "names", "alike"):
            yield name, getattr(self.known, name).packed()

    def _check(self) -> str:
        """Stands for all that the file says, and for what read the items: another version may read them otherwise."""
        said: list[Any] = [self.items, self.size, self.digest, dict(self.known.by_category), _reader()]
        check = hashlib.sha256(json.dumps(said).encode())
        for _, keys in self._keys():
            check.update(b"%d " % len(keys) + keys)
        return check.hexdigest()


@cache
def _reader() -> str:
    """What decides how a line is read: the library, the contract, the tables that names are folded by."""
    return json.dumps([__version__, unicodedata.unidata_version, stored_schema(CatalogItem)])
