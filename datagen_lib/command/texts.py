"""What the command says: its opening, the estimate, the closing summary."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datagen_lib.pipeline.plan import Estimate
    from datagen_lib.pipeline.run import Outcome
    from datagen_lib.settings import Settings


def opening(settings: Settings, *, chosen: bool) -> str:
    if settings.provider == "offline":
        why = "" if chosen else " because no AZURE_OPENAI_* is set"
        return f"Using the offline model{why}: free, no key, drawn on this machine. Output: {settings.output_dir}"
    where = settings.azure_openai_endpoint if settings.provider == "azure" else settings.openai_base_url
    return f"Using {settings.provider}{f' at {where}' if where else ''}. Output: {settings.output_dir}"


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
    from datagen_lib.folder.store import Store
    from datagen_lib.pipeline.plan import estimate
    from datagen_lib.service.costs import Prices

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
