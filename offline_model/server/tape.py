"""A tape of recorded answers: what a line holds, how a request finds its answer, reading and writing.

    DIR/tape.jsonl            one JSON object a line, in the order of the calls
    DIR/pictures/SHA256.png   the pictures, each under the hash of its bytes

README.md beside this package says what a line holds, so that others can write one; no line has a key or a header.
A request finds its answer by what it means, whatever deployment it was sent to: `key` is the same request, `like` one
of the same kind. A run that asks in another order, or draws other hints, so has the answers of the recorded run too.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

VERSION = 1
FILE, PICTURES = "tape.jsonl", "pictures"
PASSING = frozenset({408, 409, 429})
"""Statuses that are not played: they were of the moment, as those from 500 on."""

_HASH = re.compile(r"[0-9a-f]{64}")
_PICTURE = re.compile(r"[0-9a-f]{64}\.(png|jpg)")


# --- what a request means --------------------------------------------------------------------------------------------


def text_keys(messages: Sequence[Mapping[str, Any]], schema: Mapping[str, Any] | None) -> tuple[str, str]:
    """`key` and `like` of a request for text.

    Args:
        messages: of the chat; of a content in parts, the texts count.
        schema: that the answer holds to, or None.
    """
    said = [[str(message.get("role")), _text(message.get("content"))] for message in messages]
    told = [one for one in said if one[0] in ("system", "developer")]
    return _hash(["text", said, schema]), _hash(["text", told, schema])


def image_keys(prompt: str, size: str | None, quality: str | None) -> tuple[str, str]:
    """`key` and `like` of a request for a picture; None stands for "auto"."""
    return _hash(["image", prompt, size or "auto", quality or "auto"]), _hash(["image", prompt])


def _hash(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, separators=(",", ":")).encode("ascii")).hexdigest()


def _text(content: Any) -> str:
    if isinstance(content, list):
        return "\n".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""


# --- lines -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Entry:
    """One recorded answer.

    Attributes:
        kind: what was asked for.
        key: the same request has the same.
        like: a request of the same kind has the same.
        status: of the answer.
        body: of an answer that was not streamed; a picture's entry in `data` has `picture`, the name of its file.
        events: the data of each event of a stream, as JSON, in order and without [DONE].
    """

    kind: Literal["text", "image"]
    key: str
    like: str
    status: int = 200
    body: Mapping[str, Any] | None = None
    events: Sequence[Mapping[str, Any]] | None = None

    def line(self) -> str:
        """The entry as a line of the tape, with its line feed."""
        held = {"body": self.body} if self.events is None else {"events": self.events}
        head = {"v": VERSION, "kind": self.kind, "key": self.key, "like": self.like, "status": self.status}
        return json.dumps({**head, **held}, separators=(",", ":")) + "\n"


def append(folder: Path, entry: Entry) -> None:
    """Add a line to the tape in `folder`, which is made where there is none. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / FILE).open("a", encoding="ascii", newline="\n") as tape:
        tape.write(entry.line())


def keep_picture(folder: Path, data: bytes) -> str:
    """Write a picture beside the tape; returns the name that its entry has as `picture`. Raises OSError."""
    kind = "jpg" if data.startswith(b"\xff\xd8") else "png"
    name = f"{hashlib.sha256(data).hexdigest()}.{kind}"
    path = folder / PICTURES / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        path.write_bytes(data)
    return name


def parse(line: str) -> Entry:
    """The entry of a line.

    Raises:
        ValueError: says what is wrong with it.
    """
    try:
        held = json.loads(line)
    except RecursionError as exc:
        raise ValueError("nested too deeply") from exc
    if not isinstance(held, dict) or held.get("v") != VERSION:
        raise ValueError(f"not an entry of version {VERSION}")
    kind, key, like, status = _head(held)
    body, events = held.get("body"), held.get("events")
    if (body is None) == (events is None):
        raise ValueError("it needs either a body or events")
    if body is not None and not isinstance(body, dict):
        raise ValueError("its body is not an object")
    if events is not None and not (isinstance(events, list) and all(isinstance(one, dict) for one in events)):
        raise ValueError("its events are not a list of objects")
    entry = Entry(kind, key, like, status, body, events)
    for name in pictures_of(entry):
        if not _PICTURE.fullmatch(name):
            raise ValueError(f"{name!r} is not the name of a picture on a tape")
    return entry


def _head(held: Mapping[str, Any]) -> tuple[Literal["text", "image"], str, str, int]:
    kind, key, like, status = (held.get(name) for name in ("kind", "key", "like", "status"))
    if kind != "text" and kind != "image":  # noqa: PLR1714 - the type checker reads it
        raise ValueError(f"unknown kind {kind!r}")
    if not all(isinstance(one, str) and _HASH.fullmatch(one) for one in (key, like)):
        raise ValueError("key and like must be SHA-256 in hexadecimal")
    if not isinstance(status, int) or not 200 <= status <= 599:
        raise ValueError(f"{status!r} is not the status of an answer")
    return kind, str(key), str(like), status


def pictures_of(entry: Entry) -> list[str]:
    """The files of an entry's pictures."""
    if entry.kind != "image" or entry.status != 200:
        return []
    rows = (entry.body or {}).get("data")
    rows = rows if isinstance(rows, list) else []
    return [str(row.get("picture")) for row in rows if isinstance(row, dict)]


# --- the tape --------------------------------------------------------------------------------------------------------


@dataclass
class Tape:
    """The entries of a folder, found by what a request means.

    Of several answers to the same request the one comes that was played least. An answer to a request that was only
    like this one comes once. It is left out where the request names something that it would bring again. Asked for the
    same once more, the tape takes it for a new run: all of it may be played again.
    """

    folder: Path
    entries: list[Entry] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._by_key: defaultdict[str, list[int]] = defaultdict(list)
        self._by_like: defaultdict[str, list[int]] = defaultdict(list)
        for number, entry in enumerate(self.entries):
            self._by_key[entry.key].append(number)
            self._by_like[entry.like].append(number)
        self._plays: Counter[int] = Counter()
        self._borrowed: set[int] = set()
        self._names = [_names(entry) for entry in self.entries]

    @classmethod
    def load(cls, folder: Path) -> Tape:
        """Read the tape in `folder`; a last line that was torn while it was written is left out.

        Raises:
            OSError: there is no tape, or it can't be read.
            ValueError: names the line that is no entry, or the picture that is missing.
        """
        text = (folder / FILE).read_text(encoding="utf-8")
        lines = text.split("\n")
        entries = []
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                entry = parse(line)
            except ValueError as exc:
                if number == len(lines):
                    break
                raise ValueError(f"{folder / FILE}, line {number}: {exc}") from exc
            if missing := [name for name in pictures_of(entry) if not (folder / PICTURES / name).is_file()]:
                raise ValueError(f"{folder / FILE}, line {number}: its picture {missing[0]} is missing")
            if entry.status < 500 and entry.status not in PASSING:
                entries.append(entry)
        return cls(folder, entries)

    def find(self, keys: tuple[str, str], said: str = "") -> Entry | None:
        """The answer to play for a request with these keys, or None; `said` is all of the request's words."""
        key, like = keys
        if own := self._by_key.get(key):
            number = min(own, key=self._plays.__getitem__)
            if self._plays[number]:
                self._borrowed.clear()
            self._plays[number] += 1
            self._borrowed.add(number)
            return self.entries[number]
        lower = said.casefold()
        for number in self._by_like.get(like, ()):
            if number not in self._borrowed and not any(name in lower for name in self._names[number]):
                self._borrowed.add(number)
                return self.entries[number]
        return None

    def picture(self, name: str) -> bytes:
        """The bytes of a picture. Raises OSError."""
        return (self.folder / PICTURES / name).read_bytes()


def _names(entry: Entry) -> frozenset[str]:
    """The names that an answer brings, so that none is brought twice."""
    if entry.kind != "text":
        return frozenset()
    found = re.findall(r'"name"\s*:\s*"([^"\\]{3,})"', said_by(entry))
    return frozenset(name.casefold() for name in found)


def said_by(entry: Entry) -> str:
    """The text of an answer, whole or streamed, of either API."""
    return "".join(_pieces(entry.body if entry.events is None else entry.events))


def _pieces(held: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None) -> Iterable[str]:
    for event in [held] if isinstance(held, Mapping) else held or ():
        if event.get("type") == "response.output_text.delta":
            yield str(event.get("delta") or "")
        for choice in event.get("choices") or ():
            said = choice.get("delta") or choice.get("message") or {}
            yield str(said.get("content") or "")
        for item in event.get("output") or ():
            yield from (str(part.get("text") or "") for part in item.get("content") or ())
