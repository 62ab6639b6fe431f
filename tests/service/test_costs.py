"""MAX_COST_USD holds, whatever the service counts and however its answers end."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from conftest import Command
from fakes.service import Answer, Request, Service, chunk, error, events
from service.test_bodies import good

from datagen_lib.errors import BudgetReached, DatagenError
from datagen_lib.events import CallDone
from datagen_lib.service import retry
from datagen_lib.service.client import Client
from datagen_lib.service.costs import Ledger, Prices
from datagen_lib.settings import Settings

TEXT_PRICE = 10e-6  # dollars of an output token


def usage(tokens: int) -> dict[str, Any]:
    return {**chunk(), "choices": [], "usage": {"prompt_tokens": 900, "completion_tokens": tokens}}


def test_a_model_that_thinks_as_long_as_it_may_stays_inside(command: Command) -> None:
    """Every answer uses all the tokens that it is allowed: the run still costs no more than its budget."""
    spent = []

    def script(request: Request) -> Answer:
        tokens = request.body["max_completion_tokens"]
        spent.append(900 * 1.25e-6 + tokens * TEXT_PRICE)
        answer = good(request)
        return Answer(answer.body.replace(b"data: [DONE]", b"") + events(usage(tokens)).body, kind=answer.kind)

    with Service(script) as service:
        command.set(**service.settings)
        result = command("--target-count", "200", "--batch-size", "20", "--dry-run", "--max-cost", "0.50")

    assert result.code == 1
    assert "MAX_COST_USD" in result.err
    assert sum(spent) <= 0.50
    assert command.folder.report["cost_usd"] == pytest.approx(sum(spent), abs=0.001)


@pytest.mark.parametrize("end", ["no usage", "cut"])
def test_what_nobody_counted_is_counted_at_the_most(command: Command, end: str) -> None:
    """Answers without usage, and answers that break off, are counted at all that they may have cost."""

    def script(request: Request) -> Answer:
        answer = good(request)
        return answer if end == "no usage" else Answer(answer.body[:300], kind=answer.kind, cut=True)

    with Service(script) as service:
        command.set(**service.settings)
        result = command("--target-count", "200", "--batch-size", "20", "--dry-run", "--max-cost", "0.50")

    assert result.code == 1
    assert len(service.requests) <= 3
    assert 0 < command.folder.report["cost_usd"] <= 0.50


def test_a_refusal_costs_nothing(home: Path) -> None:
    """What the service did not do is not counted: a refusal, and a connection that never was."""
    assert spent_on(error(400, "odd"), home) == 0
    assert spent_on(error(503, "busy"), home) == 0
    assert spent_on(None, home) == 0


def test_an_error_in_place_of_an_answer_costs_nothing(home: Path) -> None:
    """An error object with HTTP 200 and nothing before it is a refusal."""
    assert spent_on(Answer({"error": {"code": 429, "message": "Busy."}}), home) == 0


def spent_on(answer: Answer | None, home: Path) -> float:
    """Dollars that one failing text call costs; None for a server that is not there."""
    from datagen_lib.models import CategoriesWire

    told: list[Any] = []

    async def work(service: Service) -> None:
        environ = service.settings | ({} if answer else {"AZURE_OPENAI_ENDPOINT": "http://127.0.0.1:9"})
        settings = Settings.load(environ=environ | {"MAX_RETRIES": "0"}, root=home)
        async with Client(settings, listen=told.append) as client:
            async for _ in client.objects(system="s", user="u", wire=CategoriesWire, count=2):
                pass

    with Service([answer or Answer()]) as service, retry.testing(), pytest.raises(DatagenError):
        asyncio.run(work(service))
    return sum(event.cost_usd for event in told if isinstance(event, CallDone))


def ledger(budget: float) -> Ledger:
    return Ledger(Prices.load(), budget)


def test_a_call_waits_for_what_others_leave_over() -> None:
    """A call that fits but for the promises of others waits until they have settled, and then goes."""

    async def work() -> float:
        account = ledger(0.50)
        first = [await account.reserve("text", 0.16) for _ in range(3)]
        fourth = asyncio.create_task(account.reserve("text", 0.16))
        await asyncio.sleep(0)
        waited = not fourth.done()
        account.settle("text", first[0], 0.01)
        assert waited
        return await fourth

    assert asyncio.run(work()) == 0.16


def test_a_call_that_can_never_fit_is_told_so() -> None:
    """What is spent leaves no room, whatever the calls under way cost: the call is refused at once."""

    async def work() -> None:
        account = ledger(0.50)
        account.settle("text", await account.reserve("text", 0.40), 0.40)
        await account.reserve("image", 0.05)
        await account.reserve("text", 0.16)

    with pytest.raises(BudgetReached):
        asyncio.run(work())


def test_the_dearest_call_so_far_is_the_next_ones_promise() -> None:
    """A service that draws dearer than it was asked is believed: no later call promises less."""

    async def work() -> float:
        account = ledger(10.0)
        account.settle("image", await account.reserve("image", 0.01), 0.17)
        return await account.reserve("image", 0.01)

    assert asyncio.run(work()) == 0.17
