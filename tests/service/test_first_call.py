"""The gate: until the service has let one call in, calls go one by one."""

from __future__ import annotations

import asyncio

from datagen_lib.service.first_call import Gate


def at_once(*outcomes: bool) -> list[int]:
    """How many calls were inside together, seen by each call in its turn; `outcomes` says which are let in."""
    inside = 0
    seen: list[int] = []

    async def call(gate: Gate, *, let_in: bool) -> None:
        nonlocal inside
        async with gate.passage() as passage:
            inside += 1
            await asyncio.sleep(0)
            if let_in:
                passage.let_in()
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            seen.append(inside)
            inside -= 1

    async def work() -> None:
        gate = Gate()
        await asyncio.gather(*(call(gate, let_in=let_in) for let_in in outcomes))

    asyncio.run(work())
    return seen


def test_refused_calls_go_one_by_one() -> None:
    """While each call is refused, the next one goes when it is over."""
    assert at_once(False, False, False, False) == [1, 1, 1, 1]


def test_all_go_when_one_was_let_in() -> None:
    """Once a call has been let in, nobody waits for its end."""
    assert max(at_once(False, True, True, True)) > 1


def test_a_call_that_breaks_lets_the_next_one_try() -> None:
    """A call that ends in an error gives its turn back."""

    async def work() -> bool:
        gate = Gate()
        try:
            async with gate.passage():
                raise KeyError
        except KeyError:
            pass
        async with gate.passage():
            return gate.is_open

    assert asyncio.run(work()) is False


def test_nobody_waits_for_a_slow_first_answer() -> None:
    """A first call that is not refused within the patience counts as let in: the next go beside it."""

    async def work() -> bool:
        gate = Gate(patience=0.0)
        async with gate.passage(), gate.passage():
            return gate.is_open

    assert asyncio.run(work())
