"""What calls cost: the dated price table, and the ledger that keeps a run inside its budget.

A call promises what it may cost at most before it is made: a text call all the tokens that its answer is allowed
(MAX_OUTPUT_TOKENS), a picture the price of its quality, and both no less than the dearest call of their kind so far.
It then settles what it did cost. Where no usage comes (the service counts none, the answer was cut or never came), the
promise is what it is taken to have cost: the work may have been done and be on the bill.

The table (`prices.json`, or the file that PRICES_FILE names) holds list prices in US dollars per million tokens; the
date stands in it. A deployment's name is the user's own, so the model is guessed from it: the longest listed model
name that it contains, else the table's default.
"""

from __future__ import annotations

import asyncio
import json
import math
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any, Self

from datagen_lib.errors import BudgetReached, SettingsError
from datagen_lib.events import Kind
from datagen_lib.settings import Settings

from .endpoints import endpoints

CHARACTERS_PER_TOKEN = 3.0  # on the safe side of English text's 4
TOKENS_PER_ITEM = 180
REASONING_TOKENS = 1500
DUST = 1e-9  # dollars: what adding up leaves


@dataclass(frozen=True)
class Prices:
    """The prices that apply to one pair of deployments; all zero for the offline model."""

    dated: str
    text_model: str
    image_model: str
    text: dict[str, float]
    image: dict[str, float]
    image_output_tokens: dict[str, int]

    @classmethod
    def load(cls, path: Path | None = None, *, text: str = "", image: str = "") -> Self:
        """The prices of the deployments (or models) `text` and `image`.

        Raises:
            SettingsError: when the user's own table can't be read.
        """
        source = files(__package__).joinpath("prices.json") if path is None else path
        try:
            table: dict[str, Any] = json.loads(source.read_text(encoding="utf-8"))
            text_model, image_model = _match(table, "text", text), _match(table, "image", image)
            return cls(
                dated=str(table["dated"]),
                text_model=text_model,
                image_model=image_model,
                text={key: float(value) for key, value in table["text"][text_model].items()},
                image={key: float(value) for key, value in table["image"][image_model].items()},
                image_output_tokens={key: int(value) for key, value in table["image_output_tokens"].items()},
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            reason = f"{type(error).__name__}: {error}"
            problem = f"PRICES_FILE={path}: is not a price table ({reason}); copy datagen_lib/service/prices.json"
            raise SettingsError([f"{problem} and edit it"]) from error

    @classmethod
    def free(cls) -> Self:
        """Nothing costs anything: the offline model."""
        tokens = {"low": 272, "medium": 1056, "high": 4160, "auto": 4160}
        return cls("", "offline", "offline", {"input": 0.0, "output": 0.0}, {"input": 0.0, "output": 0.0}, tokens)

    def text_call(self, input_tokens: int, output_tokens: int, cached_tokens: int = 0) -> float:
        """Dollars of a text call."""
        cached = self.text.get("cached_input", self.text["input"]) * cached_tokens
        fresh = self.text["input"] * max(0, input_tokens - cached_tokens)
        return (fresh + cached + self.text["output"] * output_tokens) / 1e6

    def image_call(self, quality: str, input_tokens: int = 60, output_tokens: int | None = None) -> float:
        """Dollars of one 1024x1024 picture; by the quality where the service counted no tokens."""
        out = self.image_output_tokens.get(quality, 0) if output_tokens is None else output_tokens
        return (self.image["input"] * input_tokens + self.image["output"] * out) / 1e6

    def text_most(self, characters: int, tokens: int) -> float:
        """Dollars that a text call may cost at most: what it reads, and all `tokens` that its answer is allowed."""
        return self.text_call(math.ceil(characters / CHARACTERS_PER_TOKEN), tokens)


def prices(settings: Settings) -> Prices:
    """The prices of the deployments that the settings name."""
    found = endpoints(settings)
    if all(endpoint.free for endpoint in found.values()):
        return Prices.free()
    return Prices.load(settings.prices_file, text=found["text"].name, image=found["image"].name)


def _match(table: dict[str, Any], kind: str, name: str) -> str:
    folded = name.lower()
    listed = sorted((model for model in table[kind] if model in folded), key=len)
    return str(listed[-1] if listed else table["default"][kind])


@dataclass
class Bill:
    """What some calls cost together, in US dollars: for whoever makes them and wants to know."""

    usd: float = 0.0

    def add(self, usd: float) -> None:
        """A call has ended and cost this much."""
        self.usd += usd


@dataclass
class Ledger:
    """Money spent and promised in this run, in US dollars.

    A call that would fit but for what is promised to others waits until they have settled: most cost less than they
    may. Worked example, a budget of $0.50 and calls that may cost $0.16 each: three go at once ($0.48), the fourth
    waits; the first settles at $0.01, and the fourth goes.

    Attributes:
        prices: the table that applies.
        max_cost: MAX_COST_USD, or None for no bound.
        spent: settled so far.
        reserved: promised to the calls under way.
        dearest: the dearest call of each kind so far.
    """

    prices: Prices
    max_cost: float | None = None
    spent: float = 0.0
    reserved: float = 0.0
    dearest: dict[Kind, float] = field(default_factory=dict)
    _settled: asyncio.Event = field(default_factory=asyncio.Event, repr=False)

    async def reserve(self, kind: Kind, amount: float) -> float:
        """Promise at least `amount` to a call; returns what is promised.

        Raises:
            BudgetReached: when the run could then cost more than allowed, whatever the calls under way cost.
        """
        while True:
            most = max(amount, self.dearest.get(kind, 0.0))
            if self.max_cost is None or self.spent + self.reserved + most <= self.max_cost + DUST:
                self.reserved += most
                return most
            if self.reserved <= DUST or self.spent + most > self.max_cost + DUST:
                raise BudgetReached(
                    f"the next {kind} call could take this run past its budget of ${self.max_cost:.2f} "
                    f"(${self.spent:.2f} spent, up to ${max(0.0, self.reserved):.2f} under way, "
                    f"up to ${most:.3f} for this call)",
                    hint="Everything made so far is kept. Raise MAX_COST_USD or --max-cost and run again to go on"
                    + ("; MAX_OUTPUT_TOKENS lowers what a call may cost." if kind == "text" else "."),
                )
            self._settled.clear()
            await self._settled.wait()

    def settle(self, kind: Kind, promised: float, cost: float) -> None:
        """Replace what was promised to a call by what it cost."""
        self.reserved -= promised
        self.spent += cost
        self.dearest[kind] = max(cost, self.dearest.get(kind, 0.0))
        self._settled.set()
