"""What a run does when things go wrong: the failures table of the design, row by row, over HTTP."""

from __future__ import annotations

import errno
import json
import os
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import Command, calls, png

from datagen_lib.prompts import STRICTER
from offline_model import Fault, Faults, Server

Start = Callable[..., Server]
FEW = ("--target-count", "6", "--batch-size", "3")


@pytest.fixture
def server(command: Command, stand_in: Start) -> Server:
    """A stand-in that the command uses as Azure, one text call at a time, so that a call's number says what it is."""
    server = stand_in()
    command.use(server)
    command.set(PARALLEL_TEXT_REQUESTS="1")
    return server


def ready(command: Command, server: Server, count: int = 6) -> int:
    """Make a catalogue without pictures; the number of text calls that it took."""
    assert command("--target-count", str(count), "--dry-run").code == 0
    return len(calls(server, "text"))


# -- passing failures --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["429", "429-bare", "408", "500", "503", "5xx", "cut", "cut-body"])
@pytest.mark.parametrize("route", ["text", "image"])
def test_a_passing_failure_is_retried(command: Command, server: Server, kind: str, route: str) -> None:
    """429, 408, 5xx and cut connections are tried again: the catalogue is whole, exit 0, and the retries are counted."""
    server.faults = Faults(Fault(kind, route=route, nth=[1, 2, 4]))  # type: ignore[arg-type]

    result = command(*FEW)

    assert result.code == 0, result.said
    command.folder.check(at_least=6)
    assert command.folder.report["retries"][route] == 3
    assert "3 retries" in result.out
    assert len(result.waits) == 3


@pytest.mark.parametrize("route", ["text", "image"])
@pytest.mark.parametrize("kind", ["hang", "stall"])
def test_a_call_that_hangs_is_given_up_and_retried(command: Command, server: Server, route: str, kind: str) -> None:
    """A call without an answer, or with half of one, ends at REQUEST_TIMEOUT and is tried again."""
    server.faults = Faults(Fault(kind, route=route, nth=[2]))  # type: ignore[arg-type]
    command.set(REQUEST_TIMEOUT="0.5")

    result = command("--target-count", "3", "--batch-size", "3")

    assert result.code == 0, result.said
    command.folder.check(at_least=3)


def test_the_wait_grows_from_a_second_and_a_half(command: Command, server: Server) -> None:
    """The waits before the retries of one call are drawn between 0 and 1.5 s, 3 s, 6 s ... (full jitter)."""
    ready(command, server, 1)
    server.faults = Faults(Fault("500", route="image", nth=range(1, 6)))

    result = command("--target-count", "1")

    assert result.code == 0
    assert len(result.waits) == 5
    assert all(0 <= wait <= 1.5 * 2**number for number, wait in enumerate(result.waits))


@pytest.mark.parametrize("kind", ["429", "503"])
def test_the_service_says_how_long_to_wait(command: Command, server: Server, kind: str) -> None:
    """Retry-After wins over our own wait, and is never undercut."""
    ready(command, server, 1)
    server.faults = Faults(Fault(kind, route="image", nth=[1], retry_after=37.0))

    result = command("--target-count", "1")

    assert result.code == 0
    assert len(result.waits) == 1
    if kind == "429":
        assert 37 <= result.waits[0] < 45


@pytest.mark.parametrize("kind", ["429", "500", "cut"])
def test_retries_end(command: Command, server: Server, kind: str) -> None:
    """After MAX_RETRIES further tries a picture is named in failed_images.log with its reason; exit 1."""
    ready(command, server, 1)
    server.faults = Faults(Fault(kind, route="image"))
    command.set(MAX_RETRIES="2")

    result = command("--target-count", "1")
    (failure,) = command.folder.failures
    item = command.folder.catalogue[0]

    assert result.code == 1
    assert len(calls(server, "image")) == 3
    assert (failure["productId"], failure["name"], failure["prompt"]) == (
        item["productId"],
        item["name"],
        item["imagePrompt"],
    )
    assert failure["attempts"] == 3
    assert failure["reason"]
    assert failure["when"]
    assert "1 image is missing" in result.out
    assert "failed_images.log" in result.out


def test_no_retry_is_a_setting(command: Command, server: Server) -> None:
    """MAX_RETRIES=0 means no retry, not the default."""
    ready(command, server, 1)
    server.faults = Faults(Fault("500", route="image"))
    command.set(MAX_RETRIES="0")

    result = command("--target-count", "1")

    assert result.code == 1
    assert len(calls(server, "image")) == 1


def test_a_dead_endpoint_stops_the_run(command: Command, server: Server) -> None:
    """When picture after picture fails with every retry used, the run stops: exit 1, nothing lost, and says so."""
    ready(command, server, 20)
    server.faults = Faults(Fault("503", route="image"))
    command.set(MAX_RETRIES="1")

    result = command("--target-count", "20")

    assert result.code == 1
    assert len(calls(server, "image")) < 2 * 20
    assert "stopped" in result.err

    server.faults = Faults()
    assert command("--target-count", "20").code == 0
    command.folder.check(at_least=20)
    assert not (command.folder / "failed_images.log").exists()


def test_a_dead_text_endpoint_stops_the_run(command: Command, server: Server) -> None:
    """When every text call fails the run stops with exit 1 and the real error, not with a traceback."""
    server.faults = Faults(Fault("503", route="text"))
    command.set(MAX_RETRIES="1")

    result = command(*FEW)

    assert result.code == 1
    assert "503" in result.err
    assert "Traceback" not in result.said


def test_a_server_that_is_not_there(command: Command) -> None:
    """An endpoint that nothing listens at: exit 1 after the retries, naming the setting, without a traceback."""
    command.set(
        AZURE_OPENAI_ENDPOINT="http://127.0.0.1:9",
        AZURE_OPENAI_API_KEY="not-a-real-key",
        AZURE_OPENAI_API_VERSION="v1",
        AZURE_OPENAI_GPT5_DEPLOYMENT="a",
        AZURE_OPENAI_IMAGE_DEPLOYMENT="b",
    )

    result = command(*FEW)

    assert result.code == 1
    assert "AZURE_OPENAI_ENDPOINT" in result.err
    assert "Traceback" not in result.said


# -- what the user must set right --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "named"),
    [
        ("401", "AZURE_OPENAI_API_KEY"),
        ("403", ""),
        ("404", "AZURE_OPENAI_GPT5_DEPLOYMENT"),
        ("410", "AZURE_OPENAI_GPT5_DEPLOYMENT"),
    ],
)
def test_a_refused_text_call_stops_at_once(command: Command, server: Server, kind: str, named: str) -> None:
    """401, 403, 404 and 410 stop the run at its first call: exit 2, the setting named, no retry, no traceback."""
    server.faults = Faults(Fault(kind))

    result = command(*FEW)

    assert result.code == 2, result.said
    assert named in result.err
    assert len(server.calls) == 1
    assert result.waits == []
    assert "Traceback" not in result.said


@pytest.mark.parametrize(
    ("kind", "named"),
    [
        ("401", "AZURE_OPENAI_API_KEY"),
        ("403", ""),
        ("404", "AZURE_OPENAI_IMAGE_DEPLOYMENT"),
        ("410", "AZURE_OPENAI_IMAGE_DEPLOYMENT"),
    ],
)
def test_a_refused_image_call_stops_at_once(command: Command, server: Server, kind: str, named: str) -> None:
    """The same for pictures, and no item is blamed for it."""
    ready(command, server)
    server.faults = Faults(Fault(kind, route="image"))

    result = command(*FEW)

    assert result.code == 2, result.said
    assert named in result.err
    assert len(calls(server, "image")) <= (2 if kind == "401" else 4)
    assert command.folder.failures == []


def test_a_refusal_among_the_pictures_keeps_what_is_there(command: Command, server: Server) -> None:
    """A deployment that is retired in the midst of a run: what was made stays, and the next run goes on from it."""
    ready(command, server, 12)
    server.faults = Faults(Fault("410", route="image", nth=range(7, 1000)))

    result = command("--target-count", "12")
    saved = len(command.folder.pictures)
    server.faults = Faults()
    made = len(calls(server, "image"))
    finished = command("--target-count", "12")

    assert result.code == 2
    assert saved == 6
    assert finished.code == 0
    assert len(calls(server, "image")) - made == 6


@pytest.mark.parametrize("route", ["text", "image"])
def test_no_quota_stops_the_run(command: Command, server: Server, route: str) -> None:
    """insufficient_quota is told from an ordinary 429 by its code: one call, exit 1, everything kept."""
    if route == "image":
        ready(command, server)
    server.faults = Faults(Fault("insufficient-quota", route=route))  # type: ignore[arg-type]

    result = command(*FEW)

    assert result.code == 1
    assert result.waits == []
    assert len(calls(server, route)) <= (1 if route == "text" else 4)
    assert "quota" in result.err
    assert command.folder.failures == []


def test_an_ordinary_429_speaks_of_quota_too(command: Command, server: Server) -> None:
    """The word "quota" in an ordinary 429's text (Azure's has it in a link) does not end the run."""
    server.faults = Faults(Fault("429", nth=[1]))

    result = command(*FEW)

    assert result.code == 0


@pytest.mark.parametrize("route", ["text", "image"])
def test_a_wait_of_hours_stops_the_run(command: Command, server: Server, route: str) -> None:
    """A Retry-After above ten minutes is not sat out: exit 1, and the time to come back is said."""
    if route == "image":
        ready(command, server)
    server.faults = Faults(Fault("429-long", route=route))  # type: ignore[arg-type]

    result = command(*FEW)

    assert result.code == 1
    assert re.search(r"after 20\d\d-\d\d-\d\d \d\d:\d\d", result.err), result.err
    assert len(calls(server, route)) <= (1 if route == "text" else 4)
    assert result.waits == []
    assert command.folder.failures == []


# -- the content filter ------------------------------------------------------------------------------------------------

IMAGE_FILTERS = ["content-filter", "moderation_blocked", "contentFilter", "content_policy_violation"]


@pytest.mark.parametrize("kind", IMAGE_FILTERS)
def test_a_refused_picture_is_recorded_not_hammered(command: Command, server: Server, kind: str) -> None:
    """A picture that the filter refuses is asked for twice at most, and named in the log; the others are made."""
    ready(command, server)
    refused = command.folder.catalogue[2]
    server.faults = Faults(Fault(kind, route="image", when=lambda call: call.body["prompt"] == refused["imagePrompt"]))

    result = command(*FEW)
    asked = Counter(call.body["prompt"] for call in calls(server, "image"))

    assert result.code == 1
    assert asked[refused["imagePrompt"]] == 2
    assert len(calls(server, "image")) == 7
    assert [failure["productId"] for failure in command.folder.failures] == [refused["productId"]]
    assert command.folder.failures[0]["attempts"] == 2
    assert len(command.folder.pictures) == 5
    assert "failed_images.log" in result.out


def test_the_filter_may_change_its_mind(command: Command, server: Server) -> None:
    """The image filter is not deterministic: one more try may pass, and then nothing is logged."""
    ready(command, server, 1)
    server.faults = Faults(Fault("moderation_blocked", route="image", nth=[1]))

    result = command("--target-count", "1")

    assert result.code == 0
    assert len(calls(server, "image")) == 2
    assert not (command.folder / "failed_images.log").exists()


def test_a_throttled_call_does_not_use_up_the_filters_try(command: Command, server: Server) -> None:
    """A picture that met a 429 and then the filter still gets its one more try."""
    ready(command, server, 1)
    server.faults = Faults(Fault("429", route="image", nth=[1]), Fault("moderation_blocked", route="image", nth=[2]))

    result = command("--target-count", "1")

    assert result.code == 0, result.said
    assert len(calls(server, "image")) == 3


def test_the_log_of_failures_is_this_runs(command: Command, server: Server) -> None:
    """failed_images.log is rewritten by each run, and gone when nothing failed."""
    ready(command, server)
    first, second = command.folder.catalogue[:2]
    server.faults = Faults(
        Fault("content-filter", route="image", when=lambda call: call.body["prompt"] == first["imagePrompt"])
    )
    command(*FEW)
    (command.folder / f"images/{second['filename']}").unlink()
    server.faults = Faults(
        Fault("content-filter", route="image", when=lambda call: call.body["prompt"] == second["imagePrompt"])
    )
    command(*FEW)
    names = [failure["name"] for failure in command.folder.failures]
    server.faults = Faults()
    result = command(*FEW)

    assert names == [second["name"]]
    assert result.code == 0
    assert not (command.folder / "failed_images.log").exists()


def test_a_log_of_failures_that_are_mended_goes(command: Command, server: Server) -> None:
    """A run that finds every picture there leaves no log of the failures of a run before."""
    ready(command, server, 3)
    item = command.folder.catalogue[0]
    server.faults = Faults(Fault("content-filter", when=lambda call: call.body.get("prompt") == item["imagePrompt"]))
    first = command("--target-count", "3")
    (command.folder / f"images/{item['filename']}").write_bytes(png("by hand"))
    second = command("--target-count", "3")

    assert first.code == 1
    assert second.code == 0
    assert not (command.folder / "failed_images.log").exists()


@pytest.mark.parametrize("kind", ["content-filter", "answer-filter"])
def test_a_filtered_batch_is_asked_for_once_more(command: Command, server: Server, kind: str) -> None:
    """Text that the filter refuses is asked for again once; then the batch is skipped, and others bring the items."""
    server.faults = Faults(Fault(kind, route="text", nth=[2, 3]))

    result = command(*FEW, "--dry-run")

    assert result.code == 0, result.said
    assert len(command.folder.catalogue) >= 6
    assert command.folder.report["this_run"]["skipped_batches"] == 1


@pytest.mark.parametrize("kind", ["content-filter", "malformed", "truncated", "length", "prose", "refusal", "fence"])
def test_categories_are_asked_for_again(command: Command, server: Server, kind: str) -> None:
    """A malformed or filtered answer for categories is asked for again, and again."""
    server.faults = Faults(Fault(kind, route="text", nth=[1, 2]))

    result = command(*FEW, "--dry-run")

    assert result.code == 0, result.said
    assert len(command.folder.categories) == 20


@pytest.mark.parametrize("kind", ["wrong-count", "duplicate-categories"])
def test_wrong_categories_are_completed(command: Command, server: Server, kind: str) -> None:
    """Of too few, too many or repeated categories the unique ones are kept and the missing asked for: exactly 20."""
    for seed in range(4):
        folder = command.home / f"run-{seed}"
        server.faults = Faults(Fault(kind, route="text", times=1), seed=seed)
        result = command(*FEW, "--dry-run", "--output-dir", str(folder))
        names = [category["name"] for category in json.loads((folder / "categories.json").read_text(encoding="utf-8"))]

        assert result.code == 0, result.said
        assert len(names) == len({name.casefold() for name in names}) == 20


def test_categories_that_never_come(command: Command, server: Server) -> None:
    """When no answer brings categories, the third of the same fault ends the run: exit 1, no traceback."""
    server.faults = Faults(Fault("refusal", route="text"))

    result = command(*FEW)

    assert result.code == 1
    assert len(calls(server, "text")) == 3
    assert "categories" in result.err
    assert "Traceback" not in result.said


def test_categories_are_completed_although_the_items_are(command: Command, stand_in: Start) -> None:
    """Items that were complete before the categories were don't end the search for the twenty categories."""
    categories = [{"name": f"Theme {chr(65 + n)}", "slug": f"theme-{n}"} for n in range(20)]
    items = [
        {
            "name": f"Sailor {chr(65 + n)}",
            "description": "A fine figure of a sailor. It stands on a plate.",
            "category": "Theme A",
            "imagePrompt": "Photorealistic LEGO-style minifigure, sailor",
        }
        for n in range(9)
    ]

    def write(messages: Any, schema: Any, *, seed: int) -> dict[str, Any]:
        return {"categories": categories} if "categories" in schema["properties"] else {"items": items}

    torn, over = Fault("truncated", route="text", nth=[1]), Fault("insufficient-quota", route="text", nth=range(3, 100))
    server = stand_in(write=write, faults=Faults(torn, over))
    command.use(server)
    first = command("--target-count", "3", "--dry-run")
    server.faults = Faults()
    second = command("--target-count", "3", "--dry-run")

    assert first.code == 1
    assert second.code == 0
    assert len(command.folder.categories) == 20


# -- malformed answers -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["malformed", "truncated", "length", "prose", "fence", "refusal", "stream-error"])
def test_a_torn_answer_keeps_what_came_before(command: Command, server: Server, kind: str) -> None:
    """A torn answer keeps the items before the tear and is asked for once more; the catalogue is whole, exit 0."""
    server.faults = Faults(Fault(kind, route="text", nth=[2]))

    result = command("--target-count", "10", "--batch-size", "10", "--dry-run")
    again = calls(server, "text")[2].body["messages"]

    assert result.code == 0, result.said
    assert len(command.folder.catalogue) >= 10
    assert len(calls(server, "text")) == 3
    assert (STRICTER in again[0]["content"]) == (kind != "stream-error")


def test_the_items_before_a_tear_are_not_asked_for_again(command: Command, server: Server) -> None:
    """After a tear the second request asks only for what is missing."""
    server.faults = Faults(Fault("truncated", route="text", nth=[2]))

    command("--target-count", "10", "--batch-size", "10", "--dry-run")
    asked = [
        int(re.findall(r"Return exactly (\d+)", call.body["messages"][1]["content"])[-1])
        for call in calls(server, "text")
    ]

    assert asked[:2] == [20, 10]
    assert 0 < asked[2] < 10


def test_a_batch_that_stays_malformed_is_skipped(command: Command, server: Server) -> None:
    """After one stricter regeneration the batch is skipped and the run goes on with others."""
    server.faults = Faults(Fault("prose", route="text", nth=[2, 3]))

    result = command(*FEW, "--dry-run")

    assert result.code == 0
    assert command.folder.report["this_run"]["skipped_batches"] == 1
    assert len(command.folder.catalogue) >= 6


@pytest.mark.parametrize("kind", ["prose", "refusal", "content-filter"])
def test_three_fruitless_batches_stop_the_run(command: Command, server: Server, kind: str) -> None:
    """Three batches in a row that bring nothing stop the run with advice: exit 1, everything kept."""
    server.faults = Faults(Fault(kind, route="text", nth=range(3, 100)))

    result = command("--target-count", "30", "--batch-size", "5", "--dry-run")
    kept = command.folder.partial

    assert result.code == 1
    assert len(calls(server, "text")) == 2 + 3 * 2
    assert "batches" in result.err
    assert "BATCH_SIZE" in result.err
    assert len(kept) == 5

    server.faults = Faults()
    assert command("--target-count", "30", "--batch-size", "5", "--dry-run").code == 0
    assert command.folder.catalogue[:5] == kept


def test_pictures_of_accepted_items_are_made_although_the_items_stop(command: Command, server: Server) -> None:
    """A run whose items stop early loses none of what it accepted: the next run goes on from there, exit 0."""
    server.faults = Faults(Fault("refusal", route="text", nth=range(4, 100)))
    stopped = command("--target-count", "12", "--batch-size", "3")
    partial = command.folder.partial
    server.faults = Faults()
    finished = command("--target-count", "12", "--batch-size", "3")

    assert stopped.code == 1
    assert len(partial) == 6
    assert finished.code == 0
    assert command.folder.catalogue[:6] == partial
    assert len(calls(server, "image")) == len(command.folder.catalogue)


# -- items -------------------------------------------------------------------------------------------------------------


def test_bad_items_never_cost_their_batch(command: Command, server: Server) -> None:
    """Items that break a rule or repeat a name are refused one by one, logged with the rules' names; the rest stays."""
    server.faults = Faults(Fault("rule-breaking", rate=0.2), Fault("repeated-names", rate=0.2))

    result = command("--target-count", "60", "--batch-size", "10", "--dry-run")
    rejected = command.folder.rejected

    assert result.code == 0, result.said
    assert len(command.folder.catalogue) >= 60
    assert rejected
    assert all(line["rules"] and line["reasons"] and line["item"] for line in rejected)
    assert "name-repeated" in {rule for line in rejected for rule in line["rules"]}
    assert "refused" in result.out


def test_a_low_yield_brings_a_smaller_batch(command: Command, server: Server) -> None:
    """What a batch lost to the rules is asked for again in a smaller one."""
    server.faults = Faults(Fault("repeated-names", rate=0.5))

    command("--target-count", "20", "--batch-size", "20", "--dry-run")
    asked = [
        int(re.findall(r"Return exactly (\d+)", call.body["messages"][1]["content"])[-1])
        for call in calls(server, "text")
    ]

    assert asked[1] == 20
    assert all(0 < count < 20 for count in asked[2:])


@pytest.mark.parametrize("seed", range(3))
def test_everything_at_once(command: Command, stand_in: Start, seed: int) -> None:
    """10 % 429, 5 % 5xx, 4 % resets, 10 % malformed, 15 % rule-breaking, 15 % repeated: whole, and exit 0."""
    server = stand_in(
        faults=Faults(
            Fault("429", rate=0.10),
            Fault("5xx", rate=0.05),
            Fault("cut", rate=0.04),
            Fault("malformed", rate=0.10),
            Fault("rule-breaking", rate=0.15),
            Fault("repeated-names", rate=0.15),
            seed=seed,
        )
    )
    command.use(server)

    result = command("--target-count", "80", "--batch-size", "10")

    assert result.code == 0, result.said
    command.folder.check(at_least=80)


# -- pictures ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "which"), [("image-cut", [1, 3]), ("not-png", [1]), ("wrong-size", [1])])
def test_a_broken_picture_is_asked_for_again(command: Command, server: Server, kind: str, which: list[int]) -> None:
    """Cut bytes, or one answer that is no picture or too small: asked for again; images/ holds whole PNGs only."""
    ready(command, server)
    server.faults = Faults(Fault(kind, route="image", nth=which))

    result = command(*FEW)

    assert result.code == 0, result.said
    assert len(calls(server, "image")) == 6 + len(which)
    command.folder.check(at_least=6)


# -- the disk ----------------------------------------------------------------------------------------------------------


def test_a_full_disk_stops_the_run(command: Command, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk stops the run at once: exit 1, nothing half-written, and the next run goes on from what is there."""
    ready(command, server)
    real, left = os.fsync, [4]

    def fsync(handle: int) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    result = command(*FEW)
    monkeypatch.setattr(os, "fsync", real)
    saved = set(command.folder.pictures)
    leftovers = [path.name for path in command.folder.path.iterdir() if path.name.startswith(".writing")]
    finished = command(*FEW)

    assert result.code == 1
    assert "disk is full" in result.err
    assert "Traceback" not in result.said
    assert leftovers == []
    assert len(saved) < 6
    assert finished.code == 0
    command.folder.check(at_least=6)


def test_a_full_disk_among_the_items(command: Command, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """The partial catalogue is valid JSON after the disk filled up in the midst of an item."""
    from datagen_lib.folder import disk

    real, left = disk._write_all, [4]

    def write_all(file: object, content: bytes) -> None:
        line = b'"imagePrompt":"' in content
        left[0] -= line
        if left[0] == 0 and line:
            real(file, content[:30])  # type: ignore[arg-type]
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(file, content)  # type: ignore[arg-type]

    monkeypatch.setattr(disk, "_write_all", write_all)
    result = command(*FEW, "--dry-run")
    monkeypatch.setattr(disk, "_write_all", real)
    kept = command.folder.partial
    finished = command(*FEW, "--dry-run")

    assert result.code == 1
    assert "disk is full" in result.err
    assert len(kept) == 3
    assert finished.code == 0
    assert command.folder.catalogue[:3] == kept


@pytest.mark.parametrize("where", ["a-file", "a-file/below", "/proc/no-such-folder"])
def test_a_folder_that_cannot_be_used(command: Command, server: Server, home: Path, where: str) -> None:
    """An output folder that is a file or can't be written: exit 2 before any call, the folder and the remedy named."""
    if where.startswith("/proc") and not Path("/proc").is_dir():
        pytest.skip("no /proc here")
    (home / "a-file").touch()

    result = command(*FEW, "--output-dir", where)

    assert result.code == 2
    assert "--output-dir" in result.err
    assert "Traceback" not in result.said
    assert not server.calls
