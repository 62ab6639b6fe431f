"""How long an answer takes."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest
from fakes.callers import chat

from offline_model import Server


def test_a_stream_is_paced_evenly_over_its_latency(serve: Callable[..., Server], waits: list[float]) -> None:
    """The text's deltas are due at even steps, the last of them when the latency is over."""
    server = serve(text_latency=30)
    chat(server, stream=True)
    steps = [after - before for before, after in pairwise(waits)]
    began = server.calls[0].started

    assert len(waits) > 20
    assert max(steps) - min(steps) == pytest.approx(0, abs=1e-6)
    assert waits[-1] - began == pytest.approx(30, abs=5)


def test_a_latency_may_be_a_spread(serve: Callable[..., Server], waits: list[float]) -> None:
    """Each call draws its own between the two ends, the same again from the same seed."""
    drawn = []
    for _ in range(2):
        server = serve(text_latency=(1000, 2000))
        waits.clear()
        for _ in range(6):
            chat(server)
        drawn.append([round(moment - call.started, -1) for moment, call in zip(waits, server.calls, strict=True)])

    assert drawn[0] == drawn[1]
    assert all(990 <= latency <= 2010 for latency in drawn[0])
    assert len(set(drawn[0])) > 3
