"""What a reviewer can do, without a word on how it is shown: the notebook and the page both act through it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from datagen_lib.errors import FolderError, SetupError
from datagen_lib.folder.reviews import Reviews, State
from datagen_lib.folder.store import Store
from datagen_lib.models import CatalogItem
from datagen_lib.pipeline.repicture import repicture
from datagen_lib.rules import RULES, Rules
from datagen_lib.settings import Settings
from datagen_lib.spelling import fold, tidy

EDITABLE = ("name", "description", "image_prompt")


class ReviewDesk:
    """The review of one folder. Each change is on disk when its method returns, so a review can stop at any time.

    Args:
        folder: the output folder, with a catalogue.
        rules: those that an edit must keep.

    Raises:
        FolderError: the folder holds no catalogue.
        InvalidCatalogue: a stored file breaks the contract.
    """

    def __init__(self, folder: Path, *, rules: Rules = RULES) -> None:
        self.folder = folder
        self._rules = rules
        self.refresh()
        if not self.store.items:
            raise FolderError(f"{folder} holds no catalogue", hint="Make one first, or name another folder.")

    def refresh(self) -> None:
        """Read the folder again: a run may have added items."""
        self.store = Store.peek(self.folder)
        self.reviews = Reviews.load(self.store.disk)

    @property
    def items(self) -> Sequence[CatalogItem]:
        return self.store.items

    def item(self, product_id: str) -> CatalogItem:
        """The item with this id.

        Raises:
            SetupError: there is none.
        """
        for at, found in enumerate(self.store.items.ids()):
            if found == product_id:
                return self.store.items[at]
        raise SetupError(f"there is no item {product_id[:40]!r} in {self.folder}")

    # -- deciding ----------------------------------------------------------------------------------------------------

    def state(self, item: CatalogItem) -> State:
        """What was decided on the item as it is now."""
        return self.reviews.state(self.store, item)

    def counts(self) -> dict[State, int]:
        """How many items wait, are approved, are rejected."""
        states = list(self.reviews.states(self.store).values())
        return {state: states.count(state) for state in ("waiting", "approved", "rejected")}

    def decide(self, product_id: str, state: State) -> None:
        """Approve, reject, or take a decision back ("waiting")."""
        self.reviews.decide(self.store, self.item(product_id), state)
        self.reviews.save(self.store.disk)

    def approve_all(self) -> int:
        """Approve every item that waits, and return how many those were."""
        waiting = [item for item in self.store.items if self.state(item) == "waiting"]
        for item in waiting:
            self.reviews.decide(self.store, item, "approved")
        self.reviews.save(self.store.disk)
        return len(waiting)

    # -- changing ----------------------------------------------------------------------------------------------------

    def edit(self, product_id: str, **texts: str) -> CatalogItem:
        """Change name, description or image_prompt; the item then waits for a decision again.

        Raises:
            SetupError: the edit breaks a rule; nothing is changed.
            FolderBusy: a run is at work in the folder.
        """
        if unknown := texts.keys() - set(EDITABLE):
            raise SetupError(f"{', '.join(sorted(unknown))} can't be edited; {', '.join(EDITABLE)} can")
        with self._changing() as store:
            item = self.item(product_id)
            edited = item.model_copy(update={name: tidy(text) for name, text in texts.items()})
            self._check(store, item, edited)
            store.revise(edited)
        self.refresh()
        return self.item(product_id)

    def _check(self, store: Store, item: CatalogItem, edited: CatalogItem) -> None:
        known = {fold(category.name): category.name for category in store.categories}
        reasons = [broken.reason for broken in self._rules.check_item(edited, known) if broken.hard]
        others = {fold(other.name) for other in store.items if other.product_id != item.product_id}
        if fold(edited.name) in others:
            reasons.append(f"there is an item named {edited.name!r} already")
        if reasons:
            raise SetupError(f"the edit of {item.name!r} is refused: {'; '.join(reasons)}", hint="Change it and save.")

    async def repicture(self, product_id: str, prompt: str, settings: Settings) -> Path:
        """Ask for another picture with this prompt; it is a candidate until `choose`. Returns its path.

        Raises:
            DatagenError: the prompt breaks a rule, or the picture can't be had.
        """
        item = self.item(product_id)
        asked = item.model_copy(update={"image_prompt": tidy(prompt)})
        self._check(self.store, item, asked)
        return await repicture(settings, asked)

    def candidate(self, item: CatalogItem) -> Path | None:
        """The other picture that waits to be chosen, or None."""
        path = self.store.candidate_path(item)
        return path if path.is_file() else None

    def choose(self, product_id: str, *, new: bool) -> None:
        """Take the candidate, with the prompt that made it, or let it go. The old picture is kept aside."""
        with self._changing() as store:
            store.choose_candidate(self.item(product_id), new=new)
        self.refresh()

    def remove_rejected(self) -> list[CatalogItem]:
        """Take the rejected items out of the catalogue, so that the next run makes new ones in their place."""
        rejected = {item.product_id for item in self.store.items if self.state(item) == "rejected"}
        with self._changing() as store:
            gone = store.drop(rejected)
            for item in gone:
                self.reviews.decisions.pop(item.product_id, None)
            self.reviews.save(store.disk)
        self.refresh()
        return gone

    @contextmanager
    def _changing(self) -> Iterator[Store]:
        """The folder, locked and read anew."""
        with Store.edit(self.folder) as store:
            self.store = store
            yield store

    # -- showing -----------------------------------------------------------------------------------------------------

    def table(self) -> list[dict[str, Any]]:
        """A record for each item: productId, name, category, state, and whether a candidate waits."""
        return [
            {
                "productId": item.product_id,
                "name": item.name,
                "category": item.category,
                "review": self.state(item),
                "candidate": self.candidate(item) is not None,
            }
            for item in self.store.items
        ]
