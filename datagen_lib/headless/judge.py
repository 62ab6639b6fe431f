"""What a notebook must leave behind: files, whatever its cells say."""

from __future__ import annotations

from pathlib import Path

from datagen_lib.errors import InvalidCatalogue
from datagen_lib.folder.reading import read_json
from datagen_lib.models import CATEGORY_COUNT
from datagen_lib.settings import Settings


def left_undone(stage: str, settings: Settings) -> str:
    """What the stage should have left in the output folder and has not, in words; "" where all is there.

    Each stage makes what the ones before it left out, so it answers for their files too.
    """
    from datagen_lib.folder.store import Store

    store = Store.peek(settings.output_dir, validate=not settings.no_validate)
    if stage < "01":
        return ""
    if not (settings.output_dir / "categories.json").is_file():
        return "categories.json is not there"
    if len(store.categories) < CATEGORY_COUNT:
        return f"categories.json holds {len(store.categories)} categories, not {CATEGORY_COUNT}"
    # From 04 on a notebook reads what is there, be it fewer items than are wanted by now, or some without a picture.
    wanted = settings.target_count if stage in {"02", "03"} else 1
    if stage >= "02" and store.complete < wanted:
        return f"catalog.json holds {store.complete} items, not {wanted}"
    if stage == "05" and not (settings.output_dir / "reviews.json").is_file():
        return "reviews.json is not there: nothing was decided"
    if stage == "06":
        return _unpublished(settings.output_dir / "bundle")
    if stage == "03" and not settings.dry_run:
        missing = [item for item in store.items if store.image_state(item) != "current"]
        if missing:
            return f"{len(missing)} of {len(store.items)} pictures are missing or broken, such as {missing[0].filename}"
    return ""


def _unpublished(bundle: Path) -> str:
    """What the bundle lacks of what its own manifest lists, in words; "" where it is whole."""
    try:
        manifest = read_json(bundle / "manifest.json", default={})
    except InvalidCatalogue as error:
        return error.what
    listed = manifest.get("sha256") if isinstance(manifest, dict) else None
    if not isinstance(listed, dict) or not listed:
        return "bundle/manifest.json is not there, or lists nothing: nothing was published"
    missing = [name for name in listed if not (bundle / name).is_file()]
    return f"{len(missing)} files of the bundle are missing, such as {missing[0]}" if missing else ""
