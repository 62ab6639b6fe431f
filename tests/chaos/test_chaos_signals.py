"""Signals to a real process, at any moment of its life."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable

import pytest
from chaos.campaign import Chaos
from chaos.contract import IN_FLIGHT, ended_in_words, files_hold, goes_on, items_on_disk, key_nowhere, nothing_lost
from chaos.folders import prepared
from conftest import Result, calls

from offline_model import Server

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of this kind are not sent on Windows")
NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGKILL", "SIGKILL")


def test_a_signal_costs_at_most_what_was_in_flight(chaos: Chaos, stand_in: Callable[..., Server]) -> None:
    """Whatever signal comes when: files that hold, no accepted item lost, and the next run goes on to the end.

    A first Ctrl-C and its kin cost no picture at all; a kill and an impatient second one only those in flight.
    """
    for each in chaos.rounds(16):
        with each, stand_in(text_latency=(0, 0.2), image_latency=(0, 0.3)) as server:
            rng, command = each.rng, each.command
            command.use(server)
            job = prepared(rng, command)
            before, since = items_on_disk(command.folder), len(calls(server, "image"))
            name, times = rng.choice(NAMES), rng.choice([1, 1, 2, 3])
            after, delay = rng.randrange(1, 9), rng.uniform(0, 0.2)
            each.fault = f"{times} {name} {delay:.2f} s after call {after} of a {job.name} run"

            seen = len(server.calls)
            process = command.process(*job.arguments)
            while process.poll() is None and len(server.calls) < seen + after:
                time.sleep(0.002)
            for _ in range(times):
                time.sleep(delay)
                process.send_signal(getattr(signal, name))
            out, err = process.communicate(timeout=120)
            result = Result(process.returncode, out.decode(), err.decode())

            killed = result.code == -signal.SIGKILL
            if not killed:
                ended_in_words(result, "interrupted")
            key_nowhere(server.key, command.folder, result.said)
            files_hold(command.folder, torn=killed)
            nothing_lost(before, command.folder)
            patient = times == 1 and not killed
            arguments = job.to_go_on(result.code)
            goes_on(command, server, *arguments, since=since, target=job.target, lost=0 if patient else IN_FLIGHT)
            if result.code:  # it came before the end
                chaos.survived(name)
