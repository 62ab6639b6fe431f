"""A service that is away, cuts connections, has no address, or fails in the ways of its kind."""

from __future__ import annotations

import random
import socket
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from chaos.campaign import Chaos, Round
from chaos.contract import ended_in_words, files_hold, goes_on, items_on_disk, key_nowhere, nothing_lost
from chaos.folders import Job, prepared
from conftest import Command, Result, calls
from fakes.gate import Gate

from offline_model import Fault, Faults, Server
from offline_model.server.faults import KINDS

HANGING = {"hang", "stall"}  # end with the time allowed only


def survives(
    each: Round, server: Server, job: Job, disturbed: Callable[[], Result], *, lost: Callable[[], int]
) -> Result:
    """Run what is disturbed, and hold its end to the contract."""
    command = each.command
    before, since = items_on_disk(command.folder), len(calls(server, "image"))
    result = disturbed()
    ended_in_words(result)
    key_nowhere(server.key, command.folder, result.said)
    files_hold(command.folder)
    nothing_lost(before, command.folder)
    server.faults = Faults()
    command.use(server)
    goes_on(command, server, *job.to_go_on(result.code), since=since, target=job.target, lost=lost())
    return result


def through(command: Command, server: Server, port: int) -> None:
    """Let the runs to come call the service by another door."""
    command.set(**server.settings | {"AZURE_OPENAI_ENDPOINT": f"http://localhost:{port}"})


def port_of(server: Server) -> int:
    return int(server.url.rsplit(":", 1)[1])


def test_a_broken_line_costs_only_what_it_cut(chaos: Chaos, stand_in: Callable[..., Server]) -> None:
    """Connections refused and cut at random: the run ends in words, and what it has is not bought again."""
    for each in chaos.rounds(16):
        with each, stand_in() as server:
            command = each.command
            command.use(server)
            job = prepared(each.rng, command)
            cuts, refuses = each.rng.choice([0.01, 0.05, 0.2]), each.rng.choice([0.0, 0.3, 0.9])
            each.fault = f"{cuts:.0%} of the pieces cut, {refuses:.0%} of the connections refused, in a {job.name} run"
            with Gate(port_of(server), each.rng, cuts=cuts, refuses=refuses) as gate:
                through(command, server, gate.port)
                survives(each, server, job, partial(command, *job.arguments), lost=lambda: gate.cut)
            chaos.survived("broken line")


def test_a_service_that_goes_away_is_waited_for(chaos: Chaos, stand_in: Callable[..., Server]) -> None:
    """A service that is gone for a moment, whenever that is: the run waits, asks again, and is complete."""
    for each in chaos.rounds(6):
        with each, stand_in(image_latency=0.1) as server:
            command, rng = each.command, each.rng
            command.use(server)
            job = prepared(rng, command)
            after, gone = len(server.calls) + rng.randrange(1, 6), rng.uniform(0.1, 1.5)
            each.fault = f"gone for {gone:.1f} s after call {after} of a {job.name} run"
            with Gate(port_of(server), rng) as gate:
                through(command, server, gate.port)

                def goes_away() -> Result:
                    process = command.process(*job.arguments)  # noqa: B023 - called in this round
                    while process.poll() is None and len(server.calls) < after:  # noqa: B023
                        time.sleep(0.002)
                    gate.close()
                    gate.open_after(gone)  # noqa: B023
                    out, err = process.communicate(timeout=120)
                    return Result(process.returncode, out.decode(), err.decode())

                result = survives(each, server, job, goes_away, lost=lambda: 4)
            assert result.code == 0, result.said
            chaos.survived("service away")


def test_a_name_without_an_address_ends_in_words(
    chaos: Chaos, stand_in: Callable[..., Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names that are found now and then: in the end the run is complete, or says that it found nobody."""
    real = socket.getaddrinfo
    for each in chaos.rounds(6):
        with each, stand_in() as server:
            command = each.command
            command.use(server)
            job = prepared(each.rng, command)
            share = each.rng.choice([0.3, 0.9, 1.0])
            each.fault = f"{share:.0%} of the names not found in a {job.name} run"
            through(command, server, port_of(server))

            def getaddrinfo(
                host: Any, *arguments: Any, rng: random.Random = each.rng, share: float = share, **options: Any
            ) -> Any:
                if host in {"localhost", b"localhost"} and rng.random() < share:
                    raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
                return real(host, *arguments, **options)

            def unnamed() -> Result:
                with monkeypatch.context() as patch:
                    patch.setattr(socket, "getaddrinfo", getaddrinfo)
                    return command(*job.arguments)  # noqa: B023

            survives(each, server, job, unnamed, lost=lambda: 0)
            chaos.survived("no address")


def test_faults_of_every_kind_at_once_end_in_words(chaos: Chaos, stand_in: Callable[..., Server]) -> None:
    """Any mixture of the stand-in's faults, at any rate: words, a folder that holds, and a next run that goes on."""
    for each in chaos.rounds(16):
        with each, stand_in() as server:
            command, rng = each.command, each.rng
            command.use(server)
            job = prepared(rng, command)
            kinds = rng.sample(sorted(KINDS), rng.randrange(1, 5))
            rates = {kind: rng.choice([0.1, 0.4, 1.0]) for kind in kinds}
            each.fault = f"{rates} in a {job.name} run"
            server.faults = Faults(*(Fault(kind, rate=rate) for kind, rate in rates.items()), seed=rng.randrange(99))
            command.set(REQUEST_TIMEOUT="0.5" if HANGING & rates.keys() else "30", MAX_RETRIES="2")
            survives(each, server, job, partial(command, *job.arguments), lost=lambda: 0)
            for kind in kinds:
                chaos.survived(f"fault {kind}")
