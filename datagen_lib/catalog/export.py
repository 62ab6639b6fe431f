"""Tables to hand on: safe to open in a spreadsheet, and without a path of this machine."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from datagen_lib.errors import SetupError
from datagen_lib.text import plain

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula. Source: OWASP, CSV Injection."""
MACHINE = ("image_path",)


def to_csv(catalogue: pd.DataFrame, path: str | Path) -> Path:
    """Write the table as CSV: UTF-8 with a byte-order mark, so that every spreadsheet reads its letters.

    A text that a spreadsheet would run as a formula gets an apostrophe before it; columns with paths are left out.
    """
    safe = _shared(catalogue)
    for name in safe.select_dtypes(include=["str", "object", "category"]).columns:
        safe[name] = safe[name].astype("object").map(_as_text)
    safe.to_csv(path, index=False, encoding="utf-8-sig", lineterminator="\n")
    return Path(path)


def to_parquet(catalogue: pd.DataFrame, path: str | Path) -> Path:
    """Write the table as Parquet; columns with paths are left out.

    Raises:
        SetupError: pyarrow is not installed.
    """
    try:
        _shared(catalogue).to_parquet(path, index=False)
    except ImportError as error:
        raise SetupError("Parquet files need the package pyarrow", hint="Install pyarrow, or use to_csv.") from error
    return Path(path)


def _shared(catalogue: pd.DataFrame) -> pd.DataFrame:
    return catalogue.drop(columns=[name for name in MACHINE if name in catalogue])


def _as_text(value: object) -> object:
    if not isinstance(value, str):
        return value
    shown = plain(value, lines=True)
    return f"'{shown}" if shown.startswith(FORMULA) else shown
