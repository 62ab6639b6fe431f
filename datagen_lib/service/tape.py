"""Keeps the answers of a run on a tape, to be played back where there is no key.

The format is the offline model's (offline_model/README.md, "The tape"): nothing of a request but two hashes, no
header, no address, no key. Kept are the answers that ended a call for good: those with status 200 that came whole, and
what the content filter refused. Whatever passes (429, 5xx, a cut connection) is of its moment and is left out.

    the transport ── each piece of a body, as it passes ──> Answer ── at its end ──> a thread of the tape's own ── disk

The answer itself never waits for this. Where the recording fails it ends and says so, and the run goes on.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import os
import re
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Literal

from datagen_lib.errors import CallFailed, ContentFiltered, FolderError
from datagen_lib.events import Kind

from .answers import AnsweredError, as_dict, as_dicts
from .drawn import Fetch, decoded, read_picture
from .stream import ValueReader

log = logging.getLogger(__name__)

FILE, PICTURES = "tape.jsonl", "pictures"
VERSION = 1

End = Literal["whole", "closed", "broken"]
"""How a body ended: read to its end, closed by us once we had enough, or cut."""

_FILTER = re.compile(r"content.?filter|content.?policy|moderation|responsible.?ai", re.IGNORECASE)


@asynccontextmanager
async def recording(folder: Path | None, secrets: Sequence[str] = ()) -> AsyncIterator[Tape | None]:
    """The tape to record on, or None where no folder is given; what it holds is on disk when this ends.

    Raises:
        FolderError: nothing can be recorded there. No call was made.
    """
    if folder is None:
        yield None
        return
    tape = await asyncio.to_thread(Tape, folder, secrets)
    try:
        yield tape
    finally:
        await asyncio.to_thread(tape.close)


class Tape:
    """A tape that is being recorded; it may be used from one event loop.

    Args:
        folder: where it lies; what is recorded there already stays, and this goes on behind it.
        secrets: texts that are replaced wherever a service repeats them.

    Raises:
        FolderError: nothing can be recorded there.
    """

    def __init__(self, folder: Path, secrets: Sequence[str] = ()) -> None:
        self._folder = folder
        self._secrets = [json.dumps(secret)[1:-1] for secret in secrets if secret]
        self._awaited: dict[str, list[Callable[[bytes], None]]] = {}  # pictures to come, by their address
        self._failed = False
        try:
            (folder / PICTURES).mkdir(parents=True, exist_ok=True)
            _mend(folder / FILE)
        except OSError as error:
            raise FolderError(
                f"nothing can be recorded in {folder}: {error.strerror or error}",
                hint="Name another folder with --record or RECORD_DIR, or leave it out.",
            ) from error
        self._writer = ThreadPoolExecutor(1, "tape")  # one thread: lines follow each other in order

    def close(self) -> None:
        """Wait until all is on disk."""
        self._writer.shutdown(wait=True)

    def hear(self, path: str, content: bytes, status: int) -> Answer | None:
        """What listens to the answer of a request, or None where it is not recorded.

        Args:
            path: of the request's address.
            content: the request's body.
            status: of the answer.
        """
        kind: Kind = "image" if "/images/" in path else "text"
        return Answer(self, kind, content, status) if status in {200, 400} and not self._failed else None

    def through(self, fetch: Fetch) -> Fetch:
        """The same as `fetch`, and what it brings is put with the answer that named its address."""

        async def fetched(address: str) -> bytes:
            data = await fetch(address)
            for keep in self._awaited.pop(address, []):
                self.work(keep, data)
            return data

        return fetched

    def work(self, job: Callable[..., None], *values: Any) -> None:
        """Do `job` in the tape's thread; what goes wrong there is said once, and ends the recording."""

        def guarded() -> None:
            try:
                if not self._failed:
                    job(*values)
            except Exception as error:  # noqa: BLE001 - whatever it is, the answer it is about was paid for
                self._failed = True
                reason = getattr(error, "strerror", None) or error
                log.warning("The recording in %s ends here: %s. The run goes on without it.", self._folder, reason)

        with suppress(RuntimeError):  # the run has ended
            self._writer.submit(guarded)

    def expect(self, address: str, keep: Callable[[bytes], None]) -> None:
        """Let `keep` have the picture from `address`, once somebody fetches it."""
        self._awaited.setdefault(address, []).append(keep)

    def picture(self, data: bytes) -> str:
        """Keep a picture; returns its name on the tape."""
        kind = "jpg" if data.startswith(b"\xff\xd8") else "png"
        name = f"{hashlib.sha256(data).hexdigest()}.{kind}"
        path = self._folder / PICTURES / name
        if not path.exists():
            part = path.with_suffix(f".{os.getpid()}.part")
            part.write_bytes(data)
            part.replace(path)
        return name

    def line(self, kind: Kind, keys: tuple[str, str], status: int, **held: Any) -> None:
        """Add an answer: its `body` or its `events`."""
        head = {"v": VERSION, "kind": kind, "key": keys[0], "like": keys[1], "status": status}
        text = json.dumps(head | held, separators=(",", ":"))
        for secret in self._secrets:
            text = text.replace(secret, "***")
        with (self._folder / FILE).open("ab") as tape:
            tape.write(text.encode("ascii") + b"\n")


class Answer:
    """The answer to one request, on its way to the tape. Nothing here waits or raises."""

    def __init__(self, tape: Tape, kind: Kind, content: bytes, status: int) -> None:
        self._tape, self._kind, self._content, self._status = tape, kind, content, status
        self._pieces: list[bytes] = []
        self._ended = False

    def piece(self, data: bytes) -> None:
        """A part of the body has come."""
        self._pieces.append(data)

    def end(self, how: End) -> None:
        """No more of it comes; only the first call counts."""
        if not self._ended:
            self._ended = True
            self._tape.work(self._keep, b"".join(self._pieces), how)
        self._pieces.clear()

    def _keep(self, body: bytes, how: End) -> None:
        request = as_dict(json.loads(self._content))
        if self._status != 200:
            self._keep_refusal(request, body)
        elif self._kind == "text":
            self._keep_text(request, body, how)
        elif how == "whole":
            self._keep_picture(request, body)

    def _keep_refusal(self, request: dict[str, Any], body: bytes) -> None:
        """Only the filter's: another is about the endpoint, and the one that plays this is another."""
        said = next(iter(_values(body, "whole")), {})
        error = as_dict(said.get("error"))
        inner = as_dict(error.get("innererror") or error.get("inner_error"))
        if _FILTER.search(f"{error.get('code')} {error.get('type')} {inner.get('code')}"):
            self._tape.line(self._kind, _keys(self._kind, request), 400, body=said)

    def _keep_text(self, request: dict[str, Any], body: bytes, how: End) -> None:
        values = _values(body, how)
        if not values or any("error" in value for value in values):
            return
        is_whole = len(values) == 1 and any("message" in choice for choice in as_dicts(values[0].get("choices")))
        held: dict[str, Any] = {"body": values[0]} if is_whole else {"events": values}
        self._tape.line("text", _keys("text", request), 200, **held)

    def _keep_picture(self, request: dict[str, Any], body: bytes) -> None:
        keys = _keys("image", request)
        try:
            drawn = read_picture(body, fetcher=_nobody)
        except ContentFiltered as error:
            refused = {"error": {"code": "content_filter", "message": error.what}}
            self._tape.line("image", keys, 400, body=refused)
            return
        except (AnsweredError, CallFailed):  # no picture: what it is instead concerns this endpoint
            return
        used = {"input_tokens": drawn.input_tokens, "output_tokens": drawn.output_tokens}
        usage = {"usage": {**used, "total_tokens": sum(used.values())}} if any(used.values()) else {}

        def keep(data: bytes) -> None:
            name = self._tape.picture(data)
            self._tape.line("image", keys, 200, body={"created": 0, "data": [{"picture": name}], **usage})

        if drawn.b64:
            with suppress(CallFailed):
                keep(decoded(drawn.b64))
        elif drawn.url:
            self._tape.expect(drawn.url, keep)


async def _nobody(address: str) -> bytes:
    raise AssertionError(address)  # pragma: no cover - an answer is read here, and its address is not followed


def _values(body: bytes, how: End) -> list[dict[str, Any]]:
    """The JSON objects of an answer; [] of one that was cut before it said its end."""
    reader = ValueReader()
    try:
        values = [*reader.feed(body), *(reader.end() if how == "whole" else ())]
    except CallFailed:
        return []
    return [] if how == "broken" and not reader.done else values


def _keys(kind: Kind, request: dict[str, Any]) -> tuple[str, str]:
    """The two hashes of a request: of the very same one, and of one like it."""
    if kind == "image":
        prompt, size, quality = (request.get(name) for name in ("prompt", "size", "quality"))
        return _hash(["image", prompt, size or "auto", quality or "auto"]), _hash(["image", prompt])
    schema = as_dict(as_dict(request.get("response_format")).get("json_schema")).get("schema")
    said = [[str(message.get("role")), _text(message.get("content"))] for message in as_dicts(request.get("messages"))]
    told = [one for one in said if one[0] in {"system", "developer"}]
    return _hash(["text", said, schema]), _hash(["text", told, schema])


def _text(content: Any) -> str:
    if isinstance(content, list):
        return "\n".join(str(part.get("text", "")) for part in as_dicts(content))
    return content if isinstance(content, str) else ""


def _hash(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, separators=(",", ":")).encode("ascii")).hexdigest()


def _mend(path: Path) -> None:
    """Cut a last line that was torn, so that the next one does not grow onto it; makes the file where there is none."""
    with path.open("a+b") as tape:
        tape.seek(0)
        data = tape.read()
        if data and not data.endswith(b"\n"):
            tape.truncate(data.rfind(b"\n") + 1)
