"""The item stage: what is asked for, so that the catalogue grows evenly to its target, and what is kept."""

from __future__ import annotations

import json
import random
import re
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from conftest import Command, calls
from factories import THEMES, answering, figure
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from datagen_lib import Prompts, Settings, run, run_sync
from datagen_lib.models import CatalogItem, Category, ItemDraft
from datagen_lib.rules import ITEM_RULES, Given, Rules, Violation
from datagen_lib.spelling import fold
from datagen_lib.stages.memory import NAME_BUDGET, NameMemory
from datagen_lib.stages.planner import Planner
from datagen_lib.words import FORBIDDEN
from offline_model import Server

Start = Callable[..., Server]
CATEGORIES = [Category(name=f"Theme {chr(65 + n)}", slug=f"theme-{n}") for n in range(20)]


def deliver(planner: Planner, batch: Any, *, lost: int = 0, evenly: bool = False) -> None:
    """A model that does as it is asked; some items are refused. With `evenly` it heeds no count, and spreads them."""
    names = [name for name, wanted in batch.wants.items() for _ in range(wanted)]
    if evenly:
        names = [batch.categories[at % len(batch.categories)].name for at in range(batch.count)]
    for number, name in enumerate(names):
        batch.returned += 1
        if number >= lost:
            batch.keep(name)
            planner.have[name] += 1
    planner.done(batch)


@given(
    target=st.integers(1, 300),
    batch_size=st.integers(1, 50),
    parallel=st.integers(1, 8),
    seed=st.integers(0, 1000),
)
@settings(deadline=None, max_examples=150)
def test_a_model_that_does_as_asked_brings_exactly_the_target(
    target: int, batch_size: int, parallel: int, seed: int
) -> None:
    """Without losses exactly TARGET_COUNT items are asked for, in any order of answers, and coverage is even."""
    rng = random.Random(seed)
    planner = Planner(target, batch_size, parallel)
    asked = 0
    while planner.missing > 0 or planner.running:
        while batch := planner.next(CATEGORIES):
            asked += batch.count

            assert 1 <= batch.count <= batch_size
            assert len(planner.running) <= parallel
        deliver(planner, rng.choice(planner.running))

    assert asked == planner.have.total() == target
    assert max(planner.have.values()) - min(planner.have[one.name] for one in CATEGORIES) <= 1


@given(
    target=st.integers(1, 300), batch_size=st.integers(1, 50), parallel=st.integers(1, 16), seed=st.integers(0, 1000)
)
@settings(deadline=None, max_examples=150)
def test_a_model_that_heeds_no_counts_stays_near(target: int, batch_size: int, parallel: int, seed: int) -> None:
    """A model that spreads every batch evenly, whatever counts it is told, brings the target almost evenly."""
    rng = random.Random(seed)
    planner = Planner(target, batch_size, parallel)
    while planner.missing > 0 or planner.running:
        while planner.next(CATEGORIES):
            pass
        deliver(planner, rng.choice(planner.running), evenly=True)

    assert planner.have.total() == target
    assert max(planner.have.values()) - min(planner.have[one.name] for one in CATEGORIES) <= 4


@given(target=st.integers(1, 300), batch_size=st.integers(1, 50), parallel=st.integers(1, 8), seed=st.integers(0, 1000))
@settings(deadline=None, max_examples=100)
def test_coverage_is_even_while_categories_still_come_in(
    target: int, batch_size: int, parallel: int, seed: int
) -> None:
    """Items that start on the first categories leave the later ones their share."""
    rng = random.Random(seed)
    planner = Planner(target, batch_size, parallel)
    known = 0
    while planner.missing > 0 or planner.running:
        while batch := planner.next(CATEGORIES[:known], all_known=known == 20):
            assert batch.categories
        if known < 20 and (not planner.running or rng.random() < 0.7):
            known += 1
        elif planner.running:
            deliver(planner, rng.choice(planner.running))

    assert planner.have.total() == target
    assert max(planner.have.values()) - min(planner.have[one.name] for one in CATEGORIES) <= 1


@given(st.integers(1, 200), st.integers(1, 30), st.integers(1, 6), st.integers(0, 100))
@settings(deadline=None, max_examples=100)
def test_batches_under_way_are_over_disjoint_categories(target: int, size: int, parallel: int, seed: int) -> None:
    """Several batches run at once, no two over the same category, but where no whole share is free any more."""
    rng = random.Random(seed)
    planner = Planner(target, size, parallel)
    while planner.missing > 0 or planner.running:
        while planner.next(CATEGORIES):
            *others, newest = planner.running
            busy = {category.name for batch in others for category in batch.categories}
            shares = busy & {category.name for category in newest.categories}
            free = [one.name for one in CATEGORIES if one.name not in busy]
            lowest = min((planner.have[name] for name in free), default=0)
            near = [name for name in free if planner.have[name] <= lowest + 1]
            lacks = sum(max(0, target // 20 - planner.have[name]) for name in near)

            assert not shares or lacks < min(size, target) + len(near)
        deliver(planner, rng.choice(planner.running), lost=rng.randrange(2))

    assert planner.have.total() >= target


def test_losses_are_asked_for_again_with_a_margin() -> None:
    """What the rules refused is asked for again in a smaller batch, with a margin for what that will lose."""
    planner = Planner(20, 20, 1)
    first = planner.next(CATEGORIES)
    assert first is not None
    deliver(planner, first, lost=10)
    second = planner.next(CATEGORIES)

    assert first.count == 20
    assert second is not None
    assert 10 < second.count < 20


# -- names -------------------------------------------------------------------------------------------------------------


def named(number: int, name: str) -> CatalogItem:
    return CatalogItem.model_construct(name=name, category=CATEGORIES[number % 20].name)


@given(
    st.lists(st.text("abc dé", min_size=3, max_size=80), max_size=200),
    st.lists(st.text("abc", min_size=3, max_size=80), max_size=60),
    st.integers(0, 4000),
)
@settings(deadline=None)
def test_names_stay_within_their_budget(names: list[str], collided: list[str], budget: int) -> None:
    """However many names are used, a prompt repeats at most `budget` characters of them, each name once."""
    memory = NameMemory([named(number, name) for number, name in enumerate(names)])
    for name in collided:
        memory.remember_collision(name)
    recalled = memory.recall(CATEGORIES, budget)

    assert len(", ".join(recalled)) <= budget
    assert len(set(recalled)) == len(recalled)
    assert set(recalled) <= {*names, *collided}


def test_the_likeliest_to_collide_are_recalled_first() -> None:
    """What collided lately comes first, then the newest of the batch's own categories, then the newest of all."""
    memory = NameMemory([named(number, f"Name {number}") for number in range(60)])
    memory.remember_collision("Name 7")
    recalled = memory.recall(CATEGORIES[:2])

    own = ["Name 7", "Name 40", "Name 41", "Name 20", "Name 21", "Name 0", "Name 1"]
    others = [f"Name {number}" for number in range(59, -1, -1) if f"Name {number}" not in own]
    assert recalled == own + others


def test_the_prompt_of_a_large_catalogue_is_no_larger(command: Command, stand_in: Start) -> None:
    """A batch of a catalogue of a thousand items carries no more names than the budget."""
    server = stand_in()
    command.use(server)
    command("--target-count", "20", "--dry-run")
    first = command.folder.catalogue[0]
    many = [
        first | {"productId": f"{n:08}-0000-4000-8000-000000000000", "filename": f"{n:08}-0000-4000-8000-000000000000.png",
                 "name": f"A Rather Long Name {n:05}", "category": command.folder.categories[n % 20]["name"]}
        for n in range(1000)
    ]  # fmt: skip
    (command.folder / "catalog.json").write_text(json.dumps(many), encoding="utf-8")

    assert command("--target-count", "1010", "--dry-run").code == 0
    last = calls(server, "text")[-1].body["messages"][1]["content"]
    used = re.search(r"Already used names: (.*)", last)
    assert used is not None
    assert 500 < len(used[1]) <= NAME_BUDGET


# -- what is kept ------------------------------------------------------------------------------------------------------


@given(
    st.lists(
        st.sampled_from(["Sea Cook", "SEA COOK", "Sea-Cook", " sea  cook ", "Séa Cook", "Sea Cooks", "Land Cook"]),
        min_size=1,
        max_size=12,
    )
)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_name_comes_twice(command: Command, stand_in: Start, names: list[str]) -> None:
    """Of names that are the same but for case, blanks and punctuation the first is kept, the others are logged."""
    server = stand_in(write=answering([figure(name) for name in names]))
    command.use(server)
    command.set(PARALLEL_TEXT_REQUESTS="1")
    distinct = list(dict.fromkeys(fold(name) for name in names))
    assume(len(names) <= 1.5 * len(distinct))  # an answer of more is cut
    folder = command.home / str(uuid.uuid4())
    result = command("--dry-run", "--target-count", str(len(distinct)), "--batch-size", str(len(distinct)),
                     "--output-dir", str(folder))  # fmt: skip
    kept = json.loads((folder / "catalog.json").read_text(encoding="utf-8"))
    log = folder / "rejected_items.jsonl"
    rejected = log.read_text(encoding="utf-8").splitlines() if log.exists() else []

    assert result.code == 0, result.said
    assert [fold(item["name"]) for item in kept] == distinct
    assert len(rejected) == len(names) - len(distinct)
    server.stop()


def test_all_that_a_batch_brings_is_kept(command: Command, stand_in: Start) -> None:
    """A model that writes up to half again as many as were asked for is not wasted: all that passes is kept."""
    server = stand_in(write=answering([figure(f"Sailor {chr(65 + n)}") for n in range(7)]))
    command.use(server)

    result = command("--dry-run", "--target-count", "5")

    assert result.code == 0
    assert len(command.folder.catalogue) == 7


def test_an_answer_far_too_long_is_cut(command: Command, stand_in: Start) -> None:
    """Of an answer that goes on and on, half again as many items as were asked for are taken, and no more is read."""
    server = stand_in(write=answering([figure(f"Sailor {n}") for n in range(120)]))
    command.use(server)

    result = command("--dry-run", "--target-count", "6", "--batch-size", "6")

    assert result.code == 0, result.said
    assert len(command.folder.catalogue) == 9


def test_items_of_another_known_category_are_kept(command: Command, stand_in: Start) -> None:
    """An item for a category that exists, though another was asked for, is kept under that category's exact name."""
    odd = figure("Sea Cook", category="  theme t   FOLK ")
    command.use(stand_in(write=answering([odd])))
    command.folder.path.mkdir()
    (command.folder / "categories.json").write_text(json.dumps(THEMES), encoding="utf-8")

    command("--dry-run", "--target-count", "1", "--batch-size", "1")

    assert command.folder.catalogue[0]["category"] == "Theme T Folk"


def test_what_is_refused_is_logged_as_it_came(command: Command, stand_in: Start) -> None:
    """rejected_items.jsonl has the item as the model wrote it, the names of the rules, and the reasons."""
    bad = figure("Official  Sea Cook", imagePrompt="A drawing")
    command.use(stand_in(write=answering([bad, figure("Sea Cook")])))

    command("--dry-run", "--target-count", "1", "--batch-size", "1")
    (line,) = command.folder.rejected

    assert line["item"] == bad
    assert set(line["rules"]) == {"forbidden-word", "prompt-opening"}
    assert len(line["reasons"]) == 2


def test_soft_breaches_are_counted_not_refused(command: Command, stand_in: Start) -> None:
    """An item that breaks only soft rules is kept, and the report counts the breach."""
    soft = figure("Sea Cook", description="Only one sentence about a cook at sea")
    command.use(stand_in(write=answering([soft])))

    command("--dry-run", "--target-count", "1", "--batch-size", "1")

    assert len(command.folder.catalogue) == 1
    assert command.folder.report["this_run"]["soft_violations"] == {"description-sentences": 1, "prompt-tail": 1}


@pytest.mark.parametrize("parallel", ["1", "3"])
def test_every_prompt_states_its_count_once_and_last(command: Command, stand_in: Start, parallel: str) -> None:
    """Each request ends "Return exactly N items." (or categories), says it nowhere else, and its schema fits."""
    server = stand_in()
    command.use(server)
    command.set(PARALLEL_TEXT_REQUESTS=parallel)
    command("--dry-run", "--target-count", "30", "--batch-size", "10")
    words = [[message["content"] for message in call.body["messages"]] for call in calls(server, "text")]

    assert Counter(len(re.findall(r"Return exactly \d+", system + user)) for system, user in words) == {1: len(words)}
    assert re.search(r"Return exactly 20 categories\.$", words[0][1])
    assert all(re.search(r"Return exactly \d+ items\.$", user) for _, user in words[1:])


def test_other_rules_can_be_tried(command: Command, stand_in: Start) -> None:
    """`run(prompts=Prompts(rules=...))`: what one's own rule refuses is logged under its name; the rest is kept."""

    def no_hats(item: ItemDraft, _: Given) -> Iterator[Violation]:
        if "hat" in item.name.casefold().split():
            yield Violation("no-hats", "the name speaks of a hat")

    rules = Rules(items=(*ITEM_RULES, no_hats), forbidden=(*FORBIDDEN, "Oyster Folk"))
    server = stand_in(write=answering([figure("Oyster-Folk Hat"), figure("Sea Cook")]))
    chosen = Settings.load(environ=server.settings, target_count=1, batch_size=1, dry_run=True)
    outcome = run_sync(run(chosen, prompts=Prompts(rules=rules)))

    assert outcome.complete
    assert [item["name"] for item in command.folder.catalogue] == ["Sea Cook"]
    assert [line["rules"] for line in command.folder.rejected] == [["forbidden-word", "no-hats"]]
