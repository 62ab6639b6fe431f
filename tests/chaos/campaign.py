"""Chaos: faults drawn from a seed, one a round, for as long as is asked for.

    uv run pytest tests/chaos                           a few rounds of each campaign, two minutes in all
    uv run pytest tests/chaos --chaos-minutes 60        as many as an hour holds; also CHAOS_MINUTES=60
    uv run pytest tests/chaos --chaos-seed 7 --chaos-round 12 -k disk       one round again, as a failure names it

This module is a plugin of pytest: it has the options, the fixture `chaos`, and the count at the end of the run.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import pytest
from conftest import VARIABLES, Command

CAMPAIGNS = 9  # that share the minutes
MINUTES = 2.0
PROPERTY = "chaos"


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("chaos", "tests/chaos")
    group.addoption(
        "--chaos-minutes", type=float, default=None, help="go on for so long (default: two minutes or less)"
    )
    group.addoption("--chaos-seed", type=int, default=None, help="what the faults are drawn from (default 1)")
    group.addoption("--chaos-round", type=int, default=None, help="play this round only")


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say what was tried, also where the tests ran in other processes."""
    tried: Counter[str] = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            if getattr(report, "when", "") == "teardown":
                tried.update({name[6:]: count for name, count in report.user_properties if name.startswith("chaos ")})
    if tried:
        listed = ", ".join(f"{name} {count}" for name, count in sorted(tried.items()))
        terminalreporter.write_line(f"chaos: {tried.total()} faults tried and survived: {listed}")


def _minutes(config: pytest.Config) -> float:
    """What was asked for; 0 where nothing was."""
    return config.getoption("--chaos-minutes") or float(os.environ.get("CHAOS_MINUTES", "0"))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Campaigns are slow; let none that is to take an hour be ended as one that hangs."""
    for item in items:
        if "chaos" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)
            if minutes := _minutes(config):
                item.add_marker(pytest.mark.timeout(60 * minutes + 300))


class Round:
    """One round: its own random numbers, its own folder; names itself where something in it fails."""

    def __init__(self, label: str, rng: random.Random, home: Path, command: Command) -> None:
        self.rng, self.home, self.command = rng, home, command
        self.fault = "not yet chosen"
        self._label = label

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if error is not None:
            error.add_note(f"chaos: {self._label}; the fault: {self.fault}")


class Chaos:
    """The rounds of one test."""

    def __init__(
        self,
        request: pytest.FixtureRequest,
        home: Path,
        patch: pytest.MonkeyPatch,
        capture: pytest.CaptureFixture[str],
    ) -> None:
        config = request.config
        minutes = _minutes(config)
        self._unbounded = bool(minutes)
        self._seconds = 60 * (minutes or MINUTES) / CAMPAIGNS
        self._seed = config.getoption("--chaos-seed") or int(os.environ.get("CHAOS_SEED", "1"))
        self._only = config.getoption("--chaos-round")
        self._request, self._home, self._patch, self._capture = request, home, patch, capture
        self._survived: Counter[str] = Counter()

    def rounds(self, most: int) -> Iterator[Round]:
        """Rounds, until there were `most` of them (without an hour to fill) or the time is over."""
        name = self._request.node.name
        until = time.monotonic() + self._seconds
        number = 0
        while time.monotonic() < until and (self._unbounded or number < most):
            number += 1
            if self._only is not None and number != self._only:
                if number > self._only:
                    return
                continue
            label = f"--chaos-seed {self._seed} --chaos-round {number} -k {name}"
            with self._folder(f"{number}") as home:
                command = Command(home, self._patch, self._capture)
                yield Round(label, random.Random(f"{self._seed}/{name}/{number}"), home, command)

    @contextlib.contextmanager
    def _folder(self, name: str) -> Iterator[Path]:
        home = self._home / name
        home.mkdir()
        (home / "pyproject.toml").touch()
        with self._patch.context() as patch:
            for variable in VARIABLES:
                patch.delenv(variable, raising=False)
            patch.chdir(home)
            yield home
        shutil.rmtree(home)

    def survived(self, kind: str) -> None:
        """Count a fault of this kind."""
        self._survived[kind] += 1

    def close(self) -> None:
        self._request.node.user_properties += [(f"chaos {kind}", count) for kind, count in self._survived.items()]


@pytest.fixture
def chaos(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Chaos]:
    campaign = Chaos(request, tmp_path, monkeypatch, capsys)
    yield campaign
    campaign.close()
