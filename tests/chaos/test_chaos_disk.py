"""A disk that refuses: at any step, once or from there on, whatever the run was at."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest
from chaos.campaign import Chaos
from chaos.contract import IN_FLIGHT, ended_in_words, files_hold, goes_on, items_on_disk, key_nowhere, nothing_lost
from chaos.failing_disk import FailingDisk, Fault
from chaos.folders import prepared
from conftest import calls

from offline_model import Server


def test_a_refusing_disk_costs_nothing_that_was_paid(
    chaos: Chaos, stand_in: Callable[..., Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever step is refused: words and an exit code, files that hold, and the next run buys no picture again.

    Where the disk takes nothing more at all, the pictures under way can't be kept, and no more than those are lost.
    """
    for each in chaos.rounds(60):
        with each, stand_in() as server:
            command = each.command
            command.use(server)
            job = prepared(each.rng, command)
            before, since = items_on_disk(command.folder), len(calls(server, "image"))
            fault = Fault.drawn(each.rng)
            disk = FailingDisk(command.folder.path, fail=fault)
            with monkeypatch.context() as patch:
                disk.watch(patch)
                result = command(*job.arguments)
                each.fault = f"{fault} in a {job.name} run"

            ended_in_words(result, "the disk is full", os.strerror(fault.code))
            assert fault.struck or result.code == 0, result.said
            files_hold(command.folder, torn=fault.lasting)
            nothing_lost(before, command.folder)
            key_nowhere(server.key, command.folder, result.said)
            lost = IN_FLIGHT if fault.lasting else 0
            goes_on(command, server, *job.to_go_on(result.code), since=since, target=job.target, lost=lost)
            if fault.struck:
                chaos.survived(f"disk {fault.verb}")
