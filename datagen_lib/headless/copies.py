"""The attendee's own copies, in `lab/`: they are worked in, so that what git knows stays as it is.

    not there yet                         copied
    as it was copied, or only run         replaced where the kit has a newer one, and that is said
    edited                                kept; where the kit has a newer one, that is said

What is set aside goes to `lab/before/TIME/`; nothing is deleted.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from datagen_lib.errors import FolderError
from datagen_lib.folder.lock import NAME, FolderLock
from datagen_lib.text import counted

from .notebooks import NUMBERED

START = "START.md"
BEFORE = "before"
HIDDEN = ".kit"
"""In the lab's folder: what is not the attendee's."""
NOTED = f"{HIDDEN}/copied.json"
"""What each copy was when it was made: {name: hash}."""


def lay_out(source: Path, lab: Path) -> list[str]:
    """Copy what `lab` lacks of the kit's notebooks, start page and pictures.

    Returns:
        What the attendee should know, one sentence each.

    Raises:
        FolderError: the folder can't be written.
    """
    noted, said = _noted(lab), list[str]()
    try:
        for path in _kit(source):
            name = path.relative_to(source).as_posix()
            copy, newest = lab / name, _meaning(path)
            now = _meaning(copy) if copy.exists() else None
            if now == newest:
                noted[name] = newest
            elif now is None or now == noted.get(name):
                _write(copy, path.read_bytes())
                noted[name] = newest
                said += [f"{name} is new: the kit's has changed, and yours was not edited."] if now else []
            elif noted.get(name) != newest:
                said.append(
                    f"{name} is kept as you edited it. The kit's has changed: "
                    f"datagen-lab --open --reset {name[:2]} sets yours aside and takes it."
                )
        _write(lab / NOTED, json.dumps(noted, indent=1).encode())
    except OSError as error:
        raise _cannot(lab, error) from error
    return said


def set_aside(lab: Path, stages: Sequence[str] = ()) -> Path | None:
    """Move the lab's content away, to begin again with: its notebooks, choices and catalogues.

    Args:
        lab: the lab's folder.
        stages: the numbers of notebooks, to move just their copies.

    Returns:
        Where it lies now, or None where there was nothing.

    Raises:
        FolderBusy: a run is at work there.
        FolderError: there is no such notebook, or the files can't be moved.
    """
    there = sorted(lab.iterdir()) if lab.is_dir() else []
    if stages:
        if unknown := [stage for stage in stages if not any(_is_of(path, stage) for path in there)]:
            raise FolderError(
                f"{lab} has no notebook {', '.join(unknown)}", hint="Name notebooks by number, such as 02."
            )
        there = [path for path in there if any(_is_of(path, stage) for stage in stages)]
    moved = [path for path in there if path.name != BEFORE]
    for path in moved:
        if (path / NAME).is_file():
            lock = FolderLock(path)
            lock.take()  # a run at work there holds it, and is named
            lock.release()
    if not moved:
        return None
    target = lab / BEFORE / datetime.now().astimezone().strftime("%Y-%m-%d_%H-%M-%S")
    try:
        target.mkdir(parents=True)
        for path in moved:
            path.replace(target / path.name)
    except OSError as error:
        raise _cannot(lab, error) from error
    return target


def aside_text(target: Path | None, stages: Sequence[str]) -> str:
    """What was set aside, in a sentence."""
    if target is None:
        return "There was nothing to set aside."
    what = counted(len(stages), "notebook") if stages else "The lab as it was"
    return f"{what} now in {target}; a catalogue in there can still be used, with --output-dir."


def _is_of(path: Path, stage: str) -> bool:
    return bool(NUMBERED.fullmatch(path.name)) and path.name[:2] == stage.zfill(2)


def _kit(source: Path) -> Iterator[Path]:
    """The kit's files: the notebooks, the start page and its pictures."""
    yield from sorted(path for path in source.iterdir() if NUMBERED.fullmatch(path.name) or path.name == START)
    pictures = source / "pictures"
    yield from sorted(pictures.iterdir()) if pictures.is_dir() else ()


def _meaning(path: Path) -> str:
    """A hash of what somebody wrote there: of a notebook its cells, without what running them left."""
    data = path.read_bytes()
    if path.suffix == ".ipynb":
        try:
            cells = [_cell(cell) for cell in json.loads(data)["cells"]]
            data = json.dumps(cells).encode()
        except (ValueError, KeyError, TypeError, AttributeError):
            pass  # no notebook any more: its bytes count
    return hashlib.sha256(data).hexdigest()


def _cell(cell: dict[str, Any]) -> list[Any]:
    source = cell["source"]
    return [cell["cell_type"], source if isinstance(source, str) else "".join(source)]


def _noted(lab: Path) -> dict[str, str]:
    try:
        noted = json.loads((lab / NOTED).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return noted if isinstance(noted, dict) else {}


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    part.write_bytes(data)
    part.replace(path)


def _cannot(lab: Path, error: OSError) -> FolderError:
    return FolderError(
        f"the lab's folder {lab} can't be used: {error.strerror or error}",
        hint="Close what has its files open, and see that it can be written.",
    )
