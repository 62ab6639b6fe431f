"""What one looks at before a run: the settings found, one tiny call to each deployment, the price."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import aclosing
from typing import Any

import pandas as pd
from pydantic import BaseModel

from datagen_lib import lab
from datagen_lib.errors import ContentFiltered, DatagenError, EndpointRefused, MalformedAnswer
from datagen_lib.events import Kind
from datagen_lib.folder.store import Store
from datagen_lib.masking import mask
from datagen_lib.models import OPENINGS, TAIL, CategoriesWire
from datagen_lib.pipeline.plan import make_plan
from datagen_lib.pipeline.price import price
from datagen_lib.prompts import CATEGORIES, categories_request
from datagen_lib.runner import run_sync
from datagen_lib.service.client import Client
from datagen_lib.service.costs import Prices, prices
from datagen_lib.service.drawn import Drawn
from datagen_lib.service.endpoints import endpoints
from datagen_lib.settings import REQUIRED, Settings, variable

from .form import Form, shown
from .html import Html, fill, output, table_html
from .show import picture_html, table

PROBE_TIMEOUT = 180.0  # s; a picture takes a minute at times
PROBE_RETRIES = 2
PROBE_PROMPT = f"{OPENINGS[0]}, lighthouse keeper, yellow raincoat, friendly smile, lantern in hand, {TAIL}"
PROBE_SIZE = 256  # pixels, as shown
EACH_ANSWERS = "Each deployment answers."
QUALITIES = ("low", "medium", "high")


def settings_table(form: Form | None = None, **given: Any) -> pd.DataFrame:
    """Which settings are set, and from where; those that Azure needs are listed, set or not. No secret is shown.

    Args:
        form: says what was changed in it.
        **given: the explicit arguments, by field.

    Returns:
        Index setting (the variable's name); columns value, from, what.
    """
    changes = form.changes if form is not None else {}
    sources: dict[str, tuple[Any, str]] = {
        **lab.origins(**given),
        **{name: (value, "form") for name, value in changes.items()},
    }
    listed = [n for n in Settings.model_fields if n in sources or n in REQUIRED["azure"] or n in ("provider", *given)]
    records: list[tuple[str, ...]] = []
    for name in listed:
        value, source = sources.get(name, (Settings.model_fields[name].default, "default"))
        if name == "output_dir" and form is not None:
            value = form.settings.output_dir
        elif name == "provider" and value == "auto" and form is not None:
            value = f"auto: {form.settings.provider}"
        secret = "SecretStr" in str(Settings.model_fields[name].annotation)
        text = "set (hidden)" if secret and value is not None else mask(shown(value))
        origin = "nowhere" if value is None else "this notebook" if source == "argument" else source
        records.append((variable(name), text, origin, str(Settings.model_fields[name].description)))
    return pd.DataFrame(records, columns=["setting", "value", "from", "what"]).set_index("setting")


async def ask(settings: Settings, *, system: str, user: str, wire: type[BaseModel], count: int) -> str:
    """One structured call, kept nowhere: the answer's raw text. A torn answer is asked for again, as the stages do.

    Raises:
        DatagenError: it can't be had, even after the retries.
    """
    raw: list[str] = []

    async def call() -> None:
        raw.clear()
        stream = client.objects(system=system, user=user, wire=wire, count=count, record=raw)
        async with aclosing(stream):
            async for _ in stream:
                pass

    async with Client(settings) as client:
        for last in (False, True):
            try:
                await client.with_retries("text", call)
                break
            except (MalformedAnswer, ContentFiltered):
                if last:
                    raise
    return "".join(raw)


class Probe:
    """What each deployment answered, as a table and a picture.

    Attributes:
        answers: index deployment; columns result ("pass" or "fail"), seconds, says: what came back, or what to change.
        picture: the picture's bytes, or None.
    """

    def __init__(self, answers: pd.DataFrame, picture: bytes | None) -> None:
        self.answers, self.picture = answers, picture

    @property
    def ok(self) -> bool:
        """Whether every deployment answered."""
        return set(self.answers["result"]) == {"pass"}

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        shown = table(self.answers, index=True)
        html = shown.html
        if self.picture is not None:
            html += picture_html(self.picture, f"The picture of: {PROBE_PROMPT}", PROBE_PROMPT, size=PROBE_SIZE)
        return Html(html, shown.text)._repr_mimebundle_()


async def probe(settings: Settings) -> Probe:
    """One tiny call to each deployment: a category, and a picture of low quality (about a cent on Azure)."""
    small = settings.changed(
        image_quality="low",
        request_timeout=min(PROBE_TIMEOUT, settings.request_timeout),
        max_retries=min(PROBE_RETRIES, settings.max_retries),
    )
    drawn: list[bytes] = []
    records = [await _probe(small, kind, drawn) for kind in ("text", "image")]
    answers = pd.DataFrame(records, columns=["deployment", "result", "seconds", "says"]).set_index("deployment")
    return Probe(answers, drawn[0] if drawn else None)


def passed(probed: Probe) -> Html:
    """Go on only where each deployment passed.

    Raises:
        EndpointRefused: naming each that failed, with the setting to change.
    """
    failed = probed.answers[probed.answers["result"] != "pass"]
    if len(failed):
        raise EndpointRefused("; ".join(f"{name} failed: {says}" for name, says in failed["says"].items()))
    return Html(fill("<p>{}</p>", EACH_ANSWERS), EACH_ANSWERS)


async def _probe(settings: Settings, kind: Kind, drawn: list[bytes]) -> tuple[str, str, float, str]:
    begun = time.monotonic()
    endpoint = endpoints(settings)[kind]
    name = f"{kind}: {'offline model' if endpoint.free else endpoint.name}"
    try:
        says = await (_one_category(settings) if kind == "text" else _one_picture(settings, drawn))
    except DatagenError as error:
        # The whole of it: this is the moment to mend what is wrong.
        return name, "fail", round(time.monotonic() - begun, 1), str(error).replace("\n  → ", ". What to do: ")
    return name, "pass", round(time.monotonic() - begun, 1), says


async def _one_category(settings: Settings) -> str:
    answer = await ask(
        settings, system=CATEGORIES.system(), user=categories_request(CATEGORIES, 1), wire=CategoriesWire, count=1
    )
    return f"a category: {json.loads(answer)['categories'][0]['name']}"


async def _one_picture(settings: Settings, drawn: list[bytes]) -> str:
    async def call() -> Drawn:
        return await client.picture(PROBE_PROMPT)

    async def look(answer: Drawn) -> None:
        drawn.append(bytes(await answer.bytes()))

    async with Client(settings) as client:
        await client.with_retries("image", call, finish=look)
    return f"a picture of {len(drawn[0]) // 1024:,} KB"


def price_table(settings: Settings) -> Html:
    """What the run to come would cost and take, by the pictures' quality; what is on disk is not paid again."""
    try:
        records, dated = _price_records(settings)
    except DatagenError as error:
        return Html(fill("<p>{}</p>", error), str(error))
    columns = ["picture quality", "text calls", "image calls", "US dollars", "minutes"]
    if settings.provider == "offline":
        above = "This run is free: the offline model draws on this machine. On Azure the same would take:"
    else:
        above = f"What this run would take with {settings.provider}:"
    below = f"Prices of {dated}. Minutes at {records[0][5]} pictures a minute; a deployment of yours may allow more."
    rows = [record[:5] for record in records]
    html = fill("<p>{}</p>{}<p>{}</p>", above, table_html(columns, rows), below)
    return Html(html, "\n".join([above, *("  ".join(record[:5]) for record in records), below]))


def _price_records(settings: Settings) -> tuple[list[tuple[str, ...]], str]:
    """A row for each quality; offline, of the same work on Azure, which would start in a folder of its own."""
    offline = settings.provider == "offline"
    table = Prices.load(settings.prices_file) if offline else prices(settings)
    store = Store(settings.output_dir) if offline else Store.peek(settings.output_dir)
    asked = settings.model_copy(update={"provider": "azure"}) if offline else settings
    plan = run_sync(make_plan(asked, store))
    if plan.refused is not None:
        raise plan.refused
    records: list[tuple[str, ...]] = []
    for quality in QUALITIES:
        cost = price(plan, asked.model_copy(update={"image_quality": quality}), table)
        chosen = f"{quality} (chosen)" if quality == settings.image_quality else quality
        minutes = f"{cost.minutes:,.0f}" if cost.minutes >= 1 or not plan.images else "under 1"
        records.append(
            (
                chosen,
                f"{plan.text_calls:,}",
                f"{plan.images:,}",
                f"{cost.usd:,.2f}",
                minutes,
                f"{cost.images_per_minute:.0f}",
            )
        )
    return records, table.dated


def follow(form: Form, render: Callable[[Settings], Html]) -> None:
    """Show `render(settings)` in this cell, and again after each change in the form."""
    show = output(render(form.settings))
    form.on_change(lambda settings: show(render(settings)))
