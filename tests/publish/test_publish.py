"""The import bundle: what the shop's own parse and slug code would take, whole or not at all."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import sqlglot
from conftest import Command, Result

from datagen_lib.errors import SetupError
from datagen_lib.folder.reading import read_json
from datagen_lib.models import CatalogItem, Category
from datagen_lib.publish import publish
from datagen_lib.publish.__main__ import main as publish_main
from datagen_lib.publish.database import tsql, write_database
from datagen_lib.publish.shop import Figure, Register, check_limits, shop_slug, units
from datagen_lib.review.__main__ import main as review_main


@pytest.fixture
def shop(command: Command, stand_in, capsys: pytest.CaptureFixture[str]) -> Shop:  # type: ignore[no-untyped-def]
    """A folder with a whole catalogue of 20, and the two commands beside it."""
    command.use(stand_in())
    assert command("--target-count", "20").code == 0
    return Shop(command, capsys)


class Shop:
    """Reviews and publishes one folder, as a user would, and reads the bundle as the shop does."""

    def __init__(self, command: Command, capture: pytest.CaptureFixture[str]) -> None:
        self.command, self._capture = command, capture
        self.folder = command.folder.path
        self.bundle = command.home / "bundle"

    def approve_all(self) -> None:
        assert review_main([str(self.folder), "--approve-all"]) == 0

    def publish(self, *arguments: str) -> Result:
        self._capture.readouterr()
        code = publish_main([str(self.folder), "--to", str(self.bundle), *arguments])
        said = self._capture.readouterr()
        return Result(code, said.out, said.err)

    def json(self, name: str):  # type: ignore[no-untyped-def]
        return json.loads((self.bundle / name).read_text(encoding="utf-8"))

    def rows(self, query: str, database: str = "catalog.db") -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(self.bundle / database)) as opened:
            return opened.execute(query).fetchall()


def test_nothing_is_published_without_a_review(shop: Shop) -> None:
    """Before a review says so, nothing is published: exit 2, no bundle, and the way to the review."""
    result = shop.publish()

    assert result.code == 2
    assert "datagen_lib.review" in result.err
    assert not shop.bundle.exists()


def test_a_reviewed_catalogue_is_published_whole(shop: Shop) -> None:
    """The bundle holds what the importer reads, all pictures, schemas, types, and a manifest that fits every file."""
    shop.approve_all()
    result = shop.publish()
    rows = shop.json("catalog.json")
    manifest = shop.json("manifest.json")

    assert result.code == 0
    assert result.out.splitlines()[-1] == str(shop.bundle)
    assert [set(row) for row in rows] == [{"productId", "name", "category", "description", "filename"}] * 20
    assert [row["productId"] for row in rows] == [item["productId"] for item in shop.command.folder.catalogue]
    assert {path.name for path in (shop.bundle / "images").iterdir()} == {row["filename"] for row in rows}
    assert manifest["counts"]["figures"] == 20
    files = {path.relative_to(shop.bundle).as_posix(): path for path in shop.bundle.rglob("*") if path.is_file()}
    assert files.keys() - {"manifest.json"} == manifest["sha256"].keys()
    assert all(
        hashlib.sha256(files[name].read_bytes()).hexdigest() == digest for name, digest in manifest["sha256"].items()
    )


def test_numbers_once_given_stay(shop: Shop) -> None:
    """LF-0001 and on in the catalogue's order; after growth and a drop, each figure keeps the number that it had."""
    shop.approve_all()
    assert shop.publish("--ids", "sequential").code == 0
    before = {row["externalId"]: row["productId"] for row in shop.json("catalog.json")}
    shop.command("--target-count", "30")
    shop.approve_all()
    (shop.folder / "images" / f"{next(iter(before))}.png").unlink()

    result = shop.publish("--ids", "sequential", "--drop-missing")
    after = {row["externalId"]: row["productId"] for row in shop.json("catalog.json")}

    assert list(before.values()) == [f"LF-{number:04d}" for number in range(1, 21)]
    assert len(after) == 29
    assert all(after[key] == number for key, number in before.items() if key in after)
    assert max(after.values()) == "LF-0030"
    assert next(iter(before)) in result.out


def test_a_missing_picture_is_never_dropped_silently(shop: Shop) -> None:
    """Without a picture there is no bundle, until --drop-missing says so; what is left out is named."""
    shop.approve_all()
    name = shop.command.folder.catalogue[3]["filename"]
    (shop.folder / "images" / name).unlink()
    refused = shop.publish()
    dropped = shop.publish("--drop-missing")

    assert refused.code == 2
    assert "without a current picture" in refused.err
    assert dropped.code == 0
    assert name.removesuffix(".png") in dropped.out
    assert len(shop.json("catalog.json")) == 19


def test_another_picture_needs_another_look(shop: Shop) -> None:
    """An approval is of the picture too: with another one in its place the item waits again."""
    shop.approve_all()
    one, other = (shop.folder / "images" / item["filename"] for item in shop.command.folder.catalogue[3:5])
    one.write_bytes(other.read_bytes())

    assert "1 item of 20 not approved" in shop.publish().err


def test_only_what_is_approved(shop: Shop) -> None:
    """--approved-only leaves the others out and names them; their numbers are kept for them."""
    shop.approve_all()
    items = shop.command.folder.catalogue
    reviews = read_json(shop.folder / "reviews.json", default={})
    reviews["decisions"][items[0]["productId"]]["state"] = "rejected"
    (shop.folder / "reviews.json").write_text(json.dumps(reviews), encoding="utf-8")

    refused = shop.publish()
    result = shop.publish("--approved-only", "--ids", "sequential")

    assert refused.code == 2
    assert result.code == 0
    assert next(row["productId"] for row in shop.json("catalog.json")) == "LF-0002"
    assert items[0]["name"] in result.out


def test_an_edit_after_the_review_needs_another_look(shop: Shop) -> None:
    """An approval is of the item as it was: after an edit it no longer holds."""
    shop.approve_all()
    items = shop.command.folder.catalogue
    items[5]["description"] = "Another text that nobody has looked at. It is new."
    (shop.folder / "catalog.json").write_text(json.dumps(items), encoding="utf-8")

    result = shop.publish()

    assert result.code == 2
    assert "1 item of 20 not approved" in result.err


def test_an_older_bundle_is_replaced_as_a_whole(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where writing fails, the older bundle stands as it was, and nothing half-written lies beside it."""
    shop.approve_all()
    shop.publish()
    before = {path: path.read_bytes() for path in shop.bundle.rglob("*") if path.is_file()}

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("datagen_lib.publish.bundle.write_database", full)
    result = shop.publish("--ids", "sequential")

    assert result.code == 1
    assert {path: path.read_bytes() for path in shop.bundle.rglob("*") if path.is_file()} == before
    assert [path.name for path in shop.bundle.parent.iterdir() if "bundle" in path.name] == ["bundle"]


def test_a_folder_that_is_no_bundle_is_not_replaced(shop: Shop) -> None:
    """--to a folder with somebody's files in it: exit 2, the files stay."""
    shop.approve_all()
    shop.bundle.mkdir()
    (shop.bundle / "thesis.txt").write_text("mine", encoding="utf-8")

    assert shop.publish().code == 2
    assert (shop.bundle / "thesis.txt").read_text(encoding="utf-8") == "mine"


# -- the database ------------------------------------------------------------------------------------------------------


def test_the_database_can_be_used_at_once(shop: Shop) -> None:
    """catalog.db has the shop's two tables, every figure with its category, and holds its keys."""
    shop.approve_all()
    shop.publish("--ids", "sequential")
    joined = shop.rows(
        "SELECT f.Id, f.ExternalId, f.Name, c.Name, f.ImageFile FROM LegoFigures f "
        "JOIN Categories c ON c.Id = f.CategoryId ORDER BY f.Id"
    )
    items = shop.command.folder.catalogue

    assert [row[1:] for row in joined] == [
        (item["productId"], item["name"], item["category"], item["filename"]) for item in items
    ]
    assert shop.rows("PRAGMA foreign_key_check") == []


EVIL = "Rob'); DROP TABLE LegoFigures;-- \n\u2028 \U0001f9d1‍\U0001f680"
FIGURES = [
    Figure(f"LF-{n:04d}", f"{n:036d}", f"{EVIL} {n}", "O'Neil's Crew", EVIL * 3, f"{n:036d}.png", "2026-11-27T00:00:00Z",
           "2026-11-27T00:00:00Z")
    for n in range(1, 4)
]  # fmt: skip
CATEGORIES = [Category(name="O'Neil's Crew", slug="o-neil-s-crew")]


def test_a_second_import_changes_nothing(tmp_path: Path) -> None:
    """Insert-only and idempotent: rows that are there stay as they are, new ones are added."""
    path = tmp_path / "shop.db"
    write_database(path, FIGURES[:2], CATEGORIES)
    changed = [Figure(**{**vars(FIGURES[0]), "name": "Renamed"}), *FIGURES[1:]]
    write_database(path, changed, CATEGORIES)
    with closing(sqlite3.connect(path)) as database:
        rows = database.execute("SELECT Id, Name, Description FROM LegoFigures ORDER BY Id").fetchall()

    assert rows == [(figure.id, figure.name, figure.description) for figure in FIGURES]


def _as_literal(node: sqlglot.exp.Expression) -> sqlglot.exp.Expression:
    """N'text' is a string of SQLite too."""
    return sqlglot.exp.Literal.string(node.this) if isinstance(node, sqlglot.exp.National) else node


def test_the_script_is_tsql_and_loads(tmp_path: Path) -> None:
    """A T-SQL parser takes every statement, and what it inserts into a database at hand is what was given."""
    script = tsql(FIGURES, CATEGORIES)
    tables, rest = script.split("INSERT INTO", 1)  # this parser takes all that follows an IF for its block
    heads = [one for one in sqlglot.parse(tables, read="tsql") if one is not None]
    made = [create.this.this.name for head in heads for create in head.find_all(sqlglot.exp.Create)]
    statements = sqlglot.parse(f"INSERT INTO{rest}", read="tsql")
    inserts = [one for one in statements if isinstance(one, sqlglot.exp.Insert)]
    path = tmp_path / "shop.db"
    write_database(path, [], [])
    with closing(sqlite3.connect(path)) as database:
        for _ in range(2):
            for one in inserts:
                plain = one.transform(_as_literal)
                database.execute(plain.sql(dialect="sqlite").replace("dbo.", ""))
        rows = database.execute("SELECT Id, Name, Description FROM LegoFigures ORDER BY Id").fetchall()

    assert made == ["Categories", "LegoFigures"]
    assert len(inserts) == 4
    assert len(statements) == 5, "nothing but the commit beside them"
    assert rows == [(figure.id, figure.name, figure.description) for figure in FIGURES]


# -- the shop's limits -------------------------------------------------------------------------------------------------


def test_limits_count_utf16_units() -> None:
    """Eighty letters outside the first plane are 160 units to .NET: refused, with the name and the number."""
    figure = Figure(**{**vars(FIGURES[0]), "name": "\U0001f680" * 41})

    assert units(figure.name) == 82
    assert any("82 units" in problem for problem in check_limits([figure], CATEGORIES))


def test_slugs_are_unique_as_the_shop_makes_them() -> None:
    """Two categories that the shop would give one slug are refused, whatever slugs they have here."""
    twins = [Category(name="Zone ½", slug="zone-half"), Category(name="Zone ¼", slug="zone-quarter")]

    assert shop_slug("Zone ½") == shop_slug("Zone ¼") == "zone"
    assert any("share the slug" in problem for problem in check_limits([], twins))


def test_a_register_that_is_damaged_is_not_forgotten(shop: Shop) -> None:
    """A damaged published.json stops the publication: forgotten numbers would be given again."""
    shop.approve_all()
    (shop.folder / "published.json").write_text('{"figures": {"x": 3}}', encoding="utf-8")
    result = shop.publish()

    assert result.code == 2
    assert "published.json" in result.err


def test_csharp_records_come_from_the_models(shop: Shop) -> None:
    """The C# records name every property of the stored item, with its JSON name."""
    shop.approve_all()
    shop.publish()
    text = (shop.bundle / "CatalogItem.cs").read_text(encoding="utf-8")

    assert "public sealed record CatalogItem(" in text
    for alias, pascal in (("productId", "ProductId"), ("imagePrompt", "ImagePrompt"), ("name", "Name")):
        assert f'JsonPropertyName("{alias}")] string' in text
        assert pascal in text


def test_the_register_counts_on() -> None:
    """New items get the next free number, also where older figures have gone."""
    register = Register({})
    items = [
        CatalogItem.model_construct(product_id=f"{n:036d}", filename=f"{n:036d}.png", name=f"N{n}", category="C",
                                    description="D", image_prompt="")
        for n in range(3)
    ]  # fmt: skip
    first = register.figures(items[:2], ids="sequential", now="t")
    second = register.figures(items[1:], ids="sequential", now="u")

    assert [figure.id for figure in first] == ["LF-0001", "LF-0002"]
    assert [figure.id for figure in second] == ["LF-0002", "LF-0003"]
    assert second[0].created == "t"


def test_an_unknown_kind_of_ids_is_refused(tmp_path: Path) -> None:
    """Ids of no known kind are refused in words, and nothing is written."""
    with pytest.raises(SetupError, match="'numbers'"):
        publish(tmp_path, tmp_path / "bundle", approved=frozenset(), ids="numbers")  # type: ignore[arg-type]

    assert not (tmp_path / "bundle").exists()
