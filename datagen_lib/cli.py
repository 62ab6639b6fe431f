"""The command line: `python -m data_generator`."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import signal
import sys
import time
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from .pipeline import Outcome
    from .report import Account, Estimate
    from .settings import Settings

INTERRUPTED = 130
LOG_EVERY = 5.0  # s between progress lines where there is no terminal


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code: 0 complete, 1 incomplete, 2 to be set right, 130 interrupted."""
    try:
        return _main(argv)
    except (KeyboardInterrupt, asyncio.CancelledError):
        _say("\ninterrupted: everything accepted so far is on disk; the same command goes on from there.")
        return INTERRUPTED


def _main(argv: Sequence[str] | None) -> int:
    from .errors import DatagenError

    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, ValueError):  # a Windows pipe takes few letters of a path
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        return _run(parser().parse_args(argv))
    except DatagenError as error:
        _say(f"error: {error}")
        return error.exit_code


def parser() -> argparse.ArgumentParser:
    """The command's parser; its options are the settings that have a flag."""
    from .settings import Settings, flag

    result = argparse.ArgumentParser(
        prog="python -m data_generator",
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
            metavar = "N" if field.annotation in {int, float} else name.split("_")[-1].upper()
            default = "" if field.default is None else f" (default {field.default})"
            text = f"{field.description}{default}".replace("%", "%%")
            result.add_argument(*names, dest=name, metavar=metavar, help=text)
    result.add_argument("--estimate", action="store_true", help="Say what a run would do and cost, without a call")
    result.add_argument("--version", action="store_true", help="Show the version and exit")
    return result


def _run(arguments: argparse.Namespace) -> int:
    values = vars(arguments)
    if values.pop("version"):
        from .report import package_version

        sys.stdout.write(f"{package_version()}\n")
        return 0
    from .settings import Settings, found

    only_estimate = values.pop("estimate")
    asked = found(**values).get("provider")
    settings = Settings.load(**values)
    _log_to_stderr(settings)
    if only_estimate:
        sys.stdout.write(estimate_text(_estimate(settings), settings) + "\n")
        return 0
    _say(_opening(settings, chosen=asked is not None and str(asked[0]).lower() != "auto"))
    outcome = _generate(settings)
    sys.stdout.write(summary_text(outcome, settings) + "\n")
    if outcome.stopped is not None:
        _say(f"stopped: {outcome.stopped}")
        return outcome.stopped.exit_code
    return 0 if outcome.complete else 1


def _generate(settings: Settings) -> Outcome:
    from .pipeline import run
    from .report import Account

    account = Account()
    with Progress(account) as progress:
        return asyncio.run(_until_signal(run(settings, listen=progress)))


async def _until_signal(work: Any) -> Outcome:
    """Let SIGTERM end the run as Ctrl-C does."""
    task = asyncio.current_task()
    assert task is not None
    with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):  # Windows has no such handler
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    outcome: Outcome = await work
    return outcome


class Progress:
    """How far a run is, on standard error: two bars in a terminal, a line every few seconds in a log."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self._bars: dict[str, Any] = {}
        self._said = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for bar in self._bars.values():
            bar.close()

    def __call__(self, event: Any) -> None:
        from . import events

        self.account(event)
        if isinstance(event, events.Planned) and sys.stderr.isatty():
            self._start(event)
        elif self._bars:
            self._draw(event)
        elif time.monotonic() - self._said > LOG_EVERY:
            self._said = time.monotonic()
            _say(self._line())

    def _start(self, plan: Any) -> None:
        from tqdm import tqdm

        bar = partial(tqdm, total=plan.items_target, file=sys.stderr, dynamic_ncols=True)
        self._bars["items"] = bar(desc="items", initial=plan.items_ready, unit="item")
        if plan.images_wanted:
            self._bars["images"] = bar(desc="images", initial=plan.images_ready, unit="image", position=1)

    def _draw(self, event: Any) -> None:
        from . import events

        items, images = self._bars["items"], self._bars.get("images")
        match event:
            case events.CategoryAccepted():
                items.set_description_str(f"items ({self.account.categories} categories)", refresh=False)
            case events.ItemAccepted():
                items.update()
                if images is not None:
                    images.total = max(images.total, items.n)
            case events.ImageSaved() if images is not None:
                images.update()
            case events.CallDone() | events.Retrying():
                (images or items).set_postfix_str(self._note(), refresh=False)

    def _line(self) -> str:
        plan = self.account.planned
        assert plan is not None
        parts = [f"items {plan.items_ready + self.account.items}/{plan.items_target}"]
        if plan.images_wanted:
            parts.append(f"images {plan.images_ready + self.account.images}/{plan.items_target}")
        return ", ".join([f"{self.account.seconds:.0f} s: {parts[0]}", *parts[1:], *filter(None, [self._note()])])

    def _note(self) -> str:
        retries = self.account.retries.total()
        parts = [f"${self.account.cost_usd:.2f}"] if self.account.cost_usd else []
        parts += [f"{retries} retries"] if retries else []
        parts += [f"{len(self.account.failed)} failed"] if self.account.failed else []
        return ", ".join(parts)


def _opening(settings: Settings, *, chosen: bool) -> str:
    if settings.provider == "offline":
        why = "" if chosen else " because no AZURE_OPENAI_* is set"
        return f"Using the offline model{why}: free, no key, drawn on this machine. Output: {settings.output_dir}"
    where = settings.azure_openai_endpoint if settings.provider == "azure" else settings.openai_base_url
    return f"Using {settings.provider}{f' at {where}' if where else ''}. Output: {settings.output_dir}"


def _estimate(settings: Settings) -> Estimate:
    from .client import prices
    from .images import images_to_make
    from .report import estimate
    from .store import Store

    store = Store.peek(settings.output_dir, validate=not settings.no_validate)
    pictures = [] if settings.dry_run else asyncio.run(images_to_make(store, force=settings.force_images))
    return estimate(settings, store, prices(settings), images=len(pictures))


def estimate_text(guess: Estimate, settings: Settings) -> str:
    """The estimate on one screen."""
    lines = [
        f"This run would make {guess.categories} categories, {guess.items} items and {guess.images} images",
        f"  in {settings.output_dir}",
        "",
        f"  text calls   {guess.text_calls:>6}   about {guess.input_tokens:,} tokens in, {guess.output_tokens:,} out",
        f"  image calls  {guess.image_calls:>6}   {guess.image_quality} quality",
    ]
    if guess.provider == "offline":
        lines += ["  cost           free   the offline model runs on this machine"]
        return "\n".join([*lines, *_on_azure(settings)])
    table = guess.prices
    lines += [
        (
            f"  cost       {guess.usd:>8.2f}   US dollars: {guess.text_usd:.2f} text ({table.text_model}), "
            f"{guess.image_usd:.2f} images ({table.image_model})"
        ),
        f"  time       {guess.minutes:>8.0f}   minutes, at {guess.images_per_minute:.0f} images a minute",
        "",
        (
            f"Prices of {table.dated}; PRICES_FILE names a table of your own. "
            "IMAGE_REQUESTS_PER_MINUTE tells the quota of your deployment."
        ),
    ]
    return "\n".join(lines)


def _on_azure(settings: Settings) -> list[str]:
    """What the same run would cost on Azure, for whoever tries it offline first."""
    from .costs import Prices
    from .report import estimate
    from .store import Store

    paid = settings.model_copy(update={"provider": "azure"})
    table = Prices.load(settings.prices_file)
    guess = estimate(paid, Store(settings.output_dir), table, images=0)
    return [
        "",
        (
            f"The whole catalogue on Azure ({table.text_model}, {table.image_model}) would cost about ${guess.usd:.2f} "
            f"and take about {guess.minutes:.0f} minutes (prices of {table.dated})."
        ),
    ]


def summary_text(outcome: Outcome, settings: Settings) -> str:
    """The closing summary: what is there, what it took, and what to do about what is missing."""
    account = outcome.account
    head = "Nothing to do: the catalogue is complete." if outcome.idle else None
    head = head or ("Complete." if outcome.complete else "Incomplete: run the same command again to go on.")
    pictures = "no images (dry run)" if settings.dry_run else f"{outcome.images} images"
    lines = [head, f"  {outcome.categories} categories, {outcome.items} items, {pictures} in {settings.output_dir}"]
    if not outcome.idle:
        lines += [
            (
                f"  this run: {account.categories} categories, {account.items} items, {account.images} images "
                f"in {account.seconds:.1f} s"
            ),
            (
                f"  calls: {account.calls['text']} text, {account.calls['image']} image; "
                f"{account.retries.total()} retries; cost ${account.cost_usd:.2f}"
            ),
        ]
    if account.rejected_items:
        top = ", ".join(f"{rule} {count}" for rule, count in account.rejected.most_common(3))
        lines.append(f"  {account.rejected_items} items refused ({top}): see rejected_items.jsonl")
    if outcome.items < outcome.wanted:
        lines.append(f"  {outcome.wanted - outcome.items} items are missing: run again to go on")
    if outcome.missing:
        lines.append(f"  {len(outcome.missing)} images are missing: run again with --resume to make them")
    if account.failed:
        lines.append(f"  {len(account.failed)} images failed in this run: failed_images.log names each with its reason")
    return "\n".join(lines)


class _Masked(logging.Formatter):
    """Shows a key as *** wherever a library logs one."""

    def __init__(self, secrets: Sequence[str]) -> None:
        super().__init__("%(levelname)s %(name)s: %(message)s")
        self._secrets = secrets

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text


class _AboveTheBars(logging.Handler):
    """Writes log lines above tqdm's bars."""

    def emit(self, record: logging.LogRecord) -> None:
        from tqdm import tqdm

        with contextlib.suppress(Exception):
            tqdm.write(self.format(record), file=sys.stderr)


def _log_to_stderr(settings: Settings) -> None:
    handler = _AboveTheBars()
    handler.setFormatter(_Masked(settings.secrets()))
    root = logging.getLogger()
    for old in [old for old in root.handlers if isinstance(old, _AboveTheBars)]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel("DEBUG" if settings.log_level == "DEBUG" else "WARNING")
    logging.getLogger("datagen_lib").setLevel(settings.log_level)


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()
