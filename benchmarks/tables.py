"""What was measured, as tables: in the terminal, in `results.md`, and in `results.json` with every run's figure."""

from __future__ import annotations

import json
import math
import os
import platform
import re
import statistics
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

VIRTUAL = {"h"}  # measured in virtual time: the same on every machine
Row = dict[str, list[float]]
"""Figures of all runs by column."""


@dataclass
class Table:
    """One question's answer.

    Attributes:
        letter: which question, in short.
        title: which question, in words.
        about: how it was measured, and what it is compared with.
        digits: decimals of each column.
        rows: what was measured, by what it was measured on.
        message: what the figures say, in one sentence.
        taken_on: the machine and the day, where they are not those of the other tables.
    """

    letter: str
    title: str
    about: str
    digits: dict[str, int]
    rows: dict[str, Row] = field(default_factory=dict)
    message: str = ""
    taken_on: str = ""

    def middle(self, row: str, column: str) -> float:
        """The median over the runs; NaN where there is none."""
        figures = self.rows.get(row, {}).get(column)
        return statistics.median(figures) if figures else math.nan

    def markdown(self) -> str:
        head = ["", *self.digits]
        body = [[name, *(self._cell(name, column) for column in self.digits)] for name in self.rows]
        widths = [max(len(row[at]) for row in [head, *body]) for at in range(len(head))]
        lines = [_line(head, widths), _line([":" + "-" * (w - 1) if w else "" for w in widths], widths)]
        lines += [_line(row, widths) for row in body]
        elsewhere = f"Measured on {self.taken_on}." if self.taken_on else ""
        parts = [f"## ({self.letter}) {self.title}", self.about, elsewhere, "\n".join(lines), self.message]
        return "\n\n".join(part for part in parts if part)

    def _cell(self, row: str, column: str) -> str:
        figures = [figure for figure in self.rows[row].get(column, []) if not math.isnan(figure)]
        if not figures:
            return "–"
        low, middle, high = (
            f"{figure:,.{self.digits[column]}f}" for figure in (min(figures), statistics.median(figures), max(figures))
        )
        return middle if low == high else f"{middle} ({low}–{high})"


def _line(cells: list[str], widths: list[int]) -> str:
    return "| " + " | ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)) + " |"


@dataclass
class Results:
    """All tables of one machine; `busy` is the load of other work over its cores at the start."""

    machine: str
    taken: str
    runs: int
    tables: dict[str, Table]
    busy: float = 0.0

    @classmethod
    def load(cls, path: Path) -> Results | None:
        """The saved ones, or None."""
        try:
            stored = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        tables = {letter: Table(**table) for letter, table in stored.pop("tables").items()}
        return cls(**stored, tables=tables)

    def save(self, folder: Path) -> None:
        (folder / "results.json").write_text(_json(asdict(self)), encoding="utf-8", newline="\n")
        (folder / "results.md").write_text(self.markdown(), encoding="utf-8", newline="\n")

    def markdown(self) -> str:
        opening = (
            f"# How fast, and at what cost\n\nMade by `uv run --group dev python -m benchmarks`, {self.taken}, "
            f"on {self.machine}. Medians of {self.runs} runs, the least and the most in brackets. The "
            "ratios are the message: they say what this library adds to what latency, quota and the SDK cost anyway."
        )
        if self.busy > 0.3:
            opening += (
                f"\n\n**Taken on a busy machine**: at the start other work asked for {self.busy:.1f} x its cores."
            )
        return "\n\n".join([opening, *(self.tables[letter].markdown() for letter in sorted(self.tables))]) + "\n"


def merged(new: Results, old: Results | None) -> Results:
    """`new`, with what `old` has beside it where both are of the same machine.

    A table that the other machine has not measured is kept beside its others, and says where it was taken.
    """
    if old is None:
        return new
    if set(new.tables) <= VIRTUAL:
        return Results(old.machine, old.taken, old.runs, old.tables | new.tables, old.busy)
    if old.machine != new.machine and all(old.tables.get(letter, each).taken_on or letter not in old.tables
                                          for letter, each in new.tables.items()):  # fmt: skip
        busy = f"; other work asked for {new.busy:.1f} x its cores" if new.busy > 0.3 else ""
        for table in new.tables.values():
            table.taken_on = f"{new.machine}; {new.taken}{busy}"
        return Results(old.machine, old.taken, old.runs, old.tables | new.tables, old.busy)
    if old.machine != new.machine:
        return Results(new.machine, new.taken, new.runs, _virtual(old) | new.tables, new.busy)
    return Results(new.machine, new.taken, new.runs, old.tables | new.tables, max(old.busy, new.busy))


def _virtual(results: Results) -> dict[str, Table]:
    return {letter: table for letter, table in results.tables.items() if letter in VIRTUAL}


def _json(value: dict[str, Any]) -> str:
    """Indented, but with a row's figures on one line."""
    text = json.dumps(_rounded(value), indent=1, ensure_ascii=False)
    return re.sub(r"\[\s+([^\[\]{}\"]*?)\s+\]", lambda m: "[" + re.sub(r"\s+", " ", m[1]) + "]", text) + "\n"


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_rounded(each) for each in value]
    return round(value, 4) if isinstance(value, float) else value


def load() -> float:
    """The last minute's work over the number of cores; 0.0 where the system does not say."""
    return os.getloadavg()[0] / (os.cpu_count() or 1) if hasattr(os, "getloadavg") else 0.0


def today() -> str:
    return f"{datetime.now(UTC):%Y-%m-%d}"


def machine() -> str:
    """The machine in words: CPU, cores, memory, system, Python."""
    try:
        found = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text(encoding="utf-8"))
        cpu = found[1].strip() if found else platform.processor()
    except OSError:
        cpu = platform.processor() or platform.machine()
    try:
        system = f"{platform.freedesktop_os_release()['PRETTY_NAME']}, Linux {platform.release().split('-')[0]}"
    except (OSError, KeyError, AttributeError):
        system = f"{platform.system()} {platform.release()}"
    return f"{cpu}, {os.cpu_count()} cores; {system}; Python {platform.python_version()}"
