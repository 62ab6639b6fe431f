"""`python -m datagen_lib.publish DIR`: the import bundle of a reviewed catalogue."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from datagen_lib.errors import DatagenError
from datagen_lib.settings import Settings
from datagen_lib.text import counted, plain


def main(argv: Sequence[str] | None = None) -> int:
    """Write the bundle; returns 0, or the exit code of what went wrong."""
    from .bundle import approved, publish

    arguments = parser().parse_args(argv)
    try:
        given = None if arguments.folder is None else str(Path(arguments.folder).resolve())
        source = Settings.load(output_dir=given, provider="offline").output_dir
        bundle = publish(
            source,
            Path(arguments.to).resolve() if arguments.to else source / "bundle",
            approved=approved(source),
            ids=arguments.ids,
            approved_only=arguments.approved_only,
            drop_missing=arguments.drop_missing,
        )
    except DatagenError as error:
        sys.stderr.write(plain(f"error: {error}", lines=True) + "\n")
        return error.exit_code
    except KeyboardInterrupt:
        sys.stderr.write("interrupted: no bundle was written.\n")
        return 130
    lines = [f"Published {counted(len(bundle.figures), 'figure')}."]
    for left, why in ((bundle.waiting, "not approved"), (bundle.dropped, "no picture")):
        lines += [f"  left out, {why}: {item.name} ({item.product_id})" for item in left]
    sys.stdout.write("\n".join([*map(plain, lines), f"{bundle.folder}\n"]))
    return 0


def parser() -> argparse.ArgumentParser:
    """The command's parser."""
    result = argparse.ArgumentParser(
        prog="python -m datagen_lib.publish",
        description="Write the import bundle for the shop: catalogue, pictures, database, script, types and manifest.",
        epilog="Only what a review has approved is published. Exit codes: 0 published, 1 the disk refused, "
        "2 something to set right first, 130 interrupted.",
    )
    result.add_argument("folder", nargs="?", metavar="DIR", help="The output folder (default OUTPUT_DIR)")
    result.add_argument("--to", metavar="DIR", help="The bundle's folder (default DIR/bundle)")
    result.add_argument(
        "--ids",
        choices=("uuid", "sequential"),
        default="uuid",
        help="The shop's ids: the UUIDs (default), or LF-0001 and so on with the UUID as external id",
    )
    result.add_argument("--approved-only", action="store_true", help="Leave out what is not approved; each is named")
    result.add_argument("--drop-missing", action="store_true", help="Leave out items without a picture; each is named")
    return result


if __name__ == "__main__":
    sys.exit(main())
