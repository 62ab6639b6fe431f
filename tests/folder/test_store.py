"""What is on disk: torn, edited by hand, made by an older generator, locked, or of another provider."""

from __future__ import annotations

import asyncio
import json
import random
import re
import shutil
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from conftest import REPOSITORY, Command, Folder, calls
from factories import STORED_THEMES, entry, item
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from datagen_lib.errors import FolderBusy, InvalidCatalogue
from datagen_lib.folder.store import Store
from datagen_lib.models import CatalogItem, ItemDraft
from offline_model import Server

Start = Callable[..., Server]


@contextmanager
def folder() -> Iterator[Path]:
    with TemporaryDirectory() as name:
        yield Path(name)


def read(root: Path) -> list[str]:
    """The names of the items that a new run finds."""
    with Store.open(root, provider="azure", adopt="azure") as store:
        return [found.name for found in store.items]


# -- torn ends ---------------------------------------------------------------------------------------------------------

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=20, max_size=60)


def grown(root: Path, descriptions: list[str]) -> bytes:
    """A partial catalogue of these items, as the store writes it."""
    with Store.open(root, provider="azure") as store:
        for number, description in enumerate(descriptions):
            store.add(CatalogItem.model_construct(**item(number).model_dump() | {"description": description}))
    return (root / "catalog.partial.json").read_bytes()


@settings(max_examples=30, deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=4), st.integers(0, 2**32))
def test_a_torn_tail_costs_at_most_its_own_line(descriptions: list[str], seed: int) -> None:
    """Whatever byte a kill tears the partial catalogue at, every whole line before it is read, and the next append
    leaves valid JSON with those items, in order, and the new one."""
    with folder() as root:
        content = grown(root, descriptions)
        assert [found["description"] for found in json.loads(content)] == descriptions
        ends = [position + 1 for position in range(len(content)) if content[position : position + 1] == b"}"]
        cuts = random.Random(seed).sample(range(len(content) + 1), k=min(12, len(content)))
        for cut in cuts:
            (root / "catalog.partial.json").write_bytes(content[:cut])
            whole = [json.loads(line.rstrip(b",")) for line in content[:cut].split(b"\n")[1:] if _is_json(line)]
            with Store.open(root, provider="azure") as store:
                found = [one.description for one in store.items]
                store.add(item(99))
            after = json.loads((root / "catalog.partial.json").read_bytes())

            assert found == [one["description"] for one in whole]
            assert [one["description"] for one in after] == [*found, item(99).description]
        assert ends


def _is_json(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line.rstrip(b",")), dict)
    except ValueError:
        return False


def test_a_tail_torn_at_every_byte() -> None:
    """The same at every single byte of a small file, with text that is not ASCII in it."""
    with folder() as root:
        content = grown(root, ["Ein Gärtner – “müde”, nachts.", "Zwei Sätze. Ein Tee 🍵 dazu."])
        lines = content.split(b"\n")
        for cut in range(len(content) + 1):
            (root / "catalog.partial.json").write_bytes(content[:cut])
            expected = sum(cut >= len(b"\n".join(lines[: n + 1]).rstrip(b",")) for n in (1, 2))

            assert len(read(root)) == expected, cut


@pytest.mark.parametrize("tail", [b"\0" * 40, b"\xff\xfe", b'{"productId": "', b"]\n]\n", b"\n\n\n"])
def test_rubbish_at_the_end(tail: bytes) -> None:
    """What a power cut leaves behind the last whole line is left out."""
    with folder() as root:
        content = grown(root, ["A fine figure of a sailor."] * 2)
        (root / "catalog.partial.json").write_bytes(content.removesuffix(b"\n]\n") + b",\n" + tail)

        assert read(root) == ["Item Number 0", "Item Number 1"]


def test_a_broken_line_before_the_end_is_named() -> None:
    """A line in the middle that is broken was not torn by a kill: it is named, and nothing is thrown away."""
    with folder() as root:
        lines = grown(root, ["A fine figure of a sailor."] * 3).split(b"\n")
        lines[2] = lines[2].replace(b'"name"', b'"nam')
        (root / "catalog.partial.json").write_bytes(b"\n".join(lines))
        before = (root / "catalog.partial.json").read_bytes()

        with pytest.raises(InvalidCatalogue, match=r"catalog\.partial\.json, line 3"):
            read(root)
        assert (root / "catalog.partial.json").read_bytes() == before


@pytest.mark.parametrize("layout", [{"indent": 2}, {}, {"separators": (",", ":")}, {"indent": "\t"}])
@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_a_partial_catalogue_in_another_layout(layout: dict[str, Any], end: str) -> None:
    """A partial catalogue that another generator wrote, or an editor formatted, loses none of its items."""
    with folder() as root:
        text = json.dumps([entry(number) for number in range(3)], **layout) + end
        (root / "catalog.partial.json").write_bytes(text.replace("\n", end or "\n").encode())
        with Store.open(root, provider="azure", adopt="azure") as store:
            store.add(item(3))
        names = [found["name"] for found in json.loads((root / "catalog.partial.json").read_bytes())]

        assert names == [f"Item Number {number}" for number in range(4)]


def test_a_kill_between_the_catalogue_and_its_partial() -> None:
    """A kill after catalog.json was written and before the partial file went: each item is there once."""
    with folder() as root:
        content = grown(root, ["A fine figure of a sailor."] * 3)
        shutil.copy(root / "catalog.partial.json", root / "catalog.json")

        assert read(root) == [f"Item Number {number}" for number in range(3)]
        assert not (root / "catalog.partial.json").exists()
        assert (root / "catalog.json").read_bytes() == content


def test_leftovers_of_a_kill_are_cleared() -> None:
    """Temporary files that a killed run left are gone after the next, and never lie in images/."""
    with folder() as root:
        (root / ".writing-123-4-x.png").write_bytes(b"half")
        read(root)

        assert not list(root.glob(".writing*"))


# -- edited by hand ----------------------------------------------------------------------------------------------------


def write(root: Path, entries: Any, *, categories: Any = None) -> None:
    root.mkdir(parents=True, exist_ok=True)
    (root / "catalog.json").write_text(json.dumps(entries, indent=2), encoding="utf-8")
    listed = [{"name": name, "slug": name.lower().replace(" ", "-")} for name in STORED_THEMES]
    (root / "categories.json").write_text(json.dumps(categories or listed, indent=2), encoding="utf-8")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": "ab"}, "name"),
        ({"name": "n" * 81}, "name"),
        ({"name": 5}, "name"),
        ({"name": "ITEM  number-0"}, "there twice"),
        ({"description": "Too short."}, "description"),
        ({"description": "d" * 1201}, "description"),
        ({"productId": "LF-0001"}, "productId"),
        ({"productId": entry(0)["productId"], "filename": entry(0)["filename"]}, "there twice"),
        ({"filename": "picture.png"}, "filename"),
        ({"filename": "../" + entry(2)["filename"]}, "filename"),
        ({"filename": entry(7)["filename"]}, "filename"),
        ({"category": "Nowhere"}, "Nowhere"),
        ({"category": None}, "category"),
        ({"imagePrompt": 7}, "imagePrompt"),
    ],
)
def test_an_invalid_entry_is_named(command: Command, stand_in: Start, change: dict[str, Any], said: str) -> None:
    """A catalogue that a person has edited into something invalid: exit 2, the file, the line and the reason, no call,
    nothing changed."""
    server = stand_in()
    command.use(server)
    write(command.folder.path, [entry(0), entry(1), entry(2) | change, entry(3)])
    before = command.folder.contents()
    line = 2 + 2 * 8

    result = command("--target-count", "4")

    assert result.code == 2, result.said
    assert "catalog.json" in result.err
    assert re.search(rf"line {line}\b", result.err), result.err
    assert said in result.err
    assert "Traceback" not in result.said
    assert not server.calls
    assert command.folder.contents() == before


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('[\n{"name": "A"},\n{"name" "B"}\n]', "line 3"),
        # Python 3.13 points at the comma that is too many, earlier ones at the bracket that should not follow it.
        ("[\n" + json.dumps(entry(0)) + ",\n]\n", "line 2" if sys.version_info >= (3, 13) else "line 3"),
        ("", "line 1"),
        ("{}", "array"),
        ('{"items": []}', "array"),
        ("null", "array"),
        ("[1]", "line 1"),
        ('["text"]', "line 1"),
        ("[null]", "line 1"),
        ("[[]]", "line 1"),
        ("[{}]", "productId"),
    ],
)
def test_a_catalogue_that_is_none(command: Command, stand_in: Start, content: str, said: str) -> None:
    """Broken JSON, or something else than an array of items: exit 2, the file and the line named, nothing lost."""
    server = stand_in()
    command.use(server)
    command.folder.path.mkdir()
    (command.folder / "catalog.json").write_text(content, encoding="utf-8")

    result = command("--target-count", "4", "--dry-run")

    assert result.code == 2, result.said
    assert "catalog.json" in result.err
    assert said in result.err
    assert not server.calls
    assert (command.folder / "catalog.json").read_text(encoding="utf-8") == content


def test_a_catalogue_that_is_not_utf_8(command: Command, stand_in: Start) -> None:
    """A catalogue saved in another encoding is named, not read as something else."""
    command.use(stand_in())
    command.folder.path.mkdir()
    (command.folder / "catalog.json").write_bytes(json.dumps([entry(0)]).encode("utf-16"))

    result = command("--target-count", "4")

    assert result.code == 2
    assert "UTF-8" in result.err


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ([{"name": "Sea Folk", "slug": "Sea Folk"}], "slug"),
        ([{"name": "Sea Folk", "slug": "sea-folk"}, {"name": "SEA folk", "slug": "other"}], "twice"),
        ([{"name": "Sea Folk", "slug": "sea-folk"}, {"name": "Land Folk", "slug": "sea-folk"}], "twice"),
        ([{"slug": "sea-folk"}], "name"),
        ([{"name": "", "slug": "x"}], "name"),
        ([{"name": "x" * 65, "slug": "x"}], "name"),
        ([5], "line"),
        ({"a": 1}, "array"),
        ("text", "array"),
    ],
)
def test_invalid_categories_are_named(command: Command, stand_in: Start, content: Any, said: str) -> None:
    """Categories that a person has edited into something invalid: exit 2, with line and reason, and no call."""
    server = stand_in()
    command.use(server)
    command.folder.path.mkdir()
    (command.folder / "categories.json").write_text(json.dumps(content), encoding="utf-8")

    result = command("--target-count", "4")

    assert result.code == 2, result.said
    assert "categories.json, line 1" in result.err
    assert said in result.err
    assert not server.calls


def test_no_validate_reads_what_breaks_the_limits(command: Command, stand_in: Start) -> None:
    """--no-validate takes items beyond the limits, but not two of one name."""
    command.use(stand_in())
    write(command.folder.path, [entry(0), entry(1, description="Short.")])
    fine = command("--no-validate", "--target-count", "2", "--dry-run", "--adopt", "azure")
    write(command.folder.path, [entry(0), entry(1, name="Item number 0")])
    twice = command("--no-validate", "--target-count", "2", "--dry-run")

    assert fine.code == 0, fine.said
    assert twice.code == 2


# -- made by an older generator ----------------------------------------------------------------------------------------


def test_an_older_catalogue_is_gone_on_with(command: Command, stand_in: Start) -> None:
    """A catalogue and a plain list of category names from an older generator: the slugs are derived, the items stay as
    they are in their places, their whole pictures without marks are kept, and the missing ones are made."""
    server = stand_in()
    command.use(server)
    old = [entry(number) for number in range(6)]
    del old[5]["imagePrompt"]
    old[4]["rarity"] = "common"
    write(command.folder.path, old, categories=STORED_THEMES)
    (command.folder / "images").mkdir()
    for found in old[:4]:
        Image.new("RGB", (1024, 1024), "navy").save(command.folder / f"images/{found['filename']}")
    kept = (command.folder / f"images/{old[0]['filename']}").read_bytes()

    result = command("--target-count", "25", "--adopt", "azure")
    items = command.folder.catalogue

    assert result.code == 0, result.said
    assert [found["productId"] for found in items[:6]] == [found["productId"] for found in old]
    assert items[:5] == old[:5]
    assert items[5].get("imagePrompt", "") == ""
    assert len(items) == 25
    assert len(calls(server, "image")) == 21
    assert (command.folder / f"images/{old[0]['filename']}").read_bytes() == kept
    assert any(old[5]["name"] in call.body["prompt"] for call in calls(server, "image"))
    assert command("--target-count", "25").code == 0
    assert len(calls(server, "image")) == 21


def test_plain_categories_get_slugs(command: Command, stand_in: Start) -> None:
    """Names alone are enough; the slugs that are derived are kebab-case, unique and at most 64 characters."""
    with folder() as root:
        names = ["Café & Bar", "Cafe Bar", "Zoë's Folk", "日本の人", "中国の人", "W" * 64, "A  B", *STORED_THEMES[:13]]
        (root / "categories.json").write_text(json.dumps(names), encoding="utf-8")
        slugs = [category.slug for category in Store.peek(root).categories]

    assert len(set(slugs)) == 20
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug) and len(slug) <= 64 for slug in slugs)
    assert slugs[0] == "cafe-bar"


def test_lost_categories_are_derived_from_the_items(command: Command, stand_in: Start) -> None:
    """A catalogue without categories.json keeps its categories, and gets the missing ones."""
    server = stand_in()
    command.use(server)
    write(command.folder.path, [entry(number) for number in range(4)])
    (command.folder / "categories.json").unlink()

    result = command("--target-count", "24", "--dry-run", "--adopt", "azure")

    assert result.code == 0, result.said
    assert [category["name"] for category in command.folder.categories[:4]] == STORED_THEMES[:4]
    assert len(command.folder.categories) == 20


# -- names and files ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["CON", "aux.txt", "a/b\\c", "What? <Now>", "Ends With Dot.", "Tab\tand\nLine", "Ünï – 🦜", "\u2028x\u2029y"],
)
def test_any_name_is_safe_on_windows(command: Command, stand_in: Start, name: str) -> None:
    """Names reach no file name: whatever the model calls an item, its files are UUIDs and its text UTF-8 with "\\n"."""

    def write_answer(messages: Any, schema: Any, *, seed: int) -> dict[str, Any]:
        if "categories" in schema["properties"]:
            return {"categories": [{"name": theme + " Folk", "slug": ""} for theme in STORED_THEMES]}
        return {"items": [{**entry(0), "name": name, "category": f"{STORED_THEMES[0]} Folk"}]}

    command.use(stand_in(write=write_answer))
    result = command("--target-count", "1", "--batch-size", "1")
    (found,) = command.folder.catalogue
    data = (command.folder / "catalog.json").read_bytes()

    assert result.code == 0, result.said
    assert found["name"] == " ".join(name.split())
    assert command.folder.pictures == {f"{found['productId']}.png"}
    assert uuid.UUID(found["productId"]).version == 4
    assert b"\r" not in data
    assert data.count(b"\n") == 3


# -- one run at a time -------------------------------------------------------------------------------------------------

HOLD = """
import sys
from pathlib import Path
from datagen_lib.folder.store import Store
with Store.open(Path(sys.argv[1]), provider="azure"):
    print("held", flush=True)
    sys.stdin.readline()
"""


def test_a_held_folder_is_refused_with_its_owner(tmp_path: Path) -> None:
    """While another process holds the folder it is refused with that process's id; afterwards it is free."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == "held\n"

        with pytest.raises(FolderBusy, match=rf"\b{owner.pid}\b"):
            Store.open(tmp_path, provider="azure")
        peeked = Store.peek(tmp_path)
        owner.communicate("\n")

    assert peeked.items == []
    assert read(tmp_path) == []


def test_a_second_store_in_this_process_is_refused(tmp_path: Path) -> None:
    """Two runs in one process, as in two notebooks of one kernel, can't share a folder either."""
    with Store.open(tmp_path, provider="azure"), pytest.raises(FolderBusy):
        Store.open(tmp_path, provider="azure")

    assert read(tmp_path) == []


def test_a_cancelled_opening_lets_the_folder_go(tmp_path: Path) -> None:
    """A run that is cancelled while it opens its folder leaves it free for the next."""
    from datagen_lib.pipeline.run import run
    from datagen_lib.settings import Settings

    chosen = Settings.load(environ={}, root=tmp_path, provider="offline", output_dir="data", target_count=1)

    async def cancelled() -> None:
        task = asyncio.create_task(run(chosen))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(cancelled())
    Store.open(chosen.output_dir, provider="offline").close()


# -- the catalogue -----------------------------------------------------------------------------------------------------


def test_a_hundred_thousand_appends_are_as_cheap_as_the_first(tmp_path: Path) -> None:
    """An append writes its own line and no more, however large the file is."""
    written: list[int] = []
    with Store.open(tmp_path, provider="azure") as store:
        for number in range(300):
            before = store._tail
            store.add(item(number))
            written.append(store._tail - before)

    assert max(written) - min(written) < 20
    assert len(Folder(tmp_path).partial) == 300


def test_fields_of_others_are_kept(tmp_path: Path) -> None:
    """Fields that a person added to an item survive when the catalogue grows."""
    write(tmp_path, [entry(0, rarity="rare", note={"a": [1]})])
    with Store.open(tmp_path, provider="azure", adopt="azure") as store:
        store.add(item(1))
        store.finish_items()

    assert Folder(tmp_path).catalogue == [entry(0, rarity="rare", note={"a": [1]}), entry(1)]


def test_a_draft_becomes_an_item_with_a_new_id() -> None:
    """Each accepted draft gets a UUID of version 4 and the file name that follows from it."""
    draft = ItemDraft(name="A B", description="d", category="c", image_prompt="p")
    ids = {CatalogItem.from_draft(draft).product_id for _ in range(100)}

    assert len(ids) == 100
    assert {uuid.UUID(one).version for one in ids} == {4}
