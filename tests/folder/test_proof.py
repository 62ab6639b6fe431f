"""What an earlier run read of catalog.json is not read again; what changed since is, and so is all that is new."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import Command
from factories import entry, write_catalogue

from datagen_lib.folder import loading, proof
from datagen_lib.folder.items import BLOCK
from datagen_lib.folder.proof import NAME, Keys
from datagen_lib.folder.store import Store
from offline_model import Server


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the items that are read and checked, in order."""
    names: list[str] = []
    reads = loading.entry_of

    def watched(found: Any, **options: Any) -> Any:
        names.append(found["name"])
        return reads(found, **options)

    monkeypatch.setattr(loading, "entry_of", watched)
    return names


def made(command: Command, count: int) -> None:
    assert command("--dry-run", "--target-count", str(count), "--batch-size", "5").code == 0


def lines(command: Command) -> list[str]:
    return (command.folder / "catalog.json").read_text(encoding="utf-8").splitlines()


def write(command: Command, text: list[str]) -> None:
    (command.folder / "catalog.json").write_text("\n".join(text) + "\n", encoding="utf-8", newline="\n")


def test_adding_to_a_catalogue_reads_what_is_new(command: Command, server: Server, read: list[str]) -> None:
    """A run that adds to a catalogue checks each of its new items once, from the file, and none of the old ones."""
    made(command, 10)
    old = [item["name"] for item in command.folder.catalogue]
    read.clear()
    made(command, 15)

    assert sorted(read) == sorted(item["name"] for item in command.folder.catalogue[10:])
    assert [item["name"] for item in command.folder.catalogue[:10]] == old
    assert (command.folder / "catalog.json.bak").read_text(encoding="utf-8").count("productId") == 10


def test_nothing_to_do_reads_nothing(command: Command, server: Server, read: list[str]) -> None:
    """A run with nothing to do checks no item, and leaves every file as it was."""
    made(command, 10)
    read.clear()
    before = command.folder.contents()
    made(command, 10)

    assert read == []
    assert command.folder.contents() == before


@pytest.mark.parametrize(
    "content", [None, b"", b"[" * 5_000, b"{", b"[]", b'{"items": 3}', b"\xff", "longer", "other", "contract"]
)
def test_without_the_proof_every_item_is_read(
    command: Command, server: Server, read: list[str], content: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proof that is lost, damaged, of other items or of another contract costs time and nothing else."""
    made(command, 10)
    path = command.folder / NAME
    stored = json.loads(path.read_bytes())
    match content:
        case "longer":
            path.write_text(json.dumps(stored | {"items": 11}), encoding="utf-8")
        case "other":
            path.write_text(json.dumps(stored | {"names": stored["ids"]}), encoding="utf-8")
        case "contract":
            monkeypatch.setattr(proof, "_reader", lambda: "another")
        case None:
            path.unlink()
        case _:
            path.write_bytes(content)
    read.clear()
    made(command, 10)

    assert sorted(read) == sorted(item["name"] for item in command.folder.catalogue)


@pytest.mark.parametrize(
    ("edit", "code", "said"),
    [
        (lambda text: [text[0], text[2].rstrip(",") + ",", text[1].rstrip(",") + ",", *text[3:]], 0, "Nothing to do"),
        (lambda text: [text[0], text[1].replace('"name":"', '"name":"Old '), *text[2:]], 0, "Nothing to do"),
        (lambda text: [text[0], text[1].replace('"name":"', '"title":"'), *text[2:]], 2, "line 2"),
        (lambda text: [*text[:2], *text[1:]], 2, "is there twice"),
        (lambda text: [text[0], text[1].rstrip(","), *text[2:]], 2, "not valid JSON"),
        (lambda text: [*text[:-1], ",", "]"], 2, "not valid JSON"),
        (lambda text: text[:-1], 2, "not valid JSON"),
        (lambda text: [*text[:-2], text[-2] + ",", text[-1]], 2, "not valid JSON"),
        (lambda text: [*text, "]"], 2, "not valid JSON"),
        (lambda text: [*text[:8], "]"], 2, "not valid JSON"),
        (lambda text: [*text[:-2], text[-2] + ",", text[1].rstrip(","), text[-1]], 2, "is there twice"),
    ],
)
def test_an_edited_catalogue_is_read_anew(
    command: Command, server: Server, edit: Callable[[list[str]], list[str]], code: int, said: str
) -> None:
    """Whatever a person changes in a catalogue that was proven, it is taken or named as if nothing had been."""
    made(command, 10)
    write(command, edit(lines(command)))
    result = command("--dry-run", "--target-count", "10")

    assert result.code == code, result.err
    assert said in result.out + result.err


def test_lines_added_by_hand_are_read(command: Command, server: Server, read: list[str]) -> None:
    """A line that a person adds to a proven catalogue is checked; those before it are not."""
    made(command, 10)
    category = command.folder.catalogue[0]["category"]
    added = json.dumps(entry(1, category=category))
    text = lines(command)
    write(command, [*text[:-2], text[-2] + ",", added, "]"])
    read.clear()
    result = command("--dry-run", "--target-count", "11")

    assert result.code == 0
    assert "Nothing to do" in result.out
    assert read == [entry(1)["name"]]


@pytest.mark.parametrize("count", [1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 7])
def test_a_proven_catalogue_is_the_same(tmp_path: Path, count: int) -> None:
    """Of whatever size, a catalogue read by its proof has the items, names and counts that it has read as a whole."""
    write_catalogue(tmp_path, [entry(number) for number in range(count)])
    with Store.open(tmp_path, provider="azure", adopt="azure") as first:
        first.finish_items()  # in the layout of this library
    Store.peek(tmp_path).keep_proof()
    found = Store.peek(tmp_path)

    assert found.items == first.items
    assert found.complete == count
    assert found.by_category == first.by_category
    assert all(found.has_name(entry(number)["name"].upper()) for number in range(count))
    assert not found.has_name("Somebody Else")


def test_keys_are_kept_in_eight_bytes() -> None:
    """However many there are and in whichever order they come, each key is known, and no other."""
    keys = Keys()
    for number in range(10_000):
        keys.add(number * 7919 % 10_007 * 2)
    again = Keys(keys.packed())

    assert all(number * 7919 % 10_007 * 2 in again for number in range(10_000))
    assert not any(2 * number + 1 in again for number in range(10_000))
    assert len(again.packed()) == 8 * 10_000


def test_what_no_validate_added_is_not_proven(command: Command, server: Server, read: list[str]) -> None:
    """Items that only --no-validate took are checked by the next run that validates, and refused in words."""
    made(command, 10)
    long = json.dumps(entry(1, category=command.folder.catalogue[0]["category"], name="x" * 200))
    text = lines(command)
    write(command, [*text[:-2], text[-2] + ",", long, "]"])
    taken = command("--dry-run", "--target-count", "15", "--no-validate")
    refused = command("--dry-run", "--target-count", "15")

    assert taken.code == 0, taken.err
    assert refused.code == 2
    assert "line 12" in refused.err
    assert len(command.folder.catalogue) >= 15
