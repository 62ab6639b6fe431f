"""A pulled plug, for real: what a file system on a block device holds at any moment is a folder to go on with."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from conftest import Command, Folder, calls, png, whole

from offline_model import Server

Start = Callable[..., Server]

TOOLS = ("mkfs.ext4", "mount", "umount")


def _able() -> bool:
    return sys.platform == "linux" and os.geteuid() == 0 and all(shutil.which(tool) for tool in TOOLS)


pytestmark = pytest.mark.skipif(not _able(), reason="needs root, mount and ext4")


@contextmanager
def mounted(device: Path, at: Path) -> Iterator[None]:
    at.mkdir(exist_ok=True)
    if subprocess.run(["mount", "-o", "loop", device, at], capture_output=True, check=False).returncode:
        pytest.skip("no loop device can be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", at], check=True)


def lines(folder: Folder) -> str:
    """The catalogue as text; its last line may be torn."""
    paths = (folder / "catalog.json", folder / "catalog.partial.json")
    return "".join(path.read_text(encoding="utf-8", errors="replace") for path in paths if path.exists())


@pytest.mark.parametrize("pictures", [1, 9])
def test_a_power_cut_loses_no_paid_picture(command: Command, stand_in: Start, tmp_path: Path, pictures: int) -> None:
    """What lies on the device in the midst of a run: each picture has its item, each is whole, the catalogue loads.

    A copy of the device while the file system is mounted holds what had reached it, as after a power cut. A run on the
    copy asks only for pictures whose answer the cut swallowed.
    """
    device, after = tmp_path / "device", tmp_path / "after"
    with device.open("wb") as file:
        file.truncate(96 << 20)
    subprocess.run(["mkfs.ext4", "-q", device], check=True)
    server = stand_in(draw=png, image_latency=0.1, text_latency=0.3)
    command.use(server)
    with mounted(device, tmp_path / "disk"):
        arguments = ("--target-count", "20", "--batch-size", "10", "--output-dir", str(tmp_path / "disk" / "seed"))
        process = command.process(*arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        images = tmp_path / "disk" / "seed" / "images"
        while process.poll() is None and len(list(images.glob("*.png"))) < pictures:
            time.sleep(0.005)
        process.send_signal(signal.SIGSTOP)  # so that the copy is of one moment
        shutil.copy(device, after)
        process.kill()
        process.wait()
    asked = len(calls(server, "image"))
    with mounted(after, tmp_path / "next"):
        folder = Folder(tmp_path / "next" / "seed")
        found = lines(folder)
        saved = {path.name: path.read_bytes() for path in (folder / "images").glob("*.png")}
        provider = json.loads((folder / "state.json").read_bytes())["provider"]
        result = command(*arguments[:4], "--output-dir", str(folder.path))
        again = len(calls(server, "image")) - asked

        assert provider == "azure"
        assert all(name in found for name in saved)
        assert all(whole(data) for data in saved.values())
        assert result.code == 0, result.said
        assert again == len(folder.catalogue) - len(saved)
        folder.check(at_least=20)
