"""Starting and stopping the offline server."""

from __future__ import annotations

import asyncio
import gc
import signal
import socket
import threading
from collections.abc import Callable
from typing import Any

import httpx2
import openai
import pytest
from fakes.callers import arrived, ask, azure, chat, draw, offline_threads, picture, post, streamed, write

from offline_model import Fault, Faults, Server, start
from offline_model.server.wire.thread import listen


def test_takes_connections_as_soon_as_it_has_started_and_none_once_it_has_stopped() -> None:
    """`start` returns when connections are taken; `stop` may be called twice, refuses new ones, leaves no thread."""
    before = offline_threads()
    server = start(write=write, draw=draw)
    address = ("127.0.0.1", int(server.url.rsplit(":", 1)[1]))
    socket.create_connection(address, timeout=5).close()
    answered = chat(server).status_code, picture(server).status_code
    server.stop()
    server.stop()

    assert answered == (200, 200)
    assert not server.running
    assert offline_threads() == before
    with pytest.raises(OSError, match=r"refused|10061"):
        socket.create_connection(address, timeout=5)


def test_each_server_has_a_port_and_a_key_of_its_own(serve: Callable[..., Server]) -> None:
    """By default neither the port nor the key of one server is another's."""
    one, two = serve(), serve()

    assert one.url != two.url
    assert one.key != two.key
    assert one.key not in repr(one)


def test_starts_and_stops_inside_a_running_loop_and_from_another_thread() -> None:
    """The caller's loop and thread do not matter."""

    async def within() -> int:
        server = start(write=write, draw=draw)
        async with azure(server) as client:
            await ask(client)
        await asyncio.to_thread(server.stop)
        return len(server.calls)

    made: list[Server] = []
    thread = threading.Thread(target=lambda: made.append(start(write=write, draw=draw)))
    thread.start()
    thread.join()

    assert asyncio.run(within()) == 1
    with made[0] as server:
        assert chat(server).status_code == 200


def test_stopping_ends_what_is_under_way() -> None:
    """A hung call, a slow stream and a slow picture all end when the server stops, and no thread stays."""
    before = offline_threads()
    server = start(write=write, draw=draw, text_latency=60, image_latency=60)
    server.faults.add("hang", nth=[1], route="text")

    async def go() -> list[Any]:
        async with azure(server) as client, azure(server, "gpt-image-1") as artist:
            calls = [asyncio.create_task(ask(client))]
            await arrived(server, 1)
            calls += [asyncio.create_task(streamed(client)), asyncio.create_task(artist.images.generate(prompt="x"))]
            await arrived(server, 3)
            await asyncio.to_thread(server.stop)
            return await asyncio.gather(*calls, return_exceptions=True)

    ends = asyncio.run(go())

    assert all(isinstance(end, Exception) for end in ends)
    assert offline_threads() == before


def test_drawing_for_nobody_ends_in_silence(caplog: pytest.LogCaptureFixture) -> None:
    """Clients that leave, and a server that stops, while pictures are drawn or wait to be: nothing is logged."""
    go_on = threading.Event()

    def slow(prompt: str, size: int) -> bytes:
        go_on.wait(10)
        return draw(prompt, size)

    before = offline_threads()
    server = start(write=write, draw=slow)

    async def go() -> list[Any]:
        async with azure(server, "gpt-image-1") as leaver, azure(server, "gpt-image-1") as stayer:
            leaving = [leaver.images.generate(prompt="x", n=3, timeout=0.1) for _ in range(4)]
            gone = await asyncio.gather(*leaving, return_exceptions=True)
            staying = [asyncio.create_task(stayer.images.generate(prompt="x", n=3)) for _ in range(4)]
            await arrived(server, 8)
            stopping = asyncio.create_task(asyncio.to_thread(server.stop))
            ends = await asyncio.gather(*staying, return_exceptions=True)
            go_on.set()
            await stopping
            return [*gone, *ends]

    ends = asyncio.run(go())
    gc.collect()

    assert [type(end) for end in ends] == [openai.APITimeoutError] * 4 + [openai.APIConnectionError] * 4
    assert [call.left for call in server.calls[:4]] == [True] * 4
    assert caplog.records == []
    assert offline_threads() == before


def test_is_quiet_and_leaves_signals_alone(capfd: pytest.CaptureFixture[str], serve: Callable[..., Server]) -> None:
    """Serving, failing and stopping write nothing to the terminal and install no signal handler."""
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    server = serve(faults=Faults(Fault("cut", nth=[1]), Fault("cut-body", nth=[2]), Fault("500", nth=[3])))
    for _ in range(2):
        with pytest.raises(httpx2.TransportError):
            chat(server)
    chat(server)
    post(server, "/nowhere", {})
    server.stop()

    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before
    assert capfd.readouterr() == ("", "")


def test_a_port_in_use_is_an_oserror(server: Server) -> None:
    """`start` raises at once, in the caller, where the port is taken."""
    with pytest.raises(OSError, match=r"in use|10048"):
        start(port=int(server.url.rsplit(":", 1)[1]))

    assert server.running


def test_small_writes_are_not_held_back() -> None:
    """The listening socket names its protocol: only then does asyncio turn off Nagle's algorithm, and its 40 ms."""
    with listen(0) as listener:
        assert listener.proto == socket.IPPROTO_TCP
