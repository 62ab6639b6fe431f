"""What the command says: its opening, the estimate, the closing summary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datagen_lib.masking import mask
from datagen_lib.models import CATEGORY_COUNT
from datagen_lib.text import counted

if TYPE_CHECKING:
    from datagen_lib.pipeline.plan import Plan
    from datagen_lib.pipeline.price import Price
    from datagen_lib.pipeline.run import Outcome
    from datagen_lib.quality.check import Check
    from datagen_lib.settings import Settings


def opening(settings: Settings, *, chosen: bool) -> str:
    if settings.replay_dir is not None:
        return (
            f"Playing back the answers in {settings.replay_dir}: free, no key; what is not there, the offline model "
            f"makes. Output: {settings.output_dir}"
        )
    if settings.provider == "offline":
        why = "" if chosen else " because no AZURE_OPENAI_* is set"
        return f"Using the offline model{why}: free, no key, drawn on this machine. Output: {settings.output_dir}"
    where = settings.azure_openai_endpoint or settings.openai_base_url
    return f"Using {settings.provider}{f' at {mask(where)}' if where else ''}. Output: {settings.output_dir}"


def estimate_text(plan: Plan, cost: Price, settings: Settings, *, on_azure: Price | None = None) -> str:
    """The estimate on one screen.

    Args:
        plan: what the run would do.
        cost: what that costs.
        settings: of the run.
        on_azure: what the whole catalogue would cost there, for whoever tries it offline first.
    """
    made = [counted(plan.categories, "category", "categories"), counted(plan.items, "item")]
    lines = [
        f"This run would make {made[0]}, {made[1]} and {counted(plan.images, 'image')}",
        f"  in {settings.output_dir}",
        "",
        f"  text calls   {plan.text_calls:>6}   about {cost.input_tokens:,} tokens in, {cost.output_tokens:,} out",
        f"  image calls  {plan.images:>6}   {cost.image_quality} quality",
    ]
    if plan.grades:
        lines.insert(-1, f"  grades       {plan.grades:>6}   by the text model, among its calls")
    if on_azure is not None:
        lines += ["  cost           free   the offline model runs on this machine", "", _azure_line(on_azure)]
        return "\n".join(lines)
    table = cost.prices
    lines += [
        (
            f"  cost       {cost.usd:>8.2f}   US dollars: {cost.text_usd:.2f} text ({table.text_model}), "
            f"{cost.image_usd:.2f} images ({table.image_model})"
        ),
        f"  time       {cost.minutes:>8.0f}   minutes, at {cost.images_per_minute:.0f} images a minute",
        "",
        (
            f"Prices of {table.dated}; PRICES_FILE names a table of your own. "
            "IMAGE_REQUESTS_PER_MINUTE tells the quota of your deployment."
        ),
    ]
    return "\n".join(lines)


def _azure_line(cost: Price) -> str:
    table = cost.prices
    return (
        f"The whole catalogue on Azure ({table.text_model}, {table.image_model}) would cost about ${cost.usd:.2f} "
        f"and take about {cost.minutes:.0f} minutes (prices of {table.dated})."
    )


def interrupted_text(outcome: Outcome) -> str:
    """The one line after a run that was asked to end and ended well."""
    counts = ((outcome.items, "item"), (outcome.images, "image"))
    items, images = (f"{n} {what}{'' if n == 1 else 's'}" for n, what in counts)
    return f"interrupted: {items} and {images} are on disk; the same command goes on from there."


def summary_text(outcome: Outcome, settings: Settings) -> str:
    """The closing summary: what is there, what it took, and what to do about what is missing."""
    account = outcome.account
    head = "Nothing to do: the catalogue is complete." if outcome.idle else None
    head = head or ("Complete." if outcome.complete else "Incomplete: run the same command again to go on.")
    pictures = "no images (dry run)" if settings.dry_run else counted(outcome.images, "image")
    there = f"{counted(outcome.categories, 'category', 'categories')}, {counted(outcome.items, 'item')}, {pictures}"
    lines = [head, f"  {there} in {settings.output_dir}"]
    if not outcome.idle:
        made = [counted(account.categories, "category", "categories"), counted(account.items, "item")]
        lines += [
            f"  this run: {made[0]}, {made[1]}, {counted(account.images, 'image')} in {account.seconds:.1f} s",
            (
                f"  calls: {account.calls['text']} text, {account.calls['image']} image; "
                f"{counted(account.retries.total(), 'retry', 'retries')}; cost ${account.cost_usd:.2f}"
            ),
        ]
    if account.grades:
        lowest, highest, mean = min(account.grades), max(account.grades), sum(account.grades) / len(account.grades)
        graded = f"{counted(len(account.grades), 'item')} by the text model, {lowest} to {highest}, mean {mean:.0f}"
        lines.append(f"  graded: {graded} (--check lists them)")
    if account.rejected_items:
        top = ", ".join(f"{rule} {count}" for rule, count in account.rejected.most_common(3))
        lines.append(f"  {counted(account.rejected_items, 'item')} refused ({top}): see rejected_items.jsonl")
    if outcome.categories < CATEGORY_COUNT:
        lines.append(f"  {_missing(CATEGORY_COUNT - outcome.categories, 'category', 'categories')}: run again to go on")
    if outcome.items < outcome.wanted:
        lines.append(f"  {_missing(outcome.wanted - outcome.items, 'item')}: run again to go on")
    if outcome.categories >= CATEGORY_COUNT and outcome.items >= outcome.wanted:
        lines += [f"  {problem}" for problem in outcome.problems]
    if outcome.missing:
        lines.append(f"  {_missing(len(outcome.missing), 'image')}: run again with --resume to make them")
    if account.failed:
        failed = counted(len(account.failed), "image")
        lines.append(f"  {failed} failed in this run: failed_images.log names each with its reason")
    return "\n".join(lines)


def _missing(number: int, one: str, many: str = "") -> str:
    return f"{counted(number, one, many)} {'is' if number == 1 else 'are'} missing"


def check_text(check: Check) -> str:
    """What a check found, a line for each thing looked at, with the first cases below it."""
    lines = []
    for finding in check.findings:
        lines.append(f"{'ok  ' if finding.ok else 'MEND'}  {finding.area:<12} {finding.text}")
        lines += [f"{'':19}{example}" for example in finding.examples]
    mend = sum(not finding.ok for finding in check.findings)
    lines.append(f"{counted(mend, 'thing')} to mend in {check.folder}" if mend else f"All is well in {check.folder}")
    return "\n".join(lines)
