"""The catalogue as a database: a SQLite file to use at once, and the same as a T-SQL script for SQL Server.

Both insert only figures that are not there yet, told by ExternalId, so that a second import changes nothing.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from datagen_lib.models import Category

from .shop import Figure

SQLITE = """
CREATE TABLE IF NOT EXISTS Categories (
    Id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    Name TEXT NOT NULL CHECK (length(Name) <= 64),
    Slug TEXT NOT NULL CHECK (length(Slug) <= 64)
);
CREATE UNIQUE INDEX IF NOT EXISTS IX_Categories_Name ON Categories (Name);
CREATE UNIQUE INDEX IF NOT EXISTS IX_Categories_Slug ON Categories (Slug);
CREATE TABLE IF NOT EXISTS LegoFigures (
    Id TEXT NOT NULL PRIMARY KEY CHECK (length(Id) <= 36),
    ExternalId TEXT NOT NULL CHECK (length(ExternalId) = 36),
    Name TEXT NOT NULL CHECK (length(Name) <= 80),
    CategoryId INTEGER NOT NULL REFERENCES Categories (Id),
    Description TEXT NOT NULL,
    ImageFile TEXT NOT NULL CHECK (length(ImageFile) <= 64),
    CreatedUtc TEXT NOT NULL,
    LastUpdatedUtc TEXT NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS IX_LegoFigures_ExternalId ON LegoFigures (ExternalId);
CREATE INDEX IF NOT EXISTS IX_LegoFigures_CategoryId ON LegoFigures (CategoryId);
"""

TSQL = """\
-- Makes the tables where they are missing, and inserts what is not there yet. It may run again: nothing changes then.
SET XACT_ABORT ON;
BEGIN TRANSACTION;
IF OBJECT_ID(N'dbo.Categories', N'U') IS NULL
BEGIN
CREATE TABLE dbo.Categories (
    Id INT IDENTITY(1, 1) NOT NULL CONSTRAINT PK_Categories PRIMARY KEY,
    Name NVARCHAR(64) NOT NULL CONSTRAINT UQ_Categories_Name UNIQUE,
    Slug NVARCHAR(64) NOT NULL CONSTRAINT UQ_Categories_Slug UNIQUE
);
END;
IF OBJECT_ID(N'dbo.LegoFigures', N'U') IS NULL
BEGIN
CREATE TABLE dbo.LegoFigures (
    Id NVARCHAR(36) NOT NULL CONSTRAINT PK_LegoFigures PRIMARY KEY,
    ExternalId NVARCHAR(36) NOT NULL CONSTRAINT UQ_LegoFigures_ExternalId UNIQUE,
    Name NVARCHAR(80) NOT NULL,
    CategoryId INT NOT NULL CONSTRAINT FK_LegoFigures_Categories REFERENCES dbo.Categories (Id),
    Description NVARCHAR(MAX) NOT NULL,
    ImageFile NVARCHAR(64) NOT NULL,
    CreatedUtc DATETIME2 NOT NULL,
    LastUpdatedUtc DATETIME2 NOT NULL
);
END;
"""


def write_database(path: Path, figures: Sequence[Figure], categories: Sequence[Category]) -> None:
    """Fill the SQLite file at `path`, which may exist: only what is missing is inserted, in one transaction."""
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA foreign_keys = ON")
        database.executescript(SQLITE)
        with database:
            database.executemany(
                "INSERT INTO Categories (Name, Slug) SELECT :name, :slug "
                "WHERE NOT EXISTS (SELECT 1 FROM Categories WHERE Name = :name)",
                [{"name": category.name, "slug": category.slug} for category in categories],
            )
            database.executemany(
                "INSERT INTO LegoFigures (Id, ExternalId, Name, CategoryId, Description, ImageFile, CreatedUtc, "
                "LastUpdatedUtc) SELECT :id, :external_id, :name, Categories.Id, :description, :image_file, :created, "
                ":updated FROM Categories WHERE Categories.Name = :category "
                "AND NOT EXISTS (SELECT 1 FROM LegoFigures WHERE ExternalId = :external_id)",
                [vars(figure) for figure in figures],
            )


def tsql(figures: Sequence[Figure], categories: Sequence[Category]) -> str:
    """The same as a script for SQL Server."""
    return TSQL + "\n".join([*_category_lines(categories), *_figure_lines(figures), "COMMIT TRANSACTION;", ""])


def _category_lines(categories: Sequence[Category]) -> Iterator[str]:
    for category in categories:
        name, slug = _quoted(category.name), _quoted(category.slug)
        yield (
            f"INSERT INTO dbo.Categories (Name, Slug) SELECT {name}, {slug} "  # noqa: S608 - a script is text: quoted above
            f"WHERE NOT EXISTS (SELECT 1 FROM dbo.Categories WHERE Name = {name});"
        )


def _figure_lines(figures: Sequence[Figure]) -> Iterator[str]:
    columns = "Id, ExternalId, Name, CategoryId, Description, ImageFile, CreatedUtc, LastUpdatedUtc"
    for figure in figures:
        external = _quoted(figure.external_id)
        texts = (figure.name, figure.description, figure.image_file, figure.created, figure.updated, figure.category)
        name, description, image, created, updated, category = map(_quoted, texts)
        yield (
            f"INSERT INTO dbo.LegoFigures ({columns}) "  # noqa: S608 - a script is text: each value is quoted
            f"SELECT {_quoted(figure.id)}, {external}, {name}, c.Id, {description}, {image}, {created}, {updated} "
            f"FROM dbo.Categories AS c WHERE c.Name = {category} "
            f"AND NOT EXISTS (SELECT 1 FROM dbo.LegoFigures WHERE ExternalId = {external});"
        )


def _quoted(text: str) -> str:
    """A T-SQL string of Unicode; its only special character is the quotation mark that ends it."""
    return "N'" + text.replace("'", "''") + "'"
