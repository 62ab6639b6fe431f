"""`python -m offline_model.bake`: mesh, trace and pack every part; `--help` says more, README.md how to add one."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
from pathlib import Path

from offline_model.figure.parts import PARTS

from . import jobs, work


def _wanted(name: str, only: list[str]) -> bool:
    return not only or any(o in name for o in only)


def main() -> int:
    ask = argparse.ArgumentParser(prog="python -m offline_model.bake", description=__doc__)
    ask.add_argument("--only", nargs="*", default=[], metavar="TEXT", help="parts whose name holds one of these, anew")
    ask.add_argument("--samples", type=int, default=32, help="paths per pixel before denoising")
    ask.add_argument("--sketch", type=Path, metavar="PNG", help="draw the meshes without light into PNG, and stop")
    ask.add_argument("--out", type=Path, default=Path("offline_model/data/parts.zip"))
    args = ask.parse_args()
    for folder in ("mesh", "light"):
        (jobs.WORK / folder).mkdir(parents=True, exist_ok=True)
    (jobs.WORK / ".gitignore").write_text("*\n", "utf-8")
    say = sys.stderr.write

    with multiprocessing.get_context("spawn").Pool(os.cpu_count()) as pool:
        shapes = [(p.key, z.name) for p in PARTS.values() for z in p.zones]
        todo = [s for s in shapes if (args.only and _wanted(s[0], args.only)) or not jobs.mesh_path(*s).exists()]
        bad = [b for b in pool.imap_unordered(work.mesh, todo, chunksize=2) if b]
        say(f"meshed {len(todo)} shapes\n" + "".join(f"{b}\n" for b in bad))
        if bad:
            return 1
        if args.sketch:
            from .sketch import sheet

            sheet(args.only).save(args.sketch)
            return 0
        waiting = [j for j in jobs.jobs() if (args.only and _wanted(j.name, args.only)) or not j.result.exists()]
        for i, line in enumerate(pool.imap_unordered(work.trace, [(j, args.samples) for j in waiting])):
            say(f"{i + 1}/{len(waiting)} {line}\n")
    from .pack import pack

    say(f"{args.out}: {pack(args.out) / 1e6:.2f} MB\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
