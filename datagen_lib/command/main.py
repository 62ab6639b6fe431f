"""The command line: `python -m data_generator`."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING, get_args

from .logs import log_to_stderr
from .signals import Signals
from .terminal import say, steady, tell

if TYPE_CHECKING:
    from datagen_lib.pipeline.run import Outcome
    from datagen_lib.settings import Settings

INTERRUPTED = 130
FEW_ENOUGH = 600  # items whose contact sheets are drawn in a few seconds; notebook 04 draws those of more


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code: 0 complete, 1 incomplete, 2 to be set right, 130 interrupted."""
    signals = Signals()
    with steady(), signals.heard():
        try:
            return _main(argv, signals)
        except (KeyboardInterrupt, asyncio.CancelledError):
            say("interrupted: everything accepted so far is on disk; the same command goes on from there.")
            return INTERRUPTED


def _main(argv: Sequence[str] | None, signals: Signals) -> int:
    from datagen_lib.errors import DatagenError

    try:
        return _run(parser().parse_args(argv), signals)
    except DatagenError as error:
        say(f"error: {error}")
        return error.exit_code


def parser() -> argparse.ArgumentParser:
    """The command's parser; its options are the settings that have a flag."""
    from datagen_lib.settings import Settings, flag

    result = argparse.ArgumentParser(
        prog=_called(),
        description="Make the seed data of a LEGO-style catalogue: 20 categories, items, and a picture of each.",
        epilog="Settings come from these flags, then the environment, then .env. What is on disk is never made again. "
        "Exit codes: 0 complete, 1 incomplete (run again to go on), 2 something to set right, 130 interrupted.",
    )
    for name, field in Settings.model_fields.items():
        option = flag(name)
        if not option:
            continue
        names = [option, "--skip-images"] if name == "dry_run" else [option]
        if field.annotation is bool:
            result.add_argument(*names, dest=name, action="store_true", default=None, help=field.description)
        else:
            number = {int, float} & {field.annotation, *get_args(field.annotation)}
            metavar = "N" if number else name.split("_")[-1].upper()
            default = "" if field.default is None else f" (default {field.default})"
            text = f"{field.description}{default}".replace("%", "%%")
            result.add_argument(*names, dest=name, metavar=metavar, help=text)
    result.add_argument("--estimate", action="store_true", help="Say what a run would do and cost, without a call")
    result.add_argument("--check", action="store_true", help="Say what the catalogue is worth, without a call; 0 or 1")
    result.add_argument("--version", action="store_true", help="Show the version and exit")
    return result


def _called() -> str:
    """How the user called the command, for the help's first line."""
    name = PurePath(sys.argv[0]).stem
    return name if name.startswith(("datagen", "lego-style")) else "python -m data_generator"


def _run(arguments: argparse.Namespace, signals: Signals) -> int:
    values = vars(arguments)
    if values.pop("version"):
        from datagen_lib.version import __version__

        tell(__version__)
        return 0
    from datagen_lib.errors import Interrupted
    from datagen_lib.settings import Settings, doubts, found

    from .limits import within_limits
    from .texts import interrupted_text, opening, summary_text

    only_estimate, only_check = values.pop("estimate"), values.pop("check")
    asked = found(**values).get("provider")
    settings = Settings.load(given_as="flag", **values)
    log_to_stderr(settings)
    for doubt in doubts():
        say(f"note: {doubt}")
    if only_estimate:
        tell(_estimate(settings))
        return 0
    if only_check:
        return _check(settings)
    say(opening(settings, chosen=asked is not None and str(asked[0]).lower() != "auto"))
    outcome = _generate(within_limits(settings), signals)
    if isinstance(outcome.stopped, Interrupted):
        say(interrupted_text(outcome))
        return outcome.stopped.exit_code
    # Whoever reads one line reads the last: where to look after a whole run, what is missing after another.
    if outcome.items and not outcome.complete:
        _show(settings, outcome.items, anew=not outcome.idle)
    tell(summary_text(outcome, settings))
    if outcome.items and outcome.complete:
        _show(settings, outcome.items, anew=not outcome.idle)
    if outcome.stopped is not None:
        say(f"stopped: {outcome.stopped}")
        return outcome.stopped.exit_code
    return 0 if outcome.complete else 1


def _show(settings: Settings, items: int, *, anew: bool) -> None:
    """Write the gallery and the contact sheets where the run changed something, and end with the gallery's path."""
    from datagen_lib.errors import DatagenError
    from datagen_lib.gallery import write_gallery, write_sheets

    path = settings.output_dir / "index.html"
    try:
        if anew:
            if items <= FEW_ENOUGH:
                write_sheets(settings.output_dir)
            write_gallery(settings.output_dir)
    except DatagenError as error:  # the run is over, and its exit code is its own
        say(f"no gallery: {error.what}")
    if path.is_file():
        tell(str(path))


def _check(settings: Settings) -> int:
    """Print what there is to say of the folder; 0 where nothing has to be mended, else 1."""
    from datagen_lib.quality.check import check

    from .texts import check_text

    found = check(settings.output_dir, size=settings.image_size, min_quality=settings.min_quality)
    tell(check_text(found))
    return 0 if found.ok else 1


def _generate(settings: Settings, signals: Signals) -> Outcome:
    from datagen_lib.pipeline.run import run

    from .progress import ProgressLine

    with ProgressLine() as progress:
        return signals.run(lambda: run(settings, listen=progress))


def _estimate(settings: Settings) -> str:
    """What a run would do and cost, without a call.

    Raises:
        SetupError: the run would be refused.
    """
    from datagen_lib.folder.store import Store
    from datagen_lib.pipeline.plan import make_plan
    from datagen_lib.pipeline.price import price
    from datagen_lib.service.costs import Prices, prices

    from .texts import estimate_text

    store = Store.peek(settings.output_dir, validate=not settings.no_validate)
    plan = asyncio.run(make_plan(settings, store))
    if plan.refused is not None:
        raise plan.refused
    cost = price(plan, settings, prices(settings))
    if settings.provider != "offline":
        return estimate_text(plan, cost, settings)
    paid = settings.model_copy(update={"provider": "azure"})
    anew = asyncio.run(make_plan(paid, Store(settings.output_dir)))
    on_azure = price(anew, paid, Prices.load(settings.prices_file))
    return estimate_text(plan, cost, settings, on_azure=on_azure)
