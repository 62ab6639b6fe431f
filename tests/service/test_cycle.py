"""What a service counts by, found in calls and openings."""

from __future__ import annotations

import pytest

from datagen_lib.service.cycle import Cycle, find


def used_up(windows: list[int], seconds: float) -> tuple[list[float], list[float]]:
    """Calls that use each window up at its begin, and the openings after each."""
    starts = [seconds * number + 0.1 * call for number, calls in enumerate(windows) for call in range(calls)]
    return starts, [seconds * (number + 1) for number in range(len(windows))]


@pytest.mark.parametrize(
    ("windows", "seconds", "cycle"),
    [
        ([1] * 5, 10.0, Cycle(1, 10.0)),
        ([1, 2] * 4, 10.0, Cycle(3, 20.0)),
        ([1, 2, 2] * 3, 10.0, Cycle(5, 30.0)),
        ([25] * 4, 5.0, Cycle(25, 5.0)),
    ],
)
def test_windows_that_take_turns_are_one_cycle(windows: list[int], seconds: float, cycle: Cycle) -> None:
    """Windows of one number or of several in turn: the cycle has their calls and their length."""
    found = find(*used_up(windows, seconds))

    assert found is not None
    assert found.rate == pytest.approx(cycle.rate, rel=0.04)
    assert found.seconds % cycle.seconds == pytest.approx(0, abs=0.3)


def test_too_few_openings_show_no_cycle() -> None:
    """Two openings can agree by chance: three are asked for."""
    assert find(*used_up([1, 1], 10.0)) is None


def test_openings_that_follow_nothing_show_no_cycle() -> None:
    """Where the service opens at any time, as a busy one does, no number of calls explains it."""
    assert find([0.0, 1.0, 5.0, 6.0, 20.0], [0.5, 4.0, 5.5, 19.0, 60.0]) is None


def test_a_cycle_explains_only_its_own_openings() -> None:
    """The opening comes when the N-th last call is W seconds old, give or take little."""
    cycle = Cycle(3, 20.0)

    assert cycle.explains([0.0, 10.0, 10.1], 20.2)
    assert not cycle.explains([0.0, 10.0, 10.1], 25.0)
    assert not cycle.explains([10.0, 10.1], 20.0)
