"""When new picture calls are held back."""

from __future__ import annotations

import asyncio

from datagen_lib.stages.probing import Probing


def test_doubt_lets_one_call_go_at_a_time() -> None:
    """After an answer that can't be used, calls go one by one; after a good picture, together again."""

    async def scenario() -> list[int]:
        probing, at_once, seen = Probing(), 0, []

        async def call() -> None:
            nonlocal at_once
            async with probing.turn():
                at_once += 1
                seen.append(at_once)
                await asyncio.sleep(0)
                await asyncio.sleep(0)
                at_once -= 1

        await asyncio.gather(*(call() for _ in range(3)))
        probing.doubt()
        await asyncio.gather(*(call() for _ in range(3)))
        probing.proven()
        await asyncio.gather(*(call() for _ in range(3)))
        return seen

    assert asyncio.run(scenario()) == [1, 2, 3, 1, 1, 1, 1, 2, 3]


def test_a_call_that_is_cancelled_makes_room() -> None:
    """Who is cancelled while it waits or calls holds nobody up."""

    async def scenario() -> None:
        probing = Probing()
        probing.doubt()

        async def call(seconds: float) -> None:
            async with probing.turn():
                await asyncio.sleep(seconds)

        first, second, third = (asyncio.create_task(call(seconds)) for seconds in (9, 9, 0))
        await asyncio.sleep(0)
        second.cancel()
        first.cancel()
        await asyncio.wait_for(third, 5)

    asyncio.run(scenario())
