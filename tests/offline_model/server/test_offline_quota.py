"""Requests a minute, as a deployment enforces them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from fakes.callers import chat, offline_threads, picture

from offline_model import Server, start
from offline_model.server.quota import Quota


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_fixed_window_starts_afresh() -> None:
    """The share of a minute passes in each window; what was refused in one does not count in the next."""
    clock = Clock()
    quota = Quota(12, window=10, kind="fixed", clock=clock)
    first = [quota.take() for _ in range(5)]
    clock.now += 9
    waits = quota.take()
    clock.now += 1

    assert (quota.share, quota.window) == (2, 10)
    assert first == [None, None, 10, 10, 10]
    assert waits == 1
    assert [quota.take() for _ in range(3)] == [None, None, 10]


@pytest.mark.parametrize(("counts", "after"), [(True, 10.0), (False, 4.0)])
def test_a_sliding_window_looks_back(counts: bool, after: float) -> None:
    """A refused request uses up quota or not, as it is set, and the wait that it names is enough."""
    clock = Clock()
    quota = Quota(12, window=10, kind="sliding", count_refused=counts, clock=clock)
    taken = []
    for _ in range(3):
        taken.append(quota.take())
        clock.now += 2
    second = quota.take()
    clock.now += 100
    rested = quota.take()
    quota.take()
    wait = quota.take()
    assert wait is not None
    clock.now += wait

    assert taken[:2] == [None, None]
    assert taken[2] == (8.0 if counts else 6.0)
    assert second == (8.0 if counts else after)
    assert rested is None
    assert quota.take() is None


def test_a_small_quota_gets_a_longer_window() -> None:
    """Nine a minute over ten seconds are one every 6.7 s, not two."""
    clock = Clock()
    quota = Quota(9, window=10, clock=clock)
    passed = 0
    for _ in range(600):
        passed += quota.take() is None
        clock.now += 0.1

    assert passed == 9


@pytest.mark.parametrize("options", [{"text_rpm": 0}, {"image_rpm": -1}, {"text_rpm": 5, "window": 0}])
def test_a_quota_must_be_more_than_nothing(options: dict[str, Any]) -> None:
    """Zero is no limit that anything could pass."""
    before = offline_threads()
    with pytest.raises(ValueError, match="more than 0"):
        start(**options)

    assert offline_threads() == before


def test_over_quota_the_answer_is_the_service_s_429(serve: Callable[..., Server]) -> None:
    """Its text with the word quota in a link, its code, both Retry-After headers and the counts; the other route goes
    on."""
    server = serve(text_rpm=1, image_rpm=60, window=60)
    first, second, other = chat(server), chat(server), picture(server)
    error = second.json()["error"]

    assert (first.status_code, second.status_code, other.status_code) == (200, 429, 200)
    assert error["code"] == "RateLimitReached"
    assert "ChatCompletions_Create" in error["message"]
    assert "quotaincrease" in error["message"]
    assert 0 < int(second.headers["retry-after"]) <= 60
    assert 0 < int(second.headers["retry-after-ms"]) <= 60_000
    assert first.headers["x-ratelimit-limit-requests"] == "1"
    assert first.headers["x-ratelimit-remaining-requests"] == "0"
    assert other.headers["x-ratelimit-remaining-requests"] == "59"
    assert other.headers["x-ratelimit-remaining-tokens"] == "59000"
    assert server.calls[1].fault == "quota"


@pytest.mark.parametrize(("headers", "left"), [("unknown", "-1"), ("off", None)])
def test_the_counts_may_be_unknown_or_absent(serve: Callable[..., Server], headers: str, left: str | None) -> None:
    """As they are on some deployments."""
    answer = chat(serve(text_rpm=60, rate_headers=headers))

    assert answer.headers.get("x-ratelimit-remaining-requests") == left
    assert ("x-ratelimit-limit-requests" in answer.headers) == (headers != "off")


def test_without_a_limit_there_are_no_counts(shared: Server) -> None:
    """No limit, no x-ratelimit header; the request's id and the region are always there."""
    headers = chat(shared).headers

    assert not [name for name in headers if name.startswith("x-ratelimit")]
    assert headers["apim-request-id"]
    assert headers["x-ms-region"]
