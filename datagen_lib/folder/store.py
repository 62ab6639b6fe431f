"""The output folder of one run: its lock, its memory, its catalogue, its pictures and its logs."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Self

from datagen_lib.errors import FolderError
from datagen_lib.models import CatalogItem, Category, stored_schema

from .catalogue import Catalogue, json_bytes
from .disk import read_bytes
from .lock import FolderLock
from .logs import Logs
from .pictures import ImageState, checked_png, image_state, marked_png, prompt_hash
from .state import NAME as MEMORY
from .state import FolderState

__all__ = ["Store", "json_bytes"]

IMAGES = "images"


class Store(Catalogue, Logs):
    """The output folder of one run. Open it with `Store.open`, which holds the folder's lock until `close`.

    Attributes:
        images: the folder of the pictures.
        provider: who made the items; "" where that is not known.
        state: what the folder remembers.
    """

    def __init__(self, root: Path, *, validate: bool = True) -> None:
        super().__init__(root, validate=validate)
        self.images = root / IMAGES
        self.state = FolderState()
        self._lock = FolderLock(root)
        self._remembered = ""  # state.json as it is on disk, "" where it is not
        self._forgotten: FolderError | None = None  # why the folder's memory can't be read
        self._user = ""  # the provider of this run

    @property
    def provider(self) -> str:
        return self.state.provider

    # -- opening and closing -----------------------------------------------------------------------------------------

    @classmethod
    def open(cls, root: Path, *, provider: str, adopt: str | None = None, validate: bool = True) -> Self:
        """Lock the folder, make it where it is missing, and load what is there.

        Args:
            root: the folder.
            provider: of this run.
            adopt: who made the items, where the folder does not know it.
            validate: whether stored items must keep the limits.

        Raises:
            FolderError: it is no usable folder, or another or an unknown provider made its items.
            FolderBusy: another run holds it.
            InvalidCatalogue: a stored file breaks the contract.
        """
        store = cls(root, validate=validate)
        store.disk.make_folders(IMAGES)
        store._lock.take()
        try:
            store.disk.clear_leftovers(IMAGES)
            store._load(repair=True)
            if refused := store.refusal(provider, adopt=adopt):
                raise refused
            store._user = provider
        except BaseException:
            store.close()
            raise
        return store

    @classmethod
    def peek(cls, root: Path, *, validate: bool = True) -> Self:
        """What is in the folder now, read without the lock and without changing anything."""
        store = cls(root, validate=validate)
        store._load(repair=False)
        return store

    def _load(self, *, repair: bool) -> None:
        try:
            self.state = FolderState.read(self.disk)
        except FolderError as error:  # who only reads the catalogue need not know whose it is
            self._forgotten = error
        self._remembered = self.state.model_dump_json() if self.disk.exists(MEMORY) else ""
        self.load(repair=repair)

    def refusal(self, provider: str, *, adopt: str | None = None) -> FolderError | None:
        """Why a run of `provider` may not work in this folder, or None where it may.

        Args:
            provider: of the run.
            adopt: who made the items, where the folder does not know it.
        """
        if self._forgotten is not None:
            return self._forgotten
        if not self.items:
            return None
        if not self.provider and not adopt:
            return FolderError(
                f"{self.root} holds {len(self.items)} items, and nothing in it says who made them",
                hint="Name their maker with --adopt azure (or openai, offline), or choose another --output-dir.",
            )
        if self.provider and adopt and adopt != self.provider:
            return FolderError(
                f"{self.root} holds items made by the provider {self.provider}, so --adopt {adopt} does not fit",
                hint="--adopt is for a folder that does not say who made its items; leave it out.",
            )
        if provider != (self.provider or adopt):
            return FolderError(
                f"{self.root} holds items made by the provider {self.provider or adopt}, and this run uses {provider}",
                hint="Choose another folder with --output-dir (or OUTPUT_DIR): demo and paid work never mix.",
            )
        return None

    def begin(self) -> None:
        """Put on disk what must be there before the first paid call: whose folder this is.

        Raises:
            FolderError: pictures don't reach their place.
            DiskError: the disk refuses.
        """
        if self._user:
            self.state.provider = self._user
        self.disk.prove(IMAGES)
        self._remember_state()

    def _remember_state(self) -> None:
        now = self.state.model_dump_json()
        if now != self._remembered:
            self.state.write(self.disk)
            self._remembered = now

    def add(self, item: CatalogItem) -> None:
        if not self._remembered:
            self.begin()  # no item is ever on disk whose maker is not
        super().add(item)

    def close(self) -> None:
        """Flush, and let the folder go, whatever the disk answers. May be called twice."""
        try:
            self.drain()
            if self._user and self.items:
                self.state.provider = self._user
                self._remember_state()
            self.sync()
        finally:
            self._user = ""
            self._stop_growing()
            self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- images ------------------------------------------------------------------------------------------------------

    def image_path(self, item: CatalogItem) -> Path:
        return self.images / item.filename

    def image_state(self, item: CatalogItem) -> ImageState:
        """Whether the item's picture is whole and was made from the prompt that the item has now."""
        return image_state(self.image_path(item), item.image_prompt)

    def save_image(self, item: CatalogItem, data: bytes, *, size: int) -> None:
        """Check the picture, mark it with its item's id and its prompt's hash, and put it in its place.

        Raises:
            TransientError: the bytes are no whole picture of the right size; the same call may bring a better one.
            DiskError: the disk refuses.
        """
        picture = checked_png(data, size=size)
        marks = {"productId": item.product_id, "promptHash": prompt_hash(item.image_prompt), "provider": self._user}
        self.write(f"{IMAGES}/{item.filename}", *marked_png(picture, marks))

    # -- the rest ----------------------------------------------------------------------------------------------------

    def write_schemas(self) -> None:
        """Write the JSON Schema of the two contracts, where it is not there already."""
        for name, model in (("categories.schema.json", Category), ("catalog.schema.json", CatalogItem)):
            content = json_bytes(stored_schema(model))
            with contextlib.suppress(FolderError):
                if read_bytes(self.disk.path(name)) == content:
                    continue
            self.write(name, content)

    def write(self, name: str, *content: bytes | memoryview) -> None:
        """Replace the file `name` as a whole: written beside it, flushed, renamed."""
        self.disk.write(name, *content)
