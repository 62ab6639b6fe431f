"""Items to decide on, as a table: what a reviewer looks at, without a widget, so that it shows anywhere."""

from __future__ import annotations

import pandas as pd
from markupsafe import Markup

from .html import Html, data_uri, figure_html, fill, table_html
from .show import thumbnail

SIZE = 128  # pixels: small flaws of a picture show
LOW = 60  # a part of the quality below this is named
_COLUMNS = ("picture", "what it says; what its picture was asked for", "quality", "review")


def review_table(rows: pd.DataFrame) -> Html:
    """The rows as a reviewer needs them: picture, texts, what the score finds weak, and what was decided.

    Args:
        rows: of `load_catalog`.
    """
    if rows.empty:
        return Html(fill("<p>There is nothing to look at.</p>"), "There is nothing to look at.")
    records = [[_picture(row), _texts(row), _quality(row), str(row["review"])] for _, row in rows.iterrows()]
    return Html(table_html(_COLUMNS, records), rows[["name", "quality", "review"]].to_string(index=False))


def _picture(row: pd.Series) -> Markup:
    data = thumbnail(row["image_path"], SIZE)
    return figure_html(data_uri(data, "webp"), str(row["name"]), width=SIZE) if data else fill("no picture")


def _texts(row: pd.Series) -> Markup:
    again = fill("<br><b>The same text as {}</b>", row["duplicate_of"]) if row["duplicate_of"] else ""
    # The two that are compared stand below each other, so that a narrow window shows both whole.
    head = fill("<b>{}</b><br><i>{}</i><br>{}{}", row["name"], row["category"], row["description"], again)
    asked = fill('<div style="margin-top:6px;opacity:.8">{}</div>', row["imagePrompt"])
    return fill('<div style="min-width:220px">{}{}</div>', head, asked)


def _quality(row: pd.Series) -> str:
    """The score, with the parts that pull it down."""
    parts = {str(name).removeprefix("quality_"): row[name] for name in row.index if str(name).startswith("quality_")}
    weak = [f"{name} {value}" for name, value in parts.items() if not pd.isna(value) and value < LOW]
    named = f" (weak: {', '.join(weak)})" if weak else ""
    graded = "" if pd.isna(row["grade"]) else f"; the model gives {row['grade']}: {row['grade_reason']}"
    return f"{row['quality']}{named}{graded}"
