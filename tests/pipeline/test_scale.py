"""How the work grows with the catalogue: counted, not timed, so that a busy machine proves the same."""

from __future__ import annotations

import asyncio
import gc
import json
import math
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from datagen_lib.events import ItemsComplete
from datagen_lib.folder import album, disk, pictures, proof
from datagen_lib.folder.store import Store
from datagen_lib.models import CatalogItem, Category
from datagen_lib.pipeline.account import Account
from datagen_lib.pipeline.run import run
from datagen_lib.prompts import ITEMS, items_request
from datagen_lib.service import drawn
from datagen_lib.service.client import Client
from datagen_lib.settings import Settings
from datagen_lib.stages.memory import NameMemory
from datagen_lib.stages.memory import facets as facets_of
from datagen_lib.stages.planner import Batch, Planner
from offline_model import Server

CATEGORIES = [Category(name=f"Harbour Theme {number}", slug=f"harbour-theme-{number}") for number in range(20)]


def item(number: int, category: Category = CATEGORIES[0]) -> CatalogItem:
    identity = f"00000000-0000-4000-8000-{number:012}"
    return CatalogItem.model_construct(
        product_id=identity,
        name=f"Patient Harbour Keeper {number}",
        description=f"A patient keeper who has minded lamp {number} for years. The coat is bright yellow.",
        category=category.name,
        filename=f"{identity}.png",
        image_prompt=f"Photorealistic LEGO-style minifigure, keeper {number}, yellow coat, clean background",
    )


def batches(target: int) -> Iterator[tuple[Planner, NameMemory, Batch]]:
    """A whole item stage without its calls: four batches under way, each bringing what it was asked for."""
    planner, memory = Planner(target, batch_size=20, parallel=4), NameMemory()
    made = 0
    while planner.missing > 0 or planner.running:
        while batch := planner.next(CATEGORIES):
            yield planner, memory, batch
        batch = planner.running[0]
        for category in [one for one in batch.categories for _ in range(batch.wants[one.name])]:
            memory.add(item(made, category))
            planner.have[category.name] += 1
            batch.returned += 1
            batch.keep(category.name)
            made += 1
        planner.done(batch)


def prompt_characters(target: int) -> float:
    """Of an item, on average, in all prompts of a catalogue."""
    characters = 0
    for number, (_, memory, batch) in enumerate(batches(target)):
        used, facets = memory.recall(batch.categories), facets_of(20 * number)
        user = items_request(ITEMS, batch.count, categories=batch.categories, used=used, facets=facets)
        characters += len(ITEMS.system()) + len(user)
    return characters / target


# -- prompts -----------------------------------------------------------------------------------------------------------


def test_prompts_grow_to_a_bound() -> None:
    """An item's share of the prompts is at 5,000 items no more than twice that at 250."""
    small, large = prompt_characters(250), prompt_characters(5_000)

    assert large <= 2 * small


def test_a_prompt_keeps_its_budget() -> None:
    """A prompt repeats names for at most 6,000 characters, whatever the catalogue, and looks at no more than those."""
    memory = NameMemory()
    looked: Counter[str] = Counter()

    class Names(list[str]):
        def __reversed__(self) -> Iterator[str]:
            for name in super().__reversed__():
                looked["names"] += 1
                yield name

    for category in CATEGORIES:
        memory._by_category[category.name] = Names(f"Patient {category.name} Keeper {at}" for at in range(5_000))
    names = memory.recall(CATEGORIES)

    assert len(names) > 50
    assert len(", ".join(names)) <= 6_000
    assert looked["names"] <= len(names) + len(CATEGORIES)


def test_a_prompt_carries_the_names_that_could_collide() -> None:
    """A batch is told of the names that were repeated lately, and of the newest in its own categories only."""
    memory = NameMemory([item(number, CATEGORIES[number % 20]) for number in range(4_000)])
    memory.remember_collision("Old Lamp Keeper")
    names = memory.recall(CATEGORIES[3:5])
    numbers = [int(name.rsplit(" ", 1)[1]) for name in names[1:]]

    assert names[0] == "Old Lamp Keeper"
    assert {number % 20 for number in numbers} == {3, 4}
    assert min(numbers) > 4_000 - 20 * len(numbers)


def test_every_batch_is_steered_elsewhere() -> None:
    """Of 250 batches hardly two get the same settings, eras, moods and tools."""
    assert len({facets_of(20 * number) for number in range(250)}) >= 248


@pytest.mark.parametrize("target", [60, 101, 250, 5_000])
def test_batches_are_even_and_exact(target: int) -> None:
    """No more are under way than allowed, exactly the target comes, in the fewest calls, and evenly."""
    calls = 0
    for planner, _, _ in batches(target):
        calls += 1

        assert len(planner.running) <= 4

    assert calls == math.ceil(target / 20)
    assert planner.have.total() == target
    assert max(planner.have.values()) - min(planner.have.values()) <= 1


@pytest.mark.parametrize("target", [60, 101, 210, 250, 333, 5_000])
@pytest.mark.parametrize("parallel", [1, 4, 8, 16, 32])
@pytest.mark.parametrize("evenly", [False, True])
def test_rounds_are_the_least(target: int, parallel: int, *, evenly: bool) -> None:
    """Calls and concurrency alone decide how many rounds a catalogue takes, whether a model heeds counts or not."""
    planner, rounds = Planner(target, batch_size=20, parallel=parallel), 0
    while planner.missing > 0 or planner.running:
        while planner.next(CATEGORIES):
            pass
        rounds += 1
        for batch in list(planner.running):
            told = [one.name for one in batch.categories for _ in range(batch.wants[one.name])]
            spread = [batch.categories[at % len(batch.categories)].name for at in range(batch.count)]
            for name in spread if evenly else told:
                batch.returned += 1
                batch.keep(name)
                planner.have[name] += 1
        for batch in list(planner.running):
            planner.done(batch)

    assert rounds == math.ceil(math.ceil(target / 20) / parallel)
    assert planner.have.total() == target
    assert max(planner.have.values()) - min(planner.have.values()) <= (2 if evenly else 1)


# -- the store ---------------------------------------------------------------------------------------------------------


def test_the_partial_file_costs_what_it_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """2,000 appended items write each byte of the partial catalogue once, and its end again with each item."""
    written = 0
    write_at = disk.GrowingFile.write_at

    def count(self: disk.GrowingFile, position: int, content: bytes, **options: bytes) -> None:
        nonlocal written
        written += len(content)
        write_at(self, position, content, **options)

    monkeypatch.setattr(disk.GrowingFile, "write_at", count)
    with Store.open(tmp_path, provider="offline") as folder:
        folder.save_categories(CATEGORIES)
        for number in range(2_000):
            folder.add(item(number))
        content = (tmp_path / "catalog.partial.json").read_bytes()

    assert len(json.loads(content)) == 2_000
    assert written <= len(content) + 2_000 * len(b"\n]\n")


def test_a_name_is_looked_up_not_searched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether a name is new takes one folding, however many there are."""
    with Store.open(tmp_path, provider="offline") as folder:
        for number in range(1_000):
            folder.add(item(number))
        folded: list[str] = []
        keys = proof.name_keys
        monkeypatch.setattr(proof, "name_keys", lambda name: folded.append(name) or keys(name))
        known = folder.has_name("PATIENT harbour-keeper 999")
        new = folder.has_name("Patient Harbour Keeper 1000")

    assert (known, new) == (True, False)
    assert len(folded) == 2


def test_the_report_reads_no_item(tmp_path: Path) -> None:
    """run_report.json, which is written with each batch, is made without going through the catalogue."""

    class Untouchable(list[CatalogItem]):
        def __iter__(self) -> Iterator[CatalogItem]:
            raise AssertionError("went through all items")

    settings = Settings.load(environ={}, root=tmp_path, provider="offline", output_dir=tmp_path)
    with Store.open(tmp_path, provider="offline") as folder:
        for number in range(10):
            folder.add(item(number, CATEGORIES[number % 2]))
        kept, folder.items = folder.items, Untouchable(folder.items)
        catalogue = Account().document(settings, folder, complete=False)["catalogue"]
        folder.items = kept  # the end of a run does look at all

    assert catalogue["items"] == 10
    assert catalogue["items_by_category"] == {"Harbour Theme 0": 5, "Harbour Theme 1": 5}


# -- a run -------------------------------------------------------------------------------------------------------------


def settings_for(server: Server, folder: Path, **values: Any) -> Settings:
    return Settings.load(environ=server.settings, root=folder, output_dir=folder, **values)


def test_pictures_wait_on_the_service_not_in_memory(
    tmp_path: Path, stand_in: Callable[..., Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the disk is slow, all 60 items are written, and no more than two pictures are held for each call at once."""
    all_written = threading.Event()
    drawn = held = most = 0
    picture, save = Client.picture, Store.save_image

    async def counting_picture(self: Any, prompt: str, **options: Any) -> Any:
        nonlocal drawn, held, most
        answer = await picture(self, prompt, **options)
        drawn, held = drawn + 1, held + 1
        most = max(most, held)
        return answer

    def slow_save(self: Store, *arguments: Any, **options: Any) -> None:
        nonlocal held
        assert all_written.wait(timeout=60)
        save(self, *arguments, **options)
        held -= 1

    monkeypatch.setattr(Client, "picture", counting_picture)
    monkeypatch.setattr(Store, "save_image", slow_save)
    settings = settings_for(stand_in(), tmp_path, target_count=60, parallel_image_requests=1)
    outcome = asyncio.run(
        run(settings, listen=lambda event: all_written.set() if isinstance(event, ItemsComplete) else None)
    )

    assert outcome.complete
    assert drawn == 60
    assert most <= 2


@pytest.mark.parametrize("dry_run", [True, False])
def test_items_wait_as_lines(
    tmp_path: Path, stand_in: Callable[..., Server], monkeypatch: pytest.MonkeyPatch, *, dry_run: bool
) -> None:
    """Of 300 items that were made, and wait for their picture or need none, few are in memory as objects."""
    made = asyncio.Event()
    alive: list[int] = []
    picture = Client.picture

    async def late_picture(self: Any, prompt: str, **options: Any) -> Any:
        await made.wait()
        return await picture(self, prompt, **options)

    def listen(event: Any) -> None:
        if isinstance(event, ItemsComplete):
            alive.append(sum(isinstance(one, CatalogItem) for one in gc.get_objects()))
            made.set()

    monkeypatch.setattr(Client, "picture", late_picture)
    gc.collect()
    before = sum(isinstance(one, CatalogItem) for one in gc.get_objects())
    settings = settings_for(stand_in(), tmp_path, target_count=300, parallel_image_requests=2, dry_run=dry_run)
    outcome = asyncio.run(run(settings, listen=listen))

    assert outcome.complete
    assert alive[0] - before <= 60


def test_tasks_do_not_grow_with_the_catalogue(tmp_path: Path, stand_in: Callable[..., Server]) -> None:
    """A catalogue five times as large has no more tasks under way."""
    server = stand_in()

    def most(target: int) -> int:
        counted: list[int] = []

        def listen(_: Any) -> None:
            counted.append(len(asyncio.all_tasks()))

        settings = settings_for(server, tmp_path / str(target), target_count=target, parallel_image_requests=2)
        outcome = asyncio.run(run(settings, listen=listen))

        assert outcome.images == target
        return max(counted)

    assert most(100) <= most(20) + 4


def test_pictures_are_handled_outside_the_loop(
    tmp_path: Path, stand_in: Callable[..., Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Base64, the check of a PNG, its marks and every flush to the disk happen in other threads than the loop's."""
    seen: Counter[tuple[str, bool]] = Counter()

    def watch(owner: Any, name: str) -> None:
        original = getattr(owner, name)

        def watched(*arguments: Any, **options: Any) -> Any:
            seen[name, threading.current_thread() is threading.main_thread()] += 1
            return original(*arguments, **options)

        monkeypatch.setattr(owner, name, watched)

    for owner, name in (
        (drawn.pybase64, "b64decode"),
        (album, "checked_png"),
        (album, "marked_png"),
        (album, "prompt_hash"),
        (pictures, "prompt_hash"),
        (disk.os, "fsync"),
    ):
        watch(owner, name)
    settings = settings_for(stand_in(), tmp_path, target_count=8)
    outcome = asyncio.run(run(settings, listen=lambda _: None))
    on_the_loop = {name: count for (name, main), count in seen.items() if main}

    assert outcome.complete
    assert {name for name, _ in seen} == {"b64decode", "checked_png", "marked_png", "prompt_hash", "fsync"}
    # The last reports and the manifest are written when the loop has nothing else to do.
    assert on_the_loop.keys() <= {"fsync"}
    assert on_the_loop.get("fsync", 0) <= 6
