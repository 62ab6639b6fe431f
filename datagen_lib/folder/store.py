"""The output folder of one run: its lock, its memory, its catalogue, its pictures and its logs."""

from __future__ import annotations

import contextlib
import logging
from pathlib import Path
from typing import Self

from datagen_lib.errors import DiskError, FolderError
from datagen_lib.models import CatalogItem, Category, stored_schema

from .album import IMAGES, ORPHANS, REPLACED, RESERVE, UNUSABLE
from .catalogue import json_bytes
from .changes import Changes
from .disk import read_bytes
from .lock import FolderLock
from .logs import Logs
from .state import NAME as MEMORY
from .state import FolderState, KnownRate

log = logging.getLogger(__name__)

__all__ = ["Store", "json_bytes"]


class Store(Changes, Logs):
    """The output folder of one run. Open it with `Store.open`, which holds the folder's lock until `close`.

    What the catalogue, its pictures and the logs offer, it offers.
    """

    def __init__(self, root: Path, *, validate: bool = True) -> None:
        super().__init__(root, validate=validate)
        self._lock = FolderLock(root)
        self._begun = False
        self._remembered = ""  # state.json as it is on disk, "" where it is not
        self._forgotten: FolderError | None = None  # why the folder's memory can't be read

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
            store.load()
            if refused := store.refusal(provider, adopt=adopt):
                raise refused
            store._user = provider
            store.repair()
            store._sort_strays()
            store.finish_choices()
        except BaseException:
            store.close()
            raise
        return store

    @classmethod
    def peek(cls, root: Path, *, validate: bool = True) -> Self:
        """What is in the folder now, read without the lock and without changing anything."""
        store = cls(root, validate=validate)
        store.load()
        return store

    @classmethod
    def edit(cls, root: Path) -> Self:
        """Lock the folder for changes that a person makes, whoever made its items.

        Raises:
            FolderBusy: a run holds it.
            InvalidCatalogue: a stored file breaks the contract.
        """
        store = cls(root)
        store._lock.take()
        try:
            store.load()
            store.repair()
            store.finish_choices()
        except BaseException:
            store.close()
            raise
        return store

    def load(self) -> None:
        """Read the folder's memory and its catalogue, and change nothing."""
        try:
            self.state = FolderState.read(self.disk)
        except FolderError as error:  # who only reads the catalogue need not know whose it is
            self._forgotten = error
        self._remembered = self.state.model_dump_json() if self.disk.exists(MEMORY) else ""
        super().load()

    def refusal(
        self, provider: str, *, adopt: str | None = None, force_images: bool = False, replace_paid: bool = False
    ) -> FolderError | None:
        """Why a run may not work in this folder, or None where it may.

        Args:
            provider: of the run.
            adopt: who made the items, where the folder does not know it.
            force_images: whether the run makes all pictures again.
            replace_paid: whether the offline model may then replace pictures that were paid for.
        """
        if self._forgotten is not None:
            return self._forgotten
        if not self.items:
            return None
        if refused := self._other_owner(provider, adopt):
            return refused
        if force_images and not replace_paid and provider == "offline" and (count := self.dear_pictures()):
            return FolderError(
                f"{self.root} holds {count} pictures that the offline model did not make, and it would replace them",
                hint="Leave --force-images out; or add --replace-paid, and the old ones are kept in replaced/.",
            )
        return None

    def _other_owner(self, provider: str, adopt: str | None) -> FolderError | None:
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

    def begin(self, *, pictures: bool = True) -> None:
        """Put on disk what must be there before the first paid call: whose folder this is.

        Args:
            pictures: whether the run makes pictures, so that their folder must take them.

        Raises:
            FolderError: files don't reach their place.
            DiskError: the disk refuses.
        """
        self.disk.require_room(RESERVE)
        self.disk.prove(IMAGES if pictures else "")
        for aside in (REPLACED, ORPHANS, UNUSABLE) if pictures else ():
            if self.disk.exists(aside):  # what is paid for may have to go there
                self.disk.prove(aside)
        self.state.provider = self._user
        self._remember_state()
        self._begun = True

    def remember_rates(self, rates: dict[str, KnownRate]) -> None:
        """Keep the pace that the deployments took, for the next run."""
        if rates:
            self.state.rates |= rates
            self._remember_state()

    def _remember_state(self) -> None:
        now = self.state.model_dump_json()
        if now != self._remembered:
            self.state.write(self.disk)
            self._remembered = now

    def add(self, item: CatalogItem) -> None:
        if not self._begun:
            self.begin(pictures=False)  # no item is ever on disk whose maker is not
        super().add(item)

    def settle(self) -> None:
        """Write down what is known and flush what was added: the end of a run, while its errors can still be told.

        Raises:
            DiskError: the disk refuses.
        """
        self.drain()
        if self._user and self.items:
            self.state.provider = self._user
            self._remember_state()
        self.sync()
        if self._begun:
            self.remember_pictures()

    def close(self) -> None:
        """Let the folder go, whatever the disk answers. May be called twice."""
        try:
            if self._user:
                self.settle()
        except DiskError as error:
            log.warning("%s", error.what)
        finally:
            self.drain()
            self._user = ""
            self._stop_growing()
            self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

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
