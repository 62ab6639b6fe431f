"""`python -m benchmarks`: measures, prints a table and saves it; see `--help`. Nothing here asserts a time."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from . import pacing, scale, waiting, working
from .lanes import Section, measure
from .tables import Results, load, machine, merged, today

HERE = Path(__file__).resolve().parent
PICTURE = HERE.parent / "docs" / "performance.png"
PACES = HERE.parent / "docs" / "pacing.png"


def main() -> int:
    options = _parser().parse_args()
    wanted = set("abcdefghi" if options.only is None else options.only.replace(",", " ").split())
    wanted |= {"a"} if "c" in wanted else set()
    unknown = wanted - set("abcdefghi")
    if unknown or options.runs < 0:
        sys.exit(
            f"--only takes letters from a to i, and --runs a number, not {', '.join(sorted(unknown)) or options.runs}"
        )
    sections = _sections(wanted, options.runs, full=options.full)
    started, busy = time.monotonic(), load()
    failed = measure(sections, lambda line: print(line, file=sys.stderr, flush=True)) if options.runs else 0
    before = Results.load(HERE / "results.json")
    results = before
    if options.runs:
        measured = Results(machine(), today(), options.runs, {each.table.letter: each.table for each in sections}, busy)
        results = merged(measured, before)
        print(measured.markdown())
        results.save(HERE)
        print(f"measured in {time.monotonic() - started:.0f} s; saved as {HERE / 'results.md'}", file=sys.stderr)
    if options.plot and results is not None:
        from .plot import draw, draw_paces  # matplotlib's memory is not to be there while others are measured

        draw(results, PICTURE)
        draw_paces(results, PACES)
        print(f"drawn as {PICTURE} and {PACES}", file=sys.stderr)
    return 1 if failed else 0


def _sections(wanted: set[str], runs: int, *, full: bool) -> list[Section]:
    makers = {
        "a": waiting.latency,
        "b": waiting.quota,
        "d": working.cost,
        "e": lambda many: working.growth(many, full=full),
        "f": working.offline,
        "g": waiting.texts,
        "h": pacing.pacing,
        "i": lambda many: scale.scale(many, full=full),
    }
    return [make(runs) for letter, make in makers.items() if letter in wanted]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m benchmarks", description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument(
        "--only",
        help="letters: a latency (with c, the plain way), b quota, d CPU and memory, e growth, f offline and cold "
        "start, g texts, h the pace keeper in virtual time, i scale; what results.json has of the others on this "
        "machine is kept",
    )
    parser.add_argument(
        "--runs", type=int, default=3, help="runs of each (3); 0 measures nothing, to plot what is saved"
    )
    parser.add_argument("--full", action="store_true", help="(e, i) up to 100,000 items")
    parser.add_argument("--plot", action="store_true", help="draw docs/performance.png and docs/pacing.png too")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
