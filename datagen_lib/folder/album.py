"""The pictures of the folder: each in its place, and where the others lie that were paid for.

`images/` holds the items' pictures and nothing else. A paid picture that a new one replaces is kept in `replaced/`. One
without an item, or one that could not reach its place, lies in `orphans/`. It is taken back when it fits an item.
"""

from __future__ import annotations

import contextlib
import logging
import re
from collections.abc import Iterable
from pathlib import Path
from uuid import uuid4

from datagen_lib.errors import DiskError, FolderError
from datagen_lib.models import FILENAME_PATTERN, CatalogItem

from .catalogue import Catalogue
from .disk import MEGABYTE
from .manifest import Manifest, Stamp
from .pictures import ImageState, checked_png, look_at, made_from, marked_png, prompt_hash, read_marks
from .state import FolderState

log = logging.getLogger(__name__)

IMAGES = "images"
REPLACED = "replaced"
ORPHANS = "orphans"
UNUSABLE = "unusable"
RESERVE = 8 * MEGABYTE  # for texts, logs and the report
BYTES_PER_PIXEL = 4  # no PNG that a service sends is larger


class Album(Catalogue):
    """The catalogue's pictures on disk.

    Attributes:
        images: their folder.
        state: what the folder remembers.
        provider: who made the items; "" where that is not known.
        closely: whether to read each picture, though an earlier run saw it whole and its times have not changed.
    """

    def __init__(self, root: Path, *, validate: bool = True) -> None:
        super().__init__(root, validate=validate)
        self.images = root / IMAGES
        self.state = FolderState()
        self.closely = False
        self._seen = Manifest(self.disk)
        self._user = ""  # the provider of this run
        self._room = RESERVE

    @property
    def provider(self) -> str:
        return self.state.provider

    def image_path(self, item: CatalogItem) -> Path:
        return self.images / item.filename

    # -- what is there -----------------------------------------------------------------------------------------------

    def image_state(self, item: CatalogItem) -> ImageState:
        """Whether the item's picture is whole and was made from the prompt that the item has now.

        A picture of another generator does not say what it was made from. The item's prompt is remembered when such a
        picture is first seen, so that a later edit is noticed.
        """
        path = self.image_path(item)
        mark = None if self.closely else self._seen.made_from(path)
        if mark is None:
            stamp = Stamp.of(path)
            look = look_at(path, item.image_prompt)
            if look.state not in {"current", "stale"}:
                return look.state
            mark = look.marks.get("promptHash", "")
            self._seen.note(path, stamp, mark)
        if not mark:
            mark = self.state.prompts.setdefault(item.product_id, prompt_hash(item.image_prompt))
        return made_from(mark, item.image_prompt)

    def made_again(self, item: CatalogItem) -> bool:
        """Whether an unfinished run with --force-images has made this picture already."""
        return bool(self.state.generation) and self._marks(item).get("generation") == self.state.generation

    def _marks(self, item: CatalogItem) -> dict[str, str]:
        try:
            return read_marks(self.image_path(item))
        except (OSError, ValueError):
            return {}

    def dear_pictures(self) -> int:
        """How many of the items' pictures may have been paid for."""
        return sum(self._dear(item) for item in self.items)

    def _dear(self, item: CatalogItem) -> bool:
        """Whether the item has a picture that the offline model did not make, as far as is known."""
        if not self.disk.exists(f"{IMAGES}/{item.filename}"):
            return False
        marks = self._marks(item)
        unsaid = self.provider if "promptHash" in marks else "unknown"
        return (marks.get("provider") or unsaid) != "offline"

    def remember_pictures(self) -> None:
        """Write down which pictures were seen whole, so that the next run need not read them; safe to lose."""
        with contextlib.suppress(DiskError, FolderError):
            self._seen.write(self.images, self.items.filenames())

    # -- a new one ---------------------------------------------------------------------------------------------------

    def start_again(self) -> None:
        """Begin to make all pictures again, or go on where an earlier run stopped; the next `begin` writes it down."""
        self.state.generation = self.state.generation or uuid4().hex

    def end_again(self) -> None:
        """All pictures are made again; the next `close` writes it down."""
        self.state.generation = ""

    def need_room(self, pictures: int, *, size: int) -> None:
        """Say how many pictures of `size` x `size` pixels may be under way at once.

        Raises:
            DiskError: the disk has no room for them.
        """
        self._room = RESERVE + pictures * size * size * BYTES_PER_PIXEL
        self.disk.require_room(self._room)

    async def before_picture(self) -> None:
        """What must hold before a picture is asked for: its item's line is durable, and the disk has room.

        Raises:
            DiskError: one of them does not.
        """
        await self.durable()
        await self.in_thread(self.disk.require_room, self._room)

    def save_image(self, item: CatalogItem, data: bytes, *, size: int) -> None:
        """Check the picture, mark it with its item, its prompt's hash and its maker, and put it in its place.

        Raises:
            TransientError: the bytes are no whole picture of the right size; the same call may bring a better one.
            DiskError: the disk refuses; where it takes the picture elsewhere, the next run finds it there.
        """
        pieces = self._marked(item, data, size=size)
        name = f"{IMAGES}/{item.filename}"
        try:
            self._keep_old(item)
            self.disk.write(name, *pieces)
            path = self.image_path(item)
            self._seen.note(path, Stamp.of(path), prompt_hash(item.image_prompt))
        except (DiskError, FolderError):
            with contextlib.suppress(DiskError, FolderError):
                self.disk.make_folders(ORPHANS)
                self.disk.write(f"{ORPHANS}/{item.filename}", *pieces)
            raise

    def _marked(self, item: CatalogItem, data: bytes, *, size: int) -> list[bytes | memoryview]:
        """The picture, checked, with the marks of its item, its prompt and its maker, in pieces."""
        picture = checked_png(data, size=size)
        marks = {
            "productId": item.product_id,
            "promptHash": prompt_hash(item.image_prompt),
            "provider": self._user,
            "generation": self.state.generation,
        }
        return marked_png(picture, marks)

    def _keep_old(self, item: CatalogItem) -> None:
        """Keep a copy of the item's picture in replaced/, where it may have been paid for."""
        if self._dear(item):
            self.disk.make_folders(REPLACED)
            self.disk.duplicate(f"{IMAGES}/{item.filename}", self.disk.free_name(f"{REPLACED}/{item.filename}"))

    def keep_unusable(self, item: CatalogItem, data: bytes, *, ending: str) -> str:
        """Put a paid answer aside that is no picture, and return its name in the folder.

        Args:
            item: whose picture it should have been.
            data: the bytes as they came.
            ending: of the file's name, such as ".svg".
        """
        self.disk.make_folders(UNUSABLE)
        name = self.disk.free_name(f"{UNUSABLE}/{item.product_id}{ending}")
        self.disk.write(name, data)
        return name

    # -- strays ------------------------------------------------------------------------------------------------------

    def _sort_strays(self) -> None:
        """Take back pictures that should have been in an item's place, then set aside those that have no item."""
        names = sorted(self.disk.names(IMAGES))
        strays = {name for name in names if re.fullmatch(FILENAME_PATTERN, name)}
        elsewhere = {name: f"{IMAGES}/{other}" for name, other in self._renamed(names).items()}
        elsewhere |= {name: f"{ORPHANS}/{name}" for name in self.disk.names(ORPHANS)}
        for at, name in enumerate(self.items.filenames() if strays or elsewhere else ()):
            strays.discard(name)
            if name in elsewhere and self._belongs(place := elsewhere[name], item := self.items[at]):
                self._keep_old(item)
                self.disk.move(place, f"{IMAGES}/{name}")
                log.info("took back the picture of %s from %s", item.name, place)
        if strays:  # where the file system knows no case, a name in another case is the item's all the same
            known = {name.lower() for name in self.items.filenames()}
            strays = {name for name in strays if name.lower() not in known}
        if strays:
            log.warning("%d pictures in %s belong to no item; they now lie in %s/", len(strays), IMAGES, ORPHANS)
            self.disk.make_folders(ORPHANS)
        for name in sorted(strays):
            self.disk.move(f"{IMAGES}/{name}", self.disk.free_name(f"{ORPHANS}/{name}"))

    def _renamed(self, names: Iterable[str]) -> dict[str, str]:
        """Pictures under other names than ours, as a sync service gives ("ID (conflicted copy).png"), by their own."""
        found: dict[str, str] = {}
        for name in names:
            if name.lower().endswith(".png") and not re.fullmatch(FILENAME_PATTERN, name):
                with contextlib.suppress(OSError, ValueError):
                    found[f"{read_marks(self.images / name).get('productId', '')}.png"] = name
        return found

    def _belongs(self, name: str, item: CatalogItem) -> bool:
        """Whether a picture that lies elsewhere is the item's: it has none, an outdated one, or one to be replaced."""
        look = look_at(self.disk.path(name), item.image_prompt)
        if look.state != "current":
            return False
        again = self.state.generation
        newer = bool(again) and look.marks.get("generation") == again and not self.made_again(item)
        return newer or self.image_state(item) in {"missing", "stale"}
