"""The whole run, and the runs after it: what is made, and what is never made twice."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest
from conftest import Command, calls
from PIL import Image

from datagen_lib.models import CatalogItem, aliases
from datagen_lib.service import costs
from offline_model import Fault, Faults, Server

Start = Callable[..., Server]


@pytest.fixture
def server(command: Command, stand_in: Start) -> Server:
    """A stand-in without faults, which the command uses as Azure."""
    server = stand_in()
    command.use(server)
    return server


def test_a_run_makes_a_whole_catalogue(command: Command, server: Server) -> None:
    """One command makes 20 categories, the items and a whole PNG of each, and exits 0."""
    result = command("--target-count", "60")

    assert result.code == 0, result.said
    command.folder.check(at_least=60)
    assert len(calls(server, "image")) == len(command.folder.catalogue)
    assert "60 items" in result.out
    assert not (command.folder / "failed_images.log").exists()
    assert not (command.folder / "catalog.partial.json").exists()
    assert command.folder.report["complete"] is True


def test_no_more_is_made_than_asked(command: Command, server: Server) -> None:
    """Without faults a run makes exactly TARGET_COUNT items and one image call for each."""
    command("--target-count", "47")

    assert len(command.folder.catalogue) == 47
    assert len(calls(server, "image")) == 47


def test_coverage_is_even(command: Command, server: Server) -> None:
    """No category has two items more than another."""
    command("--target-count", "90", "--skip-images")
    counts = Counter(item["category"] for item in command.folder.catalogue)

    assert len(counts) == 20
    assert max(counts.values()) - min(counts.values()) <= 1


def test_a_run_again_does_nothing(command: Command, server: Server) -> None:
    """A run with nothing to do makes no call, exits 0 and leaves every file as it was, to the byte."""
    command("--target-count", "30")
    before, made = command.folder.contents(), len(server.calls)

    result = command("--target-count", "30")

    assert result.code == 0
    assert len(server.calls) == made
    assert command.folder.contents() == before


def test_a_dry_run_again_does_nothing(command: Command, server: Server) -> None:
    """The same holds for a run without pictures, and for a smaller target."""
    command("--target-count", "30", "--dry-run")
    before, made = command.folder.contents(), len(server.calls)

    results = [command("--target-count", "30", "--dry-run"), command("--target-count", "10", "--dry-run")]

    assert [result.code for result in results] == [0, 0]
    assert len(server.calls) == made
    assert command.folder.contents() == before


def test_a_grown_catalogue_keeps_its_first_items(command: Command, server: Server) -> None:
    """A larger target adds items behind those that are there; nothing made before is changed or made again."""
    command("--target-count", "25")
    before, pictures = command.folder.catalogue, command.folder.contents()
    made = len(calls(server, "image"))

    result = command("--target-count", "40")
    after = command.folder.contents()

    assert result.code == 0
    assert command.folder.catalogue[:25] == before
    assert len(calls(server, "image")) - made == 15
    assert all(after[name] == data for name, data in pictures.items() if name.startswith("images/"))
    assert after["categories.json"] == pictures["categories.json"]
    command.folder.check(at_least=40)


def test_the_old_catalogue_stands_while_it_grows(command: Command, stand_in: Start) -> None:
    """Until the new target is reached catalog.json stays as it was, and the partial file holds only the new items."""
    server = stand_in()
    command.use(server)
    command("--target-count", "20", "--skip-images")
    before = (command.folder / "catalog.json").read_bytes()
    server.faults = Faults(Fault("insufficient-quota", route="text", nth=[server_calls(server) + 2]))
    command.set(PARALLEL_TEXT_REQUESTS="1")

    result = command("--target-count", "45", "--batch-size", "10", "--skip-images")
    partial = command.folder.partial

    assert result.code == 1
    assert (command.folder / "catalog.json").read_bytes() == before
    assert len(partial) == 10
    assert not {item["name"] for item in partial} & {item["name"] for item in command.folder.catalogue}


def server_calls(server: Server) -> int:
    return len(calls(server, "text"))


def test_a_backup_is_kept(command: Command, server: Server) -> None:
    """Before catalog.json is rewritten, what it held is kept beside it."""
    command("--target-count", "20", "--skip-images")
    before = (command.folder / "catalog.json").read_bytes()
    command("--target-count", "30", "--skip-images")

    assert any(
        path.read_bytes() == before
        for path in command.folder.path.iterdir()
        if path.is_file() and path.suffix != ".json"
    )


def test_resume_only_fills_in_pictures(command: Command, server: Server) -> None:
    """--resume makes the missing pictures of a complete catalogue and adds no item, whatever TARGET_COUNT says."""
    command("--target-count", "20", "--dry-run")
    before = (command.folder / "catalog.json").read_bytes()
    texts = len(calls(server, "text"))

    result = command("--resume", "--target-count", "100")

    assert result.code == 0
    assert (command.folder / "catalog.json").read_bytes() == before
    assert len(calls(server, "text")) == texts
    assert len(command.folder.pictures) == len(calls(server, "image")) == 20


def test_resume_finishes_a_partial_catalogue(command: Command, server: Server) -> None:
    """Where there is no catalogue yet, --resume is a plain run."""
    result = command("--resume", "--target-count", "20", "--skip-images")

    assert result.code == 0
    assert len(command.folder.catalogue) == 20


def test_force_images_makes_all_again(command: Command, server: Server) -> None:
    """--force-images makes every picture once more, and nothing else."""
    command("--target-count", "20")
    before = (command.folder / "catalog.json").read_bytes()
    texts = len(calls(server, "text"))

    result = command("--force-images", "--resume")

    assert result.code == 0
    assert len(calls(server, "image")) == 40
    assert len(calls(server, "text")) == texts
    assert (command.folder / "catalog.json").read_bytes() == before
    command.folder.check(at_least=20)


def test_force_images_replaces_only_when_the_new_one_is_whole(command: Command, server: Server) -> None:
    """Where the new picture can't be had, the old one stays."""
    command("--target-count", "3", "--batch-size", "3")
    before = {name: data for name, data in command.folder.contents().items() if name.startswith("images/")}
    server.faults = Faults(Fault("image-cut"))

    result = command("--target-count", "3", "--force-images")
    after = {name: data for name, data in command.folder.contents().items() if name.startswith("images/")}

    assert after == before
    assert result.code == 1, "the pictures that were asked for were not made"
    assert len(command.folder.failures) == 3


def test_force_categories_beside_items_is_refused(command: Command, server: Server) -> None:
    """--force-categories would orphan the items: exit 2, no call, nothing changed."""
    command("--target-count", "20", "--dry-run")
    before, made = command.folder.contents(), len(server.calls)

    result = command("--force-categories", "--target-count", "20")

    assert result.code == 2
    assert "--force-categories" in result.err
    assert "Traceback" not in result.said
    assert len(server.calls) == made
    assert command.folder.contents() == before


def test_force_categories_where_no_item_uses_them(command: Command, server: Server) -> None:
    """--force-categories makes new ones where there are only categories."""
    command.folder.path.mkdir()
    old = [{"name": f"Old Theme {chr(65 + n)}", "slug": f"old-theme-{n}"} for n in range(20)]
    (command.folder / "categories.json").write_text(json.dumps(old), encoding="utf-8")

    result = command("--force-categories", "--target-count", "20", "--skip-images")

    assert result.code == 0
    assert len(command.folder.categories) == 20
    assert not {category["name"] for category in command.folder.categories} & {category["name"] for category in old}


def test_categories_are_used_again(command: Command, server: Server) -> None:
    """An existing categories.json is taken as it is, and not made again."""
    command.folder.path.mkdir()
    content = json.dumps([{"name": f"Theme Number {chr(65 + n)}", "slug": f"theme-{n}"} for n in range(20)])
    (command.folder / "categories.json").write_text(content, encoding="utf-8")

    result = command("--target-count", "20", "--skip-images")

    assert result.code == 0
    assert (command.folder / "categories.json").read_text(encoding="utf-8") == content
    assert {item["category"] for item in command.folder.catalogue} <= {f"Theme Number {chr(65 + n)}" for n in range(20)}


@pytest.mark.parametrize("how", ["--dry-run", "--skip-images", "DRY_RUN"])
def test_a_run_without_pictures(command: Command, server: Server, how: str) -> None:
    """--dry-run, --skip-images and DRY_RUN make categories and items and no image; exit 0."""
    if how == "DRY_RUN":
        command.set(DRY_RUN="true")
    result = command("--target-count", "20", *([how] if how.startswith("-") else []))

    assert result.code == 0
    assert len(command.folder.catalogue) == 20
    assert not calls(server, "image")
    assert command.folder.pictures == set()


def test_no_validate_turns_the_rules_off(command: Command, stand_in: Start) -> None:
    """--no-validate takes items that break the rules, but never one whose name is there already."""
    server = stand_in(faults=Faults(Fault("rule-breaking", rate=0.5), Fault("repeated-names", rate=0.3)))
    command.use(server)

    result = command("--no-validate", "--target-count", "40", "--dry-run")
    names = [item["name"].casefold() for item in command.folder.catalogue]
    openings = [item["imagePrompt"][:36] == "Photorealistic LEGO-style minifigure" for item in command.folder.catalogue]

    assert result.code == 0, result.said
    assert len(names) == len(set(names)) >= 40
    assert not all(openings)
    assert {rule for line in command.folder.rejected for rule in line["rules"]} <= {"name-repeated", "shape"}


def test_an_edited_prompt_redoes_just_that_picture(command: Command, server: Server) -> None:
    """A prompt edited in catalog.json makes that one picture stale; the next run makes it again, and no other."""
    command("--target-count", "20")
    path, made = command.folder / "catalog.json", len(calls(server, "image"))
    items = command.folder.catalogue
    items[7]["imagePrompt"] = "Photorealistic LEGO-style minifigure, a beekeeper in blue, clean background"
    path.write_text(json.dumps(items, indent=2), encoding="utf-8")
    before = command.folder.contents()

    result = command("--target-count", "20")
    after = command.folder.contents()
    changed = {name for name in after if name.startswith("images/") and after[name] != before[name]}

    assert result.code == 0
    assert [call.body["prompt"] for call in calls(server, "image")[made:]] == [items[7]["imagePrompt"]]
    assert changed == {f"images/{items[7]['filename']}"}
    assert after["catalog.json"] == before["catalog.json"]


def test_a_lost_picture_is_made_again(command: Command, server: Server) -> None:
    """A picture that is gone, empty or cut is made again, and no other."""
    command("--target-count", "20")
    made, items = len(calls(server, "image")), command.folder.catalogue
    paths = [command.folder / f"images/{item['filename']}" for item in items[:3]]
    paths[0].unlink()
    paths[1].write_bytes(b"no picture")
    paths[2].write_bytes(paths[2].read_bytes()[:-9])

    result = command("--target-count", "20")

    assert result.code == 0
    assert len(calls(server, "image")) - made == 3
    command.folder.check(at_least=20)


@pytest.mark.parametrize("size", [512, 100])
def test_pictures_are_scaled_here(command: Command, server: Server, size: int) -> None:
    """IMAGE_SIZE below what the model offers: the next larger is asked for and scaled down here."""
    command.set(IMAGE_SIZE=str(size))
    result = command("--target-count", "3", "--batch-size", "3")

    assert result.code == 0, result.said
    assert {call.body["size"] for call in calls(server, "image")} == {"1024x1024"}
    command.folder.check(at_least=3, size=size)


def test_a_picture_of_another_size_is_not_bought_again(command: Command, server: Server) -> None:
    """A whole PNG of another size is kept or scaled, never asked for again without --force-images."""
    command("--target-count", "3", "--batch-size", "3")
    command.set(IMAGE_SIZE="256")

    result = command("--target-count", "3", "--batch-size", "3")

    assert result.code == 0
    assert len(calls(server, "image")) == 3


def test_an_older_picture_counts_as_current(command: Command, server: Server) -> None:
    """A PNG without a mark, as an older generator wrote it, is not made again."""
    command("--target-count", "3", "--batch-size", "3")
    path = command.folder / f"images/{command.folder.catalogue[0]['filename']}"
    Image.new("RGB", (1024, 1024), "red").save(path)
    before = path.read_bytes()

    result = command("--target-count", "3")

    assert result.code == 0
    assert path.read_bytes() == before
    assert len(calls(server, "image")) == 3


def test_the_budget_stops_a_run_before_it_is_passed(command: Command, server: Server) -> None:
    """--max-cost stops cleanly before it would be passed: exit 1, all kept; without it the run goes on from there."""
    budget = 0.40
    stopped = command("--target-count", "20", "--max-cost", str(budget))
    spent, pictures = command.folder.report["cost_usd"], len(command.folder.pictures)
    items = command.folder.catalogue
    finished = command("--target-count", "20")

    assert stopped.code == 1
    assert "budget" in stopped.err
    assert "--max-cost" in stopped.err
    assert 0 < spent <= budget
    assert 0 < pictures < 20
    assert finished.code == 0
    assert command.folder.catalogue == items
    assert len(calls(server, "image")) == 20


def test_a_budget_of_nothing_makes_no_call(command: Command, server: Server) -> None:
    """0 is a budget, not an unset one."""
    result = command("--target-count", "20", "--max-cost", "0")

    assert result.code == 1
    assert not server.calls


def test_the_estimate_makes_no_call(command: Command, server: Server) -> None:
    """--estimate says the calls, tokens, dollars and minutes in one screen, makes no call and no file."""
    result = command("--estimate", "--target-count", "210")

    assert result.code == 0
    assert not server.calls
    assert not command.folder.path.exists()
    assert "210 images" in result.out
    assert "tokens" in result.out
    assert "minutes" in result.out
    assert len(result.out.splitlines()) <= 24


def test_the_estimate_knows_what_is_there(command: Command, server: Server) -> None:
    """--estimate counts only what is missing, and changes nothing."""
    command("--target-count", "20")
    before = command.folder.contents()
    result = command("--estimate", "--target-count", "30")
    made = len(calls(server, "image"))
    command("--target-count", "30")

    assert "0 categories, 10 items and 10 images" in result.out
    assert len(calls(server, "image")) - made == 10
    assert before.keys() <= command.folder.contents().keys()


def test_the_offline_estimate_says_what_azure_would_cost(command: Command) -> None:
    """Without a key the estimate is free, and names the price of the same on Azure."""
    result = command("--estimate")

    assert result.code == 0
    assert "free" in result.out
    assert "$" in result.out


def test_a_price_table_of_ones_own(command: Command, server: Server, home: Path) -> None:
    """PRICES_FILE replaces the dated table that is shipped."""
    table = json.loads((Path(costs.__file__).parent / "prices.json").read_text(encoding="utf-8"))
    plain = command("--estimate", "--target-count", "50").out
    for kind in ("text", "image"):
        for model in table[kind].values():
            model.update({key: value * 100 for key, value in model.items() if key != "requests_per_minute"})
    (home / "prices.json").write_text(json.dumps(table), encoding="utf-8")
    command.set(PRICES_FILE=str(home / "prices.json"))
    dear = command("--estimate", "--target-count", "50").out

    assert plain != dear


def test_one_folder_has_one_provider(command: Command, server: Server, home: Path) -> None:
    """A folder with another provider's items is refused: exit 2, --output-dir named, nothing called or changed."""
    command("--target-count", "3", "--batch-size", "3")
    before, made = command.folder.contents(), len(server.calls)

    refused = command("--provider", "offline", "--target-count", "6")

    assert refused.code == 2
    assert "--output-dir" in refused.err
    assert "azure" in refused.err
    assert len(server.calls) == made
    assert command.folder.contents() == before


def test_the_offline_model_needs_no_setting(command: Command) -> None:
    """With nothing set a run uses the offline model, says so in one line, and makes a whole catalogue."""
    result = command("--target-count", "3", "--batch-size", "3")

    assert result.code == 0, result.said
    assert "offline" in result.err.splitlines()[0]
    command.folder.check(at_least=3)
    assert len({(command.folder / f"images/{name}").read_bytes() for name in command.folder.pictures}) == 3


def test_a_folder_of_ones_own(command: Command, server: Server, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """--output-dir names the folder; a relative one counts from where it was typed."""
    (home / "deep" / "er").mkdir(parents=True)
    command.set(OUTPUT_DIR="elsewhere")
    monkeypatch.chdir(home / "deep" / "er")
    result = command("--target-count", "3", "--batch-size", "3", "--output-dir", "mine/ünï")

    assert result.code == 0
    assert (home / "deep/er/mine/ünï/catalog.json").is_file()
    assert not (home / "elsewhere").exists()


def test_files_hold_to_the_contract(command: Command, server: Server) -> None:
    """Files are UTF-8 with line feeds, and catalog.json and categories.json fit the schemas beside them."""
    command("--target-count", "20", "--skip-images")

    for name, data in command.folder.contents().items():
        assert b"\r" not in data, name
        assert data.decode("utf-8").endswith("\n"), name
    for name in ("catalog", "categories"):
        schema = command.folder.json(f"{name}.schema.json")
        jsonschema.Draft202012Validator.check_schema(schema)
        jsonschema.validate(command.folder.json(f"{name}.json"), schema)
    first = command.folder.catalogue[0]
    assert list(first) == aliases(CatalogItem)


def test_pictures_are_found_at_once(command: Command, server: Server) -> None:
    """images/ holds nothing but the catalogue's PNGs, and no temporary file stays anywhere."""
    command("--target-count", "12")
    names = {path.name for path in command.folder.path.iterdir()}

    assert command.folder.pictures == {item["filename"] for item in command.folder.catalogue}
    assert names == {
        ".lock",
        ".catalog.proof",
        ".manifest.json",
        "images",
        "thumbnails",
        "catalog.json",
        "catalog.schema.json",
        "categories.json",
        "categories.schema.json",
        "contact-sheet.jpg",
        "index.html",
        "provenance.jsonl",
        "run_report.json",
        "state.json",
    }


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_a_terminal_of_any_encoding(command: Command, server: Server, encoding: str) -> None:
    """A terminal or a pipe that lacks the letters of a path, or an arrow, gets the message all the same."""
    environment = {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
    whole = command.process("--target-count", "1", "--dry-run", "--output-dir", "выход-ünï", env=environment)
    said = b"".join(whole.communicate(timeout=60))
    refused = command.process("--target-count", "many", env=environment)
    errors = refused.communicate(timeout=60)[1]

    assert whole.returncode == 0, said
    assert b"Traceback" not in said
    assert refused.returncode == 2
    assert b"--target-count" in errors
