"""`python -m datagen_lib.offline`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from fakes.callers import chat, offline_threads

from offline_model import Server, __main__
from offline_model.server.faults import KINDS


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--faults", "42=0.1"], "unknown fault '42'"),
        (["--port", "70000"], "is not a port"),
        (["--text-rpm", "0"], "above 0"),
        (["--image-latency", "9-3"], "nor a spread"),
        (["--text-latency", "soon"], "nor a spread"),
        (["--text-pace", "0"], "above 0"),
        (["--replay", "no-such-folder"], "--replay takes a folder with a tape.jsonl"),
    ],
)
def test_the_command_says_what_is_wrong(capsys: pytest.CaptureFixture[str], arguments: list[str], said: str) -> None:
    """Exit code 2 and one message, no traceback."""
    try:
        code: Any = __main__.main(["--port", "0", *arguments])
    except SystemExit as exc:
        code = exc.code
    err = capsys.readouterr().err

    assert code == 2
    assert said in err
    assert "Traceback" not in err


def test_the_command_says_that_its_port_is_in_use(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2, and what to do instead."""
    port = server.url.rsplit(":", 1)[1]

    assert __main__.main(["--port", port]) == 2
    assert f"port {port} is in use" in capsys.readouterr().err


def test_the_command_prints_the_settings_and_serves(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """For .env, for bash and for PowerShell; with them a client gets what the flags ask for."""
    before = offline_threads()
    seen: list[Any] = []

    def meanwhile(server: Server, _asked: threading.Event) -> None:
        seen.append(dict(server.settings))
        seen.extend(chat(server) for _ in range(2))

    monkeypatch.setattr(__main__, "_wait", meanwhile)
    arguments = ["--port", "0", "--key", "it's", "--seed", "7", "--faults", "text:503@1", "--image-latency", "10-60"]
    code = __main__.main(arguments)
    out = capsys.readouterr().out

    assert code == 0
    for name, value in seen[0].items():
        assert f"\n{name}={value}\n" in out
    assert "export AZURE_OPENAI_ENDPOINT=http://127.0.0.1:" in out
    assert "AZURE_OPENAI_API_KEY='it'\"'\"'s'" in out
    assert "$env:AZURE_OPENAI_API_KEY='it''s'" in out
    assert [answer.status_code for answer in seen[1:]] == [503, 200]
    assert offline_threads() == before


@pytest.mark.skipif(os.name == "nt", reason="a console's Ctrl-C can't be sent to one process there")
@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_the_command(sign: signal.Signals) -> None:
    """Exit code 0, nothing on stderr."""
    root = Path(__file__).parents[3]
    command = [sys.executable, "-m", "datagen_lib.offline", "--port", "0"]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        for line in process.stdout:
            if "any OpenAI-compatible client" in line:
                break
        process.send_signal(sign)
        rest, err = process.communicate(timeout=20)

    assert "http://127.0.0.1:" in first
    assert "Stopped." in rest
    assert (process.returncode, err) == (0, "")


def test_every_fault_is_explained_in_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    """The list of faults in --help is the list in force."""
    with pytest.raises(SystemExit):
        __main__.main(["--help"])
    out = capsys.readouterr().out

    assert all(kind in out and KINDS[kind].what in out for kind in KINDS)
